/* SPDX-License-Identifier: Apache-2.0 */
/* The key table itself: whole, unambiguous, fit to print. */
#include "helpers.h"

#include "policy/suggest.h"

#define EACH_KEY(info)                                                     \
	for (const struct sl_key_info *info = sl_key_info((enum sl_key)0); \
	     info; info = sl_key_info((enum sl_key)(info->id + 1)))

TEST(rows_are_complete)
{
	for (int k = 0; k < SL_KEY_COUNT; k++)
		ASSERT_EQ(sl_key_info((enum sl_key)k)->id, k);
	EACH_KEY(info)
	{
		CASE(info->help && info->help[0], info->name);
		/* A line of 80 columns in --help. */
		CASE(info->help && strlen(info->help) <=
					   (info->flags & SL_KF_LATER ? 70 : 46),
		     info->name);
		CASE(info->group && info->group[0], info->name);
		CASE((info->type == SL_TYPE_BOOL) == !info->metavar, info->name);
		CASE(info->max == 0 || info->min <= info->max, info->name);
		/* A run option has no dot, a policy key has one. */
		CASE(!!strchr(info->name, '.') == !(info->flags & SL_KF_RUN),
		     info->name);
		CASE(info->flag || !(info->flags & SL_KF_RUN), info->name);
		CASE(!info->flag || strncmp(info->flag, "--", 2) == 0,
		     info->name);
		CASE(!info->short_flag || (info->short_flag[0] == '-' &&
					   strlen(info->short_flag) == 2),
		     info->name);
	}
}

TEST(names_and_flags_are_unique)
{
	EACH_KEY(a)
	EACH_KEY(b)
	{
		if (a == b)
			continue;
		CASE(strcmp(a->name, b->name) != 0, a->name);
		CASE(!a->flag || !b->flag || strcmp(a->flag, b->flag) != 0,
		     a->name);
		CASE(!a->short_flag || !b->short_flag ||
			     strcmp(a->short_flag, b->short_flag) != 0,
		     a->name);
		CASE(!a->flag || strcmp(a->flag + 2, b->name) != 0, a->name);
	}
}

TEST(groups_stand_together)
{
	const char *seen[SL_KEY_COUNT];
	size_t count = 0;

	EACH_KEY(info)
	{
		if (count && strcmp(seen[count - 1], info->group) == 0)
			continue;
		for (size_t i = 0; i < count; i++)
			CASE(strcmp(seen[i], info->group) != 0, info->name);
		seen[count++] = info->group;
	}
}

TEST(every_flag_of_the_reference_is_known)
{
	static const char *const flags[] = {
		"--fs-read",
		"--fs-write",
		"--fs-deny",
		"--fs-mount",
		"--chroot",
		"--image",
		"--workdir",
		"--cwd",
		"--fs-storage",
		"--max-disk",
		"--on-exit",
		"--on-error",
		"--dry-run",
		"--max-memory",
		"--max-processes",
		"--max-open-files",
		"--cpu",
		"--cpu-cores",
		"--num-cpus",
		"--gpu",
		"--net-allow",
		"--net-deny",
		"--net-allow-bind",
		"--net-deny-bind",
		"--port-remap",
		"--http-allow",
		"--http-deny",
		"--http-port",
		"--http-ca",
		"--http-key",
		"--http-inject-ca",
		"--http-ca-out",
		"--credential",
		"--http-auth",
		"--extra-deny-syscall",
		"--extra-allow-syscall",
		"--allow-degraded",
		"--disable",
		"--clean-env",
		"--env",
		"--user",
		"--random-seed",
		"--time-start",
		"--no-randomize-memory",
		"--no-huge-pages",
		"--deterministic-dirs",
		"--no-coredump",
		"--timeout",
		"--profile",
		"--profile-file",
		"--status-fd",
		"--name",
		"--exec-shell",
		"--interactive",
		"--no-supervisor",
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(flags); i++)
		CASE(sl_key_find(flags[i]) != NULL, flags[i]);
}

