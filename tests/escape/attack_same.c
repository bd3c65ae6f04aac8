/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No attacks: calls about peers that are allowed, and what they say. Inside it
 * has to be the same as bare, so nothing is printed that differs by run.
 */
#include "attack.h"
#include "attack_addr.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/errqueue.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define BAD ((void *)8)

static volatile sig_atomic_t pipes;
static char bytes[70000];

static void on_pipe(int signal)
{
	(void)signal;
	pipes = pipes + 1;
}

static void say(const char *what, long r)
{
	dprintf(1, "%s: %ld %s, %d\n", what, r,
		r < 0 ? strerrorname_np(errno) : "", (int)pipes);
	pipes = 0;
}

/* A socket bound to a free port of @host, which is *ret. */
static int server(const char *host, int type, int backlog, struct addr *ret)
{
	int fd;

	*ret = addr(host, 0);
	fd = socket(ret->any.sa_family, type, 0);
	if (bind(fd, &ret->any, ret->len) < 0 ||
	    getsockname(fd, &ret->any, &ret->len) < 0 ||
	    (backlog >= 0 && listen(fd, backlog) < 0))
		say("server", -1);
	return fd;
}

static long try_connect(int fd, const struct addr *to)
{
	return connect(fd, &to->any, to->len);
}

static int client(const struct addr *to, int flags)
{
	int fd = socket(to->any.sa_family, SOCK_STREAM | flags, 0);

	if (try_connect(fd, to) < 0)
		say("client", -1);
	return fd;
}

static void poll_out(const char *what, int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int err = 0;

	poll(&event, 1, 10000);
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &len);
	dprintf(1, "%s: events %x, error %d\n", what, event.revents, err);
}

/* ------------------------------------------------ connect */

static void not_blocking(const char *host)
{
	struct addr to, self = { .len = sizeof(self.ss) };
	int listener = server(host, SOCK_STREAM, 8, &to);
	int fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);

	say("without waiting", try_connect(fd, &to));
	poll_out("and then", fd);
	say("once more", try_connect(fd, &to));
	say("and again", try_connect(fd, &to));
	say("peer", getpeername(fd, &self.any, &self.len));
	dprintf(1, "it is: %d\n", memcmp(&self.ss, &to.ss, to.len));
	say("connect a listener", try_connect(listener, &to));
	close(fd);
	close(listener);
	fd = socket(to.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say("nobody listens", try_connect(fd, &to));
	poll_out("and then", fd);
	say("once more", try_connect(fd, &to));
	close(fd);
	fd = socket(to.any.sa_family, SOCK_STREAM, 0);
	say("nobody listens", try_connect(fd, &to));
	say("once more", try_connect(fd, &to));
	close(fd);
}

static long elapsed_ms(const struct timespec *since)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (t.tv_sec - since->tv_sec) * 1000 +
	       (t.tv_nsec - since->tv_nsec) / 1000000;
}

/* A listener whose queue is full: who connects waits. */
static int full(struct addr *to)
{
	int listener = server("127.0.0.1", SOCK_STREAM, 0, to);

	for (int i = 0; i < 4; i++) {
		int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
		struct pollfd event = { .fd = fd, .events = POLLOUT };

		try_connect(fd, to);
		if (poll(&event, 1, 300) == 0)
			break;
	}
	return listener;
}

static void waiting(void)
{
	struct timeval soon = { 0, 300000 };
	struct timespec since;
	struct addr to, none;
	int listener = full(&to), fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	clock_gettime(CLOCK_MONOTONIC, &since);
	say("SO_SNDTIMEO", try_connect(fd, &to));
	dprintf(1, "in time: %d\n", elapsed_ms(&since) >= 300);
	say("once more", try_connect(fd, &to));
	none = to;
	none.any.sa_family = AF_UNSPEC;
	say("AF_UNSPEC", try_connect(fd, &none));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	say("a full queue", try_connect(fd, &to));
	say("once more", try_connect(fd, &to));
	fcntl(fd, F_SETFL, 0);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &soon, sizeof(soon));
	say("and waiting", try_connect(fd, &to));
	say("send meanwhile", send(fd, "x", 1, MSG_DONTWAIT));
	close(fd);
	close(listener);
}

