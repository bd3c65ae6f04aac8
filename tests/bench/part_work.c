/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Real work on a tree of our own, whole commands: bare, under base ("sandlock")
 * and agent, by bubblewrap, by the reference. The jobs that the design has a
 * budget for come first, in rounds of their own: what the others write must not
 * disturb them.
 */
#include "work_tree.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define PART "work"
#define BUDGET 1.1
#define NO_BUDGET 0 /* printed, not judged */
#define ACTS 64

struct job {
	const char *name;
	const char *cwd;
	double budget; /* at most so many times bare, or NO_BUDGET */
	const char *args[16];
	/* Below @cwd, before each run, not timed: a folder to empty, a command. */
	const char *empty;
	const char *undo[8];
	const char *proof; /* a file that only a run that did its work leaves */
};

struct work {
	struct bench *b;
	struct bench_act acts[ACTS];
	const char *setups[ACTS];
	size_t count;
	bool agent;	  /* the preset exists */
	char tmpdir[100]; /* where cc may write in the reference */
};

/* ---- one run ----------------------------------------------------------- */

static bool empty(struct bench *b, const struct job *job)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", job->cwd, job->empty);
	bench_remove(path);
	if (mkdir(path, 0700) == 0)
		return true;
	snprintf(b->why, sizeof(b->why), "cannot empty %s: %m", job->empty);
	return false;
}

static bool proved(struct bench *b, const struct job *job)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%s", job->cwd, job->proof);
	if (access(path, F_OK) == 0)
		return true;
	snprintf(b->why, sizeof(b->why), "it left no %s", job->proof);
	return false;
}

static bool run_job(struct bench *b, const struct bench_act *act, size_t round)
{
	const struct job *job = act->with;
	double us;

	if ((job->empty && !empty(b, job)) ||
	    (job->undo[0] && !bench_command(b, job->undo, job->cwd, NULL)) ||
	    !bench_command(b, act->args, act->cwd, &us) ||
	    (job->proof && !proved(b, job)))
		return false;
	bench_sample(b, act->row, round, us);
	return true;
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
		return bench_args(args, "-w", "/dev/null", "-w", b->dir,
				  "--env", w->tmpdir, "--", NULL);
	}
	return strncmp(setup, "bare", 4) == 0;
}

static void add_job(struct work *w, struct job *job)
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
		act->run = run_job;
		act->cwd = job->cwd;
		act->with = job;
		w->setups[w->count++] = setups[i];
	}
}

static void judge(const struct work *w)
{
	for (size_t i = 0; i < w->count; i++) {
		const struct job *job = w->acts[i].with;
		bool agent = strcmp(w->setups[i], "agent") == 0;
		int row = w->acts[i].row;
		char name[64];

		if (job->budget == NO_BUDGET ||
		    (!agent && strcmp(w->setups[i], "sandlock") != 0))
			continue;
		snprintf(name, sizeof(name), "%s%s against bare", job->name,
			 agent ? " under agent" : "");
		bench_check(w->b, PART, name,
			    bench_ratio(w->b, row, w->b->rows[row].base),
			    job->budget);
	}
}

/* Those that have a budget, or the others. */
static void add_jobs(struct work *w, struct job *jobs, size_t count, bool budget)
{
	for (size_t i = 0; i < count; i++)
		if ((jobs[i].budget != NO_BUDGET) == budget)
			add_job(w, &jobs[i]);
}

void bench_work(struct bench *b)
{
	struct work w = { .b = b, .agent = bench_has_profile(b, "agent") };
	struct work_tree t = { 0 };
	struct job jobs[] = {
		{ .name = "git status",
		  .cwd = t.files,
		  .budget = BUDGET,
		  .args = { b->git, "status", "--short" } },
		{ .name = "find",
		  .cwd = t.files,
		  .budget = BUDGET,
		  .args = { "/usr/bin/find", ".", "-size", "+1k" } },
		{ .name = "tar",
		  .cwd = t.files,
		  .budget = BUDGET,
		  .args = { "/bin/tar", "cf", t.packed, "." } },
		{ .name = "make -j2",
		  .cwd = t.project,
		  .budget = BUDGET,
		  .args = { b->make, "-s", "-B", "-j2" } },
		{ .name = "python",
		  .cwd = t.files,
		  .budget = BUDGET,
		  .args = { b->python, "-c", "pass" } },
		{ .name = "tar -x",
		  .cwd = t.out,
		  .budget = NO_BUDGET,
		  .empty = "unpacked",
		  .proof = "unpacked/folder24/file39.txt",
		  .args = { "/bin/tar", "xf", t.archive, "-C", "unpacked" } },
		{ .name = "cp -a",
		  .cwd = t.out,
		  .budget = NO_BUDGET,
		  .empty = "copy",
		  .proof = "copy/small/folder24/file39.txt",
		  .args = { "/bin/cp", "-a", t.small, "copy" } },
		{ .name = "git checkout",
		  .cwd = t.branches,
		  .budget = NO_BUDGET,
		  .undo = { b->git, "checkout", "-q", "-f", "one" },
		  .proof = "two.txt",
		  .args = { b->git, "checkout", "-q", "two" } },
		{ .name = "npm install",
		  .cwd = t.app,
		  .budget = NO_BUDGET,
		  .empty = "node_modules",
		  .proof = "node_modules/parcel/m0.js",
		  .args = { b->npm, "install", "--offline", "--no-save",
			    "--no-audit", "--no-fund", "--no-update-notifier",
			    "--loglevel=error", "--logs-max=0", "--userconfig",
			    "/dev/null", "--cache", t.cache, t.parcel } },
	};
	size_t count = sizeof(jobs) / sizeof(jobs[0]), judged;

	snprintf(w.tmpdir, sizeof(w.tmpdir), "TMPDIR=%s", b->dir);
	add_jobs(&w, jobs, count, true);
	judged = w.count;
	add_jobs(&w, jobs, count, false);
	if (!work_tree_make(b, &t)) {
		bench_fail(b, w.acts[0].row, b->why);
		return;
	}
	bench_interleave(b, w.acts, judged);
	bench_interleave(b, w.acts + judged, w.count - judged);
	judge(&w);
}
