/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of network rules, and the ports that a policy leaves. */
#include "helpers.h"

#include <arpa/inet.h>

#include "policy/netrule.h"
#include "policy/ports.h"

#define BOTH (SL_NET_TCP | SL_NET_UDP)

/* "any", "10.0.0.0/8" or the name; then the ports. */
static const char *show(const struct sl_netrule *rule, char buf[static 512])
{
	char ip[INET6_ADDRSTRLEN];
	size_t n;

	if (rule->any_host)
		snprintf(buf, 512, "any");
	else if (rule->is_cidr)
		snprintf(buf, 512, "%s/%u",
			 inet_ntop(rule->family, rule->addr, ip, sizeof(ip)),
			 rule->prefix);
	else
		snprintf(buf, 512, "%s", rule->host);
	n = strlen(buf);
	if (rule->any_port)
		n += (size_t)snprintf(buf + n, 512 - n, " *");
	for (size_t i = 0; i < rule->port_count; i++)
		n += (size_t)snprintf(buf + n, 512 - n, " %u", rule->ports[i]);
	return buf;
}

TEST(accepted_forms)
{
	static const struct {
		const char *text;
		unsigned int protos;
		const char *shown;
	} good[] = {
		{ "example.com", BOTH, "example.com *" },
		{ "example.com:*", BOTH, "example.com *" },
		{ "example.com:443", BOTH, "example.com 443" },
		{ "h:22, 80 ,443", BOTH, "h 22 80 443" },
		{ "h:80,80", BOTH, "h 80" },
		{ ":8080", BOTH, "any 8080" },
		{ "*:8080", BOTH, "any 8080" },
		{ "*", BOTH, "any *" },
		{ ":*", BOTH, "any *" },
		{ "*:*", BOTH, "any *" },
		{ ":*,*", BOTH, "any *" },
		{ "1.2.3.4", BOTH, "1.2.3.4/32 *" },
		{ "10.0.0.0/8", BOTH, "10.0.0.0/8 *" },
		{ "0.0.0.0/0", BOTH, "0.0.0.0/0 *" },
		{ "::1", BOTH, "::1/128 *" },
		{ "fc00::/7", BOTH, "fc00::/7 *" },
		{ "2001:db8::1:443", BOTH, "2001:db8::1:443/128 *" },
		{ "fc00::/7:443", BOTH, "fc00::/7 443" },
		{ "10.0.0.0/8:80", BOTH, "10.0.0.0/8 80" },
		{ "1.2.3.4:*", BOTH, "1.2.3.4/32 *" },
		{ "[::1]:443", BOTH, "::1/128 443" },
		{ "[2606:4700::/32]:443,80", BOTH, "2606:4700::/32 443 80" },
		{ "[1.2.3.4]:80", BOTH, "1.2.3.4/32 80" },
		{ "tcp://:443", SL_NET_TCP, "any 443" },
		{ "tcp://*", SL_NET_TCP, "any *" },
		{ "udp://*:53", SL_NET_UDP, "any 53" },
		{ "udp://[::1]:53", SL_NET_UDP, "::1/128 53" },
		{ "icmp://*", SL_NET_ICMP, "any *" },
		{ "icmp://::1", SL_NET_ICMP, "::1/128 *" },
		{ "icmp://10.0.0.0/8", SL_NET_ICMP, "10.0.0.0/8 *" },
		{ "icmp://example.com", SL_NET_ICMP, "example.com *" },
		{ "EXAMPLE.Com.", BOTH, "example.com *" },
		{ "_srv.a-b.c1:1", BOTH, "_srv.a-b.c1 1" },
		{ "::ffff:1.2.3.4", BOTH, "1.2.3.4/32 *" },
		{ "[::ffff:1.2.3.4]:80", BOTH, "1.2.3.4/32 80" },
		{ "::ffff:10.0.0.0/104", BOTH, "10.0.0.0/8 *" },
		{ "tcp://:65535", SL_NET_TCP, "any 65535" },
	};
	char buf[512];

	for (size_t i = 0; i < SL_ARRAY_LEN(good); i++) {
		struct sl_netrule rule;
		struct sl_error err = { 0 };
		int r = sl_netrule_parse(good[i].text, false, &rule, &err);

		CASE(r == 0, good[i].text);
		if (r < 0)
			continue;
		CASE(rule.protos == good[i].protos, good[i].text);
		CASE(strcmp(show(&rule, buf), good[i].shown) == 0, buf);
	}
}

