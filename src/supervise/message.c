/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See message.h. The order of the checks is the kernel's, so that a caller gets
 * the errno that it would get bare.
 *
 * SECURITY: what is parsed here is what is sent: nothing is read twice. Control
 * data: message_control.c.
 */
#include "supervise/message.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/remote.h"
#include "sys/process.h"

#define MAX_IOV 1024 /* UIO_MAXIOV */

/* As the caller has them: 64 bits each. */
struct span {
	uint64_t base, len;
};
_Static_assert(sizeof(struct span) == sizeof(struct iovec), "handed on");

struct head {
	uint64_t name;
	int32_t name_len;
	uint32_t pad;
	uint64_t spans, span_count;
	uint64_t control, control_len;
	uint32_t flags;
	uint32_t pad2;
};

/* ------------------------------------------------ bytes */

static int sum_of(const struct span *spans, size_t count, size_t *ret_sum)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++) {
		if (spans[i].len > INT64_MAX)
			return -EINVAL;
		/* As the kernel: a sum too large is cut, not refused. */
		sum = SL_MIN(sum + spans[i].len, (uint64_t)INT32_MAX);
	}
	*ret_sum = (size_t)sum;
	return 0;
}

/* In one call: a thousand spans of a byte would be a thousand of them. Whoever
 * has more than one was read before (sl_message_take()), and may be read. */
static int gather(struct sl_call *call, struct span *spans, size_t count,
		  struct sl_message *m)
{
	size_t at = 0, used = 0;
	ssize_t r;

	for (; used < count && at < m->len; used++) {
		spans[used].len = SL_MIN(spans[used].len, m->len - at);
		at += spans[used].len;
	}
	if (used <= 1)
		return used ? sl_remote_read(call, spans->base, m->data, at) : 0;
	r = sl_process_read_spans((pid_t)call->notif->pid,
				  (const struct iovec *)spans, used, m->data, at);
	if (r == (ssize_t)at)
		return 0;
	return r == -EPERM || r == -ESRCH ? (int)r : -EFAULT;
}

static int keep_places(struct sl_message *m, const struct span *spans,
		       size_t count)
{
	if (m->total == m->len)
		return 0;
	m->places = malloc(count * sizeof(*m->places));
	if (!m->places)
		return -ENOBUFS;
	memcpy(m->places, spans, count * sizeof(*m->places));
	return 0;
}

int sl_message_next(struct sl_message *m)
{
	struct iovec part[MAX_IOV];
	size_t skip = m->base + m->len, len, at = 0, used = 0;

	if (!m->places || m->done < m->len || skip >= m->total)
		return 0;
	len = SL_MIN(m->total - skip, (size_t)SL_MESSAGE_BYTES);
	for (unsigned int i = 0; i < m->spans && at < len; i++) {
		struct iovec now = m->places[i];
		size_t over = SL_MIN(skip, now.iov_len);

		skip -= over;
		now.iov_base = (char *)now.iov_base + over;
		now.iov_len = SL_MIN(now.iov_len - over, len - at);
		at += now.iov_len;
		if (now.iov_len)
			part[used++] = now;
	}
	if (sl_process_read_spans(m->tid, part, used, m->data, at) != (ssize_t)at)
		return -EFAULT;
	m->base += m->len;
	m->len = at;
	m->done = 0;
	return 1;
}

/* With its bytes, and nothing else yet. */
static int make(struct sl_call *call, const struct sl_sock *sock,
		struct span *spans, size_t count, struct sl_message **ret)
{
	struct sl_message *m;
	size_t len, total;
	int r = sum_of(spans, count, &len);

