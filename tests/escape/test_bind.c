/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ports of the sandbox's own, which a peer outside must not get at: %b, where
 * it sends the canary all the time. What is received is printed, so a leak.
 */
#include "trick.h"

#define UDP_RULE "--net-allow", "udp://127.0.0.1:%u"
#define UDP_ANY "--net-allow", "udp://*:*"
#define UDP_OPEN "--net-allow-bind", "udp://%b"
#define TCP_OPEN "--net-allow-bind", "tcp://%b"

/* ------------------------------------------------ UDP */

TRICK(B1_udp_by_a_rule_about_another_port, .id = "B1bind",
      .args = { "udp", "%b" }, .flags = { UDP_RULE }, .called = true,
      .harm = HARM_LEAK, .off = { UDP_OPEN })

TRICK(B1_udp_denied, .id = "B1bind", .args = { "udp", "%b" },
      .flags = { UDP_ANY, "--net-deny-bind", "udp://%b" }, .called = true,
      .harm = HARM_LEAK, .off = { "--no-net-deny-bind" })

TRICK(B1_udp_free_ports_alone, .id = "B1bind", .args = { "udp", "%b" },
      .flags = { UDP_ANY, "--net-allow-bind", "udp://0" }, .called = true,
      .harm = HARM_LEAK, .off = { UDP_OPEN })

/* A bind rule makes sockets, and no more: nor does one of TCP help. */
TRICK(B1_udp_by_rules_about_other_ports, .id = "B1bind", .args = { "udp", "%b" },
      .flags = { "--net-allow-bind", "udp://1", TCP_OPEN, "--net-deny",
		 "udp://*" },
      .called = true, .harm = HARM_LEAK)

TRICK(B1_udp_with_denies_alone, .id = "B1bind", .args = { "udp", "%b" },
      .flags = { "--net-deny", "10.0.0.1", "--net-deny-bind", "udp://%b" },
      .called = true, .harm = HARM_LEAK)

TRICK(B1_udp_with_carves, .id = "B1bind", .args = { "udp", "%b" },
      .flags = { UDP_RULE, "--fs-deny", "*.none" }, .called = true,
      .harm = HARM_LEAK, .off = { UDP_OPEN })

TRICK(B2_udp_again, .id = "B2again", .args = { "%b", "%u" },
      .flags = { UDP_RULE }, .called = true, .harm = HARM_LEAK,
      .bare = BARE_SOME, .off = { UDP_OPEN })

TRICK(B3_udp_range, .id = "B3range", .args = { "udp" }, .flags = { UDP_RULE },
      .called = true, .bare = BARE_ANY)

TRICK(B6_udp_flip, .id = "B6flip", .args = { "udp", "%b" }, .flags = { UDP_RULE },
      .called = true, .harm = HARM_LEAK, .off = { UDP_OPEN })

TRICK(B7_others, .id = "B7others", .args = { "%b" }, .flags = { UDP_RULE },
      .called = true, .bare = BARE_ANY)

TRICK(B7_udplite_if_made_by_leave, .id = "B7others", .args = { "%b" },
      .flags = { UDP_RULE, "--net-deny-bind", "%b", "--extra-allow-syscall",
		 "socket" },
      .called = true, .bare = BARE_ANY)

/* ------------------------------------------------ TCP */

TRICK(B1_tcp, .id = "B1bind", .args = { "tcp", "%b" },
      .flags = { "--net-allow-bind", "0" }, .called = true, .harm = HARM_LEAK,
      .off = { TCP_OPEN })

TRICK(B1_tcp_denied, .id = "B1bind", .args = { "tcp", "%b" },
      .flags = { "--net-deny-bind", "%b" }, .called = true, .harm = HARM_LEAK,
      .off = { "--no-net-deny-bind", "--net-allow-bind", "*" })

/* The judge's rules of UDP give nothing of TCP. */
TRICK(B1_tcp_by_rules_of_udp, .id = "B1bind", .args = { "tcp", "%b" },
      .flags = { UDP_RULE, UDP_OPEN }, .called = true, .harm = HARM_LEAK,
      .off = { TCP_OPEN })

/* What may not be had is not had either where Landlock is switched off. */
TRICK(B1_tcp_denied_without_protection, .id = "B1bind", .args = { "tcp", "%b" },
      .flags = { "--disable", "net-tcp", "--net-deny-bind", "%b" },
      .called = true, .harm = HARM_LEAK, .off = { "--no-net-deny-bind" })

TRICK(B3_tcp_range, .id = "B3range", .args = { "tcp" },
      .flags = { "--net-allow-bind", "0" }, .called = true, .bare = BARE_ANY)

TRICK(B3_tcp_range_beside_denies, .id = "B3range", .args = { "tcp" },
      .flags = { "--net-deny-bind", "60000-65535" }, .called = true,
      .bare = BARE_ANY)

TRICK(B4_listen, .id = "B4listen", .called = true, .harm = HARM_LEAK,
      .off = { "--disable", "net-tcp" }, .bare = BARE_SOME)

TRICK(B4_listen_with_a_port, .id = "B4listen",
      .flags = { "--net-allow-bind", "%b" }, .called = true, .harm = HARM_LEAK,
      .bare = BARE_SOME, .off = { "--net-allow-bind", "0" })

TRICK(B4_listen_with_many_ports, .id = "B4listen",
      .flags = { "--net-allow-bind", "1-9000" }, .called = true,
      .harm = HARM_LEAK, .bare = BARE_SOME, .off = { "--net-allow-bind", "0" })

TRICK(B4_listen_free_ports_denied, .id = "B4listen",
      .flags = { "--net-deny-bind", "0" }, .called = true, .harm = HARM_LEAK,
      .bare = BARE_SOME, .off = { "--no-net-deny-bind", "--net-allow-bind", "*" })

TRICK(B4_listen_on_denied_free_ports, .id = "B4listen",
      .flags = { "--net-deny-bind", "1024-65535" }, .called = true,
      .harm = HARM_LEAK, .bare = BARE_SOME,
      .off = { "--no-net-deny-bind", "--net-allow-bind", "*" })

/* Without Unix sockets it is asked as well. */
TRICK(B4_listen_with_destinations, .id = "B4listen",
      .flags = { "--net-allow-bind", "%b", "--net-allow", "tcp://10.0.0.1" },
      .called = true, .harm = HARM_LEAK, .bare = BARE_SOME)

TRICK(B5_race, .id = "B5race", .args = { "1", "32768", "60998" },
      .flags = { "--net-allow-bind", "32768-36000", "--net-allow", "tcp://:1" },
      .bare = BARE_ANY)

TRICK(B6_tcp_flip, .id = "B6flip", .args = { "tcp", "%b" },
      .flags = { "--net-deny-bind", "%b" }, .called = true, .harm = HARM_LEAK,
      .off = { "--no-net-deny-bind", "--net-allow-bind", "*" })

/* ------------------------------------------------ what works */

/* Seen in the control, where the rule is there. */
TRICK(B4_what_was_bound_by_leave_listens, .id = "B4leave", .args = { "%b" },
      .flags = { "--net-allow-bind", "0" }, .called = true, .harm = HARM_LEAK,
      .off = { TCP_OPEN })

TRICK(B8_a_client_needs_no_bind_rule, .id = "B8client", .args = { "%u" },
      .harm = HARM_UDP, .off = { UDP_RULE })
