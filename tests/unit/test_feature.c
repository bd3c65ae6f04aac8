/* SPDX-License-Identifier: Apache-2.0 */
/* sandlock_feature_at() and its kin, as a program outside this tree uses them. */
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

#include <sandlock/sandlock.h>

#include "harness/harness.h"

static int find(const sandlock_policy *policy, const char *name,
		sandlock_feature *ret_feature)
{
	for (size_t i = 0;; i++) {
		int r;

		*ret_feature = (sandlock_feature){ .size = sizeof(*ret_feature) };
		r = policy ? sandlock_policy_feature_at(policy, i, ret_feature,
							NULL)
			   : sandlock_feature_at(i, ret_feature);
		if (r < 0 || strcmp(ret_feature->name, name) == 0)
			return r;
	}
}

TEST(an_iteration_ends_with_erange)
{
	sandlock_feature feature = { .size = sizeof(feature) };
	size_t i = 0;
	int r;

	for (; (r = sandlock_feature_at(i, &feature)) == 0; i++) {
		EXPECT_TRUE(feature.name[0] && feature.gives[0]);
		EXPECT_LE(feature.state, SANDLOCK_FEATURE_LIMITED);
		EXPECT_LT(feature.flags, 8);
		EXPECT_TRUE(memchr(feature.detail, 0, sizeof(feature.detail)));
		EXPECT_TRUE(memchr(feature.remedy, 0, sizeof(feature.remedy)));
		EXPECT_EQ(feature.size, sizeof(feature));
	}
	EXPECT_EQ(r, -ERANGE);
	EXPECT_GT(i, 20);
	EXPECT_EQ(sandlock_feature_at((size_t)-1, &feature), -ERANGE);
}

TEST(misuse_is_refused_and_touches_nothing)
{
	sandlock_feature feature = { .size = 0, .number = 42 };
	sandlock_policy *policy = NULL;
	sandlock_error err = { 0 };

	EXPECT_EQ(sandlock_feature_at(0, NULL), -EINVAL);
	EXPECT_EQ(sandlock_feature_at(0, &feature), -EINVAL);
	feature.size = offsetof(sandlock_feature, remedy);
	EXPECT_EQ(sandlock_feature_at(0, &feature), -EINVAL);
	EXPECT_EQ(feature.number, 42);
	feature.size = sizeof(feature);
	EXPECT_EQ(sandlock_policy_feature_at(NULL, 0, &feature, &err), -EINVAL);
	EXPECT_HAS(err.message, "NULL");
	ASSERT_EQ(sandlock_policy_new(&policy, &err), 0);
	EXPECT_EQ(sandlock_policy_feature_at(policy, 0, NULL, &err), -EINVAL);
	EXPECT_EQ(sandlock_policy_feature_at(policy, 999, &feature, &err),
		  -ERANGE);
	EXPECT_EQ(feature.number, 42);
	ASSERT_EQ(sandlock_policy_set(policy, "syscalls.extra_deny", "nosuch",
				      NULL, &err),
		  0);
	EXPECT_LT(sandlock_policy_feature_at(policy, 0, &feature, &err), 0);
	EXPECT_HAS(err.message, "nosuch");
	EXPECT_EQ(feature.number, 42);
	sandlock_policy_free(policy);
}

TEST(a_newer_caller_keeps_what_we_do_not_know)
{
	struct {
		sandlock_feature feature;
		char newer[16];
	} wide = { .newer = "untouched" };

	wide.feature.size = sizeof(wide);
	ASSERT_EQ(sandlock_feature_at(0, &wide.feature), 0);
	EXPECT_EQ(wide.feature.size, sizeof(wide));
	EXPECT_STREQ(wide.feature.name, "landlock");
	EXPECT_STREQ(wide.newer, "untouched");
}