	if (r < 0)
		return r;
	/* A stream takes a part and says so, or goes on with the next. */
	if (len > SL_MESSAGE_BYTES && sock->type != SOCK_STREAM)
		return -EMSGSIZE;
	total = len;
	len = SL_MIN(len, (size_t)SL_MESSAGE_BYTES);
	m = malloc(sizeof(*m) + len);
	if (!m)
		return -ENOBUFS;
	memset(m, 0, offsetof(struct sl_message, fds));
	m->peer.pin = -1;
	m->len = len;
	m->total = total;
	m->spans = (unsigned int)count;
	m->stream = sock->type == SOCK_STREAM;
	m->tid = (int)call->notif->pid;
	r = keep_places(m, spans, count);
	if (r == 0)
		r = gather(call, spans, count, m);
	if (r < 0) {
		sl_message_free(m);
		return r;
	}
	*ret = m;
	return 0;
}

void sl_message_free(void *message)
{
	struct sl_message *m = message;

	if (!m)
		return;
	for (unsigned int i = 0; i < m->fd_count; i++)
		close(m->fds[i]);
	if (m->peer.pin >= 0)
		close(m->peer.pin);
	free(m->places);
	free(m);
}

/*
 * SECURITY: the last close of what a message carries may wait (linger.h); that
 * there is a timer was made sure when it was copied.
 */
void sl_message_drop(struct sl_call *call, struct sl_message *m)
{
	bool carries = m && m->fd_count && sl_hurry(&call->judge->hurry);

	sl_message_free(m);
	if (carries)
		sl_hurry_over(&call->judge->hurry);
}

/* ------------------------------------------------ the peer */

static int read_peer(struct sl_call *call, const struct sl_sock *sock,
		     uint64_t addr, int len, struct sl_message *m)
{
	int r = sl_peer_read(call, addr, len, &m->peer);

	/* A stream refuses a name, a seqpacket socket does not look at it. */
	if (r == 0 && sock->domain == AF_UNIX && sock->type != SOCK_DGRAM) {
		if (sock->type == SOCK_SEQPACKET)
			m->peer.len = 0;
		return 0;
	}
	return r == 0 ? sl_peer_judge(call, sock, &m->peer, true) : r;
}

static int check_flags(const struct sl_sock *sock, int flags)
{
	int value = 0;
	socklen_t len = sizeof(value);

	/* The kernel would send from our pages after we have freed them. That
	 * it has no room for more is what callers fall back on. */
	if (flags & MSG_ZEROCOPY &&
	    getsockopt(sock->fd, SOL_SOCKET, SO_ZEROCOPY, &value, &len) == 0 &&
	    value)
		return -ENOBUFS;
	return 0;
}

static int fill(struct sl_call *call, const struct sl_sock *sock,
		const struct head *head, struct sl_message *m)
{
	/* A longer name is cut. */
	int len = SL_MIN(head->name_len, (int)sizeof(struct sockaddr_storage));
	int r = sl_remote_tgid(call);

	if (r < 0)
		return r;
	m->tgid = r;
	r = head->control_len ? sl_message_control(call, sock, head->control,
						   head->control_len, m)
			      : 0;
	if (r == 0 && head->name && len)
		r = read_peer(call, sock, head->name, len, m);
	return r;
}

/* Would be sent when a later one is, without a name and so unseen. */
static bool is_corked(const struct sl_sock *sock, int flags)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return flags & MSG_MORE ||
	       (getsockopt(sock->fd, SOL_UDP, UDP_CORK, &value, &len) == 0 &&
		value);
}

/* Takes @m. */
static int finish(struct sl_call *call, const struct sl_sock *sock,
		  const struct head *head, int flags, struct sl_message *m,
		  struct sl_message **ret)
{
	int r;

	m->flags = flags & ~MSG_ZEROCOPY;
	r = fill(call, sock, head, m);
	if (r == 0 && m->peer.at_once && is_corked(sock, flags))
		r = -EOPNOTSUPP;
	if (r < 0)
		sl_message_drop(call, m);
	else
		*ret = m;
	return r;
}

