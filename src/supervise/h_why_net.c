/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TCP ports and signals. See why.h. Landlock judges a port before the kernel
 * looks at the address, and this thread lives under the same rules: an address
 * that leads nowhere asks the question and does nothing else.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "supervise/act.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/peer.h"
#include "supervise/remote.h"
#include "supervise/why.h"

/* Broadcast: no TCP connects there. Reserved: on no interface. */
#define NOWHERE_TO_CONNECT 0xffffffffu
#define NOWHERE_TO_BIND 0xf0000001u

union address {
	sa_family_t family;
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static bool refuses(bool connects, uint16_t port)
{
	struct sockaddr_in nowhere = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr = { htonl(connects ? NOWHERE_TO_CONNECT
					     : NOWHERE_TO_BIND) },
	};
	const struct sockaddr *to = (const struct sockaddr *)&nowhere;
	sl_autoclose int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	int r;

	if (fd < 0)
		return false;
	r = connects ? connect(fd, to, sizeof(nowhere))
		     : bind(fd, to, sizeof(nowhere));
	return r < 0 && errno == EACCES;
}

static bool speaks_tcp(int fd)
{
	int type = 0, protocol = 0;
	socklen_t len = sizeof(int);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) == 0 &&
	       type == SOCK_STREAM && protocol == IPPROTO_TCP;
}

static void show(char *text, size_t size, const union address *address,
		 uint16_t port)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (address->family == AF_INET6) {
		inet_ntop(AF_INET6, &address->in6.sin6_addr, host, sizeof(host));
		snprintf(text, size, "[%s]:%u", host, port);
	} else {
		inet_ntop(AF_INET, &address->in.sin_addr, host, sizeof(host));
		snprintf(text, size, "%s:%u", host, port);
	}
}

/* Is the caller's descriptor @number a TCP socket. */
static bool is_tcp(struct sl_call *call, int number)
{
	struct sl_sock sock;
	bool tcp;

	if (sl_sock_take(call, number, &sock) < 0)
		return false;
	tcp = speaks_tcp(sock.fd);
	sl_sock_close(call, &sock);
	return tcp;
}

static struct sl_answer look_at_port(struct sl_call *call, bool connects)
{
	uint32_t len = (uint32_t)sl_call_arg(call, 2);
	union address address = { 0 };
	uint16_t port;

	if (len < sizeof(address.in) ||
	    sl_remote_read(call, sl_call_arg(call, 1), &address,
			   SL_MIN(len, sizeof(address))) < 0)
		return sl_why_run();
	if (address.family != AF_INET &&
	    (address.family != AF_INET6 || len < sizeof(address.in6) - 4))
		return sl_why_run();
	port = ntohs(address.in.sin_port); /* in either, at the same place */
	if (!is_tcp(call, sl_call_int(call, 0)) || !refuses(connects, port))
		return sl_why_run();
	sl_event_deny(call, SL_RULE_LANDLOCK,
		      connects ? SL_TRY_CONNECT : SL_TRY_BIND, EACCES, -1);
	show(call->judge->object, sizeof(call->judge->object), &address, port);
	call->denied.object = call->judge->object;
	call->denied.object_len = strlen(call->judge->object);
	call->denied.args[0] = address.family;
	call->denied.args[1] = port;
	sl_event_send(call, &call->denied);
	/* Told; the kernel's answer is not told once more. */
	call->denied = (struct sl_denial){ 0 };
	return sl_why_run();
}

struct sl_answer sl_h_why_connect(struct sl_call *call)
{
	return look_at_port(call, true);
}

struct sl_answer sl_h_why_bind(struct sl_call *call)
{
	return look_at_port(call, false);
}

/* ------------------------------------------------ signals */

/* Groups, and everybody (-1), reach whom they may. */
static struct sl_answer look_at_target(struct sl_call *call, int pid)
{
	if (pid > 0 && sl_act_target(call, pid) == -EPERM)
		sl_event_send(call, &call->denied);
	return sl_why_run();
}

struct sl_answer sl_h_why_kill(struct sl_call *call)
{
	return look_at_target(call, sl_call_int(call, 0));
}

struct sl_answer sl_h_why_tkill(struct sl_call *call)
{
	return look_at_target(call, sl_call_int(call, 0));
}

struct sl_answer sl_h_why_tgkill(struct sl_call *call)
{
	return look_at_target(call, sl_call_int(call, 1));
}
