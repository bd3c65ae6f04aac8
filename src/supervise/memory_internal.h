/* SPDX-License-Identifier: Apache-2.0 */
/* What memory.c and the files that look for it share. */
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

/* SECURITY: @r is an error other than that the process is gone. What cannot be
 * read, as without a descriptor, is not counted as nothing. */
bool sl_memory_not_gone(int r);

/* A thread of @pid that has not ended, or @pid. 0 or a negative errno. */
int sl_memory_thread(int32_t pid, int32_t *ret_tid);

/* This look has done its part: processor time, so that a machine that is busy
 * with others makes no difference. */
bool sl_memory_spent(const struct sl_memory *memory);

/* The one of @set with which @tid shares what @kind (KCMP_) says; 0: none, as
 * far as that can be told, and it is one of them now. */
int32_t sl_memory_same(struct sl_memory_set *set, int32_t tid, int kind);

/* What the tables of descriptors of @p hold that were not searched: searched is
 * set, unless the look has done its part. 0 or a negative errno. */
int sl_memory_search(struct sl_memory *memory, struct sl_memory_process *p);

/* @pid holds that much, unless somebody does already. 0 or -ENOMEM. */
int sl_memory_hold(struct sl_memory *memory, int32_t pid, uint64_t ino,
		   uint64_t bytes);
bool sl_memory_is_held(const struct sl_memory *memory, uint64_t ino);
void sl_memory_forget_held(struct sl_memory *memory);
/* Sets held of each in the list, which is in the order of numbers: together. */
uint64_t sl_memory_sum_held(struct sl_memory *memory);

/* In a list in the order of numbers. */
struct sl_memory_process *sl_memory_find(struct sl_memory_process *list,
					 size_t count, int32_t pid);

/* What @p has mapped of what is held: no more than is read within the look. */
uint64_t sl_memory_mapped(const struct sl_memory *memory,
			  const struct sl_memory_process *p);

/* System V segments of the sandbox that nobody has attached. 0 or a negative
 * errno. */
int sl_memory_segments(struct sl_memory *memory);

#endif
