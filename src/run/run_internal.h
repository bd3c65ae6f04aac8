/* SPDX-License-Identifier: Apache-2.0 */
/* What run.c and judge.c share. */
#ifndef SL_RUN_RUN_INTERNAL_H
#define SL_RUN_RUN_INTERNAL_H

#include <pthread.h>

#include "run/life.h"
#include "run/run.h"
#include "run/tmpdir.h"
#include "supervise/brake.h"
#include "supervise/judge.h"
#include "supervise/warden.h"

/* Written by the judge thread, waited for through run->event_fd. */
enum sl_judge_phase {
	SL_JUDGE_STARTING = 0,
	SL_JUDGE_STARTED, /* the root executed its program, or the start failed */
	SL_JUDGE_OVER,	  /* nothing is left, files included; the thread ends */
};

struct sl_run {
	const struct sl_launch *launch; /* borrowed */
	struct sl_life *life;		/* MAP_SHARED */
	void *stacks;
	void *guardian_stack_top;
	int event_fd;
	int guardian_fd; /* pidfd; valid once phase > STARTING */
	int exec_read;	 /* fork path: EOF when the program is executed */
	enum sl_run_state state;
	uint32_t phase;		      /* enum sl_judge_phase */
	struct sl_tmpdir tmp;	      /* the judge thread's, until it is over */
	struct sl_warden warden;      /* with a limit that needs it */
	struct sl_brake brake;	      /* the same */
	struct sl_judge *judge;	      /* NULL: nothing is trapped */
	struct sl_event_ring *events; /* from the judge's thread; NULL */
	int listener;		      /* the judge thread's; -1 */
	int orphans_fd;		      /* children of our first thread; -1 */
	pthread_t thread;
	struct sl_run *next;	    /* judge.c: all of this process */
	struct sl_control *control; /* control.c's, atomic; or NULL */
};

/* outside.c: once the program runs; when nothing of the tree is left. */
void sl_outside_started(struct sl_run *run);
void sl_outside_over(struct sl_run *run);

int sl_judge_start(struct sl_run *run);
/* Waits for the thread's end; only after SL_JUDGE_OVER. */
void sl_judge_join(struct sl_run *run);

#endif
