/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The filter of --why against the one without. It may ask more often; it lets
 * nothing pass that the other does not, and what the judge answers for it is
 * what the other one does.
 */
#include "plan/notify.h"

#include "harness/harness.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>

#include "plan/bpf_sim.h"
#include "sys/uapi_seccomp.h"

struct pair {
	struct sl_filter_spec spec; /* without */
	struct sock_filter *bare, *why;
	size_t bare_count, why_count;
};

static void build(struct pair *pair)
{
	struct sl_filter_spec spec = pair->spec;
	struct sl_error err = { 0 };

	ASSERT_EQ(sl_filter_build(&spec, &pair->bare, &pair->bare_count, &err),
		  0);
	spec.when |= SL_WHEN_WHY;
	ASSERT_EQ(sl_filter_build(&spec, &pair->why, &pair->why_count, &err), 0);
}

static void drop(struct pair *pair)
{
	free(pair->bare);
	free(pair->why);
}

static uint32_t action(const struct sock_filter *insns, size_t count, int nr,
		       const uint64_t args[6])
{
	struct sl_seccomp_data data = { .nr = nr,
					.arch = sl_arch_audit(SL_ARCH_NATIVE) };
	struct sl_bpf_result result;

	memcpy(data.args, args, sizeof(data.args));
	ASSERT_EQ(sl_bpf_run(insns, count, &data, &result), 0);
	return result.action;
}

/* What becomes of the call by filter and dispatcher together: 0 runs, -1 a
 * judge decides as without, else the errno. */
static int outcome(const struct pair *pair, enum sl_sys call, uint32_t act,
		   unsigned int when, const uint64_t args[6])
{
	const struct sl_notify_row *row;
	int error;

	if (act == SL_SECCOMP_ALLOW)
		return 0;
	if ((act & ~SL_SECCOMP_DATA) == SL_SECCOMP_ERRNO)
		return (int)(act & SL_SECCOMP_DATA);
	ASSERT_EQ(act, SL_SECCOMP_USER_NOTIF);
	/* As dispatch.c does. */
	error = when & SL_WHEN_WHY
			? sl_filter_refusal(call, when, pair->spec.list, args)
			: 0;
	if (error)
		return error;
	row = sl_notify_row_hit(call, when, args);
	if (!row)
		return EPERM;
	return row->rule.when & SL_WHEN_WHY ? 0 : -1;
}

static void compare(const struct pair *pair, enum sl_sys call,
		    const uint64_t args[6])
{
	int nr = sl_sys_number(call, SL_ARCH_NATIVE);
	int bare = outcome(pair, call,
			   action(pair->bare, pair->bare_count, nr, args),
			   pair->spec.when, args);
	int why = outcome(pair, call,
			  action(pair->why, pair->why_count, nr, args),
			  pair->spec.when | SL_WHEN_WHY, args);

	if (bare != why)
		th_fail(__FILE__, __LINE__, "%s: %d without, %d with",
			sl_sys_name(call), bare, why);
}

static void compare_all(const struct pair *pair)
{
	static const uint64_t values[] = { 0,	   1,	   2,	   3,
					   6,	   10,	   17,	   0x40,
					   0x5413, 0x5412, 0x8901, ~0ull };
	uint64_t args[6] = { 0 };

	for (int i = 0; i < SL_SYS_COUNT; i++) {
		enum sl_sys call = (enum sl_sys)i;
		const struct sl_filter_rule *rule = sl_filter_rule_first(call);

		if (sl_sys_number(call, SL_ARCH_NATIVE) < 0)
			continue;
		memset(args, 0, sizeof(args));
		compare(pair, call, args);
		for (; rule; rule = sl_filter_rule_next(rule))
			if (sl_filter_witness(call, rule, pair->spec.when, args))
				compare(pair, call, args);
		if (sl_filter_witness(call, NULL, pair->spec.when, args))
			compare(pair, call, args);
		for (unsigned int a = 0; a < 3; a++)
			for (size_t v = 0; v < sizeof(values) / 8; v++) {
				args[a] = values[v];
				compare(pair, call, args);
			}
	}
}

TEST(nothing_passes_that_would_not_without)
{
	struct pair pair = { .spec = { .arch = SL_ARCH_NATIVE } };
	unsigned int when = SL_WHEN_SUPERVISED | SL_WHEN_JUDGED;

	for (unsigned int more = 0; more < 32; more++) {
		pair.spec.when = when | (more & 1 ? SL_WHEN_NO_BIND : 0) |
				 (more & 2 ? SL_WHEN_METADATA : 0) |
				 (more & 4 ? SL_WHEN_PINNED : 0) |
				 (more & 16 ? SL_WHEN_HOSTS | SL_WHEN_COUNTED |
						      SL_WHEN_REMAP |
						      SL_WHEN_WEIGHED
					    : 0);
		/* Every third call named, for or against. */
		for (int i = 0; i < SL_SYS_COUNT; i++)
			pair.spec.list[i] =
				more & 8 ? (uint8_t)((unsigned int)i * 7 % 3)
					 : SL_LIST_TABLE;
		build(&pair);
		compare_all(&pair);
		drop(&pair);
	}
}

/* Each row asks the kernel to judge again, and is the only one of its call. */
TEST(observers_are_rows_of_their_own)
{
	const struct sl_notify_row *row;
	size_t observers = 0;

	for (size_t i = 0; (row = sl_notify_row_at(i)); i++) {
		if (!(row->rule.when & SL_WHEN_WHY))
			continue;
		observers++;
		EXPECT_EQ(row->bound, SL_BOUND_LANDLOCK);
		EXPECT_EQ(row->rule.when, SL_WHEN_WHY);
		/* Or behind one that decides. */
		if (sl_notify_row_first(row->rule.call) != row)
			EXPECT_NE(sl_notify_row_first(row->rule.call)->bound,
				  SL_BOUND_LANDLOCK);
		EXPECT_TRUE(sl_notify_row_next(row) == NULL);
	}
	EXPECT_GT(observers, 20);
}

TEST(without_it_nobody_is_asked_about_files)
{
	struct pair pair = { .spec = { .arch = SL_ARCH_NATIVE,
				       .when = SL_WHEN_SUPERVISED |
					       SL_WHEN_JUDGED } };
	static const uint64_t args[6];
	int nr = sl_sys_number(SL_SYS_openat, SL_ARCH_NATIVE);

	build(&pair);
	EXPECT_EQ(action(pair.bare, pair.bare_count, nr, args), SL_SECCOMP_ALLOW);
	EXPECT_EQ(action(pair.why, pair.why_count, nr, args),
		  SL_SECCOMP_USER_NOTIF);
	drop(&pair);
}