TEST(rejected_forms)
{
	static const struct {
		const char *text;
		const char *message;
	} bad[] = {
		{ "", "empty" },
		{ "tcp://", "empty" },
		{ "udp://", "empty" },
		{ "icmp://", "needs a host" },
		{ "icmp://h:80", "takes no port" },
		{ "sctp://h:1", "expected tcp, udp or icmp" },
		{ "icmp-raw://*", "expected tcp, udp or icmp" },
		{ "TCP://h", "expected tcp, udp or icmp" },
		{ "://h", "expected tcp, udp or icmp" },
		{ "[::1]", "malformed bracketed" },
		{ "[::1", "malformed bracketed" },
		{ "[", "malformed bracketed" },
		{ "[::1]443", "malformed bracketed" },
		{ "[not-ip]:80", "not a valid IP address" },
		{ "[*]:80", "not a valid IP address" },
		{ "[::1/129]:80", "prefix" },
		{ "[]:80", "not a valid IP address" },
		{ "h:", "invalid port" },
		{ "tcp://:", "invalid port" },
		{ "h:abc", "invalid port" },
		{ "h:70000", "invalid port" },
		{ "h:-1", "invalid port" },
		{ "h:80,", "invalid port" },
		{ "h:0", "port 0" },
		{ "h:80,*", "mixed" },
		{ "h:*,80", "mixed" },
		{ "10.0.0.0/33", "prefix" },
		{ "fc00::/129", "prefix" },
		{ "10.0.0.0/x", "prefix" },
		{ "10.0.0.0/", "prefix" },
		{ "host/24", "not a valid IP" },
		{ "*.example.com", "'*' stands alone" },
		{ " example.com", "neither" },
		{ "exa mple.com", "neither" },
		{ "a..b", "neither" },
		{ ".", "neither" },
		{ "-a.com", "neither" },
		{ "a-.com", "neither" },
		{ "::1:443:x", "invalid port" },
		{ "::1::2:80", "[::1]:443" },
		{ "1.2.3", "not a valid IP address" },
		{ "1.2.3.400", "not a valid IP address" },
		{ "010.0.0.1", "not a valid IP address" },
		{ "fe80::1%eth0", "[::1]:443" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		struct sl_netrule rule;
		struct sl_error err = { 0 };
		int r = sl_netrule_parse(bad[i].text, false, &rule, &err);

		CASE(r == -EINVAL, bad[i].text);
		CASE(strstr(err.msg, bad[i].message) != NULL, err.msg);
	}
}

TEST(long_names_and_many_ports)
{
	char text[2048] = "tcp://:1";
	struct sl_netrule rule;
	size_t n = 8;

	memset(text, 'a', 64);
	text[64] = '\0';
	EXPECT_EQ(sl_netrule_parse(text, false, &rule, NULL), -EINVAL);
	text[63] = '\0';
	EXPECT_EQ(sl_netrule_parse(text, false, &rule, NULL), 0);
	for (size_t i = 0; i < 300; i++)
		text[i] = i % 10 ? 'a' : '.';
	text[0] = 'a';
	text[254] = '\0';
	EXPECT_EQ(sl_netrule_parse(text, false, &rule, NULL), -EINVAL);
	text[253] = '\0';
	EXPECT_EQ(sl_netrule_parse(text, false, &rule, NULL), 0);
	snprintf(text, sizeof(text), "tcp://:1");
	for (int i = 2; i <= SL_NETRULE_MAX_PORTS; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, ",%d", i);
	EXPECT_EQ(sl_netrule_parse(text, false, &rule, NULL), 0);
	EXPECT_EQ(rule.port_count, SL_NETRULE_MAX_PORTS);
	snprintf(text + n, sizeof(text) - n, ",999");
	EXPECT_EQ(sl_netrule_parse(text, false, &rule, NULL), -EINVAL);
}

TEST(names_cannot_be_denied)
{
	struct sl_netrule rule;
	struct sl_error err = { 0 };

	EXPECT_EQ(sl_netrule_parse("evil.com:80", true, &rule, &err), -EINVAL);
	EXPECT_HAS(err.msg, "a network can");
	EXPECT_EQ(sl_netrule_parse("10.0.0.0/8", true, &rule, NULL), 0);
}

/* ---- ports ---- */

static struct sl_portset connect_set(const struct sl_policy *policy)
{
	struct sl_portset set = { 0 };

	ASSERT_EQ(sl_ports_connect(policy, &set, NULL), 0);
	return set;
}

static struct sl_portset bind_set(const struct sl_policy *policy)
{
	struct sl_portset set = { 0 };

	ASSERT_EQ(sl_ports_bind(policy, &set, NULL), 0);
	return set;
}

TEST(no_rule_means_no_port)
{
	SL_AUTO(sl_policy) policy = policy_new();

	EXPECT_TRUE(connect_set(policy).none);
	EXPECT_TRUE(bind_set(policy).none);
	EXPECT_FALSE(connect_set(policy).all);
}

TEST(connect_ports)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_portset set;

	set_ok(policy, SL_KEY_NET_ALLOW, "tcp://:80,443");
	set_ok(policy, SL_KEY_NET_ALLOW, "tcp://*:8080");
	set = connect_set(policy);
	EXPECT_EQ(sl_portset_count(&set), 3);
	EXPECT_TRUE(sl_portset_has(&set, 80));
	EXPECT_TRUE(sl_portset_has(&set, 8080));
	EXPECT_FALSE(sl_portset_has(&set, 81));
	set_ok(policy, SL_KEY_NET_DENY, ":443");
	set_ok(policy, SL_KEY_NET_DENY, "udp://10.0.0.0/8");
	set = connect_set(policy);
	EXPECT_EQ(sl_portset_count(&set), 2);
	EXPECT_FALSE(sl_portset_has(&set, 443));
	set_ok(policy, SL_KEY_NET_DENY, "*");
	EXPECT_TRUE(connect_set(policy).none);
}

