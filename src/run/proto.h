/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a library and its supervisor process, over SOCK_SEQPACKET pairs: one
 * control socket, on which spawns are asked for, and one socket per sandbox,
 * whose end at the host means "this sandbox shall end", and whose end at the
 * supervisor means "nothing of it is left" (the guardian holds it open too).
 */
#ifndef SL_RUN_PROTO_H
#define SL_RUN_PROTO_H

#include <stdint.h>

#include "base/error.h"
#include "run/entry.h"
#include "run/launch.h"
#include "run/run.h"

#define SL_SUPERVISOR_CONTROL_FD 3
#define SL_SUPERVISOR_HOST_FD 4 /* pidfd of the host */

/* The kernel passes 253 at a time. */
#define SL_PROTO_MAX_ROOT_FDS 192
#define SL_PROTO_MAX_FDS (2 + SL_FD_COUNT + SL_PROTO_MAX_ROOT_FDS)

/* control: with descriptors [sandbox socket, recipe memfd, launch.fds that are
 * not -1 in order, those of the roots that hold one in order]. */
struct sl_proto_spawn {
	uint32_t recipe_len;
	uint32_t fd_mask; /* bit per enum sl_launch_fd */
};

/* sandbox socket, to the supervisor */
enum sl_proto_order_kind {
	SL_PROTO_SIGNAL = 1,
	SL_PROTO_KILL,
	SL_PROTO_POLICY, /* with a memfd: its text, for who inspects */
};
struct sl_proto_order {
	uint32_t kind;
	int32_t sig;
};

/* sandbox socket, to the host */
enum sl_proto_event_kind {
	SL_PROTO_STARTED = 1, /* pid */
	SL_PROTO_FAILED,      /* error; the last message */
	SL_PROTO_OVER,	      /* outcome; the last message */
	SL_PROTO_NAMED,	      /* name; or error: there is no control plane */
	SL_PROTO_DENIAL,      /* a struct sl_proto_denial */
};
struct sl_proto_event {
	uint32_t kind;
	int32_t pid;
	struct sl_outcome outcome;
	struct sl_error error;
	char name[SL_ENTRY_NAME_BYTES];
	uint64_t dropped; /* OVER: denials that were not sent */
};

/* Cut behind the last byte of event.object that counts. */
struct sl_proto_denial {
	uint32_t kind;
	uint32_t reserved;
	struct sl_event event;
};

/* Serve until the host is gone and every sandbox has ended. Exit status. */
int sl_supervisor_main(void);

#endif
