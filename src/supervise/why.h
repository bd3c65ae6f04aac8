/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Observers of what the kernel is going to refuse, for --why. An observer lets
 * its call run whatever it finds: the kernel judges, as it does without.
 *
 * SECURITY: nothing here decides. An observer may be wrong, as names change
 * between its look and the call; it must not have an effect of its own.
 */
#ifndef SL_SUPERVISE_WHY_H
#define SL_SUPERVISE_WHY_H

#include <limits.h>
#include <stdbool.h>

#include "supervise/call.h"
#include "supervise/event.h"

/* What an observer ends with. */
static inline struct sl_answer sl_why_run(void)
{
	return (struct sl_answer){ .kind = SL_ANSWER_RUN };
}

/* Tell of a refusal by Landlock: of the object behind @fd, or of @name in it. */
void sl_why_tell(struct sl_call *call, enum sl_event_access access, int error,
		 int fd, const char *name);

/* The path in argument @n into judge->path[@slot]; NULL: not to be read. */
const char *sl_why_path(struct sl_call *call, int n, int slot);

/* Whether a write grant covers the object, as Landlock would have it. True also
 * where that cannot be found out: then nothing is told. */
bool sl_why_may_write(struct sl_call *call, int fd);

/* The directory of the last name of @path; -1: the call fails by itself. */
int sl_why_parent(struct sl_call *call, int dirfd, const char *path,
		  char name[NAME_MAX + 1]);

#endif
