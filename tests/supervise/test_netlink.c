/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sockets of netlink.h answer, as the kernel would; that no bytes lead
 * out of the request; and that whoever does not read, or goes away, costs nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/judge.h"
#include "supervise/netlink.h"
#include "sys/uapi_seccomp.h"

#define PORT 4711
#define SEQ 99

static _Alignas(8) unsigned char reply[SL_NETLINK_REPLY_MAX];
static size_t reply_len, used;

struct request {
	struct nlmsghdr head;
	struct ifinfomsg info;
	struct rtattr attr;
	char text[16];
};

static struct request make(uint16_t type, uint16_t flags)
{
	return (struct request){
		.head = { .nlmsg_len = offsetof(struct request, attr),
			  .nlmsg_type = type,
			  .nlmsg_flags = flags | NLM_F_REQUEST,
			  .nlmsg_seq = SEQ },
	};
}

static struct request link_named(const char *name, uint16_t type)
{
	struct request r = make(RTM_GETLINK, 0);

	snprintf(r.text, sizeof(r.text), "%s", name);
	r.attr.rta_type = type;
	r.attr.rta_len = (uint16_t)RTA_LENGTH(strlen(name) + 1);
	r.head.nlmsg_len += RTA_ALIGN(r.attr.rta_len);
	return r;
}

static void answer(struct sl_netlink_port *port, const struct request *r)
{
	memset(reply, 0xaa, sizeof(reply));
	reply_len = sl_netlink_answer(port, (const unsigned char *)r,
				      r->head.nlmsg_len, reply, &used);
	EXPECT_EQ(used, r->head.nlmsg_len);
}

/* Message @n of the answer, or NULL; all of them are whole. */
static struct nlmsghdr *message(int n)
{
	struct nlmsghdr *head = (struct nlmsghdr *)reply;
	unsigned int left = (unsigned int)reply_len;

	for (; NLMSG_OK(head, left); head = NLMSG_NEXT(head, left)) {
		EXPECT_EQ(head->nlmsg_seq, SEQ);
		EXPECT_EQ(head->nlmsg_pid, PORT);
		if (n-- == 0)
			return head;
	}
	EXPECT_EQ(left, 0);
	return NULL;
}

static int type_of(int n)
{
	struct nlmsghdr *head = message(n);

	return head ? head->nlmsg_type : -1;
}

/* The errno of message @n, -1 if that is no error. */
static int error_of(int n)
{
	struct nlmsghdr *head = message(n);
	struct nlmsgerr e;

	if (!head || head->nlmsg_type != NLMSG_ERROR ||
	    head->nlmsg_len < NLMSG_LENGTH(sizeof(e)))
		return -1;
	memcpy(&e, NLMSG_DATA(head), sizeof(e));
	return -e.error;
}

static struct rtattr *attr_of(int n, size_t body, int type)
{
	struct nlmsghdr *head = message(n);
	struct rtattr *a = (void *)((char *)NLMSG_DATA(head) + NLMSG_ALIGN(body));
	int left = (int)(head->nlmsg_len - NLMSG_LENGTH(NLMSG_ALIGN(body)));

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left))
		if (a->rta_type == type)
			return a;
	return NULL;
}

/* ------------------------------------------------ the view */

TEST(links_are_lo_and_no_more)
{
	struct sl_netlink_port port = { .id = PORT };
	struct request r = make(RTM_GETLINK, NLM_F_DUMP);
	struct ifinfomsg info;
	unsigned int mtu;

	answer(&port, &r);
	ASSERT_EQ(type_of(0), RTM_NEWLINK);
	EXPECT_EQ(message(0)->nlmsg_flags, NLM_F_MULTI);
	EXPECT_EQ(type_of(1), NLMSG_DONE);
	EXPECT_EQ(type_of(2), -1);
	memcpy(&info, NLMSG_DATA(message(0)), sizeof(info));
	EXPECT_EQ(info.ifi_index, 1);
	EXPECT_EQ(info.ifi_type, 772);
	EXPECT_EQ(info.ifi_flags, 0x10049);
	EXPECT_STREQ(RTA_DATA(attr_of(0, sizeof(info), IFLA_IFNAME)), "lo");
	memcpy(&mtu, RTA_DATA(attr_of(0, sizeof(info), IFLA_MTU)), sizeof(mtu));
	EXPECT_EQ(mtu, 65536);
	EXPECT_EQ(memcmp(RTA_DATA(attr_of(0, sizeof(info), IFLA_ADDRESS)),
			 "\0\0\0\0\0", 6),
		  0);
}

