/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inherited sockets. The filter refuses to make sockets of these kinds, so one
 * made outside must not come in either: a datagram socket sends to any address,
 * an unconnected Unix one connects to any path. TCP stays, Landlock judges each
 * connect of it; so does whatever has its one peer already.
 */
#include "run/stream.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>

static int option(int fd, int name)
{
	int value = -1;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) < 0 ? -1 : value;
}

static bool has_peer(int fd)
{
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	return getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
}

static bool is_harmless(int fd, int domain)
{
	int type = option(fd, SO_TYPE);

	switch (domain) {
	case AF_INET:
	case AF_INET6:
		return type == SOCK_STREAM &&
		       option(fd, SO_PROTOCOL) == IPPROTO_TCP;
	case AF_UNIX:
		return (type == SOCK_STREAM || type == SOCK_SEQPACKET) &&
		       (has_peer(fd) || option(fd, SO_ACCEPTCONN) == 1);
	default:
		return false;
	}
}

int sl_stream_check(int fd, const char *name, struct sl_error *err)
{
	int domain = option(fd, SO_DOMAIN);

	if (domain < 0 || is_harmless(fd, domain))
		return 0; /* no socket, or a tame one */
	return sl_err(err, -EPERM, SL_STAGE_CHECK,
		      "%s is a socket through which the program could reach "
		      "peers that no rule judges; hint: give it a pipe",
		      name);
}
