/* SPDX-License-Identifier: Apache-2.0 */
/* Shared memory that somebody has a descriptor of: once per inode. */
#include "supervise/memory_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Where @ino is, or would be; there is room. */
static struct sl_memory_held *slot_of(const struct sl_memory *m, uint64_t ino)
{
	size_t at = (size_t)(ino * 0x9e3779b97f4a7c15ull >> 20) % m->held_room;

	while (m->held[at].ino && m->held[at].ino != ino)
		at = (at + 1) % m->held_room;
	return &m->held[at];
}

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
			*slot_of(m, old[i].ino) = old[i];
	free(old);
	return 0;
}

int sl_memory_hold(struct sl_memory *m, int32_t pid, uint64_t ino, uint64_t bytes)
{
	struct sl_memory_held *slot;
	int r = make_room(m);

	if (r < 0)
		return r;
	slot = slot_of(m, ino);
	if (slot->ino)
		return 0; /* somebody has it already */
	*slot = (struct sl_memory_held){ ino, bytes, pid };
	m->held_count++;
	return 0;
}

bool sl_memory_is_held(const struct sl_memory *m, uint64_t ino)
{
	return m->held_count && ino && slot_of(m, ino)->ino;
}

void sl_memory_forget_held(struct sl_memory *m)
{
	if (m->held_count)
		memset(m->held, 0, m->held_room * sizeof(*m->held));
	m->held_count = 0;
}

static int by_pid(const void *key, const void *element)
{
	int32_t pid = *(const int32_t *)key;
	const struct sl_memory_process *p = element;

	return pid < p->pid ? -1 : pid > p->pid;
}

struct sl_memory_process *sl_memory_find(struct sl_memory_process *list,
					 size_t count, int32_t pid)
{
	return count ? bsearch(&pid, list, count, sizeof(*list), by_pid) : NULL;
}

uint64_t sl_memory_sum_held(struct sl_memory *m)
{
	struct sl_memory_process *p;
	uint64_t sum = 0;

	for (size_t i = 0; i < m->count; i++)
		m->list[i].held = 0;
	for (size_t i = 0; i < m->held_room && m->held_count; i++) {
		p = m->held[i].ino
			    ? sl_memory_find(m->list, m->count, m->held[i].pid)
			    : NULL;
		/* With its last holder it is gone, or it is found again. */
		if (!p)
			continue;
		p->held += m->held[i].bytes;
		sum += m->held[i].bytes;
	}
	return sum;
}