static int count_addresses(struct sl_netlink_port *port, uint8_t family)
{
	struct request r = make(RTM_GETADDR, NLM_F_DUMP);
	int n = 0;

	r.info.ifi_family = family;
	answer(port, &r);
	for (; type_of(n) == RTM_NEWADDR; n++) {
		struct ifaddrmsg a;

		memcpy(&a, NLMSG_DATA(message(n)), sizeof(a));
		EXPECT_EQ(a.ifa_index, 1);
		EXPECT_EQ(a.ifa_scope, RT_SCOPE_HOST);
		EXPECT_TRUE(attr_of(n, sizeof(a), IFA_ADDRESS) != NULL);
	}
	EXPECT_EQ(type_of(n), NLMSG_DONE);
	return n;
}

/* The resolver asks for addresses alone; without an alias of each family it
 * takes the family for missing. */
TEST(addresses_are_of_loopback_with_aliases_for_a_resolver)
{
	struct sl_netlink_port port = { .id = PORT };
	struct request r = make(RTM_GETLINK, NLM_F_DUMP);

	EXPECT_EQ(count_addresses(&port, AF_UNSPEC), 4);
	EXPECT_EQ(count_addresses(&port, AF_INET), 2);
	EXPECT_EQ(count_addresses(&port, AF_INET6), 2);
	answer(&port, &r);
	EXPECT_EQ(count_addresses(&port, AF_UNSPEC), 2);
	EXPECT_EQ(memcmp(RTA_DATA(attr_of(0, sizeof(struct ifaddrmsg), IFA_LOCAL)),
			 "\x7f\0\0\1", 4),
		  0);
	EXPECT_EQ(count_addresses(&port, AF_INET), 1);
	EXPECT_EQ(count_addresses(&port, AF_INET6), 1);
	EXPECT_EQ(count_addresses(&port, AF_PACKET), 2);
}

TEST(a_link_by_number_or_name)
{
	struct sl_netlink_port port = { .id = PORT };
	struct request r = make(RTM_GETLINK, NLM_F_ACK);

	r.info.ifi_index = 1;
	answer(&port, &r);
	EXPECT_EQ(type_of(0), RTM_NEWLINK);
	EXPECT_EQ(message(0)->nlmsg_flags, 0);
	EXPECT_EQ(error_of(1), 0);
	r.info.ifi_index = 2;
	answer(&port, &r);
	EXPECT_EQ(error_of(0), ENODEV);
	r.info.ifi_index = -1;
	answer(&port, &r);
	EXPECT_EQ(error_of(0), EINVAL);
	r.info.ifi_index = 0;
	answer(&port, &r);
	EXPECT_EQ(error_of(0), EINVAL);
	r = link_named("lo", IFLA_IFNAME);
	answer(&port, &r);
	EXPECT_EQ(type_of(0), RTM_NEWLINK);
	EXPECT_EQ(type_of(1), -1);
	r = link_named("lo", 53);
	answer(&port, &r);
	EXPECT_EQ(type_of(0), RTM_NEWLINK);
	r = link_named("lo0", IFLA_IFNAME);
	answer(&port, &r);
	EXPECT_EQ(error_of(0), ENODEV);
	r = link_named("l", IFLA_IFNAME);
	answer(&port, &r);
	EXPECT_EQ(error_of(0), ENODEV);
}

