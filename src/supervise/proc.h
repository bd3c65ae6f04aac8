/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What /proc says of one task, as numbers. For threads outside of any domain:
 * the sandbox decides what runs, never what is opened here.
 */
#ifndef SL_SUPERVISE_PROC_H
#define SL_SUPERVISE_PROC_H

#include <stdint.h>
#include <sys/types.h>

struct sl_thread_look {
	char state;	 /* 'R', 'S', 'D', 'Z'... */
	uint64_t spent;	 /* ticks of processor time */
	uint64_t start;	 /* ticks since boot */
	uint64_t newest; /* start of its youngest child; 0: it has none */
};

/* The whole of a small file, NUL-terminated: its length or a negative errno. */
ssize_t sl_proc_slurp(const char *path, char *text, size_t size);

struct sl_proc_stat {
	char state;
	uint64_t spent;	  /* ticks of processor time */
	uint64_t kids;	  /* the same, of children that were waited for */
	uint64_t threads; /* of its process */
	uint64_t start;	  /* ticks since boot */
};

/* Of thread @tid of @pid; @tid 0: of the whole process. 0; -ESRCH: there is no
 * such task; another negative errno: unknown. */
int sl_proc_stat(int32_t pid, int32_t tid, struct sl_proc_stat *ret_stat);

/* The same. */
int sl_proc_look(int32_t tid, struct sl_thread_look *ret_look);

#endif
