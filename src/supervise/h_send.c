/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sendto(2), sendmsg(2), sendmmsg(2), where Unix datagram sockets exist: their
 * peer is named at every send, in the caller's memory. SECURITY: as connect(2),
 * never let run; what is sent is our copy, on our copy of the socket.
 */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/handlers.h"
#include "supervise/message.h"
#include "supervise/patient.h"
#include "supervise/remote.h"
#include "sys/process.h"

#define MAX_BATCH 1024		   /* as the kernel */
#define MAX_BATCH_BYTES (2u << 20) /* then the count is short */
#define MAX_BATCH_SPANS 4096	   /* the same */
#define MMSG_SIZE 64u		   /* of struct mmsghdr */
#define MMSG_LEN 56u		   /* where its msg_len is */

/* ------------------------------------------------ waiting */

/* The number of messages, as sendmmsg returns it, or of bytes. */
static long report(const struct sl_job *job, long sent)
{
	const struct sl_message *m = job->more;
	uint32_t len = (uint32_t)sent;
	ssize_t r;

	if (sent < 0 || !m->report)
		return sent;
	/* SECURITY: it may be gone, and its number a thread of ours. */
	if (sl_notify_alive(job->listener, job->id) < 0 ||
	    sl_process_is_ours(m->tid))
		return -EINTR;
	r = sl_process_write(m->tid, m->report, &len, sizeof(len));
	return r == (ssize_t)sizeof(len) ? (long)m->before + 1 : -EFAULT;
}

/* Until all of it went out, or it does not go on. */
static long do_send(struct sl_job *job)
{
	struct sl_message *m = job->more;
	long r = (long)(m->base + m->done);
	size_t before;

	do {
		before = m->base + m->done;
		if (sl_message_next(m) < 0)
			break; /* what went out is the answer */
		/* SECURITY: else it was another one's memory. */
		if (m->places && sl_notify_alive(job->listener, job->id) < 0)
			return -EINTR;
		r = sl_message_send(m, job->sock.fd, true);
		if (sl_job_stopped(job))
			return -EINTR;
	} while (m->error == -EINTR ||
		 (sl_message_unfinished(m, r) && m->base + m->done > before));
	return report(job, r);
}

/* Takes @m and the socket. */
static struct sl_answer send_patiently(struct sl_call *call,
				       const struct sl_sock *sock,
				       struct sl_message *m)
{
	struct sl_job job = { .work = do_send,
			      .drop = sl_message_free,
			      .more = m,
			      .sock = *sock,
			      .peer.pin = -1 };

	if (m->fd_count > SL_MESSAGE_FDS_WAITING && !m->done) {
		sl_message_drop(call, m);
		sl_sock_close(call, &job.sock);
		return sl_answer(-ETOOMANYREFS);
	}
	return sl_patient_give(call, &job);
}

static bool waits(const struct sl_sock *sock, const struct sl_message *m)
{
	return sock->blocks && !(m->flags & MSG_DONTWAIT) && !m->peer.at_once;
}

/* ------------------------------------------------ one message */

/* Takes the socket, and @m (NULL if @r is an error). */
static struct sl_answer send_one(struct sl_call *call, struct sl_sock *sock,
				 struct sl_message *m, int r)
{
	long sent = r;

	if (sent == 0)
		sent = sl_call_alive(call);
	if (sent == 0) {
		sent = sl_message_send(m, sock->fd, false);
		if (waits(sock, m) && sl_message_unfinished(m, sent))
			return send_patiently(call, sock, m);
	}
	sl_message_drop(call, m);
	sl_sock_close(call, sock);
	return sl_answer(sent);
}

/* A socket, or the answer why not: 0 or a negative errno. */
static int take_socket(struct sl_call *call, struct sl_sock *ret_sock)
{
	int r = sl_sock_take(call, sl_call_int(call, 0), ret_sock);

	if (r == 0 && ret_sock->domain < 0) {
		sl_sock_close(call, ret_sock);
		r = ret_sock->domain;
	}
	return r;
}

struct sl_answer sl_h_sendto(struct sl_call *call)
{
	struct sl_message *m = NULL;
	struct sl_sock sock;
	int r = take_socket(call, &sock);

	if (r < 0)
		return sl_answer(r);
	r = sl_message_take_to(call, &sock, sl_call_int(call, 3), &m);
	return send_one(call, &sock, m, r);
}

struct sl_answer sl_h_sendmsg(struct sl_call *call)
{
	struct sl_message *m = NULL;
	struct sl_sock sock;
	int r = take_socket(call, &sock);

	if (r < 0)
		return sl_answer(r);
	r = sl_message_take(call, &sock, sl_call_arg(call, 1),
			    sl_call_int(call, 2), &m);
	return send_one(call, &sock, m, r);
}

/* ------------------------------------------------ many */

/*
 * One of them, without waiting: bytes sent, or a negative errno; then, if it is
 * worth waiting for, *ret_left is the message. @spans grows by those it has.
 */
static long send_entry(struct sl_call *call, const struct sl_sock *sock,
		       uint64_t addr, size_t *spans, struct sl_message **ret_left)
{
	struct sl_message *m = NULL;
	long r = sl_message_take(call, sock, addr, sl_call_int(call, 3), &m);
	bool left;

	if (r < 0)
		return r;
	*spans += m->spans;
	r = sl_call_alive(call);
	if (r == 0)
		r = sl_message_send(m, sock->fd, false);
	left = waits(sock, m) && sl_message_unfinished(m, r);
	if (left)
		*ret_left = m;
	else
		sl_message_drop(call, m);
	return r;
}

static uint64_t entry(const struct sl_call *call, unsigned int i)
{
	return sl_call_arg(call, 1) + (uint64_t)i * MMSG_SIZE;
}

/* How many went out. An error of the first is the call's, of a later one it is
 * lost, as in the kernel. What the first one waits for is *ret_left. */
static long send_batch(struct sl_call *call, const struct sl_sock *sock,
		       unsigned int count, struct sl_message **ret_left)
{
	size_t bytes = 0, spans = 0;
	unsigned int i;
	long r = 0;

	for (i = 0;
	     i < count && bytes < MAX_BATCH_BYTES && spans < MAX_BATCH_SPANS;
	     i++) {
		struct sl_message *left = NULL;
		uint32_t len;

		r = send_entry(call, sock, entry(call, i), &spans, &left);
		if (left && (i == 0 || left->done)) {
			left->report = entry(call, i) + MMSG_LEN;
			*ret_left = left;
			return i;
		}
		sl_message_drop(call, left);
		if (r < 0)
			break;
		len = (uint32_t)r;
		bytes += len;
		r = sl_remote_write(call, entry(call, i) + MMSG_LEN, &len,
				    sizeof(len));
		if (r < 0)
			break;
	}
	return i ? (long)i : r;
}

struct sl_answer sl_h_sendmmsg(struct sl_call *call)
{
	unsigned int count = (uint32_t)sl_call_arg(call, 2);
	struct sl_message *left = NULL;
	struct sl_sock sock;
	long r = take_socket(call, &sock);

	if (r < 0)
		return sl_answer(r);
	r = send_batch(call, &sock, SL_MIN(count, MAX_BATCH), &left);
	if (left) {
		left->before = (uint32_t)r;
		return send_patiently(call, &sock, left);
	}
	sl_sock_close(call, &sock);
	return sl_answer(r);
}
