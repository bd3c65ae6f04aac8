/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect(2) and listen(2). SECURITY: the address lies in the caller's memory
 * and the descriptor in its table, where a sibling can change both between our
 * look and the kernel's: so it is never the caller's call that runs, but ours,
 * on our copy of the socket with our copy of the address.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stddef.h>
#include <unistd.h>

#include "base/compiler.h"
#include "plan/filter.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/patient.h"
#include "sys/control_name.h"

/* The kernel hits a port that is denied once in thousands of times. */
#define LISTEN_TRIES 8
#define SETTLE_MS 10 /* of a handshake on loopback, under load */

/* 1: it is connected, as far as anybody can tell. */
static int judge_peer(struct sl_call *call, const struct sl_sock *sock,
		      struct sl_peer *peer)
{
	int r = sl_peer_read(call, sl_call_arg(call, 1), sl_call_int(call, 2),
			     peer);

	if (r == 0 && sock->domain == AF_UNIX &&
	    sl_netlink_find(call->judge, sock->fd)) {
		r = sl_netlink_connect(&peer->addr, (int)peer->len);
		if (r <= 0)
			return r < 0 ? r : 1;
		r = 0;
	}
	if (r == 0)
		r = sl_peer_judge(call, sock, peer, false);
	if (r == 0)
		r = sl_call_alive(call);
	return r;
}

static long do_connect(struct sl_job *job)
{
	for (;;) {
		if (connect(job->sock.fd, &job->peer.addr.any, job->peer.len) == 0)
			return 0;
		/* A connect that goes on is waited for by the next one. */
		if (errno != EINTR || sl_job_stopped(job))
			/* Of SO_SNDTIMEO: to the caller this is the first. */
			return errno == EALREADY && job->begun ? -EINPROGRESS
							       : -errno;
	}
}

/* Only these wait for somebody; and AF_UNSPEC only takes a peer away. */
static bool may_wait(const struct sl_job *job)
{
	return job->sock.type != SOCK_DGRAM &&
	       job->peer.addr.any.sa_family != AF_UNSPEC;
}

/* An answer comes from this host, or not at once. */
static bool is_far(const struct sl_peer *peer)
{
	const struct in6_addr *in6 = &peer->addr.in6.sin6_addr;

	switch (peer->addr.any.sa_family) {
	case AF_INET:
		return ntohl(peer->addr.in.sin_addr.s_addr) >> 24 != 127;
	case AF_INET6:
		return !IN6_IS_ADDR_LOOPBACK(in6);
	default:
		return false;
	}
}

static int tcp_state(int fd)
{
	struct tcp_info info = { 0 };
	socklen_t len = sizeof(info.tcpi_state);

	return getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len) < 0
		       ? TCP_CLOSE
		       : info.tcpi_state;
}

static bool is_connecting(const struct sl_sock *sock)
{
	return tcp_state(sock->fd) == TCP_SYN_SENT;
}

/* Not by another connect: after a shutdown(2) it would be a new one. */
static long result_of(int fd)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (tcp_state(fd) != TCP_CLOSE)
		return 0;
	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error ? -error : -ECONNREFUSED;
}

/*
 * To a listener of the sandbox's own, on this host: its answer is there at
 * once, or there is no room in its queue. SECURITY: the kernel's next try could
 * meet another listener, so there is none.
 */
static long connect_now(struct sl_call *call, const struct sl_job *job)
{
	struct pollfd pfd = { .fd = job->sock.fd, .events = POLLOUT };
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	long r;

	if (!sl_hurry(&call->judge->hurry))
		return -ECONNREFUSED;
	r = connect(pfd.fd, &job->peer.addr.any, job->peer.len) < 0 ? -errno : 0;
	sl_hurry_over(&call->judge->hurry);
	if (r != -EINTR && r != -EINPROGRESS)
		return r;
	if (is_connecting(&job->sock))
		poll(&pfd, 1, SETTLE_MS);
	if (is_connecting(&job->sock)) {
		if (connect(pfd.fd, &none, sizeof(none)) < 0)
			shutdown(pfd.fd, SHUT_RDWR);
		return -ECONNREFUSED;
	}
	return r == -EINTR ? result_of(pfd.fd) : r;
}

/*
 * False: it will take longer. SECURITY: O_NONBLOCK only tells what is worth
 * trying. It is shared: a sibling clears it behind our look.
 */
static bool connect_at_once(struct sl_call *call, struct sl_job *job, long *ret)
{
	if (!may_wait(job)) {
		*ret = do_connect(job);
		return true;
	}
	if (job->peer.at_once) {
		*ret = connect_now(call, job);
		return true;
	}
	if ((job->sock.blocks && is_far(&job->peer)) ||
	    !sl_hurry(&call->judge->hurry))
		return false;
	job->begun = job->sock.blocks && job->sock.domain != AF_UNIX &&
		     !is_connecting(&job->sock);
	*ret = connect(job->sock.fd, &job->peer.addr.any, job->peer.len) < 0
		       ? -errno
		       : 0;
	/* Else the close of our copy is next, which ends the hurry. */
	if (*ret == -EINTR)
		sl_hurry_over(&call->judge->hurry);
	return *ret != -EINTR;
}

