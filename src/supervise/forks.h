/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How many processes a sandbox may have at the same time. Nobody is told when
 * one ends; who is alive is counted when it matters (census.h). Between that
 * and the next time stands an upper bound: each fork that was let run.
 */
#ifndef SL_SUPERVISE_FORKS_H
#define SL_SUPERVISE_FORKS_H

#include <stdbool.h>
#include <stdint.h>

#include "supervise/census.h"

/* Let run, and not known to be over: more at once are refused. */
#define SL_FORKS_PENDING 1024

/* A fork that was let run: whether it made a process shows only afterwards. */
struct sl_fork {
	int32_t tid;   /* that makes it */
	bool settled;  /* it is over; kept for `tick` */
	bool alone;    /* no other one of tid's began in the same tick */
	uint64_t tick; /* when, in ticks since boot */
	uint64_t spent; /* by tid in ticks, + 1, when first looked at; 0: never */
};

struct sl_forks {
	uint32_t limit;	  /* 0: none */
	uint32_t bound;	  /* no more than that are alive or being made */
	uint32_t peak;	  /* most that a census found */
	uint32_t refused; /* forks */
	uint32_t count;	  /* of pending[] */
	struct sl_census census;
	struct sl_fork pending[SL_FORKS_PENDING];
};

#endif
