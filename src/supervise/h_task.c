/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits, priority, scheduling, cores and group of a task: the kernel asks for
 * the same user alone, and no Landlock scope covers them. The caller itself
 * (number 0) is not asked about.
 *
 * SECURITY: a task is the sandbox's if the kernel lets this thread signal it,
 * which the border's scope decides. Our own process always may be, and is
 * therefore looked for by hand, as is what else stands inside the border. Done
 * by us, since a caller can stretch the time between "go on" and the call until
 * the number is somebody else's; between our look and our call are some
 * microseconds, in which the whole range of numbers would have to go round.
 */
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/act.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/remote.h"
#include "sys/process.h"
#include "sys/raw.h"
#include "sys/uapi_seccomp.h"
#include "sys/uapi_task.h"

#define CORES_BYTES 1024 /* 8,192 cores: the most a kernel is built for */
#define IOPRIO_WHO_USER 3u

static bool is_keeper(const struct sl_judge *judge, pid_t pid)
{
	if (pid == judge->supervisor_pid || pid == judge->guardian_pid)
		return true;
	/* Threads of this process, whatever their numbers. */
	return sl_process_is_ours(pid);
}

/* KERNEL 6.12: the scope. Before it only the caller's own process is known. */
static int may_signal(struct sl_call *call, pid_t pid)
{
	sl_autoclose int fd = sl_pidfd_open(pid, SL_PIDFD_THREAD);

	if (fd == -EINVAL)
		fd = sl_pidfd_open(pid, 0);
	if (fd == -ESRCH)
		return -ESRCH;
	if (!call->judge->scoped)
		return sl_remote_is_own(call, pid) ? 0 : -EPERM;
	return fd < 0 ? -EPERM : sl_pidfd_signal(fd, 0);
}

/* Read everything before. */
int sl_act_target(struct sl_call *call, pid_t pid)
{
	int r;

	if (pid <= 0)
		return -ESRCH;
	if (pid == (pid_t)call->notif->pid)
		return sl_call_alive(call);
	if (is_keeper(call->judge, pid)) {
		sl_event_deny_process(call, SL_RULE_KEEPER, EPERM, pid);
		return -EPERM;
	}
	r = may_signal(call, pid);
	if (r == -EPERM)
		sl_event_deny_process(call, SL_RULE_OUTSIDE, EPERM, pid);
	return r < 0 ? r : sl_call_alive(call);
}

/* ------------------------------------------------ limits */

struct sl_answer sl_h_prlimit64(struct sl_call *call)
{
	uint64_t new_addr = sl_call_arg(call, 2);
	uint64_t old_addr = sl_call_arg(call, 3);
	pid_t pid = sl_call_int(call, 0);
	struct rlimit64 new, old;
	long r = 0;

	if (new_addr)
		r = sl_remote_read(call, new_addr, &new, sizeof(new));
	if (r == 0)
		r = sl_act_target(call, pid);
	if (r < 0)
		return sl_answer(r);
	r = sl_raw4(SYS_prlimit64, pid, sl_call_arg(call, 1),
		    new_addr ? &new : NULL, old_addr ? &old : NULL);
	if (r == 0 && old_addr)
		r = sl_remote_write(call, old_addr, &old, sizeof(old));
	return sl_answer(r);
}

/* ------------------------------------------------ scheduling */

struct sl_answer sl_h_sched_setaffinity(struct sl_call *call)
{
	size_t len = SL_MIN((uint32_t)sl_call_arg(call, 1), CORES_BYTES);
	pid_t pid = sl_call_int(call, 0);
	char cores[CORES_BYTES] = { 0 };
	int r = sl_remote_read(call, sl_call_arg(call, 2), cores, len);

	if (r == 0)
		r = sl_act_target(call, pid);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw3(SYS_sched_setaffinity, pid, len, cores));
}

struct sl_answer sl_h_sched_setscheduler(struct sl_call *call)
{
	pid_t pid = sl_call_int(call, 0);
	int policy = sl_call_int(call, 1), r;
	uint64_t addr = sl_call_arg(call, 2);
	struct sched_param param;

	if (policy < 0 || !addr || pid < 0)
		return sl_answer_fail(EINVAL);
	r = sl_remote_read(call, addr, &param, sizeof(param));
	if (r == 0)
		r = sl_act_target(call, pid);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw3(SYS_sched_setscheduler, pid, policy, &param));
}

struct sl_answer sl_h_sched_setparam(struct sl_call *call)
{
	pid_t pid = sl_call_int(call, 0);
	uint64_t addr = sl_call_arg(call, 1);
	struct sched_param param;
	int r;

