/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judgement, on hosts that are made up: kernels without Landlock, with it
 * switched off, of every ABI, containers, sysctls, full domains.
 */
#include <errno.h>

#include "harness/harness.h"
#include "plan/doctor.h"
#include "plan/plan.h"
#include "policy/profile.h"

/* A host where every trial works. */
static void make_whole(struct sl_host *host)
{
	memset(host, 0, sizeof(*host));
	host->kernel_major = 6;
	host->kernel_minor = 18;
	host->machine = "x86_64";
	host->euid = 1000;
	for (int i = 0; i < SL_TRIAL_COUNT; i++)
		host->trials[i].done = 1;
	host->trials[SL_TRIAL_LANDLOCK].number = 7;
	host->trials[SL_TRIAL_LANDLOCK].list[0] = 7;
	host->trials[SL_TRIAL_DOMAIN].number = 15;
	host->trials[SL_TRIAL_DOMAIN].tried = SL_TRY_REFUSED;
	host->trials[SL_TRIAL_NOTIFY].number = SL_NOTIFY_KILLABLE |
					       SL_NOTIFY_SYNC;
	host->trials[SL_TRIAL_PIDFD].number = 1;
	host->proc = SL_PROC_WHOLE;
	host->max_user_namespaces = 10000;
	host->unprivileged_userns = SL_SYSCTL_NONE;
	host->apparmor_userns = SL_SYSCTL_NONE;
	host->ptrace_scope = 1;
	host->supervisor = "/x/sandlock-supervisor";
	host->resolve = "/x/sandlock-resolve";
	snprintf(host->modules, sizeof(host->modules),
		 "lockdown,capability,landlock,yama,apparmor");
}

static void break_trial(struct sl_host *host, enum sl_trial_id id,
			enum sl_try tried, int error)
{
	host->trials[id] =
		(struct sl_trial){ .done = 1, .tried = tried, .error = error };
}

static struct sl_demand demand_of(const char *preset)
{
	struct sl_demand demand = { 0 };
	struct sl_error err = { 0 };
	SL_AUTO(sl_policy) policy = NULL;

	EXPECT_EQ(sl_policy_new(&policy), 0);
	if (preset)
		EXPECT_EQ(sl_profile_load(policy, preset, &err), 0);
	EXPECT_EQ(sl_doctor_demand(policy, 1000, 1000, &demand, &err), 0);
	return demand;
}

static struct sl_finding judge(const struct sl_host *host, enum sl_feature row)
{
	struct sl_demand demand = demand_of("base");
	struct sl_finding found;

	sl_doctor_judge(row, host, &demand, &found);
	return found;
}

/* As a run would be judged: nothing needed is missing. */
static bool is_enforceable(const struct sl_host *host,
			   const struct sl_demand *demand)
{
	for (int i = 0; i < SL_FEATURE_COUNT; i++) {
		struct sl_finding found;

		sl_doctor_judge((enum sl_feature)i, host, demand, &found);
		if (found.needed && found.state == SL_FEATURE_MISSING)
			return false;
	}
	return true;
}

TEST(rows_have_names_and_texts)
{
	for (size_t i = 0; i < SL_FEATURE_COUNT; i++) {
		const struct sl_feature_info *info = sl_feature_info(i);

		ASSERT_TRUE(info && info->name && info->gives);
		EXPECT_TRUE(strlen(info->name) <= 26);
		EXPECT_TRUE(strlen(info->gives) <= 56);
		for (size_t k = 0; k < i; k++)
			EXPECT_NE(strcmp(info->name, sl_feature_info(k)->name),
				  0);
	}
	EXPECT_TRUE(!sl_feature_info(SL_FEATURE_COUNT));
	for (int p = 0; p < SL_PROT_COUNT; p++) {
		const char *name = sl_protection_name((enum sl_protection)p);

		EXPECT_STREQ(sl_feature_info(SL_FEATURE_FS_REFER + (size_t)p)->name,
			     name);
	}
}

