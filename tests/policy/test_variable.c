/* SPDX-License-Identifier: Apache-2.0 */
/* Variables of profiles, and the patterns of program.scrub_env. */
#include "helpers.h"

#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/home.h"
#include "policy/pattern.h"
#include "policy/profile.h"
#include "policy/variable.h"

static int parse(struct sl_policy *policy, const char *text, struct sl_error *err)
{
	sl_error_clear(err);
	return sl_profile_parse(policy, text, strlen(text), "p.toml", err);
}

TEST(cwd_is_the_directory_of_the_caller)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	ASSERT_EQ(chdir("/usr/bin/.."), 0);
	ASSERT_EQ(parse(policy,
			"[filesystem]\nread = [\"?${CWD}/$${CWD}\", \"/x\"]\n"
			"write = [\"${CWD}\"]\n"
			"[program]\ncwd = \"${CWD}/lib\"\n",
			&err),
		  0);
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 0)->text, "/usr/${CWD}");
	EXPECT_TRUE(item_at(policy, SL_KEY_FS_READ, 0)->optional);
	EXPECT_EQ(item_at(policy, SL_KEY_FS_READ, 0)->origin.cwd_len, 4);
	EXPECT_EQ(item_at(policy, SL_KEY_FS_READ, 1)->origin.cwd_len, 0);
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_WRITE, 0)->text, "/usr");
	EXPECT_EQ(item_at(policy, SL_KEY_FS_WRITE, 0)->origin.cwd_len, 4);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/usr/lib");
}

TEST(cwd_that_is_gone_is_an_error)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	char dir[] = "/tmp/sl-cwd-XXXXXX";

	ASSERT_TRUE(mkdtemp(dir) != NULL);
	ASSERT_EQ(chdir(dir), 0);
	ASSERT_EQ(rmdir(dir), 0);
	EXPECT_EQ(parse(policy, "[filesystem]\nwrite = [\"${CWD}\"]", &err),
		  -ENOENT);
	EXPECT_HAS(err.msg, "p.toml:2:10: [filesystem].write: ${CWD}");
	EXPECT_EQ(parse(policy, "[filesystem]\nwrite = [\"/x\"]", &err), 0);
}

/* Who has no line in passwd and no HOME, as in many containers. */
TEST(a_user_without_a_home_has_no_files_in_it)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	sl_autofree char *home = NULL;

	setenv("HOME", "/", 1);
	if (getuid() == 0)
		ASSERT_EQ(setuid(2147400000), 0);
	if (sl_home(&home, NULL) == 0) {
		/* An ordinary user has one: then the path is a path. */
		ASSERT_EQ(parse(policy, "[filesystem]\nread = [\"?${HOME}/x\"]",
				&err),
			  0);
		EXPECT_EQ(sl_policy_get(policy, SL_KEY_FS_READ)->count, 1);
		return;
	}
	ASSERT_EQ(parse(policy, "[filesystem]\nread = [\"?${HOME}/x\", \"/y\"]",
			&err),
		  0);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_FS_READ)->count, 1);
	EXPECT_EQ(parse(policy, "[filesystem]\nread = [\"${HOME}/x\"]", &err),
		  -ENOENT);
	EXPECT_HAS(err.msg, "no home directory");
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_load(policy, "agent", &err), 0);
	EXPECT_EQ(sl_profile_load(policy, "node", &err), 0);
}

