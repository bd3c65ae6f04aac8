/* SPDX-License-Identifier: Apache-2.0 */
/* What the helper for names may say, and what it may not; the text of names. */
#include "base/limits.h"
#include "harness/harness.h"
#include "run/names.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static char two[2][254] = { "a.example", "b.example" };

struct said {
	struct sl_net_pins pins;
	size_t failed;
	char why[256];
};

static int parse_bytes(const char *text, size_t len, size_t count,
		       struct said *said)
{
	memset(said, 0, sizeof(*said));
	return sl_names_parse(text, len, two, count, &said->pins, &said->failed,
			      said->why, sizeof(said->why));
}

static int parse(const char *text, size_t count)
{
	struct said said;
	int r = parse_bytes(text, strlen(text), count, &said);

	EXPECT_TRUE(r == 0 || !said.pins.pins);
	sl_net_pins_fini(&said.pins);
	return r;
}

static void expect_addr(const struct sl_net_addr *addr, const char *wanted)
{
	char text[SL_ADDR_TEXT];

	sl_net_addr_text(addr, text);
	EXPECT_STREQ(text, wanted);
}

TEST(what_is_said_becomes_pins_in_order)
{
	static const char text[] = "a.example 192.0.2.1\n"
				   "a.example 2001:db8::1\n"
				   "b.example ::ffff:192.0.2.9\n"
				   "b.example 192.0.2.9\n"
				   ".\n";
	struct said said;

	ASSERT_EQ(parse_bytes(text, strlen(text), 2, &said), 0);
	ASSERT_EQ(said.pins.count, 2);
	EXPECT_STREQ(said.pins.pins[0].name, "a.example");
	ASSERT_EQ(said.pins.pins[0].count, 2);
	expect_addr(&said.pins.pins[0].addrs[0], "192.0.2.1");
	expect_addr(&said.pins.pins[0].addrs[1], "2001:db8::1");
	/* Two spellings of one machine. */
	ASSERT_EQ(said.pins.pins[1].count, 1);
	expect_addr(&said.pins.pins[1].addrs[0], "192.0.2.9");
	sl_net_pins_fini(&said.pins);
}

TEST(a_name_without_an_address_is_told)
{
	static const char text[] = "a.example 192.0.2.1\n"
				   "b.example ! Name or service not known\n"
				   ".\n";
	struct said said;

	ASSERT_EQ(parse_bytes(text, strlen(text), 2, &said), -ENOENT);
	EXPECT_EQ(said.failed, 1);
	EXPECT_STREQ(said.why, "Name or service not known");
	EXPECT_TRUE(!said.pins.pins);
}

TEST(what_has_another_form_is_refused)
{
	static const char *const one[] = {
		"",
		".",
		".\n",
		"\n",
		"a.example\n.\n",
		"a.example \n.\n",
		"a.example  192.0.2.1\n.\n",
		"a.example 192.0.2.1 \n.\n",
		"a.example 192.0.2.1\t\n.\n",
		"a.example 192.0.2.1",
		"a.example 192.0.2.1\n",
		"a.example 192.0.2.1\n.",
		"a.example 192.0.2.1\n.\n.\n",
		"a.example 192.0.2.1\n.\nx",
		"a.example 192.0.2.1\r\n.\n",
		"A.EXAMPLE 192.0.2.1\n.\n",
		"b.example 192.0.2.1\n.\n",
		"c.example 192.0.2.1\na.example 192.0.2.1\n.\n",
		"a.example 192.0.2.1/8\n.\n",
		"a.example 192.0.2\n.\n",
		"a.example 0300.0.2.1\n.\n",
		"a.example 3221225985\n.\n",
		"a.example fe80::1%lo\n.\n",
		"a.example [::1]\n.\n",
		"a.example example.com\n.\n",
		/* This host, by the back door. */
		"a.example 0.0.0.0\n.\n",
		"a.example ::\n.\n",
		"a.example !\n.\n",
		"a.example ! \n.\n",
		"a.example ! \033[2Jx\n.\n",
		"a.example ! \377\n.\n",
		"a.example 192.0.2.1\na.example ! both\n.\n",
	};
	static const char *const both[] = {
		"a.example 192.0.2.1\n.\n",
		"b.example 192.0.2.1\n.\n",
		"b.example 192.0.2.1\na.example 192.0.2.1\n.\n",
		("a.example 192.0.2.1\nb.example 192.0.2.1\n"
		 "a.example 192.0.2.2\n.\n"),
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(one); i++)
		EXPECT_EQ(parse(one[i], 1), -EBADMSG);
	for (size_t i = 0; i < SL_ARRAY_LEN(both); i++)
		EXPECT_EQ(parse(both[i], 2), -EBADMSG);
	EXPECT_EQ(parse(".\n", 0), -EBADMSG);
}

