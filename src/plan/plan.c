/* SPDX-License-Identifier: Apache-2.0 */
/* Policy + probe -> plan: each half in a file of its own. */
#include "plan/plan.h"

#include <errno.h>
#include <stdlib.h>

void sl_plan_free(struct sl_plan *plan)
{
	if (!plan)
		return;
	sl_plan_landlock_fini(&plan->landlock);
	free(plan->filter.insns);
	free(plan);
}

int sl_plan_compile(const struct sl_policy *policy, const struct sl_probe *probe,
		    struct sl_plan **ret_plan, struct sl_error *err)
{
	SL_AUTO(sl_plan) plan = calloc(1, sizeof(*plan));
	int r;

	if (!plan)
		return sl_err(err, -ENOMEM, SL_STAGE_COMPILE, "out of memory");
	plan->policy = policy;
	r = sl_plan_compile_landlock(policy, probe, &plan->landlock, err);
	if (r < 0)
		return r;
	r = sl_plan_compile_filter(policy, probe, &plan->filter, err);
	if (r < 0)
		return r;
	*ret_plan = sl_take_ptr(&plan);
	return 0;
}