TEST(a_whole_host_lacks_nothing)
{
	struct sl_demand demand = demand_of("base");
	struct sl_host host;

	make_whole(&host);
	EXPECT_TRUE(is_enforceable(&host, &demand));
	EXPECT_EQ(judge(&host, SL_FEATURE_LANDLOCK).number, 7);
	EXPECT_STREQ(judge(&host, SL_FEATURE_LANDLOCK).detail, "ABI 7");
	EXPECT_STREQ(judge(&host, SL_FEATURE_LANDLOCK).remedy, "");
	EXPECT_EQ(judge(&host, SL_FEATURE_NESTING).number, 16);
}

/* What was never looked at is no feature. */
TEST(zero_is_missing)
{
	struct sl_host host = { 0 };
	struct sl_demand demand = demand_of("base");

	EXPECT_FALSE(is_enforceable(&host, &demand));
	EXPECT_EQ(judge(&host, SL_FEATURE_LANDLOCK).state, SL_FEATURE_MISSING);
	EXPECT_EQ(judge(&host, SL_FEATURE_SECCOMP).state, SL_FEATURE_MISSING);
	EXPECT_EQ(judge(&host, SL_FEATURE_NO_NEW_PRIVS).state,
		  SL_FEATURE_MISSING);
	EXPECT_EQ(judge(&host, SL_FEATURE_PROC).state, SL_FEATURE_MISSING);
}

/* ------------------------------------------------ Landlock */

TEST(landlock_not_enabled_names_the_boot_parameter)
{
	struct sl_finding found;
	struct sl_host host;

	make_whole(&host);
	break_trial(&host, SL_TRIAL_LANDLOCK, SL_TRY_CREATE, EOPNOTSUPP);
	break_trial(&host, SL_TRIAL_DOMAIN, SL_TRY_CREATE, EOPNOTSUPP);
	snprintf(host.modules, sizeof(host.modules),
		 "lockdown,capability,yama,apparmor");
	found = judge(&host, SL_FEATURE_LANDLOCK);
	EXPECT_EQ(found.state, SL_FEATURE_MISSING);
	EXPECT_HAS(found.detail, "not enabled");
	EXPECT_HAS(found.remedy, "lsm=landlock,lockdown,yama,apparmor ");
	host.modules[0] = '\0';
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).remedy,
		   "/sys/kernel/security/lsm");
}

TEST(landlock_not_built_in)
{
	struct sl_host host;

	make_whole(&host);
	break_trial(&host, SL_TRIAL_LANDLOCK, SL_TRY_CREATE, ENOSYS);
	break_trial(&host, SL_TRIAL_DOMAIN, SL_TRY_CREATE, ENOSYS);
	host.modules[0] = '\0';
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).remedy,
		   "CONFIG_SECURITY_LANDLOCK=y");
	host.kernel_major = 5;
	host.kernel_minor = 10;
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).detail,
		   "not in Linux 5.10");
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).remedy,
		   "Linux 5.13 or newer");
	/* A filter does not make an old kernel younger. */
	host.seccomp_mode = 2;
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).remedy,
		   "Linux 5.13 or newer");
}

TEST(landlock_refused_by_a_container)
{
	static const int errors[] = { EPERM, EACCES, ENOSYS };
	struct sl_host host;

	for (size_t i = 0; i < SL_ARRAY_LEN(errors); i++) {
		make_whole(&host);
		host.seccomp_mode = 2;
		break_trial(&host, SL_TRIAL_LANDLOCK, SL_TRY_CREATE, errors[i]);
		break_trial(&host, SL_TRIAL_DOMAIN, SL_TRY_CREATE, errors[i]);
		EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).detail,
			   "the container's seccomp profile");
		EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).remedy,
			   "--security-opt seccomp=");
	}
	/* The list of modules proves that the kernel has none. */
	snprintf(host.modules, sizeof(host.modules), "capability,yama");
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).detail, "not built into");
	/* Without a filter EPERM is somebody else's. */
	make_whole(&host);
	break_trial(&host, SL_TRIAL_LANDLOCK, SL_TRY_CREATE, EPERM);
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).remedy, "security module");
}

