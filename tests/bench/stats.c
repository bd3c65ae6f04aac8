/* SPDX-License-Identifier: Apache-2.0 */
/* Rows, their samples, and the figures and budgets that follow from them. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void set_text(char *to, size_t size, const char *from)
{
	snprintf(to, size, "%s", from);
}

int bench_row(struct bench *b, const char *part, const char *what,
	      const char *setup, const char *unit, int base)
{
	struct bench_row *row;

	if (b->row_count == BENCH_ROWS) {
		fprintf(stderr, "bench: more than %d rows\n", BENCH_ROWS);
		exit(1);
	}
	row = &b->rows[b->row_count];
	set_text(row->part, sizeof(row->part), part);
	set_text(row->what, sizeof(row->what), what);
	set_text(row->setup, sizeof(row->setup), setup);
	set_text(row->unit, sizeof(row->unit), unit);
	row->base = base;
	for (size_t i = 0; i < BENCH_ROUNDS; i++)
		row->samples[i] = NAN;
	return (int)b->row_count++;
}

void bench_sample(struct bench *b, int row, size_t round, double value)
{
	if (round < BENCH_ROUNDS)
		b->rows[row].samples[round] = value;
}

void bench_fail(struct bench *b, int row, const char *why)
{
	b->rows[row].failures++;
	set_text(b->rows[row].why, sizeof(b->rows[row].why), why);
	b->incomplete = true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Of @n sorted values, n > 0, between neighbours. */
static double percentile(const double *v, size_t n, double share)
{
	double place = share * (double)(n - 1);
	size_t low = (size_t)place;
	size_t high = low + 1 < n ? low + 1 : low;

	return v[low] + (v[high] - v[low]) * (place - (double)low);
}

struct bench_stats bench_stats_of(const double *v, size_t n)
{
	struct bench_stats st = { 0, NAN, NAN, NAN };
	double sorted[BENCH_ROUNDS];

	for (size_t i = 0; i < n && i < BENCH_ROUNDS; i++)
		if (isfinite(v[i]))
			sorted[st.count++] = v[i];
	if (st.count == 0)
		return st;
	qsort(sorted, st.count, sizeof(sorted[0]), compare);
	st.p10 = percentile(sorted, st.count, 0.1);
	st.median = percentile(sorted, st.count, 0.5);
	st.p90 = percentile(sorted, st.count, 0.9);
	return st;
}

struct bench_stats bench_stats(const struct bench *b, int row)
{
	if (row == BENCH_NO_ROW)
		return bench_stats_of(NULL, 0);
	return bench_stats_of(b->rows[row].samples, BENCH_ROUNDS);
}

static double paired(const struct bench *b, int row, int base, bool ratio)
{
	double v[BENCH_ROUNDS];

	if (row == BENCH_NO_ROW || base == BENCH_NO_ROW)
		return NAN;
	for (size_t i = 0; i < BENCH_ROUNDS; i++) {
		double x = b->rows[row].samples[i];
		double y = b->rows[base].samples[i];

		v[i] = ratio ? x / y : x - y;
	}
	return bench_stats_of(v, BENCH_ROUNDS).median;
}

double bench_ratio(const struct bench *b, int row, int base)
{
	return paired(b, row, base, true);
}

double bench_added(const struct bench *b, int row, int base)
{
	return paired(b, row, base, false);
}

static void add_check(struct bench *b, const char *part, const char *name,
		      double value, double limit, bool at_least)
{
	struct bench_check *check;

	if (b->check_count == BENCH_CHECKS) {
		fprintf(stderr, "bench: more than %d budgets\n", BENCH_CHECKS);
		exit(1);
	}
	check = &b->checks[b->check_count++];
	set_text(check->part, sizeof(check->part), part);
	set_text(check->name, sizeof(check->name), name);
	check->value = value;
	check->limit = limit;
	check->at_least = at_least;
}

void bench_check(struct bench *b, const char *part, const char *name,
		 double value, double limit)
{
	add_check(b, part, name, value, limit, false);
}

void bench_check_at_least(struct bench *b, const char *part, const char *name,
			  double value, double limit)
{
	add_check(b, part, name, value, limit, true);
}

bool bench_check_met(const struct bench_check *check)
{
	/* False for NAN: what was not measured is not met. */
	return check->at_least ? check->value >= check->limit
			       : check->value <= check->limit;
}
