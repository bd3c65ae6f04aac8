/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A caller for handlers, without the loop: a forked child with a filter that
 * traps one number no kernel has, and does what it is told. Its memory is a
 * copy of ours, so that our addresses are its own.
 */
#ifndef TESTS_SUPERVISE_CALLER_H
#define TESTS_SUPERVISE_CALLER_H

#include <limits.h>
#include <sys/types.h>

#include "supervise/call.h"
#include "supervise/grants.h"
#include "supervise/judge.h"

/* Memory of both, where each sees what the other wrote. */
struct shared {
	char path[2 * PATH_MAX];
	char name[4 * PATH_MAX];
	int dirfd;
	unsigned int flags;
	unsigned long long dev, ino;
	unsigned int mode;
};

struct caller {
	pid_t pid;
	int listener;
	int to, from;
	struct shared *shared;
	struct sl_judge judge;
	struct seccomp_notif notif;
	struct sl_call call;
};

/* A mount namespace of our own, by a user namespace if need be; or skip. */
void place_private(void);
/* A folder of this test under /tmp, entered; removed by nobody but us. */
const char *place_make(void);
void place_remove(void);

/* @setup runs in the child before the filter is installed. */
void caller_start(struct caller *caller, void (*setup)(void));
void caller_end(struct caller *caller);
void caller_roots(struct caller *caller, const struct sl_root *roots,
		  size_t count);
/* A root as the launcher would open it; fd -1 if it is only to @read. */
struct sl_root root_of(const char *path, uint32_t rights);

/* @fn in the child: its result. */
long caller_run(struct caller *caller, long (*fn)(struct shared *));
/* The bare call in the child: its result or negative errno. */
long caller_bare(struct caller *caller, long nr, const long args[6]);
/* Bring the child to the trapped call; what it waits with is caller->call. */
void caller_trap(struct caller *caller, const long args[6]);
/* The same from within @fn, by caller_trapped() there, in any thread. */
void caller_trap_in(struct caller *caller, long (*fn)(struct shared *));
long caller_trapped(long arg);
/* Answer it: what the child got. */
long caller_answer(struct caller *caller, struct sl_answer answer);
/* All of it for one handler. */
long caller_judged(struct caller *caller,
		   struct sl_answer (*handler)(struct sl_call *),
		   const long args[6]);

/* @fn in the child, whose calls of caller_trapped_call() @handler answers. */
long caller_serve(struct caller *caller,
		  struct sl_answer (*handler)(struct sl_call *),
		  long (*fn)(struct shared *));
long caller_trapped_call(const long args[6]);

#define ARGS(...)           \
	(const long[6])     \
	{                   \
		__VA_ARGS__ \
	}
#define ADDR(p) ((long)(uintptr_t)(p))

#endif
