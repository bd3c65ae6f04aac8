/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control data of a message: see message.h.
 *
 * SECURITY: what is parsed here is what is sent, and a descriptor in it is
 * replaced by our copy of the caller's before anything can go out under the
 * caller's number, which among ours is another.
 */
#include "supervise/message.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/remote.h"

/* Descriptors: ours in place of the caller's. */
static int take_rights(struct sl_call *call, struct sl_message *m,
		       unsigned char *data, size_t len)
{
	for (size_t at = 0; at + sizeof(int) <= len; at += sizeof(int)) {
		int fd;

		if (m->fd_count == SL_MESSAGE_FDS)
			return -EINVAL;
		memcpy(&fd, data + at, sizeof(fd));
		/* Else nobody could let go of it without waiting. */
		if (!sl_hurry_prepare(&call->judge->hurry))
			return -ETOOMANYREFS;
		fd = sl_remote_socket(call, fd);
		if (fd < 0)
			return fd;
		m->fds[m->fd_count++] = fd;
		memcpy(data + at, &fd, sizeof(fd));
	}
	return 0;
}

/*
 * Who sends: true or refused. The kernel would check it against us, so ours are
 * put in place; user and group are the same.
 */
static int take_credentials(const struct sl_message *m, unsigned char *data,
			    size_t len)
{
	struct ucred cred;

	if (len != sizeof(cred))
		return -EINVAL;
	memcpy(&cred, data, sizeof(cred));
	if (cred.pid != m->tgid)
		return -EPERM;
	cred.pid = getpid();
	memcpy(data, &cred, sizeof(cred));
	return 0;
}

static int take_control(struct sl_call *call, struct sl_message *m)
{
	size_t at = 0;
	int r = 0;

	while (r == 0 && m->control_len - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr head;
		unsigned char *data = m->control + at + sizeof(head);
		size_t len, step;

		memcpy(&head, m->control + at, sizeof(head));
		if (head.cmsg_len < sizeof(head) ||
		    head.cmsg_len > m->control_len - at)
			return -EINVAL;
		len = head.cmsg_len - sizeof(head);
		if (head.cmsg_level == SOL_SOCKET && head.cmsg_type == SCM_RIGHTS)
			r = take_rights(call, m, data, len);
		else if (head.cmsg_level == SOL_SOCKET &&
			 head.cmsg_type == SCM_CREDENTIALS)
			r = take_credentials(m, data, len);
		step = CMSG_ALIGN(head.cmsg_len);
		at = SL_MIN(at + step, m->control_len);
	}
	return r;
}

/* What an internet socket may say of its packet: not by way of whom it goes. */
static bool is_harmless(const struct cmsghdr *head)
{
	static const struct {
		int level, type;
	} known[] = {
		{ SOL_SOCKET, SO_TIMESTAMPING },
		{ SOL_SOCKET, SO_TXTIME },
		{ SOL_IP, IP_TOS },
		{ SOL_IP, IP_TTL },
		{ SOL_IP, IP_PKTINFO },
		{ SOL_IPV6, IPV6_PKTINFO },
		{ SOL_IPV6, IPV6_2292PKTINFO },
		{ SOL_IPV6, IPV6_HOPLIMIT },
		{ SOL_IPV6, IPV6_2292HOPLIMIT },
		{ SOL_IPV6, IPV6_TCLASS },
		{ SOL_IPV6, IPV6_DONTFRAG },
		{ SOL_UDP, UDP_SEGMENT },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(known); i++)
		if (head->cmsg_level == known[i].level &&
		    head->cmsg_type == known[i].type)
			return true;
	return false;
}

static int check_inet(const struct sl_message *m)
{
	size_t at = 0;

	while (m->control_len - at >= sizeof(struct cmsghdr)) {
		struct cmsghdr head;

		memcpy(&head, m->control + at, sizeof(head));
		if (head.cmsg_len < sizeof(head) ||
		    head.cmsg_len > m->control_len - at)
			return -EINVAL;
		if (!is_harmless(&head))
			return -EPERM;
		at = SL_MIN(at + CMSG_ALIGN(head.cmsg_len), m->control_len);
	}
	return 0;
}

int sl_message_control(struct sl_call *call, const struct sl_sock *sock,
		       uint64_t addr, uint64_t len, struct sl_message *m)
{
	int r;

	/* As the kernel with a larger limit of its own. */
	if (len > sizeof(m->control))
		return -ENOBUFS;
	r = sl_remote_read(call, addr, m->control, (size_t)len);
	if (r < 0)
		return r;
	m->control_len = (size_t)len;
	return sock->domain == AF_UNIX ? take_control(call, m) : check_inet(m);
}
