/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks up in /proc, whose opening the judge's own domain forbids, what stands
 * nowhere else: the umask of a task, for what a judge creates in its place; which
 * sockets it has, for the tables of them; what it is doing, or how much memory
 * and time it has used, for limits.
 *
 * SECURITY: this thread is not confined. All that it takes are numbers of tasks,
 * and all that it gives are numbers; it knows no path but theirs (proc.c).
 */
#ifndef SL_SUPERVISE_CLERK_H
#define SL_SUPERVISE_CLERK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "supervise/proc.h"

struct sl_hold;
struct sl_memory;
struct sl_meter;
struct sl_sockets;

struct sl_clerk {
	pthread_t thread;
	bool runs;
	int64_t *charge_ns; /* processor time is added to it; or NULL */
	uint32_t word;	    /* enum in clerk.c; a futex */
	uint32_t question;  /* enum in clerk.c */
	int32_t tid;
	int32_t answer;
	struct sl_thread_look *look; /* borrowed until the answer */
	struct sl_memory *memory;
	struct sl_meter *meter;
	struct sl_hold *hold;
	struct sl_sockets *sockets;
};

/* In the thread that will ask, before it is confined. 0 or negative errno. */
int sl_clerk_start(struct sl_clerk *clerk);
void sl_clerk_stop(struct sl_clerk *clerk);

/* The umask of @tid or a negative errno. */
int sl_clerk_umask(struct sl_clerk *clerk, int32_t tid);
/* As sl_proc_look(). */
int sl_clerk_look(struct sl_clerk *clerk, int32_t tid,
		  struct sl_thread_look *ret_look);
/* As sl_memory_measure(). */
int sl_clerk_measure(struct sl_clerk *clerk, struct sl_memory *memory);
/* As sl_meter_read(). */
int sl_clerk_meter(struct sl_clerk *clerk, struct sl_meter *meter);
/* As sl_sockets_collect(). */
int sl_clerk_sockets(struct sl_clerk *clerk, struct sl_sockets *sockets);
/* As sl_hold_watch(), between the two calls. */
void sl_clerk_watch(struct sl_clerk *clerk, struct sl_hold *hold);
void sl_clerk_watched(struct sl_clerk *clerk);

#endif