TEST(a_domain_that_refuses_nothing_is_missing)
{
	struct sl_host host;

	make_whole(&host);
	break_trial(&host, SL_TRIAL_DOMAIN, SL_TRY_REFUSED, ENOTSUP);
	EXPECT_EQ(judge(&host, SL_FEATURE_LANDLOCK).state, SL_FEATURE_MISSING);
	EXPECT_HAS(judge(&host, SL_FEATURE_LANDLOCK).detail,
		   "allowed all the same");
	EXPECT_EQ(judge(&host, SL_FEATURE_NET_TCP).state, SL_FEATURE_MISSING);
	make_whole(&host);
	break_trial(&host, SL_TRIAL_FILTER, SL_TRY_FILTERED, ENOTSUP);
	EXPECT_EQ(judge(&host, SL_FEATURE_SECCOMP).state, SL_FEATURE_MISSING);
	EXPECT_EQ(judge(&host, SL_FEATURE_NO_NEW_PRIVS).state,
		  SL_FEATURE_PRESENT);
}

/* The judge and the plan must agree on every ABI. */
TEST(protections_agree_with_the_plan_at_every_abi)
{
	struct sl_demand demand = demand_of("base");

	for (int abi = 1; abi <= 12; abi++) {
		struct sl_probe probe = { .landlock_abi = abi };
		SL_AUTO(sl_policy) policy = NULL;
		SL_AUTO(sl_plan) plan = NULL;
		struct sl_error err = { 0 };
		struct sl_host host;
		int r;

		make_whole(&host);
		host.trials[SL_TRIAL_LANDLOCK].number = abi;
		ASSERT_EQ(sl_policy_new(&policy), 0);
		ASSERT_EQ(sl_profile_load(policy, "base", &err), 0);
		r = sl_plan_compile(policy, &probe, &plan, &err);
		EXPECT_EQ(r == 0, is_enforceable(&host, &demand));
		for (int p = 0; p < SL_PROT_COUNT; p++) {
			const char *name =
				sl_protection_name((enum sl_protection)p);
			struct sl_finding found = judge(
				&host,
				(enum sl_feature)(SL_FEATURE_FS_REFER + p));
			bool named = r < 0 && strstr(err.msg, name);

			EXPECT_EQ(found.state == SL_FEATURE_MISSING, named);
			EXPECT_TRUE(found.needed && found.protection);
			if (named)
				EXPECT_HAS(found.remedy, "--allow-degraded");
		}
	}
}

TEST(domains_are_counted)
{
	struct sl_demand demand = demand_of("base");
	struct sl_host host;

	make_whole(&host);
	host.trials[SL_TRIAL_DOMAIN].number = 1; /* two fit */
	EXPECT_TRUE(is_enforceable(&host, &demand));
	host.trials[SL_TRIAL_DOMAIN].number = 0; /* one */
	EXPECT_FALSE(is_enforceable(&host, &demand));
	EXPECT_HAS(judge(&host, SL_FEATURE_NESTING).remedy, "--no-supervisor");
	EXPECT_EQ(judge(&host, SL_FEATURE_LANDLOCK).state, SL_FEATURE_PRESENT);
	break_trial(&host, SL_TRIAL_DOMAIN, SL_TRY_RESTRICT, E2BIG);
	EXPECT_EQ(judge(&host, SL_FEATURE_LANDLOCK).state, SL_FEATURE_PRESENT);
	EXPECT_EQ(judge(&host, SL_FEATURE_NESTING).state, SL_FEATURE_MISSING);
	EXPECT_EQ(judge(&host, SL_FEATURE_NESTING).number, 0);
}

