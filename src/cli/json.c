// SPDX-License-Identifier: Apache-2.0
/*
 * The JSON writer: it keeps commas, brackets and escapes right, nothing more.
 */
#include "json.h"

#include <inttypes.h>
#include <string.h>

size_t cli_utf8_len(const char *text)
{
	static const struct {
		unsigned char first, last, min, max; /* of the second byte */
		size_t len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};
	const unsigned char *s = (const unsigned char *)text;

	if (s[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (s[1] < forms[i].min || s[1] > forms[i].max)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return forms[i].len;
	}
	return 0;
}

/*
 * SECURITY: a code point that shows nothing and changes how what follows is
 * shown: C1 controls, line separators, marks of direction. As an escape it is
 * the same text to a program.
 */
static unsigned int unseen(const char *text, size_t len)
{
	const unsigned char *s = (const unsigned char *)text;
	unsigned int c = 0;

	if (len == 2)
		c = (s[0] & 0x1fu) << 6 | (s[1] & 0x3fu);
	else if (len == 3)
		c = (s[0] & 0x0fu) << 12 | (s[1] & 0x3fu) << 6 | (s[2] & 0x3fu);
	if ((c >= 0x80 && c < 0xa0) || c == 0x061c || c == 0x200e ||
	    c == 0x200f || (c >= 0x2028 && c <= 0x202e) ||
	    (c >= 0x2066 && c <= 0x2069) || c == 0xfeff)
		return c;
	return 0;
}

bool cli_unseen(const char *text, size_t len)
{
	return unseen(text, len) != 0;
}

/* One character or stray byte of @text to @out; returns what was read. */
static size_t quote_one(char **out, const char *text)
{
	unsigned char c = (unsigned char)*text;
	size_t len = cli_utf8_len(text);

	if (len == 0 || c < ' ' || c == 127) {
		*out += snprintf(*out, 7, "\\u%04x", len ? c : 0xdc00u + c);
		return 1;
	}
	if (unseen(text, len)) {
		*out += snprintf(*out, 7, "\\u%04x", unseen(text, len));
		return len;
	}
	if (c == '"' || c == '\\')
		*(*out)++ = '\\';
	memcpy(*out, text, len);
	*out += len;
	return len;
}

size_t cli_json_quote(char *out, const char *text)
{
	char *end = out;

	*end++ = '"';
	while (*text) {
		/* snprintf() ends with a NUL, which the room has to hold. */
		char one[8], *at = one;

		text += quote_one(&at, text);
		memcpy(end, one, (size_t)(at - one));
		end += at - one;
	}
	*end++ = '"';
	return (size_t)(end - out);
}

void cli_json_put(FILE *out, const char *text)
{
	if (!text) {
		fputs("null", out);
		return;
	}
	fputc('"', out);
	while (*text) {
		char one[8], *at = one;

		text += quote_one(&at, text);
		fwrite(one, 1, (size_t)(at - one), out);
	}
	fputc('"', out);
}

static void new_line(struct cli_json *json)
{
	fprintf(json->out, "\n%*s", 2 * (int)json->depth, "");
}

/* What stands before a value: a comma, a line of its own, its name. */
static void begin(struct cli_json *json, const char *name)
{
	if (json->depth > 0) {
		if (json->filled[json->depth - 1])
			fputc(',', json->out);
		json->filled[json->depth - 1] = true;
		new_line(json);
	}
	if (name) {
		cli_json_put(json->out, name);
		fputs(": ", json->out);
	}
}

void cli_json_open(struct cli_json *json, const char *name, char bracket)
{
	begin(json, name);
	fputc(bracket, json->out);
	if (json->depth == CLI_JSON_DEPTH)
		return; /* our own bug; the output does not parse then */
	json->closing[json->depth] = bracket == '{' ? '}' : ']';
	json->filled[json->depth++] = false;
}

void cli_json_close(struct cli_json *json)
{
	bool filled = json->filled[--json->depth];

	if (filled)
		new_line(json);
	fputc(json->closing[json->depth], json->out);
	if (json->depth == 0)
		fputc('\n', json->out);
}

void cli_json_string(struct cli_json *json, const char *name, const char *text)
{
	begin(json, name);
	cli_json_put(json->out, text);
}

void cli_json_number(struct cli_json *json, const char *name, int64_t number)
{
	begin(json, name);
	fprintf(json->out, "%" PRId64, number);
}

void cli_json_bool(struct cli_json *json, const char *name, bool value)
{
	begin(json, name);
	fputs(value ? "true" : "false", json->out);
}
