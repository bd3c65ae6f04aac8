/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to a destination that no rule allows, on a port that one allows: every
 * call that names a peer, every spelling. What the listener got is what counts;
 * a call of which the kernel makes something else is told as untried.
 */
#include "attack.h"
#include "attack_addr.h"

#include <errno.h>
#include <linux/errqueue.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef IPPROTO_MPTCP
#define IPPROTO_MPTCP 262
#endif

/* Nobody is there; the rules allow it. */
#define ALLOWED "127.0.0.9"

static char text[] = "stolen";

/* It may succeed and lead elsewhere. */
static void anyhow(const char *what, bool ok)
{
	untried(what, ok ? 0 : errno);
}

/* ------------------------------------------------ TCP */

static bool finishes(int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	if (errno != EINPROGRESS)
		return false;
	if (poll(&event, 1, 5000) == 1 &&
	    getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len) == 0)
		errno = err;
	return !err;
}

static bool connects(const struct addr *to, socklen_t len, int type)
{
	int fd = socket(to->any.sa_family, type, 0);
	bool ok = connect(fd, &to->any, len) == 0 || finishes(fd);
	int err = errno;

	ok = ok && send(fd, text, 6, MSG_NOSIGNAL) == 6;
	close(fd);
	errno = err;
	return ok;
}

static void tcp_spellings(int port)
{
	static const char *const hosts[] = {
		"127.0.0.1", "::1",	"::ffff:127.0.0.1",
		"::",	     "0.0.0.0", "::ffff:0.0.0.0",
	};

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct addr to = addr(hosts[i], port);

		result(hosts[i], connects(&to, to.len, SOCK_STREAM));
		result(hosts[i],
		       connects(&to, to.len, SOCK_STREAM | SOCK_NONBLOCK));
		result(hosts[i], connects(&to, 128, SOCK_STREAM));
	}
}

static void tcp_shapes(int port)
{
	struct addr v4 = addr("127.0.0.1", port), v6 = addr("::1", port);
	struct addr none = v4;
	int fd;

	result("IPv6 without scope", connects(&v6, 24, SOCK_STREAM));
	v6.in6.sin6_scope_id = 1;
	result("IPv6 with scope", connects(&v6, v6.len, SOCK_STREAM));
	v6.in6.sin6_flowinfo = htonl(0x12345);
	result("IPv6 with a label", connects(&v6, v6.len, SOCK_STREAM));
	anyhow("short", connects(&v4, 8, SOCK_STREAM));
	anyhow("too long", connects(&v4, 129, SOCK_STREAM));
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	anyhow("IPv4 on IPv6", connect(fd, &v4.any, v4.len) == 0);
	close(fd);
	none.any.sa_family = AF_UNSPEC;
	fd = socket(AF_INET, SOCK_STREAM, 0);
	anyhow("AF_UNSPEC", connect(fd, &none.any, none.len) == 0);
	result("and then", connect(fd, &v4.any, v4.len) == 0);
	close(fd);
}

static void tcp_bound(int port, const char *from, const char *to_text)
{
	struct addr self = addr(from, 0), to = addr(to_text, port);
	int fd = socket(self.any.sa_family, SOCK_STREAM, 0);

	if (bind(fd, &self.any, self.len) == 0)
		result("any address, bound", connect(fd, &to.any, to.len) == 0);
	else
		lost("bind", errno);
	close(fd);
}

/* PORT */
static void n1_tcp(char **argv)
{
	int port = number(argv[0]);

	tcp_spellings(port);
	tcp_shapes(port);
	tcp_bound(port, "127.0.0.1", "0.0.0.0");
	tcp_bound(port, "::ffff:127.0.0.1", "::");
	tcp_bound(port, "::ffff:127.0.0.1", "::ffff:0.0.0.0");
}

