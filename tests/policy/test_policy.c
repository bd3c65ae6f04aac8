/* SPDX-License-Identifier: Apache-2.0 */
/* The store: what set, merge, clone and clear leave behind. */
#include "helpers.h"

TEST(a_new_policy_says_nothing)
{
	SL_AUTO(sl_policy) policy = policy_new();

	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_value *value = sl_policy_get(policy,
							     (enum sl_key)k);

		EXPECT_TRUE(value && !value->set && value->count == 0);
	}
	EXPECT_FALSE(sl_policy_bool(policy, SL_KEY_CLEAN_ENV));
	EXPECT_EQ(sl_policy_num(policy, SL_KEY_TIMEOUT, 42), 42);
	EXPECT_TRUE(sl_policy_str(policy, SL_KEY_CWD) == NULL);
}

TEST(scalars_replace_lists_append)
{
	SL_AUTO(sl_policy) policy = policy_new();

	set_ok(policy, SL_KEY_CWD, "/a");
	set_ok(policy, SL_KEY_CWD, "/b");
	set_ok(policy, SL_KEY_FS_READ, "/a");
	set_ok(policy, SL_KEY_FS_READ, "?/b");
	set_ok(policy, SL_KEY_CPU_CORES, "0, 2");
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/b");
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_CWD)->count, 1);
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 0)->text, "/a");
	EXPECT_FALSE(item_at(policy, SL_KEY_FS_READ, 0)->optional);
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 1)->text, "/b");
	EXPECT_TRUE(item_at(policy, SL_KEY_FS_READ, 1)->optional);
	EXPECT_EQ(item_at(policy, SL_KEY_CPU_CORES, 1)->num, 2);
	EXPECT_STREQ(item_at(policy, SL_KEY_CPU_CORES, 1)->text, "2");
	sl_policy_clear(policy, SL_KEY_FS_READ);
	EXPECT_FALSE(sl_policy_get(policy, SL_KEY_FS_READ)->set);
}

TEST(the_environment_merges_per_name)
{
	SL_AUTO(sl_policy) policy = policy_new();

	set_ok(policy, SL_KEY_ENV, "A=1");
	set_ok(policy, SL_KEY_ENV, "AB=2");
	set_ok(policy, SL_KEY_ENV, "A=3=4");
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_ENV)->count, 2);
	EXPECT_STREQ(item_at(policy, SL_KEY_ENV, 0)->text, "A=3=4");
	EXPECT_STREQ(item_at(policy, SL_KEY_ENV, 1)->text, "AB=2");
}

TEST(origins_are_copied_and_described)
{
	SL_AUTO(sl_policy) policy = policy_new();
	char source[] = "x.toml", buf[64];
	struct sl_origin origin = { SL_ORIGIN_FILE, source, 3, 9 };
	struct sl_error err = { 0 };

	ASSERT_EQ(sl_policy_set(policy, SL_KEY_FS_READ, "/a", &origin, NULL), 0);
	source[0] = 'y';
	sl_origin_describe(&item_at(policy, SL_KEY_FS_READ, 0)->origin, buf,
			   sizeof(buf));
	EXPECT_STREQ(buf, "x.toml:3:9");
	EXPECT_EQ(sl_policy_set(policy, SL_KEY_TIMEOUT, "2x", &origin, &err),
		  -EINVAL);
	EXPECT_HAS(err.msg, "y.toml:3:9: limits.timeout: '2x' is not");
	EXPECT_EQ(err.line, 3);
	EXPECT_EQ(err.col, 9);
	origin.kind = SL_ORIGIN_PRESET;
	origin.source = "base";
	sl_origin_describe(&origin, buf, sizeof(buf));
	EXPECT_STREQ(buf, "preset base:3:9");
	sl_error_clear(&err);
	EXPECT_EQ(sl_policy_set(policy, SL_KEY_TIMEOUT, "2x", NULL, &err),
		  -EINVAL);
	EXPECT_HAS(err.msg, "limits.timeout: '2x'");
}

TEST(merge_puts_one_over_the_other)
{
	SL_AUTO(sl_policy) under = policy_new();
	SL_AUTO(sl_policy) over = policy_new();

	set_ok(under, SL_KEY_CWD, "/under");
	set_ok(under, SL_KEY_FS_READ, "/under");
	set_ok(under, SL_KEY_ENV, "A=under");
	set_ok(under, SL_KEY_ENV, "B=under");
	set_ok(under, SL_KEY_OPEN_FILES, "5");
	set_ok(over, SL_KEY_CWD, "/over");
	set_ok(over, SL_KEY_FS_READ, "?/over");
	set_ok(over, SL_KEY_ENV, "A=over");
	set_ok(over, SL_KEY_CLEAN_ENV, "true");
	ASSERT_EQ(sl_policy_merge(under, over), 0);
	EXPECT_STREQ(sl_policy_str(under, SL_KEY_CWD), "/over");
	EXPECT_EQ(sl_policy_get(under, SL_KEY_FS_READ)->count, 2);
	EXPECT_STREQ(item_at(under, SL_KEY_FS_READ, 1)->text, "/over");
	EXPECT_TRUE(item_at(under, SL_KEY_FS_READ, 1)->optional);
	EXPECT_STREQ(item_at(under, SL_KEY_ENV, 0)->text, "A=over");
	EXPECT_STREQ(item_at(under, SL_KEY_ENV, 1)->text, "B=under");
	EXPECT_EQ(sl_policy_num(under, SL_KEY_OPEN_FILES, 0), 5);
	EXPECT_TRUE(sl_policy_bool(under, SL_KEY_CLEAN_ENV));
	EXPECT_STREQ(sl_policy_str(over, SL_KEY_CWD), "/over");
}

TEST(a_clone_stands_alone)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_policy *copy = NULL;

	set_ok(policy, SL_KEY_FS_READ, "/a");
	ASSERT_EQ(sl_policy_clone(policy, &copy), 0);
	set_ok(policy, SL_KEY_FS_READ, "/b");
	EXPECT_EQ(sl_policy_get(copy, SL_KEY_FS_READ)->count, 1);
	EXPECT_STREQ(item_at(copy, SL_KEY_FS_READ, 0)->origin.source,
		     "--fs-read");
	sl_policy_free(copy);
}

TEST(a_policy_merges_over_itself)
{
	SL_AUTO(sl_policy) policy = policy_new();

	set_ok(policy, SL_KEY_FS_READ, "/a");
	set_ok(policy, SL_KEY_CWD, "/a");
	ASSERT_EQ(sl_policy_merge(policy, policy), 0);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_FS_READ)->count, 2);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/a");
}
