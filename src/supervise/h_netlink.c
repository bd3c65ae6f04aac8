/* SPDX-License-Identifier: Apache-2.0 */
/*
 * socket(2) of AF_NETLINK, and what is done to such sockets that a Unix one
 * does not do. SECURITY: but for the first these help and judge nothing.
 * Whatever they are not sure of the kernel runs, as it would without them;
 * whose socket a call is about is asked of our copy of it, and all they do is
 * done to our end, or to the caller's own memory.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/peer.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/uapi_seccomp.h"

#define RUN ((struct sl_answer){ .kind = SL_ANSWER_RUN })

/*
 * A number of those set aside that is free, as the calls on it are seen by the
 * filter; 0: none, or it cannot be told, and then any does for most programs.
 * From above, since others come from below: a thread that takes the very number
 * in this moment finds it replaced, to its own process's harm.
 */
static uint32_t find_number(const struct sl_call *call)
{
	char path[48], *at;
	struct stat st;

	for (uint32_t i = SL_NETLINK_SOCKETS; i-- > 0;) {
		at = sl_object_number(path, call->notif->pid);
		memcpy(at, "/fd/", 4);
		sl_object_number(at + 4, SL_NETLINK_FIRST_FD + i);
		if (fstatat(call->judge->proc_fd, path, &st,
			    AT_SYMLINK_NOFOLLOW) == 0)
			continue;
		return errno == ENOENT ? SL_NETLINK_FIRST_FD + i : 0;
	}
	return 0;
}

struct sl_answer sl_h_netlink(struct sl_call *call)
{
	int flags = sl_call_int(call, 1) & ~(int)SL_SOCK_TYPE_MASK;
	int type = sl_call_int(call, 1) & (int)SL_SOCK_TYPE_MASK;
	uint32_t number;
	int fd, tgid;

	if (flags & ~(SOCK_CLOEXEC | SOCK_NONBLOCK))
		return sl_answer_fail(EINVAL);
	if (type != SOCK_RAW && type != SOCK_DGRAM)
		return sl_answer_fail(ESOCKTNOSUPPORT);
	tgid = sl_remote_tgid(call);
	if (tgid < 0)
		return sl_answer(tgid);
	number = find_number(call);
	if (sl_call_alive(call) < 0)
		return sl_answer_fail(ENOENT);
	fd = sl_netlink_open(call->judge, (uint32_t)tgid, flags & SOCK_NONBLOCK);
	if (fd < 0)
		return sl_answer(fd);
	return (struct sl_answer){ .kind = SL_ANSWER_FD,
				   .value = fd,
				   .fd_flags = flags & SOCK_CLOEXEC ? O_CLOEXEC
								    : 0,
				   .fd_number = number };
}

/* Ours behind the caller's descriptor, or NULL: anything else, or gone. */
static struct sl_netlink_end *find(struct sl_call *call)
{
	struct sl_netlink_end *end;
	struct sl_sock sock;

	if (!call->judge->netlink.made ||
	    sl_sock_take(call, sl_call_int(call, 0), &sock) < 0)
		return NULL;
	end = sl_netlink_find(call->judge, sock.fd);
	sl_sock_close(call, &sock);
	return end;
}

struct sl_answer sl_h_netlink_bind(struct sl_call *call)
{
	struct sl_netlink_end *end = find(call);
	char address[SL_NETLINK_ADDRESS];
	int r;

	if (!end)
		return RUN;
	r = sl_remote_read(call, sl_call_arg(call, 1), address, sizeof(address));
	if (r == 0)
		r = sl_call_alive(call);
	if (r == 0)
		r = sl_netlink_bind(call->judge, end, address, sizeof(address));
	return sl_answer(r);
}

struct sl_answer sl_h_netlink_connect(struct sl_call *call)
{
	char address[SL_NETLINK_ADDRESS];
	int r;

	if (!find(call))
		return RUN;
	r = sl_remote_read(call, sl_call_arg(call, 1), address, sizeof(address));
	if (r == 0)
		r = sl_netlink_connect(address, sizeof(address));
	return r > 0 ? RUN : sl_answer(r);
}

struct sl_answer sl_h_netlink_name(struct sl_call *call)
{
	struct sl_netlink_end *end = find(call);
	struct sockaddr_nl name = { .nl_family = AF_NETLINK };
	int32_t len;
	int r;

	if (!end)
		return RUN;
	name.nl_pid = end->port.id;
	r = sl_remote_read(call, sl_call_arg(call, 2), &len, sizeof(len));
	if (r == 0 && len < 0)
		r = -EINVAL;
	if (r == 0)
		r = sl_call_alive(call);
	if (r < 0)
		return sl_answer(r);
	r = sl_remote_write(call, sl_call_arg(call, 1), &name,
			    SL_MIN((size_t)len, sizeof(name)));
	len = sizeof(name);
	if (r == 0)
		r = sl_remote_write(call, sl_call_arg(call, 2), &len,
				    sizeof(len));
	return sl_answer(r);
}

/*
 * The kernel has answered before send(2) is over, and musl counts on it: it
 * asks for the answer with MSG_DONTWAIT. So it is given here where we see the
 * call; where we do not it is a moment later.
 */
struct sl_answer sl_h_netlink_send(struct sl_call *call)
{
	unsigned char request[SL_NETLINK_REQUEST_MAX];
	uint64_t len = sl_call_arg(call, 2);
	struct sl_netlink_end *end;
	int r;

	if (!len || len > sizeof(request) ||
	    sl_call_int(call, 3) & ~(MSG_DONTWAIT | MSG_NOSIGNAL))
		return RUN;
	end = find(call);
	if (!end)
		return RUN;
	r = sl_remote_read(call, sl_call_arg(call, 1), request, (size_t)len);
	if (r == 0)
		r = sl_call_alive(call);
	if (r < 0)
		return sl_answer(r);
	return sl_netlink_take(end, request, (size_t)len) ? sl_answer((long)len)
							  : RUN;
}