/* PORT */
static void n1_mptcp(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	int fd = socket(AF_INET, SOCK_STREAM, IPPROTO_MPTCP);

	result_if_known("MPTCP", fd >= 0 && connect(fd, &to.any, to.len) == 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	result_if_known("SMC", setsockopt(fd, SOL_TCP, TCP_ULP, "smc", 4) == 0);
	close(fd);
}

/* ------------------------------------------------ UDP: every call */

static struct msghdr message(struct addr *to, struct iovec *iov)
{
	*iov = (struct iovec){ text, 6 };
	return (struct msghdr){ .msg_name = &to->ss,
				.msg_namelen = to->len,
				.msg_iov = iov,
				.msg_iovlen = 1 };
}

static bool by_sendto(int fd, struct addr *to, int flags)
{
	return sendto(fd, text, 6, flags, &to->any, to->len) == 6;
}

static bool by_sendmsg(int fd, struct addr *to, int flags)
{
	struct iovec iov;
	struct msghdr msg = message(to, &iov);

	return sendmsg(fd, &msg, flags) == 6;
}

static bool by_sendmmsg(int fd, struct addr *to, int flags)
{
	struct iovec iov;
	struct mmsghdr msg = { .msg_hdr = message(to, &iov) };

	return sendmmsg(fd, &msg, 1, flags) == 1;
}

static bool by_connect(int fd, struct addr *to, int flags)
{
	return connect(fd, &to->any, to->len) == 0 &&
	       send(fd, text, 6, flags) == 6;
}

static const struct {
	const char *name;
	bool (*send)(int fd, struct addr *to, int flags);
} calls[] = {
	{ "sendto", by_sendto },
	{ "sendmsg", by_sendmsg },
	{ "sendmmsg", by_sendmmsg },
	{ "connect", by_connect },
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

/* On a new socket like @like, bound to @from if that is something. */
static void by_all(int domain, const char *from, struct addr *to, const char *how)
{
	char what[64];

	for (size_t i = 0; i < CALLS; i++) {
		int fd = socket(domain, SOCK_DGRAM, 0);
		struct addr self = addr(from ? from : "0.0.0.0", 0);

		if (from && bind(fd, &self.any, self.len) < 0)
			lost("bind", errno);
		snprintf(what, sizeof(what), "%s, %s", calls[i].name, how);
		result(what, calls[i].send(fd, to, 0));
		close(fd);
	}
}

/* PORT */
static void n2_udp(char **argv)
{
	static const char *const hosts[] = {
		"127.0.0.1",	    "::1",	     "0.0.0.0", "::",
		"::ffff:127.0.0.1", "::ffff:0.0.0.0"
	};
	int port = number(argv[0]);
	struct addr to = addr("127.0.0.1", port);

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		struct addr a = addr(hosts[i], port);

		by_all(a.any.sa_family, NULL, &a, hosts[i]);
		a.len = a.any.sa_family == AF_INET ? a.len : 24;
		by_all(a.any.sa_family, NULL, &a, "the shortest");
		a.len = 128;
		by_all(a.any.sa_family, NULL, &a, "the longest");
	}
	by_all(AF_INET6, NULL, &to, "IPv4 on IPv6");
	to.any.sa_family = AF_UNSPEC;
	for (size_t i = 0; i + 1 < CALLS; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		result("AF_UNSPEC is IPv4", calls[i].send(fd, &to, 0));
		close(fd);
	}
}

/* PORT, where 127.0.0.2 alone is, and 127.0.0.1 is allowed: a destination of
 * any address is that of the source. */
static void n2_source(char **argv)
{
	struct addr any = addr("0.0.0.0", number(argv[0]));
	struct addr mapped = addr("::ffff:0.0.0.0", number(argv[0]));
	struct addr none = any;
	struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(0x7f000002) };
	char control[CMSG_SPACE(sizeof(info))] = { 0 };
	struct cmsghdr *head = (void *)control;
	struct iovec iov;
	struct msghdr msg = message(&any, &iov);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	none.any.sa_family = AF_UNSPEC;
	head->cmsg_len = CMSG_LEN(sizeof(info));
	head->cmsg_level = SOL_IP;
	head->cmsg_type = IP_PKTINFO;
	memcpy(CMSG_DATA(head), &info, sizeof(info));
	msg.msg_control = control;
	msg.msg_controllen = sizeof(control);
	result("IP_PKTINFO", sendmsg(fd, &msg, 0) == 6);
	close(fd);
	for (size_t i = 0; i < CALLS; i++) {
		struct addr self = addr("127.0.0.2", 0);
		struct addr self6 = addr("::ffff:127.0.0.2", 0);
		int six = socket(AF_INET6, SOCK_DGRAM, 0);

		fd = socket(AF_INET, SOCK_DGRAM, 0);
		anyhow("bind", bind(fd, &self.any, self.len) == 0);
		anyhow("bind", bind(six, &self6.any, self6.len) == 0);
		result("0.0.0.0", calls[i].send(fd, &any, 0));
		result("mapped", calls[i].send(six, &mapped, 0));
		close(fd);
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		anyhow("bind", bind(fd, &self.any, self.len) == 0);
		anyhow("AF_UNSPEC", calls[i].send(fd, &none, 0));
		close(fd);
		close(six);
	}
}

