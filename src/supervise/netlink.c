/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See netlink.h.
 *
 * SECURITY: the other end is in hostile hands. What may come of it is bounded:
 * - One request at a time, between two calls that are judged, and none while
 *   its answer would find no room: whoever does not read is not answered, and
 *   waits for room in our queue as for that of anybody else.
 * - An end of a pair is connected for ever, and its type does not look at the
 *   address of a message: it leads to us and nowhere else.
 * - Descriptors sent along are refused by the kernel (6.16), and before that
 *   dropped unseen; closing them may wait, so there is a timer (hurry.h).
 * - Which socket it is says a number that the kernel never gives twice, not a
 *   descriptor or a name, which others can have.
 */
#include "supervise/netlink.h"

#include <errno.h>
#include <linux/netlink.h>
#include <poll.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/linger.h"
#include "sys/uapi_seccomp.h"

#ifndef SO_PASSRIGHTS
#define SO_PASSRIGHTS 83
#endif

/* Bytes of answers that wait to be read; the kernel doubles it. */
#define ROOM (16 << 10)
#define TRIES 16

_Static_assert(SL_NETLINK_SOCKETS == (uint32_t)~SL_NETLINK_FD_MASK + 1,
	       "a number for each");
_Static_assert(sizeof(struct sockaddr_nl) == SL_NETLINK_ADDRESS, "an address");

/*
 * The abstract name of an end, which is what the kernel gives as the sender of
 * a message and as the socket's own address: as long as a sockaddr_nl, and with
 * nl_pid where that has it.
 */
struct name {
	sa_family_t family;
	char nul, nonce1;
	uint32_t port;
	uint32_t nonce2;
};
_Static_assert(sizeof(struct name) == sizeof(struct sockaddr_nl), "alike");
_Static_assert(offsetof(struct name, port) == offsetof(struct sockaddr_nl, nl_pid),
	       "alike");

/* ------------------------------------------------ making one */

static int give_name(int fd, uint32_t port)
{
	struct name name = { .family = AF_UNIX, .port = port };

	/* Somebody may have taken some of them, but not 2^40. */
	for (int i = 0; i < TRIES; i++) {
		if (getrandom(&name.nonce1, sizeof(name.nonce1), 0) < 0 ||
		    getrandom(&name.nonce2, sizeof(name.nonce2), 0) < 0)
			return -errno;
		if (bind(fd, (struct sockaddr *)&name, sizeof(name)) == 0)
			return 0;
		if (errno != EADDRINUSE)
			return -errno;
	}
	return -EADDRINUSE;
}

static uint64_t cookie_of(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	return getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) == 0 ? cookie
									 : 0;
}

static bool port_is_used(const struct sl_netlink *netlink, uint32_t id)
{
	for (size_t i = 0; i < SL_NETLINK_SOCKETS; i++)
		if (netlink->ends[i].cookie && netlink->ends[i].port.id == id)
			return true;
	return false;
}

/* As the kernel does it: the first one of a process has the process's number,
 * the others have large ones. */
static uint32_t choose_port(const struct sl_netlink *netlink, uint32_t tgid)
{
	uint32_t id = tgid;

	for (uint32_t next = 0x80000000u; port_is_used(netlink, id); next++)
		id = next;
	return id;
}

static int make_epoll(struct sl_netlink *netlink)
{
	if (netlink->made)
		return 0;
	netlink->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (netlink->epoll < 0)
		return -errno;
	netlink->made = true;
	return 0;
}

/*
 * SECURITY: no descriptors. KERNEL 6.16: before it they come and are dropped,
 * and somebody has to be there who ends the wait.
 */
static int refuse_rights(struct sl_judge *judge, int fd)
{
	int off = 0;

	if (setsockopt(fd, SOL_SOCKET, SO_PASSRIGHTS, &off, sizeof(off)) == 0)
		return 0;
	return sl_hurry_prepare(&judge->hurry) ? 0 : -ENOBUFS;
}