TEST(the_rest_is_empty_or_refused)
{
	static const struct {
		uint16_t type, flags;
		int error; /* 0: an end and nothing before it */
	} cases[] = {
		{ RTM_GETROUTE, NLM_F_DUMP, 0 },
		{ RTM_GETNEIGH, NLM_F_DUMP, 0 },
		{ RTM_GETRULE, NLM_F_ROOT, 0 },
		{ RTM_GETROUTE, 0, ENETUNREACH },
		{ RTM_GETADDR, 0, EOPNOTSUPP },
		{ RTM_GETQDISC, NLM_F_DUMP, EOPNOTSUPP },
		{ RTM_GETNSID, NLM_F_DUMP, EOPNOTSUPP },
		{ RTM_NEWLINK, NLM_F_CREATE, EPERM },
		{ RTM_DELLINK, 0, EPERM },
		{ RTM_SETLINK, NLM_F_ACK, EPERM },
		{ RTM_NEWADDR, NLM_F_CREATE | NLM_F_ACK, EPERM },
		{ RTM_DELROUTE, 0, EPERM },
		{ RTM_NEWNSID, 0, EPERM },
		{ RTM_MAX + 1, NLM_F_DUMP, EOPNOTSUPP },
		{ 0xffff, 0, EOPNOTSUPP },
	};
	struct sl_netlink_port port = { .id = PORT };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct request r = make(cases[i].type, cases[i].flags);

		answer(&port, &r);
		if (cases[i].error)
			EXPECT_EQ(error_of(0), cases[i].error);
		else
			EXPECT_EQ(type_of(0), NLMSG_DONE);
		EXPECT_EQ(type_of(1), -1);
	}
}

/* A guard page behind the request; lengths and types of all kinds in it. */
TEST(no_byte_is_read_behind_the_request)
{
	struct sl_netlink_port port = { .id = PORT };
	unsigned char *page = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint32_t seed = 1;

	ASSERT_TRUE(page != MAP_FAILED &&
		    mprotect(page + 4096, 4096, PROT_NONE) == 0);
	for (int round = 0; round < 200000; round++) {
		struct request r = link_named("lo", IFLA_IFNAME);
		size_t len = (size_t)(round % (int)(sizeof(r) + 1)), at = 0;
		unsigned char *start = page + 4096 - len;

		seed = seed * 1664525 + 1013904223;
		r.head.nlmsg_type = (uint16_t)(seed >> 8 & 127);
		r.head.nlmsg_flags = (uint16_t)(seed >> 16);
		if (seed & 1)
			r.head.nlmsg_len = seed >> 26;
		if (seed & 2)
			r.attr.rta_len = (uint16_t)(seed >> 20 & 31);
		memcpy(start, &r, len);
		while (at < len) {
			size_t n = sl_netlink_answer(&port, start + at,
						     len - at, reply, &used);

			ASSERT_LE(n, sizeof(reply));
			ASSERT_TRUE(used > 0 && used <= len - at);
			at += used;
		}
	}
}

/* ------------------------------------------------ the sockets */

static struct sl_judge judge;

static int open_one(void)
{
	int fd = sl_netlink_open(&judge, (uint32_t)getpid(), 0);

	ASSERT_GE(fd, 0);
	return fd;
}

static void serve_all(void)
{
	for (int i = 0; sl_netlink_serve(&judge); i++)
		ASSERT_LE(i, 100000); /* else it turns in circles */
}

static int count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

TEST(the_sender_of_an_answer_looks_like_the_kernel)
{
	struct request r = make(RTM_GETLINK, NLM_F_DUMP);
	struct sockaddr_nl from, own;
	socklen_t len = sizeof(from);
	int fd = open_one();

	memset(&from, 0xff, sizeof(from));
	ASSERT_EQ(send(fd, &r, r.head.nlmsg_len, 0), r.head.nlmsg_len);
	serve_all();
	ASSERT_GT(recvfrom(fd, reply, sizeof(reply), MSG_DONTWAIT,
			   (struct sockaddr *)&from, &len),
		  0);
	EXPECT_EQ(len, sizeof(from));
	EXPECT_EQ(from.nl_pid, 0);
	len = sizeof(own);
	ASSERT_EQ(getsockname(fd, (struct sockaddr *)&own, &len), 0);
	EXPECT_EQ(len, sizeof(own));
	EXPECT_EQ(own.nl_pid, getpid());
	EXPECT_EQ(((struct nlmsghdr *)reply)->nlmsg_pid, getpid());
	sl_netlink_fini(&judge);
}