/* PORT, where 127.0.0.1 is, and ::1 is allowed. */
static void n2_source6(char **argv)
{
	struct addr any = addr("::", number(argv[0]));
	struct addr self = addr("::ffff:127.0.0.1", 0);

	for (size_t i = 0; i < CALLS; i++) {
		int fd = socket(AF_INET6, SOCK_DGRAM, 0);

		anyhow("bind", bind(fd, &self.any, self.len) == 0);
		result("::", calls[i].send(fd, &any, 0));
		close(fd);
	}
}

/* ------------------------------------------------ UDP: with a peer already */

static int udp_to(const char *host, int port)
{
	struct addr to = addr(host, port);
	int fd = socket(to.any.sa_family, SOCK_DGRAM, 0);

	if (connect(fd, &to.any, to.len) < 0)
		lost("the allowed peer", errno);
	return fd;
}

static void reform(int fd)
{
	int family = AF_INET;

	if (setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, &family, sizeof(family)) < 0)
		lost("IPV6_ADDRFORM", errno);
}

/* PORT */
static void n3_connected(char **argv)
{
	int port = number(argv[0]), fd, one = 1;
	struct addr to = addr("127.0.0.1", port), none = to;
	struct addr mapped = addr("::ffff:127.0.0.1", port);

	none.any.sa_family = AF_UNSPEC;
	for (size_t i = 0; i < CALLS; i++) {
		fd = udp_to(ALLOWED, port);
		result(calls[i].name, calls[i].send(fd, &to, 0));
		close(fd);
		fd = udp_to("::ffff:" ALLOWED, port);
		result("mapped", calls[i].send(fd, &mapped, 0));
		result("IPv4", calls[i].send(fd, &to, 0));
		/* In a send it is the peer that there is. */
		anyhow("AF_UNSPEC", calls[i].send(fd, &none, 0));
		close(fd);
		fd = udp_to("::ffff:" ALLOWED, port);
		reform(fd);
		result("reformed", calls[i].send(fd, &to, 0));
		anyhow("reformed, AF_UNSPEC", calls[i].send(fd, &none, 0));
		anyhow("reformed, IPv6", calls[i].send(fd, &mapped, 0));
		close(fd);
		fd = udp_to(ALLOWED, port);
		if (setsockopt(fd, SOL_UDP, UDP_CORK, &one, sizeof(one)) < 0)
			lost("UDP_CORK", errno);
		anyhow("corked", send(fd, text, 6, 0) == 6);
		anyhow("corked", calls[i].send(fd, &to, 0));
		close(fd);
	}
	fd = udp_to(ALLOWED, port);
	anyhow("MSG_MORE", send(fd, text, 6, MSG_MORE) == 6);
	result("after MSG_MORE", sendto(fd, text, 6, 0, &to.any, to.len) == 6);
	close(fd);
}

/* PORT: the first is allowed, the second is not, nor is the third sent. */
static void n3_batch(char **argv)
{
	int port = number(argv[0]), r;
	struct addr good = addr(ALLOWED, port), bad = addr("127.0.0.1", port);
	struct iovec iov;
	struct mmsghdr msgs[3] = { { message(&good, &iov), 99 },
				   { message(&bad, &iov), 99 },
				   { message(&good, &iov), 99 } };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	r = sendmmsg(fd, msgs, 3, 0);
	result("a batch goes on",
	       r != 1 || msgs[0].msg_len != 6 || msgs[1].msg_len != 99);
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	result("a batch begins",
	       sendmmsg(fd, msgs + 1, 2, 0) != -1 || errno != ECONNREFUSED);
	close(fd);
}

/* ------------------------------------------------ what goes along */

