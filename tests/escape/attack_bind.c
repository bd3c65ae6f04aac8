/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ways to a port of our own that no rule grants. A peer outside sends to it all
 * the time (stage_call.c): what counts is what it delivers, so what is received
 * is printed. Where a call may succeed and give another port that is looked at.
 */
#include "attack.h"
#include "attack_addr.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define IP_PORT_RANGE 51 /* IP_LOCAL_PORT_RANGE, Linux 6.3 */
#define PROTO_UDPLITE 136
#define PROTO_MPTCP 262

static int port_of(int fd)
{
	struct addr a = { .len = sizeof(a.ss) };

	if (getsockname(fd, &a.any, &a.len) < 0)
		return -1;
	return ntohs(a.in.sin_port); /* in either, at the same place */
}

/* Whoever is in league with us calls there. */
static void tell_port(int port)
{
	int fd = open("ports", O_CREAT | O_WRONLY | O_TRUNC | O_CLOEXEC, 0644);

	dprintf(fd, "%d\n", port);
	close(fd);
}

/* To the end, so that the peer closes first and leaves the port to the next. */
static void hear(const char *what, int fd)
{
	char buf[256];
	ssize_t n, all = 0;

	while ((n = read(fd, buf, sizeof(buf))) > 0 && write(1, buf, n) == n)
		all += n;
	result(what, all > 0);
	close(fd);
}

/* Won with a peer's bytes; @fd is closed. */
static void receive(const char *what, int fd, int type)
{
	struct pollfd event = { .fd = fd, .events = POLLIN };
	int peer = -1;

	if (poll(&event, 1, 10000) != 1) {
		untried(what, ETIMEDOUT);
	} else if (type == SOCK_DGRAM) {
		leak(what, fd);
		return;
	} else {
		peer = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
		hear(what, peer);
	}
	close(fd);
}

static bool opens(int fd, int type)
{
	return type == SOCK_DGRAM || listen(fd, 8) == 0;
}

/* @fd, made by the caller, has been bound if @ok. */
static void use(const char *what, int fd, int type, bool ok)
{
	if (ok && opens(fd, type)) {
		receive(what, fd, type);
		return;
	}
	lost(what, errno);
	close(fd);
}

static void binds(const char *what, int type, const char *host, int port,
		  int option)
{
	struct addr to = addr(host, port);
	int fd = socket(to.any.sa_family, type, 0), one = 1;

	if (option)
		setsockopt(fd, SOL_SOCKET, option, &one, sizeof(one));
	use(what, fd, type, fd >= 0 && bind(fd, &to.any, to.len) == 0);
}

static void shapes(int type, int port)
{
	struct addr any = addr("0.0.0.0", port), v6 = addr("::1", port);
	int fd = socket(AF_INET, type, 0);

	any.any.sa_family = AF_UNSPEC;
	use("AF_UNSPEC", fd, type, bind(fd, &any.any, any.len) == 0);
	fd = socket(AF_INET6, type, 0);
	use("IPv6 without scope", fd, type, bind(fd, &v6.any, 24) == 0);
	fd = socket(AF_INET6, type, 0);
	use("the longest", fd, type, bind(fd, &v6.any, 128) == 0);
}

static void reformed(int type, int port)
{
	struct addr mapped = addr("::ffff:127.0.0.1", port);
	int fd = socket(AF_INET6, type, 0), family = AF_INET;
	bool ok = bind(fd, &mapped.any, mapped.len) == 0;
	int err = errno;

	setsockopt(fd, SOL_IPV6, IPV6_ADDRFORM, &family, sizeof(family));
	errno = err;
	use("reformed", fd, type, ok);
}

