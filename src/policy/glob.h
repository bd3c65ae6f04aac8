/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns of absolute paths, for carve-outs. Bytes, no locale, no escape:
 *
 *	*	any bytes of one name		[abc] [a-z] [!a]  one byte
 *	?	one byte of a name		**   any number of whole names
 *
 * A pattern covers what it matches and all that lies below.
 *
 * A pattern is walked name by name. Where one stands is a set of states, a bit
 * per name of the pattern still to come: what paths below will be covered
 * depends on that set alone. So two directories whose sets are equal can change
 * places and nothing gets out of, or under, the pattern.
 */
#ifndef SL_POLICY_GLOB_H
#define SL_POLICY_GLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define SL_GLOB_PARTS 62

/* In a set of states: covered, and so is everything below. */
#define SL_GLOB_COVERED (UINT64_C(1) << 63)

struct sl_glob_part {
	uint16_t start, len; /* of the text */
	uint8_t kind;	     /* private to glob.c */
};

struct sl_glob {
	const char *text; /* borrowed */
	uint8_t count;
	struct sl_glob_part parts[SL_GLOB_PARTS];
};

/* Does @text hold anything that is not itself. */
bool sl_glob_is_pattern(const char *text);

/* Is @text, absolute or not, a well-formed pattern: told as '%s' is... */
int sl_glob_check(const char *text, struct sl_error *err);

/* @text is absolute and borrowed. -EINVAL: sl_glob_check() says why; -E2BIG. */
int sl_glob_compile(const char *text, struct sl_glob *ret_glob);

/* Where "/" stands. */
uint64_t sl_glob_start(const struct sl_glob *glob);
/* From a directory to its entry of that name. */
uint64_t sl_glob_step(const struct sl_glob *glob, uint64_t states,
		      const char *name, size_t len);
/*
 * The same in a directory that takes different names for one: all that
 * sl_glob_step() gives, and more. The case of ASCII letters does not count; with
 * @all neither do other bytes, of which a run stands for any letters or none.
 */
uint64_t sl_glob_step_folded(const struct sl_glob *glob, uint64_t states,
			     const char *name, size_t len, bool all);
/* From "/" along an absolute path; doubled slashes count once. */
uint64_t sl_glob_walk(const struct sl_glob *glob, const char *path);

/* @len bytes of @text so that they mean themselves: into @buf of @size; the
 * length, or -E2BIG. */
int sl_glob_escape(const char *text, size_t len, char *buf, size_t size);

#endif
