/* SPDX-License-Identifier: Apache-2.0 */
/* Tricks on the network, catalogue 5.6. All on the loopback interface. */
#include "attack.h"
#include "attack_addr.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

static bool tcp(const char *host, int port, int protocol)
{
	struct addr to = addr(host, port);
	int fd = socket(to.ss.ss_family, SOCK_STREAM, protocol), err;
	bool ok = fd >= 0 && connect(fd, (void *)&to.ss, to.len) == 0;

	err = errno;
	if (ok && send(fd, "stolen", 6, MSG_NOSIGNAL) != 6)
		dprintf(1, "connected, not sent\n");
	close(fd);
	errno = err;
	return ok;
}

/* PORT */
static void a132(char **argv)
{
	int port = number(argv[0]);

	result("connect, IPv4", tcp("127.0.0.1", port, 0));
	result("connect, IPPROTO_TCP", tcp("127.0.0.1", port, IPPROTO_TCP));
	result("connect, IPv6", tcp("::1", port, 0));
}

/* PORT: MPTCP speaks to any TCP listener. */
static void a134(char **argv)
{
	int port = number(argv[0]);
	struct addr any = addr("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	result_if_known("socket", fd >= 0);
	if (fd >= 0)
		result("bind", bind(fd, (void *)&any.ss, any.len) == 0);
	result_if_known("connect", tcp("127.0.0.1", port, IPPROTO_MPTCP));
}

/* PORT: the SYN that a send makes. */
static void a135(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	static char text[] = "stolen";
	struct iovec iov = { text, 6 };
	struct mmsghdr msg = { .msg_hdr = { .msg_name = &to.ss,
					    .msg_namelen = to.len,
					    .msg_iov = &iov,
					    .msg_iovlen = 1 } };
	int one = 1, fd;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	result_if_known("sendto", sendto(fd, "stolen", 6, MSG_FASTOPEN,
					 (void *)&to.ss, to.len) == 6);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	result_if_known("sendmsg", sendmsg(fd, &msg.msg_hdr, MSG_FASTOPEN) == 6);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	result_if_known("sendmmsg", sendmmsg(fd, &msg, 1, MSG_FASTOPEN) == 1);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	if (result_if_known("TCP_FASTOPEN_CONNECT",
			    setsockopt(fd, SOL_TCP, TCP_FASTOPEN_CONNECT, &one,
				       sizeof(one)) == 0))
		result("connect after it",
		       connect(fd, (void *)&to.ss, to.len) == 0 &&
			       send(fd, "stolen", 6, MSG_NOSIGNAL) == 6);
}

/* Protocols of AF_INET that are neither TCP nor UDP. */
static void a136(char **argv)
{
	static const struct {
		const char *name;
		int type, protocol;
	} kinds[] = {
		{ "SCTP stream", SOCK_STREAM, 132 },
		{ "SCTP seqpacket", SOCK_SEQPACKET, 132 },
		{ "DCCP", 6, 33 },
		{ "UDPLITE", SOCK_DGRAM, 136 },
		{ "L2TP", SOCK_DGRAM, 115 },
		{ "SMC", SOCK_STREAM, 256 },
		{ "raw ICMP", SOCK_RAW, IPPROTO_ICMP },
		{ "raw raw", SOCK_RAW, IPPROTO_RAW },
		{ "raw TCP", SOCK_RAW, IPPROTO_TCP },
	};
	int fd;
	(void)argv;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		fd = socket(AF_INET, kinds[i].type, kinds[i].protocol);
		result_if_known(kinds[i].name, fd >= 0);
		close(fd);
		fd = socket(AF_INET6, kinds[i].type | SOCK_CLOEXEC,
			    kinds[i].protocol);
		result_if_known(kinds[i].name, fd >= 0);
		close(fd);
	}
}

/* TCP_ULP needs no connection to be refused by a filter. */
static void a136_ulp(char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int r = setsockopt(fd, SOL_TCP, TCP_ULP, "smc", 4);
	(void)argv;

	result("TCP_ULP", r == 0 || (errno != EPERM && errno != EACCES));
}

/* PORT: other spellings of this host. */
static void a137(char **argv)
{
	int port = number(argv[0]);

	result("127.1.2.3", tcp("127.1.2.3", port, 0));
	result("0.0.0.0", tcp("0.0.0.0", port, 0));
	result("::", tcp("::", port, 0));
	result("::ffff:127.0.0.1", tcp("::ffff:127.0.0.1", port, 0));
	result("::ffff:127.3.2.1", tcp("::ffff:127.3.2.1", port, 0));
}