int sl_message_take(struct sl_call *call, const struct sl_sock *sock,
		    uint64_t addr, int flags, struct sl_message **ret)
{
	sl_autofree struct span *spans = NULL;
	struct sl_message *m = NULL;
	struct head head;
	int r = check_flags(sock, flags);

	if (r == 0)
		r = sl_remote_read(call, addr, &head, sizeof(head));
	if (r < 0)
		return r;
	if (head.name_len < 0 && head.name)
		return -EINVAL;
	if (head.span_count > MAX_IOV)
		return -EMSGSIZE;
	spans = calloc((size_t)head.span_count + 1, sizeof(*spans));
	if (!spans)
		return -ENOBUFS;
	r = sl_remote_read(call, head.spans, spans,
			   (size_t)head.span_count * sizeof(*spans));
	if (r == 0)
		r = make(call, sock, spans, (size_t)head.span_count, &m);
	if (r < 0)
		return r;
	return finish(call, sock, &head, flags, m, ret);
}

int sl_message_take_to(struct sl_call *call, const struct sl_sock *sock,
		       int flags, struct sl_message **ret)
{
	struct span span = { sl_call_arg(call, 1), sl_call_arg(call, 2) };
	struct head head = { .name = sl_call_arg(call, 4),
			     .name_len = sl_call_int(call, 5) };
	struct sl_message *m;
	int r = check_flags(sock, flags);

	/* Here the kernel refuses a name too long. */
	if (r == 0 && (head.name_len < 0 ||
		       (size_t)head.name_len > sizeof(struct sockaddr_storage)))
		r = -EINVAL;
	/* Nor does it take such a one for none, as in sendmsg. */
	if (r == 0 && head.name && !head.name_len && sock->domain != AF_UNIX &&
	    sock->type == SOCK_DGRAM)
		r = -EINVAL;
	span.len = SL_MIN(span.len, (uint64_t)INT32_MAX);
	if (r == 0)
		r = make(call, sock, &span, 1, &m);
	if (r < 0)
		return r;
	return finish(call, sock, &head, flags, m, ret);
}

/* ------------------------------------------------ sending */

static long send_rest(struct sl_message *m, int fd, int flags)
{
	struct iovec iov = { m->data + m->done, m->len - m->done };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;

	/* Name and descriptors go with the first byte. */
	if (!m->done && !m->base) {
		msg.msg_name = m->peer.len ? &m->peer.addr : NULL;
		msg.msg_namelen = m->peer.len;
		msg.msg_control = m->control_len ? m->control : NULL;
		msg.msg_controllen = m->control_len;
	}
	n = sendmsg(fd, &msg, flags);
	return n < 0 ? -errno : (long)n;
}

/* SECURITY: a sibling may have corked it since we looked; this sends what is
 * kept. */
static void uncork(int fd)
{
	int off = 0;

	setsockopt(fd, SOL_UDP, UDP_CORK, &off, sizeof(off));
}

/* What the kernel does for a stream whose peer is gone. */
static void raise_pipe(const struct sl_message *m)
{
	if (m->stream && !(m->flags & MSG_NOSIGNAL))
		syscall(SYS_tgkill, m->tgid, m->tid, SIGPIPE);
}

long sl_message_send(struct sl_message *m, int fd, bool wait)
{
	int flags = m->flags | MSG_NOSIGNAL | (wait ? 0 : MSG_DONTWAIT);
	long r;

	r = send_rest(m, fd, flags);
	if (m->peer.at_once)
		uncork(fd);
	m->error = (int)SL_MIN(r, 0);
	if (r > 0)
		m->done += (size_t)r;
	if (m->base + m->done)
		return (long)(m->base + m->done);
	if (r == -EPIPE)
		raise_pipe(m);
	return r;
}

bool sl_message_unfinished(const struct sl_message *m, long r)
{
	return r == -EAGAIN ||
	       (r >= 0 && m->stream && m->base + m->done < m->total);
}
