/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See share.h. A process is charged with its own time while it lives; what it
 * used since it was last seen comes with the sums of whoever waited for it.
 * Looks are not one moment, and those sums are in ticks, so what is gone from
 * one side may be a look late on the other.
 */
#include "supervise/share.h"

#include <errno.h>
#include <stdlib.h>

#include "base/compiler.h"
#include "supervise/meter.h"

#define NS_PER_MS 1000000ll
#define NS_PER_SEC (1000 * NS_PER_MS)

#define PERIOD_NS (100 * NS_PER_MS) /* the bucket holds the share of that */
#define BURST_LEAST_NS (2 * NS_PER_MS)
#define DEBT_MOST_NS (60 * NS_PER_SEC)
/* Two sums of 1/100 s each, of each process that waits; not of any number. */
#define TICKS_NS (20 * NS_PER_MS)
#define WAITERS_MOST 8
#define ROUNDING_NS (4 * NS_PER_MS)
#define UNSEEN_NS NS_PER_SEC
#define SPARE_TICKS_NS (4 * 10 * NS_PER_MS)

int64_t sl_share_of(const struct sl_share *share, int64_t ns)
{
	return ns / 100 * share->percent;
}

void sl_share_init(struct sl_share *share, uint32_t percent, uint32_t cores,
		   int64_t now_ns)
{
	*share = (struct sl_share){ .percent = percent,
				    .cores = cores ? cores : 1,
				    .last_ns = now_ns };
	share->burst_ns = SL_MAX(sl_share_of(share, PERIOD_NS),
				 (int64_t)BURST_LEAST_NS);
	share->tokens_ns = share->burst_ns;
}

void sl_share_fini(struct sl_share *share)
{
	free(share->seen);
	share->seen = NULL;
	share->count = share->room = 0;
}

static int make_room(struct sl_share *share, size_t count)
{
	struct sl_share_seen *seen;

	if (count <= share->room)
		return 0;
	seen = realloc(share->seen, 2 * count * sizeof(*seen));
	if (!seen)
		return -ENOMEM;
	share->seen = seen;
	share->room = 2 * count;
	return 0;
}

/* Of those that live: what each used itself since it was last seen. */
static int64_t grown(const struct sl_share *share, const struct sl_meter *meter)
{
	int64_t sum = 0;
	size_t k = 0;

	for (size_t i = 0; i < meter->count; i++) {
		const struct sl_meter_process *p = &meter->list[i];
		uint64_t before = 0;

		while (k < share->count && share->seen[k].pid < p->pid)
			k++;
		if (k < share->count && share->seen[k].pid == p->pid &&
		    share->seen[k].start == p->start)
			before = share->seen[k].own_ns;
		if (p->own_ns > before)
			sum += (int64_t)(p->own_ns - before);
	}
	return sum;
}

static void remember(struct sl_share *share, const struct sl_meter *meter)
{
	for (size_t i = 0; i < meter->count; i++)
		share->seen[i] = (struct sl_share_seen){
			.pid = meter->list[i].pid,
			.start = meter->list[i].start,
			.own_ns = meter->list[i].own_ns,
		};
	share->count = meter->count;
}

/*
 * What was used is at least what the living grew by, and else what all sums
 * grew by. Where these fell behind, it is taken from what they gain later; more
 * than ticks can explain has ended without anybody who waits.
 */
static int64_t reckon(struct sl_share *share, const struct sl_meter *meter,
		      int64_t total, int64_t now)
{
	int64_t least = grown(share, meter), gained = total - share->total_ns;
	int64_t most = ROUNDING_NS, late;
	size_t waiters = 0;

	for (size_t i = 0; i < meter->count; i++)
		waiters += meter->list[i].kids_ns != 0;
	most += TICKS_NS * (int64_t)SL_MIN(waiters, (size_t)WAITERS_MOST);
	if (gained < least) {
		share->pending_ns += least - gained;
		if (share->pending_ns > most) {
			share->pending_ns = most;
			share->unseen_until_ns = now + UNSEEN_NS;
		}
		return least;
	}
	late = SL_MIN(gained - least, share->pending_ns);
	share->pending_ns -= late;
	return gained - late;
}

/* Little to add up: as many as run now ran all the time. Looks come at random,
 * so that is so on average; whichever makes more of it in the long run. */
static int64_t estimate(struct sl_share *share, const struct sl_meter *meter,
			int64_t used, int64_t passed)
{
	int64_t before = SL_MAX(share->summed_ns, share->sampled_ns);

	share->summed_ns += used;
	share->sampled_ns += passed / 1000 * (int64_t)meter->weight;
	return SL_MAX(share->summed_ns, share->sampled_ns) - before;
}

int64_t sl_share_charge(struct sl_share *share, const struct sl_meter *meter,
			uint64_t reaped_ns, int64_t judged_ns, int64_t now_ns)
{
	int64_t passed = now_ns - share->last_ns, total = (int64_t)reaped_ns;
	int64_t most = passed * share->cores, used;
	int r = make_room(share, meter->count);

	if (r < 0)
		return r;
	for (size_t i = 0; i < meter->count; i++)
		total += (int64_t)(meter->list[i].own_ns + meter->list[i].kids_ns);
	used = reckon(share, meter, total, now_ns);
	if (sl_share_samples(share, now_ns))
		used = estimate(share, meter, used, passed);
	else
		share->summed_ns = share->sampled_ns = 0;
	/* It knows no ticks and is nobody's child. */
	used += SL_MAX(judged_ns - share->judged_ns, (int64_t)0);
	share->judged_ns = judged_ns;
	/* More there was not, but for what comes by the tick: somebody was seen
	 * on both sides. */
	share->spare_ns = SL_MIN(share->spare_ns + most, most + SPARE_TICKS_NS);
	used = SL_MIN(used, share->spare_ns);
	share->spare_ns -= used;
	share->tokens_ns += sl_share_of(share, passed) - used;
	share->tokens_ns = SL_MIN(share->tokens_ns, share->burst_ns);
	share->tokens_ns = SL_MAX(share->tokens_ns, (int64_t)-DEBT_MOST_NS);
	share->last_ns = now_ns;
	share->total_ns = total;
	remember(share, meter);
	return used;
}

bool sl_share_samples(const struct sl_share *share, int64_t now_ns)
{
	return now_ns < share->unseen_until_ns;
}

bool sl_share_refilled(const struct sl_share *share)
{
	return share->tokens_ns >= share->burst_ns / 2;
}

int64_t sl_share_pause(const struct sl_share *share)
{
	int64_t fill = share->percent, drain = (int64_t)share->cores * 100 - fill;

	if (share->tokens_ns >= 0)
		return share->tokens_ns / SL_MAX(drain, (int64_t)1) * 100;
	return (share->burst_ns / 2 - share->tokens_ns) / fill * 100;
}
