/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread that keeps a sandbox within its share of the processor: looks at
 * what all of it has used (share.h), and holds back what runs (hold.h) until
 * that is paid for. Like the warden it is inside the outer domain, and has a
 * clerk outside.
 */
#ifndef SL_SUPERVISE_BRAKE_H
#define SL_SUPERVISE_BRAKE_H

#include "supervise/census.h"
#include "supervise/clerk.h"
#include "supervise/hold.h"
#include "supervise/meter.h"
#include "supervise/share.h"
#include "supervise/watcher.h"

struct sl_brake {
	/* Set before it is prepared. */
	uint32_t percent;	/* of one core */
	const uint64_t *reaped; /* what the guardian's waits returned, ns */
	const int64_t *jobs;	/* what patient threads used, ns */
	void (*end)(void *arg); /* ends the sandbox; from the brake's threads */
	void *arg;

	/* Complete when it has stopped. */
	uint64_t held_ns; /* how long something was held back */
	uint32_t ended;	  /* processes that could not be */
	bool root_ended;  /* the first process was one of them */
	bool given_up;	  /* all were ended */

	/* Its own. */
	struct sl_watcher watcher;
	clockid_t judge; /* the clock of the thread that prepared it */
	bool prepared;
	int32_t root;
	bool holding;
	bool all;	     /* also those that sleep */
	int64_t since_ns;    /* the last look that held */
	unsigned int rising; /* looks at which there was more debt */
	struct sl_census census;
	struct sl_clerk clerk;
	struct sl_meter meter;
	struct sl_share share;
	struct sl_hold hold;
	int32_t *pids;
	size_t room;
};

/* In the judge's thread, which will start it, before that is confined: 0, or a
 * negative errno and nothing is left. */
int sl_brake_prepare(struct sl_brake *brake, int32_t keeper);
/* From inside the domain. */
int sl_brake_start(struct sl_brake *brake, int32_t guardian, int32_t root);
/* Waits for its thread; fine also if it was never prepared. */
void sl_brake_stop(struct sl_brake *brake);

#endif
