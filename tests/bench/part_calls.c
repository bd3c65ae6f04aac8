/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one system call costs inside, against bare: each round runs micro once
 * per setup. open pays for Landlock's walk, so it has no budget here. The part
 * "judged" is about the calls that are trapped and answered by the supervisor,
 * "carved" about those that are so where parts of a grant are protected, "net"
 * about those that are so where one address may be reached and not another.
 */
#include "bench.h"

#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define BUDGET_NS 35

struct call {
	const char *name;
	int calls;     /* system calls per sample that a budget judges */
	int budget_ns; /* added per call */
};

static const struct call calls[] = {
	{ "getppid", 1, BUDGET_NS }, { "stat", 1, BUDGET_NS },
	{ "close", 1, BUDGET_NS },   { "read", 1, BUDGET_NS },
	{ "write", 1, BUDGET_NS },   { "recvmsg", 1, BUDGET_NS },
	{ "wait4", 1, BUDGET_NS },   { "mmap+munmap", 2, BUDGET_NS },
	{ "open+close", 0, 0 },
};

/* An answer alone 5 us; what else there is to do is as the design measured it. */
static const struct call judged[] = {
	{ "setpriority", 1, 8000 },   { "chmod", 1, 25000 },
	{ "chmod in cwd", 1, 28000 }, { "fchmod", 1, 25000 },
	{ "utimensat", 1, 28000 },    { "unix connect", 1, 10000 },
};

/* One address may be reached, on some ports: each is judged at run time. */
static const struct call net[] = {
	{ "tcp connect", 1, 10000 },	  { "udp send", 1, 5000 },
	{ "udp sendto", 1, 0 },		  { "udp sendmmsg of 16", 0, 0 },
	{ "udp recvfrom", 1, BUDGET_NS },
};

/* With parts of the directory protected: reading is not asked about. */
static const struct call carved[] = {
	{ "open to read", 0, 0 },
	{ "open to write", 1, 12000 },
	{ "create+unlink", 0, 0 },
	{ "rename twice", 0, 0 },
};

struct part {
	const char *name;
	const struct call *calls;
	size_t count;
	bool writes; /* in a directory of its own */
	bool carves; /* of which parts are protected */
	bool net;
};

#define LEN(a) (sizeof(a) / sizeof((a)[0]))
#define MOST LEN(calls)

static const struct part all[] = {
	{ "calls", calls, LEN(calls), false },
	{ "judged", judged, LEN(judged), true },
	{ "carved", carved, LEN(carved), true, true },
	{ "net", net, LEN(net), true, false, true },
};

struct setup {
	const struct part *part;
	int rows[MOST]; /* rows of one setup, in the order of the part */
};

/* What micro printed for @name; NAN: nothing. */
static double figure(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (; text; text = strchr(text, '\n')) {
		text += *text == '\n';
		if (strncmp(text, name, len) == 0 && text[len] == ' ')
			return strtod(text + len, NULL);
	}
	return NAN;
}

/* A call that fails in this setup has no figure, the others have theirs. */
static bool run_micro(struct bench *b, const struct bench_act *act, size_t round)
{
	const struct setup *setup = act->with;
	size_t count = setup->part->count;
	char text[1024], why[sizeof(b->why)];
	bool ok;

	ok = bench_command(b, act->args, NULL, NULL);
	snprintf(why, sizeof(why), "%s", ok ? "micro printed no figure" : b->why);
	bench_output(b, text, sizeof(text));
	for (size_t i = 0; i < count; i++) {
		double ns = figure(text, setup->part->calls[i].name);

		if (isnan(ns))
			bench_fail(b, setup->rows[i], why);
		else
			bench_sample(b, setup->rows[i], round, ns);
	}
	return true;
}

static struct bench_act *add(struct bench *b, struct bench_act *act,
			     struct setup *setup, const struct setup *bare,
			     const char *name)
{
	const struct part *part = setup->part;

	for (size_t i = 0; i < part->count; i++)
		setup->rows[i] = bench_row(b, part->name, part->calls[i].name,
					   name, "ns",
					   bare ? bare->rows[i] : BENCH_NO_ROW);
	act->row = setup->rows[0];
	act->run = run_micro;
	act->with = setup;
	return act;
}

