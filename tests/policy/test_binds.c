/* SPDX-License-Identifier: Apache-2.0 */
/* Ports of the sandbox's own: what rules that people write leave of them. */
#include "helpers.h"

#include "base/limits.h"
#include "policy/netmake.h"
#include "policy/ports.h"

struct rules {
	const char *allow, *deny, *allow_bind, *deny_bind;
	bool unprotected;
};

static struct sl_policy *policy_of(const struct rules *rules)
{
	struct sl_policy *policy = policy_new();

	if (rules->allow)
		set_ok(policy, SL_KEY_NET_ALLOW, rules->allow);
	if (rules->deny)
		set_ok(policy, SL_KEY_NET_DENY, rules->deny);
	if (rules->allow_bind)
		set_ok(policy, SL_KEY_NET_ALLOW_BIND, rules->allow_bind);
	if (rules->deny_bind)
		set_ok(policy, SL_KEY_NET_DENY_BIND, rules->deny_bind);
	if (rules->unprotected)
		set_ok(policy, SL_KEY_DISABLE, "net-tcp");
	return policy;
}

static struct sl_netset set_of(const struct sl_policy *policy)
{
	struct sl_net_pins none = { 0 };
	struct sl_netset set = { 0 };

	ASSERT_EQ(sl_netset_make(policy, &none, &set, NULL), 0);
	return set;
}

TEST(udp_ports_by_the_rules)
{
	static const struct {
		struct rules rules;
		bool udp, bounded; /* such sockets exist; bind is judged */
		uint16_t yes, no;  /* no: 0, there is none */
	} cases[] = {
		{ { NULL }, false, false, 0, 0 },
		{ { .allow = "tcp://*" }, false, false, 0, 0 },
		{ { .allow = "udp://10.0.0.1:53" }, true, true, 53, 5353 },
		{ { .allow = "udp://10.0.0.1:53" }, true, true, 0, 65535 },
		{ { .allow = "10.0.0.1:5353" }, true, true, 5353, 53 },
		{ { .allow = "udp://*:*" }, true, false, 5353, 0 },
		{ { .allow = "udp://10.0.0.0/8" }, true, false, 5353, 0 },
		{ { .allow = "10.0.0.1" }, true, false, 5353, 0 },
		{ { .deny = "10.0.0.1" }, true, false, 5353, 0 },
		{ { .deny = "udp://:53" }, true, true, 5353, 53 },
		{ { .deny = "udp://*" }, false, false, 0, 0 },
		{ { .allow = "udp://*", .allow_bind = "udp://5353" },
		  true,
		  true,
		  5353,
		  53 },
		{ { .allow = "udp://:53", .allow_bind = "udp://5353" },
		  true,
		  true,
		  5353,
		  53 },
		{ { .allow = "udp://:53", .allow_bind = "5353" }, true, true, 53, 5353 },
		{ { .allow = "udp://:53", .allow_bind = "*" }, true, true, 53, 5353 },
		{ { .allow = "udp://:53", .allow_bind = "udp://*" },
		  true,
		  false,
		  5353,
		  0 },
		{ { .allow_bind = "udp://5353-5360" }, true, true, 5360, 5361 },
		{ { .allow_bind = "udp://0" }, true, true, 0, 1 },
		{ { .allow = "udp://*", .deny_bind = "udp://5353" },
		  true,
		  true,
		  5352,
		  5353 },
		{ { .allow = "udp://:53", .deny_bind = "udp://5353" },
		  true,
		  true,
		  53,
		  5352 },
		{ { .allow_bind = "udp://1-100", .deny_bind = "udp://50" },
		  true,
		  true,
		  51,
		  50 },
		{ { .allow = "udp://*", .deny_bind = "5353" }, true, false, 5353, 0 },
		{ { .deny_bind = "udp://5353" }, false, false, 0, 0 },
		{ { .allow = "udp://:53", .unprotected = true }, true, true, 53, 5353 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_AUTO(sl_policy) policy = policy_of(&cases[i].rules);
		struct sl_netset set = set_of(policy);
		struct sl_net_need need;
		char label[32];

		snprintf(label, sizeof(label), "case %zu", i);
		ASSERT_EQ(sl_net_need(policy, &need, NULL), 0);
		CASE(!!(need.protos & SL_NET_UDP) == cases[i].udp, label);
		CASE(need.udp_binds == cases[i].bounded, label);
		CASE(sl_netset_binds(&set, SL_NET_BIND_UDP, cases[i].yes), label);
		CASE(sl_netset_binds(&set, SL_NET_BIND_UDP, 0), label);
		if (cases[i].no)
			CASE(!sl_netset_binds(&set, SL_NET_BIND_UDP, cases[i].no),
			     label);
		sl_netset_fini(&set);
	}
}

TEST(rules_of_udp_are_none_of_tcp)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_portset set = { 0 };

	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "udp://53,udp://60-70");
	ASSERT_EQ(sl_ports_bind(policy, &set, NULL), 0);
	EXPECT_TRUE(set.none);
	set_ok(policy, SL_KEY_NET_DENY_BIND, "udp://65");
	ASSERT_EQ(sl_ports_bind(policy, &set, NULL), 0);
	EXPECT_TRUE(set.none);
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "*");
	ASSERT_EQ(sl_ports_bind(policy, &set, NULL), 0);
	EXPECT_TRUE(set.all);
}

