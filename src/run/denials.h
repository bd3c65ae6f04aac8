/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The denials of one run: equal ones folded into one entry with a count, a
 * bounded number of entries, and everything counted. With `live` each single
 * one waits, too, for a caller who reads them while the sandbox runs.
 *
 * An entry is explained when it is asked for, by the engine behind sandlock
 * explain, so that both name the same smallest change.
 */
#ifndef SL_RUN_DENIALS_H
#define SL_RUN_DENIALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "run/explain.h"
#include "supervise/event.h"

struct sl_denial_entry {
	struct sl_event_info info; /* of the first one */
	uint64_t count, hash;
	const char *program, *object; /* with a NUL, in this very block */
	bool explained;
	struct sl_ex_answer answer; /* zeroed if nothing can be said */
	char bytes[];
};

struct sl_denials {
	struct sl_denial_entry **list; /* in the order of their first one */
	size_t count;
	size_t bytes;	  /* of the strings */
	uint64_t total;	  /* with what is not kept */
	uint64_t dropped; /* that never came: set by whoever knows */
	uint16_t *slots;  /* index + 1 in list, by hash */
	bool live;
	struct sl_denial_waiting *first, *last, *told;
	size_t waiting;
	const struct sl_policy *policy; /* borrowed, for explanations */
	const struct sl_net_pins *pins; /* and the names in it */
	struct sl_explain *explain;
	size_t explained;
	bool mute; /* the policy cannot be explained */
};

void sl_denials_fini(struct sl_denials *denials);
/* What memory does not suffice for is counted and lost. */
void sl_denials_add(struct sl_denials *denials, const struct sl_event *event);
/* All that happened, as far as it is known. */
uint64_t sl_denials_total(const struct sl_denials *denials);

/* Entry @index, explained; NULL past the end. */
const struct sl_denial_entry *sl_denials_at(struct sl_denials *denials,
					    size_t index);
/* The next single one, with a count of 1, until the next call; NULL: none. */
const struct sl_denial_entry *sl_denials_next(struct sl_denials *denials);

/* "no write grant" and the like; static. */
const char *sl_denial_rule_name(unsigned int rule);
/* "change", "connect"; static. */
const char *sl_denial_access_name(unsigned int access);

/* denials_explain.c: fill entry->answer. */
void sl_denials_explain(struct sl_denials *denials,
			struct sl_denial_entry *entry);

#endif