TEST(open_errata_are_named)
{
	struct sl_host host;

	make_whole(&host);
	EXPECT_EQ(judge(&host, SL_FEATURE_ERRATA).state, SL_FEATURE_PRESENT);
	host.trials[SL_TRIAL_LANDLOCK].list[0] = 3;
	EXPECT_EQ(judge(&host, SL_FEATURE_ERRATA).state, SL_FEATURE_LIMITED);
	EXPECT_HAS(judge(&host, SL_FEATURE_ERRATA).detail, "open: 3");
	host.trials[SL_TRIAL_LANDLOCK].list[0] = 0;
	EXPECT_HAS(judge(&host, SL_FEATURE_ERRATA).detail, "open: 1, 2, 3");
	host.trials[SL_TRIAL_LANDLOCK].number = 4;
	EXPECT_HAS(judge(&host, SL_FEATURE_ERRATA).detail, "open: 1, 3");
	EXPECT_FALSE(judge(&host, SL_FEATURE_ERRATA).needed);
}

/* ------------------------------------------------ the others */

TEST(what_a_killing_filter_hits_is_named)
{
	struct sl_host host;

	make_whole(&host);
	host.trials[SL_TRIAL_CLOSE] = (struct sl_trial){
		.done = 1, .killed = 1, .tried = SL_TRY_CLOSE_RANGE
	};
	EXPECT_EQ(judge(&host, SL_FEATURE_CLOSE_RANGE).state, SL_FEATURE_MISSING);
	EXPECT_HAS(judge(&host, SL_FEATURE_CLOSE_RANGE).detail,
		   "close_range: killed");
	EXPECT_HAS(judge(&host, SL_FEATURE_CLOSE_RANGE).remedy, "close_range");
}

TEST(old_kernels_are_told_by_their_number)
{
	struct sl_host host;

	make_whole(&host);
	host.kernel_major = 5;
	host.kernel_minor = 4;
	break_trial(&host, SL_TRIAL_OPEN, SL_TRY_OPENAT2, ENOSYS);
	EXPECT_STREQ(judge(&host, SL_FEATURE_OPENAT2).remedy,
		     "Linux 5.6 or newer");
	break_trial(&host, SL_TRIAL_CLOSE, SL_TRY_CLOSE_RANGE, ENOSYS);
	EXPECT_STREQ(judge(&host, SL_FEATURE_CLOSE_RANGE).remedy,
		     "Linux 5.11 or newer");
	break_trial(&host, SL_TRIAL_NOTIFY, SL_TRY_LISTENER, EINVAL);
	EXPECT_STREQ(judge(&host, SL_FEATURE_NOTIFY).remedy,
		     "Linux 5.0 or newer");
	EXPECT_TRUE(judge(&host, SL_FEATURE_NOTIFY).needed);
}

TEST(no_process_for_a_trial_is_said)
{
	struct sl_host host;

	make_whole(&host);
	break_trial(&host, SL_TRIAL_PIDFD, SL_TRY_FORK, EAGAIN);
	EXPECT_HAS(judge(&host, SL_FEATURE_PIDFD).detail, "not tried");
	EXPECT_HAS(judge(&host, SL_FEATURE_PIDFD).remedy, "ulimit -u");
}

TEST(no_new_privs_is_the_cause_of_the_rest)
{
	struct sl_host host;

	make_whole(&host);
	host.seccomp_mode = 2;
	break_trial(&host, SL_TRIAL_FILTER, SL_TRY_NNP, EPERM);
	break_trial(&host, SL_TRIAL_DOMAIN, SL_TRY_NNP, EPERM);
	EXPECT_HAS(judge(&host, SL_FEATURE_NO_NEW_PRIVS).remedy, "prctl");
	EXPECT_STREQ(judge(&host, SL_FEATURE_SECCOMP).detail,
		     "needs no-new-privs");
	EXPECT_STREQ(judge(&host, SL_FEATURE_SECCOMP).remedy, "");
	EXPECT_STREQ(judge(&host, SL_FEATURE_LANDLOCK).detail,
		     "needs no-new-privs");
	EXPECT_EQ(judge(&host, SL_FEATURE_LANDLOCK).state, SL_FEATURE_MISSING);
}

