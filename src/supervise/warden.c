/* SPDX-License-Identifier: Apache-2.0 */
/* See warden.h. */
#include "supervise/warden.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/chase.h"
#include "sys/process.h"

#define NS_PER_MS 1000000ll

/* The first look is not worth the time of a program that has ended by then. */
#define FIRST_MS 5
/* Between two looks. */
#define SOONEST_MS 50
#define LATEST_MS 500
#define LATEST_DEAR_MS 1000
#define BREATH_MS 20 /* if one goes on with the other */
/* Faster than that no machine hands out memory: 4 GiB in a second. */
#define BYTES_PER_MS (4ull << 20)
/* A look may take that part of the time. */
#define SHARE 10

/* How long an ended process may take to be gone. */
#define GONE_MS 500
/* Somebody makes new ones as fast as we end them: all of it is the offender. */
#define ROUNDS 5

/* ------------------------------------------------ looking */

static long count(struct sl_warden *w)
{
	long n = sl_census_take(&w->census, w->pids, w->room);

	if (n > (long)w->usage.processes_peak)
		w->usage.processes_peak = (uint32_t)n;
	return n;
}

/* What did not fit is there the next time. */
static void grow(struct sl_warden *w, size_t wanted)
{
	size_t room = 2 * wanted;
	int32_t *pids = realloc(w->pids, room * sizeof(*pids));
	struct sl_memory_process *list;

	if (!pids)
		return;
	w->pids = pids;
	list = realloc(w->memory.list, room * sizeof(*list));
	if (!list)
		return;
	w->memory.list = list;
	w->room = room;
}

/* All there are, as far as there is room: see grow(). */
static long count_all(struct sl_warden *w)
{
	long n = count(w);

	if (n > (long)w->room) {
		grow(w, (size_t)n);
		n = count(w);
	}
	return SL_MIN(n, (long)w->room);
}

/* False: it could not be told how much there is. */
static bool measure(struct sl_warden *w, long found)
{
	struct sl_memory *m = &w->memory;

	m->count = (size_t)found;
	for (size_t i = 0; i < m->count; i++)
		m->list[i] = (struct sl_memory_process){ .pid = w->pids[i] };
	if (sl_clerk_measure(&w->clerk, m) < 0)
		return false;
	w->unseen = false;
	/* A number may have become somebody else's before it was looked at. */
	for (size_t i = 0; i < m->count; i++) {
		struct sl_memory_process *p = &m->list[i];

		w->unseen |= !p->sum;
		if (!p->bytes || sl_census_has(&w->census, p->pid))
			continue;
		w->unseen = true;
		m->total -= SL_MIN(p->bytes, m->total);
		p->bytes = 0;
	}
	if (m->total > w->usage.memory_peak)
		w->usage.memory_peak = m->total;
	return true;
}

/* More than one who is new may have taken its place. */
#define CHASES 4

/*
 * SECURITY: who is gone may have left what it had to somebody who came since.
 * False: it could not be told how much there is.
 */
static bool measure_all(struct sl_warden *w, long found)
{
	long r;

	if (!measure(w, found))
		return false;
	w->sure = true;
	for (int i = 0; w->unseen && w->memory.may_exceed; i++) {
		w->sure = i < CHASES;
		if (!w->sure)
			break;
		r = sl_chase(&w->census, &w->clerk, &w->hold, w->pids,
			     (size_t)found);
		w->sure = r >= 0;
		if (r <= 0)
			break;
		found = count_all(w);
		if (found < 0 || !measure(w, found))
			return false;
	}
	return true;
}

/* ------------------------------------------------ ending */

static struct sl_memory_process *largest(struct sl_memory *m)
{
	struct sl_memory_process *found = NULL;

	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].bytes &&
		    (!found || m->list[i].bytes > found->bytes))
			found = &m->list[i];
	return found;
}

/*
 * SECURITY: the kernel lets this thread signal the sandbox alone. By
 * descriptor, so that what is waited for is what was signalled.
 */
static bool end_process(struct sl_warden *w, struct sl_memory_process *victim,
			int wait_ms)
{
	sl_autoclose int fd = sl_pidfd_open(victim->pid, 0);
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (fd < 0 || !sl_census_has(&w->census, victim->pid) ||
	    sl_pidfd_signal(fd, SIGKILL) < 0)
		return false;
	w->usage.ended++;
	if (victim->pid == w->root)
		w->usage.root_ended = true;
	/* Its memory is given back before it reads as ended, and only when it
	 * is not held any more. */
	for (; !sl_hold_release(&w->hold) && wait_ms > 0; wait_ms--)
		if (poll(&pfd, 1, 1))
			return true;
	poll(&pfd, 1, wait_ms);
	return true;
}

