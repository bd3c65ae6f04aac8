/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One trapped system call, as a handler sees it, and what a handler answers.
 *
 * The rules that every handler keeps:
 * - The caller's memory is read once, into ours (remote.h); what is judged is
 *   the copy, and what is acted on is the copy, too.
 * - Between the last read and the first act stands sl_call_alive(): the caller
 *   may be gone and its number somebody else's.
 * - A zeroed answer refuses.
 */
#ifndef SL_SUPERVISE_CALL_H
#define SL_SUPERVISE_CALL_H

#include <limits.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "sys/syscalls.h"

struct sl_judge;
struct sl_notify_row;

enum sl_answer_kind {
	SL_ANSWER_FAIL = 0, /* error; 0 means EPERM */
	SL_ANSWER_VALUE,    /* the call returns value */
	/* Let the kernel run the call. Only rows of notify.def that name the
	 * kernel rule which bounds it may answer so. */
	SL_ANSWER_RUN,
	/* Install our descriptor value (closed afterwards) as the result. */
	SL_ANSWER_FD,
	/* The patient thread answers; nothing is sent now. */
	SL_ANSWER_LATER,
};

struct sl_answer {
	uint32_t kind; /* enum sl_answer_kind */
	int32_t error; /* positive errno */
	int64_t value;
	uint32_t fd_flags; /* SL_ANSWER_FD: O_CLOEXEC or 0 */
	/* SL_ANSWER_FD: the number it gets if it can; 0: the lowest free one. */
	uint32_t fd_number;
};

/* r < 0: the negative errno; else the value. */
static inline struct sl_answer sl_answer(long r)
{
	if (r < 0)
		return (struct sl_answer){ .kind = SL_ANSWER_FAIL,
					   .error = (int32_t)-r };
	return (struct sl_answer){ .kind = SL_ANSWER_VALUE, .value = r };
}

static inline struct sl_answer sl_answer_fail(int error)
{
	return (struct sl_answer){ .kind = SL_ANSWER_FAIL, .error = error };
}

/* Why a rule of ours refuses, for event.h: set by whoever decides, told by the
 * dispatcher if the answer is indeed a failure. */
struct sl_denial {
	uint8_t rule; /* enum sl_event_rule; 0: no rule, an error of the call */
	uint8_t access;	    /* enum sl_event_access */
	int32_t error;	    /* positive errno: told only if that is answered */
	int32_t item;	    /* as in struct sl_event_info */
	uint64_t args[6];   /* as in event.h */
	const char *object; /* any bytes, borrowed until the answer; or NULL */
	size_t object_len;
};

struct sl_call {
	struct sl_judge *judge;
	const struct seccomp_notif *notif;
	const struct sl_notify_row *row;
	bool read_memory; /* set by remote.c */
	unsigned int steps; /* that paths were walked by hand so far: pin_walk.c */
	struct sl_denial denied;
};

static inline uint64_t sl_call_arg(const struct sl_call *call, int n)
{
	return call->notif->data.args[n];
}

/* An argument that the kernel takes as int: what is above is not looked at. */
static inline int sl_call_int(const struct sl_call *call, int n)
{
	return (int)(uint32_t)call->notif->data.args[n];
}

/* Is the call still waiting for our answer: 0, or -ENOENT. */
int sl_call_alive(const struct sl_call *call);

#endif
