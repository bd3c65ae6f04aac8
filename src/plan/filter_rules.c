/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of filter.def and the rows of notify.def as tables. */
#include "plan/notify.h"

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

/* ------------------------------------------------ what was refused */

/* As act_of_call() and emit_judge() of filter_build.c; a test compares them. */
int sl_filter_refusal(enum sl_sys call, unsigned int when, const uint8_t *list,
		      const uint64_t args[6])
{
	const struct sl_filter_rule *rule = sl_filter_rule_first(call);
	bool first = true;

	if (list[call] == SL_LIST_ALLOW)
		return 0;
	for (; rule; rule = sl_filter_rule_next(rule)) {
		if (!sl_filter_rule_holds(rule, when))
			continue;
		/* Denied by name, but for what is refused in any case. */
		if (first && list[call] == SL_LIST_DENY &&
		    !sl_filter_rule_plain(rule))
			return EPERM;
		if (sl_filter_rule_plain(rule) ||
		    sl_filter_rule_judge(rule, args))
			return rule->error;
		first = false;
	}
	return list[call] == SL_LIST_DENY ? EPERM : 0;
}

bool sl_filter_looks_at(enum sl_sys call, unsigned int when, unsigned int arg)
{
	const struct sl_filter_rule *rule = sl_filter_rule_first(call);

	for (; rule; rule = sl_filter_rule_next(rule))
		for (size_t i = 0; i < SL_RULE_TESTS; i++)
			if (sl_filter_rule_holds(rule, when) &&
			    rule->tests[i].op != SL_OP_NONE &&
			    rule->tests[i].arg == arg)
				return true;
	return false;
}

/* ------------------------------------------------ what is judged */

#define SL_NOTIFY(name, cond, func, mem, bnd, what, ...) \
	{ .rule = { .call = SL_SYS_##name,               \
		    .error = SL_FILTER_TRAP,             \
		    .when = SL_WHEN_##cond,              \
		    .opens = (what),                     \
		    .text = #__VA_ARGS__,                \
		    .tests = { __VA_ARGS__ } },          \
	  .handler = #func,                              \
	  .memory = SL_NOTIFY_##mem,                     \
	  .bound = SL_BOUND_##bnd },
static const struct sl_notify_row rows[] = {
#include "plan/notify.def"
};
#undef SL_NOTIFY

const struct sl_notify_row *sl_notify_row_at(size_t i)
{
	return i < SL_ARRAY_LEN(rows) ? &rows[i] : NULL;
}

const struct sl_notify_row *sl_notify_row_first(enum sl_sys call)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
		if (rows[i].rule.call == call)
			return &rows[i];
	return NULL;
}

const struct sl_notify_row *sl_notify_row_next(const struct sl_notify_row *row)
{
	if (row + 1 == rows + SL_ARRAY_LEN(rows) ||
	    row[1].rule.call != row->rule.call)
		return NULL;
	return row + 1;
}

const struct sl_notify_row *sl_notify_row_hit(enum sl_sys call, unsigned int when,
					      const uint64_t args[6])
{
	const struct sl_notify_row *row = sl_notify_row_first(call);

	while (row && (!sl_filter_rule_holds(&row->rule, when) ||
		       !sl_filter_rule_judge(&row->rule, args)))
		row = sl_notify_row_next(row);
	return row;
}
