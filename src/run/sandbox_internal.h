/* SPDX-License-Identifier: Apache-2.0 */
/* What sandbox.c and sandbox_stream.c share. */
#ifndef SL_RUN_SANDBOX_INTERNAL_H
#define SL_RUN_SANDBOX_INTERNAL_H

#include "run/sandbox.h"
#include "run/naming.h"
#include "run/prepare.h"
#include "run/proto.h"
#include "run/recipe.h"
#include "run/remote.h"
#include "run/stream.h"

struct sl_sandbox {
	pid_t owner; /* the process that started it, not one forked from it */
	int epoll;
	struct sl_run *run; /* inline, else NULL */
	int sock;	    /* remote, else -1 */
	bool terminal;	    /* stdin is one, and ours to hand on */
	bool foreground;    /* it was handed on */
	bool open[3]; /* streams of the caller before we opened anything */
	bool started, failed, over;
	int pid;
	uint32_t stops; /* inline: relayed so far */
	int ends[3];	/* of streams, ours until taken; or -1 */
	struct sl_prepared *prepared;
	struct sl_naming naming;
	struct sl_error error; /* why the start failed */
	struct sl_result result;
};

/* The ends that the program gets, into launch.fds[], and those of the caller. */
int sl_sandbox_open_streams(struct sl_sandbox *sandbox,
			    const struct sl_spawn *spawn, struct sl_error *err);
/* Are the descriptors of the caller open; asked before anything is made. */
int sl_sandbox_check_streams(const struct sl_spawn *spawn, struct sl_error *err);
/* @fd joins what sl_sandbox_fd() is readable for. */
int sl_sandbox_watch(struct sl_sandbox *sandbox, int fd);

#endif
