/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands outside the sandbox for a test to reach, and the program that
 * tries to: what is asked of it, and how each attempt ended.
 */
#ifndef TESTS_EXPLAIN_WORLD_H
#define TESTS_EXPLAIN_WORLD_H

#include <limits.h>
#include <sandlock/sandlock.h>
#include <stdbool.h>

struct world {
	char base[PATH_MAX];		  /* ours, removed at the end */
	char probe[PATH_MAX];		  /* a copy of the probe below it */
	unsigned int port, port6, unused; /* port6 is 0 without IPv6 */
	char abstract[64];		  /* "@name" of a listener */
	char path[64];			  /* and one with a path */
};

void world_make(struct world *world);
void world_remove(const struct world *world);

struct attempt {
	char op; /* of probe.c */
	char arg[PATH_MAX + 32];
	char question[PATH_MAX + 32];
	size_t index;
	sandlock_answer answer;
	int error; /* of the real attempt, positive */
};

/* One line for each attempt of @attempts; false: the program did not start,
 * as @err says. A program that ends early ends the test. */
bool world_try(const struct world *world, const sandlock_policy *policy,
	       struct attempt *attempts, size_t count, sandlock_error *err);
/* The same without a policy, but also without any privilege. */
void world_try_free(const struct world *world, struct attempt *attempts,
		    size_t count);

/* ---- calls.c: system calls that do no harm, by case of the filter ------- */

struct call_case {
	const char *call; /* as in "syscall:NAME" */
	const char *when; /* part of the case's name; NULL: of one case only */
	long number;
	const char *args; /* "1:2", as the probe reads them */
};

/* NULL past the end. */
const struct call_case *call_case_at(size_t index);
/* Whether an answer about @object is one about this case. */
bool call_case_fits(const struct call_case *call, const char *object);

#endif
