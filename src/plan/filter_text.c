/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of the filter for people: their tests in words, and arguments that
 * meet them. Pure; nothing here decides what is refused.
 */
#include "plan/filter.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"

#define NAMED 6
#define CANDIDATES 64

static const struct {
	enum sl_sys call;
	const char *args[NAMED];
} names[] = {
	{ SL_SYS_clone, { "flags" } },
	{ SL_SYS_fcntl, { "fd", "cmd", "arg" } },
	{ SL_SYS_ioctl, { "fd", "request" } },
	{ SL_SYS_ioprio_set, { "which", "who" } },
	{ SL_SYS_personality, { "persona" } },
	{ SL_SYS_prctl, { "option" } },
	{ SL_SYS_prlimit64, { "pid", "resource", "new_limit" } },
	{ SL_SYS_sched_setaffinity, { "pid" } },
	{ SL_SYS_sched_setattr, { "pid" } },
	{ SL_SYS_sched_setparam, { "pid" } },
	{ SL_SYS_sched_setscheduler, { "pid" } },
	{ SL_SYS_sendmmsg, { "fd", "vec", "vlen", "flags" } },
	{ SL_SYS_sendmsg, { "fd", "msg", "flags" } },
	{ SL_SYS_sendto, { "fd", "buf", "len", "flags" } },
	{ SL_SYS_setpriority, { "which", "who" } },
	{ SL_SYS_setsockopt, { "fd", "level", "option" } },
	{ SL_SYS_socket, { "domain", "type", "protocol" } },
	{ SL_SYS_socketpair, { "domain", "type", "protocol" } },
};

static void put_arg(struct sl_buf *out, enum sl_sys call, uint8_t arg)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
		if (names[i].call == call && arg < NAMED && names[i].args[arg]) {
			sl_buf_adds(out, names[i].args[arg]);
			return;
		}
	sl_buf_addf(out, "argument %d", arg + 1);
}

/* One word between commas, without our prefix; moves @at behind it. */
static void put_word(struct sl_buf *out, const char **at)
{
	const char *s = *at + strspn(*at, ", \n\t");
	size_t len = strcspn(s, ",)");

	*at = s + len;
	for (size_t i = 0; i < len; i++) {
		if (strncmp(s + i, "SL_", 3) == 0)
			i += 2;
		else if (!isspace((unsigned char)s[i]) || s[i] == ' ')
			sl_buf_addc(out, s[i]);
	}
}

static void skip_word(const char **at)
{
	sl_autobuf nowhere = SL_BUF_INIT(256);

	put_word(&nowhere, at);
}

static void put_values(struct sl_buf *out, const struct sl_arg_test *test,
		       const char **at)
{
	bool none = test->op == SL_OP_OUT;

	sl_buf_adds(out, none ? (test->count > 1 ? " is neither " : " is not ")
			      : " is ");
	for (uint8_t i = 0; i < test->count; i++) {
		const char *between = ", ";

		if (i + 1 == test->count)
			between = none ? " nor " : " or ";
		if (i)
			sl_buf_adds(out, between);
		put_word(out, at);
	}
}

/* @at: behind the name of the macro that made @test. */
static void put_test(struct sl_buf *out, const struct sl_filter_rule *rule,
		     const struct sl_arg_test *test, const char *at)
{
	bool masked = test->mask != UINT32_MAX;

	skip_word(&at); /* the number of the argument */
	put_arg(out, rule->call, test->arg);
	switch (test->op) {
	case SL_OP_BITS:
		sl_buf_adds(out, " has a bit of ");
		put_word(out, &at);
		return;
	case SL_OP_SOME:
		sl_buf_adds(out, " is not NULL");
		return;
	case SL_OP_IN:
	case SL_OP_OUT:
		/* The flags beside a socket's type need no word. */
		if (masked && test->mask != 0xf)
			sl_buf_addf(out, " & %#x", test->mask);
		if (masked)
			skip_word(&at);
		put_values(out, test, &at);
		return;
	case SL_OP_NONE:
		return;
	}
}

