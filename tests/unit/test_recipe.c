/* SPDX-License-Identifier: Apache-2.0 */
/* A launch written down and read back, also cut short and bent. */
#include "base/buf.h"
#include "base/limits.h"
#include "harness/harness.h"
#include "run/prepare.h"
#include "run/recipe.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>

static const char *const argv[] = { "prog", "a b", "", NULL };
static const char *const argv_shell[] = { "/bin/sh", "/bin/prog", "a b", "",
					  NULL };
static const char *const envp[] = { "X=1", "PATH=/bin", NULL };
static const struct sock_filter insns[] = { { 0x06, 0, 0, 0x7fff0000 } };

static const struct sl_carve_rule carves[] = {
	{ "/w/.git/hooks", "/w/.git/hooks", SL_CARVE_PROTECT },
	{ "/**/*.key", "", SL_CARVE_DENY },
};

static struct sl_launch sample(void)
{
	return (struct sl_launch){ .flags = SL_LAUNCH_UMASK,
				   .umask = 027,
				   .timeout_ns = 5,
				   .insns = insns,
				   .insn_count = 1,
				   .path = "/bin/prog",
				   .argv = argv,
				   .argv_shell = argv_shell,
				   .envp = envp,
				   .tmp_name = "run-abcdef",
				   .hosts = "127.0.0.1 localhost\n",
				   .carves = carves,
				   .carve_count = 2 };
}

static char *copy(const struct sl_buf *buf, size_t len)
{
	char *data = malloc(len ? len : 1);

	ASSERT_TRUE(data != NULL);
	memcpy(data, buf->data, len);
	return data;
}

TEST(recipe_reads_back_equal)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_RECIPE_BYTES);
	struct sl_launch launch = sample();
	struct sl_recipe *recipe;

	ASSERT_EQ(sl_recipe_encode(&launch, &buf), 0);
	ASSERT_EQ(sl_recipe_decode(copy(&buf, buf.len), buf.len, &recipe), 0);
	EXPECT_EQ(recipe->launch.umask, 027);
	EXPECT_EQ(recipe->launch.timeout_ns, 5);
	EXPECT_EQ(recipe->launch.insns[0].k, 0x7fff0000);
	EXPECT_STREQ(recipe->launch.path, "/bin/prog");
	EXPECT_STREQ(recipe->launch.tmp_name, "run-abcdef");
	EXPECT_STREQ(recipe->launch.hosts, "127.0.0.1 localhost\n");
	ASSERT_EQ(recipe->launch.carve_count, 2);
	for (int i = 0; i < 2; i++) {
		EXPECT_STREQ(recipe->launch.carves[i].pattern, carves[i].pattern);
		EXPECT_STREQ(recipe->launch.carves[i].path, carves[i].path);
		EXPECT_EQ(recipe->launch.carves[i].kind, carves[i].kind);
	}
	for (int i = 0; i < 3; i++)
		EXPECT_STREQ(recipe->launch.argv[i], argv[i]);
	EXPECT_TRUE(recipe->launch.argv[3] == NULL);
	for (int i = 0; i < 4; i++)
		EXPECT_STREQ(recipe->launch.argv_shell[i], argv_shell[i]);
	EXPECT_TRUE(recipe->launch.argv_shell[4] == NULL);
	EXPECT_STREQ(recipe->launch.envp[1], "PATH=/bin");
	EXPECT_TRUE(recipe->launch.envp[2] == NULL);
	for (int i = 0; i < SL_FD_COUNT; i++)
		EXPECT_EQ(recipe->launch.fds[i], -1);
	sl_recipe_free(recipe);
}

TEST(recipe_cut_anywhere_is_refused)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_RECIPE_BYTES);
	struct sl_launch launch = sample();
	struct sl_recipe *recipe;

	ASSERT_EQ(sl_recipe_encode(&launch, &buf), 0);
	for (size_t len = 0; len < buf.len; len++)
		ASSERT_EQ(sl_recipe_decode(copy(&buf, len), len, &recipe),
			  -EBADMSG);
}

