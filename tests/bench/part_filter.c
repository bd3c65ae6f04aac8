/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two figures that are no times: how long the default filter is, and how many
 * processes of a run hold its seccomp listener: sandlock and the guardian,
 * which shares its descriptors, and none of the sandbox.
 */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#define PART "filter"

static void count_instructions(struct bench *b)
{
	const char *args[] = { b->filter, NULL };
	int row = bench_row(b, PART, "default", "sandlock", "insn", BENCH_NO_ROW);
	char text[64];

	if (!bench_command(b, args, NULL, NULL))
		bench_fail(b, row, b->why);
	else
		bench_sample(b, row, 0,
			     strtod(bench_output(b, text, sizeof(text)), NULL));
	bench_check(b, PART, "instructions of the default filter",
		    bench_stats(b, row).median, 200);
}

/* cat, once it has answered, proves that the whole run is in place. */
static bool count_held(struct bench *b, int processes, int listeners)
{
	const char *args[] = { b->sandlock, "run", "--", "/bin/cat", NULL };
	struct bench_listeners found = { 0 };
	struct bench_peer peer;
	char line[16];
	bool ok;

	ok = bench_peer_open(b, &peer, args) && write(peer.to, "x\n", 2) == 2 &&
	     bench_peer_line(b, &peer, line, sizeof(line));
	if (ok)
		found = bench_listeners(peer.pid);
	bench_peer_close(&peer, false);
	if (!ok)
		return false;
	bench_sample(b, processes, 0, (double)found.processes);
	snprintf(b->why, sizeof(b->why), "%zu processes not readable",
		 found.unreadable);
	if (found.unreadable)
		return false;
	bench_sample(b, listeners, 0, (double)found.listeners);
	if (found.listeners > 2)
		fprintf(stderr, "bench: a listener: %s\n", found.where);
	return true;
}

static void count_listeners(struct bench *b)
{
	int processes = bench_row(b, PART, "processes", "sandlock", "",
				  BENCH_NO_ROW);
	int listeners = bench_row(b, PART, "listeners", "sandlock", "",
				  BENCH_NO_ROW);

	if (!count_held(b, processes, listeners))
		bench_fail(b, listeners, b->why);
	bench_check(b, PART, "seccomp listeners held in a run",
		    bench_stats(b, listeners).median, 2);
}

void bench_filter(struct bench *b)
{
	count_instructions(b);
	count_listeners(b);
}
