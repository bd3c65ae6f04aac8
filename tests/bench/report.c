/* SPDX-License-Identifier: Apache-2.0 */
/* The table that people read and the JSON that programs compare. */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

static void cpu_model(char *buf, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "re");
	char line[256];

	snprintf(buf, size, "unknown CPU");
	while (f && fgets(line, sizeof(line), f)) {
		char *colon = strchr(line, ':');

		if (!colon || (strncmp(line, "model name", 10) != 0 &&
			       strncmp(line, "CPU part", 8) != 0))
			continue;
		line[strcspn(line, "\n")] = '\0';
		snprintf(buf, size, "%s", colon + 2);
		break;
	}
	if (f)
		fclose(f);
}

struct machine {
	struct utsname uts;
	char cpu[200], date[32];
	long cpus;
	double load;
};

static struct machine machine(void)
{
	struct machine m = { 0 };
	time_t now = time(NULL);
	struct tm tm;

	uname(&m.uts);
	cpu_model(m.cpu, sizeof(m.cpu));
	m.cpus = sysconf(_SC_NPROCESSORS_ONLN);
	if (getloadavg(&m.load, 1) != 1)
		m.load = NAN;
	strftime(m.date, sizeof(m.date), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&now, &tm));
	return m;
}

void bench_print_head(const struct bench *b)
{
	struct machine m = machine();

	printf("sandlock %s bench, %s\n"
	       "Linux %s %s, %s, %ld CPUs, user %u\n"
	       "One sample of each row per round, in a new order each round.\n"
	       "ratio, added: median of the comparison with the row's base,\n"
	       "round by round. 'bare again' is bare: how far its ratio is "
	       "from\n"
	       "1 is what this run cannot tell apart. Load at the start: "
	       "%.1f\n",
	       SL_VERSION, m.date, m.uts.release, m.uts.machine, m.cpu, m.cpus,
	       (unsigned int)getuid(), m.load);
	if (!b->reference)
		printf("SANDLOCK_REFERENCE is not set: no reference rows.\n");
	fflush(stdout);
}

static void print_number(double value, int width, int digits)
{
	if (isnan(value))
		printf(" %*s", width, "-");
	else
		printf(" %*.*f", width, digits, value);
}

static void print_row(const struct bench *b, const struct bench_row *row)
{
	int index = (int)(row - b->rows);
	struct bench_stats st = bench_stats(b, index);
	int digits = st.median < 10 ? 3 : st.median < 1e5 ? 1 : 0;

	printf("  %-14s %-16s", row->what, row->setup);
	if (st.count == 0) {
		printf(" %s\n", row->failures ? row->why : "no figures");
		return;
	}
	print_number((double)st.count, 5, 0);
	print_number(st.p10, 9, digits);
	print_number(st.median, 9, digits);
	print_number(st.p90, 9, digits);
	printf(" %-4s", row->unit);
	print_number(bench_ratio(b, index, row->base), 7, 3);
	print_number(bench_added(b, index, row->base), 9, digits);
	if (row->failures)
		printf("  failed %zu times: %s", row->failures, row->why);
	printf("\n");
}

static void print_check(const struct bench_check *c)
{
	const char *sign = c->at_least ? ">=" : "<=";

	if (isnan(c->value))
		printf("budget missed  %-46s not measured (%s %g)\n", c->name,
		       sign, c->limit);
	else
		printf("budget %-7s %-46s %.3f (%s %g)\n",
		       bench_check_met(c) ? "met" : "missed", c->name, c->value,
		       sign, c->limit);
}

void bench_print_part(struct bench *b, const char *part)
{
	printf("\n%s\n  %-14s %-16s %5s %9s %9s %9s %-4s %7s %9s\n", part, "what",
	       "setup", "n", "p10", "median", "p90", "", "ratio", "added");
	for (size_t i = 0; i < b->row_count; i++)
		if (strcmp(b->rows[i].part, part) == 0)
			print_row(b, &b->rows[i]);
	for (size_t i = 0; i < b->check_count; i++)
		if (strcmp(b->checks[i].part, part) == 0)
			print_check(&b->checks[i]);
	fflush(stdout);
}

/* ---- JSON -------------------------------------------------------------- */

static void json_text(FILE *f, const char *name, const char *text)
{
	fprintf(f, "\"%s\": \"", name);
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			fprintf(f, "\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			fprintf(f, "\\u%04x", c);
		else
			fputc(c, f);
	}
	fputs("\", ", f);
}

static void json_number(FILE *f, const char *name, double value)
{
	if (isnan(value))
		fprintf(f, "\"%s\": null, ", name);
	else
		fprintf(f, "\"%s\": %.6g, ", name, value);
}

static void json_row(FILE *f, const struct bench *b, size_t i)
{
	const struct bench_row *row = &b->rows[i];
	struct bench_stats st = bench_stats(b, (int)i);

	fputs("    {", f);
	json_text(f, "part", row->part);
	json_text(f, "what", row->what);
	json_text(f, "setup", row->setup);
	json_text(f, "unit", row->unit);
	json_number(f, "p10", st.p10);
	json_number(f, "median", st.median);
	json_number(f, "p90", st.p90);
	json_number(f, "ratio", bench_ratio(b, (int)i, row->base));
	json_number(f, "added", bench_added(b, (int)i, row->base));
	json_text(f, "failure", row->why);
	fprintf(f, "\"failures\": %zu, \"n\": %zu}%s\n", row->failures,
		st.count, i + 1 < b->row_count ? "," : "");
}

static void json_check(FILE *f, const struct bench *b, size_t i)
{
	const struct bench_check *check = &b->checks[i];

	fputs("    {", f);
	json_text(f, "part", check->part);
	json_text(f, "name", check->name);
	json_number(f, "value", check->value);
	json_number(f, "limit", check->limit);
	json_text(f, "kind", check->at_least ? "at least" : "at most");
	fprintf(f, "\"met\": %s}%s\n", bench_check_met(check) ? "true" : "false",
		i + 1 < b->check_count ? "," : "");
}

bool bench_write_json(const struct bench *b, const char *path)
{
	struct machine m = machine();
	FILE *f = fopen(path, "we");

	if (!f) {
		fprintf(stderr, "bench: cannot write '%s': %m\n", path);
		return false;
	}
	fputs("{\n  ", f);
	json_text(f, "version", SL_VERSION);
	json_text(f, "date", m.date);
	json_text(f, "kernel", m.uts.release);
	json_text(f, "machine", m.uts.machine);
	json_text(f, "cpu", m.cpu);
	json_number(f, "load", m.load);
	fprintf(f, "\"cpus\": %ld, \"user\": %u,\n  \"rows\": [\n", m.cpus,
		(unsigned int)getuid());
	for (size_t i = 0; i < b->row_count; i++)
		json_row(f, b, i);
	fputs("  ],\n  \"budgets\": [\n", f);
	for (size_t i = 0; i < b->check_count; i++)
		json_check(f, b, i);
	fputs("  ]\n}\n", f);
	return fclose(f) == 0;
}
