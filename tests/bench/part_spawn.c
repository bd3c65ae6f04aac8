/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to start /bin/true: bare, by the floor, by bubblewrap, by our
 * tool, by our library from a small and from a large host, by the reference.
 */
#include "bench.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PART "spawn"
#define TRUE_PATH "/bin/true"
/* A fork of the large host takes longer than all other rows together. */
#define BIG_FORK_EVERY 8

struct rows {
	int bare, floor, bwrap, base, agent, ten;
	int small_fork, small_library, big_fork, big_library;
};

struct plan {
	struct bench *b;
	struct bench_act acts[24];
	size_t count;
	struct rows rows;
};

static struct bench_act *add(struct plan *p, const char *setup, int base)
{
	struct bench_act *act = &p->acts[p->count++];

	act->row = bench_row(p->b, PART, "true", setup, "us", base);
	act->run = bench_act_command;
	return act;
}

static void add_bare(struct plan *p)
{
	struct bench_act *act = add(p, "bare", BENCH_NO_ROW);

	p->rows.bare = act->row;
	bench_args(act->args, TRUE_PATH, NULL);
	act = add(p, "bare again", p->rows.bare);
	bench_args(act->args, TRUE_PATH, NULL);
	act = add(p, "floor", p->rows.bare);
	p->rows.floor = act->row;
	bench_args(act->args, p->b->floor, TRUE_PATH, NULL);
}

static void add_bwrap(struct plan *p)
{
	struct bench_act *act;

	p->rows.bwrap = BENCH_NO_ROW;
	if (!p->b->bwrap)
		return;
	act = add(p, "bwrap ro-bind", p->rows.bare);
	bench_args(act->args, p->b->bwrap, "--ro-bind", "/", "/", "--",
		   TRUE_PATH, NULL);
	act = add(p, "bwrap", p->rows.bare);
	p->rows.bwrap = act->row;
	bench_args(act->args, p->b->bwrap, "--ro-bind", "/", "/",
		   "--unshare-all", "--proc", "/proc", "--dev", "/dev",
		   "--tmpfs", "/tmp", "--", TRUE_PATH, NULL);
}

static void add_tool(struct plan *p)
{
	static const char *const paths[] = {
		"/usr",	    "/lib",	  "/etc", "/dev", "/proc",
		"/bin",	    "/var",	  "/opt", "/tmp", "/usr/bin",
		"/usr/lib", "/usr/share", "/run", "/srv", NULL
	};
	struct bench_act *act = add(p, "sandlock", p->rows.bare);

	p->rows.base = act->row;
	bench_args(act->args, p->b->sandlock, "run", "--", TRUE_PATH, NULL);
	if (bench_has_profile(p->b, "agent")) {
		act = add(p, "agent", p->rows.bare);
		act->cwd = p->b->dir;
		p->rows.agent = act->row;
		bench_args(act->args, p->b->sandlock, "run", "-p", "agent",
			   "--", TRUE_PATH, NULL);
	}
	act = add(p, "sandlock ten", p->rows.bare);
	p->rows.ten = act->row;
	bench_args(act->args, p->b->sandlock, "run", "--bare", NULL);
	bench_grants(act->args, paths, 10);
	bench_args(act->args, "--", TRUE_PATH, NULL);
	if (!p->b->reference)
		return;
	act = add(p, "reference", p->rows.bare);
	bench_reference(p->b, act->args);
	bench_args(act->args, "--", TRUE_PATH, NULL);
}

static bool ask_host(struct bench *b, const struct bench_act *act, size_t round)
{
	double ns;

	if (!bench_peer_ask(b, act->with, act->letter, &ns))
		return false;
	bench_sample(b, act->row, round, ns / 1e3);
	return true;
}

static int add_host(struct plan *p, struct bench_peer *host, char letter,
		    const char *setup, int base)
{
	struct bench_act *act = add(p, setup, base);

	act->run = ask_host;
	act->with = host;
	act->letter = letter;
	return act->row;
}

static void add_hosts(struct plan *p, struct bench_peer *small,
		      struct bench_peer *big)
{
	int fork_row;

	fork_row = add_host(p, small, 'f', "host fork", BENCH_NO_ROW);
	p->rows.small_fork = fork_row;
	add_host(p, small, 'v', "host vfork", fork_row);
	p->rows.small_library = add_host(p, small, 'l', "host library", fork_row);
	p->rows.big_fork = add_host(p, big, 'f', "big host fork", fork_row);
	p->acts[p->count - 1].every = BIG_FORK_EVERY;
	add_host(p, big, 'v', "big host vfork", fork_row);
	p->rows.big_library = add_host(p, big, 'l', "big host library", fork_row);
}

/* What a Python program pays, by the same protocol. */
static void add_python(struct plan *p, struct bench_peer *python)
{
	int fork_row = add_host(p, python, 's', "py subprocess", BENCH_NO_ROW);

	add_host(p, python, 'p', "py sandlock", fork_row);
	if (p->b->bwrap)
		add_host(p, python, 'b', "py bwrap", fork_row);
}

static void judge(struct plan *p)
{
	const struct rows *r = &p->rows;
	struct bench *b = p->b;
	double bare = bench_stats(b, r->bare).median;
	double bwrap = bench_added(b, r->bwrap, r->bare);

	bench_check(b, PART, "base adds / bwrap adds",
		    bench_added(b, r->base, r->bare) / bwrap, 0.5);
	if (r->agent != BENCH_NO_ROW)
		bench_check(b, PART, "agent adds / bwrap adds",
			    bench_added(b, r->agent, r->bare) / bwrap, 0.5);
	bench_check(b, PART, "base over the floor / bare",
		    bench_added(b, r->base, r->floor) / bare, 0.8);
	bench_check(b, PART, "ten grants add / bwrap adds",
		    bench_added(b, r->ten, r->bare) / bwrap, 0.35);
	bench_check(b, PART, "library / fork+exec of a small process",
		    bench_ratio(b, r->small_library, r->small_fork), 1.15);
	bench_check(b, PART, "library, big host / the same fork+exec",
		    bench_ratio(b, r->big_library, r->small_fork), 1.15);
}

void bench_spawn(struct bench *b)
{
	const char *small_args[] = { b->host, b->library, "0", NULL };
	const char *big_args[] = { b->host, b->library, b->resident_mib, NULL };
	const char *python_args[] = {
		b->python,  b->python_host,	      b->package,
		b->library, b->bwrap ? b->bwrap : "", NULL
	};
	struct bench_peer small, big, python;
	struct plan p = { .b = b, .rows.agent = BENCH_NO_ROW };

	add_bare(&p);
	add_bwrap(&p);
	add_tool(&p);
	bench_peer_open(b, &small, small_args);
	bench_peer_open(b, &big, big_args);
	add_hosts(&p, &small, &big);
	if (b->python && b->package) {
		bench_peer_open(b, &python, python_args);
		add_python(&p, &python);
	}
	bench_interleave(b, p.acts, p.count);
	bench_peer_close(&small, false);
	bench_peer_close(&big, false);
	if (b->python && b->package)
		bench_peer_close(&python, false);
	judge(&p);
}
