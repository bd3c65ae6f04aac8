/* SPDX-License-Identifier: Apache-2.0 */
/*
 * connect(2) and listen(2). SECURITY: the address lies in the caller's memory
 * and the descriptor in its table, where a sibling can change both between our
 * look and the kernel's: so it is never the caller's call that runs, but ours,
 * on our copy of the socket with our copy of the address.
 */
#include <errno.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/handlers.h"
#include "supervise/peer.h"

static int judge_peer(struct sl_call *call, const struct sl_sock *sock,
		      struct sl_peer *peer)
{
	int r = sl_peer_read(call, sl_call_arg(call, 1), sl_call_int(call, 2),
			     peer);

	if (r == 0)
		r = sl_peer_judge(call, sock, peer);
	if (r == 0)
		r = sl_call_alive(call);
	return r;
}

struct sl_answer sl_h_connect(struct sl_call *call)
{
	struct sl_peer peer = { .pin = -1 };
	struct sl_sock sock;
	int r = sl_sock_take(call, sl_call_int(call, 0), &sock);

	if (r < 0)
		return sl_answer(r);
	r = judge_peer(call, &sock, &peer);
	if (r == 0 && connect(sock.fd, &peer.addr.any, peer.len) < 0)
		r = -errno;
	if (peer.pin >= 0)
		close(peer.pin);
	close(sock.fd);
	return sl_answer(r);
}

/*
 * Asked about where no port may be bound: of a Unix socket it opens nothing, a
 * TCP socket that was never bound would get a port of the kernel's choice.
 */
struct sl_answer sl_h_listen(struct sl_call *call)
{
	struct sl_sock sock;
	int r = sl_sock_take(call, sl_call_int(call, 0), &sock);

	if (r < 0)
		return sl_answer(r);
	if (sock.domain < 0)
		r = sock.domain;
	else if (sock.domain != AF_UNIX)
		r = -EACCES;
	else
		r = sl_call_alive(call);
	if (r == 0 && listen(sock.fd, sl_call_int(call, 1)) < 0)
		r = -errno;
	close(sock.fd);
	return sl_answer(r);
}