/* PORT of a host service that shares its port; FREE, allowed or not. */
static void a156(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	struct addr any = addr("0.0.0.0", 0), any6 = addr("::", 0);
	struct addr low = addr("127.0.0.1", 80);
	int one = 1, fd;

	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one));
	result("SO_REUSEPORT onto a service",
	       bind(fd, (void *)&to.ss, to.len) == 0 && listen(fd, 5) == 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	result("bind(0)",
	       bind(fd, (void *)&any.ss, any.len) == 0 && listen(fd, 5) == 0);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	result("bind(0), IPv6",
	       bind(fd, (void *)&any6.ss, any6.len) == 0 && listen(fd, 5) == 0);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	if (geteuid() == 0)
		result("privileged port", bind(fd, (void *)&low.ss, low.len) == 0 ||
						  errno == EADDRINUSE);
}

/* A port nobody named: listen() on a socket that was never bound. */
static void a156_listen(char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)argv;

	result("listen without bind", listen(fd, 5) == 0);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	result("listen without bind, IPv6", listen(fd, 5) == 0);
}

/* Options of a socket that need a privilege. */
static void a156_options(char **argv)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;
	(void)argv;

	result("IP_TRANSPARENT",
	       setsockopt(fd, SOL_IP, IP_TRANSPARENT, &one, sizeof(one)) == 0);
	result("SO_MARK",
	       setsockopt(fd, SOL_SOCKET, SO_MARK, &one, sizeof(one)) == 0);
	result("SO_DEBUG",
	       setsockopt(fd, SOL_SOCKET, SO_DEBUG, &one, sizeof(one)) == 0);
}

/* PORT: stdin is an unconnected TCP socket made outside. */
static void a159(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));

	result("connect an inherited socket",
	       connect(0, (void *)&to.ss, to.len) == 0 &&
		       send(0, "stolen", 6, MSG_NOSIGNAL) == 6);
}

/* UDP PORT: stdin is a UDP socket made outside. */
static void a159_udp(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));

	result("send by an inherited socket",
	       sendto(0, "stolen", 6, 0, (void *)&to.ss, to.len) == 6);
	lost("end", EPERM);
}

/* UDP PORT: datagrams, and the ping socket. */
static void a160(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	struct addr six = addr("::ffff:127.0.0.1", number(argv[0]));
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	result("UDP", sendto(fd, "stolen", 6, 0, (void *)&to.ss, to.len) == 6);
	fd = socket(AF_INET6, SOCK_DGRAM, IPPROTO_UDP);
	result("UDP, IPv6",
	       sendto(fd, "stolen", 6, 0, (void *)&six.ss, six.len) == 6);
}

static void a160_ping(char **argv)
{
	(void)argv;
	result("ping socket", socket(AF_INET, SOCK_DGRAM, IPPROTO_ICMP) >= 0);
	result("ping socket, IPv6",
	       socket(AF_INET6, SOCK_DGRAM, IPPROTO_ICMPV6) >= 0);
}

/* Not an attack: print a port that was free a moment ago. */
static void freeport(char **argv)
{
	struct addr a = addr("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)argv;

	if (bind(fd, (void *)&a.ss, a.len) == 0 &&
	    getsockname(fd, (void *)&a.ss, &a.len) == 0)
		dprintf(1, "%d\n",
			ntohs(((struct sockaddr_in *)&a.ss)->sin_port));
	_exit(0);
}

/* Not an attack: PORT SECONDS, wait until somebody listens. */
static void waitport(char **argv)
{
	for (int i = 0; i < number(argv[1]) * 50; i++) {
		if (tcp("127.0.0.1", number(argv[0]), 0))
			_exit(0);
		poll(NULL, 0, 20);
	}
	_exit(1);
}

const struct attack attacks_net[] = {
	{ "A132", a132 },
	{ "A134", a134 },
	{ "A135", a135 },
	{ "A136", a136 },
	{ "A136ulp", a136_ulp },
	{ "A137", a137 },
	{ "A156", a156 },
	{ "A156listen", a156_listen },
	{ "A156opt", a156_options },
	{ "A159", a159 },
	{ "A159udp", a159_udp },
	{ "A160", a160 },
	{ "A160ping", a160_ping },
	{ "freeport", freeport },
	{ "waitport", waitport },
	{ NULL, NULL },
};
