/* SPDX-License-Identifier: Apache-2.0 */
/* Destinations: by rules that people write, and by random ones, naively. */
#include "helpers.h"

#include <arpa/inet.h>

#include "base/limits.h"
#include "policy/netmake.h"

static struct sl_net_addr address(const char *text)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		return sl_net_addr4(bytes);
	ASSERT_EQ(inet_pton(AF_INET6, text, bytes), 1);
	return sl_net_addr6(bytes);
}

static void add_words(struct sl_policy *policy, enum sl_key key, const char *words)
{
	char *copy = strdup(words), *save = NULL;

	for (char *word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		set_ok(policy, key, word);
	free(copy);
}

static bool reaches(const char *allow, const char *deny,
		    enum sl_net_proto proto, const char *addr, uint16_t port)
{
	SL_AUTO(sl_policy) policy = policy_new();
	const struct sl_net_entry *entry;
	struct sl_net_pins none = { 0 };
	struct sl_net_addr to = address(addr);
	struct sl_netset set;
	bool ok;

	add_words(policy, SL_KEY_NET_ALLOW, allow);
	add_words(policy, SL_KEY_NET_DENY, deny);
	ASSERT_EQ(sl_netset_make(policy, &none, &set, NULL), 0);
	ok = sl_netset_judge(&set, proto, &to, port, &entry);
	sl_netset_fini(&set);
	return ok;
}

#define TCP SL_NET_TCP
#define UDP SL_NET_UDP
#define ICMP SL_NET_ICMP

TEST(one_machine_has_one_name)
{
	static const struct {
		const char *allow, *deny;
		enum sl_net_proto proto;
		const char *addr;
		uint16_t port;
		bool ok;
	} cases[] = {
		{ "10.0.0.1:80", "", TCP, "10.0.0.1", 80, true },
		{ "10.0.0.1:80", "", UDP, "10.0.0.1", 80, true },
		{ "tcp://10.0.0.1:80", "", UDP, "10.0.0.1", 80, false },
		{ "10.0.0.1:80", "", ICMP, "10.0.0.1", 0, false },
		{ "10.0.0.1:80", "", TCP, "10.0.0.1", 81, false },
		{ "10.0.0.1:80", "", TCP, "10.0.0.2", 80, false },
		{ "10.0.0.1:80,82,81", "", TCP, "10.0.0.1", 81, true },
		{ "10.0.0.1:80,82", "", TCP, "10.0.0.1", 81, false },
		{ "10.0.0.0/9", "", TCP, "10.127.255.255", 1, true },
		{ "10.0.0.0/9", "", TCP, "10.128.0.0", 1, false },
		{ "10.1.2.3/8", "", TCP, "10.9.9.9", 1, true },
		{ "0.0.0.0/0", "", TCP, "8.8.8.8", 1, true },
		{ "0.0.0.0/0", "", TCP, "::2", 1, false },
		{ ":80", "", TCP, "::2", 80, true },
		/* mapped, on either side */
		{ "10.0.0.1:80", "", TCP, "::ffff:10.0.0.1", 80, true },
		{ "[::ffff:10.0.0.1]:80", "", TCP, "10.0.0.1", 80, true },
		{ "", "::ffff:10.0.0.0/104", TCP, "10.0.0.9", 80, false },
		{ "", "10.0.0.0/8", TCP, "::ffff:10.0.0.1", 80, false },
		/* any address is this host */
		{ "*", "127.0.0.0/8", TCP, "0.0.0.0", 80, false },
		{ "*", "127.0.0.0/8", TCP, "::ffff:0.0.0.0", 80, false },
		{ "*", "::1", TCP, "::", 80, false },
		{ "127.0.0.1:80", "", TCP, "0.0.0.0", 80, true },
		{ "0.0.0.0:80", "", TCP, "127.0.0.1", 80, true },
		{ "[::]:80", "", TCP, "::1", 80, true },
		/* by way of a gateway: denied, never allowed */
		{ "*", "10.0.0.0/8", TCP, "64:ff9b::10.0.0.1", 80, false },
		{ "*", "10.0.0.0/8", TCP, "64:ff9b::11.0.0.1", 80, true },
		{ "*", "10.0.0.0/8", TCP, "2002:a00:1::", 80, false },
		{ "*", "10.0.0.0/8", TCP, "::10.0.0.1", 80, false },
		{ "10.0.0.1", "", TCP, "64:ff9b::10.0.0.1", 80, false },
		{ "*", "0.0.0.1", TCP, "::1", 80, true },
		/* both lists */
		{ "10.0.0.0/8", "10.1.0.0/16", TCP, "10.1.2.3", 80, false },
		{ "10.1.2.3:80", "10.0.0.0/8", TCP, "10.1.2.3", 80, false },
		{ "10.0.0.0/8", "10.1.0.0/16:22", TCP, "10.1.2.3", 80, true },
		{ "*", "tcp://:25", TCP, "10.1.2.3", 25, false },
		{ "*", "tcp://:25", UDP, "10.1.2.3", 25, true },
		/* a deny alone */
		{ "", "10.0.0.1", TCP, "10.0.0.2", 80, true },
		{ "", "10.0.0.1", ICMP, "10.0.0.1", 0, false },
		{ "", "10.0.0.1:80", ICMP, "10.0.0.1", 0, true },
		{ "", "tcp://10.0.0.1", ICMP, "10.0.0.1", 0, true },
		{ "", "icmp://10.0.0.1", TCP, "10.0.0.1", 80, true },
		{ "icmp://*", "", ICMP, "10.0.0.1", 0, true },
		{ "icmp://*", "10.0.0.1", ICMP, "10.0.0.1", 0, false },
		{ "icmp://fe80::/10", "", ICMP, "fe80::1", 0, true },
		{ "icmp://*", "", TCP, "10.0.0.1", 80, false },
		{ "", "", TCP, "10.0.0.1", 80, false },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++)
		if (reaches(cases[i].allow, cases[i].deny, cases[i].proto,
			    cases[i].addr, cases[i].port) != cases[i].ok)
			th_fail(__FILE__, __LINE__,
				"allow '%s' deny '%s': %s:%u", cases[i].allow,
				cases[i].deny, cases[i].addr, cases[i].port);
}

TEST(names_are_what_they_led_to)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_net_addr addrs[] = { address("10.0.0.1"),
				       address("fe80::1") };
	struct sl_net_pin pin = { (char[]){ "a.example" }, addrs, 2 };
	struct sl_net_pins pins = { &pin, 1 };
	const struct sl_net_entry *entry;
	struct sl_net_addr other = address("10.0.0.2");
	char(*names)[254];
	struct sl_netset set;
	size_t count;

	set_ok(policy, SL_KEY_NET_ALLOW, "tcp://10.9.9.9:1");
	set_ok(policy, SL_KEY_NET_ALLOW, "tcp://A.example.:443");
	set_ok(policy, SL_KEY_NET_ALLOW, "udp://a.example:53");
	set_ok(policy, SL_KEY_NET_ALLOW, "b.example:1");
	ASSERT_EQ(sl_net_names(policy, &names, &count, NULL), 0);
	ASSERT_EQ(count, 2);
	EXPECT_STREQ(names[0], "a.example");
	EXPECT_STREQ(names[1], "b.example");
	free(names);
	ASSERT_EQ(sl_netset_make(policy, &pins, &set, NULL), 0);
	for (int i = 0; i < 2; i++) {
		EXPECT_TRUE(sl_netset_judge(&set, TCP, &addrs[i], 443, &entry));
		EXPECT_EQ(entry->item, 1);
		EXPECT_TRUE(sl_netset_judge(&set, UDP, &addrs[i], 53, &entry));
		EXPECT_FALSE(sl_netset_judge(&set, TCP, &addrs[i], 1, &entry));
	}
	EXPECT_FALSE(sl_netset_judge(&set, TCP, &other, 443, &entry));
	EXPECT_TRUE(entry == NULL);
	sl_netset_fini(&set);
}

