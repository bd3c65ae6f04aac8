// SPDX-License-Identifier: Apache-2.0
/*
 * "Did you mean": the candidate nearest to a mistyped name, by edit distance
 * with swapped neighbours counted as one slip.
 */
#include "cli.h"

#include <string.h>

#define GUESS_MAX 40 /* longer names are nobody's slip */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;

	return m < c ? m : c;
}

static size_t edit_distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t rows[3][GUESS_MAX + 1];
	size_t *two_up = rows[0], *up = rows[1], *row = rows[2], *spare;

	for (size_t j = 0; j <= blen; j++)
		up[j] = j;
	for (size_t i = 1; i <= alen; i++) {
		row[0] = i;
		for (size_t j = 1; j <= blen; j++) {
			row[j] = min3(up[j] + 1, row[j - 1] + 1,
				      up[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] && two_up[j - 2] + 1 < row[j])
				row[j] = two_up[j - 2] + 1;
		}
		spare = two_up;
		two_up = up;
		up = row;
		row = spare;
	}
	return up[blen];
}

void cli_guess_init(struct cli_guess *guess, const char *name)
{
	size_t len = strlen(name);

	guess->name = name;
	guess->best = NULL;
	/* Up to a third of the letters may be wrong. */
	guess->distance = len > GUESS_MAX ? 0 : len / 3 + 1;
}

void cli_guess_try(struct cli_guess *guess, const char *candidate)
{
	size_t nlen = strlen(guess->name), clen = strlen(candidate), d;

	if (guess->distance == 0 || clen > GUESS_MAX)
		return;
	d = edit_distance(guess->name, nlen, candidate, clen);
	if (d < guess->distance) {
		guess->distance = d;
		guess->best = candidate;
	}
}