static void connect_errors(void)
{
	struct addr to, six = addr("::1", 9), v4 = addr("127.0.0.1", 0);
	int listener = server("127.0.0.1", SOCK_STREAM, 64, &to);
	int fd = socket(AF_INET, SOCK_STREAM, 0), plain;
	int path = open("/", O_PATH), udp = socket(AF_INET, SOCK_DGRAM, 0);

	plain = open("/proc/self/exe", O_RDONLY);
	say("EBADF", connect(-1, &to.any, to.len));
	say("EBADF", connect(999, &to.any, to.len));
	say("ENOTSOCK", connect(plain, &to.any, to.len));
	say("O_PATH", connect(path, &to.any, to.len));
	say("EFAULT", connect(fd, BAD, to.len));
	say("EFAULT of nothing", connect(999, BAD, to.len));
	say("EINVAL", connect(fd, &to.any, 129));
	say("EINVAL", connect(fd, &to.any, (socklen_t)-1));
	for (socklen_t len = 0; len < 30; len++) {
		say("a short one", connect(fd, &to.any, len));
		say("and UDP", connect(udp, &to.any, len));
		close(fd);
		fd = socket(AF_INET, SOCK_STREAM, 0);
	}
	say("another family", connect(fd, &six.any, six.len));
	say("another family", connect(udp, &six.any, six.len));
	six.any.sa_family = 77;
	say("no family", connect(fd, &six.any, six.len));
	close(fd);
	fd = socket(AF_INET6, SOCK_STREAM, 0);
	say("IPv4 on IPv6", try_connect(fd, &to));
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	say("port 0", try_connect(fd, &v4));
	close(fd);
	fd = client(&to, 0);
	v4.any.sa_family = AF_UNSPEC;
	say("take the peer away", try_connect(fd, &v4));
	say("and connect again", try_connect(fd, &to));
	say("get the peer", getpeername(fd, &v4.any, &v4.len));
	close(fd);
	close(listener);
	close(udp);
	close(plain);
	close(path);
}

static void n9_connect(char **argv)
{
	(void)argv;
	not_blocking("127.0.0.1");
	not_blocking("::1");
	not_blocking("::ffff:127.0.0.1");
	waiting();
	connect_errors();
	lost("end", EPERM);
}

/* ------------------------------------------------ sends */

static void heard(const char *what, int fd)
{
	struct pollfd event = { .fd = fd, .events = POLLIN };
	ssize_t n = -1;

	if (poll(&event, 1, 3000) == 1)
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT | MSG_TRUNC);
	dprintf(1, "%s: %zd bytes came\n", what, n);
}

static void send_sizes(const char *host, size_t most)
{
	struct addr to;
	int sink = server(host, SOCK_DGRAM, -1, &to), big = 1 << 20;
	int fd = socket(to.any.sa_family, SOCK_DGRAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &big, sizeof(big));
	say("most", sendto(fd, bytes, most, 0, &to.any, to.len));
	heard("most", sink);
	say("more", sendto(fd, bytes, most + 1, 0, &to.any, to.len));
	say("much more", sendto(fd, bytes, 70000, 0, &to.any, to.len));
	say("nothing", sendto(fd, bytes, 0, 0, &to.any, to.len));
	heard("nothing", sink);
	say("not waiting", sendto(fd, bytes, 9, MSG_DONTWAIT, &to.any, to.len));
	heard("not waiting", sink);
	close(fd);
	close(sink);
}

static void send_errors(void)
{
	struct addr to, six = addr("::1", 9), none = addr("127.0.0.1", 0);
	int sink = server("127.0.0.1", SOCK_DGRAM, -1, &to);
	int fd = socket(AF_INET, SOCK_DGRAM, 0), tcp;

	say("no peer", send(fd, "x", 1, 0));
	say("EFAULT, bytes", sendto(fd, BAD, 1, 0, &to.any, to.len));
	say("EFAULT, name", sendto(fd, "x", 1, 0, BAD, to.len));
	say("too long", sendto(fd, "x", 1, 0, &to.any, 129));
	say("negative", sendto(fd, "x", 1, 0, &to.any, (socklen_t)-1));
	for (socklen_t len = 0; len < 18; len++)
		say("short", sendto(fd, "x", 1, 0, &to.any, len));
	say("another family", sendto(fd, "x", 1, 0, &six.any, six.len));
	say("port 0", sendto(fd, "x", 1, 0, &none.any, none.len));
	say("MSG_OOB", sendto(fd, "x", 1, MSG_OOB, &to.any, to.len));
	say("EBADF", sendto(999, "x", 1, 0, &to.any, to.len));
	say("no socket", sendto(1, "x", 1, 0, &to.any, to.len));
	to.any.sa_family = AF_UNSPEC;
	say("AF_UNSPEC", sendto(fd, "x", 1, 0, &to.any, to.len));
	to.any.sa_family = AF_INET;
	tcp = socket(AF_INET, SOCK_STREAM, 0);
	say("TCP, no peer", sendto(tcp, "x", 1, 0, &to.any, to.len));
	say("TCP, quiet", sendto(tcp, "x", 1, MSG_NOSIGNAL, &to.any, to.len));
	say("TCP, EFAULT", sendto(tcp, "x", 1, MSG_NOSIGNAL, BAD, 16));
	close(tcp);
	tcp = socket(AF_INET6, SOCK_DGRAM, 0);
	say("IPv4 on IPv6", sendto(tcp, "x", 1, 0, &to.any, to.len));
	for (socklen_t len = 20; len < 29; len++)
		say("IPv6, short", sendto(tcp, "x", 1, 0, &six.any, len));
	close(tcp);
	close(fd);
	close(sink);
}

