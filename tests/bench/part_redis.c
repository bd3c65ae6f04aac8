/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A server inside: redis-benchmark, itself bare, asks a redis-server that runs
 * bare and one that runs inside, on loopback ports of their own, in turn.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART "redis"
#define REQUESTS "20000"
#define CLIENTS "20"

static const char *const commands[] = { "SET", "GET" };

struct server {
	struct bench_peer peer;
	char port[8], dir[100];
	int rate[2], p99[2]; /* rows, by command */
};

static void add_rows(struct bench *b, struct server *s,
		     const struct server *bare, const char *setup)
{
	for (int i = 0; i < 2; i++) {
		char name[24];

		s->rate[i] = bench_row(b, PART, commands[i], setup, "1/s",
				       bare ? bare->rate[i] : BENCH_NO_ROW);
		snprintf(name, sizeof(name), "%s p99", commands[i]);
		s->p99[i] = bench_row(b, PART, name, setup, "ms",
				      bare ? bare->p99[i] : BENCH_NO_ROW);
	}
}

/* @args holds the launcher with its options, if any. */
static bool server_start(struct bench *b, struct server *s, const char **args)
{
	char line[512];

	bench_args(args, b->redis_server, "--port", s->port, "--bind",
		   "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
		   s->dir, "--daemonize", "no", "--loglevel", "notice", NULL);
	if (!bench_peer_open(b, &s->peer, args))
		return false;
	while (bench_peer_line(b, &s->peer, line, sizeof(line)))
		if (strstr(line, "Ready to accept"))
			return true;
	return false;
}

static bool server_prepare(struct bench *b, struct server *s, const char *name)
{
	snprintf(s->dir, sizeof(s->dir), "%s/redis-%s", b->dir, name);
	return mkdir(s->dir, 0700) == 0 &&
	       bench_free_port(s->port, sizeof(s->port));
}

/* "SET","rps","avg","min","p50","p95","p99","max" per line. */
static bool take_figures(struct bench *b, const struct server *s, char *text,
			 size_t round)
{
	char *rest = text, *line;
	int found = 0;

	while ((line = strsep(&rest, "\n"))) {
		double f[7];

		if (sscanf(line,
			   "\"%*[^\"]\",\"%lf\",\"%lf\",\"%lf\",\"%lf\","
			   "\"%lf\",\"%lf\",\"%lf\"",
			   &f[0], &f[1], &f[2], &f[3], &f[4], &f[5], &f[6]) != 7)
			continue;
		for (int i = 0; i < 2; i++) {
			if (strncmp(line + 1, commands[i], 3) != 0)
				continue;
			bench_sample(b, s->rate[i], round, f[0]);
			bench_sample(b, s->p99[i], round, f[5]);
			found++;
		}
	}
	snprintf(b->why, sizeof(b->why), "redis-benchmark printed: %.150s", text);
	return found == 2;
}

static bool ask_server(struct bench *b, const struct bench_act *act, size_t round)
{
	const struct server *s = act->with;
	const char *args[] = { b->redis_benchmark,
			       "-h",
			       "127.0.0.1",
			       "-p",
			       s->port,
			       "-t",
			       "set,get",
			       "-n",
			       REQUESTS,
			       "-c",
			       CLIENTS,
			       "--csv",
			       NULL };
	char text[2048];

	if (!bench_command(b, args, NULL, NULL))
		return false;
	return take_figures(b, s, bench_output(b, text, sizeof(text)), round);
}

static void start(struct bench *b, struct bench_act *act, struct server *s)
{
	act->row = s->rate[0];
	act->run = ask_server;
	act->with = s;
	if (server_start(b, s, act->args))
		return;
	/* Twice, so that no round asks a server that is not there. */
	bench_fail(b, act->row, b->why);
	bench_fail(b, act->row, b->why);
}

static void judge(struct bench *b, const struct server *bare,
		  const struct server *inside)
{
	char name[64];

	for (int i = 0; i < 2; i++) {
		snprintf(name, sizeof(name), "%s requests/s against bare",
			 commands[i]);
		bench_check_at_least(
			b, PART, name,
			bench_ratio(b, inside->rate[i], bare->rate[i]), 0.99);
		snprintf(name, sizeof(name), "%s p99 against bare", commands[i]);
		bench_check(b, PART, name,
			    bench_ratio(b, inside->p99[i], bare->p99[i]), 1.02);
	}
}

static bool prepare(struct bench *b, struct server *bare, struct server *again,
		    struct server *inside, struct server *reference)
{
	add_rows(b, bare, NULL, "bare");
	add_rows(b, again, bare, "bare again");
	add_rows(b, inside, bare, "sandlock");
	if (b->reference)
		add_rows(b, reference, bare, "reference");
	if (server_prepare(b, bare, "bare") && server_prepare(b, again, "again") &&
	    server_prepare(b, inside, "sandlock") &&
	    server_prepare(b, reference, "reference"))
		return true;
	bench_fail(b, bare->rate[0], "no folder or no free port");
	return false;
}

void bench_redis(struct bench *b)
{
	struct server bare = { 0 }, again = { 0 };
	struct server inside = { 0 }, reference = { 0 };
	struct bench_act acts[4] = { 0 };

	if (!b->redis_server || !b->redis_benchmark ||
	    !prepare(b, &bare, &again, &inside, &reference))
		return;
	start(b, &acts[0], &bare);
	start(b, &acts[1], &again);
	bench_args(acts[2].args, b->sandlock, "run", "-p", "base", "-w",
		   inside.dir, "--net-allow-bind", inside.port, "--", NULL);
	start(b, &acts[2], &inside);
	if (b->reference) {
		bench_reference(b, acts[3].args);
		bench_args(acts[3].args, "-w", reference.dir,
			   "--net-allow-bind", reference.port, "--", NULL);
		start(b, &acts[3], &reference);
	}
	bench_interleave(b, acts, b->reference ? 4 : 3);
	bench_peer_close(&bare.peer, true);
	bench_peer_close(&again.peer, true);
	bench_peer_close(&inside.peer, true);
	bench_peer_close(&reference.peer, true);
	judge(b, &bare, &inside);
}