TEST(recipe_bent_anywhere_is_refused_or_harmless)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_RECIPE_BYTES);
	struct sl_launch launch = sample();
	struct sl_recipe *recipe;

	ASSERT_EQ(sl_recipe_encode(&launch, &buf), 0);
	for (size_t at = 0; at < buf.len; at++) {
		char *data = copy(&buf, buf.len);

		data[at] = (char)~data[at];
		if (sl_recipe_decode(data, buf.len, &recipe) < 0)
			continue;
		EXPECT_TRUE(recipe->launch.path != NULL);
		sl_recipe_free(recipe);
	}
}

TEST(recipe_of_too_many_words_is_refused)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_RECIPE_BYTES);
	const char **many = calloc(SL_MAX_ARGS + 2, sizeof(*many));
	struct sl_launch launch = sample();

	ASSERT_TRUE(many != NULL);
	for (size_t i = 0; i <= SL_MAX_ARGS; i++)
		many[i] = "x";
	launch.argv = many;
	EXPECT_EQ(sl_recipe_encode(&launch, &buf), -E2BIG);
	free(many);
}

static void free_env(char **env)
{
	for (char **var = env; *var; var++)
		free(*var);
	free(env);
}

TEST(environment_is_built_in_order)
{
	SL_AUTO(sl_policy) policy = NULL;
	const char *const base[] = { "PATH=/bin", "SECRET=s", "HOME=/h", NULL };
	struct sl_origin origin = { .kind = SL_ORIGIN_API, .source = "--env" };
	char **env = NULL;

	ASSERT_EQ(sl_policy_new(&policy), 0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_CLEAN_ENV, "true", &origin, NULL),
		  0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_ENV, "HOME=/other", &origin, NULL),
		  0);
	ASSERT_EQ(sl_env_build(policy, base, "/tmp/x", &env, NULL), 0);
	EXPECT_STREQ(sl_env_get((const char *const *)env, "HOME"), "/other");
	EXPECT_STREQ(sl_env_get((const char *const *)env, "PATH"), "/bin");
	EXPECT_STREQ(sl_env_get((const char *const *)env, "TMPDIR"), "/tmp/x");
	EXPECT_TRUE(sl_env_get((const char *const *)env, "SECRET") == NULL);
	free_env(env);
}

static bool holds(char *const *env, const char *text)
{
	for (; *env; env++)
		if (strstr(*env, text))
			return true;
	return false;
}

TEST(scrubbed_variables_are_gone_whatever_their_form)
{
	SL_AUTO(sl_policy) policy = NULL;
	const char *const base[] = { "PATH=/bin",
				     "A_TOKEN=canary1",
				     "A_TOKEN=canary2", /* again */
				     "a_token=canary3",
				     "\xff\n_TOKEN=canary4",
				     "AWS_X=canary5=x",
				     "AWS_canary6", /* no '=' */
				     "canary7",
				     "=canary8", /* no name */
				     "",
				     "TOKENS=kept",
				     "TMPDIR=canary9",
				     NULL };
	static const char *const patterns[] = { "*_TOKEN", "AWS_*", "TMPDIR" };
	struct sl_origin origin = { .kind = SL_ORIGIN_API, .source = "x" };
	char **env = NULL;

	ASSERT_EQ(sl_policy_new(&policy), 0);
	for (size_t i = 0; i < 3; i++)
		ASSERT_EQ(sl_policy_set(policy, SL_KEY_SCRUB_ENV, patterns[i],
					&origin, NULL),
			  0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_ENV, "B_TOKEN=named", &origin,
				NULL),
		  0);
	ASSERT_EQ(sl_env_build(policy, base, "/t", &env, NULL), 0);
	EXPECT_FALSE(holds(env, "canary"));
	EXPECT_TRUE(holds(env, "TOKENS=kept"));
	EXPECT_TRUE(holds(env, "B_TOKEN=named"));
	EXPECT_STREQ(sl_env_get((const char *const *)env, "TMPDIR"), "/t");
	free_env(env);

	/* Without a pattern everything is handed on, as odd as it came. */
	sl_policy_clear(policy, SL_KEY_SCRUB_ENV);
	ASSERT_EQ(sl_env_build(policy, base, "/t", &env, NULL), 0);
	EXPECT_TRUE(holds(env, "canary6"));
	EXPECT_TRUE(holds(env, "canary7"));
	free_env(env);
}
