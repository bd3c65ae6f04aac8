/* SPDX-License-Identifier: Apache-2.0 */
/* Short forms shared by the tests of the policy layer. */
#ifndef TESTS_POLICY_HELPERS_H
#define TESTS_POLICY_HELPERS_H

#include <errno.h>

#include "harness/harness.h"
#include "policy/policy.h"

/* A table-driven test names the row that failed. */
#define CASE(cond, what)                                                        \
	do {                                                                    \
		if (!(cond))                                                    \
			th_fail(__FILE__, __LINE__, "%s: '%s'", #cond, (what)); \
	} while (0)

static inline struct sl_policy *policy_new(void)
{
	struct sl_policy *policy = NULL;

	ASSERT_EQ(sl_policy_new(&policy), 0);
	return policy;
}

/* As if a flag of that name had been given. */
static inline int set_flag(struct sl_policy *policy, enum sl_key key,
			   const char *text, struct sl_error *err)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_API,
				    .source = sl_key_info(key)->flag };

	sl_error_clear(err);
	return sl_policy_set(policy, key, text, &origin, err);
}

/* Must work; for setting up. */
static inline void set_ok(struct sl_policy *policy, enum sl_key key,
			  const char *text)
{
	struct sl_error err = { 0 };

	ASSERT_EQ(set_flag(policy, key, text, &err), 0);
	ASSERT_EQ(err.code, 0);
}

static inline const struct sl_item *item_at(const struct sl_policy *policy,
					    enum sl_key key, size_t i)
{
	const struct sl_value *value = sl_policy_get(policy, key);

	ASSERT_LT(i, value->count);
	return &value->items[i];
}

#endif