/* A file that any policy under which programs start lets them read. */
static const char *readable_file(void)
{
	Dl_info info;

	if (dladdr((void *)(uintptr_t)fopen, &info) && info.dli_fname)
		return info.dli_fname;
	return "/etc/ld.so.cache";
}

static void judge(struct bench *b, const struct setup *bare,
		  const struct setup *inside)
{
	const struct part *part = inside->part;
	char name[64];

	for (size_t i = 0; i < part->count; i++) {
		const struct call *call = &part->calls[i];

		if (call->budget_ns == 0)
			continue;
		snprintf(name, sizeof(name), "%s: ns added per call", call->name);
		bench_check(b, part->name, name,
			    bench_added(b, inside->rows[i], bare->rows[i]) /
				    call->calls,
			    call->budget_ns);
	}
}

static void run_part(struct bench *b, const struct part *part)
{
	struct setup bare = { part }, again = { part }, inside = { part };
	struct setup bwrap = { part }, reference = { part };
	struct bench_act acts[5] = { 0 }, *act;
	const char *path = readable_file();
	const char *dir = part->writes ? b->dir : NULL;
	const char *more = part->carves ? "carved" : part->net ? "net" : NULL;
	char hooks[160], host[40] = "tcp://127.0.0.1:", port[8] = "";
	const char *at = part->net ? port : NULL;
	const char *const peers[] = { "--net-allow",	  host,
				      "--net-allow",	  "udp://127.0.0.1:*",
				      "--net-allow-bind", port };
	size_t count = 0;

	snprintf(hooks, sizeof(hooks), "%s/.git/hooks", b->dir);
	if (part->net && !bench_free_port(port, sizeof(port)))
		return;
	strcat(host, port);
	act = add(b, &acts[count++], &bare, NULL, "bare");
	bench_args(act->args, b->micro, path, dir, more, at, NULL);
	act = add(b, &acts[count++], &again, &bare, "bare again");
	bench_args(act->args, b->micro, path, dir, more, at, NULL);
	act = add(b, &acts[count++], &inside, &bare, "sandlock");
	bench_args(act->args, b->sandlock, "run", "-p", "base", NULL);
	if (dir)
		bench_args(act->args, "-w", dir, NULL);
	if (part->carves)
		bench_args(act->args, "--fs-protect", hooks, NULL);
	if (part->net)
		bench_all_args(act->args, peers, LEN(peers));
	bench_args(act->args, "--", b->micro, path, dir, more, at, NULL);
	if (part->net && b->bwrap) {
		act = add(b, &acts[count++], &bwrap, &bare, "bwrap");
		bench_args(act->args, b->bwrap, "--ro-bind", "/", "/", "--dev",
			   "/dev", "--proc", "/proc", "--bind", dir, dir, "--",
			   b->micro, path, dir, more, at, NULL);
	}
	if (b->reference) {
		act = add(b, &acts[count++], &reference, &bare, "reference");
		bench_reference(b, act->args);
		bench_args(act->args, "-r", b->tools, NULL);
		if (dir)
			bench_args(act->args, "-w", dir, NULL);
		/* It has no carve-out of writing: nothing at all is the nearest. */
		if (part->carves)
			bench_args(act->args, "--fs-deny", hooks, NULL);
		if (part->net)
			bench_all_args(act->args, peers, LEN(peers));
		bench_args(act->args, "--", b->micro, path, dir, more, at, NULL);
	}
	bench_interleave(b, acts, count);
	judge(b, &bare, &inside);
}

void bench_calls(struct bench *b)
{
	run_part(b, &all[0]);
}

void bench_judged(struct bench *b)
{
	run_part(b, &all[1]);
}

void bench_carved(struct bench *b)
{
	run_part(b, &all[2]);
}

void bench_net(struct bench *b)
{
	run_part(b, &all[3]);
}