TEST(too_many_are_refused_by_name)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_net_pins none = { 0 };
	struct sl_error err = { 0 };
	struct sl_netset set;
	char text[64];

	for (int i = 0; i <= SL_MAX_NET_ENTRIES; i++) {
		snprintf(text, sizeof(text), "tcp://10.0.%d.%d:80", i / 256,
			 i % 256);
		set_ok(policy, SL_KEY_NET_ALLOW, text);
	}
	EXPECT_EQ(sl_netset_make(policy, &none, &set, &err), -E2BIG);
	EXPECT_HAS(err.msg, "'tcp://10.0.16.0:80': more than 4096");
}

/* ---- what it takes ---- */

TEST(tcp_ports_of_any_host_need_no_judge)
{
	static const struct {
		const char *allow, *deny;
		unsigned int protos;
		bool judged, names;
	} cases[] = {
		{ "", "", 0, false, false },
		{ "tcp://:80", "", TCP, false, false },
		{ "tcp://*", "", TCP, false, false },
		{ "tcp://:80", "udp://10.0.0.0/8", TCP, false, false },
		{ "tcp://10.0.0.1:80", "", TCP, true, false },
		{ "tcp://h:80", "", TCP, true, true },
		{ "tcp://*", "10.0.0.1", TCP, true, false },
		{ "tcp://*", "tcp://:25", TCP, true, false },
		{ ":80", "", TCP | UDP, true, false },
		{ ":80", "udp://*", TCP, false, false },
		{ "udp://:53", "", UDP, true, false },
		{ "icmp://*", "", ICMP, true, false },
		{ "", "10.0.0.1", TCP | UDP | ICMP, true, false },
		{ "", "*", 0, false, false },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_net_need need = { 0 };

		add_words(policy, SL_KEY_NET_ALLOW, cases[i].allow);
		add_words(policy, SL_KEY_NET_DENY, cases[i].deny);
		ASSERT_EQ(sl_net_need(policy, &need, NULL), 0);
		if (need.protos != cases[i].protos ||
		    need.judged != cases[i].judged ||
		    need.names != cases[i].names)
			th_fail(__FILE__, __LINE__,
				"allow '%s' deny '%s': %u %d %d",
				cases[i].allow, cases[i].deny, need.protos,
				need.judged, need.names);
	}
}

