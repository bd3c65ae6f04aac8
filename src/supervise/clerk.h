/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks up the umask of a task, for what a judge creates in its place. It stands
 * nowhere but in /proc/TID/status, whose opening the judge's own domain forbids.
 *
 * SECURITY: this thread is not confined. All that it takes from the judge is a
 * number, and all that it gives is one; it knows no path but the one above.
 */
#ifndef SL_SUPERVISE_CLERK_H
#define SL_SUPERVISE_CLERK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sl_clerk {
	pthread_t thread;
	bool runs;
	uint32_t word; /* enum in clerk.c; a futex */
	int32_t tid;
	int32_t answer;
};

/* In the thread that will ask, before it is confined. 0 or negative errno. */
int sl_clerk_start(struct sl_clerk *clerk);
void sl_clerk_stop(struct sl_clerk *clerk);

/* The umask of @tid or a negative errno. */
int sl_clerk_umask(struct sl_clerk *clerk, int32_t tid);

#endif
