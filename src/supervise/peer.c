/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See peer.h.
 *
 * SECURITY: what a socket of another family may reach, Landlock says, and it
 * says it to us as to the caller, since this thread is in the policy's domain;
 * and where rules know addresses, destination.c says it before. What a
 * Unix socket may reach, nobody but this file says (before Linux 7.1), so every
 * way to name one is taken apart here exactly as unix(7) does it: an address
 * that the kernel would take for a path must not pass as something else.
 */
#include "supervise/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "plan/filter.h"
#include "supervise/destination.h"
#include "supervise/event.h"
#include "supervise/grants.h"
#include "supervise/judge.h"
#include "supervise/linger.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/control_name.h"
#include "sys/object.h"

_Static_assert(SL_OBJECT_LINK_MAX <= sizeof(((struct sockaddr_un *)0)->sun_path),
	       "a link fits an address");

#define PATH_AT offsetof(struct sockaddr_un, sun_path)

/* ------------------------------------------------ the caller's words */

static int option(int fd, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	if (getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0)
		return -errno;
	return value;
}

int sl_sock_take(struct sl_call *call, int fd, struct sl_sock *ret_sock)
{
	struct sl_sock sock = { .fd = sl_remote_socket(call, fd) };
	int flags;

	if (sock.fd < 0)
		return sock.fd;
	sock.domain = option(sock.fd, SO_DOMAIN);
	sock.type = option(sock.fd, SO_TYPE);
	flags = fcntl(sock.fd, F_GETFL);
	/* O_PATH: the kernel knows no such descriptor here. */
	if (sock.domain == -EBADF || flags < 0) {
		close(sock.fd);
		return -EBADF;
	}
	sock.blocks = !(flags & O_NONBLOCK);
	*ret_sock = sock;
	return 0;
}

/*
 * SECURITY: it may have been the last. A datagram socket of the network sends
 * nothing more and holds no descriptors in its queue, as a Unix one may.
 */
static bool closes_at_once(const struct sl_sock *sock)
{
	return sock->type == SOCK_DGRAM &&
	       (sock->domain == AF_INET || sock->domain == AF_INET6);
}

void sl_sock_close(struct sl_call *call, struct sl_sock *sock)
{
	if (sock->fd >= 0 && closes_at_once(sock))
		close(sock->fd);
	else if (sock->fd >= 0)
		sl_linger_close(call->judge, sock->fd);
	sock->fd = -1;
}

int sl_peer_read(struct sl_call *call, uint64_t addr, int len,
		 struct sl_peer *ret_peer)
{
	ret_peer->pin = -1;
	ret_peer->at_once = false;
	if (len < 0 || (size_t)len > sizeof(ret_peer->addr))
		return -EINVAL;
	memset(&ret_peer->addr, 0, sizeof(ret_peer->addr));
	ret_peer->len = (socklen_t)len;
	return sl_remote_read(call, addr, &ret_peer->addr, (size_t)len);
}

/* ------------------------------------------------ the decision */

/* Does the kernel look for a Unix peer by this address at all? Else it refuses
 * it, or (AF_UNSPEC) takes the peer away. */
static bool names_peer(const struct sl_peer *peer)
{
	return peer->len > PATH_AT && peer->len <= sizeof(peer->addr.local) &&
	       peer->addr.local.sun_family == AF_UNIX;
}

/*
 * SECURITY: the control plane tells a sandbox by who connects, and that is us.
 * The server says what it was bound to when it was, whatever its name is now; an
 * inode belongs to one socket for ever, so what holds now holds for the call.
 */
static int check_control(int pin)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	sl_autoclose int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return -errno;
	sl_object_link(pin, to.sun_path);
	/* Any failure is the answer: not listening yet may be in a moment. */
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return -errno;
	return sl_sock_is_control(fd, true) ? -EACCES : 0;
}

/*
 * The inode behind the path, from where the caller stands. Anything but a
 * socket is left to the kernel, which connects to nothing else and says why.
 */
static int pin_path(struct sl_call *call, const struct sl_sock *sock,
		    struct sl_peer *peer)
{
	char path[sizeof(peer->addr.local.sun_path) + 1];
	size_t room = peer->len - PATH_AT;
	struct sl_object object;
	int r;

	/* Its end need not be marked: it may fill the address. */
	memcpy(path, peer->addr.local.sun_path, room);
	path[room] = '\0';
	peer->pin = sl_pin(call, AT_FDCWD, path, 0);
	if (peer->pin < 0)
		return peer->pin;
	r = sl_object_look(peer->pin, &object);
	if (r == 0 && S_ISSOCK(object.mode))
		r = sl_grants_judge_for(call, peer->pin,
					SL_RIGHT_WRITE | SL_RIGHT_UNIX);
	else if (r == 0)
		r = SL_RIGHT_UNIX;
	if (r < 0)
		return r;
	if (!(r & (SL_RIGHT_WRITE | SL_RIGHT_UNIX))) {
		sl_event_deny(call, SL_RULE_NO_GRANT, SL_TRY_CONNECT, EACCES,
			      peer->pin);
		call->denied.args[0] = AF_UNIX;
		return -EACCES;
	}
	r = sock->type == SOCK_SEQPACKET && S_ISSOCK(object.mode)
		    ? check_control(peer->pin)
		    : 0;
	if (r < 0)
		return r;
	/* From here on the address is the inode, by our descriptor. */
	memset(&peer->addr, 0, sizeof(peer->addr));
	peer->addr.local.sun_family = AF_UNIX;
	sl_object_link(peer->pin, peer->addr.local.sun_path);
	peer->len = (socklen_t)(PATH_AT + strlen(peer->addr.local.sun_path) + 1);
	return 0;
}

int sl_peer_judge(struct sl_call *call, const struct sl_sock *sock,
		  struct sl_peer *peer, bool sends)
{
	int r;

	peer->pin = -1;
	if (sock->domain < 0)
		return sock->domain;
	if ((sock->domain == AF_INET || sock->domain == AF_INET6) &&
	    call->judge->when & SL_WHEN_NET)
		return sl_destination_judge(call, sock, peer, sends);
	if (sock->domain != AF_UNIX || !names_peer(peer))
		return 0;
	if (!peer->addr.local.sun_path[0])
		/* KERNEL 6.12 (ABI 6): the scope of our domain, which is the
		 * sandbox's. Before it nobody can tell its names from others. */
		return call->judge->abstract ? 0 : -EPERM;
	r = pin_path(call, sock, peer);
	if (r < 0 && peer->pin >= 0) {
		close(peer->pin);
		peer->pin = -1;
	}
	return r;
}
