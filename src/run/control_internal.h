/* SPDX-License-Identifier: Apache-2.0 */
/* What control.c, control_answer.c and control_event.c share. */
#ifndef SL_RUN_CONTROL_INTERNAL_H
#define SL_RUN_CONTROL_INTERNAL_H

#include <pthread.h>

#include "base/buf.h"
#include "run/control.h"
#include "run/control_wire.h"
#include "run/entry.h"

struct sl_control_client {
	int fd; /* -1: free */
	bool listens;
	uint64_t lost;
};

struct sl_control {
	struct sl_entry entry;
	struct sl_run *run; /* borrowed; NULL: not yet */
	int epoll;
	int timer; /* until SIGKILL; -1: nobody asked */
	int64_t started_ns, started_boot_ns;
	uint64_t kill_at; /* CLOCK_MONOTONIC; 0: nobody asked */
	char *xdg;
	struct sl_buf argv; /* words, each with its NUL */
	bool argv_cut;
	const struct sl_policy *policy; /* borrowed, or NULL */
	int policy_fd;			/* ours, or -1 */
	/* Of the clients: the judge thread tells them things, too. */
	pthread_mutex_t lock;
	struct sl_control_client clients[SL_MAX_CONTROL_CLIENTS];
};

int64_t sl_control_now(int clock);

/* control_answer.c: obey @request of @client, and reply. With the lock held. */
void sl_control_answer(struct sl_control *control,
		       struct sl_control_client *client,
		       const struct sl_control_request *request);
/* A reply of nothing but @error and a reason. */
void sl_control_refuse(int sock, int error, const char *why);

/* control_event.c: with the lock held; @client NULL: all that listen. */
void sl_control_tell(struct sl_control *control, struct sl_control_client *client,
		     const struct sl_control_head *head, const char *json,
		     size_t len);
/* What a client that comes late has missed. With the lock held. */
void sl_control_tell_started(struct sl_control *control,
			     struct sl_control_client *client);
void sl_control_tell_ended(struct sl_control *control,
			   const struct sl_outcome *outcome);

#endif