/* Each cause has its own way out, and the sysctl beats a guess. */
TEST(user_namespaces_name_their_switch)
{
	struct sl_host host;

	make_whole(&host);
	break_trial(&host, SL_TRIAL_USERNS, SL_TRY_UNSHARE, ENOSPC);
	EXPECT_HAS(judge(&host, SL_FEATURE_USER_NAMESPACES).remedy,
		   "user.max_user_namespaces");
	break_trial(&host, SL_TRIAL_USERNS, SL_TRY_UNSHARE, EPERM);
	host.unprivileged_userns = 0;
	EXPECT_HAS(judge(&host, SL_FEATURE_USER_NAMESPACES).remedy,
		   "kernel.unprivileged_userns_clone=1");
	host.unprivileged_userns = 1;
	host.apparmor_userns = 1;
	EXPECT_HAS(judge(&host, SL_FEATURE_USER_NAMESPACES).remedy,
		   "'userns,'");
	break_trial(&host, SL_TRIAL_USERNS, SL_TRY_MAP_UID, EPERM);
	EXPECT_HAS(judge(&host, SL_FEATURE_USER_NAMESPACES).remedy,
		   "apparmor_restrict_unprivileged_userns=0");
	host.apparmor_userns = SL_SYSCTL_NONE;
	break_trial(&host, SL_TRIAL_USERNS, SL_TRY_UNSHARE, EINVAL);
	EXPECT_HAS(judge(&host, SL_FEATURE_USER_NAMESPACES).remedy,
		   "CONFIG_USER_NS=y");
	break_trial(&host, SL_TRIAL_USERNS, SL_TRY_MAP_UID, ENOENT);
	host.proc = SL_PROC_MISSING;
	EXPECT_HAS(judge(&host, SL_FEATURE_USER_NAMESPACES).remedy,
		   "mount -t proc");
	host.seccomp_mode = 2;
	break_trial(&host, SL_TRIAL_USERNS, SL_TRY_UNSHARE, EPERM);
	EXPECT_HAS(judge(&host, SL_FEATURE_USER_NAMESPACES).detail,
		   "the container's seccomp profile");
	EXPECT_FALSE(judge(&host, SL_FEATURE_USER_NAMESPACES).needed);
}

TEST(the_places_around_are_described)
{
	struct sl_host host;

	make_whole(&host);
	host.ptrace_scope = 0;
	EXPECT_EQ(judge(&host, SL_FEATURE_PTRACE_SCOPE).state,
		  SL_FEATURE_MISSING);
	EXPECT_HAS(judge(&host, SL_FEATURE_PTRACE_SCOPE).remedy,
		   "kernel.yama.ptrace_scope=1");
	host.ptrace_scope = SL_SYSCTL_NONE;
	EXPECT_HAS(judge(&host, SL_FEATURE_PTRACE_SCOPE).detail, "no Yama");
	host.proc = SL_PROC_HIDING;
	EXPECT_EQ(judge(&host, SL_FEATURE_PROC).state, SL_FEATURE_PRESENT);
	EXPECT_HAS(judge(&host, SL_FEATURE_PROC).detail, "hidepid");
	host.proc = SL_PROC_FOREIGN;
	EXPECT_EQ(judge(&host, SL_FEATURE_PROC).state, SL_FEATURE_MISSING);
	host.supervisor_error = ENOENT;
	EXPECT_HAS(judge(&host, SL_FEATURE_SUPERVISOR).detail,
		   "/x/sandlock-supervisor");
	EXPECT_TRUE(judge(&host, SL_FEATURE_SUPERVISOR).library);
	EXPECT_FALSE(judge(&host, SL_FEATURE_SUPERVISOR).needed);
	EXPECT_EQ(judge(&host, SL_FEATURE_RESOLVE).state, SL_FEATURE_PRESENT);
	host.resolve_error = ENOENT;
	EXPECT_EQ(judge(&host, SL_FEATURE_RESOLVE).state, SL_FEATURE_MISSING);
	EXPECT_HAS(judge(&host, SL_FEATURE_RESOLVE).detail,
		   "/x/sandlock-resolve: No such");
	EXPECT_FALSE(judge(&host, SL_FEATURE_RESOLVE).needed);
	host.euid = 0;
	EXPECT_HAS(judge(&host, SL_FEATURE_CAPABILITIES).detail, "root");
	host.tmp_error = EROFS;
	snprintf(host.tmp_message, sizeof(host.tmp_message), "no room");
	EXPECT_STREQ(judge(&host, SL_FEATURE_PRIVATE_TMP).detail, "no room");
	EXPECT_TRUE(judge(&host, SL_FEATURE_PRIVATE_TMP).needed);
	/* Then it was not tried, whatever tmp_error says. */
	host.tmp_error = 0;
	break_trial(&host, SL_TRIAL_OPEN, SL_TRY_OPENAT2, ENOSYS);
	EXPECT_EQ(judge(&host, SL_FEATURE_PRIVATE_TMP).state, SL_FEATURE_MISSING);
}

