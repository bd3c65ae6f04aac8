/* SPDX-License-Identifier: Apache-2.0 */
/* See brake.h, and docs/design/limits.md for why it is so. */
#include "supervise/brake.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "sys/process.h"

#define NS_PER_MS 1000000ll
#define NS_PER_SEC (1000 * NS_PER_MS)

/* Between two looks, while nothing is held... */
#define SOONEST_NS (2 * NS_PER_MS)
#define LATEST_NS (50 * NS_PER_MS)
#define UNSEEN_NS (5 * NS_PER_MS) /* ...and while ends are unseen. */
/* While something is: others may wake up, and held ones be killed. */
#define HOLDING_NS (4 * NS_PER_MS)
/* A look may take that part of the time. */
#define SHARE 10
#define DEAR_NS (500 * NS_PER_MS)
/* More debt at so many looks while all that was seen to run is held: what runs
 * sleeps whenever it is looked at. */
#define RISING 5
/* Any address: it need not be there. */
#define PROBE_AT 4096

/* ------------------------------------------------ looking */

/* What did not fit is there the next time. */
static int grow(struct sl_brake *b, size_t wanted)
{
	size_t room = 2 * wanted;
	void *list = realloc(b->pids, room * sizeof(*b->pids));

	if (!list)
		return -ENOMEM;
	b->pids = list;
	list = realloc(b->meter.list, room * sizeof(*b->meter.list));
	if (!list)
		return -ENOMEM;
	b->meter.list = list;
	b->room = room;
	return 0;
}

/* 0 or a negative errno: it cannot be told who uses what. */
static int measure(struct sl_brake *b, enum sl_meter_want want)
{
	long n = sl_census_take(&b->census, b->pids, b->room);
	int r = 0;

	if (n > (long)b->room) {
		r = grow(b, (size_t)n);
		n = sl_census_take(&b->census, b->pids, b->room);
	}
	if (r < 0 || n < 0)
		return r < 0 ? r : (int)n;
	n = SL_MIN(n, (long)b->room);
	for (long i = 0; i < n; i++)
		b->meter.list[i] = (struct sl_meter_process){ .pid = b->pids[i] };
	b->meter.count = (size_t)n;
	b->meter.want = want;
	return sl_clerk_meter(&b->clerk, &b->meter);
}

/* ------------------------------------------------ holding */

/* SECURITY: as in the warden. Whoever may not be traced is not held back by
 * anything else either. */
static void end_process(struct sl_brake *b, int32_t pid)
{
	sl_autoclose int fd = sl_pidfd_open(pid, 0);

	if (fd < 0 || !sl_census_has(&b->census, pid) ||
	    sl_pidfd_signal(fd, SIGKILL) < 0)
		return;
	b->ended++;
	if (pid == b->root)
		b->root_ended = true;
}

/* The kernel says the same of one that is about to be gone, which happens all
 * the time; but that has no memory any more that could not be read. */
static bool untraceable(int32_t tid)
{
	char byte;

	return sl_process_read(tid, PROBE_AT, &byte, 1) == -EPERM;
}

static int hold_back(struct sl_brake *b)
{
	const struct sl_meter *m = &b->meter;
	int r = 0;

	if (!m->running_count)
		return 0;
	sl_hold_begin(&b->hold);
	sl_clerk_watch(&b->clerk, &b->hold);
	for (size_t i = 0; i < m->running_count && r != -ENOMEM; i++) {
		r = sl_hold_seize(&b->hold, m->running[i].tid);
		if (r == -EPERM && untraceable(m->running[i].tid))
			end_process(b, m->running[i].pid);
	}
	sl_hold_end(&b->hold);
	sl_clerk_watched(&b->clerk);
	return r == -ENOMEM ? r : 0;
}

static void begin_holding(struct sl_brake *b, int64_t now)
{
	b->holding = true;
	b->since_ns = now;
	b->rising = 0;
	b->all = false;
}

/* ------------------------------------------------ the thread */

/* At random, so that nobody inside knows when; @ns on average. */
static int64_t about(int64_t ns)
{
	uint16_t any = 0;

	if (getrandom(&any, sizeof(any), GRND_NONBLOCK) < 0)
		return ns;
	return ns / 2 + ns * any / UINT16_MAX;
}

static enum sl_meter_want wanted(const struct sl_brake *b, int64_t now)
{
	if (b->holding && b->all)
		return SL_METER_AWAKE;
	return b->holding || sl_share_samples(&b->share, now) ? SL_METER_RUNNING
							      : SL_METER_TIME;
}

