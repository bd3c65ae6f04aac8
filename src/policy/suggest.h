/* SPDX-License-Identifier: Apache-2.0 */
/* "did you mean": how far apart two short names are. */
#ifndef SL_POLICY_SUGGEST_H
#define SL_POLICY_SUGGEST_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The search for the nearest of many names: start with { .wanted = "..." },
 * offer every candidate, read .best (NULL when none is near enough).
 */
struct sl_suggest {
	const char *wanted;
	const char *best;
	size_t distance;
};

void sl_suggest_offer(struct sl_suggest *search, const char *candidate);

/* Insertions, deletions, replacements and swaps of neighbours, ignoring case;
 * anything above 63 bytes is far from everything. */
size_t sl_suggest_distance(const char *a, const char *b);

#endif
