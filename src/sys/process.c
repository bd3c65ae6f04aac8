/* SPDX-License-Identifier: Apache-2.0 */
/* See process.h. */
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "sys/raw.h"
#include "sys/uapi_task.h"

ssize_t sl_process_read(pid_t tid, uint64_t addr, void *buf, size_t len)
{
	struct iovec to = { buf, len };
	struct iovec from = { (void *)(uintptr_t)addr, len };

	return sl_raw6(SYS_process_vm_readv, tid, (long)&to, 1, (long)&from, 1,
		       0);
}

ssize_t sl_process_read_spans(pid_t tid, const struct iovec *from, size_t count,
			      void *buf, size_t len)
{
	struct iovec to = { buf, len };

	return sl_raw6(SYS_process_vm_readv, tid, (long)&to, 1, (long)from,
		       (long)count, 0);
}

ssize_t sl_process_write(pid_t tid, uint64_t addr, const void *buf, size_t len)
{
	struct iovec from = { (void *)(uintptr_t)buf, len };
	struct iovec to = { (void *)(uintptr_t)addr, len };

	return sl_raw6(SYS_process_vm_writev, tid, (long)&from, 1, (long)&to, 1,
		       0);
}

bool sl_process_is_ours(pid_t tid)
{
	return sl_raw3(SYS_tgkill, getpid(), tid, 0) != -ESRCH;
}

int sl_pidfd_open(pid_t pid, unsigned int flags)
{
	return (int)sl_raw2(SYS_pidfd_open, pid, flags);
}

int sl_pidfd_getfd(int pidfd, int fd)
{
	return (int)sl_raw3(SYS_pidfd_getfd, pidfd, fd, 0);
}

int sl_pidfd_signal(int pidfd, int sig)
{
	return (int)sl_raw4(SYS_pidfd_send_signal, pidfd, sig, 0, 0);
}

int sl_pidfd_tgid(int pidfd)
{
	struct sl_pidfd_info info = { .mask = SL_PIDFD_INFO_PID };
	int r = (int)sl_raw3(SYS_ioctl, pidfd, SL_PIDFD_GET_INFO, &info);

	return r < 0 ? r : (int)info.tgid;
}

int sl_path_open(int dirfd, const char *path, int flags, uint64_t resolve)
{
	struct open_how how = {
		.flags = (uint64_t)(O_PATH | O_CLOEXEC | flags),
		.resolve = resolve,
	};

	return (int)sl_raw4(SYS_openat2, dirfd, path, &how, sizeof(how));
}

int sl_notify_alive(int listener, uint64_t id)
{
	return (int)sl_raw3(SYS_ioctl, listener, SECCOMP_IOCTL_NOTIF_ID_VALID,
			    &id);
}

#define SLICE_NS 100000

/* As sched_setattr(2) has it, in its first version. */
struct sched {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

/* KERNEL 6.12: the runtime of an ordinary thread is its slice. */
void sl_process_be_prompt(void)
{
	struct sched attr = { .size = sizeof(attr) };
	int saved = errno;

	if (syscall(SYS_sched_getattr, 0, &attr, sizeof(attr), 0) == 0 &&
	    attr.policy == 0) {
		attr.runtime = SLICE_NS;
		syscall(SYS_sched_setattr, 0, &attr, 0);
	}
	errno = saved;
}
