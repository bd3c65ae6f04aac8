/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Optimal string alignment distance, bounded to names short enough for three
 * rows on the stack. Pure.
 */
#include "policy/suggest.h"

#include <stdint.h>
#include <string.h>

#include "base/compiler.h"

#define MAX_NAME 63u

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool same(char a, char b)
{
	return lower(a) == lower(b);
}

size_t sl_suggest_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	uint8_t rows[3][MAX_NAME + 1];
	uint8_t *older = rows[0], *old = rows[1], *now = rows[2], *spare;

	if (la > MAX_NAME || lb > MAX_NAME)
		return SIZE_MAX;
	for (size_t j = 0; j <= lb; j++)
		old[j] = (uint8_t)j;
	for (size_t i = 1; i <= la; i++) {
		now[0] = (uint8_t)i;
		for (size_t j = 1; j <= lb; j++) {
			int d = old[j - 1] + !same(a[i - 1], b[j - 1]);

			d = SL_MIN(d, old[j] + 1);
			d = SL_MIN(d, now[j - 1] + 1);
			if (i > 1 && j > 1 && same(a[i - 1], b[j - 2]) &&
			    same(a[i - 2], b[j - 1]))
				d = SL_MIN(d, older[j - 2] + 1);
			now[j] = (uint8_t)d;
		}
		spare = older;
		older = old;
		old = now;
		now = spare;
	}
	return old[lb];
}

void sl_suggest_offer(struct sl_suggest *search, const char *candidate)
{
	size_t d = sl_suggest_distance(search->wanted, candidate);
	/* A third of the name may be wrong; of a two-letter name one letter. */
	size_t limit = strlen(search->wanted) / 3;

	if (d > SL_MAX(limit, (size_t)1) || d >= strlen(candidate))
		return;
	if (search->best && d >= search->distance)
		return;
	search->best = candidate;
	search->distance = d;
}
