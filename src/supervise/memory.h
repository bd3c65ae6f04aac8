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
	int32_t tid;  /* a thread that lives: the first one may have ended */
	int32_t with; /* 0, or the thread whose memory is all of it as well */
	bool threads; /* it has several */
	uint64_t sum; /* its pages, shared or not */
	uint64_t shared; /* of them shared memory */
	uint64_t tables; /* page tables, which stand in no other sum */
	uint64_t held;	 /* shared memory it has a descriptor of */
	uint64_t bytes;	 /* what it is charged with */

	/* Found out in this look, or in an earlier one that it goes on. */
	bool known;	/* its share */
	bool compared;	/* what it has mapped of what is held */
	bool searched;	/* its descriptors */
	uint64_t share; /* once it is known */
	uint64_t then;	/* the sum at that time */
	uint64_t mapped;
	int32_t at_tid; /* 0, or the descriptors to go on with */
	long at;
};

/* Shared memory without a name that somebody has a descriptor of. */
struct sl_memory_held {
	uint64_t ino; /* 0: free */
	uint64_t bytes;
	int32_t pid;
};

/* Tasks that share nothing of one kind with each other, in the kernel's order. */
struct sl_memory_set {
	int32_t *tids;
	size_t count, room;
};

struct sl_memory {
	uint64_t limit;
	bool sysv; /* the sandbox may make System V segments */
	struct sl_memory_process *list;
	size_t count, room;
	uint64_t total;	 /* exact, if above the limit or near it */
	bool may_exceed; /* so much more the machine has than without it */
	bool goes_on; /* the look is not over: the next one goes on with it */
	int64_t dear_ns; /* the part of the look that is not done every time */

	/* Scratch of the measuring thread, kept from one time to the next. */
	int64_t begun_ns, spent_ns; /* this look; all that go on with one */
	int64_t rests_until_ns;
	uint64_t most_then;
	uint64_t others; /* the rest of the machine: the least so far */
	struct sl_memory_process *kept;
	size_t kept_count, kept_room;
	struct sl_memory_set spaces; /* of addresses */
	struct sl_memory_set files;  /* tables of descriptors */
	struct sl_memory_held *held; /* hash by ino */
	size_t held_count, held_room;
	int32_t *segments; /* ids made by the sandbox, ever */
	size_t segment_count, segment_room;
};

/* Before there is a sandbox. */
void sl_memory_begin(struct sl_memory *memory);

/*
 * Fill in bytes of each in list[] and the total: by cheap upper bounds as long
 * as these are below the limit. A process that is gone has 0. What is dear is
 * done in parts: as long as it goes on the total is above the limit only if
 * that is certain. The list may come back in another order. 0, -EOVERFLOW:
 * there is more to look at than can be; or another negative errno: what is
 * there could not be read.
 */
int sl_memory_measure(struct sl_memory *memory);
void sl_memory_fini(struct sl_memory *memory);

#endif
