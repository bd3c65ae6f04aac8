/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls of the network, all in one process on loopback: a connect that is taken
 * by the listener beside it, datagrams that a socket sends to itself.
 */
#include "micro.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH MICRO_BATCH
#define MANY 16 /* messages of one sendmmsg(2) */

static struct {
	struct sockaddr_in listener_at, udp_at;
	int listener, udp, connected;
} net;

static int bound(int type, unsigned int port, struct sockaddr_in *ret_at)
{
	int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0), on = 1;
	socklen_t len = sizeof(*ret_at);

	*ret_at = (struct sockaddr_in){ .sin_family = AF_INET,
					.sin_port = htons((uint16_t)port) };
	ret_at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) < 0 ||
	    bind(fd, (struct sockaddr *)ret_at, len) < 0 ||
	    getsockname(fd, (struct sockaddr *)ret_at, &len) < 0)
		return -1;
	return fd;
}

/* With the socket's making and closing, which leaves nothing behind. */
static int op_connect(struct micro *m)
{
	const struct linger reset = { .l_onoff = 1 };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r = 0;

	(void)m;
	if (fd < 0)
		return errno;
	if (setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset)) < 0 ||
	    connect(fd, (const struct sockaddr *)&net.listener_at,
		    sizeof(net.listener_at)) < 0)
		r = errno;
	close(fd);
	return r;
}

static int take_connects(struct micro *m)
{
	(void)m;
	for (int i = 0; i < BATCH; i++) {
		int fd = accept(net.listener, NULL, NULL);

		if (fd < 0)
			return errno;
		close(fd);
	}
	return 0;
}

static int op_send(struct micro *m)
{
	(void)m;
	return send(net.connected, "x", 1, 0) == 1 ? 0 : errno;
}

static int op_sendto(struct micro *m)
{
	(void)m;
	return sendto(net.udp, "x", 1, 0, (const struct sockaddr *)&net.udp_at,
		      sizeof(net.udp_at)) == 1
		       ? 0
		       : errno;
}

static int op_sendmmsg(struct micro *m)
{
	static char byte = 'x';
	struct iovec iov = { .iov_base = &byte, .iov_len = 1 };
	struct mmsghdr list[MANY] = { 0 };

	(void)m;
	for (int i = 0; i < MANY; i++)
		list[i].msg_hdr = (struct msghdr){
			.msg_name = &net.udp_at,
			.msg_namelen = sizeof(net.udp_at),
			.msg_iov = &iov,
			.msg_iovlen = 1,
		};
	return sendmmsg(net.udp, list, MANY, 0) == MANY ? 0 : errno;
}

static int op_recvfrom(struct micro *m)
{
	struct sockaddr_in from;
	socklen_t len = sizeof(from);
	char byte;

	(void)m;
	return recvfrom(net.udp, &byte, 1, MSG_DONTWAIT,
			(struct sockaddr *)&from, &len) == 1
		       ? 0
		       : errno;
}

/* Whatever did not fit was dropped, as datagrams are. */
static int drain(struct micro *m)
{
	while (op_recvfrom(m) == 0)
		;
	return 0;
}

static int fill(struct micro *m)
{
	int r = 0;

	for (int i = 0; i < BATCH && r == 0; i++)
		r = op_sendto(m);
	return r;
}

static const struct op ops[] = {
	{ "tcp connect", NULL, op_connect, take_connects },
	{ "udp send", NULL, op_send, drain },
	{ "udp sendto", NULL, op_sendto, drain },
	{ "udp sendmmsg of 16", NULL, op_sendmmsg, drain },
	{ "udp recvfrom", fill, op_recvfrom, drain },
};

int micro_net(const char *port)
{
	int failed = 0;

	net.listener = bound(SOCK_STREAM, (unsigned int)atoi(port),
			     &net.listener_at);
	net.udp = bound(SOCK_DGRAM, 0, &net.udp_at);
	net.connected = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (net.listener < 0 || listen(net.listener, BATCH) < 0 ||
	    net.udp < 0 || net.connected < 0 ||
	    connect(net.connected, (const struct sockaddr *)&net.udp_at,
		    sizeof(net.udp_at)) < 0) {
		fprintf(stderr, "micro: no sockets: %s\n", strerror(errno));
		return 1;
	}
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		failed |= micro_measure(&ops[i], NULL);
	return failed;
}