TEST(who_may_listen)
{
	static const struct {
		struct rules rules;
		bool judged;
		uint16_t yes, no;
	} cases[] = {
		{ { NULL }, false, 0, 0 }, /* nobody: by the filter */
		{ { .allow_bind = "8080" }, true, 8080, 0 },
		{ { .allow_bind = "8080" }, true, 8080, 40000 },
		{ { .allow_bind = "0" }, false, 40000, 0 },
		{ { .allow_bind = "0,8080", .deny_bind = "22" }, true, 40000, 22 },
		{ { .allow_bind = "*" }, false, 40000, 0 },
		{ { .allow_bind = "*", .deny_bind = "22" }, true, 0, 22 },
		{ { .deny_bind = "22" }, true, 40000, 22 },
		{ { .deny_bind = "0" }, true, 22, 0 },
		{ { .allow_bind = "1-9000" }, true, 9000, 0 },
		{ { .allow_bind = "8080", .unprotected = true }, false, 40000, 0 },
		{ { .deny_bind = "22", .unprotected = true }, true, 40000, 22 },
		{ { .allow_bind = "80", .deny_bind = "22", .unprotected = true },
		  true,
		  40000,
		  22 },
		{ { .deny_bind = "udp://22", .allow = "udp://*" }, false, 22, 0 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_AUTO(sl_policy) policy = policy_of(&cases[i].rules);
		struct sl_netset set = set_of(policy);
		struct sl_net_need need;
		char label[32];

		snprintf(label, sizeof(label), "case %zu", i);
		ASSERT_EQ(sl_net_need(policy, &need, NULL), 0);
		CASE(need.listens == cases[i].judged, label);
		CASE(sl_netset_binds(&set, SL_NET_LISTEN, cases[i].yes), label);
		if (cases[i].judged)
			CASE(!sl_netset_binds(&set, SL_NET_LISTEN, cases[i].no),
			     label);
		sl_netset_fini(&set);
	}
}

TEST(nothing_is_had_of_a_set_that_nobody_made)
{
	struct sl_netset set = { 0 };

	EXPECT_FALSE(sl_netset_binds(&set, SL_NET_BIND, 80));
	EXPECT_FALSE(sl_netset_binds(&set, SL_NET_BIND_UDP, 0));
	EXPECT_FALSE(sl_netset_binds(&set, SL_NET_LISTEN, 0));
}

TEST(which_is_meant_has_to_be_said)
{
	static const char *const good[] = { "80,udp://53,tcp://80", "tcp://80",
					    " udp://53 , udp://60 - 70 ",
					    "udp://*,tcp://*" };
	static const struct {
		const char *text, *error;
	} bad[] = {
		{ "udp://53,54", "TCP or UDP?" },
		{ "tcp://53, 54", "TCP or UDP?" },
		{ "udp://*,54", "TCP or UDP?" },
		{ "udp://", "empty port" },
		{ "udp://53,,udp://54", "TCP or UDP?" },
		{ "udp://-1", "invalid port range" },
		{ "udp://70000", "bare number" },
		{ "udp://udp://1", "bare number" },
		{ "sctp://1", "bare number" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		SL_AUTO(sl_policy) policy = policy_new();

		set_ok(policy, SL_KEY_NET_ALLOW_BIND, good[i]);
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_error err = { 0 };

		CASE(sl_policy_set(policy, SL_KEY_NET_ALLOW_BIND, bad[i].text,
				   NULL, &err) == -EINVAL,
		     bad[i].text);
		CASE(strstr(err.msg, bad[i].error), err.msg);
		EXPECT_EQ(sl_policy_get(policy, SL_KEY_NET_ALLOW_BIND)->count, 0);
	}
}