TEST(needs_follow_the_policy)
{
	sandlock_policy *policy = NULL;
	sandlock_feature feature;
	char other[32];

	ASSERT_EQ(find(NULL, "user-namespaces", &feature), 0);
	EXPECT_FALSE(feature.flags & SANDLOCK_FEATURE_NEEDED);
	ASSERT_EQ(find(NULL, "net-tcp", &feature), 0);
	EXPECT_TRUE(feature.flags & SANDLOCK_FEATURE_NEEDED);
	EXPECT_TRUE(feature.flags & SANDLOCK_FEATURE_PROTECTION);
	ASSERT_EQ(find(NULL, "private-tmp", &feature), 0);
	EXPECT_TRUE(feature.flags & SANDLOCK_FEATURE_NEEDED);

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	snprintf(other, sizeof(other), "%u:%u", geteuid() + 1, getegid());
	ASSERT_EQ(sandlock_policy_set(policy, "program.user", other, NULL, NULL),
		  0);
	ASSERT_EQ(sandlock_policy_set(policy, "protections.disable", "net-tcp",
				      NULL, NULL),
		  0);
	ASSERT_EQ(find(policy, "user-namespaces", &feature), 0);
	EXPECT_TRUE(feature.flags & SANDLOCK_FEATURE_NEEDED);
	ASSERT_EQ(find(policy, "net-tcp", &feature), 0);
	EXPECT_FALSE(feature.flags & SANDLOCK_FEATURE_NEEDED);
	ASSERT_EQ(find(policy, "private-tmp", &feature), 0);
	EXPECT_FALSE(feature.flags & SANDLOCK_FEATURE_NEEDED);
	sandlock_policy_free(policy);
}

TEST(the_supervisor_is_found_where_the_library_looks)
{
	sandlock_feature feature;

	setenv("SANDLOCK_SUPERVISOR", "/nonexistent/sandlock-supervisor", 1);
	ASSERT_EQ(find(NULL, "supervisor", &feature), 0);
	EXPECT_EQ(feature.state, SANDLOCK_FEATURE_MISSING);
	EXPECT_HAS(feature.detail, "/nonexistent/sandlock-supervisor");
	EXPECT_TRUE(feature.flags & SANDLOCK_FEATURE_LIBRARY);
	setenv("SANDLOCK_SUPERVISOR", "/etc", 1); /* no program */
	ASSERT_EQ(find(NULL, "supervisor", &feature), 0);
	EXPECT_EQ(feature.state, SANDLOCK_FEATURE_MISSING);
	setenv("SANDLOCK_SUPERVISOR", "/bin/sh", 1);
	ASSERT_EQ(find(NULL, "supervisor", &feature), 0);
	EXPECT_EQ(feature.state, SANDLOCK_FEATURE_PRESENT);
	EXPECT_STREQ(feature.detail, "/bin/sh");
}

TEST(the_resolver_is_found_where_a_start_looks)
{
	sandlock_policy *policy;
	sandlock_feature feature;

	setenv("SANDLOCK_RESOLVE", "/nonexistent/sandlock-resolve", 1);
	ASSERT_EQ(find(NULL, "resolver", &feature), 0);
	EXPECT_EQ(feature.state, SANDLOCK_FEATURE_MISSING);
	EXPECT_HAS(feature.detail, "/nonexistent/sandlock-resolve");
	EXPECT_FALSE(feature.flags & SANDLOCK_FEATURE_NEEDED);
	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "network.allow", "a.example:1",
				      NULL, NULL),
		  0);
	ASSERT_EQ(find(policy, "resolver", &feature), 0);
	EXPECT_TRUE(feature.flags & SANDLOCK_FEATURE_NEEDED);
	sandlock_policy_free(policy);
	unsetenv("SANDLOCK_RESOLVE"); /* the one beside the library */
	ASSERT_EQ(find(NULL, "resolver", &feature), 0);
	EXPECT_EQ(feature.state, SANDLOCK_FEATURE_PRESENT);
}

TEST(a_closed_temporary_directory_is_seen)
{
	sandlock_feature feature;

	unsetenv("XDG_RUNTIME_DIR");
	setenv("TMPDIR", "/proc/nowhere", 1);
	ASSERT_EQ(find(NULL, "private-tmp", &feature), 0);
	EXPECT_EQ(feature.state, SANDLOCK_FEATURE_MISSING);
	EXPECT_HAS(feature.detail, "/proc/nowhere");
	EXPECT_HAS(feature.remedy, "TMPDIR");
}

static void *iterate(void *arg)
{
	sandlock_feature feature = { .size = sizeof(feature) };
	size_t *missing = arg;

	for (size_t i = 0; sandlock_feature_at(i, &feature) == 0; i++)
		if (feature.state == SANDLOCK_FEATURE_MISSING)
			*missing += i;
	return arg;
}

/* Trials of several threads do not know of each other. */
TEST(threads_get_the_same_answer)
{
	pthread_t threads[4];
	size_t missing[4] = { 0 }, alone = 0;

	iterate(&alone);
	for (int i = 0; i < 4; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, iterate, &missing[i]),
			  0);
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], NULL);
		EXPECT_EQ(missing[i], alone);
	}
}
