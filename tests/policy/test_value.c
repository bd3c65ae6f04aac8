/* SPDX-License-Identifier: Apache-2.0 */
/* Grammars of single values, good and bad. */
#include "helpers.h"

#include "base/limits.h"
#include "policy/value.h"

struct good {
	enum sl_key key;
	const char *text;
	uint64_t num;
};

struct bad {
	enum sl_key key;
	const char *text;
	const char *message;
};

TEST(sizes)
{
	static const struct {
		const char *text;
		uint64_t bytes;
	} good[] = {
		{ "0", 0 },
		{ "512", 512 },
		{ " 64 M ", 64ull << 20 },
		{ "64m", 64ull << 20 },
		{ "1.5G", 3ull << 29 },
		{ "2T", 2ull << 40 },
		{ "1KiB", 1024 },
		{ "1 tib", 1ull << 40 },
		{ "0.5k", 512 },
		{ "1.9", 1 },
		{ "18446744073709551615", UINT64_MAX },
		{ "0.000000000000000000000001K", 0 },
	};
	static const char *const bad[] = { "",	  " ",	 "K",	"1.K",	".5K",
					   "-1",  "+1",	 "1KB", "1MB",	"1 2",
					   "0x1", "1e3", "1,5", "1..5", "1.5.5" };
	static const char *const huge[] = { "18446744073709551616", "16777216T",
					    "17179869184G",
					    "99999999999999999999999999" };
	uint64_t num;

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		num = 7;
		CASE(sl_value_size(good[i].text, &num) == 0, good[i].text);
		CASE(num == good[i].bytes, good[i].text);
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++)
		CASE(sl_value_size(bad[i], &num) == -EINVAL, bad[i]);
	for (size_t i = 0; i < SL_ARRAY_LEN(huge); i++)
		CASE(sl_value_size(huge[i], &num) == -ERANGE, huge[i]);
	EXPECT_EQ(sl_value_size("16777215.99999T", &num), 0);
}

TEST(durations)
{
	static const struct good good[] = {
		{ SL_KEY_TIMEOUT, "90", 90000000000 },
		{ SL_KEY_TIMEOUT, "1.5s", 1500000000 },
		{ SL_KEY_TIMEOUT, "200ms", 200000000 },
		{ SL_KEY_TIMEOUT, "2m", 120000000000 },
		{ SL_KEY_TIMEOUT, "1h", 3600000000000 },
		{ SL_KEY_TIMEOUT, "0.000000001", 1 },
		{ SL_KEY_KILL_AFTER, "0", 0 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		SL_AUTO(sl_policy) policy = policy_new();

		set_ok(policy, good[i].key, good[i].text);
		CASE(sl_policy_num(policy, good[i].key, 7) == good[i].num,
		     good[i].text);
	}
}

TEST(scalars_and_lists)
{
	static const struct good good[] = {
		{ SL_KEY_OPEN_FILES, "1", 1 },
		{ SL_KEY_OPEN_FILES, " 1024 ", 1024 },
		{ SL_KEY_USER, "1000:100", 1000ull << 32 | 100 },
		{ SL_KEY_USER, "0:0", 0 },
		{ SL_KEY_CLEAN_ENV, "true", 1 },
		{ SL_KEY_CLEAN_ENV, "false", 0 },
		{ SL_KEY_CPU_CORES, "3", 3 },
		{ SL_KEY_GPU, "ALL", SL_GPU_ALL },
		{ SL_KEY_GPU, "1", 1 },
		{ SL_KEY_DISABLE, "Net-TCP", SL_PROT_NET_TCP },
		{ SL_KEY_NET_ALLOW_BIND, "80", 80ull << 16 | 80 },
		{ SL_KEY_NET_ALLOW_BIND, "8000 - 8010", 8000ull << 16 | 8010 },
		{ SL_KEY_NET_ALLOW_BIND, "0", 0 },
		{ SL_KEY_NET_ALLOW_BIND, "*", SL_PORT_ANY },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		SL_AUTO(sl_policy) policy = policy_new();

		set_ok(policy, good[i].key, good[i].text);
		CASE(sl_policy_num(policy, good[i].key, 7) == good[i].num,
		     good[i].text);
	}
}

TEST(mistakes_are_named)
{
	static const struct bad bad[] = {
		{ SL_KEY_TIMEOUT, "2x",
		  "--timeout: '2x' is not a duration (90, 1.5s, 200ms, 2m, "
		  "1h)" },
		{ SL_KEY_TIMEOUT, "", "is not a duration" },
		{ SL_KEY_TIMEOUT, "-1", "is not a duration" },
		{ SL_KEY_TIMEOUT, "1d", "is not a duration" },
		{ SL_KEY_TIMEOUT, "0", "no time at all" },
		{ SL_KEY_TIMEOUT, "0.0000000001", "no time at all" },
		{ SL_KEY_TIMEOUT, "99999999999h", "too large" },
		{ SL_KEY_TIMEOUT, "9223372037s", "too large" },
		{ SL_KEY_OPEN_FILES, "0", "omit it" },
		{ SL_KEY_OPEN_FILES, "x", "whole number" },
		{ SL_KEY_OPEN_FILES, "1K", "whole number" },
		{ SL_KEY_OPEN_FILES, "2147483648", "from 1 to 2147483647" },
		{ SL_KEY_OPEN_FILES, "99999999999999999999", "too large" },
		{ SL_KEY_USER, "1000", "UID:GID" },
		{ SL_KEY_USER, "root:root", "UID:GID" },
		{ SL_KEY_USER, "1:", "UID:GID" },
		{ SL_KEY_USER, ":1", "UID:GID" },
		{ SL_KEY_USER, "1:2:3", "UID:GID" },
		{ SL_KEY_USER, "4294967295:0", "too large" },
		{ SL_KEY_CLEAN_ENV, "yes", "true or false" },
		{ SL_KEY_CLEAN_ENV, "", "true or false" },
		{ SL_KEY_ENV, "PATH", "'PATH' is not KEY=VALUE" },
		{ SL_KEY_ENV, "=x", "is not KEY=VALUE" },
		{ SL_KEY_FS_READ, "", "--fs-read: the path is empty" },
		{ SL_KEY_FS_READ, "?", "the path is empty" },
		{ SL_KEY_CWD, "", "the path is empty" },
		{ SL_KEY_EXEC, "", "program.exec: the value is empty" },
		{ SL_KEY_CPU_CORES, "0,", "empty number" },
		{ SL_KEY_CPU_CORES, "", "empty number" },
		{ SL_KEY_CPU_CORES, "0-3", "number of a processor core" },
		{ SL_KEY_CPU_CORES, "65536", "too large" },
		{ SL_KEY_CPU_CORES, "all", "number of a processor core" },
		{ SL_KEY_GPU, "any", "'all' or the number of a GPU" },
		{ SL_KEY_DISABLE, "net",
		  "fs-refer, fs-truncate, net-tcp, "
		  "fs-ioctl-dev, signal-scope, "
		  "abstract-unix-socket-scope" },
		{ SL_KEY_EXTRA_DENY, "", "name is empty" },
		{ SL_KEY_EXTRA_DENY, "a-b", "name of a system call" },
		{ SL_KEY_NET_ALLOW_BIND, "8080,", "empty port" },
		{ SL_KEY_NET_ALLOW_BIND, "", "empty port" },
		{ SL_KEY_NET_ALLOW_BIND, "9000-8000", "reversed port range" },
		{ SL_KEY_NET_ALLOW_BIND, "a", "invalid port" },
		{ SL_KEY_NET_ALLOW_BIND, "70000", "invalid port" },
		{ SL_KEY_NET_ALLOW_BIND, "1-x", "invalid port range" },
		{ SL_KEY_NET_ALLOW_BIND, "-5", "invalid port" },
		{ SL_KEY_NET_DENY_BIND, "*",
		  "wildcard is only supported for allow-bind" },
	};
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		int r = set_flag(policy, bad[i].key, bad[i].text, &err);

		CASE(r < 0 && r == err.code, bad[i].text);
		CASE(strstr(err.msg, bad[i].message) != NULL, err.msg);
		CASE(!sl_policy_get(policy, bad[i].key)->set, bad[i].text);
	}
}

