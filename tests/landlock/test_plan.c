/* SPDX-License-Identifier: Apache-2.0 */
/* policy x ABI -> masks and rules, against a table written by hand. */
#include <errno.h>

#include "harness/harness.h"
#include "landlock/fixture.h"
#include "plan/plan.h"
#include "sys/uapi.h"

#define PLAN \
	__attribute__((cleanup(sl_plan_landlock_fini))) struct sl_plan_landlock

enum state { STRICT, DEGRADABLE, DISABLED };

/* By ABI, from the kernel's documentation, not from our constants. */
static const struct {
	uint64_t fs, net, scoped;
} all_of[] = {
	[1] = { 0x1fff, 0, 0 },	     [2] = { 0x3fff, 0, 0 },
	[3] = { 0x7fff, 0, 0 },	     [4] = { 0x7fff, 0x3, 0 },
	[5] = { 0xffff, 0x3, 0 },    [6] = { 0xffff, 0x3, 0x3 },
	[7] = { 0xffff, 0x3, 0x3 },  [8] = { 0xffff, 0x3, 0x3 },
	[9] = { 0x1ffff, 0x3, 0x3 }, [10] = { 0x1ffff, 0xf, 0x3 },
};

static const struct {
	const char *name;
	int abi;
	uint64_t fs, net, scoped;
} prots[SL_PROT_COUNT] = {
	{ "fs-refer", 2, 0x2000, 0, 0 },
	{ "fs-truncate", 3, 0x4000, 0, 0 },
	{ "net-tcp", 4, 0, 0x3, 0 },
	{ "fs-ioctl-dev", 5, 0x8000, 0, 0 },
	{ "signal-scope", 6, 0, 0, 0x2 },
	{ "abstract-unix-socket-scope", 6, 0, 0, 0x1 },
};

static struct sl_probe kernel(int abi)
{
	return (struct sl_probe){ .landlock_abi = abi };
}

static struct sl_policy *new_policy(void)
{
	struct sl_policy *policy;

	ASSERT_EQ(sl_policy_new(&policy), 0);
	return policy;
}

static int compile(struct sl_policy *policy, int abi,
		   struct sl_plan_landlock *ll, struct sl_error *err)
{
	struct sl_probe probe = kernel(abi);

	*err = (struct sl_error){ 0 };
	sl_plan_landlock_fini(ll);
	return sl_plan_compile_landlock(policy, &probe, ll, err);
}

static void check_cell(struct sl_policy *policy, int abi,
		       const enum state states[SL_PROT_COUNT])
{
	uint64_t fs = all_of[abi].fs, net = all_of[abi].net;
	uint64_t scoped = all_of[abi].scoped;
	PLAN ll = { 0 };
	struct sl_error err;
	int want = 0, r;

	for (int p = 0; p < SL_PROT_COUNT; p++) {
		if (abi < prots[p].abi && states[p] == STRICT && want == 0)
			want = -EOPNOTSUPP;
		if (states[p] != DISABLED)
			continue;
		fs &= ~prots[p].fs;
		net &= ~prots[p].net;
		scoped &= ~prots[p].scoped;
	}
	if (states[SL_PROT_FS_REFER] == DISABLED)
		want = -EINVAL;
	r = compile(policy, abi, &ll, &err);
	ASSERT_EQ(r, want);
	if (r < 0) {
		EXPECT_EQ(err.code, r);
		EXPECT_EQ(ll.handled_fs, 0);
		return;
	}
	ASSERT_EQ(ll.handled_fs, fs);
	ASSERT_EQ(ll.handled_net, net);
	ASSERT_EQ(ll.scoped, scoped);
	ASSERT_EQ(ll.border_scoped, scoped & 0x2);
	/* Always something, so that the root is in a domain of its own. */
	ASSERT_EQ(ll.border_fs, abi >= 2 ? 0x2000 : 0x800);
	ASSERT_EQ(ll.border_refer, abi >= 2);
	ASSERT_EQ(ll.port_count, 0);
}

TEST(masks_of_every_abi_and_every_state)
{
	enum state states[SL_PROT_COUNT];

	for (int code = 0; code < 729; code++) {
		SL_AUTO(sl_policy) policy = new_policy();
		int rest = code;

		for (int p = 0; p < SL_PROT_COUNT; p++, rest /= 3) {
			states[p] = (enum state)(rest % 3);
			if (states[p] == DEGRADABLE)
				fx_set(policy, SL_KEY_ALLOW_DEGRADED,
				       prots[p].name);
			if (states[p] == DISABLED)
				fx_set(policy, SL_KEY_DISABLE, prots[p].name);
		}
		for (int abi = 1; abi <= 10; abi++)
			check_cell(policy, abi, states);
	}
}

TEST(newer_kernels_are_treated_as_the_newest_known)
{
	SL_AUTO(sl_policy) policy = new_policy();
	PLAN ll = { 0 };
	struct sl_error err;

	ASSERT_EQ(compile(policy, 99, &ll, &err), 0);
	EXPECT_EQ(ll.handled_fs, 0x1ffff);
	EXPECT_EQ(ll.handled_net, 0xf);
	EXPECT_EQ(ll.scoped, 0x3);
}

