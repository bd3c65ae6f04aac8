/* SPDX-License-Identifier: Apache-2.0 */
/* Tricks on Unix sockets and socket families, catalogue 5.5. */
#include "attack.h"

#include <errno.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/un.h>
#include <unistd.h>

struct name {
	struct sockaddr_un sun;
	socklen_t len;
};

static struct name abstract(const char *text)
{
	struct name n = { .sun.sun_family = AF_UNIX };

	snprintf(n.sun.sun_path + 1, sizeof(n.sun.sun_path) - 1, "%s", text);
	n.len = offsetof(struct sockaddr_un, sun_path) + 1 +
		(socklen_t)strlen(text);
	return n;
}

static struct name pathname(const char *text)
{
	struct name n = { .sun.sun_family = AF_UNIX, .len = sizeof(n.sun) };

	snprintf(n.sun.sun_path, sizeof(n.sun.sun_path), "%s", text);
	return n;
}

static bool send_by(int how, int fd, struct name to)
{
	static char text[] = "stolen";
	struct iovec iov = { text, 6 };
	struct mmsghdr msg = { .msg_hdr = { .msg_name = &to.sun,
					    .msg_namelen = to.len,
					    .msg_iov = &iov,
					    .msg_iovlen = 1 } };

	switch (how) {
	case 0:
		return sendto(fd, "stolen", 6, 0, (void *)&to.sun, to.len) > 0;
	case 1:
		return sendmsg(fd, &msg.msg_hdr, 0) > 0;
	case 2:
		return sendmmsg(fd, &msg, 1, 0) > 0;
	default:
		return connect(fd, (void *)&to.sun, to.len) == 0 &&
		       send(fd, "stolen", 6, 0) > 0;
	}
}

static void datagrams(const char *label, int fd, struct name to)
{
	static const char *const how[] = { "sendto", "sendmsg", "sendmmsg",
					   "connect" };
	char what[64];

	for (int i = 0; i < 4; i++) {
		snprintf(what, sizeof(what), "%s: %s", label, how[i]);
		result(what, send_by(i, fd, to));
	}
}

static void streams(const char *label, int type, struct name to)
{
	int fd = socket(AF_UNIX, type, 0);

	result(label, connect(fd, (void *)&to.sun, to.len) == 0 &&
			      send(fd, "stolen", 6, 0) > 0);
	close(fd);
}

/* NAME: abstract listeners outside: NAME-s, NAME-d, NAME-q. */
static void a112(char **argv)
{
	char text[64];

	snprintf(text, sizeof(text), "%.50s-s", argv[0]);
	streams("stream", SOCK_STREAM, abstract(text));
	snprintf(text, sizeof(text), "%.50s-q", argv[0]);
	streams("seqpacket", SOCK_SEQPACKET, abstract(text));
	snprintf(text, sizeof(text), "%.50s-d", argv[0]);
	datagrams("datagram", socket(AF_UNIX, SOCK_DGRAM, 0), abstract(text));
}

/* STREAM DGRAM: pathname listeners outside. */
static void a120(char **argv)
{
	streams("stream", SOCK_STREAM, pathname(argv[0]));
	datagrams("datagram", socket(AF_UNIX, SOCK_DGRAM, 0), pathname(argv[1]));
}

/*
 * DGRAM NAME: one end of a datagram socketpair is a datagram socket like any
 * other: it can be sent through, and connected, to any name.
 */
static void a120_pair(char **argv)
{
	char text[64];
	int fd[2];

	snprintf(text, sizeof(text), "%.50s-d", argv[1]);
	if (result("datagram socketpair",
		   socketpair(AF_UNIX, SOCK_DGRAM, 0, fd) == 0)) {
		datagrams("pair, pathname", fd[0], pathname(argv[0]));
		datagrams("pair, abstract", fd[1], abstract(text));
	}
	if (socketpair(AF_UNIX, SOCK_RAW, 0, fd) == 0)
		datagrams("raw pair, pathname", fd[0], pathname(argv[0]));
}

/* DGRAM: stdin is a datagram socket made outside. */
static void a159_unix(char **argv)
{
	datagrams("inherited, pathname", 0, pathname(argv[0]));
}

/* STREAM: stdin is a stream socket made outside, not yet connected. */
static void a159_stream(char **argv)
{
	struct name to = pathname(argv[0]);

	result("inherited stream",
	       connect(0, (void *)&to.sun, to.len) == 0 &&
		       send(0, "stolen", 6, MSG_NOSIGNAL) == 6);
}

