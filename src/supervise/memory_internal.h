/* SPDX-License-Identifier: Apache-2.0 */
/* What memory.c and memory_read.c share. */
#ifndef SL_SUPERVISE_MEMORY_INTERNAL_H
#define SL_SUPERVISE_MEMORY_INTERNAL_H

#include "supervise/memory.h"

struct sl_memory_field {
	const char *name; /* "RssAnon:" */
	uint64_t bytes;
};

/* Lines "NAME N kB" of /proc/PID/FILE, or of /proc/FILE with 0; what is not there
 * stays as it is. 0; -ESRCH: the process is gone; another negative errno. */
int sl_memory_read(int32_t pid, const char *file,
		   struct sl_memory_field *fields, size_t count);

/* A thread of @pid that has not ended, or @pid. */
int32_t sl_memory_thread(int32_t pid);

/* What every table of descriptors of @p holds: 0 or -ENOMEM. */
int sl_memory_find_held(struct sl_memory *memory, struct sl_memory_process *p);

/* Where @ino is, or would be; there is room. */
struct sl_memory_held *sl_memory_slot(struct sl_memory *memory, uint64_t ino);

/* @p holds that much, unless somebody does already. 0 or -ENOMEM. */
int sl_memory_hold(struct sl_memory *memory, struct sl_memory_process *p,
		   uint64_t ino, uint64_t bytes);

/* Takes off each process what it has mapped of what is held. */
void sl_memory_take_mapped(struct sl_memory *memory);

/* System V segments of the sandbox that nobody has attached. */
int sl_memory_segments(struct sl_memory *memory);

#endif
