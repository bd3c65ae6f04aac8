/* SPDX-License-Identifier: Apache-2.0 */
/* Asking the supervisors of this user's sandboxes: docs/design/control.md. */
#ifndef SL_RUN_CONTROL_CLIENT_H
#define SL_RUN_CONTROL_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "run/control_wire.h"
#include "run/entry.h"
#include "supervise/portmap.h"

enum sl_found_state {
	SL_FOUND_SILENT = 0, /* the supervisor does not answer */
	SL_FOUND_RUNNING,
	SL_FOUND_SUSPENDED, /* the supervisor is stopped and cannot answer */
	SL_FOUND_STARTING,  /* or ending: there is a lock and nobody listens */
	SL_FOUND_UNTRUSTED, /* who answers is refused by sl_peer_check() */
};

struct sl_found {
	uint32_t state; /* below: known while running; else 0 and NULL */
	char name[SL_ENTRY_NAME_BYTES];
	int64_t pid, supervisor; /* the latter also while silent or suspended */
	int64_t started_ns, age_ns;
	char **argv; /* NULL-terminated */
	size_t argc;
	bool argv_cut;
	char *cwd;
	char *policy; /* of one that was inspected */
	struct sl_port *ports;
	size_t port_count;
};

struct sl_listing {
	struct sl_found *items; /* by name */
	size_t count;
};

/* Every live sandbox of this user. */
int sl_control_list(struct sl_listing **ret_listing, struct sl_error *err);
/* The one named, policy included. -ENOENT: there is none. */
int sl_control_inspect(const char *name, struct sl_listing **ret_listing,
		       struct sl_error *err);
/* The same without the policy, which comes some time after the start. */
int sl_control_ports(const char *name, struct sl_listing **ret_listing,
		     struct sl_error *err);
void sl_listing_free(struct sl_listing *listing);

/* To its first process group. */
int sl_control_signal(const char *name, int sig, struct sl_error *err);
/*
 * TERM, after @grace_ms KILL, and wait at most @timeout_ms (-1: for ever, 0:
 * not at all) until nothing of it is left. -ETIMEDOUT: the order stands.
 */
int sl_control_kill(const char *name, int64_t grace_ms, int64_t timeout_ms,
		    struct sl_error *err);

struct sl_watch;

struct sl_happened {
	struct sl_control_head head;
	const char *name; /* borrowed until the next call */
	const char *json;
};

/* @name NULL: all that run, and all that will. */
int sl_watch_open(const char *name, struct sl_watch **ret_watch,
		  struct sl_error *err);
int sl_watch_fd(const struct sl_watch *watch);
/* -ETIMEDOUT: nothing happened; -ENODATA: the named one is gone. */
int sl_watch_next(struct sl_watch *watch, int64_t timeout_ms,
		  struct sl_happened *ret_event, struct sl_error *err);
void sl_watch_free(struct sl_watch *watch);

/* Shared by both files of the client. ------------------------------------ */

/* The runtime directory as the environment says. */
int sl_client_dir(struct sl_error *err);

/* -ENOENT for what no sandbox can be called. */
int sl_client_check_name(const char *name, struct sl_error *err);

enum sl_client_mode {
	SL_CLIENT_ONCE = 0, /* an entry that does not listen yet is none */
	SL_CLIENT_WAIT,	    /* it is waited for, for a moment */
	SL_CLIENT_WAKE,	    /* the same; a stopped supervisor shall go on */
};

/* A connection to @name on which @request was sent, to a server that may be
 * believed; @ret_pid its process. */
int sl_client_send(int dir_fd, const char *name,
		   const struct sl_control_request *request,
		   enum sl_client_mode mode, pid_t *ret_pid,
		   struct sl_error *err);

/* Without an answer: a refusal, or an end. -ENOENT. */
int sl_client_hung_up(const char *name, struct sl_error *err);

bool sl_client_is_stopped(pid_t pid);

/* One packet, not waited for; text behind the head into @buf, with a NUL.
 * -EAGAIN: none; -ECONNRESET: the end. @ret_fd NULL, or a body's memfd or -1. */
int sl_client_receive(int sock, struct sl_control_head *ret_head, char *buf,
		      size_t size, int *ret_fd);

int64_t sl_client_deadline(int64_t timeout_ms);
/* Milliseconds for poll(2). */
int sl_client_left(int64_t deadline);

#endif
