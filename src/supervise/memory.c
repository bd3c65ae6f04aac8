/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See memory.h. From cheap to dear: sums of each process's pages; then each
 * page's share; then descriptors; then which mapping is of which held object.
 * What is dear ends as soon as it is known whether there is too much.
 *
 * SECURITY: how long that takes is the sandbox's to say, and meanwhile nothing
 * is enforced. So a look does a part of it, the largest processes first, and
 * the next look goes on, with all cheap sums anew.
 */
#include "supervise/memory.h"

#include <errno.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/compiler.h"
#include "supervise/memory_internal.h"

#define NS_PER_MS 1000000ll
/* Processor time of the dear part of one look; of all that go on with one. */
#define LOOK_NS (30 * NS_PER_MS)
#define WHOLE_NS (3000 * NS_PER_MS)

/* Which part of the time all dear ones may take, and the longest rest. */
#define SHARE 10
#define REST_NS (1000 * NS_PER_MS)

static int64_t clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000 * NS_PER_MS + ts.tv_nsec;
}

bool sl_memory_spent(const struct sl_memory *m)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID) - m->begun_ns >= LOOK_NS;
}

/* ------------------------------------------------ the cheap sums */

#define TRIES 8
#define ONE 1024 /* as a field that counts: they are read as kB */

bool sl_memory_not_gone(int r)
{
	return r < 0 && r != -ESRCH && r != -ENOENT;
}

/* 0, also if it is gone, which is a sum of nothing; or a negative errno. */
static int read_sum(struct sl_memory_process *p)
{
	struct sl_memory_field fields[] = {
		{ "RssAnon:", 0 },	{ "RssShmem:", 0 }, { "VmSwap:", 0 },
		{ "HugetlbPages:", 0 }, { "VmPTE:", 0 },    { "VmSize:", 0 },
		{ "Threads:", 0 }
	};
	const size_t count = SL_ARRAY_LEN(fields);
	int r;

	p->tid = p->pid;
	p->sum = p->shared = p->tables = 0;
	r = sl_memory_read(p->pid, "status", fields, count);
	if (r < 0)
		return sl_memory_not_gone(r) ? r : 0;
	p->threads = fields[6].bytes > ONE;
	/* SECURITY: the first thread takes its view of the memory with it when
	 * it ends; the process goes on. So may the one that is found. */
	for (int i = 0; !fields[5].bytes && p->threads && i < TRIES; i++) {
		r = sl_memory_thread(p->pid, &p->tid);
		if (r == 0)
			r = sl_memory_read(p->tid, "status", fields, count);
		if (sl_memory_not_gone(r))
			return r;
	}
	p->shared = fields[1].bytes;
	p->tables = fields[3].bytes + fields[4].bytes;
	p->sum = fields[0].bytes + fields[1].bytes + fields[2].bytes + p->tables;
	return 0;
}

/* All shared memory of the machine, mapped or not, and all that is swapped out:
 * no more can be held. */
static uint64_t most_held(void)
{
	struct sl_memory_field fields[] = { { "Shmem:", 0 },
					    { "SwapTotal:", 0 },
					    { "SwapFree:", 0 } };

	if (sl_memory_read(0, "meminfo", fields, SL_ARRAY_LEN(fields)) < 0)
		return UINT64_MAX / 2;
	return fields[0].bytes + fields[1].bytes - fields[2].bytes;
}

/* All of the machine: whatever nobody could be asked about is a part of it. */
static int machine_holds(uint64_t *ret_bytes)
{
	struct sl_memory_field fields[] = {
		{ "AnonPages:", 0 }, { "Shmem:", 0 },	  { "PageTables:", 0 },
		{ "Hugetlb:", 0 },   { "SwapTotal:", 0 }, { "SwapFree:", 0 }
	};
	int r = sl_memory_read(0, "meminfo", fields, SL_ARRAY_LEN(fields));

	*ret_bytes = fields[0].bytes + fields[1].bytes + fields[2].bytes +
		     fields[3].bytes + fields[4].bytes - fields[5].bytes;
	return r;
}

