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
#include <poll.h>
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

static void forget(struct sl_judge_exec *exec)
{
	if (exec->tgid)
		close(exec->pidfd);
	*exec = (struct sl_judge_exec){ 0 };
}

/* What process @exec executes, held; negative errno. */
static int open_exe(struct sl_judge *judge, const struct sl_judge_exec *exec)
{
	char path[24];
	char *at = sl_object_number(path, (unsigned int)exec->tgid);

	memcpy(at, "/exe", sizeof("/exe"));
	return sl_path_open(judge->proc_fd, path, 0, 0);
}

static void note_before(struct sl_judge *judge, struct sl_judge_exec *exec)
{
	sl_autoclose int fd = open_exe(judge, exec);
	struct sl_object object;

	exec->known = fd >= 0 && sl_object_look(fd, &object) == 0;
	if (exec->known) {
		exec->dev = object.dev;
		exec->ino = object.ino;
	}
}

/* SECURITY: held while it can be held, so that it is not looked at, or ended,
 * by a number of another one, nor for want of descriptors. */
static int remember(struct sl_call *call)
{
	struct sl_judge *judge = call->judge;
	struct sl_judge_exec *slot = &judge->execs[0];
	int32_t tgid = sl_remote_tgid(call);
	int pidfd, r;

	if (tgid <= 0)
		return tgid ? tgid : -ESRCH;
	pidfd = sl_pidfd_open(tgid, 0);
	r = pidfd < 0 ? pidfd : sl_call_alive(call);
	if (r < 0) {
		sl_cleanup_close(&pidfd);
		return r;
	}
	/* With all places taken the oldest one was looked at for the last time. */
	for (int i = 0; i < SL_JUDGE_EXECS; i++) {
		struct sl_judge_exec *exec = &judge->execs[i];

		if (exec->tgid == tgid) {
			slot = exec;
			break;
		}
		if (exec->until < slot->until)
			slot = exec;
	}
	forget(slot);
	*slot = (struct sl_judge_exec){ .tgid = tgid,
					.pidfd = pidfd,
					.until = now_ms() + LOOK_MS };
	note_before(judge, slot);
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

static bool is_gone(const struct sl_judge_exec *exec)
{
	struct pollfd pfd = { .fd = exec->pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

/* Is it denied: 1, 0; negative errno if that cannot be found out, because it
 * shows itself to nobody, say, or we have no descriptor left. */
static int judge_exe(struct sl_judge *judge, struct sl_judge_exec *exec)
{
	struct seccomp_notif nobody = { .pid = (uint32_t)exec->tgid };
	struct sl_call call = { .judge = judge, .notif = &nobody };
	sl_autoclose int exe = open_exe(judge, exec);
	struct sl_object object;
	int r;

	if (exe < 0)
		return exe;
	r = sl_carve_object(&call, exe);
	if (r < 0 || r & SL_CARVE_DENY)
		return 1;
	r = sl_object_look(exe, &object);
	if (r == 0 && exec->known)
		exec->seen |= object.dev != exec->dev || object.ino != exec->ino;
	return r;
}

/*
 * SECURITY: who cannot be looked at is not let off: it is looked at again, and
 * ended when the time for that is over. Unless it was seen behind the
 * execution, as may be one whose first thread has ended since.
 */
static void look_at(struct sl_judge *judge, struct sl_judge_exec *exec, bool last)
{
	int r = judge_exe(judge, exec);

	if (is_gone(exec))
		forget(exec);
	else if (r > 0 || (r < 0 && last && !exec->seen))
		sl_pidfd_signal(exec->pidfd, SIGKILL);
}

void sl_exec_look(struct sl_judge *judge)
{
	int64_t now = now_ms();
	bool more = false;

	for (int i = 0; i < SL_JUDGE_EXECS; i++) {
		struct sl_judge_exec *exec = &judge->execs[i];
		bool last = exec->until < now;

		if (!exec->tgid)
			continue;
		look_at(judge, exec, last);
		if (last)
			forget(exec);
		more |= exec->tgid != 0;
	}
	judge->looks = more;
}

void sl_exec_drop(struct sl_judge *judge)
{
	for (int i = 0; i < SL_JUDGE_EXECS; i++)
		forget(&judge->execs[i]);
}
