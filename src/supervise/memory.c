/* SPDX-License-Identifier: Apache-2.0 */
/* See memory.h. From cheap to dear: sums of each process's pages; then each
 * page's share; then which mapping is of which held object. */
#include "supervise/memory.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "supervise/memory_internal.h"

/* ------------------------------------------------ the cheap sums */

#define TRIES 8
#define ONE 1024 /* as a field that counts: they are read as kB */

/* Pages of one process, and shared ones in each that has them. */
static uint64_t sum_status(struct sl_memory_process *p)
{
	struct sl_memory_field fields[] = {
		{ "RssAnon:", 0 },	{ "RssShmem:", 0 }, { "VmSwap:", 0 },
		{ "HugetlbPages:", 0 }, { "VmPTE:", 0 },    { "VmSize:", 0 },
		{ "Threads:", 0 }
	};
	const size_t count = SL_ARRAY_LEN(fields);

	p->tid = p->pid;
	if (sl_memory_read(p->pid, "status", fields, count) < 0)
		return 0;
	p->threads = fields[6].bytes > ONE;
	/* SECURITY: the first thread takes its view of the memory with it when
	 * it ends; the process goes on. So may the one that is found. */
	for (int i = 0; !fields[5].bytes && p->threads && i < TRIES; i++) {
		p->tid = sl_memory_thread(p->pid);
		sl_memory_read(p->tid, "status", fields, count);
	}
	p->shared = fields[1].bytes;
	p->tables = fields[3].bytes + fields[4].bytes;
	return fields[0].bytes + fields[1].bytes + fields[2].bytes + p->tables;
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

/* ------------------------------------------------ the shares */

/* KERNEL 4.14: smaps_rollup; 5.4: its Pss_ lines. A process that cannot be
 * inspected, since its program may not be read, keeps the sum. */
static void share_of(struct sl_memory_process *p)
{
	struct sl_memory_field fields[] = { { "Pss_Anon:", 0 },
					    { "Pss_Shmem:", 0 },
					    { "SwapPss:", 0 } };
	int r = sl_memory_read(p->tid, "smaps_rollup", fields,
			       SL_ARRAY_LEN(fields));

	/* Or gone, which is a sum of nothing. */
	if (r < 0) {
		p->bytes = sum_status(p);
		return;
	}
	p->shared = fields[1].bytes;
	p->bytes = fields[0].bytes + fields[1].bytes + fields[2].bytes +
		   p->tables;
}

/* ------------------------------------------------ what is held */

/* Makes room beforehand; a full table is a quarter empty. */
static int make_room(struct sl_memory *m)
{
	size_t room = m->held_room ? 2 * m->held_room : 256;
	struct sl_memory_held *old = m->held;
	size_t old_room = m->held_room;

	if (4 * (m->held_count + 1) <= 3 * m->held_room)
		return 0;
	m->held = calloc(room, sizeof(*m->held));
	if (!m->held) {
		m->held = old;
		return -ENOMEM;
	}
	m->held_room = room;
	for (size_t i = 0; i < old_room; i++)
		if (old[i].ino)
			*sl_memory_slot(m, old[i].ino) = old[i];
	free(old);
	return 0;
}

struct sl_memory_held *sl_memory_slot(struct sl_memory *m, uint64_t ino)
{
	size_t at = (size_t)(ino * 0x9e3779b97f4a7c15ull >> 20) % m->held_room;

	while (m->held[at].ino && m->held[at].ino != ino)
		at = (at + 1) % m->held_room;
	return &m->held[at];
}

int sl_memory_hold(struct sl_memory *m, struct sl_memory_process *p,
		   uint64_t ino, uint64_t bytes)
{
	struct sl_memory_held *slot;
	int r = make_room(m);

	if (r < 0)
		return r;
	slot = sl_memory_slot(m, ino);
	if (slot->ino)
		return 0; /* somebody has it already */
	*slot = (struct sl_memory_held){ ino, bytes, p };
	m->held_count++;
	return 0;
}

static void forget_held(struct sl_memory *m)
{
	if (m->held_count)
		memset(m->held, 0, m->held_room * sizeof(*m->held));
	m->held_count = 0;
}

static void charge_held(struct sl_memory *m)
{
	for (size_t i = 0; i < m->held_room && m->held_count; i++)
		if (m->held[i].ino)
			m->held[i].holder->bytes += m->held[i].bytes;
}

static int find_all_held(struct sl_memory *m)
{
	int r = 0;

	forget_held(m);
	for (size_t i = 0; r == 0 && i < m->count; i++)
		r = sl_memory_find_held(m, &m->list[i]);
	if (r == 0 && m->sysv)
		r = sl_memory_segments(m);
	return r;
}

/* ------------------------------------------------ all of it */

static uint64_t sum(const struct sl_memory *m)
{
	uint64_t total = 0;

	for (size_t i = 0; i < m->count; i++)
		total += m->list[i].bytes;
	return total;
}

int sl_memory_measure(struct sl_memory *m)
{
	int r;

	for (size_t i = 0; i < m->count; i++)
		m->list[i].bytes = sum_status(&m->list[i]);
	m->total = sum(m);
	if (m->total <= m->limit && most_held() <= m->limit - m->total)
		return 0;
	r = find_all_held(m);
	if (r < 0)
		return r;
	charge_held(m);
	m->total = sum(m);
	if (m->total <= m->limit)
		return 0;
	for (size_t i = 0; i < m->count; i++)
		share_of(&m->list[i]);
	/* What is mapped and held would stand in there twice. */
	if (m->held_count)
		sl_memory_take_mapped(m);
	charge_held(m);
	m->total = sum(m);
	return 0;
}

void sl_memory_fini(struct sl_memory *m)
{
	free(m->list);
	free(m->held);
	free(m->segments);
	*m = (struct sl_memory){ 0 };
}