/* What is held, and whether. 0 or a negative errno. */
static int decide(struct sl_brake *b, int64_t used, int64_t passed, int64_t now)
{
	bool was = b->holding;
	int r;

	if (was)
		b->held_ns += (uint64_t)(now - b->since_ns);
	b->since_ns = now;
	if (was && sl_share_refilled(&b->share))
		b->holding = false;
	if (!b->holding && (was || b->share.tokens_ns >= 0))
		return 0;
	if (!was) {
		begin_holding(b, now);
		r = b->meter.want == SL_METER_TIME ? measure(b, SL_METER_RUNNING)
						   : 0;
		if (r < 0)
			return r;
	} else if (used > sl_share_of(&b->share, passed)) {
		b->all |= ++b->rising >= RISING;
	}
	r = hold_back(b);
	sl_hold_collect(&b->hold);
	return r;
}

/* What the sandbox's calls cost the threads that do them, which is nobody's
 * else: who has calls judged all the time is to pay for that as well. */
static int64_t judged_ns(const struct sl_brake *b)
{
	struct timespec ts = { 0 };

	clock_gettime(b->judge, &ts);
	return (int64_t)ts.tv_sec * NS_PER_SEC + ts.tv_nsec +
	       __atomic_load_n(b->jobs, __ATOMIC_RELAXED);
}

/* 0 or a negative errno. */
static int look(struct sl_brake *b, int64_t *ret_pause)
{
	int64_t now, begun = sl_meter_spent(), passed, used, pause, cost;
	uint64_t reaped;
	int r = measure(b, wanted(b, sl_watcher_now()));

	if (r < 0)
		return r;
	reaped = __atomic_load_n(b->reaped, __ATOMIC_RELAXED);
	now = sl_watcher_now();
	passed = now - b->share.last_ns;
	used = sl_share_charge(&b->share, &b->meter, reaped, judged_ns(b), now);
	if (used < 0)
		return (int)used;
	r = decide(b, used, passed, now);
	if (r < 0)
		return r;
	pause = SL_MIN(sl_share_pause(&b->share), (int64_t)LATEST_NS);
	if (sl_share_samples(&b->share, now))
		pause = SL_MIN(pause, (int64_t)UNSEEN_NS);
	if (!b->holding && !sl_hold_release(&b->hold))
		pause = SOONEST_NS;
	if (b->holding)
		pause = SL_MIN(pause, (int64_t)HOLDING_NS);
	pause = SL_MAX(pause, (int64_t)SOONEST_NS);
	/* Not by the clock: on a busy machine it would pause ever longer. */
	cost = sl_meter_spent() - begun + b->meter.cost_ns;
	*ret_pause = SL_MAX(about(pause), SL_MIN(SHARE * cost, (int64_t)DEAR_NS));
	return 0;
}

/* SECURITY: what cannot be counted or held is not let run on. From either
 * thread. */
static void end_all(void *arg)
{
	struct sl_brake *b = arg;

	__atomic_store_n(&b->given_up, true, __ATOMIC_RELEASE);
	b->end(b->arg);
}

static void *brake_main(void *arg)
{
	struct sl_brake *b = arg;
	int64_t pause = 0;

	sl_process_be_prompt();
	sl_share_init(&b->share, b->percent,
		      (uint32_t)SL_MAX(sysconf(_SC_NPROCESSORS_ONLN), 1l),
		      sl_watcher_now());
	b->share.judged_ns = judged_ns(b);
	while (!sl_watcher_pause(&b->watcher, pause)) {
		if (look(b, &pause) < 0) {
			end_all(b);
			pause = HOLDING_NS;
		}
		/* What is held and killed is gone only when it was waited for,
		 * here; and without that the run has no end. */
		if (__atomic_load_n(&b->given_up, __ATOMIC_ACQUIRE))
			sl_hold_release(&b->hold);
	}
	/* Nothing is left of the sandbox; the kernel lets go of anything else. */
	sl_hold_release(&b->hold);
	return NULL;
}

int sl_brake_prepare(struct sl_brake *b, int32_t keeper)
{
	int r;

	b->census = SL_CENSUS_INIT;
	b->hold = SL_HOLD_INIT;
	b->hold.hangs = end_all;
	b->hold.arg = b;
	b->prepared = true;
	r = -pthread_getcpuclockid(pthread_self(), &b->judge);
	if (r == 0)
		r = grow(b, 64);
	if (r == 0)
		r = sl_census_open(&b->census, keeper);
	if (r == 0)
		r = sl_clerk_start(&b->clerk);
	if (r < 0)
		sl_brake_stop(b);
	return r;
}

int sl_brake_start(struct sl_brake *b, int32_t guardian, int32_t root)
{
	b->census.guardian = guardian;
	b->root = root;
	return sl_watcher_start(&b->watcher, brake_main, b);
}

void sl_brake_stop(struct sl_brake *b)
{
	if (!b->prepared)
		return;
	sl_watcher_stop(&b->watcher);
	sl_clerk_stop(&b->clerk);
	sl_census_close(&b->census);
	sl_meter_fini(&b->meter);
	sl_share_fini(&b->share);
	sl_hold_fini(&b->hold);
	free(b->pids);
	b->pids = NULL;
	b->room = 0;
	b->prepared = false;
}
