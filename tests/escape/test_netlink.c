/* SPDX-License-Identifier: Apache-2.0 */
/* AF_NETLINK inside: what it tells, where it leads, who answers. */
#include "trick.h"

TRICK(NL1_view, .id = "NLview", .bare = BARE_SOME,
      .off = { "--extra-allow-syscall", "socket" })

TRICK(NL1_view_with_net_rules, .id = "NLview", .bare = BARE_SOME,
      .flags = { "--net-allow", "*", "--net-allow-bind", "*" })

TRICK(NL2_lever, .id = "NLlever", .args = { "%n", "%d", "%a" },
      .harm = HARM_UNIX, .bare = BARE_NEVER)

TRICK(NL2_lever_with_datagrams, .id = "NLlever", .args = { "%n", "%d", "%a" },
      .flags = { "--unix-allow", "%w" }, .harm = HARM_UNIX, .bare = BARE_NEVER)

TRICK(NL2_lever_with_protected_parts, .id = "NLlever",
      .args = { "%n", "%d", "%a" }, .flags = { "--fs-protect", "%w/none" },
      .harm = HARM_UNIX, .bare = BARE_NEVER)

TRICK(NL3_numbers_set_aside, .id = "NLwindow", .args = { "%u" },
      .flags = { "--net-allow", "udp://127.0.0.1:1" }, .harm = HARM_UDP,
      .off = { "--net-allow", "udp://*" })

TRICK(NL4_descriptors, .id = "NLrights", .bare = BARE_ANY)

TRICK(NL4_descriptors_with_datagrams, .id = "NLrights", .bare = BARE_ANY,
      .flags = { "--unix-allow", "%w" })

TRICK(NL5_peer, .id = "NLpeer", .bare = BARE_ANY)

TRICK(NL6_forgery, .id = "NLforge", .bare = BARE_ANY)

TRICK(NL7_too_many, .id = "NLmany", .bare = BARE_ANY)

TRICK(NL8_flood, .id = "NLflood", .bare = BARE_NEVER)
