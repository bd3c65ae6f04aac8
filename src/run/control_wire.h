/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What passes between a supervisor and a client over SOCK_SEQPACKET: one
 * request, its reply, and then events where they were asked for. The two may be
 * of different releases: a layout never changes, `version` does.
 */
#ifndef SL_RUN_CONTROL_WIRE_H
#define SL_RUN_CONTROL_WIRE_H

#include <stdint.h>

#include "base/limits.h"

#define SL_CONTROL_VERSION 2u
#define SL_CONTROL_NAME_BYTES 72

enum sl_control_verb {
	SL_CONTROL_NONE = 0,
	SL_CONTROL_INFO,    /* body: everything but the policy */
	SL_CONTROL_INSPECT, /* body: the policy as well */
	SL_CONTROL_SIGNAL,  /* sig, to the first process group */
	SL_CONTROL_KILL,    /* TERM, grace_ns, KILL; then events as below */
	SL_CONTROL_EVENTS,  /* from now to the end, which is the socket's end */
};

struct sl_control_request {
	uint32_t version;
	uint32_t verb;
	int32_t sig;
	uint32_t zero;
	uint64_t grace_ns;
	uint64_t more[5]; /* 0 */
	/* Whom it is meant for, filled up with zeros: who is called otherwise
	 * refuses. SECURITY: a sandbox may have moved entries about. */
	char name[SL_CONTROL_NAME_BYTES];
};
_Static_assert(sizeof(struct sl_control_request) == 136, "on the wire");
_Static_assert(SL_CONTROL_NAME_BYTES > SL_MAX_SANDBOX_NAME, "with its NUL");

/* Every packet to a client begins so. */
struct sl_control_head {
	uint32_t version;
	uint32_t kind; /* 0: a reply; else enum sl_event_kind */
	int32_t error; /* of a reply: 0 or a negative errno */
	int32_t pid;
	int64_t time_ns; /* of an event, since 1970 */
	int32_t code;	 /* of an end; -1: it did not exit */
	int32_t signal;
	uint32_t reason; /* enum sl_reason */
	uint32_t zero;
	uint64_t count; /* bytes of the body, events lost */
	/* Behind it, to the end of the packet: why, or the event as JSON. With
	 * a body: a descriptor of a memfd. */
};
_Static_assert(sizeof(struct sl_control_head) == 48, "on the wire");

enum sl_event_kind {
	SL_EVENT_REPLY = 0,
	SL_EVENT_STARTED,
	SL_EVENT_STOPPED,
	SL_EVENT_ENDED, /* the last one */
	SL_EVENT_LOST,	/* count of them: the reader was too slow */
	SL_EVENT_OTHER, /* JSON alone says what */
};

/* A body is a sequence of these; an unknown tag is skipped. */
struct sl_control_field {
	uint32_t tag; /* enum sl_control_tag */
	uint32_t len; /* of the bytes that follow */
};

enum sl_control_tag {
	SL_TAG_NAME = 1,
	SL_TAG_PID,	   /* int64_t */
	SL_TAG_SUPERVISOR, /* int64_t */
	SL_TAG_STARTED,	   /* int64_t, ns since 1970 */
	SL_TAG_AGE,	   /* int64_t, ns */
	SL_TAG_ARG,	   /* each word of the command */
	SL_TAG_CUT,	   /* no bytes: there were more words */
	SL_TAG_CWD,	   /* of the first process, now */
	SL_TAG_POLICY,	   /* TOML */
	SL_TAG_PORT,	   /* struct sl_port, each */
};

#endif
