/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of the TOML reader: which kind stands here, arrays, inline tables, and
 * the key = value pairs that lines and inline tables share.
 *
 *	pair   = key blank "=" blank value
 *	array  = "[" [ lines value *( lines "," lines value ) [ lines "," ] ]
 *		 lines "]"
 *	inline = "{" [ blank pair *( blank "," blank pair ) ] blank "}"
 *
 * Arrays and inline tables recurse; sl_toml_new_node() bounds how deep.
 */
#include <string.h>

#include "policy/toml_internal.h"

static bool is_word(int c)
{
	return sl_toml_is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '+' || c == '-' || c == '.' ||
	       c == '_' || c == ':';
}

/* Bytes of the unquoted word here; one blank may part a date from a time. */
static size_t word_len(const struct sl_toml_parser *p)
{
	const char *s = p->cur;

	while (s < p->end && is_word((unsigned char)*s))
		s++;
	if (s - p->cur == 10 && p->end - s >= 4 && s[0] == ' ' &&
	    sl_toml_is_digit(s[1]) && sl_toml_is_digit(s[2]) && s[3] == ':' &&
	    sl_toml_looks_like_date(p->cur, 10)) {
		s++;
		while (s < p->end && is_word((unsigned char)*s))
			s++;
	}
	return (size_t)(s - p->cur);
}

static bool word_is(const struct sl_toml_parser *p, size_t len, const char *word)
{
	return len == strlen(word) && !memcmp(p->cur, word, len);
}

/* Booleans, numbers, dates: the kinds without quotes. */
static int read_word(struct sl_toml_parser *p, struct sl_toml *ret)
{
	size_t len = word_len(p);
	int r = 0;

	if (!len)
		return sl_toml_fail(p, sl_toml_here(p),
				    "expected a value, found %s",
				    sl_toml_found(p).text);
	if (word_is(p, len, "true") || word_is(p, len, "false")) {
		ret->type = SL_TOML_BOOL;
		ret->boolean = *p->cur == 't';
	} else if (sl_toml_looks_like_date(p->cur, len)) {
		r = sl_toml_read_date(p, len, ret);
	} else {
		r = sl_toml_read_number(p, len, ret);
	}
	if (r < 0)
		return r;
	p->cur += len;
	return 0;
}

static int read_array(struct sl_toml_parser *p, struct sl_toml_node *array)
{
	struct sl_toml_node *node = NULL;
	int r;

	p->cur++;
	for (;;) {
		sl_toml_skip_lines(p);
		if (sl_toml_peek(p) == ']')
			break;
		if (sl_toml_peek(p) == SL_TOML_EOF)
			return sl_toml_fail(
				p,
				sl_toml_here(p), "the array opened at line %u, column %u is never closed",
				array->pub.line, array->pub.col);
		r = sl_toml_read_value(p, array->depth + 1u, &node);
		if (r < 0)
			return r;
		sl_toml_append(array, node);
		sl_toml_skip_lines(p);
		if (sl_toml_peek(p) == ']')
			break;
		if (sl_toml_peek(p) != ',')
			return sl_toml_fail(
				p,
				sl_toml_here(p), "expected ',' or ']' in the array opened at line %u, column %u, found %s",
				array->pub.line, array->pub.col,
				sl_toml_found(p).text);
		p->cur++;
	}
	p->cur++;
	return 0;
}

/* Inside an inline table, where only more of the same line may follow. */
static int check_same_line(struct sl_toml_parser *p,
			   const struct sl_toml_node *table)
{
	int c = sl_toml_peek(p);

	if (c != SL_TOML_EOF && c != '#' && !sl_toml_is_newline(c))
		return 0;
	return sl_toml_fail(
		p,
		sl_toml_here(p), "the inline table opened at column %u must be closed on its line, found %s",
		table->pub.col, sl_toml_found(p).text);
}

static int read_inline(struct sl_toml_parser *p, struct sl_toml_node *table)
{
	int r;

	p->cur++;
	sl_toml_skip_blank(p);
	if (sl_toml_peek(p) == '}') {
		p->cur++;
		return 0;
	}
	for (;;) {
		sl_toml_skip_blank(p);
		r = check_same_line(p, table);
		if (r < 0)
			return r;
		if (sl_toml_peek(p) == '}')
			return sl_toml_fail(
				p,
				sl_toml_here(p), "no comma may stand before the '}' of an inline table");
		r = sl_toml_read_pair(p, table);
		if (r < 0)
			return r;
		sl_toml_skip_blank(p);
		r = check_same_line(p, table);
		if (r < 0)
			return r;
		if (sl_toml_peek(p) == '}')
			break;
		if (sl_toml_peek(p) != ',')
			return sl_toml_fail(
				p,
				sl_toml_here(p), "expected ',' or '}' in an inline table, found %s",
				sl_toml_found(p).text);
		p->cur++;
	}
	p->cur++;
	return 0;
}

int sl_toml_read_value(struct sl_toml_parser *p, unsigned int depth,
		       struct sl_toml_node **ret_node)
{
	SL_AUTO(sl_toml_node) node = NULL;
	enum sl_toml_type type = SL_TOML_BOOL; /* owns nothing, if we fail */
	int c = sl_toml_peek(p), r;

	if (c == '[')
		type = SL_TOML_ARRAY;
	else if (c == '{')
		type = SL_TOML_TABLE;
	else if (c == '"' || c == '\'')
		type = SL_TOML_STRING;
	r = sl_toml_new_node(p, type, SL_TOML_CLOSED, depth, sl_toml_here(p),
			     &node);
	if (r < 0)
		return r;
	if (c == '[')
		r = read_array(p, node);
	else if (c == '{')
		r = read_inline(p, node);
	else if (c == '"' || c == '\'')
		r = sl_toml_read_string(p, &node->pub);
	else
		r = read_word(p, &node->pub);
	if (r < 0)
		return r;
	*ret_node = sl_take_ptr(&node);
	return 0;
}

int sl_toml_read_dotted(struct sl_toml_parser *p, sl_toml_step *step,
			struct sl_toml_node **table, struct sl_toml_key *ret_key)
{
	for (;;) {
		sl_toml_autokey key = { 0 };
		int r;

		sl_toml_skip_blank(p);
		r = sl_toml_read_key(p, &key);
		if (r < 0)
			return r;
		sl_toml_skip_blank(p);
		if (sl_toml_peek(p) != '.') {
			*ret_key = key;
			key.ptr = NULL;
			return 0;
		}
		p->cur++;
		r = step(p, table, &key);
		if (r < 0)
			return r;
	}
}

int sl_toml_read_pair(struct sl_toml_parser *p, struct sl_toml_node *table)
{
	sl_toml_autokey key = { 0 };
	struct sl_toml_node *node = NULL;
	int r = sl_toml_read_dotted(p, sl_toml_step_dotted, &table, &key);

	if (r < 0)
		return r;
	if (sl_toml_peek(p) != '=')
		return sl_toml_fail(p, sl_toml_here(p),
				    "expected '=' after the key %s, found %s",
				    sl_toml_show(key.ptr, key.len).text,
				    sl_toml_found(p).text);
	r = sl_toml_check_new(p, table, &key);
	if (r < 0)
		return r;
	p->cur++;
	sl_toml_skip_blank(p);
	r = sl_toml_read_value(p, table->depth + 1u, &node);
	if (r < 0)
		return r;
	sl_toml_add(table, &key, node);
	return 0;
}
