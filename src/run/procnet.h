/* SPDX-License-Identifier: Apache-2.0 */
/* Whether a sandbox gets to see /proc/net. */
#ifndef SL_RUN_PROCNET_H
#define SL_RUN_PROCNET_H

#include <stdbool.h>

#include "run/ruleset.h"

/* Some grant of @ll leads there, by what became of it (@grants). */
bool sl_procnet_granted(const struct sl_plan_landlock *ll,
			const struct sl_grant *grants);

#endif