TEST(what_has_a_nul_in_it_is_refused)
{
	static const char text[] = "a.example 192.0.2.1\0\n.\n";
	struct said said;

	EXPECT_EQ(parse_bytes(text, sizeof(text) - 1, 1, &said), -EBADMSG);
}

TEST(more_addresses_than_fit_are_refused)
{
	sl_autobuf text = SL_BUF_INIT(SL_MAX_NAMES_BYTES);
	sl_autobuf long_reason = SL_BUF_INIT(4096);

	for (int i = 1; i <= SL_MAX_NAME_ADDRS; i++)
		sl_buf_addf(&text, "a.example 192.0.2.%d\n", i);
	sl_buf_adds(&text, ".\n");
	EXPECT_EQ(parse(text.data, 1), 0);
	text.len -= 2;
	sl_buf_adds(&text, "a.example 192.0.2.1\n.\n");
	EXPECT_EQ(parse(text.data, 1), 0); /* once more, and known */
	text.len -= 2;
	sl_buf_adds(&text, "a.example 192.0.2.200\n.\n");
	EXPECT_EQ(parse(text.data, 1), -EBADMSG);
	sl_buf_adds(&long_reason, "a.example ! ");
	for (int i = 0; i < 256; i++)
		sl_buf_addc(&long_reason, 'x');
	sl_buf_adds(&long_reason, "\n.\n");
	EXPECT_EQ(parse(long_reason.data, 1), -EBADMSG);
}

/* Cut off, or with one byte changed: refused, or nothing but addresses. */
TEST(what_is_bent_anywhere_is_refused_or_harmless)
{
	static const char text[] = "a.example 192.0.2.1\nb.example ::1\n.\n";
	size_t len = sizeof(text) - 1;
	char bent[sizeof(text)];
	struct said said;

	for (size_t cut = 0; cut < len; cut++)
		EXPECT_TRUE(parse_bytes(text, cut, 2, &said) < 0);
	for (size_t at = 0; at < len; at++) {
		for (int with = 0; with < 256; with++) {
			memcpy(bent, text, sizeof(text));
			bent[at] = (char)with;
			if (parse_bytes(bent, len, 2, &said) < 0)
				continue;
			EXPECT_EQ(said.pins.count, 2);
			EXPECT_EQ(said.pins.pins[0].count, 1);
			EXPECT_EQ(said.pins.pins[1].count, 1);
			sl_net_pins_fini(&said.pins);
		}
	}
}

static struct sl_net_addr addr_of(const char *text)
{
	unsigned char bytes[16];

	if (inet_pton(AF_INET, text, bytes) == 1)
		return sl_net_addr4(bytes);
	ASSERT_EQ(inet_pton(AF_INET6, text, bytes), 1);
	return sl_net_addr6(bytes);
}

TEST(hosts_has_this_host_and_the_pins)
{
	struct sl_net_addr local[] = { addr_of("127.0.0.1"), addr_of("::1"),
				       addr_of("127.0.1.1") };
	struct sl_net_addr other[] = { addr_of("2001:db8::7"),
				       addr_of("127.0.0.1") };
	struct sl_net_pin list[] = { { (char[]){ "localhost" }, local, 3 },
				     { (char[]){ "x.example" }, other, 2 } };
	struct sl_net_pins pins = { list, 2 };
	sl_autobuf text = SL_BUF_INIT(SL_MAX_HOSTS_BYTES);
	sl_autobuf small = SL_BUF_INIT(40);

	ASSERT_EQ(sl_hosts_text(&pins, &text), 0);
	EXPECT_STREQ(text.data, "127.0.0.1 localhost\n"
				"::1 localhost\n"
				"127.0.1.1 localhost\n"
				"2001:db8::7 x.example\n"
				"127.0.0.1 x.example\n");
	EXPECT_EQ(sl_hosts_text(&pins, &small), -EOVERFLOW);
}

