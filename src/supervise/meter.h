/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much processor time each process of a sandbox has used, and which of
 * their threads run now. For threads outside of any domain, as proc.h.
 */
#ifndef SL_SUPERVISE_METER_H
#define SL_SUPERVISE_METER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_meter_process {
	int32_t pid;
	uint64_t start;	  /* ticks since boot */
	uint64_t own_ns;  /* of all its threads, also those that ended */
	uint64_t kids_ns; /* of children that it waited for; in ticks */
};

struct sl_meter_thread {
	int32_t pid, tid;
};

enum sl_meter_want {
	SL_METER_TIME = 0,
	SL_METER_RUNNING, /* threads that run or wait for a processor */
	SL_METER_AWAKE,	  /* and those that sleep and could be woken */
};

struct sl_meter {
	enum sl_meter_want want;
	struct sl_meter_process *list; /* with their pid; the rest is filled in */
	size_t count, room;
	struct sl_meter_thread *running;
	size_t running_count, running_room;
	/* How much of a core the running ones get, in 1/1000; with those that
	 * ended since they were listed, which ran as well. */
	uint64_t weight;
	uint64_t usual;	 /* of one of them */
	int64_t cost_ns; /* processor time of having read it */
};

/* Those that are gone are taken from the list. 0, or a negative errno: one that
 * is not gone could not be read. */
int sl_meter_read(struct sl_meter *meter);
/* Processor time of the calling thread. */
int64_t sl_meter_spent(void);
void sl_meter_fini(struct sl_meter *meter);

#endif
