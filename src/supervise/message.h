/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A message that the caller wants to send, copied once: bytes, control data
 * with the caller's descriptors in it, and the peer, judged.
 */
#ifndef SL_SUPERVISE_MESSAGE_H
#define SL_SUPERVISE_MESSAGE_H

#include <stddef.h>

#include "supervise/peer.h"

#define SL_MESSAGE_BYTES (512u << 10)
#define SL_MESSAGE_CONTROL (16u << 10)
#define SL_MESSAGE_FDS 253 /* SCM_MAX_FD of the kernel */
/* Of a message that waits: 128 of them may. */
#define SL_MESSAGE_FDS_WAITING 8

struct iovec;

struct sl_message {
	struct sl_peer peer; /* len 0: the one it is connected to */
	size_t len, done;    /* of data; what of it is sent */
	size_t base, total; /* sent before it; all, which a stream may exceed */
	struct iovec *places; /* of all, in the caller's memory; NULL: data is all */
	int error;	      /* of the last attempt, negative; 0: none */
	size_t control_len;
	unsigned int fd_count;
	unsigned int spans; /* that it was gathered from; of `places` */
	int flags;	    /* as the caller gave them */
	int tid, tgid;
	bool stream;
	uint64_t report; /* address of a msg_len to fill in; or 0 */
	uint32_t before; /* then: messages that went out before this one */
	int fds[SL_MESSAGE_FDS];
	_Alignas(16) unsigned char control[SL_MESSAGE_CONTROL];
	unsigned char data[];
};

/* The caller's struct msghdr at @addr for sending on @sock. On success the
 * message is the caller's of this function to free. */
int sl_message_take(struct sl_call *call, const struct sl_sock *sock,
		    uint64_t addr, int flags, struct sl_message **ret);
/* The arguments of sendto(2). */
int sl_message_take_to(struct sl_call *call, const struct sl_sock *sock,
		       int flags, struct sl_message **ret);
/* The control data of @m, @len bytes at @addr, fit to be sent; message_control.c. */
int sl_message_control(struct sl_call *call, const struct sl_sock *sock,
		       uint64_t addr, uint64_t len, struct sl_message *m);
void sl_message_free(void *message);
/* The same by the judge's thread, which must not wait. */
void sl_message_drop(struct sl_call *call, struct sl_message *message);

/*
 * Sends what is left of it on @fd, at once or not at all with @wait false. All
 * bytes sent so far, or a negative errno if there are none. The caller has
 * got its SIGPIPE if there is one to get.
 */
long sl_message_send(struct sl_message *message, int fd, bool wait);

/*
 * The next piece of a stream's message into `data`, where all of this one is
 * sent: 1; 0: there is none, or this one is not; -EFAULT. From whoever the
 * caller is: whether it still waits is to be asked afterwards.
 */
int sl_message_next(struct sl_message *message);

/* Should the rest be waited for, after sl_message_send() returned @r? */
bool sl_message_unfinished(const struct sl_message *message, long r);

#endif
