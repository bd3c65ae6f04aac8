/* SPDX-License-Identifier: Apache-2.0 */
/* See limits.h. */
#include "run/limits.h"

#include <errno.h>

#include "base/compiler.h"
#include "base/error.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "supervise/census.h"
#include "supervise/hold.h"
#include "sys/uapi.h"

/* Who is of the sandbox is told by the scope of signals alone. */
static const enum sl_key keys[] = { SL_KEY_MEMORY, SL_KEY_PROCESSES, SL_KEY_CPU };

static bool scoped(const struct sl_plan *plan)
{
	return plan->landlock.border_scoped & SL_LL_SCOPE_SIGNAL;
}

static const char *lacking(int possible)
{
	switch (possible) {
	case -EACCES:
		return "/proc hides processes (mount option hidepid)";
	case -EPERM:
		return "the sysctl kernel.yama.ptrace_scope (2 or 3) or a "
		       "filter does not let processes be held back (ptrace)";
	default:
		return "/proc is not there, or is that of another pid "
		       "namespace";
	}
}

static int refuse(const struct sl_policy *policy, const struct sl_plan *plan,
		  enum sl_key key, int possible, struct sl_error *err)
{
	const struct sl_value *value = sl_policy_get(policy, key);
	const char *name = sl_key_info(key)->name;

	if (!scoped(plan))
		sl_err(err, -EOPNOTSUPP, SL_STAGE_CHECK,
		       "cannot be enforced without the protection "
		       "'signal-scope' (Linux 6.12), by which the processes of "
		       "the sandbox are told from others; hint: --set %s= goes "
		       "without the limit",
		       name);
	else
		sl_err(err, -EOPNOTSUPP, SL_STAGE_CHECK,
		       "cannot be enforced here: %s; hint: --set %s= goes "
		       "without the limit",
		       lacking(possible), name);
	return sl_policy_blame(err, -EOPNOTSUPP, key, &value->items[0].origin);
}

bool sl_limits_drop_wishes(struct sl_policy *policy, const struct sl_plan *plan)
{
	bool dropped = false;

	for (size_t i = 0; !scoped(plan) && i < SL_ARRAY_LEN(keys); i++) {
		const struct sl_value *value = sl_policy_get(policy, keys[i]);

		if (!value->count ||
		    value->items[0].origin.kind != SL_ORIGIN_PRESET)
			continue;
		sl_policy_clear(policy, keys[i]);
		dropped = true;
	}
	return dropped;
}

int sl_limits_check(const struct sl_policy *policy, const struct sl_plan *plan,
		    struct sl_error *err)
{
	int possible = 1; /* not looked at yet */

	if (!plan->filter.traps)
		return 0; /* a wish of a preset; without a supervisor */
	for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++) {
		if (!sl_policy_get(policy, keys[i])->count)
			continue;
		if (possible > 0)
			possible = sl_census_possible();
		if (possible == 0 && keys[i] == SL_KEY_CPU)
			possible = sl_hold_possible();
		if (possible < 0 || !scoped(plan))
			return refuse(policy, plan, keys[i], possible, err);
	}
	return 0;
}
