/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of filter.def as a table. */
#include "plan/filter.h"

#include <errno.h>

#include "base/compiler.h"
#include "sys/uapi_seccomp.h"

#define SL_VALUES(...)                               \
	.values = (const uint32_t[]){ __VA_ARGS__ }, \
	.count = sizeof((const uint32_t[]){ __VA_ARGS__ }) / sizeof(uint32_t)
#define SL_MASKED_IN(n, bits, ...)                          \
	{                                                   \
		.op = SL_OP_IN, .arg = (n), .mask = (bits), \
		SL_VALUES(__VA_ARGS__)                      \
	}
#define SL_MASKED_OUT(n, bits, ...)                          \
	{                                                    \
		.op = SL_OP_OUT, .arg = (n), .mask = (bits), \
		SL_VALUES(__VA_ARGS__)                       \
	}
#define SL_IN(n, ...) SL_MASKED_IN(n, UINT32_MAX, __VA_ARGS__)
#define SL_OUT(n, ...) SL_MASKED_OUT(n, UINT32_MAX, __VA_ARGS__)
#define SL_BITS(n, bits)                                     \
	{                                                    \
		.op = SL_OP_BITS, .arg = (n), .mask = (bits) \
	}
#define SL_SOME(n)                           \
	{                                    \
		.op = SL_OP_SOME, .arg = (n) \
	}

static const struct sl_filter_rule rules[] = {
#define SL_RULE(name, err, cond, what, ...) \
	{ .call = SL_SYS_##name,            \
	  .error = (err),                   \
	  .when = SL_WHEN_##cond,           \
	  .opens = (what),                  \
	  .text = #__VA_ARGS__,             \
	  .tests = { __VA_ARGS__ } },
#include "plan/filter.def"
#undef SL_RULE
};

const struct sl_filter_rule *sl_filter_rule_at(size_t i)
{
	return i < SL_ARRAY_LEN(rules) ? &rules[i] : NULL;
}

const struct sl_filter_rule *sl_filter_rule_first(enum sl_sys call)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(rules); i++)
		if (rules[i].call == call)
			return &rules[i];
	return NULL;
}

const struct sl_filter_rule *sl_filter_rule_next(const struct sl_filter_rule *rule)
{
	if (rule + 1 == rules + SL_ARRAY_LEN(rules) || rule[1].call != rule->call)
		return NULL;
	return rule + 1;
}

bool sl_filter_rule_holds(const struct sl_filter_rule *rule, unsigned int when)
{
	return (rule->when & ~when) == 0;
}