TEST(connect_anywhere)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_portset set;
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_NET_ALLOW, "tcp://*");
	set = connect_set(policy);
	EXPECT_TRUE(set.all && !set.none && sl_portset_has(&set, 1));
	set_ok(policy, SL_KEY_NET_DENY, "tcp://:25");
	EXPECT_EQ(sl_ports_connect(policy, &set, &err), -E2BIG);
	EXPECT_HAS(err.msg, "--net-allow: 'tcp://*'");
	EXPECT_HAS(err.msg, "65534 kernel rules, more than 4096");
}

/* Every port that some address may be reached at: the judge knows which. */
TEST(addresses_leave_their_ports_to_landlock)
{
	static const struct {
		const char *allow, *deny;
		size_t count;
	} cases[] = {
		{ ":443", NULL, 1 },
		{ "*", NULL, 65536 },
		{ "example.com:80,443", NULL, 2 },
		{ "udp://:53", NULL, 0 },
		{ "icmp://*", NULL, 0 },
		{ "tcp://10.0.0.0/8:22", NULL, 1 },
		{ "tcp://example.com", NULL, 65536 },
		{ "tcp://:80,81", "10.0.0.0/8", 2 },
		{ "tcp://:80,81", "udp://*", 2 },
		{ "tcp://10.0.0.1:80,81", ":81", 1 },
		{ NULL, "10.0.0.0/8", 65536 },
		{ NULL, "udp://*", 65536 },
		{ NULL, "*", 0 },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_portset set;

		if (cases[i].allow)
			set_ok(policy, SL_KEY_NET_ALLOW, cases[i].allow);
		if (cases[i].deny)
			set_ok(policy, SL_KEY_NET_DENY, cases[i].deny);
		set = connect_set(policy);
		if (sl_portset_count(&set) != cases[i].count)
			th_fail(__FILE__, __LINE__, "case %zu: %zu", i,
				sl_portset_count(&set));
	}
}

TEST(bind_ports)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_portset set;

	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "0,8000-8010");
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "80");
	set_ok(policy, SL_KEY_NET_DENY_BIND, "8005-9000");
	set = bind_set(policy);
	EXPECT_EQ(sl_portset_count(&set), 7);
	EXPECT_TRUE(sl_portset_has(&set, 0));
	EXPECT_TRUE(sl_portset_has(&set, 8004));
	EXPECT_FALSE(sl_portset_has(&set, 8005));
}

TEST(bind_wildcards)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_portset set;
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "*,*");
	EXPECT_TRUE(bind_set(policy).all);
	set_ok(policy, SL_KEY_NET_DENY_BIND, "0-61439");
	set = bind_set(policy);
	EXPECT_FALSE(set.all);
	EXPECT_EQ(sl_portset_count(&set), SL_MAX_PORT_RULES);
	set_ok(policy, SL_KEY_NET_ALLOW_BIND, "80");
	EXPECT_EQ(sl_ports_bind(policy, &set, &err), -EINVAL);
	EXPECT_HAS(err.msg, "wildcard");
}

TEST(bind_deny_alone_is_all_but_that)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_portset set;
	struct sl_error err = { 0 };

	set_ok(policy, SL_KEY_NET_DENY_BIND, "22");
	EXPECT_EQ(sl_ports_bind(policy, &set, &err), -E2BIG);
	EXPECT_HAS(err.msg, "65535 kernel rules, more than 4096");
	set_ok(policy, SL_KEY_NET_DENY_BIND, "0-61439");
	set = bind_set(policy);
	EXPECT_EQ(sl_portset_count(&set), SL_MAX_PORT_RULES);
	EXPECT_FALSE(set.all || set.none);
}
