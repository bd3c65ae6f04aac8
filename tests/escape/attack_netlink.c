/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What AF_NETLINK inside is: a Unix socket to the judge. Tricks on what it
 * tells, on where it leads, and on whoever answers. Where an answer must go on
 * coming it is a win that it does not.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#define WAIT_MS 20000
#define SOCKETS 64 /* that a sandbox may have */
#define WINDOW 960 /* numbers of descriptors that are set aside */
#ifndef SO_PEERPIDFD
#define SO_PEERPIDFD 77
#endif
#ifndef SYS_pidfd_send_signal
#define SYS_pidfd_send_signal 424
#endif

struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
};

static struct request request(int type, int flags)
{
	return (struct request){
		.head = { .nlmsg_len = sizeof(struct request),
			  .nlmsg_type = (uint16_t)type,
			  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
			  .nlmsg_seq = 7 },
	};
}

static int open_netlink(int flags)
{
	return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | flags, NETLINK_ROUTE);
}

static bool ask(int fd, int type)
{
	struct request r = request(type, NLM_F_DUMP);

	return send(fd, &r, sizeof(r), MSG_NOSIGNAL) == sizeof(r);
}

/* Bytes of one answer; 0: none came. */
static ssize_t hear(int fd, void *buf, size_t size)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	if (poll(&pfd, 1, WAIT_MS) != 1)
		return 0;
	return recv(fd, buf, size, MSG_DONTWAIT);
}

/* Somebody answers, and it is about a link. */
static bool answers(int fd)
{
	_Alignas(8) char buf[8192];
	struct nlmsghdr *head = (struct nlmsghdr *)buf;

	return fd >= 0 && ask(fd, RTM_GETLINK) &&
	       hear(fd, buf, sizeof(buf)) > (ssize_t)sizeof(*head) &&
	       head->nlmsg_type == RTM_NEWLINK;
}

static void must_answer(const char *what)
{
	int fd = open_netlink(0);

	if (!answers(fd))
		won(what);
	close(fd);
}

/* ------------------------------------------------ what it tells */

/* Is this one not about the loopback interface? */
static bool is_foreign(struct nlmsghdr *head)
{
	const struct ifinfomsg *link = NLMSG_DATA(head);
	const struct ifaddrmsg *address = NLMSG_DATA(head);

	switch (head->nlmsg_type) {
	case RTM_NEWLINK:
		return link->ifi_index != 1 || link->ifi_type != 772;
	case RTM_NEWADDR:
		return address->ifa_index != 1;
	default:
		return head->nlmsg_type >= NLMSG_MIN_TYPE;
	}
}

static bool tells(int type)
{
	_Alignas(8) char buf[65536];
	int fd = open_netlink(0), error = 0;
	bool done = !ask(fd, type), foreign = false;
	ssize_t n;

	while (!done && (n = hear(fd, buf, sizeof(buf))) > 0) {
		struct nlmsghdr *head = (struct nlmsghdr *)buf;
		unsigned int left = (unsigned int)n;

		for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
			struct nlmsgerr *e = NLMSG_DATA(head);

			foreign |= is_foreign(head);
			done |= head->nlmsg_type == NLMSG_DONE ||
				head->nlmsg_type == NLMSG_ERROR;
			if (head->nlmsg_type == NLMSG_ERROR)
				error = -e->error;
		}
	}
	close(fd);
	errno = error ? error : EPERM;
	return foreign;
}

static void view(char **argv)
{
	static const struct {
		const char *name;
		int type;
	} kinds[] = {
		{ "links", RTM_GETLINK },
		{ "addresses", RTM_GETADDR },
		{ "routes", RTM_GETROUTE },
		{ "neighbours", RTM_GETNEIGH },
		{ "rules", RTM_GETRULE },
		{ "queues", RTM_GETQDISC },
		{ "neighbour tables", RTM_GETNEIGHTBL },
		{ "settings", RTM_GETNETCONF },
		{ "namespaces", RTM_GETNSID },
	};
	(void)argv;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		result(kinds[i].name, tells(kinds[i].type));
	must_answer("no answer");
}

/* ------------------------------------------------ where it leads */

static bool send_to(int fd, const struct sockaddr_un *to, socklen_t len, int how)
{
	struct iovec iov = { (char[]){ "stolen" }, 6 };
	struct mmsghdr msg = { .msg_hdr = { .msg_name = (void *)(uintptr_t)to,
					    .msg_namelen = len,
					    .msg_iov = &iov,
					    .msg_iovlen = 1 } };

	if (how == 0)
		return sendto(fd, "stolen", 6, 0, (const void *)to, len) > 0;
	if (how == 1)
		return sendmsg(fd, &msg.msg_hdr, 0) > 0;
	return sendmmsg(fd, &msg, 1, 0) > 0;
}