/* What a program does with connected pairs. Same output as bare. */
static void a122(char **argv)
{
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
	char buf[16], control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { buf, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int fd[2];
	(void)argv;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memset(CMSG_DATA(c), 0, sizeof(int));
	for (int i = 0; i < 2; i++) {
		if (socketpair(AF_UNIX, types[i] | SOCK_CLOEXEC, 0, fd) < 0) {
			dprintf(1, "pair: %s\n", strerrorname_np(errno));
			continue;
		}
		dprintf(1, "sendto %zd\n", sendto(fd[0], "a", 1, 0, NULL, 0));
		dprintf(1, "send %zd\n", send(fd[0], "bc", 2, MSG_NOSIGNAL));
		dprintf(1, "write %zd\n", write(fd[0], "d", 1));
		dprintf(1, "fd %zd\n", sendmsg(fd[0], &msg, 0));
		dprintf(1, "recv %zd\n", recv(fd[1], buf, 1, 0));
		msg.msg_controllen = sizeof(control);
		dprintf(1, "recvmsg %zd\n", recvmsg(fd[1], &msg, 0));
	}
	lost("pairs", EACCES);
}

/* Families that nobody granted. */
static void a130(char **argv)
{
	static const struct {
		const char *name;
		int family, type, protocol;
	} kinds[] = {
		{ "AF_UNIX", AF_UNIX, SOCK_DGRAM, 0 },
		{ "AF_VSOCK", 40, SOCK_STREAM, 0 },
		{ "AF_ALG", 38, SOCK_SEQPACKET, 0 },
		{ "AF_PACKET", AF_PACKET, SOCK_RAW, 0 },
		{ "AF_NETLINK generic", AF_NETLINK, SOCK_RAW, 16 },
		{ "AF_NETLINK sock_diag", AF_NETLINK, SOCK_RAW, 4 },
		{ "AF_NETLINK audit", AF_NETLINK, SOCK_RAW, 9 },
		{ "AF_NETLINK uevent", AF_NETLINK, SOCK_DGRAM, 15 },
		{ "AF_BLUETOOTH", 31, SOCK_RAW, 1 },
		{ "AF_CAN", 29, SOCK_RAW, 1 },
		{ "AF_TIPC", 30, SOCK_DGRAM, 0 },
		{ "AF_SMC", 43, SOCK_STREAM, 0 },
		{ "AF_XDP", 44, SOCK_RAW, 0 },
		{ "AF_QIPCRTR", 42, SOCK_DGRAM, 0 },
		{ "AF_RDS", 21, SOCK_SEQPACKET, 0 },
		{ "AF_KEY", 15, SOCK_RAW, 2 },
		{ "AF_KCM", 41, SOCK_DGRAM, 0 },
		{ "AF_NFC", 39, SOCK_SEQPACKET, 0 },
		{ "AF_MCTP", 45, SOCK_DGRAM, 0 },
		{ "AF_INET with SOCK_PACKET", AF_INET, SOCK_PACKET, 0 },
	};
	(void)argv;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		int fd = socket(kinds[i].family, kinds[i].type,
				kinds[i].protocol);

		result_if_known(kinds[i].name, fd >= 0);
		close(fd);
	}
}

/* The host's interfaces, by ioctl. */
static void a131(char **argv)
{
	char buf[4096];
	struct ifconf conf = { .ifc_len = sizeof(buf), .ifc_buf = buf };
	struct ifreq req = { .ifr_ifindex = 1 };
	struct arpreq arp = { .arp_flags = 0 };
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	(void)argv;

	result("SIOCGIFCONF", ioctl(fd, SIOCGIFCONF, &conf) == 0);
	result("SIOCGIFNAME", ioctl(fd, SIOCGIFNAME, &req) == 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "lo");
	result("SIOCGIFADDR", ioctl(fd, SIOCGIFADDR, &req) == 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "lo");
	result("SIOCGIFHWADDR", ioctl(fd, SIOCGIFHWADDR, &req) == 0);
	result("SIOCGIFFLAGS", ioctl(fd, SIOCGIFFLAGS, &req) == 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "lo");
	result("SIOCGIFTXQLEN", ioctl(fd, SIOCGIFTXQLEN, &req) == 0);
	snprintf(req.ifr_name, sizeof(req.ifr_name), "lo");
	result("SIOCGIFMAP", ioctl(fd, SIOCGIFMAP, &req) == 0);
	/* There is no such neighbour: who asks is told so, or may not ask. */
	arp.arp_pa.sa_family = AF_INET;
	snprintf(arp.arp_dev, sizeof(arp.arp_dev), "lo");
	result("SIOCGARP", ioctl(fd, SIOCGARP, &arp) == 0 || errno == ENXIO);
}

const struct attack attacks_unix[] = {
	{ "A112", a112 },
	{ "A120", a120 },
	{ "A120pair", a120_pair },
	{ "A122", a122 },
	{ "A130", a130 },
	{ "A131", a131 },
	{ "A159unix", a159_unix },
	{ "A159stream", a159_stream },
	{ NULL, NULL },
};