static void with_control(const char *what, int port, int level, int type,
			 const void *data, size_t len)
{
	char control[128] __attribute__((aligned(8))) = { 0 };
	struct cmsghdr *head = (void *)control;
	struct addr to = addr(level == SOL_IPV6 ? "::1" : "127.0.0.1", port);
	struct iovec iov;
	struct msghdr msg = message(&to, &iov);
	int fd = socket(to.any.sa_family, SOCK_DGRAM, 0);

	head->cmsg_len = CMSG_LEN(len);
	head->cmsg_level = level;
	head->cmsg_type = type;
	memcpy(CMSG_DATA(head), data, len);
	msg.msg_control = control;
	msg.msg_controllen = CMSG_SPACE(len);
	result(what, sendmsg(fd, &msg, 0) == 6);
	close(fd);
}

/* PORT of a peer that is allowed: but not by another way. */
static void n4_routes(char **argv)
{
	static const unsigned char route4[8] = { 1, 131, 7, 4, 127, 0, 0, 1 };
	static const unsigned char route6[24] = { 0, 2, 0, 1, [23] = 1 };
	static const unsigned char label[32 + 16 + 24] = {
		[15] = 1,
		[18] = 1,
		[21] = 1,
		[22] = 1,
	};
	int port = number(argv[0]), fd = socket(AF_INET6, SOCK_DGRAM, 0);
	int four = socket(AF_INET, SOCK_DGRAM, 0);

	with_control("IP_RETOPTS", port, SOL_IP, IP_RETOPTS, route4, 8);
	with_control("IPV6_RTHDR", port, SOL_IPV6, IPV6_RTHDR, route6, 24);
	with_control("IPV6_2292RTHDR", port, SOL_IPV6, 5, route6, 24);
	with_control("IPV6_HOPOPTS", port, SOL_IPV6, IPV6_HOPOPTS, route6, 8);
	with_control("IPV6_DSTOPTS", port, SOL_IPV6, IPV6_DSTOPTS, route6, 8);
	result("IP_OPTIONS", setsockopt(four, SOL_IP, IP_OPTIONS, route4, 8) == 0 ||
				     errno != EPERM);
	result("IPV6_RTHDR option",
	       setsockopt(fd, SOL_IPV6, IPV6_RTHDR, route6, 24) == 0 ||
		       errno != EPERM);
	result("IPV6_FLOWLABEL_MGR",
	       setsockopt(fd, SOL_IPV6, 32, label, sizeof(label)) == 0 ||
		       errno != EPERM);
	close(fd);
	close(four);
}

/* PORT */
static void n4_zerocopy(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	int one = 1;

	for (size_t i = 0; i < CALLS; i++) {
		int fd = socket(AF_INET, SOCK_DGRAM, 0);

		setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY, &one, sizeof(one));
		result(calls[i].name, calls[i].send(fd, &to, MSG_ZEROCOPY));
		close(fd);
	}
}

/* PORT of ALLOWED: programs see at the option that it is not to be had, and
 * with the flag alone a send is as any other. */
static void n4_zerocopy_option(char **argv)
{
	static const struct {
		int domain, type;
	} kinds[] = { { AF_INET, SOCK_DGRAM },
		      { AF_INET6, SOCK_DGRAM },
		      { AF_INET, SOCK_STREAM } };
	struct addr to = addr(ALLOWED, number(argv[0]));
	int one = 1, fd;

	for (size_t i = 0; i < 3; i++) {
		fd = socket(kinds[i].domain, kinds[i].type, 0);
		errno = 0;
		result("SO_ZEROCOPY", setsockopt(fd, SOL_SOCKET, SO_ZEROCOPY,
						 &one, sizeof(one)) == 0 ||
					      errno != EOPNOTSUPP);
		close(fd);
	}
	for (size_t i = 0; i < CALLS; i++) {
		fd = socket(AF_INET, SOCK_DGRAM, 0);
		if (!calls[i].send(fd, &to, MSG_ZEROCOPY))
			result(calls[i].name, true); /* it must pass */
		close(fd);
	}
}

