/* SPDX-License-Identifier: Apache-2.0 */
/* See watcher.h. */
#include "supervise/watcher.h"

#include <limits.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STACK (PTHREAD_STACK_MIN + (64u << 10))
#define NS_PER_SEC 1000000000ll

int64_t sl_watcher_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec;
}

int sl_watcher_start(struct sl_watcher *watcher, void *(*look)(void *arg),
		     void *arg)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r)
		return -r;
	pthread_attr_setstacksize(&attr, STACK);
	r = pthread_create(&watcher->thread, &attr, look, arg);
	pthread_attr_destroy(&attr);
	watcher->runs = r == 0;
	return -r;
}

bool sl_watcher_pause(struct sl_watcher *watcher, int64_t ns)
{
	struct timespec ts = { .tv_sec = (time_t)(ns / NS_PER_SEC),
			       .tv_nsec = (long)(ns % NS_PER_SEC) };

	if (!__atomic_load_n(&watcher->over, __ATOMIC_ACQUIRE))
		syscall(SYS_futex, &watcher->over, FUTEX_WAIT_PRIVATE, 0, &ts,
			NULL, 0);
	return __atomic_load_n(&watcher->over, __ATOMIC_ACQUIRE);
}

void sl_watcher_stop(struct sl_watcher *watcher)
{
	__atomic_store_n(&watcher->over, 1, __ATOMIC_RELEASE);
	syscall(SYS_futex, &watcher->over, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
	if (watcher->runs)
		pthread_join(watcher->thread, NULL);
	watcher->runs = false;
}
