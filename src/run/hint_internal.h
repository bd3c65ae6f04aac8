/* SPDX-License-Identifier: Apache-2.0 */
/* What hint.c and hint_add.c share. */
#ifndef SL_RUN_HINT_INTERNAL_H
#define SL_RUN_HINT_INTERNAL_H

#include "run/explain_internal.h"

struct sl_hint_finder {
	struct sl_explain *ex;
	struct sl_hints *hints; /* with room for one more */
	int status;
};

/* The refusal @judgement of @ask becomes a hint, unless it is one already. */
void sl_hint_add_path(struct sl_hint_finder *f, const struct sl_clue *clue,
		      const struct sl_ask *ask, struct sl_judgement *judgement);
/* @what: the subject of the sentence; NULL: from the answer. */
void sl_hint_add_net(struct sl_hint_finder *f, const struct sl_clue *clue,
		     const struct sl_ask *ask, struct sl_judgement *judgement,
		     const char *what);
/* @object is taken, and nothing of the policy is in the way. */
void sl_hint_add_taken(struct sl_hint_finder *f, const struct sl_clue *clue,
		       const char *object);

#endif
