/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What supervisor, guardian and root know of one another: one MAP_SHARED page
 * per sandbox. Written by the side named, read by the others.
 */
#ifndef SL_RUN_LIFE_H
#define SL_RUN_LIFE_H

#include <stdint.h>

#include "run/launch.h"

/* A request may only be added, never taken back. */
enum sl_life_request {
	SL_LIFE_KILL = 1,  /* the caller asks for the end of the tree */
	SL_LIFE_LIMIT = 2, /* a limit does */
};

struct sl_life {
	/* Guardian. 1 until the root's exec or exit: CLONE_CHILD_CLEARTID, so
	 * the kernel clears and wakes it, also when the root is killed. */
	uint32_t root_word;
	int32_t root_pid;
	int32_t guardian_pid;
	int root_pidfd; /* in the table that supervisor and guardian share */
	uint32_t root_ended;
	int32_t root_code; /* si_code: CLD_EXITED, CLD_KILLED, CLD_DUMPED */
	int32_t root_status;
	uint32_t timed_out;
	uint32_t broadcast_ok; /* a process outside was out of reach */
	uint32_t tree_done;    /* the guardian saw ECHILD */
	uint32_t stop_count;   /* root stopped; with an event each */
	int32_t stop_signal;   /* the last time, by this */
	uint64_t cpu_ns;       /* of all that was reaped, and reaped by it */

	struct sl_handover over;	     /* root, judge */
	struct sl_userns_maker userns_maker; /* judge, its helper */

	/* Root (before the exec), guardian or judge: the first failure. */
	struct sl_report report;

	/* Supervisor. */
	uint32_t request; /* mask of enum sl_life_request */
	/* /proc/GUARDIAN/task/GUARDIAN/children, opened outside the domain, for
	 * where no broadcast is possible; -1 */
	int children_fd;
	int32_t pid_max; /* for the search without /proc */

	/* Set before the guardian exists, constant afterwards. */
	const struct sl_launch *launch;
	int32_t supervisor_pid;
	int event_fd;  /* eventfd: something changed */
	int exec_pipe; /* fork path: writing end; else -1 */
	void *root_stack_top;
};

#define SL_LIFE_GET(p) __atomic_load_n((p), __ATOMIC_ACQUIRE)
#define SL_LIFE_SET(p, v) __atomic_store_n((p), (v), __ATOMIC_RELEASE)

/* The guardian's whole life; the argument is its struct sl_life. */
int sl_guardian_main(void *arg);

/*
 * End what can be reached of a tree whose reaper the calling process is:
 * SIGKILL to the whole Landlock domain if @broadcast, else to every child that
 * @children_fd lists, or, if that is -1, that can be found by number. Raw calls
 * only.
 */
void sl_tree_kill(int broadcast, int children_fd, int32_t pid_max);

#endif
