/* SPDX-License-Identifier: Apache-2.0 */
/* Carve-outs as the user named them -> rules on absolute paths, in the caller's
 * context: its working directory, the symbolic links that lie there now. */
#ifndef SL_RUN_CARVESET_H
#define SL_RUN_CARVESET_H

#include <stddef.h>

#include "base/error.h"
#include "policy/policy.h"
#include "supervise/carve.h"

struct sl_carve_set {
	struct sl_carve_rule *rules; /* with their strings, from malloc */
	size_t count;
};

/* @set is zeroed; call sl_carve_set_fini() either way. */
int sl_carve_set_make(const struct sl_policy *policy, struct sl_carve_set *set,
		      struct sl_error *err);
void sl_carve_set_fini(struct sl_carve_set *set);

#endif