TEST(ports_are_different_and_can_be_chosen)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct sl_netlink_end *a, *b;
	int fds[2] = { open_one(), open_one() };

	a = sl_netlink_find(&judge, fds[0]);
	b = sl_netlink_find(&judge, fds[1]);
	ASSERT_TRUE(a && b && a != b);
	EXPECT_EQ(a->port.id, getpid());
	EXPECT_NE(b->port.id, a->port.id);
	EXPECT_EQ(sl_netlink_bind(&judge, b, &to, sizeof(to)), 0);
	to.nl_pid = a->port.id;
	EXPECT_EQ(sl_netlink_bind(&judge, b, &to, sizeof(to)), -EADDRINUSE);
	to.nl_pid = 12345;
	EXPECT_EQ(sl_netlink_bind(&judge, b, &to, sizeof(to)), 0);
	EXPECT_EQ(b->port.id, 12345);
	EXPECT_EQ(sl_netlink_bind(&judge, b, &to, 8), -EINVAL);
	EXPECT_EQ(sl_netlink_connect(&to, sizeof(to)), -EPERM);
	to.nl_pid = 0;
	EXPECT_EQ(sl_netlink_connect(&to, sizeof(to)), 0);
	to.nl_family = AF_UNIX;
	EXPECT_EQ(sl_netlink_bind(&judge, b, &to, sizeof(to)), -EINVAL);
	EXPECT_EQ(sl_netlink_connect(&to, sizeof(to)), 1);
	sl_netlink_fini(&judge);
}

/* Nothing is answered to who does not read, and nothing of it is lost. */
TEST(whoever_does_not_read_is_not_answered)
{
	struct request r = make(RTM_GETLINK, NLM_F_DUMP);
	int fd = open_one(), sent = 0, got = 0, more;

	while (send(fd, &r, r.head.nlmsg_len, MSG_DONTWAIT) > 0 && sent < 100000) {
		serve_all();
		sent++;
	}
	EXPECT_LT(sent, 100000);
	EXPECT_EQ(errno, EAGAIN);
	EXPECT_FALSE(sl_netlink_serve(&judge));
	EXPECT_FALSE(sl_netlink_take(sl_netlink_find(&judge, fd),
				     (unsigned char *)&r, r.head.nlmsg_len));
	do {
		more = 0;
		while (recv(fd, reply, sizeof(reply), MSG_DONTWAIT) > 0)
			more++;
		got += more;
		serve_all();
	} while (more);
	EXPECT_EQ(got, sent);
	sl_netlink_fini(&judge);
}

TEST(as_many_as_there_may_be_and_all_are_given_back)
{
	int fds[SL_NETLINK_SOCKETS], before;

	close(open_one());
	serve_all();
	before = count_open();
	for (int round = 0; round < 20; round++) {
		for (int i = 0; i < SL_NETLINK_SOCKETS; i++)
			fds[i] = open_one();
		EXPECT_EQ(sl_netlink_open(&judge, 1, 0), -ENOBUFS);
		for (int i = 0; i < SL_NETLINK_SOCKETS; i++)
			close(fds[i]);
		/* Without anybody having looked: the next one looks. */
		close(open_one());
	}
	serve_all();
	EXPECT_EQ(count_open(), before);
	sl_netlink_fini(&judge);
}

TEST(an_end_and_a_half_end_let_go)
{
	int before, fd;

	close(open_one());
	serve_all();
	before = count_open();
	for (int i = 0; i < 6; i++) {
		fd = open_one();
		if (i < 3)
			shutdown(fd, i);
		else
			send(fd, "x", i == 3 ? 0 : 1, 0);
		if (i == 4)
			shutdown(fd, SHUT_WR);
		serve_all();
		close(fd);
		serve_all();
	}
	EXPECT_EQ(count_open(), before);
	sl_netlink_fini(&judge);
}

static int send_fd(int fd, int sent)
{
	_Alignas(8) char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = control,
			      .msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &sent, sizeof(sent));
	return sendmsg(fd, &msg, 0) < 0 ? -errno : 0;
}

/* KERNEL 6.16: they are refused. Before it they are dropped, as here where that
 * is taken back. */
TEST(descriptors_are_not_taken)
{
	int on = 1, pipes[2], fd = open_one(), r;
	struct sl_netlink_end *end = sl_netlink_find(&judge, fd);

	ASSERT_EQ(pipe(pipes), 0);
	r = send_fd(fd, pipes[1]);
	setsockopt(end->fd, SOL_SOCKET, 83, &on, sizeof(on));
	EXPECT_TRUE(r == 0 || r == -EPERM);
	EXPECT_EQ(send_fd(fd, pipes[1]), 0);
	EXPECT_EQ(send_fd(fd, fd), 0);
	close(pipes[1]);
	serve_all();
	EXPECT_EQ(poll(&(struct pollfd){ .fd = pipes[0], .events = POLLIN }, 1, 0),
		  1);
	sl_netlink_fini(&judge);
}
