/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What handlers that change an object have in common. The order of errors is
 * the kernel's: arguments, look-up, our refusal, the act.
 */
#ifndef SL_SUPERVISE_ACT_H
#define SL_SUPERVISE_ACT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervise/call.h"

/* The path in argument @n (into judge->path[0]), pinned below @dirfd; @at_flags
 * as of the AT_* calls: NOFOLLOW and EMPTY_PATH count. */
int sl_act_pin(struct sl_call *call, int dirfd, int n, int at_flags);

/*
 * May the caller do what takes any of @rights to the object behind @fd: 0; else
 * -@error. @as_file: @fd is a copy of a descriptor that the call itself would
 * use, so that one opened with O_PATH is -EBADF.
 */
int sl_act_judge(struct sl_call *call, int fd, uint32_t rights, int error,
		 bool as_file);

/* May the caller act on task @pid: 0, -ESRCH, -EPERM (h_task.c). */
int sl_act_target(struct sl_call *call, pid_t pid);

#endif
