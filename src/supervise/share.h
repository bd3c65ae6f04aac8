/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much processor time a tree of processes may use, and how much it did: a
 * bucket that fills by the share asked for and is emptied by what was used,
 * into debt if need be. Pure: it is told what was seen (meter.h), and when.
 */
#ifndef SL_SUPERVISE_SHARE_H
#define SL_SUPERVISE_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_meter;

/* A process at the last look. */
struct sl_share_seen {
	int32_t pid;
	uint64_t start;
	uint64_t own_ns;
};

struct sl_share {
	uint32_t percent; /* of one core */
	uint32_t cores;
	int64_t burst_ns;  /* what the bucket holds at most */
	int64_t tokens_ns; /* what may be used now; negative: debt */
	int64_t last_ns;   /* the last look */
	int64_t total_ns;  /* all that showed at it */
	int64_t judged_ns; /* what calls of it had cost whoever judges them */
	/* Of processes that are gone, and not yet in the sum of those who
	 * waited for them, which /proc tells in ticks. */
	int64_t pending_ns;
	/* Until then nobody waits for what ends, so it shows nowhere. */
	int64_t unseen_until_ns;
	int64_t spare_ns; /* that could have been used, and was not charged */
	int64_t summed_ns,
		sampled_ns;	    /* during that, by the one and the other */
	struct sl_share_seen *seen; /* ascending pid */
	size_t count, room;
};

void sl_share_init(struct sl_share *share, uint32_t percent, uint32_t cores,
		   int64_t now_ns);
void sl_share_fini(struct sl_share *share);

/* What was used since the last look: it is charged and returned. @reaped_ns: of
 * all that the guardian has waited for; @judged_ns: of our threads that do
 * calls of it, ever. -ENOMEM. */
int64_t sl_share_charge(struct sl_share *share, const struct sl_meter *meter,
			uint64_t reaped_ns, int64_t judged_ns, int64_t now_ns);
/* Are ends unseen, so that it must be known how many run. */
bool sl_share_samples(const struct sl_share *share, int64_t now_ns);
/* Is the bucket full enough to go on. */
bool sl_share_refilled(const struct sl_share *share);
/* Until it can be empty, or with debt until it is refilled. */
int64_t sl_share_pause(const struct sl_share *share);
/* The share of @ns. */
int64_t sl_share_of(const struct sl_share *share, int64_t ns);

#endif
