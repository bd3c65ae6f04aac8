/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real work on a tree of our own: git status, find, tar, make -j2, the start of
 * python; bare, under base ("sandlock") and agent, by bubblewrap, by the
 * reference.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define PART "work"
#define FOLDERS 100
#define FILES 40 /* per folder */
#define UNITS 6	 /* of the C project */
#define BUDGET 1.1

struct work {
	struct bench *b;
	char tree[100], build[100], out[120];
	struct bench_act acts[40];
	size_t count;
	bool agent; /* the preset exists */
};

struct job {
	const char *name;
	const char *cwd;
	const char *args[16];
};

/* ---- the tree ---------------------------------------------------------- */

static bool write_file(const char *path, const char *line, int times)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return false;
	while (times-- > 0)
		fputs(line, f);
	return fclose(f) == 0;
}

static bool make_tree(const struct work *w)
{
	char path[160];
	bool ok = mkdir(w->tree, 0700) == 0;

	for (int i = 0; ok && i < FOLDERS; i++) {
		snprintf(path, sizeof(path), "%s/folder%d", w->tree, i);
		ok = mkdir(path, 0700) == 0;
		for (int j = 0; ok && j < FILES; j++) {
			snprintf(path, sizeof(path), "%s/folder%d/file%d.txt",
				 w->tree, i, j);
			ok = write_file(path, "A line of a file, as it is.\n",
					20 + j * 10);
		}
	}
	return ok;
}

static bool make_repository(struct work *w)
{
	static const char *const steps[][8] = {
		{ "init", "-q" },
		{ "add", "." },
		{ "-c", "user.name=bench", "-c", "user.email=bench@localhost",
		  "commit", "-q", "-mtree" },
	};

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		const char *args[BENCH_ARGS] = { w->b->git, NULL };

		for (size_t j = 0; j < 8 && steps[i][j]; j++)
			bench_args(args, steps[i][j], NULL);
		if (!bench_command(w->b, args, w->tree, NULL))
			return false;
	}
	return true;
}

static bool make_project(const struct work *w)
{
	char path[160], text[512];
	bool ok = mkdir(w->build, 0700) == 0;

	snprintf(path, sizeof(path), "%s/Makefile", w->build);
	ok = ok && write_file(path,
			      "OBJS = main.o u0.o u1.o u2.o u3.o u4.o u5.o\n"
			      "prog: $(OBJS)\n\t$(CC) -o $@ $(OBJS)\n",
			      1);
	snprintf(path, sizeof(path), "%s/main.c", w->build);
	ok = ok && write_file(path, "int main(void)\n{\n\treturn 0;\n}\n", 1);
	for (int i = 0; ok && i < UNITS; i++) {
		snprintf(path, sizeof(path), "%s/u%d.c", w->build, i);
		snprintf(text, sizeof(text),
			 "#include <stdio.h>\n#include <stdlib.h>\n"
			 "int f%d(int x);\nint f%d(int x)\n{\n"
			 "\treturn printf(\"%%d\", x) + abs(x);\n}\n",
			 i, i);
		ok = write_file(path, text, 1);
	}
	return ok;
}

/* ---- the rows ---------------------------------------------------------- */

/* Arguments of the launcher that makes @setup; false if it is not here. */
static bool launcher(struct work *w, const char *setup, const char **args)
{
	struct bench *b = w->b;

	if (strcmp(setup, "sandlock") == 0)
		return bench_args(args, b->sandlock, "run", "-p", "base", "-w",
				  b->dir, "--", NULL);
	if (strcmp(setup, "agent") == 0 && w->agent)
		return bench_args(args, b->sandlock, "run", "-p", "agent", "-w",
				  b->dir, "--", NULL);
	if (strcmp(setup, "bwrap") == 0 && b->bwrap)
		return bench_args(args, b->bwrap, "--ro-bind", "/", "/",
				  "--unshare-all", "--proc", "/proc", "--dev",
				  "/dev", "--tmpfs", "/tmp", "--bind", b->dir,
				  b->dir, "--", NULL);
	if (strcmp(setup, "reference") == 0 && b->reference) {
		bench_reference(b, args);
		return bench_args(args, "-w", b->dir, "--", NULL);
	}
	return strncmp(setup, "bare", 4) == 0;
}

static void add_job(struct work *w, const struct job *job)
{
	static const char *const setups[] = { "bare",  "bare again", "sandlock",
					      "agent", "bwrap",	     "reference" };
	int bare = BENCH_NO_ROW;

	if (!job->args[0])
		return;
	for (size_t i = 0; i < sizeof(setups) / sizeof(setups[0]); i++) {
		struct bench_act *act = &w->acts[w->count];

		if (!launcher(w, setups[i], act->args))
			continue;
		for (size_t j = 0; job->args[j]; j++)
			bench_args(act->args, job->args[j], NULL);
		act->row = bench_row(w->b, PART, job->name, setups[i], "us",
				     bare);
		if (bare == BENCH_NO_ROW)
			bare = act->row;
		act->run = bench_act_command;
		act->cwd = job->cwd;
		w->count++;
	}
}

static void judge(struct bench *b)
{
	for (size_t i = 0; i < b->row_count; i++) {
		const struct bench_row *row = &b->rows[i];
		char name[64];

		bool agent = strcmp(row->setup, "agent") == 0;

		if (strcmp(row->part, PART) != 0 ||
		    (!agent && strcmp(row->setup, "sandlock") != 0))
			continue;
		snprintf(name, sizeof(name), "%s%s against bare", row->what,
			 agent ? " under agent" : "");
		bench_check(b, PART, name, bench_ratio(b, (int)i, row->base),
			    BUDGET);
	}
}

void bench_work(struct bench *b)
{
	struct work w = { .b = b, .agent = bench_has_profile(b, "agent") };
	const struct job jobs[] = {
		{ "git status", w.tree, { b->git, "status", "--short" } },
		{ "find", w.tree, { "/usr/bin/find", ".", "-size", "+1k" } },
		{ "tar", w.tree, { "/bin/tar", "cf", w.out, "." } },
		{ "make -j2", w.build, { b->make, "-s", "-B", "-j2" } },
		{ "python", w.tree, { b->python, "-c", "pass" } },
	};

	snprintf(w.tree, sizeof(w.tree), "%s/tree", b->dir);
	snprintf(w.build, sizeof(w.build), "%s/build", b->dir);
	snprintf(w.out, sizeof(w.out), "%s/tree.tar", b->dir);
	for (size_t i = 0; i < sizeof(jobs) / sizeof(jobs[0]); i++)
		add_job(&w, &jobs[i]);
	snprintf(b->why, sizeof(b->why), "cannot write below %s", b->dir);
	if (!make_tree(&w) || !make_project(&w) ||
	    (b->git && !make_repository(&w))) {
		bench_fail(b, w.acts[0].row, b->why);
		return;
	}
	bench_interleave(b, w.acts, w.count);
	judge(b);
}