static int prepare_pair(struct sl_judge *judge, const int fds[2], uint32_t port)
{
	int room = ROOM, r;

	r = refuse_rights(judge, fds[0]);
	if (r == 0)
		r = give_name(fds[0], 0);
	if (r == 0)
		r = give_name(fds[1], port);
	if (r == 0 &&
	    setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room)) < 0)
		r = -errno;
	return r;
}

static int watch(const struct sl_netlink *netlink, size_t slot, int op, int fd,
		 uint32_t events)
{
	struct epoll_event event = { .events = events,
				     .data.u32 = (uint32_t)slot };

	return epoll_ctl(netlink->epoll, op, fd, &event) < 0 ? -errno : 0;
}

static struct sl_netlink_end *find_free(struct sl_netlink *netlink)
{
	for (size_t i = 0; i < SL_NETLINK_SOCKETS; i++)
		if (!netlink->ends[i].cookie)
			return &netlink->ends[i];
	return NULL;
}

/* @fds become the end's, of which @fds[1] is the sandbox's. */
static int add(struct sl_judge *judge, struct sl_netlink_end *end,
	       const int fds[2], uint32_t tgid)
{
	struct sl_netlink *netlink = &judge->netlink;
	uint32_t port = choose_port(netlink, tgid);
	uint64_t cookie = cookie_of(fds[1]);
	int r = cookie ? prepare_pair(judge, fds, port) : -ENOBUFS;

	if (r == 0)
		r = watch(netlink, (size_t)(end - netlink->ends), EPOLL_CTL_ADD,
			  fds[0], EPOLLIN);
	if (r == 0)
		*end = (struct sl_netlink_end){ .cookie = cookie,
						.fd = fds[0],
						.port.id = port };
	return r;
}

int sl_netlink_open(struct sl_judge *judge, uint32_t tgid, int flags)
{
	struct sl_netlink *netlink = &judge->netlink;
	struct sl_netlink_end *end;
	int fds[2], r;

	r = make_epoll(netlink);
	if (r < 0)
		return r;
	/* Some may be gone, and not looked after yet. */
	for (int i = 0; !(end = find_free(netlink)); i++)
		if (i == SL_NETLINK_SOCKETS || !sl_netlink_serve(judge))
			return -ENOBUFS;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | flags, 0, fds) < 0)
		return -errno;
	r = add(judge, end, fds, tgid);
	if (r < 0) {
		close(fds[0]);
		close(fds[1]);
		return r;
	}
	return fds[1];
}

/* ------------------------------------------------ what the sandbox asks of it */

struct sl_netlink_end *sl_netlink_find(struct sl_judge *judge, int fd)
{
	struct sl_netlink *netlink = &judge->netlink;
	uint64_t cookie = netlink->made ? cookie_of(fd) : 0;

	if (cookie)
		for (size_t i = 0; i < SL_NETLINK_SOCKETS; i++)
			if (netlink->ends[i].cookie == cookie)
				return &netlink->ends[i];
	return NULL;
}

int sl_netlink_bind(struct sl_judge *judge, struct sl_netlink_end *end,
		    const void *address, int len)
{
	struct sockaddr_nl to;

	if (len < (int)sizeof(to))
		return -EINVAL;
	memcpy(&to, address, sizeof(to));
	if (to.nl_family != AF_NETLINK)
		return -EINVAL;
	/* nl_groups: whoever waits for news may, and there never are any. */
	if (!to.nl_pid || to.nl_pid == end->port.id)
		return 0;
	if (port_is_used(&judge->netlink, to.nl_pid))
		return -EADDRINUSE;
	end->port.id = to.nl_pid;
	return 0;
}

