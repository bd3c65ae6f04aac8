/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SECURITY: names that come from hostile bytes, made fit for a terminal, and
 * the names that are never offered. Both are lists of what is bad only where
 * the good cannot be listed; in doubt nothing is offered.
 */
#include "run/hint.h"

#include <string.h>
#include <strings.h>

/*
 * The length of the UTF-8 sequence at @text and its code point; 0 if it is
 * none. Overlong forms and surrogates are none.
 */
static size_t decode(const unsigned char *text, uint32_t *ret_code)
{
	static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
	size_t len = text[0] < 0x80		? 1
		     : (text[0] & 0xe0) == 0xc0 ? 2
		     : (text[0] & 0xf0) == 0xe0 ? 3
		     : (text[0] & 0xf8) == 0xf0 ? 4
						: 0;
	uint32_t code = len == 1 ? text[0] : text[0] & (0x7fu >> len);

	for (size_t i = 1; i < len; i++) {
		if ((text[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (text[i] & 0x3f);
	}
	if (len == 0 || code < least[len] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	*ret_code = code;
	return len;
}

/* Control characters, and what has no width or turns the reading around. */
static bool is_treacherous(uint32_t code)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0, 0x1f },	    { 0x7f, 0xa0 },	{ 0xad, 0xad },
		{ 0x300, 0x36f },   { 0x61c, 0x61c },	{ 0x115f, 0x1160 },
		{ 0x180b, 0x180f }, { 0x2000, 0x200f }, { 0x2028, 0x202f },
		{ 0x205f, 0x206f }, { 0x3000, 0x3000 }, { 0x3164, 0x3164 },
		{ 0xd800, 0xf8ff }, { 0xfe00, 0xfe0f }, { 0xfeff, 0xfeff },
		{ 0xffa0, 0xffa0 }, { 0xfff0, 0xffff }, { 0xe0000, 0x10ffff },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(ranges); i++)
		if (code >= ranges[i].first && code <= ranges[i].last)
			return true;
	return false;
}

/* Bytes of @text that may be shown together as they are; 0 if the first not. */
static size_t showable(const char *text)
{
	uint32_t code = 0;
	size_t len = decode((const unsigned char *)text, &code);

	return len && !is_treacherous(code) ? len : 0;
}

bool sl_hint_is_plain(const char *text)
{
	while (*text) {
		size_t len = showable(text);

		if (len == 0)
			return false;
		text += len;
	}
	return true;
}

void sl_hint_put(struct sl_buf *out, const char *text, size_t max)
{
	size_t start = out->len;

	while (*text) {
		size_t len = *text == '\'' || *text == '\\' ? 0 : showable(text);

		if (out->len - start + 4 > max) {
			sl_buf_adds(out, "...");
			return;
		}
		if (len)
			sl_buf_add(out, text, len);
		else
			sl_buf_addf(out, "\\x%02x", (unsigned char)*text);
		text += len ? len : 1;
	}
}

/* ------------------------------------------------ what is not offered */

static bool is_name(const char *part, size_t len, const char *name)
{
	return strlen(name) == len && strncasecmp(part, name, len) == 0;
}

static bool is_secret(const char *path)
{
	static const char *const names[] = {
#define SL_HINT_SIGN(phrase, kind)
#define SL_HINT_VERB(phrase, deed)
#define SL_HINT_WRITER(name, deed)
#define SL_HINT_SECRET(name) name,
#include "run/hint.def"
	};

	for (const char *part = path; *part;) {
		size_t len = strcspn(part, "/");

		for (size_t i = 0; i < SL_ARRAY_LEN(names); i++) {
			const char *name = names[i];
			size_t tail = strlen(name) - 1;

			if (name[0] != '*') {
				if (is_name(part, len, name))
					return true;
			} else if (!part[len] && len >= tail &&
				   is_name(part + len - tail, tail, name + 1)) {
				return true;
			}
		}
		part += len;
		part += strspn(part, "/");
	}
	return false;
}

/* @path is @dir or lies above it. */
static bool holds(const char *path, const char *dir)
{
	size_t len = strlen(path);

	return strncmp(path, dir, len) == 0 && (!dir[len] || dir[len] == '/');
}

/* Homes and the directories that most of what is private lies in. */
static bool is_wide(const char *path, const char *home)
{
	static const char *const inner[] = { "", "/.config", "/.local",
					     "/.local/share", "/.cache" };
	size_t len = home ? strlen(home) : 0;

	/* "/" and all that is directly below it */
	if (path[0] != '/' || !strchr(path + 1, '/'))
		return true;
	if (strncmp(path, "/home/", 6) == 0 && !strchr(path + 6, '/'))
		return true;
	while (len > 1 && home[len - 1] == '/')
		len--;
	if (len < 2)
		return false;
	for (size_t i = 0; i < SL_ARRAY_LEN(inner); i++)
		if (strncmp(path, home, len) == 0 &&
		    strcmp(path + len, inner[i]) == 0)
			return true;
	return holds(path, home);
}

const char *sl_hint_why_not(const char *path, bool is_dir, const char *home)
{
	if (!sl_hint_is_plain(path))
		return "its name cannot be shown as it is";
	if (is_secret(path))
		return "refused on purpose? it looks like a secret";
	if (is_dir && is_wide(path, home))
		return "a grant of all that lies there is not suggested";
	return NULL;
}