struct sl_answer sl_h_connect(struct sl_call *call)
{
	struct sl_job job = { .work = do_connect, .peer.pin = -1 };
	long r;

	/* What Landlock is going to say of a port is told, and no more. Before
	 * we have a copy: it takes one, and there are never two. */
	if ((call->judge->when & (SL_WHEN_WHY | SL_WHEN_NET)) == SL_WHEN_WHY)
		sl_h_why_connect(call);
	r = sl_sock_take(call, sl_call_int(call, 0), &job.sock);
	if (r < 0)
		return sl_answer(r);
	r = judge_peer(call, &job.sock, &job.peer);
	if (r == 0 && call->judge->when & SL_WHEN_REMAP)
		sl_portmap_connects(call->judge->ports, &job.sock);
	if (r == 0 && !connect_at_once(call, &job, &r))
		return sl_patient_give(call, &job);
	sl_sock_close(call, &job.sock);
	sl_job_fini(&job);
	return sl_answer(SL_MIN(r, 0));
}

/*
 * SECURITY: who asks a sandbox for orders would find our credentials there. A
 * name is given once and for all; but a socket without one may get any between
 * our look and our call, so the kernel's answer to it is given here.
 */
static int check_server(const struct sl_sock *sock)
{
	struct sockaddr_un name;
	socklen_t len = sizeof(name);

	if (sock->type != SOCK_SEQPACKET)
		return 0;
	if (getsockname(sock->fd, (struct sockaddr *)&name, &len) < 0)
		return -errno;
	if (len <= offsetof(struct sockaddr_un, sun_path))
		return -EINVAL;
	return sl_sock_is_control(sock->fd, false) ? -EACCES : 0;
}

/* Its port inside, or a negative errno. */
static int port_of(struct sl_call *call, const struct sl_sock *sock)
{
	struct sl_peer name = { .len = sizeof(name.addr), .pin = -1 };

	if (getsockname(sock->fd, &name.addr.any, &name.len) < 0)
		return -errno;
	if (call->judge->when & SL_WHEN_REMAP)
		sl_portmap_translate(call->judge->ports, sock, false, &name);
	return ntohs(name.addr.in.sin_port); /* in either, at the same place */
}

static long listen_on(struct sl_call *call, const struct sl_sock *sock,
		      int backlog)
{
	if (call->judge->when & SL_WHEN_REMAP)
		return sl_portmap_listen(call->judge->ports, sock, backlog);
	return listen(sock->fd, backlog) < 0 ? -errno : 0;
}

static bool may_listen(struct sl_call *call, int port)
{
	unsigned int when = call->judge->when;

	/* Every port, or none: then the filter is asked, but for REMAP. */
	if (!(when & SL_WHEN_LISTENS))
		return when & SL_WHEN_REMAP && !(when & SL_WHEN_NO_BIND);
	return sl_netset_binds(&call->judge->net, SL_NET_LISTEN, (uint16_t)port);
}

static int judge_listener(struct sl_call *call, const struct sl_sock *sock)
{
	int port = port_of(call, sock);

	if (port < 0 || may_listen(call, port))
		return SL_MIN(port, 0);
	sl_bind_refused(call, sock->domain, false, (uint16_t)port);
	return -EACCES;
}

/*
 * The kernel chooses a port while it makes a listener of the socket. SECURITY:
 * also when a port that we saw went away meanwhile, because a connect had it;
 * so it is looked at again, and a wrong one is gone before anybody knows of it.
 */
static long listen_rightly(struct sl_call *call, const struct sl_sock *sock,
			   int backlog)
{
	const struct sockaddr none = { .sa_family = AF_UNSPEC };
	int port;
	long r = -EACCES;

	for (int i = 0; i < LISTEN_TRIES; i++) {
		r = listen_on(call, sock, backlog);
		if (r < 0)
			return r;
		port = port_of(call, sock);
		if (port >= 0 && may_listen(call, port))
			return 0;
		if (connect(sock->fd, &none, sizeof(none)) < 0)
			shutdown(sock->fd, SHUT_RDWR);
		r = port < 0 ? port : -EACCES;
	}
	return r;
}

/*
 * Asked about where a TCP socket that was never bound would get a port of the
 * kernel's choice, and none, or not every one, may be had; of a Unix socket it
 * opens nothing.
 */
struct sl_answer sl_h_listen(struct sl_call *call)
{
	int backlog = sl_call_int(call, 1);
	struct sl_sock sock;
	long r = sl_sock_take(call, sl_call_int(call, 0), &sock);
	bool local;

	if (r < 0)
		return sl_answer(r);
	local = sock.domain == AF_UNIX;
	if (sock.domain < 0)
		r = sock.domain;
	else
		r = local ? check_server(&sock) : judge_listener(call, &sock);
	if (r == 0)
		r = sl_call_alive(call);
	if (r == 0 && !local)
		r = listen_rightly(call, &sock, backlog);
	else if (r == 0 && listen(sock.fd, backlog) < 0)
		r = -errno;
	sl_sock_close(call, &sock);
	return sl_answer(r);
}