	if (!addr || pid < 0)
		return sl_answer_fail(EINVAL);
	r = sl_remote_read(call, addr, &param, sizeof(param));
	if (r == 0)
		r = sl_act_target(call, pid);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw2(SYS_sched_setparam, pid, &param));
}

/* A size the kernel does not take is answered with the one it knows. */
static int read_sched_attr(struct sl_call *call, uint64_t addr,
			   struct sl_sched_attr *attr)
{
	uint32_t size, known = sizeof(*attr);
	int r = sl_remote_read(call, addr, &size, sizeof(size));

	if (r < 0)
		return r;
	if (size == 0)
		size = SL_SCHED_ATTR_SIZE_VER0;
	r = size < SL_SCHED_ATTR_SIZE_VER0
		    ? -E2BIG
		    : sl_remote_read_struct(call, addr, size, attr, known);
	if (r == -E2BIG && sl_call_alive(call) == 0)
		sl_remote_write(call, addr, &known, sizeof(known));
	/* It may have changed since we read it. */
	attr->size = SL_MIN(size, known);
	return r;
}

struct sl_answer sl_h_sched_setattr(struct sl_call *call)
{
	pid_t pid = sl_call_int(call, 0);
	uint64_t addr = sl_call_arg(call, 1);
	uint32_t flags = (uint32_t)sl_call_arg(call, 2);
	struct sl_sched_attr attr = { 0 };
	int r;

	if (!addr || pid < 0 || flags)
		return sl_answer_fail(EINVAL);
	r = read_sched_attr(call, addr, &attr);
	if (r < 0)
		return sl_answer(r);
	if ((int32_t)attr.policy < 0)
		return sl_answer_fail(EINVAL);
	r = sl_act_target(call, pid);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw3(SYS_sched_setattr, pid, &attr, 0));
}

/* ------------------------------------------------ priority */

/* Groups and users reach beyond the sandbox. */
struct sl_answer sl_h_setpriority(struct sl_call *call)
{
	uint32_t which = (uint32_t)sl_call_arg(call, 0);
	pid_t pid = sl_call_int(call, 1);
	int r;

	if (which > (uint32_t)PRIO_USER)
		return sl_answer_fail(EINVAL);
	if (which != SL_PRIO_PROCESS)
		return sl_answer_fail(EPERM);
	r = sl_act_target(call, pid);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(
		sl_raw3(SYS_setpriority, which, pid, sl_call_int(call, 2)));
}

struct sl_answer sl_h_ioprio_set(struct sl_call *call)
{
	uint32_t which = (uint32_t)sl_call_arg(call, 0);
	pid_t pid = sl_call_int(call, 1);
	int r;

	if (which == 0 || which > IOPRIO_WHO_USER)
		return sl_answer_fail(EINVAL);
	if (which != SL_IOPRIO_WHO_PROCESS)
		return sl_answer_fail(EPERM);
	r = sl_act_target(call, pid);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(
		sl_raw3(SYS_ioprio_set, which, pid, sl_call_int(call, 2)));
}

/* ------------------------------------------------ process groups */

/*
 * A group is the sandbox's if one of its processes is: nobody of it can have
 * joined another's. The keepers' groups hold processes that we may signal, us.
 */
static int check_group(struct sl_call *call, pid_t group)
{
	pid_t guardian = call->judge->guardian_pid;
	int r;

	/* 1: kill(2) would take it for everybody. */
	if (group == 1 || group == getpgrp() ||
	    (guardian && group == getpgid(guardian)))
		return -EPERM;
	if (!call->judge->scoped)
		return sl_call_alive(call);
	r = (int)sl_raw2(SYS_kill, -group, 0);
	/* Nobody's yet: then the process of that number makes it. */
	if (r == -ESRCH)
		r = sl_act_target(call, group);
	if (r == -ESRCH)
		r = -EPERM;
	return r < 0 ? r : sl_call_alive(call);
}

/*
 * Run by the kernel, which lets nobody else move the caller and its children.
 * Between our look and its own the number would have to go round, as above.
 */
struct sl_answer sl_h_setpgid(struct sl_call *call)
{
	pid_t group = sl_call_int(call, 1);
	int r;

	if (group < 0)
		return sl_answer_fail(EINVAL);
	r = check_group(call, group);
	if (r < 0)
		return sl_answer(r);
	return (struct sl_answer){ .kind = SL_ANSWER_RUN };
}