TEST(wrong_variables_name_their_place)
{
	static const struct {
		const char *text, *says;
	} bad[] = {
		{ "[filesystem]\nread = [\"/a/${CWD}\"]", "beginning" },
		{ "[filesystem]\nread = [\"${HOME}${CWD}\"]", "beginning" },
		{ "[filesystem]\nread = [\"${CWD}${CWD}\"]", "beginning" },
		{ "[filesystem]\nread = [\"${CWD}x\"]", "beginning" },
		{ "[filesystem]\nread = [\"??${CWD}\"]", "beginning" },
		{ "[filesystem]\nread = [\"${cwd}\"]", "did you mean ${CWD}?" },
		{ "[filesystem]\nread = [\"${CWD \"]", "without its" },
		{ "[filesystem]\nread = [\"$CWD\"]", "'$$'" },
		{ "[filesystem]\nread = [\"${PWD}\"]", "${HOME} and ${CWD}" },
		{ "[filesystem]\nread = [\"${TMPDIR}\"]", "[program].env" },
		{ "[filesystem]\nread = [\"${}\"]", "unknown variable" },
		{ "[program]\nenv = { A = \"${X}\" }", "and ${TMPDIR}" },
		{ "[program]\nenv = { A = \"${tmpdir}\" }",
		  "did you mean ${TMPDIR}?" },
		{ "[program]\nenv = { A = \"x${TMPDIR\" }", "without its" },
		{ "[program]\nenv = { A = \"$HOME/x\" }", "'$$'" },
		{ "[program]\nenv = { A = \"$$ $TMPDIR\" }", "'$$'" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_error err = { 0 };

		CASE(parse(policy, bad[i].text, &err) == -EINVAL, bad[i].text);
		CASE(strstr(err.msg, bad[i].says) != NULL, err.msg);
		CASE(strncmp(err.msg, "p.toml:2:", 9) == 0, err.msg);
	}
}

TEST(environment_is_expanded_at_the_start)
{
	static const struct {
		const char *value, *becomes;
	} rows[] = {
		{ "", "" },
		{ "plain", "plain" },
		{ "${TMPDIR}/c", "/t/c" },
		{ "${HOME}:${CWD}:${TMPDIR}", "/h:/usr:/t" },
		{ "$$", "$" },
		{ "$${HOME}", "${HOME}" },
		{ "$$$", "$$" },
		{ "$", "$" },
		{ "a$B $1 $HOMES $TMPDIR_", "a$B $1 $HOMES $TMPDIR_" },
	};

	setenv("HOME", "/h", 1);
	ASSERT_EQ(chdir("/usr"), 0);
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		sl_autofree char *text = NULL;
		struct sl_error err = { 0 };
		bool variables;

		CASE(sl_env_check(rows[i].value, &variables, &err) == 0, err.msg);
		CASE(variables == (strstr(rows[i].becomes, "/") != NULL),
		     rows[i].value);
		ASSERT_EQ(sl_env_expand(rows[i].value, "/t", &text, &err), 0);
		EXPECT_STREQ(text, rows[i].becomes);
		EXPECT_EQ(sl_env_uses_tmpdir(rows[i].value),
			  strstr(rows[i].value, "${TMPDIR}") != NULL);
	}
	EXPECT_FALSE(sl_env_uses_tmpdir("$${TMPDIR}"));
}

TEST(an_expansion_has_an_end)
{
	sl_autofree char *long_home = malloc(5000);
	sl_autobuf value = SL_BUF_INIT(SL_MAX_VALUE_BYTES);
	struct sl_error err = { 0 };
	char *text = NULL;

	ASSERT_TRUE(long_home != NULL);
	memset(long_home, 'x', 4999);
	long_home[0] = '/';
	long_home[4999] = '\0';
	setenv("HOME", long_home, 1);
	for (int i = 0; i < 100; i++)
		sl_buf_adds(&value, "${HOME}");
	EXPECT_EQ(sl_env_expand(value.data, "/t", &text, &err), -EOVERFLOW);
	EXPECT_HAS(err.msg, "too long");
	EXPECT_TRUE(text == NULL);
}

