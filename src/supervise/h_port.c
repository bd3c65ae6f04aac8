/* SPDX-License-Identifier: Apache-2.0 */
/*
 * With --port-remap: what a socket is told of its port, and what may share it
 * (portmap.h). SECURITY: as bind(2) and connect(2), done by us, on our copy of
 * the socket: nothing that is decided here is read twice.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/peer.h"
#include "supervise/remote.h"

typedef int name_getter(int fd, struct sockaddr *addr, socklen_t *len);

/* The name, and its whole length, as the kernel gives them. */
static int give_name(struct sl_call *call, const struct sl_peer *name)
{
	int room;
	int r = sl_remote_read(call, sl_call_arg(call, 2), &room, sizeof(room));

	if (r < 0)
		return r;
	if (room < 0)
		return -EINVAL;
	room = SL_MIN(room, (int)name->len);
	r = sl_call_alive(call);
	if (r == 0)
		r = sl_remote_write(call, sl_call_arg(call, 1), &name->addr,
				    (size_t)room);
	if (r == 0)
		r = sl_remote_write(call, sl_call_arg(call, 2), &name->len,
				    sizeof(name->len));
	return r;
}

static struct sl_answer tell_name(struct sl_call *call, name_getter *get,
				  bool peer)
{
	struct sl_peer name = { .len = sizeof(name.addr), .pin = -1 };
	struct sl_sock sock;
	int r = sl_sock_take(call, sl_call_int(call, 0), &sock);

	if (r < 0)
		return sl_answer(r);
	r = get(sock.fd, &name.addr.any, &name.len) < 0 ? -errno : 0;
	if (r == 0)
		sl_portmap_translate(call->judge->ports, &sock, peer, &name);
	sl_sock_close(call, &sock);
	return sl_answer(r == 0 ? give_name(call, &name) : r);
}

struct sl_answer sl_h_getsockname(struct sl_call *call)
{
	struct sl_answer answer;

	/* One that we answer for is no Unix socket to the caller. */
	if (call->judge->when & SL_WHEN_NETLINK) {
		answer = sl_h_netlink_name(call);
		if (answer.kind != SL_ANSWER_RUN)
			return answer;
	}
	return tell_name(call, getsockname, false);
}

struct sl_answer sl_h_getpeername(struct sl_call *call)
{
	return tell_name(call, getpeername, true);
}

/* SO_REUSEADDR or SO_REUSEPORT. */
struct sl_answer sl_h_setsockopt(struct sl_call *call)
{
	struct sl_sock sock;
	int value;
	long r = sl_sock_take(call, sl_call_int(call, 0), &sock);

	if (r < 0)
		return sl_answer(r);
	if (sock.domain < 0)
		r = sock.domain;
	else if (sl_call_int(call, 4) < (int)sizeof(value))
		r = -EINVAL;
	else
		r = sl_remote_read(call, sl_call_arg(call, 3), &value,
				   sizeof(value));
	if (r == 0)
		r = sl_call_alive(call);
	if (r == 0)
		r = sl_portmap_reuse(call->judge->ports, &sock,
				     sl_call_int(call, 2), value);
	sl_sock_close(call, &sock);
	return sl_answer(r);
}