TEST(all_that_is_missing_in_one_message)
{
	SL_AUTO(sl_policy) policy = new_policy();
	PLAN ll = { 0 };
	struct sl_error err;

	fx_set(policy, SL_KEY_ALLOW_DEGRADED, "fs-ioctl-dev");
	ASSERT_EQ(compile(policy, 3, &ll, &err), -EOPNOTSUPP);
	EXPECT_HAS(err.msg, "Landlock ABI 3");
	EXPECT_HAS(err.msg, "net-tcp (needs ABI 4, Linux 6.7)");
	EXPECT_HAS(err.msg, "signal-scope (needs ABI 6, Linux 6.12)");
	EXPECT_HAS(err.msg, "--allow-degraded net-tcp --allow-degraded "
			    "signal-scope --allow-degraded "
			    "abstract-unix-socket-scope");
	EXPECT_TRUE(strstr(err.msg, "ioctl") == NULL);
	EXPECT_TRUE(strstr(err.msg, "truncate") == NULL);
	ASSERT_EQ(compile(policy, 1, &ll, &err), -EOPNOTSUPP);
	EXPECT_LT(strlen(err.msg), SL_ERROR_MSG_MAX - 1);
	EXPECT_HAS(err.msg, "abstract-unix-socket-scope");
}

TEST(no_landlock_is_always_an_error)
{
	SL_AUTO(sl_policy) policy = new_policy();
	struct sl_probe probe = { .landlock_errno = ENOSYS };
	PLAN ll = { 0 };
	struct sl_error err = { 0 };

	for (int p = 1; p < SL_PROT_COUNT; p++)
		fx_set(policy, SL_KEY_DISABLE, prots[p].name);
	fx_set(policy, SL_KEY_ALLOW_DEGRADED, "fs-refer");
	EXPECT_EQ(sl_plan_compile_landlock(policy, &probe, &ll, &err),
		  -EOPNOTSUPP);
	EXPECT_HAS(err.msg, "CONFIG_SECURITY_LANDLOCK");
	probe.landlock_errno = EOPNOTSUPP;
	err = (struct sl_error){ 0 };
	EXPECT_EQ(sl_plan_compile_landlock(policy, &probe, &ll, &err),
		  -EOPNOTSUPP);
	EXPECT_HAS(err.msg, "lsm=");
	probe.landlock_errno = EPERM;
	err = (struct sl_error){ 0 };
	EXPECT_EQ(sl_plan_compile_landlock(policy, &probe, &ll, &err),
		  -EOPNOTSUPP);
	EXPECT_HAS(err.msg, "not permitted");
}

TEST(rights_of_read_and_write_grants)
{
	SL_AUTO(sl_policy) policy = new_policy();
	PLAN ll = { 0 };
	struct sl_error err;

	fx_set(policy, SL_KEY_FS_READ, "/r");
	fx_set(policy, SL_KEY_FS_READ, "?/maybe");
	fx_set(policy, SL_KEY_FS_WRITE, "/w");
	ASSERT_EQ(compile(policy, 10, &ll, &err), 0);
	ASSERT_EQ(ll.path_count, 3);
	EXPECT_STREQ(ll.paths[0].path, "/r");
	EXPECT_EQ(ll.paths[0].access, 0xd);
	EXPECT_FALSE(ll.paths[0].optional);
	EXPECT_STREQ(ll.paths[1].path, "/maybe");
	EXPECT_TRUE(ll.paths[1].optional);
	/* Everything handled but MAKE_CHAR and MAKE_BLOCK. */
	EXPECT_EQ(ll.paths[2].access, 0x1ffff & ~(1 << 6) & ~(1 << 11));
	EXPECT_STREQ(ll.paths[2].item->origin.source, "--fs-write");

	fx_set(policy, SL_KEY_DISABLE, "fs-ioctl-dev");
	ASSERT_EQ(compile(policy, 7, &ll, &err), 0);
	EXPECT_EQ(ll.paths[2].access, 0x7fff & ~(1 << 6) & ~(1 << 11));
}

