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

/* 0; -ESRCH: there is no such task; another negative errno: unknown. */
int sl_proc_look(int32_t tid, struct sl_thread_look *ret_look);

#endif
