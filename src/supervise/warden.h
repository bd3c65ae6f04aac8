/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps a sandbox within its memory: looks at it now and then,
 * ends the largest process when all have too much together, and notes peaks. It
 * runs inside the outer domain, so what it can signal is the sandbox; what it
 * cannot read there its clerk reads.
 */
#ifndef SL_SUPERVISE_WARDEN_H
#define SL_SUPERVISE_WARDEN_H

#include "supervise/census.h"
#include "supervise/clerk.h"
#include "supervise/hold.h"
#include "supervise/memory.h"
#include "supervise/watcher.h"

/* What was seen; complete when the warden has stopped. */
struct sl_usage {
	uint64_t memory_peak;
	uint32_t processes_peak;
	uint32_t ended;	 /* processes, for their memory */
	bool root_ended; /* the first process was one of them, or all were */
};

struct sl_warden {
	/* Set before it is prepared. */
	uint64_t memory_limit;	/* 0: none */
	bool sysv;		/* the sandbox may make System V segments */
	void (*end)(void *arg); /* ends the sandbox; from the warden's thread */
	void *arg;

	/* Its own. */
	struct sl_watcher watcher;
	bool prepared;
	int32_t root;
	uint32_t rounds; /* in a row that ended somebody */
	struct sl_census census;
	struct sl_clerk clerk;
	struct sl_memory memory;
	struct sl_hold hold; /* who came while it was looked */
	bool unseen;	     /* somebody was gone before its memory was read */
	bool sure;	     /* and nobody who came since has it */
	int32_t *pids;
	size_t room;
	struct sl_usage usage;
};

/* In the thread that will start it, before that is confined: 0, or a negative
 * errno and nothing is left. */
int sl_warden_prepare(struct sl_warden *warden, int32_t keeper);
/* From inside the domain. */
int sl_warden_start(struct sl_warden *warden, int32_t guardian, int32_t root);
/* Waits for its thread; fine also if it was never prepared. */
void sl_warden_stop(struct sl_warden *warden);

#endif