/* TYPE (tcp, udp) PORT */
static void b1_bind(char **argv)
{
	static const char *const hosts[] = {
		"127.0.0.1", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1",
	};
	int type = strcmp(argv[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int port = number(argv[1]);

	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++)
		binds(hosts[i], type, hosts[i], port, 0);
	binds("SO_REUSEPORT", type, "127.0.0.1", port, SO_REUSEPORT);
	binds("SO_REUSEADDR", type, "::1", port, SO_REUSEADDR);
	shapes(type, port);
	reformed(type, port);
}

/* PORT, PEER (a UDP port that may be sent to): a socket that has a port. */
static void b2_again(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	struct addr peer = addr("127.0.0.1", number(argv[1])), none = peer;
	struct addr any = addr("127.0.0.1", 0);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	none.any.sa_family = AF_UNSPEC;
	if (connect(fd, &peer.any, peer.len) < 0)
		lost("the peer", errno);
	/* The kernel's answer is the same: it has a port. */
	untried("connected", bind(fd, &to.any, to.len) < 0 ? errno : 0);
	connect(fd, &none.any, none.len);
	use("disconnected", fd, SOCK_DGRAM, bind(fd, &to.any, to.len) == 0);
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (bind(fd, &any.any, any.len) < 0)
		lost("a free port", errno);
	connect(fd, &none.any, none.len);
	use("a free one let go", fd, SOCK_DGRAM, bind(fd, &to.any, to.len) == 0);
}

/* One port of those that the kernel gives away, at its upper end. */
static int high_port(void)
{
	int fd = open("/proc/sys/net/ipv4/ip_local_port_range", O_RDONLY);
	char text[32] = { 0 };
	ssize_t n = read(fd, text, sizeof(text) - 1);
	char *end = text;

	close(fd);
	if (n <= 0)
		return 60999 - getpid() % 512;
	strtol(text, &end, 10);
	return (int)strtol(end, NULL, 10) - getpid() % 512;
}

static bool narrow(int fd, int port)
{
	unsigned int range = (unsigned int)port << 16 | (unsigned int)port;

	return setsockopt(fd, SOL_IP, IP_PORT_RANGE, &range, sizeof(range)) == 0;
}

/* TYPE: a free port, of our own choice. */
static void b3_range(char **argv)
{
	int type = strcmp(argv[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	struct addr any = addr("127.0.0.1", 0);
	int fd = socket(AF_INET, type, 0), port = high_port();

	if (!result_if_known("IP_LOCAL_PORT_RANGE", narrow(fd, port)))
		return;
	if (bind(fd, &any.any, any.len) < 0 || port_of(fd) != port)
		return untried("bind(0)", errno);
	tell_port(port);
	use("a chosen free port", fd, type, true);
}

/* Nobody has bound it: the kernel chooses. */
static void listens(const char *what, int family)
{
	int fd = socket(family, SOCK_STREAM, 0);

	if (listen(fd, 8) < 0) {
		lost(what, errno);
		close(fd);
		return;
	}
	tell_port(port_of(fd));
	receive(what, fd, SOCK_STREAM);
}

static void b4_listen(char **argv)
{
	struct addr none = addr("0.0.0.0", 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)argv;

	listens("listen without bind", AF_INET);
	listens("listen without bind, IPv6", AF_INET6);
	none.any.sa_family = AF_UNSPEC;
	connect(fd, &none.any, none.len);
	if (listen(fd, 8) == 0 && listen(fd, 9) == 0) {
		tell_port(port_of(fd));
		receive("twice", fd, SOCK_STREAM);
	} else {
		lost("twice", errno);
	}
	fd = socket(AF_INET, SOCK_STREAM, PROTO_MPTCP);
	if (fd >= 0 && listen(fd, 8) == 0) {
		tell_port(port_of(fd));
		receive("MPTCP", fd, SOCK_STREAM);
	} else {
		result_if_known("MPTCP", false);
	}
}

/* PORT that may be bound: what was bound by leave listens, however often. */
static void b4_leave(char **argv)
{
	struct addr self = addr("127.0.0.1", number(argv[0]));
	struct addr none = self;
	int fd = socket(AF_INET, SOCK_STREAM, 0), one = 1;

	none.any.sa_family = AF_UNSPEC;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one));
	for (int i = 0; i < 3; i++) {
		if ((i == 0 && bind(fd, &self.any, self.len) < 0) ||
		    listen(fd, 8) < 0 || port_of(fd) != number(argv[0]))
			return lost("a listener", errno);
		connect(fd, &none.any, none.len);
	}
	if (listen(fd, 8) == 0)
		receive("a listener", fd, SOCK_STREAM);
}

struct race {
	struct addr to;
	int fd, stop;
};

static void *connects(void *arg)
{
	struct race *race = arg;
	struct addr none = race->to;

	none.any.sa_family = AF_UNSPEC;
	while (!__atomic_load_n(&race->stop, __ATOMIC_RELAXED)) {
		connect(race->fd, &race->to.any, race->to.len);
		connect(race->fd, &none.any, none.len);
	}
	return NULL;
}

/* PEER, a closed port that may be connected to, FIRST and LAST that may be
 * bound: a port that a connect had is gone when listen comes. */
static void b5_race(char **argv)
{
	struct race race = { .to = addr("127.0.0.1", number(argv[0])) };
	int first = number(argv[1]), last = number(argv[2]), port = 0, told = 0;
	pthread_t thread;

	race.fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
	pthread_create(&thread, NULL, connects, &race);
	for (int i = 0; i < 3000 && !told; i++) {
		if (listen(race.fd, 8) == 0)
			port = port_of(race.fd);
		told = port && (port < first || port > last);
		port = 0;
	}
	__atomic_store_n(&race.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	result("a listener on a port that a connect had", told);
	close(race.fd);
}

struct flip {
	struct addr to;
	uint16_t ports[2];
	unsigned int count;
	int stop;
};

static void *flips(void *arg)
{
	struct flip *flip = arg;

	for (unsigned int i = 0;
	     !__atomic_load_n(&flip->stop, __ATOMIC_RELAXED); i++) {
		__atomic_store_n(&flip->to.in.sin_port, flip->ports[i % 2],
				 __ATOMIC_RELAXED);
		__atomic_store_n(&flip->count, i, __ATOMIC_RELAXED);
	}
	return NULL;
}

/* TYPE PORT: the address changes while it is read. */
static void b6_flip(char **argv)
{
	int type = strcmp(argv[0], "udp") == 0 ? SOCK_DGRAM : SOCK_STREAM;
	int port = number(argv[1]), fd = -1;
	struct flip flip = { .to = addr("127.0.0.1", 0),
			     .ports = { 0, htons((uint16_t)port) } };
	unsigned int seen = 0, changes = 0;
	pthread_t thread;
	bool ok = false;

	pthread_create(&thread, NULL, flips, &flip);
	/* Enough of those between which it did change. */
	for (int i = 0; !ok && changes < 1000 && i < 1000000; i++) {
		unsigned int now = __atomic_load_n(&flip.count, __ATOMIC_RELAXED);

		if (now != seen)
			changes++;
		else
			sched_yield();
		seen = now;
		close(fd);
		fd = socket(AF_INET, type, 0);
		ok = bind(fd, &flip.to.any, flip.to.len) == 0 &&
		     port_of(fd) == port;
	}
	__atomic_store_n(&flip.stop, 1, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	errno = EACCES;
	use("flipped", fd, type, ok);
}

/* PORT: protocols that exist by leave alone. */
static void b7_others(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	int fd = socket(AF_INET, SOCK_DGRAM, PROTO_UDPLITE);

	result_if_known("UDPLITE", fd >= 0 && bind(fd, &to.any, to.len) == 0);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, PROTO_MPTCP);
	if (fd >= 0 && bind(fd, &to.any, to.len) == 0 && listen(fd, 8) == 0)
		receive("MPTCP", fd, SOCK_STREAM);
	else
		result_if_known("MPTCP", false);
}

/* Not an attack: PORT (that may be sent to): what a client of UDP needs. */
static void b8_client(char **argv)
{
	struct addr to = addr("127.0.0.1", number(argv[0]));
	struct addr any = addr("127.0.0.1", 0);
	struct iovec iov = { argv[0], 1 };
	struct msghdr msg = { .msg_name = &to.ss,
			      .msg_namelen = to.len,
			      .msg_iov = &iov,
			      .msg_iovlen = 1 };
	int one = socket(AF_INET, SOCK_DGRAM, 0);
	int two = socket(AF_INET, SOCK_DGRAM, 0);
	int three = socket(AF_INET, SOCK_DGRAM, 0);

	result("bind(0)", bind(one, &any.any, any.len) == 0 && port_of(one) > 0);
	result("and send", sendto(one, "a", 1, 0, &to.any, to.len) == 1);
	result("sendmsg", sendmsg(two, &msg, 0) == 1 && port_of(two) > 0);
	result("connect", connect(three, &to.any, to.len) == 0 &&
				  port_of(three) > 0 &&
				  send(three, "a", 1, 0) == 1);
}

const struct attack attacks_bind[] = {
	{ "B1bind", b1_bind },	   { "B2again", b2_again },
	{ "B3range", b3_range },   { "B4listen", b4_listen },
	{ "B4leave", b4_leave },   { "B5race", b5_race },
	{ "B6flip", b6_flip },	   { "B7others", b7_others },
	{ "B8client", b8_client }, { NULL, NULL },
};