int sl_netlink_connect(const void *address, int len)
{
	struct sockaddr_nl to = { 0 };

	if (len < (int)sizeof(to.nl_family))
		return -EINVAL;
	memcpy(&to, address, SL_MIN((size_t)len, sizeof(to)));
	if (to.nl_family == AF_UNSPEC)
		return 0;
	if (to.nl_family != AF_NETLINK)
		return 1;
	if (len < (int)sizeof(to))
		return -EINVAL;
	/* Only the kernel may be talked to. */
	return to.nl_pid || to.nl_groups ? -EPERM : 0;
}

/* ------------------------------------------------ answering */

static bool has_room(const struct sl_netlink_end *end)
{
	struct pollfd pfd = { .fd = end->fd, .events = POLLOUT };

	return poll(&pfd, 1, 0) == 1 && pfd.revents == POLLOUT;
}

/* False: nobody can read it any more. */
static bool answer(struct sl_netlink_end *end, const unsigned char *request,
		   size_t len)
{
	unsigned char reply[SL_NETLINK_REPLY_MAX];
	size_t used, n;

	for (int i = 0; i < SL_NETLINK_MESSAGES_MAX && len; i++) {
		n = sl_netlink_answer(&end->port, request, len, reply, &used);
		/* What finds no room is lost, as with the kernel's own: there
		 * was some for the first. */
		if (n &&
		    send(end->fd, reply, n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0 &&
		    errno != EAGAIN)
			return false;
		request += used;
		len -= used;
	}
	return true;
}

bool sl_netlink_take(struct sl_netlink_end *end, const unsigned char *request,
		     size_t len)
{
	/* What is over is noticed by whoever watches. */
	return has_room(end) && answer(end, request, len);
}

/* False: it is over, or it said nothing, which no client does. */
static bool receive(struct sl_judge *judge, struct sl_netlink_end *end)
{
	unsigned char request[SL_NETLINK_REQUEST_MAX];
	bool hurried = sl_hurry(&judge->hurry);
	ssize_t n;

	n = recv(end->fd, request, sizeof(request), MSG_DONTWAIT);
	if (n < 0)
		n = errno == EAGAIN || errno == EINTR ? -EAGAIN : -EPIPE;
	if (hurried)
		sl_hurry_over(&judge->hurry);
	if (n <= 0)
		return n == -EAGAIN;
	return answer(end, request, (size_t)n);
}

static void let_go(struct sl_judge *judge, struct sl_netlink_end *end)
{
	/* One that cannot be closed now stays, and so does ours. */
	if (!sl_linger_close(judge, -1))
		return;
	watch(&judge->netlink, 0, EPOLL_CTL_DEL, end->fd, 0);
	sl_linger_close(judge, end->fd);
	*end = (struct sl_netlink_end){ 0 };
}

static void set_full(struct sl_judge *judge, struct sl_netlink_end *end, bool full)
{
	if (watch(&judge->netlink, (size_t)(end - judge->netlink.ends),
		  EPOLL_CTL_MOD, end->fd, full ? EPOLLOUT : EPOLLIN) == 0)
		end->full = full;
	else
		let_go(judge, end);
}

bool sl_netlink_serve(struct sl_judge *judge)
{
	struct sl_netlink *netlink = &judge->netlink;
	struct sl_netlink_end *end;
	struct epoll_event event;
	bool lives;

	if (!netlink->made || epoll_wait(netlink->epoll, &event, 1, 0) != 1)
		return false;
	end = &netlink->ends[event.data.u32 % SL_NETLINK_SOCKETS];
	lives = !(event.events & (EPOLLHUP | EPOLLERR));
	if (lives && (end->full || !has_room(end)))
		set_full(judge, end, !end->full);
	else if (!lives || !receive(judge, end))
		let_go(judge, end);
	return true;
}

void sl_netlink_fini(struct sl_judge *judge)
{
	struct sl_netlink *netlink = &judge->netlink;

	for (size_t i = 0; i < SL_NETLINK_SOCKETS; i++)
		if (netlink->ends[i].cookie)
			let_go(judge, &netlink->ends[i]);
	if (netlink->made)
		close(netlink->epoll);
	netlink->made = false;
}