/* ---- random rules, bit by bit ---- */

static uint32_t state = 2463534242u;

static uint32_t below(uint32_t n)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state % n;
}

struct plain {
	bool deny, v6;
	unsigned int protos, prefix, lo, hi;
	uint8_t addr[16];
};

static bool plain_covers(const struct plain *p, enum sl_net_proto proto,
			 const struct sl_net_addr *to, uint16_t port)
{
	if (!(p->protos & proto) || port < p->lo || port > p->hi ||
	    p->v6 != (to->family == 6))
		return false;
	for (unsigned int i = 0; i < p->prefix; i++)
		if ((p->addr[i / 8] ^ to->bytes[i / 8]) >> (7 - i % 8) & 1)
			return false;
	return true;
}

/* Few values, so that they meet; none that is another one's clothes. */
static void some_address(bool v6, uint8_t *bytes)
{
	memset(bytes, 0, 16);
	for (int i = 0; i < (v6 ? 16 : 4); i++)
		bytes[i] = (uint8_t)(0x30 + below(2));
}

static void add_random(struct sl_policy *policy, struct plain *p)
{
	char ip[INET6_ADDRSTRLEN], text[128];

	p->deny = below(3) == 0;
	p->v6 = below(2);
	p->protos = below(2) ? TCP : UDP;
	p->prefix = below(p->v6 ? 128 : 32) + 1;
	p->lo = p->hi = 80 + below(3);
	some_address(p->v6, p->addr);
	inet_ntop(p->v6 ? AF_INET6 : AF_INET, p->addr, ip, sizeof(ip));
	snprintf(text, sizeof(text), "%s://%s%s/%u%s:%u",
		 p->protos == TCP ? "tcp" : "udp", p->v6 ? "[" : "", ip,
		 p->prefix, p->v6 ? "]" : "", p->lo);
	set_ok(policy, p->deny ? SL_KEY_NET_DENY : SL_KEY_NET_ALLOW, text);
}

static bool plain_judge(const struct plain *rules, size_t count,
			enum sl_net_proto proto, const struct sl_net_addr *to,
			uint16_t port)
{
	bool any = false, allowed = false;

	for (size_t i = 0; i < count; i++) {
		bool hit = plain_covers(&rules[i], proto, to, port);

		if (hit && rules[i].deny)
			return false;
		any |= !rules[i].deny;
		allowed |= hit;
	}
	return allowed || (count && !any);
}

TEST(random_rules_as_judged_bit_by_bit)
{
	size_t hits = 0;

	for (int round = 0; round < 300; round++) {
		SL_AUTO(sl_policy) policy = policy_new();
		const struct sl_net_entry *entry;
		struct sl_net_pins none = { 0 };
		struct plain rules[8];
		size_t count = below(8) + 1;
		struct sl_netset set;

		for (size_t i = 0; i < count; i++)
			add_random(policy, &rules[i]);
		ASSERT_EQ(sl_netset_make(policy, &none, &set, NULL), 0);
		for (int i = 0; i < 200; i++) {
			struct sl_net_addr to = { .family = below(2) ? 6 : 4 };
			enum sl_net_proto proto = below(2) ? TCP : UDP;
			uint16_t port = (uint16_t)(80 + below(3));
			bool ok;

			some_address(to.family == 6, to.bytes);
			if (below(2))
				memcpy(to.bytes,
				       rules[below((uint32_t)count)].addr, 16);
			ok = sl_netset_judge(&set, proto, &to, port, &entry);
			hits += ok;
			ASSERT_EQ(ok,
				  plain_judge(rules, count, proto, &to, port));
		}
		sl_netset_fini(&set);
	}
	EXPECT_GT(hits, 3000);
}
