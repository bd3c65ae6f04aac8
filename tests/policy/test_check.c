/* SPDX-License-Identifier: Apache-2.0 */
/* Contradictions, each with a control that passes. */
#include "helpers.h"

#include "policy/profile.h"

static int check(const struct sl_policy *policy, struct sl_error *err)
{
	sl_error_clear(err);
	return sl_policy_check(policy, err);
}

TEST(an_ordinary_policy_passes)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	EXPECT_EQ(check(policy, &err), 0);
	set_ok(policy, SL_KEY_FS_READ, "/usr");
	set_ok(policy, SL_KEY_NET_ALLOW, "tcp://:443");
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "8080");
	set_ok(policy, SL_KEY_TIMEOUT, "1m");
	set_ok(policy, SL_KEY_KILL_AFTER, "5s");
	set_ok(policy, SL_KEY_GPU, "0,1");
	set_ok(policy, SL_KEY_EXTRA_DENY, "ptrace");
	set_ok(policy, SL_KEY_EXTRA_ALLOW, "sysv_ipc");
	set_ok(policy, SL_KEY_DISABLE, "net-tcp");
	EXPECT_EQ(check(policy, &err), 0);
}

TEST(no_supervisor_names_all_offenders_at_once)
{
	static const char text[] = "[network]\nallow = [\"tcp://:80\"]\n"
				   "[limits]\nopen_files = 10\n"
				   "[determinism]\n"
				   "no_randomize_memory = false\n";
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_NO_SUPERVISOR, "true");
	set_ok(policy, SL_KEY_FS_READ, "/usr");
	set_ok(policy, SL_KEY_ENV, "A=1");
	set_ok(policy, SL_KEY_NO_COREDUMP, "true");
	set_ok(policy, SL_KEY_EXTRA_DENY, "ptrace");
	EXPECT_EQ(check(policy, &err), 0);
	ASSERT_EQ(sl_profile_parse(policy, text, sizeof(text) - 1, "p.toml", &err),
		  0);
	set_ok(policy, SL_KEY_NET_DENY, "tcp://:25");
	set_ok(policy, SL_KEY_TIMEOUT, "1");
	EXPECT_EQ(check(policy, &err), -EINVAL);
	EXPECT_STREQ(err.msg,
		     "--no-supervisor is incompatible with: [network].allow, "
		     "--net-deny, --timeout, [limits].open_files");
	set_ok(policy, SL_KEY_NO_SUPERVISOR, "false");
	EXPECT_EQ(check(policy, &err), 0);
}

TEST(a_preset_that_restricts_does_not_yield_to_confine)
{
	struct sl_origin preset = {
		.kind = SL_ORIGIN_PRESET, .source = "agent", .line = 4, .col = 1
	};
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	ASSERT_EQ(sl_policy_set(policy, SL_KEY_PRIVATE_TMP, "true", &preset, &err),
		  0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_CLEAN_ENV, "false", &preset, &err),
		  0);
	set_ok(policy, SL_KEY_FS_READ, "/usr");
	EXPECT_EQ(sl_policy_check_confine(policy, &err), 0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_OPEN_FILES, "64", &preset, &err),
		  0);
	EXPECT_EQ(sl_policy_check_confine(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "limits.open_files (preset agent");
}

TEST(a_presets_wish_yields_to_no_supervisor)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	ASSERT_EQ(sl_profile_load(policy, "base", &err), 0);
	set_ok(policy, SL_KEY_NO_SUPERVISOR, "true");
	EXPECT_EQ(check(policy, &err), 0);
	set_ok(policy, SL_KEY_PRIVATE_TMP, "true");
	EXPECT_EQ(check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "incompatible with: --private-tmp");
}

TEST(network_rules_are_judged)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_NET_ALLOW, ":443");
	set_ok(policy, SL_KEY_NET_DENY, "10.0.0.0/8");
	EXPECT_EQ(check(policy, &err), 0);
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "*");
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "80");
	EXPECT_EQ(check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "wildcard");
}

TEST(a_confined_thread_has_nobody_to_judge_hosts)
{
	static const char *const judged[] = { ":443", "tcp://10.0.0.1:443",
					      "udp://:53", "icmp://*", "h" };
	struct sl_error err;

	for (size_t i = 0; i < SL_ARRAY_LEN(judged); i++) {
		SL_AUTO(sl_policy) policy = policy_new();

		err = (struct sl_error){ 0 };
		set_ok(policy, SL_KEY_NET_ALLOW, judged[i]);
		CASE(sl_policy_check_confine(policy, &err) == -EINVAL, judged[i]);
		CASE(strstr(err.msg, "hint: as in tcp://:443"), err.msg);
		sl_policy_clear(policy, SL_KEY_NET_ALLOW);
		set_ok(policy, SL_KEY_NET_ALLOW, "tcp://:443");
		CASE(sl_policy_check_confine(policy, NULL) == 0, "tcp://:443");
	}
}

TEST(a_confined_thread_has_nobody_to_judge_udp_ports)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "8080");
	EXPECT_EQ(sl_policy_check_confine(policy, NULL), 0);
	/* There are no such sockets, so it holds. */
	set_ok(policy, SL_KEY_NET_DENY_BIND, "udp://5353");
	EXPECT_EQ(sl_policy_check_confine(policy, NULL), 0);
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "udp://5353");
	EXPECT_EQ(sl_policy_check_confine(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "not to hosts, UDP or ICMP");
}

TEST(a_syscall_is_not_both_denied_and_allowed)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_EXTRA_DENY, "shmget");
	set_ok(policy, SL_KEY_EXTRA_ALLOW, "shmat");
	EXPECT_EQ(check(policy, &err), 0);
	set_ok(policy, SL_KEY_EXTRA_ALLOW, "shmget");
	EXPECT_EQ(check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "--extra-allow-syscall: 'shmget' is denied");
}

TEST(fs_refer_stays)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_ALLOW_DEGRADED, "fs-refer");
	EXPECT_EQ(check(policy, &err), 0);
	set_ok(policy, SL_KEY_DISABLE, "FS-Refer");
	EXPECT_EQ(check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "--disable: fs-refer cannot be disabled");
}

TEST(gpus_and_grace)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_GPU, "all");
	EXPECT_EQ(check(policy, &err), 0);
	set_ok(policy, SL_KEY_GPU, "1");
	EXPECT_EQ(check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "--gpu: 'all'");
	sl_policy_clear(policy, SL_KEY_GPU);
	set_ok(policy, SL_KEY_KILL_AFTER, "1s");
	EXPECT_EQ(check(policy, &err), -EINVAL);
	EXPECT_HAS(err.msg, "--kill-after: has no effect without a timeout");
}