/*
 * STREAM DGRAM NAME: listeners outside, by path and by abstract name. Whether
 * one of them was reached is seen there; that a send says it went out is
 * nothing, the address of a connected socket is not looked at.
 */
static void lever(char **argv)
{
	struct sockaddr_un to[4] = { { .sun_family = AF_UNIX },
				     { .sun_family = AF_UNIX },
				     { .sun_family = AF_UNIX },
				     { .sun_family = AF_UNIX } };
	struct sockaddr none = { .sa_family = AF_UNSPEC };
	struct sockaddr_un own = { .sun_family = AF_UNIX,
				   .sun_path = "./squat-s" };
	int fd = open_netlink(0);

	snprintf(to[0].sun_path, sizeof(to[0].sun_path), "%s", argv[0]);
	snprintf(to[1].sun_path, sizeof(to[1].sun_path), "%s", argv[1]);
	snprintf(to[2].sun_path + 1, sizeof(to[2].sun_path) - 1, "%s-q", argv[2]);
	snprintf(to[3].sun_path + 1, sizeof(to[3].sun_path) - 1, "%s-d", argv[2]);
	connect(fd, &none, sizeof(none));
	for (int i = 0; i < 4; i++) {
		socklen_t len =
			offsetof(struct sockaddr_un, sun_path) + (i < 2 ? 0 : 1) +
			(socklen_t)strlen(to[i].sun_path + (i < 2 ? 0 : 1));
		result("connect", connect(fd, (void *)&to[i], len) == 0);
		for (int how = 0; how < 3; how++)
			untried("send",
				send_to(fd, &to[i], len, how) ? 0 : errno);
	}
	/* Twelve bytes, as an address of its own has. */
	result("bind to a path", bind(fd, (void *)&own, 12) == 0);
	own.sun_path[0] = '\0';
	result("bind to a name", bind(fd, (void *)&own, 12) == 0);
	result("listen", listen(fd, 1) == 0);
	result("out of band", send(fd, "o", 1, MSG_OOB) == 1);
	must_answer("no answer after a lever");
}

/* UDP port that is not allowed: by a number set aside for other sockets, where
 * sends without a name are not asked about. */
static void window(char **argv)
{
	struct sockaddr_in to = { .sin_family = AF_INET,
				  .sin_port = htons((uint16_t)number(argv[0])),
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int udp = socket(AF_INET, SOCK_DGRAM, 0);
	struct sockaddr_in *low;

	if (dup2(udp, WINDOW + 5) < 0) {
		untried("a number set aside", errno);
		return;
	}
	result("sendto",
	       sendto(WINDOW + 5, "stolen", 6, 0, (void *)&to, sizeof(to)) == 6);
	/* An address whose lower half is null. */
	low = mmap((void *)0x700000000, 4096, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (low != MAP_FAILED) {
		*low = to;
		result("sendto a low half of null",
		       sendto(WINDOW + 5, "stolen", 6, 0, (void *)low,
			      sizeof(to)) == 6);
	}
	result("connect", connect(WINDOW + 5, (void *)&to, sizeof(to)) == 0 &&
				  send(WINDOW + 5, "stolen", 6, 0) == 6);
}

/* ------------------------------------------------ who answers */

static bool send_fd(int fd, int sent)
{
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct request r = request(RTM_GETLINK, NLM_F_DUMP);
	struct iovec iov = { &r, sizeof(r) };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &sent, sizeof(sent));
	return sendmsg(fd, &msg, MSG_NOSIGNAL) > 0;
}

/* Whoever keeps a descriptor that was sent keeps a pipe from its end. */
static void rights(char **argv)
{
	struct pollfd pfd = { .events = POLLIN };
	_Alignas(8) char buf[8192];
	int pipes[2], fd;
	(void)argv;

	for (int i = 0; i < 200; i++) {
		fd = open_netlink(0);
		if (fd < 0 || pipe(pipes) < 0) {
			result("sockets run out", fd < 0 && i);
			return;
		}
		if (send_fd(fd, pipes[1]))
			hear(fd, buf, sizeof(buf));
		/* Itself, into the queue of its own peer. */
		send_fd(fd, fd);
		close(pipes[1]);
		pfd.fd = pipes[0];
		if (i % 2)
			close(fd);
		if (poll(&pfd, 1, WAIT_MS) != 1) {
			won("a descriptor is kept");
			return;
		}
		close(pipes[0]);
		if (i % 2 == 0)
			close(fd);
	}
	lost("a descriptor is kept", EPERM);
	must_answer("no answer after descriptors");
}

/* The peer's process, as a handle. */
static void peer(char **argv)
{
	int fd = open_netlink(0), pidfd = -1;
	struct ucred cred = { 0 };
	socklen_t len = sizeof(pidfd);
	(void)argv;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERPIDFD, &pidfd, &len) == 0 &&
	    pidfd >= 0)
		result("SO_PEERPIDFD", syscall(SYS_pidfd_send_signal, pidfd,
					       SIGKILL, NULL, 0) == 0);
	len = sizeof(cred);
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0 &&
	    cred.pid > 1)
		result("SO_PEERCRED", kill(cred.pid, SIGKILL) == 0);
	must_answer("no answer after a kill");
}

