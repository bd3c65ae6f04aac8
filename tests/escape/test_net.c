/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogue 5.6: the network. */
#include "trick.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

TRICK(A132_connect, .id = "A132", .args = { "%p" }, .harm = HARM_NET,
      .off = { "--disable", "net-tcp" })

TRICK(A132_connect_with_another_port_granted, .id = "A132", .args = { "%p" },
      .flags = { "--net-allow", "tcp://:1" }, .harm = HARM_NET,
      .off = { "--net-allow", "tcp://:%p" })

TRICK(A132_connect_with_a_bind_rule, .id = "A132", .args = { "%p" },
      .flags = { "--net-allow-bind", "%p" }, .harm = HARM_NET)

TRICK(A132_connect_without_a_supervisor, .id = "A132", .args = { "%p" },
      .flags = { "--no-supervisor" }, .harm = HARM_NET)

TRICK(A134_mptcp, .id = "A134", .args = { "%p" }, .harm = HARM_NET,
      .bare = BARE_ANY, .off = { "--extra-allow-syscall", "socket" })

TRICK(A135_fast_open, .id = "A135", .args = { "%p" }, .harm = HARM_NET,
      .bare = BARE_SOME,
      .off = { "--extra-allow-syscall", "sendto", "--extra-allow-syscall",
	       "sendmsg", "--extra-allow-syscall", "sendmmsg" })

TRICK(A135_fast_open_with_another_port, .id = "A135", .args = { "%p" },
      .flags = { "--net-allow", "tcp://:1" }, .harm = HARM_NET, .bare = BARE_SOME)

TRICK(A136_other_protocols, .id = "A136", .bare = BARE_ANY,
      .off = { "--extra-allow-syscall", "socket" })

TRICK(A136_upper_layer, .id = "A136ulp",
      .off = { "--extra-allow-syscall", "setsockopt" })

TRICK(A137_spellings_of_this_host, .id = "A137", .args = { "%p" },
      .harm = HARM_NET, .off = { "--disable", "net-tcp" })

static void no_proxy(const struct stage *s)
{
	(void)s;
	unsetenv("http_proxy");
	setenv("NO_PROXY", "*", 1);
}

TRICK(A146_proxy_variables, .id = "A132", .args = { "%p" }, .prepare = no_proxy,
      .harm = HARM_NET)

TRICK(A156_bind, .id = "A156", .args = { "%p" },
      .off = { "--disable", "net-tcp", "--net-allow-bind", "*" },
      .bare = BARE_SOME)

TRICK(A156_bind_with_another_port_granted, .id = "A156", .args = { "%p" },
      .flags = { "--net-allow-bind", "1" }, .bare = BARE_SOME)

TRICK(A156_listen_without_bind, .id = "A156listen",
      .off = { "--net-allow-bind", "*" })

TRICK(A156_privileged_options, .id = "A156opt", .bare = BARE_ROOT)

static void stdin_tcp(const struct stage *s)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)s;
	if (dup2(fd, 0) < 0)
		_exit(97);
}

TRICK(A159_inherited_tcp_socket, .id = "A159", .args = { "%p" },
      .prepare = stdin_tcp, .harm = HARM_NET)

TRICK(A160_datagrams, .id = "A160", .args = { "%u" }, .harm = HARM_UDP,
      .off = { "--extra-allow-syscall", "socket" })

TRICK(A160_datagrams_with_a_tcp_rule, .id = "A160", .args = { "%u" },
      .flags = { "--net-allow", "tcp://*" }, .harm = HARM_UDP)

TRICK(A160_ping_socket, .id = "A160ping", .bare = BARE_ANY,
      .off = { "--extra-allow-syscall", "socket" })
