/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory and descriptors of the caller.
 *
 * SECURITY: every failure is an errno, and no errno means "go on": a caller
 * that cannot be read (-EPERM: an undumpable task) is refused.
 */
#ifndef SL_SUPERVISE_REMOTE_H
#define SL_SUPERVISE_REMOTE_H

#include <stddef.h>
#include <sys/types.h>

#include "supervise/call.h"

/* Exactly @len bytes at @addr of the caller: 0, -EFAULT if they are not all
 * there, -EPERM if it may not be read, -ESRCH if it is gone. */
int sl_remote_read(struct sl_call *call, uint64_t addr, void *buf, size_t len);

/* As the kernel copies a structure that may have grown: @len bytes of the
 * caller's @user_len; shorter ones are filled with zero; -E2BIG if a byte
 * behind what we know is not zero. */
int sl_remote_read_struct(struct sl_call *call, uint64_t addr, size_t user_len,
			  void *buf, size_t len);

/* A string with its NUL into @buf of @size bytes (PATH_MAX for a path): its
 * length; -ENAMETOOLONG without a NUL in so many; -EFAULT. Never reads past the
 * page that holds the NUL. */
ssize_t sl_remote_string(struct sl_call *call, uint64_t addr, char *buf,
			 size_t size);

/* 0 or -EFAULT, -EPERM, -ESRCH. Never overrides the protection of a page. */
int sl_remote_write(struct sl_call *call, uint64_t addr, const void *buf,
		    size_t len);

/* A copy of the caller's descriptor @fd, close-on-exec, the caller of this
 * function's to close; -EBADF if there is none. Of a socket there is a second
 * one until sl_remote_release(), so that to close this one never waits. */
int sl_remote_fd(struct sl_call *call, int fd);
/* When the call is judged. */
void sl_remote_release(struct sl_judge *judge);

/* A copy that is to be closed by sl_linger_close() if it is a socket. */
int sl_remote_socket(struct sl_call *call, int fd);

/* A pidfd of the calling thread (of its process before Linux 6.9), borrowed
 * from a cache; negative errno. It may be one of an earlier task of the same
 * number, which is gone: -ESRCH of what is done with it. */
int sl_remote_pidfd(struct sl_call *call);

/* Process id of the caller (its thread group); negative errno. */
int sl_remote_tgid(struct sl_call *call);

/* Is @pid the calling thread or a thread of its process? Opens nothing, and
 * needs no right to read in /proc. */
bool sl_remote_is_own(struct sl_call *call, pid_t pid);

#endif