TEST(later_rows_are_refused_by_name)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	EXPECT_EQ(set_flag(policy, SL_KEY_FS_MOUNT, "/x", &err), -ENOTSUP);
	EXPECT_STREQ(err.msg, "--fs-mount: not available in this version");
	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);

		if (info->flags & SL_KF_LATER)
			CASE(set_flag(policy, info->id, "x", &err) == -ENOTSUP,
			     info->name);
		else if (info->flags & SL_KF_RUN)
			CASE(set_flag(policy, info->id, "x", &err) == -EINVAL,
			     info->name);
	}
}

TEST(values_are_capped)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	char *big = malloc(SL_MAX_VALUE_BYTES + 2);

	memset(big, 'a', SL_MAX_VALUE_BYTES + 1);
	big[SL_MAX_VALUE_BYTES + 1] = '\0';
	EXPECT_EQ(set_flag(policy, SL_KEY_FS_READ, big, &err), -E2BIG);
	EXPECT_HAS(err.msg, "longer than 131072 bytes");
	big[SL_MAX_VALUE_BYTES] = '\0';
	EXPECT_EQ(set_flag(policy, SL_KEY_FS_READ, big, &err), 0);
	free(big);
}

TEST(lists_are_capped_and_whole_or_untouched)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	size_t len = 2 * SL_MAX_LIST_ITEMS;
	char *big = malloc(len + 1);

	for (size_t i = 0; i < len; i += 2)
		memcpy(big + i, "1,", 2);
	big[len - 1] = '\0';
	EXPECT_EQ(set_flag(policy, SL_KEY_CPU_CORES, big, &err), 0);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_CPU_CORES)->count,
		  SL_MAX_LIST_ITEMS);
	EXPECT_EQ(set_flag(policy, SL_KEY_CPU_CORES, "1", &err), -E2BIG);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_CPU_CORES)->count,
		  SL_MAX_LIST_ITEMS);
	sl_policy_clear(policy, SL_KEY_CPU_CORES);
	EXPECT_EQ(set_flag(policy, SL_KEY_CPU_CORES, "1,2,x", &err), -EINVAL);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_CPU_CORES)->count, 0);
	free(big);
}

TEST(quotes_cannot_drive_a_terminal)
{
	char buf[SL_QUOTE_MAX], big[1000];

	memset(big, 'a', sizeof(big));
	EXPECT_STREQ(sl_quote(buf, "a\033[2Jb\n", 7), "a?[2Jb?");
	EXPECT_LT(strlen(sl_quote(buf, big, sizeof(big))), SL_QUOTE_MAX);
}
