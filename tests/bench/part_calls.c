/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one system call costs inside, against bare: each round runs micro once
 * per setup. open pays for Landlock's walk, so it has no budget here.
 */
#include "bench.h"

#include <dlfcn.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define PART "calls"
#define BUDGET_NS 35

static const struct call {
	const char *name;
	int calls; /* system calls per sample that a budget judges */
} calls[] = {
	{ "getppid", 1 }, { "stat", 1 },	{ "close", 1 },
	{ "read", 1 },	  { "write", 1 },	{ "recvmsg", 1 },
	{ "wait4", 1 },	  { "mmap+munmap", 2 }, { "open+close", 0 },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

struct setup {
	int rows[CALLS]; /* rows of one setup, in the order above */
};

static bool run_micro(struct bench *b, const struct bench_act *act, size_t round)
{
	const struct setup *setup = act->with;
	char text[1024], *rest = text, *line;
	size_t found = 0;

	if (!bench_command(b, act->args, NULL, NULL))
		return false;
	bench_output(b, text, sizeof(text));
	while ((line = strsep(&rest, "\n"))) {
		char *value = strchr(line, ' ');

		if (!value)
			continue;
		*value++ = '\0';
		for (size_t i = 0; i < CALLS; i++) {
			if (strcmp(calls[i].name, line) != 0)
				continue;
			bench_sample(b, setup->rows[i], round,
				     strtod(value, NULL));
			found++;
		}
	}
	snprintf(b->why, sizeof(b->why), "micro printed %zu of %zu figures",
		 found, CALLS);
	return found == CALLS;
}

static struct bench_act *add(struct bench *b, struct bench_act *act,
			     struct setup *setup, const struct setup *bare,
			     const char *name)
{
	for (size_t i = 0; i < CALLS; i++)
		setup->rows[i] = bench_row(b, PART, calls[i].name, name, "ns",
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
	char name[64];

	for (size_t i = 0; i < CALLS; i++) {
		if (calls[i].calls == 0)
			continue;
		snprintf(name, sizeof(name), "%s: ns added per call",
			 calls[i].name);
		bench_check(b, PART, name,
			    bench_added(b, inside->rows[i], bare->rows[i]) /
				    calls[i].calls,
			    BUDGET_NS);
	}
}

void bench_calls(struct bench *b)
{
	struct setup bare, again, inside, reference;
	struct bench_act acts[4] = { 0 }, *act;
	const char *path = readable_file();
	size_t count = 0;

	act = add(b, &acts[count++], &bare, NULL, "bare");
	bench_args(act->args, b->micro, path, NULL);
	act = add(b, &acts[count++], &again, &bare, "bare again");
	bench_args(act->args, b->micro, path, NULL);
	act = add(b, &acts[count++], &inside, &bare, "sandlock");
	bench_args(act->args, b->sandlock, "run", "--", b->micro, path, NULL);
	if (b->reference) {
		act = add(b, &acts[count++], &reference, &bare, "reference");
		bench_reference(b, act->args);
		bench_args(act->args, "-r", b->tools, "--", b->micro, path, NULL);
	}
	bench_interleave(b, acts, count);
	judge(b, &bare, &inside);
}
