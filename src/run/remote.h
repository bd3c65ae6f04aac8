/* SPDX-License-Identifier: Apache-2.0 */
/* The library's side of its supervisor process. */
#ifndef SL_RUN_REMOTE_H
#define SL_RUN_REMOTE_H

#include "base/error.h"
#include "policy/policy.h"
#include "run/launch.h"

/*
 * Have @launch started by this process's supervisor (which is started first if
 * there is none, or if the calling thread is not who it was started by: see
 * identity.h). Adds the caller's umask, resource limits and working directory
 * to it. *ret_sock is the sandbox's socket (proto.h) and belongs to the caller.
 */
int sl_remote_spawn(struct sl_launch *launch, int *ret_sock,
		    struct sl_error *err);

/*
 * Hand the text of @policy over, for who inspects the sandbox of @sock. Asks
 * for no answer: what fails here is missed by nobody but them.
 */
void sl_remote_tell_policy(int sock, const struct sl_policy *policy);

#endif