static void end_all(struct sl_warden *w)
{
	w->usage.ended++;
	w->usage.root_ended = true;
	w->end(w->arg);
}

/* From the clerk's thread, while ours is stuck. */
static void end_hanging(void *arg)
{
	struct sl_warden *w = arg;

	w->end(w->arg);
}

/* Whoever shares all of it keeps it; how many these are is not ours to say. */
static void end_with(struct sl_warden *w, const struct sl_memory_process *victim)
{
	struct sl_memory *m = &w->memory;

	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].with && m->list[i].with == victim->tid)
			end_process(w, &m->list[i], 0);
}

static void enforce(struct sl_warden *w)
{
	struct sl_memory *m = &w->memory;
	struct sl_memory_process *victim;

	if (++w->rounds > ROUNDS) {
		end_all(w);
		return;
	}
	while (m->total > m->limit && (victim = largest(m))) {
		m->total -= SL_MIN(victim->bytes, m->total);
		end_with(w, victim);
		end_process(w, victim, GONE_MS);
		victim->bytes = 0;
	}
}

/* ------------------------------------------------ the thread */

static int64_t pause_after(const struct sl_warden *w, int64_t cost_ns)
{
	int64_t dear = SL_MIN(SHARE * cost_ns, LATEST_DEAR_MS * NS_PER_MS);
	uint64_t left = 0, ms = LATEST_MS;

	if (w->memory_limit && w->memory.total < w->memory_limit)
		left = w->memory_limit - w->memory.total;
	if (w->memory_limit)
		ms = SL_MIN(left / BYTES_PER_MS, (uint64_t)LATEST_MS);
	return SL_MAX((int64_t)SL_MAX(ms, (uint64_t)SOONEST_MS) * NS_PER_MS,
		      dear);
}

/* For a moment only: who has just been told to stop will have by then. */
static bool let_go(struct sl_warden *w)
{
	const struct timespec moment = { .tv_nsec = 200000 };

	for (int i = 0; i < 10; i++) {
		if (sl_hold_release(&w->hold))
			return true;
		nanosleep(&moment, NULL);
	}
	return false;
}

static int64_t look(struct sl_warden *w)
{
	int64_t begun = sl_watcher_now(), cost;
	long n = count_all(w);

	/* SECURITY: what cannot be counted is not let run on. */
	if (n < 0 || (w->memory_limit && !measure_all(w, n))) {
		end_all(w);
		return LATEST_MS * NS_PER_MS;
	}
	/* For what is dear there is a rest of its own. */
	cost = sl_watcher_now() - begun -
	       (w->memory_limit ? w->memory.dear_ns : 0);
	if (w->memory_limit && w->memory.total > w->memory_limit)
		enforce(w);
	else if (!w->memory.goes_on && w->sure)
		w->rounds = 0;
	return w->memory.goes_on ? BREATH_MS * NS_PER_MS : pause_after(w, cost);
}

static void *warden_main(void *arg)
{
	struct sl_warden *w = arg;

	int64_t pause = FIRST_MS * NS_PER_MS;

	while (!sl_watcher_pause(&w->watcher, pause)) {
		pause = look(w);
		if (!let_go(w))
			pause = SL_MIN(pause, SOONEST_MS * NS_PER_MS);
	}
	/* What is left the kernel lets go of when this thread ends. */
	return NULL;
}

int sl_warden_prepare(struct sl_warden *w, int32_t keeper)
{
	int r;

	w->census = SL_CENSUS_INIT;
	w->hold = SL_HOLD_INIT;
	/* Its memory is there as long as it is held. */
	w->hold.options = PTRACE_O_TRACEEXIT;
	w->hold.hangs = end_hanging;
	w->hold.arg = w;
	w->prepared = true;
	if (w->memory_limit)
		sl_memory_begin(&w->memory);
	grow(w, 64);
	r = w->room ? sl_census_open(&w->census, keeper) : -ENOMEM;
	if (r == 0)
		r = sl_clerk_start(&w->clerk);
	if (r < 0)
		sl_warden_stop(w);
	return r;
}

int sl_warden_start(struct sl_warden *w, int32_t guardian, int32_t root)
{
	w->census.guardian = guardian;
	w->root = root;
	w->memory.limit = w->memory_limit;
	w->memory.sysv = w->sysv;
	return sl_watcher_start(&w->watcher, warden_main, w);
}

void sl_warden_stop(struct sl_warden *w)
{
	if (!w->prepared)
		return;
	sl_watcher_stop(&w->watcher);
	sl_clerk_stop(&w->clerk);
	sl_census_close(&w->census);
	sl_memory_fini(&w->memory);
	sl_hold_fini(&w->hold);
	free(w->pids);
	w->pids = NULL;
	w->room = 0;
	w->prepared = false;
}