void sl_memory_begin(struct sl_memory *m)
{
	if (machine_holds(&m->others) < 0)
		m->others = 0;
}

/*
 * What the others have is never more than the machine has without what was
 * found; the least of that so far is what they have had all the time, as long
 * as nobody gives memory back at the moment that the sandbox takes it.
 */
static bool may_exceed(struct sl_memory *m)
{
	uint64_t all;

	if (machine_holds(&all) < 0)
		return true;
	m->others = SL_MIN(m->others, all - SL_MIN(m->total, all));
	return all - m->others > m->limit;
}

/* ------------------------------------------------ what was found out */

static int by_pid(const void *one, const void *other)
{
	const struct sl_memory_process *a = one, *b = other;

	return a->pid < b->pid ? -1 : a->pid > b->pid;
}

static int by_sum(const void *one, const void *other)
{
	const struct sl_memory_process *a = one, *b = other;

	if (a->sum != b->sum)
		return a->sum > b->sum ? -1 : 1;
	return by_pid(one, other);
}

static void sort(struct sl_memory *m,
		 int (*by)(const void *one, const void *other))
{
	if (m->count)
		qsort(m->list, m->count, sizeof(*m->list), by);
}

static void forget_share(struct sl_memory_process *p)
{
	p->known = p->compared = false;
	p->mapped = 0;
}

#define GROWTH 16 /* that part of the limit is enough to look at it again */

/* Of the look that this one goes on with. 0 or a negative errno. */
static int recall(struct sl_memory *m)
{
	int r = 0;

	for (size_t i = 0; i < m->count && r == 0; i++) {
		struct sl_memory_process *p = &m->list[i];
		const struct sl_memory_process *old =
			sl_memory_find(m->kept, m->kept_count, p->pid);

		*p = old ? *old : (struct sl_memory_process){ .pid = p->pid };
		r = read_sum(p);
		/* SECURITY: what grows while others are looked at. */
		if (m->goes_on && p->sum > p->then + m->limit / GROWTH)
			forget_share(p);
	}
	return r;
}

/* For the look that goes on with this one. */
static int keep(struct sl_memory *m)
{
	if (m->count > m->kept_room) {
		struct sl_memory_process *bigger =
			realloc(m->kept, m->count * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		m->kept = bigger;
		m->kept_room = m->count;
	}
	sort(m, by_pid);
	if (m->count)
		memcpy(m->kept, m->list, m->count * sizeof(*m->list));
	m->kept_count = m->count;
	return 0;
}

static void begin(struct sl_memory *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct sl_memory_process *p = &m->list[i];

		m->list[i] = (struct sl_memory_process){ .pid = p->pid,
							 .tid = p->tid,
							 .threads = p->threads,
							 .sum = p->sum,
							 .shared = p->shared,
							 .tables = p->tables };
	}
	m->spaces.count = m->files.count = 0;
	m->spent_ns = 0;
	sl_memory_forget_held(m);
}

/* ------------------------------------------------ charging */

/* What came since its share was known is its own until that is found out, too. */
static uint64_t share_now(const struct sl_memory_process *p)
{
	uint64_t more = p->sum - SL_MIN(p->then, p->sum);

	return p->known ? SL_MIN(p->share + more, p->sum) : p->sum;
}

/* No less than there is, as far as it has been looked for. */
static void charge(struct sl_memory *m)
{
	m->total = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct sl_memory_process *p = &m->list[i];
		uint64_t share = share_now(p);

		p->bytes = share - SL_MIN(p->mapped, share) + p->held;
		m->total += p->bytes;
	}
}

/* No more than there is; without or with what is held. */
static void charge_certain(struct sl_memory *m, bool held)
{
	m->total = 0;
	for (size_t i = 0; i < m->count; i++) {
		struct sl_memory_process *p = &m->list[i];
		uint64_t share = p->known ? SL_MIN(p->share, p->sum) : 0;
		uint64_t both = p->compared ? p->mapped : p->shared;

		p->bytes = share;
		if (held)
			p->bytes = share - SL_MIN(both, share) + p->held;
		m->total += p->bytes;
	}
}

