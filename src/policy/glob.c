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

/* ------------------------------------------------ one name, folded */

static bool is_high(char c)
{
	return (unsigned char)c >= 0x80;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static char other_case(char c)
{
	return is_letter(c) ? (char)(c ^ 0x20) : c;
}

/*
 * Some letters beyond ASCII fold to letters of ASCII (the Kelvin sign to k, a
 * ligature to ffi) and some to nothing at all; two characters of punctuation
 * have a twin there, too.
 */
static bool may_be_folded_to(char c)
{
	return is_letter(c) || c == ';' || c == '`' || c == '?' || c == '[';
}

/* Passing over bytes that may fold to nothing. */
static void pass_high(bool *at, const char *name, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (at[i] && is_high(name[i]))
			at[i + 1] = true;
}

/* One byte, or set, of the pattern at @p: from the places in the name that are
 * reached (@at) to those reached behind it. */
static void step_byte(const char *p, const char *end, const char *name,
		      size_t len, bool all, bool *at)
{
	bool before = false;

	for (size_t i = 0; i <= len; i++) {
		bool here = at[i];
		bool stays = all && here && i < len && is_high(name[i]) &&
			     may_be_folded_to(*p);

		at[i] = stays ||
			(before && (takes(p, end, name[i - 1]) ||
				    takes(p, end, other_case(name[i - 1]))));
		before = here;
	}
}

static void step_any(size_t len, bool *at)
{
	for (size_t i = 0; i < len; i++)
		at[i + 1] |= at[i];
}

static bool match_folded(const char *p, size_t plen, const char *name,
			 size_t len, bool all)
{
	const char *end = p + plen;
	bool at[NAME_MAX + 1] = { true };

	/* No file has such a name. */
	if (len > NAME_MAX)
		return false;
	while (p < end) {
		size_t n = *p == '[' ? set_len(p, end) : 1;

		if (all)
			pass_high(at, name, len);
		if (*p == '*' || (all && is_high(*p)))
			step_any(len, at);
		else
			step_byte(p, end, name, len, all, at);
		p += n;
	}
	if (all)
		pass_high(at, name, len);
	return at[len];
}

/* Nearly all are told apart by their length or first letter. */
static bool equal_folded(const char *text, size_t text_len, const char *name,
			 size_t len, bool all)
{
	for (size_t i = 0; all && i < text_len; i++)
		if (is_high(text[i]))
			return match_folded(text, text_len, name, len, all);
	for (size_t i = 0; all && i < len; i++)
		if (is_high(name[i]))
			return match_folded(text, text_len, name, len, all);
	if (text_len != len)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] != name[i] && other_case(text[i]) != name[i])
			return false;
	return true;
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

enum compare { EXACTLY, FOLDED_ASCII, FOLDED };

static bool fits(const struct sl_glob *glob, const struct sl_glob_part *part,
		 const char *name, size_t len, enum compare how)
{
	const char *text = glob->text + part->start;

	if (part->kind == LITERAL)
		return how == EXACTLY
			       ? part->len == len && !memcmp(text, name, len)
			       : equal_folded(text, part->len, name, len,
					      how == FOLDED);
	return how == EXACTLY
		       ? match_name(text, part->len, name, len)
		       : match_folded(text, part->len, name, len, how == FOLDED);
}

static uint64_t step(const struct sl_glob *glob, uint64_t states,
		     const char *name, size_t len, enum compare how)
{
	uint64_t next = 0;

	if (!states || states == SL_GLOB_COVERED)
		return states;
	for (size_t i = 0; i < glob->count; i++) {
		const struct sl_glob_part *part = &glob->parts[i];

		if (!(states & (UINT64_C(1) << i)))
			continue;
		if (part->kind == ANY)
			next |= UINT64_C(1) << i;
		else if (fits(glob, part, name, len, how))
			next |= UINT64_C(1) << (i + 1);
	}
	return settle(glob, next);
}

uint64_t sl_glob_step(const struct sl_glob *glob, uint64_t states,
		      const char *name, size_t len)
{
	return step(glob, states, name, len, EXACTLY);
}

uint64_t sl_glob_step_folded(const struct sl_glob *glob, uint64_t states,
			     const char *name, size_t len, bool all)
{
	uint64_t next = step(glob, states, name, len,
			     all ? FOLDED : FOLDED_ASCII);
	size_t trimmed = len;

	/* vfat and its like leave these away. */
	while (all && trimmed > 1 &&
	       (name[trimmed - 1] == '.' || name[trimmed - 1] == ' '))
		trimmed--;
	if (trimmed < len)
		next |= step(glob, states, name, trimmed, FOLDED);
	return next & SL_GLOB_COVERED ? SL_GLOB_COVERED : next;
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
