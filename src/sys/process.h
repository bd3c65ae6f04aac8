/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Other processes and held paths, as the kernel offers them: one function per
 * call, a negative errno on failure, errno itself untouched.
 */
#ifndef SL_SYS_PROCESS_H
#define SL_SYS_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Up to @len bytes: how many; fewer where memory ends. */
ssize_t sl_process_read(pid_t tid, uint64_t addr, void *buf, size_t len);
/* The same from @count places one after the other, at most UIO_MAXIOV. */
struct iovec;
ssize_t sl_process_read_spans(pid_t tid, const struct iovec *from, size_t count,
			      void *buf, size_t len);
/* Never overrides the protection of a page. */
ssize_t sl_process_write(pid_t tid, uint64_t addr, const void *buf, size_t len);

/* Is @tid a thread of this process. */
bool sl_process_is_ours(pid_t tid);

/* The calling thread works for moments, and others wait for it: the scheduler
 * is to take it soon. Where that is not known it stays as it was. */
void sl_process_be_prompt(void);

int sl_pidfd_open(pid_t pid, unsigned int flags);
int sl_pidfd_getfd(int pidfd, int fd);
int sl_pidfd_signal(int pidfd, int sig);
/* Its process id; -ENOTTY before Linux 6.13. */
int sl_pidfd_tgid(int pidfd);

/* openat2(2) with O_PATH | O_CLOEXEC | @flags and RESOLVE_* @resolve. */
int sl_path_open(int dirfd, const char *path, int flags, uint64_t resolve);

/* Is a seccomp notification still waiting for its answer: 0 or -ENOENT. */
int sl_notify_alive(int listener, uint64_t id);

#endif
