/* SPDX-License-Identifier: Apache-2.0 */
/* Can the limits of a whole tree be kept here. */
#ifndef SL_RUN_LIMITS_H
#define SL_RUN_LIMITS_H

#include <stdbool.h>

struct sl_error;
struct sl_plan;
struct sl_policy;

/* What a preset wishes for gives way where the signal scope was given up by
 * name: true if there was such a limit. */
bool sl_limits_drop_wishes(struct sl_policy *policy, const struct sl_plan *plan);
/* Outside of any domain. */
int sl_limits_check(const struct sl_policy *policy, const struct sl_plan *plan,
		    struct sl_error *err);

#endif
