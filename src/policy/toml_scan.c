/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The lowest layer of the TOML reader: is this text at all, where do lines end,
 * and how to name a piece of it in a message without passing on what a hostile
 * file would like to send to a terminal.
 */
#include <stdio.h>
#include <string.h>

#include "policy/toml_internal.h"

/* Bytes of the well-formed UTF-8 sequence at @s (Unicode table 3-7), or 0. */
static size_t utf8_len(const unsigned char *s, size_t left)
{
	unsigned char low = 0x80, high = 0xbf;
	size_t len;

	if (s[0] < 0x80)
		return 1;
	if (s[0] < 0xc2 || s[0] > 0xf4)
		return 0;
	len = s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : 4;
	if (len > left)
		return 0;
	if (s[0] == 0xe0)
		low = 0xa0; /* else overlong */
	else if (s[0] == 0xed)
		high = 0x9f; /* else a surrogate */
	else if (s[0] == 0xf0)
		low = 0x90; /* else overlong */
	else if (s[0] == 0xf4)
		high = 0x8f; /* else beyond U+10FFFF */
	if (s[1] < low || s[1] > high)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((s[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

static int check_control(struct sl_toml_parser *p, const char *s)
{
	struct sl_toml_place at = sl_toml_place_of(p, s);
	unsigned int c = (unsigned char)*s;

	if (c == '\r') {
		if (s + 1 < p->end && s[1] == '\n')
			return 0;
		return sl_toml_fail(p, at, "carriage return without a line feed");
	}
	if (c == '\0')
		return sl_toml_fail(p, at, "NUL byte: this is not a text file");
	return sl_toml_fail(
		p,
		at, "control character U+%04X must be written as an escape (\\u%04X) in a \"string\"",
		c, c);
}

/* Reads the whole text once, leaves the cursor where it was. */
int sl_toml_check_text(struct sl_toml_parser *p)
{
	struct sl_toml_parser at = *p;
	size_t len;
	int r;

	for (const char *s = p->cur; s < p->end; s += len) {
		unsigned char c = (unsigned char)*s;

		len = utf8_len((const unsigned char *)s, (size_t)(p->end - s));
		if (!len)
			return sl_toml_fail(p, sl_toml_place_of(&at, s),
					    "byte 0x%02x is not valid UTF-8", c);
		if (c == '\n') {
			at.line++;
			at.bol = s + 1;
		} else if ((c < ' ' && c != '\t') || c == 0x7f) {
			r = check_control(&at, s);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

void sl_toml_skip_blank(struct sl_toml_parser *p)
{
	while (p->cur < p->end && (*p->cur == ' ' || *p->cur == '\t'))
		p->cur++;
}

/* Every line end must pass here: this is where lines are counted. */
bool sl_toml_skip_newline(struct sl_toml_parser *p)
{
	if (!sl_toml_is_newline(sl_toml_peek(p)))
		return false;
	p->cur += *p->cur == '\r' ? 2 : 1;
	p->bol = p->cur;
	p->line++;
	return true;
}

static void skip_comment(struct sl_toml_parser *p)
{
	if (sl_toml_peek(p) != '#')
		return;
	while (p->cur < p->end && !sl_toml_is_newline(*p->cur))
		p->cur++;
}

/* Between the elements of an array: blanks, comments and newlines. */
void sl_toml_skip_lines(struct sl_toml_parser *p)
{
	do {
		sl_toml_skip_blank(p);
		skip_comment(p);
	} while (sl_toml_skip_newline(p));
}

/* The rest of a line that has said @after; NULL: nothing yet. */
int sl_toml_end_line(struct sl_toml_parser *p, const char *after)
{
	sl_toml_skip_blank(p);
	skip_comment(p);
	if (p->cur == p->end || sl_toml_skip_newline(p))
		return 0;
	return sl_toml_fail(p, sl_toml_here(p),
			    "expected the end of the line after %s, found %s",
			    after ? after : "this", sl_toml_found(p).text);
}

/* Names what is at the cursor, for "expected X, found Y". */
struct sl_toml_shown sl_toml_found(const struct sl_toml_parser *p)
{
	int c = sl_toml_peek(p);
	struct sl_toml_shown shown;
	size_t size = sizeof(shown.text), len;

	if (c == SL_TOML_EOF)
		snprintf(shown.text, size, "the end of the file");
	else if (sl_toml_is_newline(c))
		snprintf(shown.text, size, "the end of the line");
	else if (c == '\t')
		snprintf(shown.text, size, "a tab");
	else if (c == '\'')
		snprintf(shown.text, size, "a single quote");
	else if (c < 0x80)
		snprintf(shown.text, size, "'%c'", c);
	else {
		len = utf8_len((const unsigned char *)p->cur,
			       (size_t)(p->end - p->cur));
		return sl_toml_show(p->cur, len);
	}
	return shown;
}

/*
 * @text in single quotes, cut short where needed. Only printable ASCII passes:
 * a key decoded from escapes may hold anything, also terminal control.
 */
struct sl_toml_shown sl_toml_show(const char *text, size_t len)
{
	const size_t room = sizeof(((struct sl_toml_shown *)0)->text) - 10;
	struct sl_toml_shown shown;
	size_t n = 0;

	shown.text[n++] = '\'';
	for (size_t i = 0; i < len; i++) {
		unsigned int c = (unsigned char)text[i];

		if (n >= room) {
			memcpy(shown.text + n, "...", 3);
			n += 3;
			break;
		}
		if (c >= ' ' && c < 0x7f)
			shown.text[n++] = (char)c;
		else
			n += (size_t)snprintf(shown.text + n, 5, "\\x%02x", c);
	}
	shown.text[n++] = '\'';
	shown.text[n] = '\0';
	return shown;
}