static bool certainly_over(struct sl_memory *m)
{
	charge_certain(m, false);
	if (m->total <= m->limit)
		charge_certain(m, true);
	return m->total > m->limit;
}

static bool fits(const struct sl_memory *m, uint64_t more)
{
	return m->total <= m->limit && more <= m->limit - m->total;
}

/* ------------------------------------------------ the shares */

/* KERNEL 4.14: smaps_rollup; 5.4: its Pss_ lines. A process that cannot be
 * inspected, since its program may not be read, keeps the sum. */
static void look_at_share(struct sl_memory *m, struct sl_memory_process *p)
{
	struct sl_memory_field fields[] = { { "Pss_Anon:", 0 },
					    { "Pss_Shmem:", 0 },
					    { "SwapPss:", 0 } };
	uint64_t sum = p->sum;

	p->known = true;
	p->then = p->sum;
	p->share = 0;
	/* All of it is another one's as well: vfork(2). */
	p->with = sl_memory_same(&m->spaces, p->tid, KCMP_VM);
	if (p->with && p->with != p->tid)
		return;
	p->with = 0;
	/* Or gone, which is a sum of nothing. */
	if (sl_memory_read(p->tid, "smaps_rollup", fields,
			   SL_ARRAY_LEN(fields)) < 0) {
		/* If the sum cannot be read any more either, the last one
		 * stays: the next look begins with reading it. */
		if (read_sum(p) < 0)
			p->sum = sum;
		p->share = p->then = p->sum;
		return;
	}
	p->share = fields[0].bytes + fields[1].bytes + fields[2].bytes +
		   p->tables;
	/* It may have grown meanwhile. */
	p->then = p->sum = SL_MAX(p->sum, p->share);
}

/* The largest first, until that is enough to know, or this look has done its
 * part; one at least. */
static void look_at_shares(struct sl_memory *m)
{
	uint64_t certain = 0;

	sort(m, by_sum);
	charge(m);
	for (size_t i = 0; i < m->count && m->total > m->limit; i++) {
		struct sl_memory_process *p = &m->list[i];

		if (p->known)
			continue;
		look_at_share(m, p);
		m->total -= SL_MIN(p->bytes, m->total);
		p->bytes = share_now(p) + p->held;
		m->total += p->bytes;
		certain += p->share;
		if (certain > m->limit || sl_memory_spent(m))
			break;
	}
}

static void compare(struct sl_memory *m)
{
	for (size_t i = 0; i < m->count && m->total > m->limit; i++) {
		struct sl_memory_process *p = &m->list[i];

		if (!p->known || p->compared || !p->shared || p->with)
			continue;
		p->mapped = sl_memory_mapped(m, p);
		p->compared = true;
		charge(m);
		if (sl_memory_spent(m))
			break;
	}
}

/* ------------------------------------------------ descriptors */

static int search_all(struct sl_memory *m, bool *ret_whole)
{
	int r = 0;

	sort(m, by_pid);
	*ret_whole = true;
	for (size_t i = 0; r == 0 && *ret_whole && i < m->count; i++) {
		if (m->list[i].searched)
			continue;
		r = sl_memory_search(m, &m->list[i]);
		*ret_whole = m->list[i].searched &&
			     (i + 1 == m->count || !sl_memory_spent(m));
	}
	if (r == 0 && m->sysv)
		r = sl_memory_segments(m);
	sl_memory_sum_held(m);
	charge(m);
	return r;
}

/* ------------------------------------------------ all of it */

static bool knows_all(const struct sl_memory *m)
{
	for (size_t i = 0; i < m->count; i++) {
		const struct sl_memory_process *p = &m->list[i];

		if (!p->known ||
		    (m->held_count && p->shared && !p->with && !p->compared))
			return false;
	}
	return true;
}

/* What came since may be somebody else's, too. */
static void look_again(struct sl_memory *m)
{
	for (size_t i = 0; i < m->count; i++)
		if (m->list[i].sum > m->list[i].then)
			forget_share(&m->list[i]);
}

