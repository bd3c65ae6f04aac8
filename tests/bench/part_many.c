/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hundred sandboxes that wait, held by one program through one supervisor of
 * the library: to start each, what the supervisor holds, to end them all. Next
 * to it what the processes of one command hold that waits with its program.
 * Each round has a new host, and so a new supervisor.
 */
#include "bench.h"

#include <unistd.h>

#define PART "many"
#define COUNT 100
#define PROGRAM "cat"		     /* what waits; its memory is not counted */
#define SUPERVISOR "sandlock-superv" /* as the kernel cuts the name */
#define RSS_KIB 1024
#define MORE_KIB 64

struct many {
	int bare_start, bare_end;
	int first, start, end;
	int rss_one, rss_all, anon_one, anon_all, anon_more;
};

/* ---- through the library --------------------------------------------------- */

/* @count answers to @command; the mean of their times, in us. */
static bool ask(struct bench *b, struct bench_peer *host, char command,
		int count, double *ret_us)
{
	double sum = 0, ns;

	for (int i = 0; i < count; i++) {
		if (!bench_peer_ask(b, host, command, &ns))
			return false;
		sum += ns;
	}
	*ret_us = sum / count / 1e3;
	return true;
}

static bool supervisor_memory(struct bench *b, struct bench_peer *host,
			      struct bench_memory *ret)
{
	double pid;
	pid_t supervisor;

	if (!bench_peer_ask(b, host, 'p', &pid))
		return false;
	supervisor = bench_ancestor((pid_t)pid, SUPERVISOR);
	snprintf(b->why, sizeof(b->why), "%d has no supervisor", (int)pid);
	return supervisor > 0 && bench_memory(b, supervisor, PROGRAM, ret);
}

static bool fill(struct bench *b, const struct many *m, struct bench_peer *host,
		 size_t round)
{
	struct bench_memory one, all;
	double first, start, end;

	if (!ask(b, host, 's', 1, &first) || !supervisor_memory(b, host, &one) ||
	    !ask(b, host, 's', COUNT - 1, &start) ||
	    !supervisor_memory(b, host, &all) || !ask(b, host, 'S', 1, &end))
		return false;
	bench_sample(b, m->first, round, first);
	bench_sample(b, m->start, round, start);
	bench_sample(b, m->end, round, end);
	bench_sample(b, m->rss_one, round, one.rss);
	bench_sample(b, m->rss_all, round, all.rss);
	bench_sample(b, m->anon_one, round, one.anonymous);
	bench_sample(b, m->anon_all, round, all.anonymous);
	bench_sample(b, m->anon_more, round,
		     (all.anonymous - one.anonymous) / (COUNT - 1));
	return true;
}

static bool run_library(struct bench *b, const struct bench_act *act, size_t round)
{
	const char *args[] = { b->host, b->library, "0", NULL };
	struct bench_peer host;
	bool ok = bench_peer_open(b, &host, args) &&
		  fill(b, act->with, &host, round);

	bench_peer_close(&host, false);
	return ok;
}

static bool run_bare(struct bench *b, const struct bench_act *act, size_t round)
{
	const char *args[] = { b->host, b->library, "0", NULL };
	const struct many *m = act->with;
	struct bench_peer host;
	double start, end;
	bool ok = bench_peer_open(b, &host, args) &&
		  ask(b, &host, 'w', COUNT, &start) &&
		  ask(b, &host, 'W', 1, &end);

	bench_peer_close(&host, false);
	if (!ok)
		return false;
	bench_sample(b, m->bare_start, round, start);
	bench_sample(b, m->bare_end, round, end);
	return true;
}

