/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Destinations that no rule allows, on ports that one does: Landlock lets them
 * pass, so it is the judge that must not. ALLOWED of attack_dest.c: 127.0.0.9.
 */
#include "trick.h"

#define TCP_RULE "--net-allow", "tcp://127.0.0.9:%p"
#define UDP_RULE "--net-allow", "udp://127.0.0.9:%u"
#define TCP_OPEN "--net-allow", "tcp://:%p"
#define UDP_OPEN "--net-allow", "udp://:%u"

TRICK(N1_tcp, .id = "N1tcp", .args = { "%p" },
      .flags = { TCP_RULE, "--net-allow-bind", "0" }, .harm = HARM_NET,
      .bare = BARE_SOME, .off = { TCP_OPEN })

TRICK(N1_tcp_denied, .id = "N1tcp", .args = { "%p" },
      .flags = { "--net-deny", "127.0.0.1/29", "--net-deny", "::1",
		 "--net-allow-bind", "0" },
      .harm = HARM_NET, .bare = BARE_SOME)

/* Deny wins. */
TRICK(N1_tcp_allowed_and_denied, .id = "N1tcp", .args = { "%p" },
      .flags = { TCP_OPEN, "--net-deny", "tcp://127.0.0.1", "--net-deny",
		 "tcp://[::1]:*", "--net-allow-bind", "0" },
      .harm = HARM_NET, .bare = BARE_SOME)

TRICK(N1_tcp_with_udp_sockets, .id = "N1tcp", .args = { "%p" },
      .flags = { TCP_RULE, UDP_OPEN, "--net-allow-bind", "0" },
      .harm = HARM_NET, .bare = BARE_SOME)

TRICK(N1_mptcp, .id = "N1mptcp", .args = { "%p" }, .flags = { TCP_RULE },
      .harm = HARM_NET, .bare = BARE_ANY)

TRICK(N1_fast_open, .id = "A135", .args = { "%p" }, .flags = { TCP_RULE },
      .harm = HARM_NET, .bare = BARE_SOME)

/* Every send is judged here, too. */
TRICK(N1_fast_open_with_udp_sockets, .id = "A135", .args = { "%p" },
      .flags = { TCP_RULE, UDP_RULE }, .harm = HARM_NET, .bare = BARE_SOME)

TRICK(N2_udp, .id = "N2udp", .args = { "%u" }, .flags = { UDP_RULE },
      .harm = HARM_UDP, .bare = BARE_SOME, .off = { UDP_OPEN })

TRICK(N2_udp_denied, .id = "N2udp", .args = { "%u" },
      .flags = { "--net-deny", "127.0.0.0/8", "--net-deny", "[::1]:%u" },
      .harm = HARM_UDP, .bare = BARE_SOME)

TRICK(N2_udp_where_tcp_is_allowed, .id = "N2udp", .args = { "%u" },
      .flags = { "--net-allow", "tcp://*", UDP_RULE }, .harm = HARM_UDP,
      .bare = BARE_SOME)

TRICK(N2_source, .id = "N2source", .args = { "%q" },
      .flags = { "--net-allow", "udp://127.0.0.1:%q" }, .harm = HARM_UDP,
      .may_win = true)

TRICK(N2_source_denied, .id = "N2source", .args = { "%q" },
      .flags = { "--net-deny", "127.0.0.2" }, .harm = HARM_UDP, .may_win = true)

TRICK(N2_source_of_IPv4_in_IPv6, .id = "N2source6", .args = { "%u" },
      .flags = { "--net-allow", "[::1]:%u" }, .harm = HARM_UDP)

TRICK(N3_connected, .id = "N3connected", .args = { "%u" }, .flags = { UDP_RULE },
      .harm = HARM_UDP, .bare = BARE_SOME, .off = { UDP_OPEN })

TRICK(N3_batch, .id = "N3batch", .args = { "%u" }, .flags = { UDP_RULE },
      .harm = HARM_UDP, .off = { UDP_OPEN })

TRICK(N4_routes, .id = "N4routes", .args = { "%u" }, .flags = { UDP_OPEN },
      .bare = BARE_SOME)

TRICK(N4_zerocopy, .id = "N4zerocopy", .args = { "%u" }, .flags = { UDP_RULE },
      .harm = HARM_UDP, .off = { UDP_OPEN })

