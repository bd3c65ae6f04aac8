/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strings of the TOML reader, all four kinds, and keys, which are bare words or
 * one of the two single-line kinds.
 *
 *	"basic"    escapes            'literal'    none
 *	"""..."""  escapes, newlines  '''...'''    newlines
 *
 * Newlines inside come out as LF, however the file is written.
 */
#include <string.h>

#include "policy/toml_internal.h"

struct quoted {
	char quote;
	bool multi;
	struct sl_toml_place at;
	struct sl_buf buf;
};

static void add_utf8(struct sl_buf *buf, uint32_t u)
{
	if (u < 0x80) {
		sl_buf_addc(buf, (char)u);
		return;
	}
	if (u < 0x800) {
		sl_buf_addc(buf, (char)(0xc0 | u >> 6));
	} else {
		if (u < 0x10000) {
			sl_buf_addc(buf, (char)(0xe0 | u >> 12));
		} else {
			sl_buf_addc(buf, (char)(0xf0 | u >> 18));
			sl_buf_addc(buf, (char)(0x80 | (u >> 12 & 0x3f)));
		}
		sl_buf_addc(buf, (char)(0x80 | (u >> 6 & 0x3f)));
	}
	sl_buf_addc(buf, (char)(0x80 | (u & 0x3f)));
}

/* The @digits hexadecimal digits behind \u or \U. */
static int read_unicode(struct sl_toml_parser *p, struct sl_toml_place at,
			int digits, struct sl_buf *buf)
{
	uint32_t u = 0;

	for (int i = 0; i < digits; i++) {
		unsigned int v = sl_toml_digit_value(sl_toml_peek(p));

		if (v > 15)
			return sl_toml_fail(
				p, sl_toml_here(p),
				"\\%c needs %d hexadecimal digits, found %s",
				digits == 4 ? 'u' : 'U', digits,
				sl_toml_found(p).text);
		u = u << 4 | v;
		p->cur++;
	}
	if (u > 0x10ffff || (u >= 0xd800 && u <= 0xdfff))
		return sl_toml_fail(p, at,
				    "U+%04X is not a Unicode scalar value", u);
	add_utf8(buf, u);
	return 0;
}

/* A backslash that ends its line swallows the blanks and newlines behind. */
static bool skip_folded(struct sl_toml_parser *p)
{
	sl_toml_skip_blank(p);
	if (!sl_toml_is_newline(sl_toml_peek(p)))
		return false;
	while (sl_toml_skip_newline(p))
		sl_toml_skip_blank(p);
	return true;
}

static int read_escape(struct sl_toml_parser *p, struct quoted *q)
{
	static const char names[] = "btnfr\"\\", values[] = "\b\t\n\f\r\"\\";
	struct sl_toml_place at = sl_toml_here(p);
	const char *name;
	int c;

	p->cur++;
	c = sl_toml_peek(p);
	name = c > 0 ? strchr(names, c) : NULL;
	if (name) {
		p->cur++;
		sl_buf_addc(&q->buf, values[name - names]);
		return 0;
	}
	if (c == 'u' || c == 'U') {
		p->cur++;
		return read_unicode(p, at, c == 'u' ? 4 : 8, &q->buf);
	}
	if (q->multi && (c == ' ' || c == '\t' || sl_toml_is_newline(c))) {
		if (skip_folded(p))
			return 0;
		return sl_toml_fail(
			p, at, "a backslash before blanks must end its line");
	}
	return sl_toml_fail(
		p,
		at, "no such escape: backslash and %s; write \\\\ for a backslash, or use single quotes",
		sl_toml_found(p).text);
}

/*
 * Quotes inside a multi-line string: one or two are content, three close it,
 * and up to two more right before those three are content again.
 */
static bool read_quotes(struct sl_toml_parser *p, struct quoted *q)
{
	size_t n = 0;

	while (n < 5 && sl_toml_peek(p) == q->quote) {
		p->cur++;
		n++;
	}
	for (size_t i = n < 3 ? 0 : 3; i < n; i++)
		sl_buf_addc(&q->buf, q->quote);
	return n >= 3;
}

