/* SPDX-License-Identifier: Apache-2.0 */
/* See hold.h. */
#include "supervise/hold.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"

#define WATCH_NS 20000000
#define WATCHES 250 /* five seconds */

/* KERNEL: the security module Yama may forbid it, to all but root or to anyone. */
int sl_hold_possible(void)
{
	sl_autoclose int fd = open("/proc/sys/kernel/yama/ptrace_scope",
				   O_RDONLY | O_CLOEXEC);
	char scope = '0';

	if (fd >= 0 && read(fd, &scope, 1) == 1 && scope > '1')
		return -EPERM;
	/* We do not trace ourselves; a filter would say something else. */
	if (ptrace(PTRACE_DETACH, getpid(), NULL, NULL) < 0 && errno == ESRCH)
		return 0;
	return -EPERM;
}

void sl_hold_fini(struct sl_hold *hold)
{
	free(hold->list);
	hold->list = NULL;
	hold->count = hold->room = 0;
}

/* ------------------------------------------------ the list */

static struct sl_held *find(struct sl_hold *hold, int32_t tid)
{
	for (size_t i = 0; i < hold->count; i++)
		if (hold->list[i].tid == tid)
			return &hold->list[i];
	return NULL;
}

static struct sl_held *add(struct sl_hold *hold, int32_t tid)
{
	struct sl_held *held = NULL;

	pthread_mutex_lock(&hold->lock);
	if (hold->count == hold->room) {
		size_t room = hold->room ? 2 * hold->room : 64;
		void *list = realloc(hold->list, room * sizeof(*hold->list));

		if (list) {
			hold->list = list;
			hold->room = room;
		}
	}
	if (hold->count < hold->room) {
		held = &hold->list[hold->count++];
		*held = (struct sl_held){ .tid = tid };
	}
	pthread_mutex_unlock(&hold->lock);
	return held;
}

static void drop(struct sl_hold *hold, struct sl_held *held)
{
	pthread_mutex_lock(&hold->lock);
	*held = hold->list[--hold->count];
	pthread_mutex_unlock(&hold->lock);
}

/* ------------------------------------------------ stopping */

/*
 * SECURITY: who is seen running is not held, whatever was asked of it. An
 * interrupt that meets an execve(2) can be lost. And one by another thread than
 * the first ends that one and takes its number: so the list may know the number
 * of one that we do not trace, or not know that of one that we do.
 */
int sl_hold_seize(struct sl_hold *hold, int32_t tid)
{
	struct sl_held *held = find(hold, tid);
	int r;

	if (held && ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0)
		return 0;
	if (held)
		drop(hold, held);
	held = add(hold, tid);
	if (!held)
		return -ENOMEM;
	r = ptrace(PTRACE_SEIZE, tid, NULL, (void *)hold->options) < 0 ? -errno
								       : 0;
	/* Seized and not there: it ends, which is to be waited for. */
	if (ptrace(PTRACE_INTERRUPT, tid, NULL, NULL) == 0 || r == 0)
		return 0;
	drop(hold, held);
	return r;
}

/*
 * A stop with an event is ours, or a stop of the whole process that it stays in
 * when let go of. One without is a signal that it is to take then.
 */
static void note(struct sl_hold *hold, int32_t tid, int status)
{
	struct sl_held *held = find(hold, tid);

	if (WIFEXITED(status) || WIFSIGNALED(status)) {
		if (held)
			drop(hold, held);
		return;
	}
	/* An execve(2) by another thread than the first gives it that number. */
	if (!held)
		held = add(hold, tid);
	if (!held) {
		ptrace(PTRACE_DETACH, tid, NULL, NULL);
		return;
	}
	held->stopped = true;
	held->signal = status >> 16 ? 0 : WSTOPSIG(status);
}

void sl_hold_collect(struct sl_hold *hold)
{
	int status;
	pid_t tid;

	while ((tid = waitpid(-1, &status, __WALL | __WNOTHREAD | WNOHANG)) > 0)
		note(hold, tid, status);
}

/* ------------------------------------------------ letting go */

/* True: it is no longer ours. */
static bool let_go(struct sl_held *held)
{
	int status = 0;
	pid_t tid;

	/* Twice: it may have stopped just now. */
	for (int i = 0; i < 2; i++) {
		if (held->stopped && ptrace(PTRACE_DETACH, held->tid, NULL,
					    (void *)(intptr_t)held->signal) == 0)
			return true;
		tid = waitpid(held->tid, &status, __WALL | __WNOTHREAD | WNOHANG);
		if (tid < 0 || (tid > 0 && !WIFSTOPPED(status)))
			return true;
		if (tid == 0)
			break;
		held->stopped = true;
		held->signal = status >> 16 ? 0 : WSTOPSIG(status);
	}
	/* SIGKILL got it going: that it has ended is yet to come. */
	return false;
}

bool sl_hold_release(struct sl_hold *hold)
{
	sl_hold_collect(hold);
	for (size_t i = hold->count; i-- > 0;)
		if (let_go(&hold->list[i]))
			drop(hold, &hold->list[i]);
	return hold->count == 0;
}

/* ------------------------------------------------ watching */

static void futex(uint32_t *word, int op, uint32_t value,
		  const struct timespec *timeout)
{
	syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

void sl_hold_begin(struct sl_hold *hold)
{
	__atomic_store_n(&hold->seizing, 1, __ATOMIC_RELEASE);
}

void sl_hold_end(struct sl_hold *hold)
{
	__atomic_store_n(&hold->seizing, 0, __ATOMIC_RELEASE);
	futex(&hold->seizing, FUTEX_WAKE_PRIVATE, 1, NULL);
}

/*
 * The list is the holder's: an entry that is gone it finds so by itself. Any
 * wait for a traced thread takes its stop as well, which is the holder's to
 * see, or it would never let go: so look first.
 */
static void reap(struct sl_hold *hold)
{
	const int how = WEXITED | WNOHANG | __WALL;

	pthread_mutex_lock(&hold->lock);
	for (size_t i = 0; i < hold->count; i++) {
		id_t tid = (id_t)hold->list[i].tid;
		siginfo_t si = { 0 };

		if (waitid(P_PID, tid, &si, how | WNOWAIT) < 0 || !si.si_pid ||
		    si.si_code == CLD_TRAPPED || si.si_code == CLD_STOPPED)
			continue;
		waitid(P_PID, tid, &si, how);
	}
	pthread_mutex_unlock(&hold->lock);
}

void sl_hold_watch(struct sl_hold *hold)
{
	struct timespec ts = { .tv_nsec = WATCH_NS };

	for (unsigned int i = 1;; i++) {
		if (!__atomic_load_n(&hold->seizing, __ATOMIC_ACQUIRE))
			return;
		futex(&hold->seizing, FUTEX_WAIT_PRIVATE, 1, &ts);
		if (!__atomic_load_n(&hold->seizing, __ATOMIC_ACQUIRE))
			return;
		reap(hold);
		if (i == WATCHES)
			hold->hangs(hold->arg);
	}
}