/* 1: it is known whether there is too much; 0: not yet. */
static int look(struct sl_memory *m)
{
	uint64_t most = most_held();
	bool whole;
	int r;

	charge(m);
	if (fits(m, most))
		return 1;
	look_at_shares(m);
	if (fits(m, most) || (m->total > m->limit && certainly_over(m)))
		return 1;
	r = search_all(m, &whole);
	if (r < 0)
		return r;
	look_at_shares(m);
	if (whole && m->held_count)
		compare(m);
	charge(m);
	if (whole && m->total <= m->limit)
		return 1;
	if (certainly_over(m))
		return 1;
	if (whole && knows_all(m))
		look_again(m);
	return 0;
}

/*
 * By what the last look found out, and all that came since: that is enough for
 * a while after a dear one. True: it is below the limit.
 */
static bool rests(struct sl_memory *m)
{
	uint64_t most, more, unknown = 0;

	if (clock_ns(CLOCK_MONOTONIC) >= m->rests_until_ns)
		return false;
	most = most_held();
	more = most - SL_MIN(m->most_then, most);
	charge(m);
	if (fits(m, more))
		return true;
	/* What is new may be a copy that shares all with who made it. */
	for (size_t i = 0; i < m->count; i++)
		unknown += m->list[i].known ? 0 : m->list[i].bytes;
	m->total -= unknown;
	if (!fits(m, more))
		return false;
	look_at_shares(m);
	return fits(m, more);
}

/* From the beginning, or where the last one stopped. */
static int look_on(struct sl_memory *m)
{
	int r;

	if (!m->goes_on)
		begin(m);
	m->most_then = most_held();
	r = look(m);
	if (r < 0)
		return r;
	m->goes_on = r == 0;
	m->spent_ns += clock_ns(CLOCK_THREAD_CPUTIME_ID) - m->begun_ns;
	m->rests_until_ns = 0;
	if (m->goes_on)
		m->total = SL_MIN(m->total, m->limit);
	else if (m->total <= m->limit)
		m->rests_until_ns = clock_ns(CLOCK_MONOTONIC) +
				    SL_MIN(SHARE * m->spent_ns, REST_NS);
	return m->goes_on && m->spent_ns >= WHOLE_NS ? -EOVERFLOW : 0;
}

/*
 * A page of two counts as a half of each: who was looked at and has ended
 * since, or executed another program, left its halves to another one, in whose
 * share they may be, too.
 */
static int drop_ended(struct sl_memory *m)
{
	for (size_t i = 0; i < m->count; i++) {
		struct sl_memory_process *p = &m->list[i];
		struct sl_memory_process now = { .pid = p->pid };
		uint64_t most;
		int r;

		if (!p->bytes)
			continue;
		r = read_sum(&now);
		if (r < 0)
			return r;
		/* With all threads gone it holds nothing either. */
		most = now.sum ? now.sum + p->held : 0;
		if (p->bytes <= most)
			continue;
		m->total -= SL_MIN(p->bytes - most, m->total);
		p->bytes = most;
		if (!now.sum)
			p->sum = 0;
	}
	return 0;
}

int sl_memory_measure(struct sl_memory *m)
{
	int64_t begun;
	int r = recall(m);

	if (r < 0)
		return r;
	begun = clock_ns(CLOCK_MONOTONIC);
	m->begun_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID);
	if (m->goes_on || !rests(m))
		r = look_on(m);
	if (r == 0 && m->total > m->limit)
		r = drop_ended(m);
	m->dear_ns = clock_ns(CLOCK_MONOTONIC) - begun;
	m->may_exceed = may_exceed(m);
	return r < 0 ? r : keep(m);
}

void sl_memory_fini(struct sl_memory *m)
{
	free(m->list);
	free(m->kept);
	free(m->spaces.tids);
	free(m->files.tids);
	free(m->held);
	free(m->segments);
	*m = (struct sl_memory){ 0 };
}
