/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy asks of the host. The judges of the rows: doctor_rows.c and
 * doctor_landlock.c.
 */
#include "plan/doctor.h"

#include "base/compiler.h"
#include "plan/filter.h"
#include "plan/plan.h"
#include "sys/landlock.h"

static const struct sl_feature_info infos[SL_FEATURE_COUNT] = {
#define SL_FEATURE(fid, fname, flooks, fgives) \
	[SL_FEATURE_##fid] = { .name = fname, .gives = fgives, .looks = flooks },
#include "plan/features.def"
#undef SL_FEATURE
};

const struct sl_feature_info *sl_feature_info(size_t index)
{
	return index < SL_FEATURE_COUNT ? &infos[index] : NULL;
}

int sl_doctor_demand(const struct sl_policy *policy, uint32_t euid, uint32_t egid,
		     struct sl_demand *ret_demand, struct sl_error *err)
{
	/* A kernel that lacks nothing: what fails here fails everywhere. */
	const struct sl_probe ideal = { .landlock_abi = SL_LL_ABI_KNOWN };
	uint64_t user = sl_policy_num(policy, SL_KEY_USER, 0);
	struct sl_demand demand = { 0 };
	SL_AUTO(sl_plan) plan = NULL;
	int r;

	r = sl_policy_check(policy, err);
	if (r < 0)
		return r;
	r = sl_plan_compile(policy, &ideal, &plan, err);
	if (r < 0)
		return r;
	for (enum sl_protection p = 0; p < SL_PROT_COUNT; p++)
		if (sl_plan_demands(policy, p))
			demand.protections |= 1u << p;
	demand.supervised = !sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR);
	demand.domains = 1;
	if (demand.supervised &&
	    (plan->landlock.border_fs | plan->landlock.border_scoped))
		demand.domains = 2;
	demand.private_tmp = demand.supervised &&
			     sl_policy_bool(policy, SL_KEY_PRIVATE_TMP);
	demand.user_namespace = sl_policy_get(policy, SL_KEY_USER)->set &&
				((uint32_t)(user >> 32) != euid ||
				 (uint32_t)user != egid);
	demand.same_addresses = sl_policy_bool(policy,
					       SL_KEY_NO_RANDOMIZE_MEMORY);
	demand.names = plan->filter.when & SL_WHEN_HOSTS;
	*ret_demand = demand;
	return 0;
}
