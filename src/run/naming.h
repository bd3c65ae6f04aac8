/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of one sandbox and its control plane, as part of a sandbox: on both
 * sides of the supervisor's socket. What goes wrong is kept as a warning.
 */
#ifndef SL_RUN_NAMING_H
#define SL_RUN_NAMING_H

#include "run/control.h"
#include "run/entry.h"

struct sl_naming {
	bool asked;	/* for this very name */
	bool settled;	/* name or warning is what it will be */
	uint32_t stops; /* told so far */
	int epoll;	/* the caller's */
	int timer;	/* until a name is made up; or -1 */
	int policy_fd;	/* until there is a control plane to take it; or -1 */
	struct sl_control *control; /* in the supervisor; or NULL */
	struct sl_error error;	    /* code < 0: there is none, because */
	char name[SL_ENTRY_NAME_BYTES];
};

#define SL_NAMING_INIT ((struct sl_naming){ .timer = -1, .policy_fd = -1 })

/* -EINVAL: not a name. NULL is one that will be made up. */
int sl_naming_check(const char *name, struct sl_error *err);

/* Before the start. Fails only where the start is to be refused. */
int sl_naming_claim(struct sl_naming *naming,
		    const struct sl_control_info *info, struct sl_error *err);
/*
 * When the program runs. @epoll wakes for sl_naming_dispatch() from then on. A
 * name that has to be made up is made up when the run turns out not to be over
 * in a moment: most are, and nobody could have asked for them.
 */
void sl_naming_open(struct sl_naming *naming, const struct sl_control_info *info,
		    struct sl_run *run, int epoll);
/* Now, as somebody asks for the name. */
void sl_naming_hurry(struct sl_naming *naming, struct sl_run *run);
/* Or, on the other side, what the supervisor said of it. */
void sl_naming_told(struct sl_naming *naming, const char *name,
		    const struct sl_error *error);
/* Answer who asks, and tell of what happened. Does not block. */
void sl_naming_dispatch(struct sl_naming *naming, struct sl_run *run);
/* The end; @outcome NULL: the program never ran. */
void sl_naming_close(struct sl_naming *naming, const struct sl_outcome *outcome);
/* In a process forked from the supervisor: the entry is the parent's. */
void sl_naming_forget(struct sl_naming *naming);

/* Why there is no control plane, if the caller should know; else NULL. */
const struct sl_error *sl_naming_warning(const struct sl_naming *naming);

#endif