TEST(a_dump_keeps_the_variables)
{
	SL_AUTO(sl_policy) policy = policy_new();
	SL_AUTO(sl_policy) back = policy_new();
	sl_autofree char *text = NULL, *again = NULL;
	struct sl_error err = { 0 };

	setenv("HOME", "/h", 1);
	ASSERT_EQ(chdir("/usr"), 0);
	ASSERT_EQ(parse(policy,
			"[filesystem]\n"
			"write = [\"${CWD}\", \"?${CWD}/$$a\", \"${HOME}/b\"]\n"
			"[program]\nscrub_env = [\"*_KEY\", \"A?\"]\n"
			"env = { A = \"${TMPDIR}/$$\" }\n",
			&err),
		  0);
	/* Who is no profile has no variables. */
	set_ok(policy, SL_KEY_ENV, "B=${TMPDIR}$$");
	set_ok(policy, SL_KEY_FS_READ, "/${CWD}");
	ASSERT_EQ(sl_policy_dump(policy, &text, &err), 0);
	EXPECT_STREQ(text, "[program]\n"
			   "env = { \"A\" = \"${TMPDIR}/$$\", \"B\" = "
			   "\"$${TMPDIR}$$$$\" }\n"
			   "scrub_env = [\"*_KEY\", \"A?\"]\n"
			   "\n[filesystem]\n"
			   "read = [\"/$${CWD}\"]\n"
			   "write = [\"${CWD}\", \"?${CWD}/$$a\", \"/h/b\"]\n");
	ASSERT_EQ(parse(back, text, &err), 0);
	ASSERT_EQ(sl_policy_dump(back, &again, &err), 0);
	EXPECT_STREQ(again, text);
	EXPECT_EQ(item_at(back, SL_KEY_FS_WRITE, 1)->origin.cwd_len, 4);
	EXPECT_STREQ(item_at(back, SL_KEY_FS_WRITE, 1)->text, "/usr/$a");
}

TEST(tmpdir_needs_the_private_directory)
{
	static const char text[] = "[program]\nenv = { A = \"${TMPDIR}\" }\n";
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	ASSERT_EQ(parse(policy, text, &err), 0);
	EXPECT_EQ(sl_policy_check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "p.toml:2:13: program.env");
	EXPECT_HAS(err.msg, "--private-tmp");
	set_ok(policy, SL_KEY_PRIVATE_TMP, "true");
	sl_error_clear(&err);
	EXPECT_EQ(sl_policy_check(policy, &err), 0);
	sl_policy_clear(policy, SL_KEY_PRIVATE_TMP);
	set_ok(policy, SL_KEY_NO_SUPERVISOR, "true");
	EXPECT_EQ(sl_policy_check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "supervisor");
}

TEST(a_preset_extended_twice_says_it_once)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	size_t count;

	ASSERT_EQ(parse(policy, "extends = [\"base\"]", &err), 0);
	count = sl_policy_get(policy, SL_KEY_FS_READ)->count;
	EXPECT_LT(10, count);
	ASSERT_EQ(parse(policy, "extends = [\"base\", \"base\"]", &err), 0);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_FS_READ)->count, count);
	/* What somebody else says is his word, and stays. */
	set_ok(policy, SL_KEY_FS_READ, "/usr/bin");
	set_ok(policy, SL_KEY_FS_READ, "/usr/bin");
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_FS_READ)->count, count + 2);
}