static void add_library(struct bench *b, struct many *m, struct bench_act *acts)
{
	m->bare_start = bench_row(b, PART, "start", "bare", "us", BENCH_NO_ROW);
	m->start = bench_row(b, PART, "start", "sandlock", "us", m->bare_start);
	m->first = bench_row(b, PART, "first start", "sandlock", "us",
			     m->bare_start);
	m->bare_end = bench_row(b, PART, "end all", "bare", "us", BENCH_NO_ROW);
	m->end = bench_row(b, PART, "end all", "sandlock", "us", m->bare_end);
	m->rss_one = bench_row(b, PART, "RSS with 1", "sandlock", "KiB",
			       BENCH_NO_ROW);
	m->rss_all = bench_row(b, PART, "RSS with 100", "sandlock", "KiB",
			       m->rss_one);
	m->anon_one = bench_row(b, PART, "anon with 1", "sandlock", "KiB",
				BENCH_NO_ROW);
	m->anon_all = bench_row(b, PART, "anon with 100", "sandlock", "KiB",
				m->anon_one);
	m->anon_more = bench_row(b, PART, "anon per more", "sandlock", "KiB",
				 BENCH_NO_ROW);
	acts[0].row = m->bare_start;
	acts[0].run = run_bare;
	acts[0].with = m;
	acts[1].row = m->start;
	acts[1].run = run_library;
	acts[1].with = m;
}

/* ---- of a command ------------------------------------------------------- */

struct command {
	int rss, anonymous;
};

/* The program, once it has answered, proves that the whole run is in place. */
static bool run_command(struct bench *b, const struct bench_act *act, size_t round)
{
	const struct command *c = act->with;
	struct bench_memory m = { 0 };
	struct bench_peer peer;
	char line[16];
	bool ok = bench_peer_open(b, &peer, act->args) &&
		  write(peer.to, "x\n", 2) == 2 &&
		  bench_peer_line(b, &peer, line, sizeof(line)) &&
		  bench_memory(b, peer.pid, PROGRAM, &m);

	bench_peer_close(&peer, false);
	if (!ok)
		return false;
	bench_sample(b, c->rss, round, m.rss);
	bench_sample(b, c->anonymous, round, m.anonymous);
	return true;
}

static void add_command(struct bench *b, const char *setup, struct command *c,
			const struct command *base, struct bench_act *act)
{
	c->rss = bench_row(b, PART, "RSS command", setup, "KiB",
			   base ? base->rss : BENCH_NO_ROW);
	c->anonymous = bench_row(b, PART, "anon command", setup, "KiB",
				 base ? base->anonymous : BENCH_NO_ROW);
	act->row = c->rss;
	act->run = run_command;
	act->with = c;
}

/* How many of @acts there are. */
static size_t add_commands(struct bench *b, struct command *c,
			   struct bench_act *acts)
{
	size_t n = 0;

	add_command(b, "sandlock", &c[n], NULL, &acts[n]);
	bench_args(acts[n].args, b->sandlock, "run", "-p", "base", "--",
		   "/bin/" PROGRAM, NULL);
	n++;
	if (b->bwrap) {
		add_command(b, "bwrap", &c[n], &c[0], &acts[n]);
		bench_args(acts[n].args, b->bwrap, "--ro-bind", "/", "/",
			   "--unshare-all", "--proc", "/proc", "--dev", "/dev",
			   "--tmpfs", "/tmp", "--", "/bin/" PROGRAM, NULL);
		n++;
	}
	if (b->reference) {
		add_command(b, "reference", &c[n], &c[0], &acts[n]);
		bench_reference(b, acts[n].args);
		bench_args(acts[n].args, "--", "/bin/" PROGRAM, NULL);
		n++;
	}
	return n;
}

void bench_many(struct bench *b)
{
	struct bench_act acts[5] = { 0 };
	struct command commands[3];
	struct many m;
	size_t count = 2;

	add_library(b, &m, acts);
	count += add_commands(b, commands, acts + count);
	bench_interleave(b, acts, count);
	bench_check(b, PART, "supervisor of one sandbox: KiB of RSS",
		    bench_stats(b, m.rss_one).median, RSS_KIB);
	bench_check(b, PART, "each further sandbox: KiB of anonymous memory",
		    bench_stats(b, m.anon_more).median, MORE_KIB);
}
