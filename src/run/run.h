/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One running sandbox as its supervisor process sees it: judge thread,
 * guardian, root. The same code serves the command line tool (its own
 * supervisor) and the sandlock-supervisor process of a library.
 */
#ifndef SL_RUN_RUN_H
#define SL_RUN_RUN_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/compiler.h"
#include "base/error.h"
#include "run/launch.h"
#include "supervise/event.h"
#include "sys/syscalls.h"

struct sl_run;

/* How the root ended; meaningful once sl_run_dispatch() said "over". */
enum sl_reason {
	SL_REASON_NONE = 0,
	SL_REASON_EXITED,
	SL_REASON_SIGNALED,
	SL_REASON_TIMEOUT,
	SL_REASON_KILLED,
	SL_REASON_LOST,
	SL_REASON_LIMIT, /* it, or the whole tree, was ended for one */
};

/* What a run met, whether or not that ended it. */
enum sl_limit {
	SL_LIMIT_NONE = 0,
	SL_LIMIT_MEMORY,    /* processes were ended */
	SL_LIMIT_PROCESSES, /* forks were refused */
	SL_LIMIT_CPU,	    /* processes that could not be held were ended */
};

struct sl_outcome {
	uint32_t reason;  /* enum sl_reason */
	int32_t code;	  /* exit code, or -1 */
	int32_t signal;	  /* or 0 */
	uint32_t limit;	  /* enum sl_limit; of several the first of them */
	uint32_t refused; /* forks */
	uint32_t processes_peak; /* 0: nobody looked */
	uint64_t memory_peak;	 /* bytes; 0: nobody looked */
	uint64_t cpu_ns;	 /* of all that were waited for */
	uint64_t cpu_held_ns;	 /* how long the share held something back */
};

/*
 * Begin a start. Borrows @launch until the run is over, its descriptors until
 * the program runs; takes its temporary directory, which is gone when the run
 * is over or could not be begun. Makes the process a child subreaper. The outcome
 * of the start itself is known when sl_run_dispatch() leaves SL_RUN_STARTING.
 */
int sl_run_start(struct sl_launch *launch, struct sl_run **ret_run,
		 struct sl_error *err);

enum sl_run_state {
	SL_RUN_STARTING = 0,
	SL_RUN_RUNNING,
	SL_RUN_FAILED, /* the start failed; nothing is left */
	SL_RUN_OVER,   /* nothing is left */
};

/* Poll for POLLIN, then call sl_run_dispatch(). Borrowed. */
int sl_run_fd(const struct sl_run *run);

/* Do what is due, without blocking. */
enum sl_run_state sl_run_dispatch(struct sl_run *run);

/* After SL_RUN_FAILED: which step, and why. */
const struct sl_report *sl_run_report(const struct sl_run *run);
/* After SL_RUN_OVER. */
void sl_run_outcome(const struct sl_run *run, struct sl_outcome *ret_outcome);

/* What was refused, one by one, also after the end; false: nothing for now.
 * From the thread that dispatches, after it did. */
bool sl_run_next_event(struct sl_run *run, struct sl_event *ret_event);
/* Events that found no room. */
uint64_t sl_run_events_dropped(const struct sl_run *run);

/* After SL_RUN_OVER: how often the judge was asked about @call. */
uint32_t sl_run_asked(const struct sl_run *run, enum sl_sys call);

pid_t sl_run_pid(const struct sl_run *run);
/* Times the root stopped so far. */
uint32_t sl_run_stops(const struct sl_run *run);
/* Which signal stopped it the last time. */
int sl_run_stop_signal(const struct sl_run *run);
/* To the root's process group; -ESRCH when it is over. Any thread. */
int sl_run_signal(struct sl_run *run, int sig);
/* Ask for the end of the tree. Any thread. */
void sl_run_kill(struct sl_run *run);

/* Only after SL_RUN_FAILED or SL_RUN_OVER. */
void sl_run_free(struct sl_run *run);

/*
 * Fill @err from the report of a failed start: what was tried, on what, why,
 * and what to do. Stage and code decide the exit status.
 */
int sl_report_explain(const struct sl_report *report,
		      const struct sl_launch *launch, struct sl_error *err);

#endif