/* What is left of @addr under @name: itself, or nothing. */
static bool keeps(const char *name, const char *addr, const char *hosts)
{
	struct sl_net_addr addrs[] = { addr_of(addr) }, gone = { 0 };
	struct sl_net_pin pin = { (char *)(uintptr_t)name, addrs, 1 };
	struct sl_net_pins pins = { &pin, 1 };
	struct sl_net_addr own[] = { addr_of("192.0.2.77"),
				     addr_of("2001:db8::77") };
	struct sl_names_self self = { hosts, "box.example.org", own, 2 };
	size_t failed = sl_names_drop_own(&pins, &self, &gone);

	EXPECT_EQ(failed == 0, pin.count == 1);
	if (failed) {
		EXPECT_EQ(failed, 1);
		EXPECT_EQ(memcmp(&gone, &addrs[0], sizeof(gone)), 0);
	}
	return failed == 0;
}

TEST(a_name_server_opens_nothing_of_this_machine)
{
	static const char *const near[] = {
		"127.0.0.1",	    "127.9.9.9",       "::1",
		"::ffff:127.0.0.1", "169.254.169.254", "fe80::1",
		"febf::1",	    "192.0.2.77",      "::ffff:192.0.2.77",
		"2001:db8::77"
	};
	static const char *const far[] = { "128.0.0.1",	  "126.0.0.1",
					   "10.0.0.1",	  "169.253.0.1",
					   "2001:db8::1", "fec0::1",
					   "192.0.2.78",  "2001:db8::78",
					   "::2",	  "fd00::1" };

	for (size_t i = 0; i < sizeof(near) / sizeof(near[0]); i++) {
		EXPECT_FALSE(keeps("x.example", near[i], ""));
		EXPECT_FALSE(keeps("notlocalhost", near[i], ""));
		EXPECT_FALSE(keeps("localhost.example", near[i], ""));
		EXPECT_TRUE(keeps("localhost", near[i], ""));
		EXPECT_TRUE(keeps("a.localhost", near[i], ""));
		EXPECT_TRUE(keeps("box", near[i], ""));
		EXPECT_TRUE(keeps("BOX.example.org", near[i], ""));
		EXPECT_FALSE(keeps("box.example", near[i], ""));
	}
	for (size_t i = 0; i < sizeof(far) / sizeof(far[0]); i++)
		EXPECT_TRUE(keeps("x.example", far[i], ""));
}

TEST(what_the_machine_says_itself_is_taken)
{
	static const char hosts[] =
		"# 127.0.0.1 x.example\n"
		"192.0.2.1 y.example\n"
		"\n"
		"127.0.0.1\tlocalhost  X.example # z.example\n"
		"not an address x.example\n"
		"::1 w.example";

	EXPECT_TRUE(keeps("x.example", "127.0.0.1", hosts));
	EXPECT_FALSE(keeps("x.example", "127.0.0.2", hosts));
	EXPECT_FALSE(keeps("x.example", "::1", hosts));
	EXPECT_FALSE(keeps("y.example", "127.0.0.1", hosts));
	EXPECT_FALSE(keeps("z.example", "127.0.0.1", hosts));
	EXPECT_FALSE(keeps("example", "127.0.0.1", hosts));
	EXPECT_TRUE(keeps("w.example", "::1", hosts));
}

TEST(the_other_addresses_of_a_name_stay)
{
	struct sl_net_addr one[] = { addr_of("127.0.0.1"), addr_of("192.0.2.1"),
				     addr_of("::1"), addr_of("2001:db8::1") };
	struct sl_net_addr two_addrs[] = { addr_of("::1") }, gone = { 0 };
	struct sl_net_pin list[] = { { (char[]){ "a.example" }, one, 4 },
				     { (char[]){ "b.example" }, two_addrs, 1 } };
	struct sl_net_pins pins = { list, 2 };
	struct sl_names_self self = { .hosts = "", .name = "" };

	EXPECT_EQ(sl_names_drop_own(&pins, &self, &gone), 2);
	ASSERT_EQ(list[0].count, 2);
	expect_addr(&list[0].addrs[0], "192.0.2.1");
	expect_addr(&list[0].addrs[1], "2001:db8::1");
	expect_addr(&gone, "::1");
}
