/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bind(2), where a part of a grant is carved out: of a Unix socket it makes a
 * name. Which family it is, the address says, so every address comes here; the
 * others are bound as they are, by our copy, and our domain judges the port, or
 * the network rules do: of UDP, which it does not know, and where it would need
 * too many rules.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/compiler.h"
#include "plan/filter.h"
#include "supervise/carve.h"
#include "supervise/event.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/opening.h"
#include "supervise/peer.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/process.h"
#include "sys/raw.h"

/* Larger than what the kernel takes. */
#define ADDRESS_MAX 128

static int family_of(int sock)
{
	int family = AF_UNSPEC;
	socklen_t len = sizeof(family);

	return getsockopt(sock, SOL_SOCKET, SO_DOMAIN, &family, &len) < 0
		       ? -errno
		       : family;
}

/* @path of the address, from the caller's point of view, judged and bound. */
static long bind_path(struct sl_call *call, int sock, const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char name[NAME_MAX + 1];
	struct sl_named named = { 0 };
	sl_autoclose int parent = -1, leaf = -1;
	size_t len;
	int r;

	parent = sl_pin_parent(call, AT_FDCWD, path, name);
	if (parent < 0)
		return parent == -EINVAL || parent == -EISDIR ? -EADDRINUSE
							      : parent;
	leaf = sl_path_open(parent, name, O_NOFOLLOW, 0);
	if (leaf >= 0)
		return -EADDRINUSE;
	if (leaf != -ENOENT)
		return leaf;
	r = call->judge->carves
		    ? sl_carve_name(call, SL_CARVE_HERE, parent, name, &named)
		    : 0;
	if (r == 0 && (named.covered || named.leads))
		r = sl_carve_refuse(call, named.covered, SL_TRY_CREATE, parent,
				    name);
	if (r == 0)
		r = sl_take_umask(call);
	/* An address has no room for a directory that we hold. */
	if (r == 0 && fchdir(parent) < 0)
		r = -errno;
	if (r < 0)
		return r;
	len = strlen(name); /* a part of an address, so it fits */
	memcpy(to.sun_path, name, len + 1);
	return sl_raw3(SYS_bind, sock, &to,
		       offsetof(struct sockaddr_un, sun_path) + len + 1);
}

/*
 * Whatever has no rules here is bounded by our own domain. UDPLITE, which
 * exists by leave alone, is a UDP to its peers; of ICMP it is no port.
 */
static bool may_bind(const struct sl_netset *set, int protocol, uint16_t port)
{
	switch (protocol) {
	case IPPROTO_UDP:
	case IPPROTO_UDPLITE:
		return sl_netset_binds(set, SL_NET_BIND_UDP, port);
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		return true;
	default:
		return sl_netset_binds(set, SL_NET_BIND, port);
	}
}

void sl_bind_refused(struct sl_call *call, int family, bool udp, uint16_t port)
{
	char *text = call->judge->object;

	sl_event_deny(call, SL_RULE_NO_GRANT, SL_TRY_BIND, EACCES, -1);
	snprintf(text, sizeof(call->judge->object), "%sport %u",
		 udp ? "UDP " : "", port);
	call->denied.object = text;
	call->denied.object_len = strlen(text);
	call->denied.args[0] = family == AF_INET6 ? AF_INET6 : AF_INET;
	call->denied.args[1] = port;
	call->denied.args[2] = udp ? SL_NET_UDP : SL_NET_TCP;
}

/*
 * AF_INET and AF_INET6 have the port in the same place; of an address of
 * neither family (AF_UNSPEC is one to bind()) it is read just so.
 */
static int judge_port(struct sl_call *call, int sock, sa_family_t said,
		      const char *address)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);
	uint16_t port;

	if (getsockopt(sock, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0)
		return -errno;
	memcpy(&port, address + sizeof(said), sizeof(port));
	port = ntohs(port);
	if (may_bind(&call->judge->net, protocol, port))
		return 0;
	sl_bind_refused(call, said, protocol == IPPROTO_UDP, port);
	return -EACCES;
}

/* Of a port that is allowed: where it is free. */
static long bind_inside(struct sl_call *call, const struct sl_sock *sock,
			const char *address, int len)
{
	struct sl_peer name = { .len = (socklen_t)len, .pin = -1 };
	int protocol = 0;
	socklen_t size = sizeof(protocol);

	if (getsockopt(sock->fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) < 0)
		return -errno;
	if ((sock->domain != AF_INET && sock->domain != AF_INET6) ||
	    (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP))
		return sl_raw3(SYS_bind, sock->fd, address, len);
	memcpy(&name.addr, address, (size_t)len);
	return sl_portmap_bind(call->judge->ports, &call->judge->net, sock,
			       protocol == IPPROTO_TCP ? SL_NET_TCP : SL_NET_UDP,
			       &name);
}

static struct sl_answer bind_socket(struct sl_call *call,
				    const struct sl_sock *copy)
{
	char address[ADDRESS_MAX + 1] = { 0 };
	const size_t at = offsetof(struct sockaddr_un, sun_path);
	int sock = copy->fd, len = sl_call_int(call, 2), family;
	struct sl_netlink_end *end;
	sa_family_t said;
	int r;

	family = family_of(sock);
	if (family < 0)
		return sl_answer(family);
	if (len < 0 || len > ADDRESS_MAX)
		return sl_answer_fail(EINVAL);
	r = sl_remote_read(call, sl_call_arg(call, 1), address, (size_t)len);
	if (r == 0)
		r = sl_call_alive(call);
	if (r < 0)
		return sl_answer(r);
	if (family == AF_UNIX && (end = sl_netlink_find(call->judge, sock)))
		return sl_answer(sl_netlink_bind(call->judge, end, address, len));
	memcpy(&said, address, sizeof(said));
	if (call->judge->when & SL_WHEN_BINDS && family != AF_UNIX) {
		r = judge_port(call, sock, said, address);
		if (r < 0)
			return sl_answer(r);
	}
	if (family == AF_UNIX && said == AF_UNIX && (size_t)len > at &&
	    (size_t)len <= sizeof(struct sockaddr_un) && address[at])
		return sl_answer(bind_path(call, sock, address + at));
	if (call->judge->when & SL_WHEN_REMAP)
		return sl_answer(bind_inside(call, copy, address, len));
	return sl_answer(sl_raw3(SYS_bind, sock, address, len));
}

struct sl_answer sl_h_bind(struct sl_call *call)
{
	struct sl_answer answer;
	struct sl_sock sock;
	int r;

	/* As in h_connect.c. */
	if (call->judge->when & SL_WHEN_WHY)
		sl_h_why_bind(call);
	r = sl_sock_take(call, sl_call_int(call, 0), &sock);
	if (r < 0)
		return sl_answer(r);
	answer = bind_socket(call, &sock);
	sl_sock_close(call, &sock);
	return answer;
}