/* ------------------------------------------------ what a policy asks for */

static struct sl_demand demand_with(enum sl_key key, const char *value)
{
	const struct sl_origin origin = { .kind = SL_ORIGIN_API,
					  .source = "test" };
	struct sl_demand demand = { 0 };
	struct sl_error err = { 0 };
	SL_AUTO(sl_policy) policy = NULL;

	EXPECT_EQ(sl_policy_new(&policy), 0);
	EXPECT_EQ(sl_policy_set(policy, key, value, &origin, &err), 0);
	EXPECT_EQ(sl_doctor_demand(policy, 1000, 1000, &demand, &err), 0);
	return demand;
}

TEST(a_policy_needs_what_it_uses)
{
	struct sl_demand demand = demand_with(SL_KEY_NO_SUPERVISOR, "true");
	struct sl_host host;

	EXPECT_EQ(demand.domains, 1);
	EXPECT_FALSE(demand.supervised);
	make_whole(&host);
	break_trial(&host, SL_TRIAL_PIDFD, SL_TRY_CLONE_PIDFD, ENOSYS);
	break_trial(&host, SL_TRIAL_THREAD, SL_TRY_CLONE3, EPERM);
	host.tmp_error = EROFS;
	EXPECT_TRUE(is_enforceable(&host, &demand));
	demand = demand_of("base");
	EXPECT_EQ(demand.domains, 2);
	EXPECT_FALSE(is_enforceable(&host, &demand));

	EXPECT_TRUE(demand_with(SL_KEY_USER, "0:0").user_namespace);
	EXPECT_FALSE(demand_with(SL_KEY_USER, "1000:1000").user_namespace);
	EXPECT_TRUE(demand_with(SL_KEY_USER, "1000:7").user_namespace);
	EXPECT_TRUE(demand_with(SL_KEY_NET_ALLOW, "a.example:1").names);
	EXPECT_FALSE(demand_with(SL_KEY_NET_ALLOW, "192.0.2.1:1").names);
	EXPECT_FALSE(demand.same_addresses);
	EXPECT_TRUE(
		demand_with(SL_KEY_NO_RANDOMIZE_MEMORY, "true").same_addresses);
	EXPECT_EQ(demand_with(SL_KEY_DISABLE, "net-tcp").protections, 0x3b);
	EXPECT_EQ(demand_with(SL_KEY_ALLOW_DEGRADED, "fs-refer").protections,
		  0x3e);
}

TEST(a_policy_that_no_kernel_can_enforce_is_an_error)
{
	const struct sl_origin origin = { .kind = SL_ORIGIN_API,
					  .source = "test" };
	struct sl_demand demand = { .domains = 77 };
	struct sl_error err = { 0 };
	SL_AUTO(sl_policy) policy = NULL;

	ASSERT_EQ(sl_policy_new(&policy), 0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_EXTRA_DENY, "nosuchcall",
				&origin, &err),
		  0);
	EXPECT_LT(sl_doctor_demand(policy, 0, 0, &demand, &err), 0);
	EXPECT_HAS(err.msg, "nosuchcall");
	EXPECT_EQ(demand.domains, 77);
}
