/* SPDX-License-Identifier: Apache-2.0 */
/* See chase.h. */
#include "supervise/chase.h"

#include <errno.h>
#include <stdlib.h>

#include "base/compiler.h"

#define PASSES 64 /* over all processes */
#define MOST 32	  /* that are held at the same time */

struct chase {
	const struct sl_census *census;
	struct sl_hold *hold;
	const int32_t *known;
	size_t count, caught, left;
	bool missed;
};

static int by_number(const void *one, const void *other)
{
	int32_t a = *(const int32_t *)one, b = *(const int32_t *)other;

	return a < b ? -1 : a > b;
}

static bool is_known(const struct chase *c, int32_t pid)
{
	return c->count &&
	       bsearch(&pid, c->known, c->count, sizeof(*c->known), by_number);
}

/* 0, or a negative errno: -ENOENT if it is not of interest. */
static int catch_one(struct chase *c, int32_t pid)
{
	if (is_known(c, pid))
		return -ENOENT;
	errno = 0;
	if (!sl_census_has(c->census, pid))
		return errno == ESRCH ? -ESRCH : -ENOENT;
	return sl_hold_seize(c->hold, pid);
}

/* The newest first: who makes another one all the time is among these. Whose
 * one is that is gone nobody can tell. */
static bool catch_new(void *arg, const int32_t *pids, size_t count)
{
	struct chase *c = arg;
	int r;

	for (size_t i = count; i-- > 0;) {
		r = catch_one(c, pids[i]);
		c->caught += r == 0;
		c->left += r == -EPERM;
		c->missed |= r < 0 && r != -ENOENT;
		if (c->hold->count >= MOST)
			return false;
	}
	return true;
}

long sl_chase(const struct sl_census *census, struct sl_clerk *clerk,
	      struct sl_hold *hold, const int32_t *known, size_t count)
{
	struct chase c = { .census = census,
			   .hold = hold,
			   .known = known,
			   .count = count,
			   .missed = true };

	sl_hold_begin(hold);
	sl_clerk_watch(clerk, hold);
	for (int i = 0; i < PASSES && c.missed && !c.caught; i++) {
		c.missed = false;
		c.left = 0;
		if (sl_census_walk(census, catch_new, &c) < 0)
			break;
	}
	sl_hold_end(hold);
	sl_clerk_watched(clerk);
	if (c.caught || c.left)
		return (long)(c.caught ? c.caught : c.left);
	return c.missed ? -EAGAIN : 0;
}
