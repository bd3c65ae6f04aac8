/* SPDX-License-Identifier: Apache-2.0 */
/* Matching names of variables. Bytes: a name may hold any but '=' and NUL. */
#include "policy/pattern.h"

#include <errno.h>
#include <string.h>

#include "base/limits.h"
#include "policy/value.h"

static int bad(struct sl_error *err, const char *pattern, const char *why)
{
	return sl_err(
		err, -EINVAL, SL_STAGE_PARSE,
		"'%s' is no pattern of variable names (such as *_TOKEN or "
		"AWS_*): %s",
		SL_QUOTE(pattern), why);
}

int sl_pattern_check(const char *pattern, struct sl_error *err)
{
	size_t len = strlen(pattern);

	if (!len)
		return bad(err, pattern, "it is empty");
	if (len > SL_MAX_PATTERN_BYTES)
		return bad(err, pattern, "it is longer than 255 bytes");
	if (strchr(pattern, '='))
		return bad(err, pattern,
			   "a name holds no '='; values are not looked at");
	/* What other tools read as more than a byte would match nothing here. */
	if (pattern[strcspn(pattern, "[]{}\\")])
		return bad(err, pattern, "there are only '*' and '?'");
	if (strchr(pattern, ','))
		return bad(err, pattern, "give each one of its own");
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)pattern[i] <= 0x20 || pattern[i] == 0x7f)
			return bad(err, pattern,
				   "it holds a blank or a control character");
	return 0;
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

static bool same(char pattern, char byte)
{
	return pattern == byte || pattern == '?' || upper(pattern) == upper(byte);
}

/*
 * Nearly every pattern is told apart by its ends, before any '*' is tried: one
 * that does not begin with '*' by the first byte, one that does not end with it
 * by the last.
 */
static bool ends_differ(const char *pattern, const char *name, size_t len)
{
	size_t size = strlen(pattern);

	return !size || (pattern[0] != '*' && !same(pattern[0], name[0])) ||
	       (pattern[size - 1] != '*' &&
		!same(pattern[size - 1], name[len - 1]));
}

/*
 * Only the last '*' met is ever widened: what an earlier one took was enough
 * for everything up to here. At most pattern times name steps.
 */
bool sl_pattern_match(const char *pattern, const char *name, size_t len)
{
	const char *p = pattern, *star = NULL;
	size_t i = 0, from = 0;

	if (len && ends_differ(pattern, name, len))
		return false;
	while (i < len) {
		if (*p == '*') {
			star = ++p;
			from = i;
		} else if (*p && same(*p, name[i])) {
			p++;
			i++;
		} else if (star) {
			p = star;
			i = ++from;
		} else {
			return false;
		}
	}
	while (*p == '*')
		p++;
	return !*p;
}