static void header_errors(void)
{
	struct addr to;
	struct iovec iov = { bytes, 6 };
	struct msghdr msg = { .msg_name = &to.ss,
			      .msg_namelen = sizeof(to.in),
			      .msg_iov = &iov,
			      .msg_iovlen = 1 };
	struct mmsghdr many[2];
	int sink = server("127.0.0.1", SOCK_DGRAM, -1, &to);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	say("EFAULT", sendmsg(fd, BAD, 0));
	msg.msg_iovlen = 1025;
	say("many iovec", sendmsg(fd, &msg, 0));
	msg.msg_iovlen = 1;
	iov.iov_len = (size_t)-1;
	say("negative", sendmsg(fd, &msg, 0));
	iov = (struct iovec){ BAD, 6 };
	say("EFAULT, bytes", sendmsg(fd, &msg, 0));
	iov = (struct iovec){ bytes, 6 };
	msg.msg_iov = BAD;
	say("EFAULT, iovec", sendmsg(fd, &msg, 0));
	msg.msg_iov = &iov;
	msg.msg_name = BAD;
	say("EFAULT, name", sendmsg(fd, &msg, 0));
	msg.msg_name = &to.ss;
	msg.msg_namelen = (socklen_t)-1;
	say("negative name", sendmsg(fd, &msg, 0));
	msg.msg_namelen = 4096;
	say("long name", sendmsg(fd, &msg, 0));
	heard("long name", sink);
	msg.msg_namelen = sizeof(to.in);
	msg.msg_control = BAD;
	msg.msg_controllen = 24;
	say("EFAULT, control", sendmsg(fd, &msg, 0));
	msg.msg_control = NULL;
	msg.msg_controllen = 0;
	many[0] = (struct mmsghdr){ msg, 77 };
	many[1] = many[0];
	say("none", sendmmsg(fd, many, 0, 0));
	say("two", sendmmsg(fd, many, 2, 0));
	dprintf(1, "lengths %u %u\n", many[0].msg_len, many[1].msg_len);
	heard("two", sink);
	heard("two", sink);
	many[1].msg_hdr.msg_name = BAD;
	many[1].msg_len = 77;
	say("the second fails", sendmmsg(fd, many, 2, 0));
	dprintf(1, "lengths %u %u\n", many[0].msg_len, many[1].msg_len);
	heard("one", sink);
	say("the first fails", sendmmsg(fd, many + 1, 1, 0));
	say("EFAULT", sendmmsg(fd, BAD, 2, 0));
	say("EBADF", sendmmsg(999, many, 0, 0));
	close(fd);
	close(sink);
}

