/* SPDX-License-Identifier: Apache-2.0 */
/* A thread of the supervisor that looks at a sandbox from time to time, until
 * it is told to stop. */
#ifndef SL_SUPERVISE_WATCHER_H
#define SL_SUPERVISE_WATCHER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct sl_watcher {
	pthread_t thread;
	bool runs;
	uint32_t over; /* a futex: 1, stop */
};

/* 0 or a negative errno. @look is its main function. */
int sl_watcher_start(struct sl_watcher *watcher, void *(*look)(void *arg),
		     void *arg);
/* From its thread: waits for @ns, or less. True: it is over. */
bool sl_watcher_pause(struct sl_watcher *watcher, int64_t ns);
/* Waits for its thread; fine also if it was never started. */
void sl_watcher_stop(struct sl_watcher *watcher);

/* Of the monotonic clock. */
int64_t sl_watcher_now(void);

#endif
