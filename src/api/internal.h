/* SPDX-License-Identifier: Apache-2.0 */
/* Between the public types and ours. */
#ifndef SL_API_INTERNAL_H
#define SL_API_INTERNAL_H

#include <sandlock/sandlock.h>

#include "base/error.h"

/* One layout (asserted in api_error.c), two names. */
struct sl_policy;
/* api_policy.c; borrowed. */
struct sl_policy *sl_api_policy(const sandlock_policy *policy);

/* A caller's struct that claims to be larger has a size that was never set. */
#define SL_API_MAX_STRUCT 4096

static inline struct sl_error *sl_api_error(sandlock_error *err)
{
	/* Of this call only, whatever the caller's memory held. */
	sl_error_clear((struct sl_error *)err);
	return (struct sl_error *)err;
}

#endif
