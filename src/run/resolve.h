/* SPDX-License-Identifier: Apache-2.0 */
/* The host names of network rules -> addresses, by the system's resolver. */
#ifndef SL_RUN_RESOLVE_H
#define SL_RUN_RESOLVE_H

#include "base/error.h"
#include "policy/netmake.h"
#include "policy/policy.h"

/*
 * Looks up every host name of @policy, once, in SL_MAX_NAMES_MS at most; those in
 * @known (or NULL) are taken from there. Nothing left to look up: nothing is
 * started. Otherwise a program is, which is gone when this returns; no child,
 * thread or signal of it is seen by the caller's process. Errors name the rule.
 */
int sl_resolve(const struct sl_policy *policy, const struct sl_net_pins *known,
	       struct sl_net_pins *ret_pins, struct sl_error *err);

/* The first rule of @policy that has the host name @name; there is one. */
const struct sl_item *sl_resolve_rule(const struct sl_policy *policy,
				      const char *name);

#endif
