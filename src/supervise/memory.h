/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much memory the processes of a sandbox have together: anonymous and shared
 * pages, what of them is swapped out, page tables, and shared memory that is held
 * by a descriptor (memfd) or a System V segment without being mapped. A page that
 * several processes share counts once. Files, and what was only reserved, do not.
 *
 * For threads outside of any domain, as proc.h.
 */
#ifndef SL_SUPERVISE_MEMORY_H
#define SL_SUPERVISE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_memory_process {
	int32_t pid;
	int32_t tid;	 /* a thread that lives: the first one may have ended */
	bool threads;	 /* it has several */
	bool shared;	 /* some of it is shared memory */
	uint64_t tables; /* page tables, which stand in no other sum */
	uint64_t bytes;	 /* what it is charged with */
};

/* Shared memory without a name that somebody has a descriptor of. */
struct sl_memory_held {
	uint64_t ino; /* 0: free */
	uint64_t bytes;
	struct sl_memory_process *holder;
};

struct sl_memory {
	uint64_t limit;
	bool sysv; /* the sandbox may make System V segments */
	struct sl_memory_process *list;
	size_t count, room;
	uint64_t total; /* exact, if above the limit or near it */

	/* Scratch of the measuring thread, kept from one time to the next. */
	struct sl_memory_held *held; /* hash by ino */
	size_t held_count, held_room;
	int32_t *segments; /* ids made by the sandbox, ever */
	size_t segment_count, segment_room;
};

/*
 * Fill in bytes of each in list[] and the total: by cheap upper bounds as long
 * as these are below the limit. A process that is gone has 0. 0 or -ENOMEM.
 */
int sl_memory_measure(struct sl_memory *memory);
void sl_memory_fini(struct sl_memory *memory);

#endif
