/* SPDX-License-Identifier: Apache-2.0 */
/* Verdicts on objects, for the tests of grants. */
#ifndef TESTS_SUPERVISE_VERDICT_H
#define TESTS_SUPERVISE_VERDICT_H

#include "supervise/caller.h"

#define R SL_RIGHT_READ
#define W SL_RIGHT_WRITE
#define T SL_RIGHT_TIMES

/* Roots by relative name. */
struct grant {
	const char *name;
	uint32_t rights;
};

#define ROOTS_MAX 8

extern struct sl_root roots[ROOTS_MAX];
extern char root_paths[ROOTS_MAX][PATH_MAX];

void grant(struct caller *caller, const struct grant *grants, size_t n);

#define GRANT(caller, ...)                                    \
	grant(caller, (const struct grant[]){ __VA_ARGS__ },  \
	      sizeof((const struct grant[]){ __VA_ARGS__ }) / \
		      sizeof(struct grant))

void touch(const char *path);
void dirs(const char *const *names);
#define DIRS(...) dirs((const char *const[]){ __VA_ARGS__, NULL })

/* The verdict on @fd, with the caller at a trapped call. */
int judge_fd(struct caller *caller, int fd);
int judge_path(struct caller *caller, const char *path);

#endif
