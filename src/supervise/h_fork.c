/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fork, vfork and clone under a limit on processes (forks.h): below it they are
 * let run at once; at it those that live are counted.
 *
 * A fork that was let run makes its process some time later, or fails, or is
 * restarted by a signal and asked about anew. It counts as a process until it
 * is known to be over: its caller asks again, sleeps, is gone, or has a child
 * that is younger than the permission. What lives is counted after that look,
 * so what is over by then is seen. Whatever is unclear counts.
 */
#include <errno.h>
#include <stddef.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "plan/notify.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/remote.h"

/* Before a refusal: what has ended is about to be reaped, what was let run is
 * about to show. */
#define NAP_NS 1000000
#define NAPS 5
#define NAPS_PENDING 25
#define NS_PER_SEC 1000000000ull
/* A fork copies tables for a second only from some 100 GiB on. */
#define FORK_SECONDS 1

static uint64_t tick_now(void)
{
	uint64_t hz = (uint64_t)sysconf(_SC_CLK_TCK);
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * hz +
	       (uint64_t)ts.tv_nsec / (NS_PER_SEC / hz);
}

static bool younger(const struct sl_fork *fork, const struct sl_thread_look *look)
{
	if (!look->newest)
		return false;
	return fork->alone ? look->newest >= fork->tick
			   : look->newest > fork->tick;
}

static bool over(struct sl_judge *judge, struct sl_fork *fork)
{
	uint64_t enough = FORK_SECONDS * (uint64_t)sysconf(_SC_CLK_TCK);
	struct sl_thread_look look;
	int r = sl_clerk_look(&judge->clerk, fork->tid, &look);

	if (r < 0)
		return r == -ESRCH;
	/* Nothing in a fork sleeps so that a signal would wake it. */
	if (look.state != 'R' && look.state != 'D')
		return true;
	if (younger(fork, &look))
		return true;
	if (!fork->spent)
		fork->spent = look.spent + 1;
	return look.spent + 1 >= fork->spent + enough;
}

/* How many are not known to be over. */
static uint32_t settle(struct sl_judge *judge)
{
	struct sl_forks *forks = &judge->forks;
	uint64_t now = tick_now();
	uint32_t kept = 0, pending = 0;

	for (uint32_t i = 0; i < forks->count; i++) {
		struct sl_fork fork = forks->pending[i];

		if (!fork.settled)
			fork.settled = over(judge, &fork);
		pending += !fork.settled;
		if (!fork.settled || fork.tick == now)
			forks->pending[kept++] = fork;
	}
	forks->count = kept;
	return pending;
}

/* Whether there is room for one more, by a count. *ret_pending as above. */
static bool has_room(struct sl_judge *judge, uint32_t *ret_pending)
{
	struct sl_forks *forks = &judge->forks;
	uint32_t pending = settle(judge);
	long live = sl_census_take(&forks->census, NULL, 0);

	*ret_pending = pending;
	if (live < 0)
		return false;
	if ((uint32_t)live > forks->peak)
		forks->peak = (uint32_t)live;
	forks->bound = (uint32_t)live + pending;
	return forks->bound < forks->limit && forks->count < SL_FORKS_PENDING;
}

/* One that asks again has done with what it was let do before. */
static struct sl_fork *slot_of(struct sl_forks *forks, int32_t tid)
{
	for (uint32_t i = 0; i < forks->count; i++)
		if (forks->pending[i].tid == tid)
			return &forks->pending[i];
	return NULL;
}

static bool note(struct sl_forks *forks, int32_t tid)
{
	struct sl_fork *slot = slot_of(forks, tid);
	uint64_t now = tick_now();
	bool alone = !slot || slot->tick != now;

	if (!slot) {
		if (forks->count == SL_FORKS_PENDING)
			return false;
		slot = &forks->pending[forks->count++];
	}
	*slot = (struct sl_fork){ .tid = tid, .alone = alone, .tick = now };
	forks->bound++;
	return true;
}

static bool make_room(struct sl_judge *judge)
{
	const struct timespec nap = { .tv_nsec = NAP_NS };
	uint32_t pending;

	for (int i = 0;; i++) {
		if (has_room(judge, &pending))
			return true;
		if (i >= (pending ? NAPS_PENDING : NAPS))
			return false;
		nanosleep(&nap, NULL);
	}
}

struct sl_answer sl_h_fork(struct sl_call *call)
{
	struct sl_forks *forks = &call->judge->forks;
	int32_t tid = (int32_t)call->notif->pid;
	struct sl_fork *slot = slot_of(forks, tid);

	if (slot)
		slot->settled = true;
	if ((forks->bound < forks->limit && forks->count < SL_FORKS_PENDING) ||
	    make_room(call->judge)) {
		/* A caller that is gone makes nothing. */
		if (sl_call_alive(call) < 0)
			return sl_answer_fail(EAGAIN);
		if (note(forks, tid))
			return (struct sl_answer){ .kind = SL_ANSWER_RUN };
	}
	forks->refused++;
	return sl_answer_fail(EAGAIN);
}

/* ------------------------------------------------ the end of a child */

/* The head of the kernel's struct sigaction; what follows is not ours. */
struct action {
	uint64_t handler;
	uint64_t flags;
};

#define HANDLER_LEAST 2 /* behind SIG_DFL and SIG_IGN */
#define RESTART 0x10000000u

/*
 * A fork that is trapped waits, and until we have taken it a signal ends that. The
 * kernel never lets a fork fail so; here it does for a handler that is not to
 * restart calls, and the signal that comes in the middle of forks is the end of a
 * child: a shell whose libc does not block signals around fork(2) (dash; glibc
 * before 2.41) would fail every other pipeline. So a handler of SIGCHLD restarts.
 *
 * What libc hands to the kernel is a copy on its stack. One that cannot be written
 * runs as it is.
 */
struct sl_answer sl_h_sigaction(struct sl_call *call)
{
	uint64_t addr = sl_call_arg(call, 1);
	struct action action;

	if (sl_remote_read(call, addr, &action, sizeof(action)) == 0 &&
	    action.handler >= HANDLER_LEAST && !(action.flags & RESTART) &&
	    sl_call_alive(call) == 0) {
		action.flags |= RESTART;
		sl_remote_write(call, addr + offsetof(struct action, flags),
				&action.flags, sizeof(action.flags));
	}
	return (struct sl_answer){ .kind = SL_ANSWER_RUN };
}