/* The way out: of allowed destinations, too. */
static void n4_interfaces(char **argv)
{
	static const char lo[] = "lo";
	int four = socket(AF_INET, SOCK_DGRAM, 0), index = (int)htonl(1);
	int six = socket(AF_INET6, SOCK_DGRAM, 0), one = 1;
	(void)argv;

#define REFUSED(fd, level, option, value, size)                            \
	result(#option, setsockopt(fd, level, option, value, size) == 0 || \
				errno != EPERM)
	REFUSED(four, SOL_SOCKET, SO_BINDTODEVICE, lo, 3);
	REFUSED(four, SOL_SOCKET, 62 /* SO_BINDTOIFINDEX */, &one, 4);
	REFUSED(four, SOL_IP, IP_UNICAST_IF, &index, 4);
	REFUSED(six, SOL_IPV6, 76 /* IPV6_UNICAST_IF */, &index, 4);
	REFUSED(four, SOL_IP, IP_FREEBIND, &one, 4);
	REFUSED(four, SOL_IP, IP_TRANSPARENT, &one, 4);
	REFUSED(six, SOL_IPV6, 78 /* IPV6_FREEBIND */, &one, 4);
	REFUSED(six, SOL_IPV6, IPV6_TRANSPARENT, &one, 4);
#undef REFUSED
	close(four);
	close(six);
}

/* ------------------------------------------------ whose socket it is */

static bool pass(int by, int fd)
{
	char control[CMSG_SPACE(sizeof(fd))] = { 0 };
	struct cmsghdr *head = (void *)control;
	struct iovec iov = { text, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };

	head->cmsg_len = CMSG_LEN(sizeof(fd));
	head->cmsg_level = SOL_SOCKET;
	head->cmsg_type = SCM_RIGHTS;
	memcpy(CMSG_DATA(head), &fd, sizeof(fd));
	return sendmsg(by, &msg, 0) == 1;
}

static int take(int by)
{
	char control[CMSG_SPACE(sizeof(int))], byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	int fd = -1;

	if (recvmsg(by, &msg, 0) == 1 && msg.msg_controllen)
		memcpy(&fd, CMSG_DATA((struct cmsghdr *)control), sizeof(fd));
	return fd;
}

/* TCP PORT, UDP PORT: a socket of another process of the sandbox. */
static void n5_passed(char **argv)
{
	struct addr tcp = addr("127.0.0.1", number(argv[0]));
	struct addr udp = addr("127.0.0.1", number(argv[1]));
	int pair[2], fd;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
		return lost("socketpair", errno);
	pid = fork();
	if (pid == 0) {
		pass(pair[1], socket(AF_INET, SOCK_STREAM, 0));
		pass(pair[1], udp_to(ALLOWED, number(argv[1])));
		_exit(0);
	}
	fd = take(pair[0]);
	result("a TCP socket passed on",
	       fd >= 0 && connect(fd, &tcp.any, tcp.len) == 0);
	fd = take(pair[0]);
	for (size_t i = 0; i < CALLS; i++)
		result("a UDP socket passed on", calls[i].send(fd, &udp, 0));
	waitpid(pid, NULL, 0);
}

/* UDP PORT: sockets that rules of TCP say nothing of. */
static void n6_others(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	static const struct {
		const char *name;
		int type, protocol;
	} kinds[] = {
		{ "UDP", SOCK_DGRAM, 0 },
		{ "UDPLITE", SOCK_DGRAM, 136 },
		{ "ICMP", SOCK_DGRAM, IPPROTO_ICMP },
		{ "raw", SOCK_RAW, IPPROTO_UDP },
		{ "SCTP", SOCK_SEQPACKET, 132 },
		{ "DCCP", 6, 33 },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = socket(AF_INET, kinds[i].type, kinds[i].protocol);

		for (size_t k = 0; fd >= 0 && k < CALLS; k++)
			result(kinds[i].name, calls[k].send(fd, &to, 0));
		if (fd < 0)
			result_if_known(kinds[i].name, false);
		close(fd);
	}
}

const struct attack attacks_dest[] = {
	{ "N1tcp", n1_tcp },
	{ "N1mptcp", n1_mptcp },
	{ "N2udp", n2_udp },
	{ "N2source", n2_source },
	{ "N2source6", n2_source6 },
	{ "N3connected", n3_connected },
	{ "N3batch", n3_batch },
	{ "N4routes", n4_routes },
	{ "N4zerocopy", n4_zerocopy },
	{ "N4option", n4_zerocopy_option },
	{ "N4interfaces", n4_interfaces },
	{ "N5passed", n5_passed },
	{ "N6others", n6_others },
	{ NULL, NULL },
};