static int fail_open(struct sl_toml_parser *p, const struct quoted *q)
{
	return sl_toml_fail(p, q->at, "this %s",
			    q->multi ? "multi-line string is never closed"
				     : "string is not closed on its line");
}

/* Everything behind the opening quotes, the closing ones included. */
static int read_body(struct sl_toml_parser *p, struct quoted *q)
{
	const char *run;
	int c, r;

	for (;;) {
		run = p->cur;
		while (p->cur < p->end && *p->cur != q->quote &&
		       *p->cur != '\\' && !sl_toml_is_newline(*p->cur))
			p->cur++;
		sl_buf_add(&q->buf, run, (size_t)(p->cur - run));

		c = sl_toml_peek(p);
		if (c == SL_TOML_EOF || (!q->multi && sl_toml_is_newline(c)))
			return fail_open(p, q);
		if (c == q->quote) {
			if (q->multi && !read_quotes(p, q))
				continue;
			p->cur += !q->multi;
			return 0;
		}
		if (sl_toml_skip_newline(p)) {
			sl_buf_addc(&q->buf, '\n');
		} else if (q->quote == '\'') {
			sl_buf_addc(&q->buf, '\\');
			p->cur++;
		} else {
			r = read_escape(p, q);
			if (r < 0)
				return r;
		}
	}
}

static int read_quoted(struct sl_toml_parser *p, struct quoted *q,
		       char **ret_ptr, size_t *ret_len)
{
	size_t len;
	char *ptr;
	int r;

	r = read_body(p, q);
	len = q->buf.len;
	ptr = r < 0 ? NULL : sl_buf_take(&q->buf);
	sl_buf_fini(&q->buf);
	if (r < 0)
		return r;
	if (!ptr)
		return sl_toml_oom(p);
	*ret_ptr = ptr;
	*ret_len = len;
	return 0;
}

/* Are the next three bytes all @quote? */
static bool at_triple(const struct sl_toml_parser *p, char quote)
{
	return p->end - p->cur >= 3 && p->cur[0] == quote &&
	       p->cur[1] == quote && p->cur[2] == quote;
}

int sl_toml_read_string(struct sl_toml_parser *p, struct sl_toml *ret)
{
	struct quoted q = {
		.quote = *p->cur,
		.multi = at_triple(p, *p->cur),
		.at = sl_toml_here(p),
		.buf = SL_BUF_INIT(SL_MAX_PROFILE_BYTES),
	};

	p->cur += q.multi ? 3 : 1;
	if (q.multi)
		sl_toml_skip_newline(p);
	return read_quoted(p, &q, &ret->str.ptr, &ret->str.len);
}

static bool is_bare(int c)
{
	return sl_toml_is_digit(c) || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z') || c == '-' || c == '_';
}

static int read_bare(struct sl_toml_parser *p, struct sl_toml_key *key)
{
	const char *start = p->cur;

	while (is_bare(sl_toml_peek(p)))
		p->cur++;
	key->len = (size_t)(p->cur - start);
	if (key->len) {
		key->ptr = malloc(key->len + 1);
		if (!key->ptr)
			return sl_toml_oom(p);
		memcpy(key->ptr, start, key->len);
		key->ptr[key->len] = '\0';
		return 0;
	}
	return sl_toml_fail(
		p, key->at, "expected a key, found %s%s", sl_toml_found(p).text,
		sl_toml_peek(p) > 0x7f ? "; keys that are not ASCII need quotes"
				       : "");
}

int sl_toml_read_key(struct sl_toml_parser *p, struct sl_toml_key *key)
{
	int c = sl_toml_peek(p);
	struct quoted q;

	key->at = sl_toml_here(p);
	if (c != '"' && c != '\'')
		return read_bare(p, key);
	if (at_triple(p, (char)c))
		return sl_toml_fail(p, key->at,
				    "a multi-line string cannot be a key");
	q = (struct quoted){ .quote = (char)c,
			     .at = key->at,
			     .buf = SL_BUF_INIT(SL_MAX_PROFILE_BYTES) };
	p->cur++;
	return read_quoted(p, &q, &key->ptr, &key->len);
}
