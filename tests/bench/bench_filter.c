/* SPDX-License-Identifier: Apache-2.0 */
/* Prints how many BPF instructions the filter of an empty policy has here. */
#include <stdio.h>

#include "plan/plan.h"
#include "policy/policy.h"
#include "sys/probe.h"

int main(void)
{
	SL_AUTO(sl_policy) policy = NULL;
	SL_AUTO(sl_plan) plan = NULL;
	struct sl_error err = { 0 };
	struct sl_probe probe;

	sl_probe(&probe);
	if (sl_policy_new(&policy) < 0 ||
	    sl_plan_compile(policy, &probe, &plan, &err) < 0) {
		fprintf(stderr, "bench_filter: %s\n", err.msg);
		return 1;
	}
	printf("%zu\n", plan->filter.count);
	return 0;
}