TEST(patterns_match_whole_names)
{
	static const struct {
		const char *pattern, *name;
		bool matches;
	} rows[] = {
		{ "A", "A", true },
		{ "A", "a", true },
		{ "a_b", "A_B", true },
		{ "A", "AB", false },
		{ "A", "", false },
		{ "*", "", true },
		{ "*", "anything at all", true },
		{ "?", "x", true },
		{ "?", "", false },
		{ "?", "xy", false },
		{ "*_TOKEN", "GITHUB_TOKEN", true },
		{ "*_TOKEN", "_TOKEN", true },
		{ "*_TOKEN", "TOKEN", false },
		{ "*_TOKEN", "GITHUB_TOKENS", false },
		{ "*_TOKEN", "A_TOKEN_TOKEN", true },
		{ "*_KEY", "XKB_KEYBOARD", false },
		{ "AWS_*", "AWS_", true },
		{ "AWS_*", "aws_x", true },
		{ "AWS_*", "MY_AWS_X", false },
		{ "*A*B*", "xAyAzB", true },
		{ "*A*B*", "BxA", false },
		{ "*AAB", "AAAB", true },
		{ "A**B", "AB", true },
		{ "A?B",
		  "A\xff"
		  "B",
		  true },
		{ "*_T", "\n\x01\xc3_T", true },
		{ "*", "\xff", true },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++) {
		CASE(sl_pattern_check(rows[i].pattern, NULL) == 0,
		     rows[i].pattern);
		CASE(sl_pattern_match(rows[i].pattern, rows[i].name,
				      strlen(rows[i].name)) == rows[i].matches,
		     rows[i].name);
	}
	/* The length counts, not what stands behind it. */
	EXPECT_TRUE(sl_pattern_match("A_KEY", "A_KEY=B", 5));
	EXPECT_FALSE(sl_pattern_match("A_KEY=B", "A_KEY=B", 5));
}

TEST(patterns_that_mean_something_else_are_refused)
{
	static const struct {
		const char *pattern, *says;
	} bad[] = {
		{ "", "empty" },	  { "A=B", "values" },
		{ "[A-Z]*", "only '*'" }, { "A\\*", "only '*'" },
		{ "{A,B}", "only '*'" },  { "A_*,B_*", "of its own" },
		{ " A", "blank" },	  { "A\n", "blank" },
		{ "A\x7f", "blank" },
	};
	SL_AUTO(sl_policy) policy = policy_new();
	char big[SL_MAX_PATTERN_BYTES + 2];
	struct sl_error err = { 0 };

	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		CASE(set_flag(policy, SL_KEY_SCRUB_ENV, bad[i].pattern, &err) ==
			     -EINVAL,
		     bad[i].pattern);
		CASE(strstr(err.msg, bad[i].says) != NULL, err.msg);
		CASE(strncmp(err.msg, "--scrub-env: ", 13) == 0, err.msg);
	}
	memset(big, '*', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	EXPECT_EQ(set_flag(policy, SL_KEY_SCRUB_ENV, big, &err), -EINVAL);
	big[sizeof(big) - 2] = '\0';
	EXPECT_EQ(set_flag(policy, SL_KEY_SCRUB_ENV, big, &err), 0);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_SCRUB_ENV)->count, 1);
}

/* A name is as long as its maker likes: the work is at most the product. */
TEST_TIMEOUT(a_hostile_name_takes_bounded_time, 20)
{
	sl_autofree char *name = malloc(SL_MAX_VALUE_BYTES);
	char pattern[SL_MAX_PATTERN_BYTES + 1] = "";

	ASSERT_TRUE(name != NULL);
	memset(name, 'a', SL_MAX_VALUE_BYTES);
	for (size_t i = 0; i + 2 < SL_MAX_PATTERN_BYTES; i += 2)
		memcpy(pattern + i, "*a", 3);
	strcat(pattern, "b");
	EXPECT_FALSE(sl_pattern_match(pattern, name, SL_MAX_VALUE_BYTES));
}

/* Names of directories are not patterns; what stands around them may be one. */
TEST(carve_outs_take_variables_literally)
{
	sl_autofree char *text = NULL;
	struct sl_error err = { 0 };
	char dir[] = "/tmp/sl-[v]-XXXXXX";
	char want[96];

	ASSERT_TRUE(mkdtemp(dir) != NULL);
	ASSERT_EQ(setenv("HOME", dir, 1), 0);
	ASSERT_EQ(sl_path_expand_glob("${HOME}/*.key", &text, &err), 0);
	snprintf(want, sizeof(want), "/tmp/sl-[[]v]%s/*.key",
		 strchr(dir, ']') + 1);
	EXPECT_STREQ(text, want);
	rmdir(dir);
}