static void broken_pipe(void)
{
	struct addr to;
	struct iovec iov = { bytes, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	int listener = server("127.0.0.1", SOCK_STREAM, 8, &to);
	int fd = client(&to, 0);

	close(accept(listener, NULL, NULL));
	shutdown(fd, SHUT_WR);
	say("sendmsg", sendmsg(fd, &msg, 0));
	say("quiet", sendmsg(fd, &msg, MSG_NOSIGNAL));
	say("sendto", sendto(fd, "x", 1, 0, &to.any, to.len));
	say("send", send(fd, "x", 1, 0));
	close(fd);
	close(listener);
}

/* ------------------------------------------------ what goes along */

static long with(int fd, struct addr *to, int level, int type, const void *data,
		 size_t len, size_t size)
{
	char control[64] __attribute__((aligned(8))) = { 0 };
	struct cmsghdr *head = (void *)control;
	struct iovec iov = { bytes, size };
	struct msghdr msg = { .msg_name = &to->ss,
			      .msg_namelen = to->len,
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = CMSG_SPACE(len) };

	head->cmsg_len = CMSG_LEN(len);
	head->cmsg_level = level;
	head->cmsg_type = type;
	memcpy(CMSG_DATA(head), data, len);
	return sendmsg(fd, &msg, 0);
}

/* Its source, and the number that came along. */
static void from(const char *what, int sink)
{
	char control[256] __attribute__((aligned(8)));
	struct addr by = { .len = sizeof(by.ss) };
	struct iovec iov = { bytes, sizeof(bytes) };
	struct msghdr msg = { .msg_name = &by.ss,
			      .msg_namelen = sizeof(by.ss),
			      .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct pollfd event = { .fd = sink, .events = POLLIN };
	char text[64] = "?";
	ssize_t n;

	poll(&event, 1, 3000);
	n = recvmsg(sink, &msg, MSG_DONTWAIT);
	inet_ntop(by.any.sa_family,
		  by.any.sa_family == AF_INET ? (void *)&by.in.sin_addr
					      : (void *)&by.in6.sin6_addr,
		  text, sizeof(text));
	dprintf(1, "%s: %zd from %s", what, n, text);
	for (struct cmsghdr *h = CMSG_FIRSTHDR(&msg); n >= 0 && h;
	     h = CMSG_NXTHDR(&msg, h))
		dprintf(1, ", %d/%d = %d", h->cmsg_level, h->cmsg_type,
			*CMSG_DATA(h));
	dprintf(1, "\n");
}

static void n9_ancillary(char **argv)
{
	struct in_pktinfo info = { .ipi_spec_dst.s_addr = htonl(0x7f000005) };
	struct in6_pktinfo info6 = { .ipi6_addr = in6addr_loopback };
	struct addr to, six;
	int sink = server("127.0.0.1", SOCK_DGRAM, -1, &to);
	int sink6 = server("::1", SOCK_DGRAM, -1, &six), number_ = 32, one = 1;
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	int fd6 = socket(AF_INET6, SOCK_DGRAM, 0);
	uint16_t segment = 1000;
	(void)argv;

	setsockopt(sink, SOL_IP, IP_RECVTOS, &one, sizeof(one));
	setsockopt(sink, SOL_IP, IP_RECVTTL, &one, sizeof(one));
	setsockopt(sink6, SOL_IPV6, IPV6_RECVTCLASS, &one, sizeof(one));
	setsockopt(sink6, SOL_IPV6, IPV6_RECVHOPLIMIT, &one, sizeof(one));
	say("IP_PKTINFO",
	    with(fd, &to, SOL_IP, IP_PKTINFO, &info, sizeof(info), 5));
	from("IP_PKTINFO", sink);
	say("IP_TOS", with(fd, &to, SOL_IP, IP_TOS, &number_, sizeof(int), 5));
	from("IP_TOS", sink);
	say("IP_TTL", with(fd, &to, SOL_IP, IP_TTL, &number_, sizeof(int), 5));
	from("IP_TTL", sink);
	say("IPV6_PKTINFO",
	    with(fd6, &six, SOL_IPV6, IPV6_PKTINFO, &info6, sizeof(info6), 5));
	from("IPV6_PKTINFO", sink6);
	say("IPV6_TCLASS",
	    with(fd6, &six, SOL_IPV6, IPV6_TCLASS, &number_, sizeof(int), 5));
	from("IPV6_TCLASS", sink6);
	say("IPV6_HOPLIMIT",
	    with(fd6, &six, SOL_IPV6, IPV6_HOPLIMIT, &number_, sizeof(int), 5));
	from("IPV6_HOPLIMIT", sink6);
	say("UDP_SEGMENT", with(fd, &to, SOL_UDP, UDP_SEGMENT, &segment,
				sizeof(segment), 2500));
	for (int i = 0; i < 3; i++)
		from("UDP_SEGMENT", sink);
	say("SO_MARK", with(fd, &to, SOL_SOCKET, 99, &one, sizeof(int), 5) < 0);
	lost("end", EPERM);
}

/* Nobody is there: the next call says so, and so does the queue. */
static void error_queue(void)
{
	char control[256] __attribute__((aligned(8)));
	struct msghdr msg = { .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct addr to;
	int fd, one = 1;
	struct pollfd event = { .events = 0 };

	close(server("127.0.0.1", SOCK_DGRAM, -1, &to));
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	say("connect", try_connect(fd, &to));
	say("first", send(fd, "x", 1, 0));
	say("second", send(fd, "x", 1, 0));
	close(fd);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	setsockopt(fd, SOL_IP, IP_RECVERR, &one, sizeof(one));
	say("not connected", sendto(fd, "x", 1, 0, &to.any, to.len));
	event.fd = fd;
	poll(&event, 1, 3000);
	say("second", sendto(fd, "x", 1, 0, &to.any, to.len));
	say("queue", recvmsg(fd, &msg, MSG_ERRQUEUE | MSG_DONTWAIT));
	dprintf(1, "error %u\n",
		((struct sock_extended_err *)(void *)(control +
						      sizeof(struct cmsghdr)))
			->ee_errno);
	close(fd);
}

static void n9_sends(char **argv)
{
	(void)argv;
	signal(SIGPIPE, on_pipe);
	send_sizes("127.0.0.1", 65507);
	send_sizes("::1", 65487);
	send_errors();
	header_errors();
	broken_pipe();
	error_queue();
	lost("end", EPERM);
}

const struct attack attacks_same[] = {
	{ "N9connect", n9_connect },
	{ "N9sends", n9_sends },
	{ "N9ancillary", n9_ancillary },
	{ NULL, NULL },
};
