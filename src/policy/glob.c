/* SPDX-License-Identifier: Apache-2.0 */
/* See glob.h. The work for a path is its bytes times the bytes of a pattern. */
#include "policy/glob.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

#include "policy/value.h"

enum kind {
	LITERAL = 0,
	WILD, /* * ? [...] within a name */
	ANY,  /* ** */
};

static bool is_special(char c)
{
	return c == '*' || c == '?' || c == '[';
}

bool sl_glob_is_pattern(const char *text)
{
	return text[strcspn(text, "*?[")] != '\0';
}

/* ------------------------------------------------ one name */

/* The length of the set at @p, brackets included; 0: it does not end in this
 * name. A ']' right behind the opening is a member. */
static size_t set_len(const char *p, const char *end)
{
	const char *at = p + 1;

	if (at < end && *at == '!')
		at++;
	if (at < end && *at == ']')
		at++;
	while (at < end && *at != ']')
		at++;
	return at < end ? (size_t)(at - p) + 1 : 0;
}

static bool in_set(const char *p, size_t len, unsigned char c)
{
	const char *at = p + 1, *end = p + len - 1;
	bool not = *at == '!', found = false;

	if (not )
		at++;
	while (at < end) {
		unsigned char low = (unsigned char)*at, high = low;

		if (at + 2 < end && at[1] == '-') {
			high = (unsigned char)at[2];
			at += 2;
		}
		found |= low <= c && c <= high;
		at++;
	}
	return found != not ;
}

/* Does the piece of pattern at @p, no star, take byte @c: its length, or 0. */
static size_t takes(const char *p, const char *end, char c)
{
	size_t len;

	if (*p == '?')
		return 1;
	if (*p != '[')
		return *p == c;
	len = set_len(p, end);
	return in_set(p, len, (unsigned char)c) ? len : 0;
}

/* Only the last star met is ever widened. */
static bool match_name(const char *p, size_t plen, const char *name, size_t len)
{
	const char *end = p + plen, *star = NULL;
	size_t i = 0, from = 0, n;

	while (i < len) {
		if (p < end && *p == '*') {
			star = ++p;
			from = i;
		} else if (p < end && (n = takes(p, end, name[i]))) {
			p += n;
			i++;
		} else if (star) {
			p = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (p < end && *p == '*')
		p++;
	return p == end;
}

/* ------------------------------------------------ patterns */

static const char *fault(const char *name, size_t len)
{
	const char *end = name + len;

	if ((len == 1 && *name == '.') || (len == 2 && !memcmp(name, "..", 2)))
		return "'.' and '..' are no names that a file can have";
	if (len > 2 && memmem(name, len, "**", 2))
		return "'**' stands for whole names: put it between slashes";
	for (const char *p = name; p < end; p++) {
		size_t n = *p == '[' ? set_len(p, end) : 1;

		if (n == 0)
			return "a '[' without its ']' ('[[]' is the byte "
			       "itself)";
		p += n - 1;
	}
	return NULL;
}

static enum kind kind_of(const char *name, size_t len)
{
	if (len == 2 && name[0] == '*' && name[1] == '*')
		return ANY;
	for (size_t i = 0; i < len; i++)
		if (is_special(name[i]))
			return WILD;
	return LITERAL;
}

int sl_glob_compile(const char *text, struct sl_glob *ret_glob)
{
	struct sl_glob glob = { .text = text };
	const char *at = text;

	if (strlen(text) >= PATH_MAX)
		return -E2BIG;
	for (;;) {
		size_t len;
		enum kind kind;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (!len)
			break;
		if (fault(at, len))
			return -EINVAL;
		kind = kind_of(at, len);
		if (kind == ANY && glob.count &&
		    glob.parts[glob.count - 1].kind == ANY)
			glob.count--;
		if (glob.count == SL_GLOB_PARTS)
			return -E2BIG;
		glob.parts[glob.count++] = (struct sl_glob_part){
			(uint16_t)(at - text), (uint16_t)len, (uint8_t)kind
		};
		at += len;
	}
	/* Below, at whatever depth: covered by what covers the next name. */
	if (glob.count && glob.parts[glob.count - 1].kind == ANY)
		glob.parts[glob.count - 1].kind = WILD;
	*ret_glob = glob;
	return 0;
}

int sl_glob_check(const char *text, struct sl_error *err)
{
	const char *at = text, *why = NULL;
	struct sl_glob glob;
	int r = sl_glob_compile(text, &glob);

	if (r == -E2BIG)
		return sl_err(err, -E2BIG, SL_STAGE_PARSE,
			      "'%s' has more than %d names, or too long a text",
			      SL_QUOTE(text), SL_GLOB_PARTS);
	while (r < 0 && *at && !why) {
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		why = fault(at, len);
		at += len;
	}
	if (why)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE, "'%s': %s",
			      SL_QUOTE(text), why);
	return r;
}

/* ------------------------------------------------ walking */

/* What follows without a name: behind "**", which may stand for nothing. */
static uint64_t settle(const struct sl_glob *glob, uint64_t states)
{
	for (size_t i = 0; i < glob->count; i++)
		if (states & (UINT64_C(1) << i) && glob->parts[i].kind == ANY)
			states |= UINT64_C(1) << (i + 1);
	/* Covered is covered, whatever else might match below. */
	return states & (UINT64_C(1) << glob->count) ? SL_GLOB_COVERED : states;
}

uint64_t sl_glob_start(const struct sl_glob *glob)
{
	return settle(glob, 1);
}

uint64_t sl_glob_step(const struct sl_glob *glob, uint64_t states,
		      const char *name, size_t len)
{
	uint64_t next = 0;

	if (!states || states == SL_GLOB_COVERED)
		return states;
	for (size_t i = 0; i < glob->count; i++) {
		const struct sl_glob_part *part = &glob->parts[i];
		const char *text = glob->text + part->start;

		if (!(states & (UINT64_C(1) << i)))
			continue;
		if (part->kind == ANY)
			next |= UINT64_C(1) << i;
		else if (part->kind == LITERAL
				 ? part->len == len && !memcmp(text, name, len)
				 : match_name(text, part->len, name, len))
			next |= UINT64_C(1) << (i + 1);
	}
	return settle(glob, next);
}

uint64_t sl_glob_walk(const struct sl_glob *glob, const char *path)
{
	uint64_t states = sl_glob_start(glob);

	while (states && states != SL_GLOB_COVERED) {
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!len)
			break;
		states = sl_glob_step(glob, states, path, len);
		path += len;
	}
	return states;
}

int sl_glob_escape(const char *text, size_t len, char *buf, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		if (n + 4 > size)
			return -E2BIG;
		if (is_special(text[i])) {
			buf[n++] = '[';
			buf[n++] = text[i];
			buf[n++] = ']';
		} else {
			buf[n++] = text[i];
		}
	}
	buf[n] = '\0';
	return (int)n;
}
