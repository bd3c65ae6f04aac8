/* SPDX-License-Identifier: Apache-2.0 */
/* What run.c and judge.c share. */
#ifndef SL_RUN_RUN_INTERNAL_H
#define SL_RUN_RUN_INTERNAL_H

#include <pthread.h>

#include "run/life.h"
#include "run/run.h"

/* Written by the judge thread, waited for through run->event_fd. */
enum sl_judge_phase {
	SL_JUDGE_STARTING = 0,
	SL_JUDGE_STARTED, /* the root executed its program, or the start failed */
	SL_JUDGE_SWEPT,	  /* orphans of a killed guardian are gone */
};

/* Written by the supervisor's thread; a futex word. */
enum sl_judge_order {
	SL_ORDER_NONE = 0,
	SL_ORDER_SWEEP,
	SL_ORDER_LEAVE,
};

struct sl_run {
	const struct sl_launch *launch; /* borrowed */
	struct sl_life *life;		/* MAP_SHARED */
	void *stacks;
	void *guardian_stack_top;
	int event_fd;
	int epoll_fd;	 /* event_fd, then guardian_fd */
	int guardian_fd; /* pidfd; valid once phase > STARTING */
	int exec_read;	 /* fork path: EOF when the program is executed */
	bool guardian_reaped, guardian_watched;
	enum sl_run_state state;
	uint32_t phase; /* enum sl_judge_phase */
	uint32_t order; /* enum sl_judge_order */
	pthread_t thread;
	struct sl_run *next; /* judge.c: all of this process */
};

int sl_judge_start(struct sl_run *run);
/* Ends what a killed guardian left behind; then phase SL_JUDGE_SWEPT. */
void sl_judge_sweep(struct sl_run *run);
/* Ends the thread and waits for it. */
void sl_judge_stop(struct sl_run *run);

#endif
