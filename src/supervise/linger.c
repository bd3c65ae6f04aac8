/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See linger.h. Only a task that exits is not made to wait, so one is made for
 * that: it has a copy of our descriptors, and exits when we have closed ours.
 *
 * SECURITY: shares our memory, so raw system calls only. It runs in the
 * judge's domain.
 */
#include "supervise/linger.h"

#include <errno.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "supervise/judge.h"
#include "sys/raw.h"

#define FUTEX_WAIT_NR 0
#define FUTEX_WAKE_NR 1
#define LOOK_NS 10000000 /* how often it looks whether we live */

bool sl_linger_may(int fd)
{
	socklen_t len = sizeof(int);
	int domain = -1;

	/* O_PATH, which is EBADF here, holds no socket. */
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return errno != ENOTSOCK && errno != EBADF;
	return domain != AF_UNIX;
}

static int keep_open(void *arg)
{
	struct sl_linger *linger = arg;
	const struct timespec look = { 0, LOOK_NS };

	while (!__atomic_load_n(&linger->closed, __ATOMIC_ACQUIRE) &&
	       sl_raw0(SYS_getppid) == linger->parent)
		sl_raw4(SYS_futex, &linger->closed, FUTEX_WAIT_NR, 0, &look);
	return 0;
}

bool sl_linger_close(struct sl_judge *judge, int fd)
{
	struct sl_linger *linger = &judge->linger;
	long pid;

	/* Never two: none is copied while one is kept. */
	if (fd >= 0)
		linger->kept = fd + 1;
	if (!linger->kept)
		return true;
	linger->parent = (int32_t)getpid();
	linger->closed = 0;
	/* Without CLONE_FILES, and without a signal to us when it ends. */
	pid = sl_raw_clone(CLONE_VM, linger->stack + sizeof(linger->stack),
			   NULL, NULL, keep_open, linger);
	if (pid < 0)
		return false;
	close(linger->kept - 1);
	linger->kept = 0;
	__atomic_store_n(&linger->closed, 1, __ATOMIC_RELEASE);
	sl_raw3(SYS_futex, &linger->closed, FUTEX_WAKE_NR, 1);
	while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return true;
}
