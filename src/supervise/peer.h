/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a socket is to be connected to, or a message sent to: the caller's
 * address, copied once, and for a Unix socket with a path the inode that it
 * leads to, judged and held.
 */
#ifndef SL_SUPERVISE_PEER_H
#define SL_SUPERVISE_PEER_H

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "supervise/call.h"

struct sl_peer {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un local;
		struct sockaddr_storage room;
	} addr;
	socklen_t len;
	int pin; /* the socket's inode, which addr names; -1: none */
	/* Allowed for who is there now: connected or sent at once, or not at
	 * all. */
	bool at_once;
};

/* A copy of the caller's socket. */
struct sl_sock {
	int fd;
	int domain; /* negative errno if it is no socket */
	int type;
	bool blocks; /* O_NONBLOCK is clear */
};

/* Descriptor @fd of the caller: 0 or -EBADF... On success sock->fd is to be
 * closed, also where sock->domain says that it is no socket. */
int sl_sock_take(struct sl_call *call, int fd, struct sl_sock *ret_sock);

/* By the judge's thread, which must not wait. */
void sl_sock_close(struct sl_call *call, struct sl_sock *sock);

/* @len bytes at @addr, as the kernel takes an address: 0, -EINVAL, -EFAULT. */
int sl_peer_read(struct sl_call *call, uint64_t addr, int len,
		 struct sl_peer *ret_peer);

/*
 * May a socket like @sock connect to @peer or, with @sends, send to it: 0 or a
 * negative errno. All decisions are made here. On success the address is one
 * that leads to what was judged whatever the caller does meanwhile, for our own
 * call on our copy only; with peer->pin to be closed after it.
 */
int sl_peer_judge(struct sl_call *call, const struct sl_sock *sock,
		  struct sl_peer *peer, bool sends);

#endif
