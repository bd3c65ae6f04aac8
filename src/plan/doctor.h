/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The doctor: features.def + facts of sys/host.h + policy -> what is there,
 * what is missing, what that costs, and what to do. Pure: the facts are given.
 */
#ifndef SL_PLAN_DOCTOR_H
#define SL_PLAN_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"
#include "sys/host.h"

enum sl_feature {
#define SL_FEATURE(id, name, looks, gives) SL_FEATURE_##id,
#include "plan/features.def"
#undef SL_FEATURE
	SL_FEATURE_COUNT
};

struct sl_feature_info {
	const char *name;
	const char *gives;
	uint32_t looks; /* for sl_host_look() */
};

/* NULL past the end. */
const struct sl_feature_info *sl_feature_info(size_t index);

/* What a policy asks of the host; zero asks for nothing. */
struct sl_demand {
	uint32_t protections; /* bit per enum sl_protection that must be there */
	unsigned int domains; /* Landlock domains a run enters */
	bool supervised;
	bool private_tmp;
	bool user_namespace;
	bool same_addresses;
	bool names; /* of hosts, in network rules */
};

/*
 * Fails with what is wrong with @policy on every kernel. @euid and @egid are
 * the caller's: --user needs nothing where it changes nothing.
 */
int sl_doctor_demand(const struct sl_policy *policy, uint32_t euid, uint32_t egid,
		     struct sl_demand *ret_demand, struct sl_error *err);

enum sl_feature_state {
	SL_FEATURE_MISSING = 0,
	SL_FEATURE_PRESENT = 1,
	SL_FEATURE_LIMITED = 2 /* there, but `detail` says what it lacks */
};

struct sl_finding {
	enum sl_feature_state state;
	bool needed;	 /* by the policy */
	bool protection; /* --allow-degraded NAME goes without */
	bool library;	 /* needed by a host of the library only */
	int64_t number;	 /* an ABI, a mask, a count: see libsandlock(3) */
	char detail[256];
	char remedy[768];
};

/* Judges row @feature by facts that were looked at with its `looks`. */
void sl_doctor_judge(enum sl_feature feature, const struct sl_host *host,
		     const struct sl_demand *demand,
		     struct sl_finding *ret_finding);

#endif