TEST(every_key_of_the_reference_is_known)
{
	static const char *const names[] = {
		"config.http_ca",
		"config.http_key",
		"config.http_inject_ca",
		"config.http_ca_out",
		"config.fs_storage",
		"config.workdir",
		"determinism.random_seed",
		"determinism.time_start",
		"determinism.deterministic_dirs",
		"determinism.no_randomize_memory",
		"program.exec",
		"program.args",
		"program.env",
		"program.cwd",
		"program.clean_env",
		"program.no_coredump",
		"program.no_huge_pages",
		"filesystem.read",
		"filesystem.write",
		"filesystem.deny",
		"filesystem.chroot",
		"filesystem.mount",
		"filesystem.on_exit",
		"filesystem.on_error",
		"network.allow",
		"network.deny",
		"network.allow_bind",
		"network.deny_bind",
		"network.port_remap",
		"http.ports",
		"http.allow",
		"http.deny",
		"syscalls.extra_allow",
		"syscalls.extra_deny",
		"limits.memory",
		"limits.disk",
		"limits.processes",
		"limits.open_files",
		"limits.num_cpus",
		"limits.cpu",
		"limits.gpu_devices",
		"limits.cpu_cores",
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
		CASE(sl_key_find(names[i]) != NULL, names[i]);
}

TEST(find_knows_names_and_flags)
{
	EXPECT_EQ(sl_key_find("limits.timeout")->id, SL_KEY_TIMEOUT);
	EXPECT_EQ(sl_key_find("--timeout")->id, SL_KEY_TIMEOUT);
	EXPECT_EQ(sl_key_find("timeout")->id, SL_KEY_TIMEOUT);
	EXPECT_TRUE(sl_key_find("limits.timeou") == NULL);
	EXPECT_TRUE(sl_key_find("") == NULL);
	EXPECT_TRUE(sl_key_info(SL_KEY_COUNT) == NULL);
}

TEST(suggestions_are_near)
{
	EXPECT_STREQ(sl_key_suggest("filesystem.reed"), "filesystem.read");
	EXPECT_STREQ(sl_key_suggest("Limits.Timeuot"), "limits.timeout");
	EXPECT_STREQ(sl_key_suggest("open_files"), "limits.open_files");
	EXPECT_STREQ(sl_key_suggest("--fs-raed"), "--fs-read");
	EXPECT_TRUE(sl_key_suggest("banana.split") == NULL);
	EXPECT_TRUE(sl_key_suggest("") == NULL);
}

TEST(distance)
{
	char far[200];

	memset(far, 'a', sizeof(far) - 1);
	far[sizeof(far) - 1] = '\0';
	EXPECT_EQ(sl_suggest_distance("read", "read"), 0);
	EXPECT_EQ(sl_suggest_distance("READ", "read"), 0);
	EXPECT_EQ(sl_suggest_distance("raed", "read"), 1);
	EXPECT_EQ(sl_suggest_distance("reed", "read"), 1);
	EXPECT_EQ(sl_suggest_distance("rea", "read"), 1);
	EXPECT_EQ(sl_suggest_distance("", "read"), 4);
	EXPECT_EQ(sl_suggest_distance("abc", "xyz"), 3);
	EXPECT_TRUE(sl_suggest_distance(far, "read") > 1000);
}

TEST(protections_have_names)
{
	for (int i = 0; i < SL_PROT_COUNT; i++)
		EXPECT_EQ(sl_protection_find(
				  sl_protection_name((enum sl_protection)i)),
			  i);
	EXPECT_EQ(sl_protection_find("NET-TCP"), SL_PROT_NET_TCP);
	EXPECT_EQ(sl_protection_find("net"), -EINVAL);
	EXPECT_TRUE(sl_protection_name(SL_PROT_COUNT) == NULL);
}