TEST(ports_and_what_is_handled)
{
	SL_AUTO(sl_policy) policy = new_policy();
	PLAN ll = { 0 };
	struct sl_error err;

	fx_set(policy, SL_KEY_NET_ALLOW, "tcp://:443,80");
	fx_set(policy, SL_KEY_NET_ALLOW_BIND, "443,8000-8002");
	fx_set(policy, SL_KEY_NET_DENY_BIND, "8001");
	ASSERT_EQ(compile(policy, 7, &ll, &err), 0);
	EXPECT_EQ(ll.handled_net, 3);
	ASSERT_EQ(ll.port_count, 4);
	EXPECT_EQ(ll.ports[0].port, 80);
	EXPECT_EQ(ll.ports[0].access, SL_LL_NET_CONNECT_TCP);
	EXPECT_EQ(ll.ports[1].port, 443);
	EXPECT_EQ(ll.ports[1].access, SL_LL_NET_CONNECT_TCP | SL_LL_NET_BIND_TCP);
	EXPECT_EQ(ll.ports[2].port, 8000);
	EXPECT_EQ(ll.ports[3].port, 8002);

	/* Without the protection a rule would be EINVAL. */
	fx_set(policy, SL_KEY_DISABLE, "net-tcp");
	ASSERT_EQ(compile(policy, 7, &ll, &err), 0);
	EXPECT_EQ(ll.handled_net, 0);
	EXPECT_EQ(ll.port_count, 0);
	sl_policy_free(policy);

	policy = new_policy();
	fx_set(policy, SL_KEY_NET_ALLOW, "tcp://*");
	fx_set(policy, SL_KEY_NET_ALLOW_BIND, "0");
	ASSERT_EQ(compile(policy, 10, &ll, &err), 0);
	EXPECT_EQ(ll.handled_net, 0xd);
	ASSERT_EQ(ll.port_count, 1);
	EXPECT_EQ(ll.ports[0].port, 0);
	EXPECT_EQ(ll.ports[0].access, SL_LL_NET_BIND_TCP);
	sl_policy_clear(policy, SL_KEY_NET_ALLOW_BIND);
	fx_set(policy, SL_KEY_NET_ALLOW_BIND, "*");
	ASSERT_EQ(compile(policy, 10, &ll, &err), 0);
	EXPECT_EQ(ll.handled_net, 0xc);
	EXPECT_EQ(ll.port_count, 0);
}

static bool grants(const struct sl_plan_landlock *ll, const char *path)
{
	for (size_t i = 0; i < ll->path_count; i++)
		if (strcmp(ll->paths[i].path, path) == 0)
			return ll->paths[i].optional && !ll->paths[i].item;
	return false;
}

/* Missing would be an error: it was asked for by number. */
static bool demands(const struct sl_plan_landlock *ll, const char *path)
{
	for (size_t i = 0; i < ll->path_count; i++)
		if (strcmp(ll->paths[i].path, path) == 0)
			return !ll->paths[i].optional && ll->paths[i].item;
	return false;
}

/* The judge goes to other ports than the sandbox names. */
TEST(ports_that_are_others_are_the_borders)
{
	SL_AUTO(sl_policy) policy = new_policy();
	PLAN ll = { 0 };
	struct sl_error err;

	fx_set(policy, SL_KEY_NET_ALLOW, "tcp://:443");
	fx_set(policy, SL_KEY_NET_ALLOW_BIND, "443,8000");
	ASSERT_EQ(compile(policy, 6, &ll, &err), 0);
	EXPECT_EQ(ll.handled_net, 0x3);
	EXPECT_EQ(ll.border_net, 0);
	fx_set(policy, SL_KEY_PORT_REMAP, "true");
	ASSERT_EQ(compile(policy, 6, &ll, &err), 0);
	EXPECT_EQ(ll.handled_net, 0);
	EXPECT_EQ(ll.border_net, 0x3);
	ASSERT_EQ(ll.port_count, 2);
	EXPECT_EQ(ll.ports[0].port, 443);
	EXPECT_EQ(ll.ports[0].access, 0x3);
	EXPECT_EQ(ll.ports[1].port, 8000);
	EXPECT_EQ(ll.ports[1].access, 0x1);
	fx_set(policy, SL_KEY_NET_ALLOW, "10.0.0.0/8");
	ASSERT_EQ(compile(policy, 6, &ll, &err), 0);
	EXPECT_EQ(ll.handled_net, 0);
	EXPECT_EQ(ll.border_net, 0x1);
	ASSERT_EQ(compile(policy, 3, &ll, &err), -EOPNOTSUPP);
}

TEST(gpu_nodes)
{
	SL_AUTO(sl_policy) policy = new_policy();
	PLAN ll = { 0 };
	struct sl_error err;

	fx_set(policy, SL_KEY_GPU, "1,12");
	ASSERT_EQ(compile(policy, 7, &ll, &err), 0);
	EXPECT_TRUE(grants(&ll, "/dev/nvidiactl"));
	EXPECT_TRUE(demands(&ll, "/dev/nvidia1"));
	EXPECT_TRUE(demands(&ll, "/dev/nvidia12"));
	EXPECT_TRUE(grants(&ll, "/sys/module/nvidia"));
	EXPECT_FALSE(grants(&ll, "/dev/nvidia0"));
	EXPECT_FALSE(grants(&ll, "/dev/dri"));
	sl_policy_clear(policy, SL_KEY_GPU);
	fx_set(policy, SL_KEY_GPU, "all");
	ASSERT_EQ(compile(policy, 7, &ll, &err), 0);
	EXPECT_TRUE(grants(&ll, "/dev/dri"));
	EXPECT_TRUE(grants(&ll, "/dev/nvidia0"));
	EXPECT_TRUE(grants(&ll, "/dev/nvidia39"));
	sl_policy_clear(policy, SL_KEY_GPU);
	fx_set(policy, SL_KEY_GPU, "40");
	EXPECT_EQ(compile(policy, 7, &ll, &err), -EINVAL);
	EXPECT_HAS(err.msg, "--gpu");
}
