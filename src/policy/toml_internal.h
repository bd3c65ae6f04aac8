/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shared by the files of the TOML reader only: the cursor, the tree as it looks
 * while it grows, and who parses what. Nobody else includes this.
 *
 * Before anything else sl_toml_check_text() has seen the whole text, so all
 * code behind it may rely on valid UTF-8, on no control character but tab and
 * newline, and on every CR being followed by LF.
 */
#ifndef SL_POLICY_TOML_INTERNAL_H
#define SL_POLICY_TOML_INTERNAL_H

#include <errno.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/toml.h"

#define SL_TOML_EOF (-1)

struct sl_toml_place {
	uint32_t line, col;
};

/* How a node came to be, which decides what later lines may do to it. */
enum sl_toml_origin {
	SL_TOML_CLOSED = 0, /* a value, also [..] and {..}: nothing may be added */
	SL_TOML_ROOT,	    /* the document, or the inline table being read */
	SL_TOML_SUPER,	    /* a of [a.b]: may still be defined, once */
	SL_TOML_HEADER,	    /* a of [a], or an element of [[a]] */
	SL_TOML_DOTTED,	    /* a of a.b = 1 */
	SL_TOML_TABLES,	    /* a of [[a]]: the array */
};

/*
 * A node while parsing. Keys of a table are indexed by a Patricia trie (see
 * toml_table.c) made of the children themselves: a lookup costs no more than
 * the bits of the key, whatever keys a hostile file has chosen.
 */
struct sl_toml_node {
	struct sl_toml pub; /* first: freed by its address */
	struct sl_toml_node *last;
	struct sl_toml_node *index; /* of a table: its first key */
	struct sl_toml_node *link[2];
	uint32_t bit;
	uint16_t depth; /* containers around this one */
	uint8_t origin;
};

struct sl_toml_parser {
	const char *cur, *end;
	const char *bol; /* where the current line begins */
	uint32_t line;
	struct sl_error *err;
};

struct sl_toml_key {
	char *ptr; /* owned */
	size_t len;
	struct sl_toml_place at;
};

/* A piece of the text made fit for a message. */
struct sl_toml_shown {
	char text[72];
};

void sl_toml_node_free(struct sl_toml_node *node);
SL_DEFINE_AUTO(sl_toml_node, sl_toml_node_free);

static inline void sl_toml_key_fini(struct sl_toml_key *key)
{
	free(key->ptr);
	key->ptr = NULL;
}

#define sl_toml_autokey \
	__attribute__((cleanup(sl_toml_key_fini))) struct sl_toml_key

/* A place on the current line. */
static inline struct sl_toml_place
sl_toml_place_of(const struct sl_toml_parser *p, const char *s)
{
	return (struct sl_toml_place){ p->line, (uint32_t)(s - p->bol) + 1 };
}

static inline struct sl_toml_place sl_toml_here(const struct sl_toml_parser *p)
{
	return sl_toml_place_of(p, p->cur);
}

static inline int sl_toml_peek(const struct sl_toml_parser *p)
{
	return p->cur < p->end ? (unsigned char)*p->cur : SL_TOML_EOF;
}

static inline bool sl_toml_is_digit(int c)
{
	return c >= '0' && c <= '9';
}

/* Of a digit in any base up to 16; more than any base for what is none. */
static inline unsigned int sl_toml_digit_value(int c)
{
	if (sl_toml_is_digit(c))
		return (unsigned int)(c - '0');
	if (c >= 'a' && c <= 'f')
		return (unsigned int)(c - 'a') + 10;
	if (c >= 'A' && c <= 'F')
		return (unsigned int)(c - 'A') + 10;
	return 99;
}

static inline bool sl_toml_is_newline(int c)
{
	return c == '\n' || c == '\r';
}

#define sl_toml_fail(p, at, ...)                                          \
	sl_err_at((p)->err, -EINVAL, SL_STAGE_PARSE, (at).line, (at).col, \
		  __VA_ARGS__)
int sl_toml_oom(struct sl_toml_parser *p);

/* toml_scan.c */
int sl_toml_check_text(struct sl_toml_parser *p);
void sl_toml_skip_blank(struct sl_toml_parser *p);
bool sl_toml_skip_newline(struct sl_toml_parser *p);
void sl_toml_skip_lines(struct sl_toml_parser *p);
int sl_toml_end_line(struct sl_toml_parser *p, const char *after);
struct sl_toml_shown sl_toml_found(const struct sl_toml_parser *p);
struct sl_toml_shown sl_toml_show(const char *text, size_t len);

/* toml_string.c: one part of a key; a quoted value. @key->ptr is owned. */
int sl_toml_read_key(struct sl_toml_parser *p, struct sl_toml_key *key);
int sl_toml_read_string(struct sl_toml_parser *p, struct sl_toml *ret);

/*
 * toml_value.c: a value of any kind; key = value into @table; a dotted key, of
 * which @step enters all parts but the last, *ret_key, which the caller owns.
 */
int sl_toml_read_value(struct sl_toml_parser *p, unsigned int depth,
		       struct sl_toml_node **ret_node);
int sl_toml_read_pair(struct sl_toml_parser *p, struct sl_toml_node *table);
typedef int sl_toml_step(struct sl_toml_parser *p, struct sl_toml_node **table,
			 struct sl_toml_key *key);
int sl_toml_read_dotted(struct sl_toml_parser *p, sl_toml_step *step,
			struct sl_toml_node **table, struct sl_toml_key *ret_key);

/* toml_number.c, toml_date.c: the @len bytes at the cursor are the value. */
int sl_toml_read_number(struct sl_toml_parser *p, size_t len,
			struct sl_toml *ret);
bool sl_toml_looks_like_date(const char *text, size_t len);
int sl_toml_read_date(struct sl_toml_parser *p, size_t len, struct sl_toml *ret);

/* toml_table.c: the tree. Adding takes @key. */
int sl_toml_new_node(struct sl_toml_parser *p, enum sl_toml_type type,
		     enum sl_toml_origin origin, unsigned int depth,
		     struct sl_toml_place at, struct sl_toml_node **ret_node);
void sl_toml_append(struct sl_toml_node *parent, struct sl_toml_node *node);
void sl_toml_add(struct sl_toml_node *table, struct sl_toml_key *key,
		 struct sl_toml_node *node);
int sl_toml_check_new(struct sl_toml_parser *p, const struct sl_toml_node *table,
		      const struct sl_toml_key *key);
int sl_toml_step_header(struct sl_toml_parser *p, struct sl_toml_node **table,
			struct sl_toml_key *key);
int sl_toml_step_dotted(struct sl_toml_parser *p, struct sl_toml_node **table,
			struct sl_toml_key *key);
int sl_toml_open_table(struct sl_toml_parser *p, struct sl_toml_node **table,
		       struct sl_toml_key *key, struct sl_toml_place at);
int sl_toml_open_element(struct sl_toml_parser *p, struct sl_toml_node **table,
			 struct sl_toml_key *key, struct sl_toml_place at);

#endif
