/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was refused, as data: from the judge's thread, which writes it down and
 * goes on, to the thread that dispatches, which tells whoever asked.
 *
 * The ring has one writer and one reader, a fixed size, no lock, and the writer
 * never waits: what finds no room is counted. Docs: docs/design/denials.md.
 */
#ifndef SL_SUPERVISE_EVENT_H
#define SL_SUPERVISE_EVENT_H

#include <linux/limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervise/call.h"

/* Who refused. The names are part of the interface (sandlock_denial.rule). */
enum sl_event_rule {
	SL_RULE_NONE = 0, /* no denial */
	SL_RULE_NO_GRANT,
	SL_RULE_NO_WRITE_GRANT,
	SL_RULE_DENIED,	    /* an item of the policy, for this very object */
	SL_RULE_PROTECTED,  /* the same, from changes */
	SL_RULE_OUTSIDE,    /* a process that is not of the sandbox */
	SL_RULE_KEEPER,	    /* one of those that supervise it */
	SL_RULE_UNREADABLE, /* the caller's memory must not be read */
	SL_RULE_FILTER,	    /* the seccomp filter; args[] say which rule */
	SL_RULE_LANDLOCK,
	SL_RULE_COUNT
};

/* What the caller wanted of the object: what a grant would have to give. */
enum sl_event_access {
	SL_TRY_CALL = 0, /* the call itself */
	SL_TRY_READ,
	SL_TRY_WRITE,
	SL_TRY_EXECUTE,
	SL_TRY_LIST,
	SL_TRY_CREATE, /* a name in a directory */
	SL_TRY_REMOVE, /* the same */
	SL_TRY_CHANGE, /* metadata */
	SL_TRY_WATCH,
	/* args[0]: family, args[1]: port, args[2]: enum sl_net_proto; 0: TCP */
	SL_TRY_CONNECT,
	SL_TRY_BIND, /* the same */
	SL_TRY_PROCESS,
	SL_TRY_COUNT
};

#define SL_EVENT_PROGRAM 256

struct sl_event_info {
	uint64_t time_ns; /* CLOCK_REALTIME */
	uint64_t args[6]; /* SL_RULE_FILTER: of the call; see access; or 0 */
	int32_t pid;	  /* of the process, 0 if it was gone */
	int32_t tid;
	int32_t item;  /* of filesystem.deny (CONNECT: network.deny), or -1 */
	int32_t error; /* positive errno */
	uint16_t call; /* enum sl_sys, or SL_SYS_COUNT: no known one */
	uint8_t rule;  /* enum sl_event_rule */
	uint8_t access;
	uint16_t program_len;
	uint16_t object_len;
};

/* Flat; program and object are bytes without a NUL behind them. */
struct sl_event {
	struct sl_event_info info;
	char program[SL_EVENT_PROGRAM];
	char object[PATH_MAX];
};

struct sl_event_ring;

/* NULL: out of memory. Pages are used up only as events come. */
struct sl_event_ring *sl_event_ring_new(void);
void sl_event_ring_free(struct sl_event_ring *ring);

/*
 * Wake the reader through eventfd @fd: at the first event after it found the
 * ring empty if @live, else when the ring begins to fill up. Before the first
 * event; without it nobody is woken.
 */
void sl_event_ring_wake(struct sl_event_ring *ring, int fd, bool live);

/* The writer: one thread. */
void sl_event_push(struct sl_event_ring *ring, const struct sl_event *event);

/* The reader: one thread. False: there is none. */
bool sl_event_pop(struct sl_event_ring *ring, struct sl_event *ret_event);
/* How many found no room so far. */
uint64_t sl_event_dropped(const struct sl_event_ring *ring);

/* ---- for the judge's thread ---------------------------------------------- */

/*
 * Note in call->denied that @rule refuses @access to the object behind @fd, a
 * descriptor of ours (-1: there is none), with @error. Told by the dispatcher
 * if that is the answer.
 */
void sl_event_deny(struct sl_call *call, enum sl_event_rule rule,
		   enum sl_event_access access, int error, int fd);
/* The same about process @pid. */
void sl_event_deny_process(struct sl_call *call, enum sl_event_rule rule,
			   int error, int pid);

/* Tell of @denied now. Nothing without a ring. */
void sl_event_send(struct sl_call *call, const struct sl_denial *denied);

#endif
