/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sockets that look like AF_NETLINK to the sandbox: one end of a pair of Unix
 * sockets, whose other end the judge holds and answers (netlink_view.h). See
 * docs/design/netlink.md.
 */
#ifndef SL_SUPERVISE_NETLINK_H
#define SL_SUPERVISE_NETLINK_H

#include <stdbool.h>
#include <stdint.h>

#include "supervise/netlink_view.h"

struct sl_judge;

/* Of one sandbox at the same time; more are ENOBUFS. As many numbers of
 * descriptors are set aside for them (uapi_seccomp.h). */
#define SL_NETLINK_SOCKETS 64

struct sl_netlink_end {
	uint64_t cookie; /* of the sandbox's end, never used twice; 0: free */
	int fd;		 /* our end */
	bool full;	 /* nobody reads the answers: none is made */
	struct sl_netlink_port port;
};

/* Zeroed: none yet. */
struct sl_netlink {
	bool made;
	int epoll; /* if made: readable when there is something to do */
	struct sl_netlink_end ends[SL_NETLINK_SOCKETS];
};

/* A socket for process @tgid, close-on-exec among ours: the sandbox's end, to be
 * handed over and closed, or a negative errno. @flags: SOCK_NONBLOCK or 0. */
int sl_netlink_open(struct sl_judge *judge, uint32_t tgid, int flags);

/* The socket behind our copy @fd of the sandbox's; NULL: it is none of these,
 * whatever number, name or neighbour it has. */
struct sl_netlink_end *sl_netlink_find(struct sl_judge *judge, int fd);

/* bind(2) with the @len bytes of @address: 0 or a negative errno. */
int sl_netlink_bind(struct sl_judge *judge, struct sl_netlink_end *end,
		    const void *address, int len);
/* connect(2); 1: not of this family, the kernel says what it thinks. */
int sl_netlink_connect(const void *address, int len);

/* Answers @len bytes at once, as if they had been read. False: it cannot be
 * done now, and nothing was. */
bool sl_netlink_take(struct sl_netlink_end *end, const unsigned char *request,
		     size_t len);

/* Does one thing that there is to do: answers one request, or lets go of a
 * socket that nobody has any more. False: there was nothing. */
bool sl_netlink_serve(struct sl_judge *judge);

void sl_netlink_fini(struct sl_judge *judge);

#endif
