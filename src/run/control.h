/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The control plane of one run, in its supervisor process: its entry in the
 * runtime directory, and answers to who is allowed to ask. All but
 * sl_control_event() belong to one thread.
 */
#ifndef SL_RUN_CONTROL_H
#define SL_RUN_CONTROL_H

#include <stddef.h>

#include "base/error.h"
#include "policy/policy.h"
#include "run/run.h"

struct sl_control;

struct sl_control_info {
	const char *name; /* NULL: made up of the command and the pid */
	const char *xdg;  /* XDG_RUNTIME_DIR of the caller, or NULL; copied */
	const char *const *argv; /* copied */
	/* Borrowed until the end, or NULL: see sl_control_take_policy(). */
	const struct sl_policy *policy;
};

/*
 * Before the start, if a name was asked for: own it. -EEXIST: a live sandbox
 * has it, and the start is to be refused; any other failure is a warning.
 */
int sl_control_claim(const struct sl_control_info *info,
		     struct sl_control **ret_control, struct sl_error *err);

/* The same without a name to own: all that @info says, kept. NULL: no memory. */
struct sl_control *sl_control_prepare(const struct sl_control_info *info);

/*
 * When the program runs: make up a name if there is none yet, and answer from
 * now on. Failure is a warning, and *control is NULL then. @run borrows it
 * until sl_control_close().
 */
int sl_control_open(struct sl_control **control, struct sl_run *run,
		    struct sl_error *err);

/* Poll for POLLIN, then dispatch, which does not block. */
int sl_control_fd(const struct sl_control *control);
void sl_control_dispatch(struct sl_control *control);

const char *sl_control_name(const struct sl_control *control);

/* A memfd with the policy's text, of a host that has the policy. */
void sl_control_take_policy(struct sl_control *control, int fd);

/* The first process stopped, by @sig. */
void sl_control_stopped(struct sl_control *control, int sig);

/*
 * The run is over (@outcome), or never began (NULL): the entry goes, clients
 * are told. Frees. NULL is fine.
 */
void sl_control_close(struct sl_control *control,
		      const struct sl_outcome *outcome);

/* In a process forked from the supervisor: frees, and touches nothing. */
void sl_control_forget(struct sl_control *control);

/*
 * Tell whoever listens to @run: one JSON object without a newline, at most
 * SL_MAX_EVENT_BYTES. Any thread of the supervisor, as long as the run is not
 * over. Never blocks: a reader that is too slow is told how many it lost.
 */
void sl_control_event(struct sl_run *run, const char *json, size_t len);

#endif