/* Sockets of ours with an address of theirs. */
static void forge(char **argv)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	_Alignas(4) char name[12], theirs[12];
	socklen_t len = sizeof(theirs);
	int fd = open_netlink(0), pair[2], own, next;
	(void)argv;

	if (getpeername(fd, (void *)theirs, &len) < 0 || len != 12) {
		untried("no name", errno);
		return;
	}
	/* Taken while it is theirs, and when it is no more. */
	own = socket(AF_UNIX, SOCK_SEQPACKET, 0);
	result("connect to the peer", connect(own, (void *)theirs, len) == 0);
	result("take the peer's name", bind(own, (void *)theirs, len) == 0);
	len = sizeof(name);
	if (getsockname(dup(fd), (void *)name, &len) == 0)
		result("take its own name", bind(own, (void *)name, 12) == 0);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) < 0)
		return;
	name[3] ^= 1;
	result("a pair passes for one",
	       bind(pair[0], (void *)name, 12) == 0 &&
		       bind(pair[0], (void *)&nl, sizeof(nl)) == 0);
	if (dup2(pair[0], WINDOW + 9) >= 0) {
		len = sizeof(nl);
		result("a number passes for one",
		       getsockname(WINDOW + 9, (void *)&nl, &len) == 0 &&
			       nl.nl_family == AF_NETLINK);
	}
	next = open_netlink(0);
	if (!answers(fd) || !answers(next))
		won("no answer after forgery");
}

/* ------------------------------------------------ too much of it */

static void many(char **argv)
{
	int fds[SOCKETS + 1], count = 0;
	(void)argv;

	while (count <= SOCKETS && (fds[count] = open_netlink(0)) >= 0)
		count++;
	result("more than there may be", count > SOCKETS);
	if (count < 2 || !answers(fds[0]) || !answers(fds[count - 1]))
		won("no answer with all of them");
	while (count)
		close(fds[--count]);
	must_answer("none left after all of them");
}

static void flood(char **argv)
{
	static char huge[1 << 20];
	struct request r = request(RTM_GETLINK, NLM_F_DUMP);
	int fds[8];
	long sent = 0;
	(void)argv;

	for (int i = 0; i < 8; i++)
		fds[i] = open_netlink(SOCK_NONBLOCK);
	/* Requests without end, a full one of them, nothing, and noise. */
	for (size_t at = 0; at + sizeof(r) <= sizeof(huge); at += sizeof(r))
		memcpy(huge + at, &r, sizeof(r));
	for (int i = 0; i < 8; i++) {
		for (int k = 0; k < 100000; k++) {
			if (send(fds[i], huge, i % 2 ? sizeof(r) : 8192,
				 MSG_NOSIGNAL) < 0)
				break;
			sent++;
		}
		send(fds[i], huge, sizeof(huge), MSG_NOSIGNAL);
		send(fds[i], huge, 100000, MSG_NOSIGNAL);
	}
	result("they are never full", sent >= 8 * 100000);
	for (int i = 0; i < 8; i++)
		shutdown(fds[i], i % 3);
	/* Others are answered meanwhile, and so are trapped calls. */
	if (chmod(".", 0700) < 0)
		won("the judge is stuck");
	must_answer("no answer in a flood");
	for (int i = 0; i < 64; i++) {
		int fd = open_netlink(0);

		memset(huge, i * 4, 64);
		((struct nlmsghdr *)huge)->nlmsg_len = (uint32_t)(i * 3);
		send(fd, huge, 64, MSG_NOSIGNAL);
		send(fd, huge, i % 2 ? 1 : 0, MSG_NOSIGNAL);
		answers(fd);
		close(fd);
	}
	must_answer("no answer after noise");
}

const struct attack attacks_netlink[] = {
	{ "NLview", view },	{ "NLlever", lever }, { "NLwindow", window },
	{ "NLrights", rights }, { "NLpeer", peer },   { "NLforge", forge },
	{ "NLmany", many },	{ "NLflood", flood }, { NULL, NULL },
};