void sl_filter_rule_text(const struct sl_filter_rule *rule, char *buf, size_t len)
{
	sl_autobuf out = SL_BUF_INIT(1024);
	const char *at = rule->text;

	for (size_t i = 0; i < SL_RULE_TESTS; i++) {
		if (rule->tests[i].op == SL_OP_NONE || !(at = strchr(at, '(')))
			break;
		if (i)
			sl_buf_adds(&out, " and ");
		put_test(&out, rule, &rule->tests[i], ++at);
	}
	snprintf(buf, len, "%s", out.data ? out.data : "");
}

static bool holds(const struct sl_arg_test *test, const uint64_t args[6])
{
	uint32_t low = (uint32_t)args[test->arg];
	bool among = false;

	if (test->op == SL_OP_SOME)
		return args[test->arg] != 0;
	if (test->op == SL_OP_BITS)
		return (low & test->mask) != 0;
	for (uint8_t i = 0; i < test->count; i++)
		among |= (low & test->mask) == test->values[i];
	return among == (test->op == SL_OP_IN);
}

int sl_filter_rule_judge(const struct sl_filter_rule *rule,
			 const uint64_t args[6])
{
	for (size_t i = 0; i < SL_RULE_TESTS; i++) {
		if (rule->tests[i].op == SL_OP_NONE)
			break;
		if (!holds(&rule->tests[i], args))
			return 0;
	}
	return rule->error;
}

static const struct sl_filter_rule *first_hit(enum sl_sys call, unsigned int when,
					      const uint64_t args[6])
{
	const struct sl_filter_rule *rule = sl_filter_rule_first(call);

	for (; rule; rule = sl_filter_rule_next(rule))
		if (sl_filter_rule_holds(rule, when) &&
		    sl_filter_rule_judge(rule, args))
			return rule;
	return NULL;
}

struct candidates {
	uint64_t values[CANDIDATES];
	size_t count;
};

static void offer(struct candidates *set, uint64_t value)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->values[i] == value)
			return;
	if (set->count < CANDIDATES)
		set->values[set->count++] = value;
}

/* All values of @arg that some rule of @call tells apart, and two that none
 * does. Ordinary ones first: they make the better example. */
static void collect(struct candidates *set, enum sl_sys call, uint8_t arg)
{
	const struct sl_filter_rule *rule;

	offer(set, 0);
	offer(set, 1);
	for (rule = sl_filter_rule_first(call); rule;
	     rule = sl_filter_rule_next(rule))
		for (size_t i = 0; i < SL_RULE_TESTS; i++) {
			const struct sl_arg_test *test = &rule->tests[i];

			if (test->op == SL_OP_NONE || test->arg != arg)
				continue;
			if (test->op == SL_OP_BITS)
				offer(set, test->mask & -test->mask);
			for (uint8_t v = 0; v < test->count; v++) {
				offer(set, test->values[v]);
				/* Same under the mask, not the same value. */
				offer(set,
				      test->values[v] | (~test->mask & 0xff));
			}
		}
	offer(set, 0x7ffe);
}

bool sl_filter_witness(enum sl_sys call, const struct sl_filter_rule *rule,
		       unsigned int when, uint64_t ret_args[6])
{
	struct candidates sets[4] = { 0 };
	uint64_t args[6] = { 0 };

	for (uint8_t arg = 0; arg < 4; arg++)
		collect(&sets[arg], call, arg);
	for (size_t a = 0; a < sets[0].count; a++)
		for (size_t b = 0; b < sets[1].count; b++)
			for (size_t c = 0; c < sets[2].count * sets[3].count;
			     c++) {
				args[0] = sets[0].values[a];
				args[1] = sets[1].values[b];
				args[2] = sets[2].values[c % sets[2].count];
				args[3] = sets[3].values[c / sets[2].count];
				if (first_hit(call, when, args) != rule)
					continue;
				memcpy(ret_args, args, sizeof(args));
				return true;
			}
	return false;
}
