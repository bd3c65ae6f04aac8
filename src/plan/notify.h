/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rows of notify.def: which calls are trapped, and what may be answered.
 * Their handlers are the supervisor's to know (supervise/dispatch.c).
 */
#ifndef SL_PLAN_NOTIFY_H
#define SL_PLAN_NOTIFY_H

#include "plan/filter.h"

enum sl_notify_memory {
	SL_NOTIFY_READS = 0, /* the decision reads the caller's memory */
	SL_NOTIFY_REGS,
};

/* The kernel rule that bounds a call which is let run. */
enum sl_notify_bound {
	SL_BOUND_NEVER = 0, /* none: it is never let run */
	SL_BOUND_LANDLOCK,  /* the sandbox's own domain judges it again */
	SL_BOUND_HELPED,    /* nothing is judged: anything may run */
	SL_BOUND_REGS,	    /* it reads no memory: nothing is left to judge */
	/* None of the kernel: the handler asks for a second look at what came
	 * of it, and a result that it would have refused ends the process. */
	SL_BOUND_AFTERWARDS,
};

struct sl_notify_row {
	/* .error is SL_FILTER_TRAP; .opens is what is judged. */
	struct sl_filter_rule rule;
	const char *handler;
	uint8_t memory; /* enum sl_notify_memory */
	uint8_t bound;	/* enum sl_notify_bound */
};

/* NULL behind the last one; @i is also the handler's index. */
const struct sl_notify_row *sl_notify_row_at(size_t i);
/* The first row of @call, or NULL. */
const struct sl_notify_row *sl_notify_row_first(enum sl_sys call);
/* The next one of the same call, or NULL. */
const struct sl_notify_row *sl_notify_row_next(const struct sl_notify_row *row);

/* The row that traps a call with these arguments when @when holds, or NULL. It
 * does not ask whether a refusal comes first. */
const struct sl_notify_row *sl_notify_row_hit(enum sl_sys call, unsigned int when,
					      const uint64_t args[6]);

#endif