TRICK(N4_zerocopy_option, .id = "N4option", .args = { "%u" },
      .flags = { UDP_OPEN }, .bare = BARE_SOME)

TRICK(N4_zerocopy_option_of_unix, .id = "N4option", .args = { "%u" },
      .flags = { UDP_OPEN, "--unix-allow", "%w" }, .bare = BARE_SOME)

TRICK(N4_interfaces, .id = "N4interfaces", .flags = { UDP_OPEN },
      .bare = BARE_SOME)

TRICK(N5_passed_on, .id = "N5passed", .args = { "%p", "%u" },
      .flags = { TCP_RULE, UDP_RULE }, .harm = HARM_NET | HARM_UDP,
      .off = { TCP_OPEN, UDP_OPEN })

TRICK(N6_others, .id = "N6others", .args = { "%u" }, .flags = { TCP_RULE },
      .harm = HARM_UDP, .bare = BARE_SOME)

TRICK(N6_others_by_an_ICMP_rule, .id = "N6others", .args = { "%u" },
      .flags = { TCP_RULE, "--net-allow", "icmp://127.0.0.9" },
      .harm = HARM_UDP, .bare = BARE_SOME)

/* Sockets of every kind exist with that, but they reach no more. */
TRICK(N6_others_if_made_by_leave_alone, .id = "N6others", .args = { "%u" },
      .flags = { TCP_RULE, "--extra-allow-syscall", "socket" },
      .harm = HARM_UDP, .bare = BARE_SOME)

TRICK(N1_mptcp_if_made_by_leave, .id = "N1mptcp", .args = { "%p" },
      .flags = { TCP_RULE, "--extra-allow-syscall", "socket" },
      .harm = HARM_NET, .bare = BARE_ANY)

TRICK(N2_udp_if_made_by_leave, .id = "N2udp", .args = { "%u" },
      .flags = { TCP_RULE, "--extra-allow-syscall", "socket" },
      .harm = HARM_UDP, .bare = BARE_SOME)

TRICK(N6_others_if_made_by_leave, .id = "N6others", .args = { "%u" },
      .flags = { TCP_RULE, UDP_RULE, "--extra-allow-syscall", "socket" },
      .harm = HARM_UDP, .bare = BARE_SOME)

TRICK(N7_io_uring, .id = "call", .args = { "io_uring_setup" },
      .flags = { TCP_RULE, UDP_RULE }, .bare = BARE_ANY)

TRICK(N7_listen_without_bind, .id = "A156listen", .flags = { TCP_RULE },
      .off = { "--net-allow-bind", "*" })

/* ------------------------------------------------ races, attack_flip.c */

TRICK(N8_connect, .id = "N8connect", .args = { "%p" },
      .flags = { TCP_RULE, "--net-allow-bind", "%p" }, .harm = HARM_NET,
      .off = { TCP_OPEN })

TRICK(N8_sends, .id = "N8sends", .args = { "%u" }, .flags = { UDP_RULE },
      .harm = HARM_UDP, .off = { UDP_OPEN })

TRICK(N8_descriptors, .id = "N8descriptors", .args = { "%u" },
      .flags = { UDP_RULE, TCP_RULE, "--unix-allow", "%w" }, .harm = HARM_UDP,
      .bare = BARE_SOME, .off = { UDP_OPEN })

TRICK(N8_forms, .id = "N8forms", .args = { "%u" }, .flags = { UDP_RULE },
      .harm = HARM_UDP, .off = { UDP_OPEN })

/* ------------------------------------------------ the same as bare, attack_same.c */

#define OWN                                                  \
	"--net-allow", "127.0.0.0/29", "--net-allow", "::1", \
		"--net-allow-bind", "*"
#define ALL_BUT "--net-deny", "127.0.0.99", "--net-allow-bind", "*"

TRICK(N9_connect, .id = "N9connect", .flags = { OWN }, .same = true)

TRICK(N9_connect_denied, .id = "N9connect", .flags = { ALL_BUT }, .same = true)

TRICK(N9_sends, .id = "N9sends", .flags = { OWN }, .same = true)

TRICK(N9_sends_denied, .id = "N9sends", .flags = { ALL_BUT }, .same = true)

TRICK(N9_ancillary, .id = "N9ancillary", .flags = { OWN }, .same = true)
