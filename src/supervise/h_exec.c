/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Executing, where reading a part of a grant is denied. Only the kernel can do
 * it in place of the caller, and it reads the path once more: what was judged
 * here need not be what is executed. So it is looked at again, see
 * sl_exec_look(), and a process that runs what is denied is ended.
 */
#include "supervise/exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/carve.h"
#include "supervise/event.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/process.h"

/* How long an execution may take until it shows. */
#define LOOK_MS 100

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* With all places taken the oldest one is looked at for the last time. */
static int remember(struct sl_call *call)
{
	struct sl_judge *judge = call->judge;
	struct sl_judge_exec *slot = &judge->execs[0];
	int32_t tgid = sl_remote_tgid(call);

	if (tgid <= 0)
		return tgid ? tgid : -ESRCH;
	for (int i = 0; i < SL_JUDGE_EXECS; i++) {
		struct sl_judge_exec *exec = &judge->execs[i];

		if (exec->tgid == tgid) {
			slot = exec;
			break;
		}
		if (exec->until < slot->until)
			slot = exec;
	}
	*slot = (struct sl_judge_exec){ tgid, now_ms() + LOOK_MS };
	judge->looks = true;
	return 0;
}

static struct sl_answer execute(struct sl_call *call, int dirfd, int n, int flags)
{
	char *path = call->judge->path[0];
	sl_autoclose int fd = -1;
	unsigned int how = 0;
	ssize_t r;

	r = sl_remote_string(call, sl_call_arg(call, n), path, PATH_MAX);
	if (r < 0)
		return sl_answer(r);
	if (flags & AT_SYMLINK_NOFOLLOW)
		how |= SL_PIN_NOFOLLOW;
	if (flags & AT_EMPTY_PATH)
		how |= SL_PIN_EMPTY;
	fd = sl_pin(call, dirfd, path, how);
	if (fd < 0)
		return sl_answer(fd);
	r = sl_carve_object(call, fd);
	if (r < 0)
		return sl_answer(r);
	if (r & SL_CARVE_DENY)
		return sl_answer(sl_carve_refuse(call, (uint32_t)r,
						 SL_TRY_EXECUTE, fd, NULL));
	r = remember(call);
	if (r < 0)
		return sl_answer(r);
	return (struct sl_answer){ .kind = SL_ANSWER_RUN };
}

struct sl_answer sl_h_execve(struct sl_call *call)
{
	return execute(call, AT_FDCWD, 0, 0);
}

struct sl_answer sl_h_execveat(struct sl_call *call)
{
	return execute(call, sl_call_int(call, 0), 1, sl_call_int(call, 4));
}

/* ------------------------------------------------ afterwards */

/* Does process @tgid run what is denied: ended, then. */
static void look_at(struct sl_judge *judge, int32_t tgid)
{
	struct seccomp_notif nobody = { .pid = (uint32_t)tgid };
	struct sl_call call = { .judge = judge, .notif = &nobody };
	char path[24], *at = sl_object_number(path, (unsigned int)tgid);
	sl_autoclose int exe = -1, pidfd = -1;
	int r;

	pidfd = sl_pidfd_open(tgid, 0);
	if (pidfd < 0)
		return;
	memcpy(at, "/exe", sizeof("/exe"));
	exe = sl_path_open(judge->proc_fd, path, 0, 0);
	if (exe < 0)
		return;
	r = sl_carve_object(&call, exe);
	if (r < 0 || r & SL_CARVE_DENY)
		sl_pidfd_signal(pidfd, SIGKILL);
}

void sl_exec_look(struct sl_judge *judge)
{
	int64_t now = now_ms();
	bool more = false;

	for (int i = 0; i < SL_JUDGE_EXECS; i++) {
		struct sl_judge_exec *exec = &judge->execs[i];

		if (!exec->tgid)
			continue;
		look_at(judge, exec->tgid);
		if (exec->until < now)
			*exec = (struct sl_judge_exec){ 0 };
		more |= exec->tgid != 0;
	}
	judge->looks = more;
}
