/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two clones between host and supervisor: the first has no exit signal, so that
 * neither wait(-1) nor SIGCHLD of the host sees it, the second becomes the
 * supervisor and is nobody's child once the first has ended.
 *
 * SECURITY: runs in the host's memory (CLONE_VM|CLONE_VFORK): raw system calls
 * only, no libc state is touched, every signal is blocked by the caller.
 */
#include "run/launcher.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "run/proto.h"
#include "sys/raw.h"

static int become_supervisor(void *arg)
{
	struct sl_launcher *l = arg;
	long r = 0;

	sl_raw0(SYS_setsid); /* Ctrl-C at the host's terminal is not for us */
	for (int i = 0; i < 3 && r >= 0; i++)
		r = sl_raw3(SYS_dup3, l->null_fd, i, 0);
	if (r >= 0)
		r = sl_raw3(SYS_dup3, l->control_fd, SL_SUPERVISOR_CONTROL_FD, 0);
	if (r >= 0)
		r = sl_raw3(SYS_dup3, l->host_fd, SL_SUPERVISOR_HOST_FD, 0);
	if (r >= 0)
		r = sl_raw3(SYS_close_range, SL_SUPERVISOR_HOST_FD + 1, ~0u, 0);
	if (r >= 0)
		r = sl_child_reset_signals();
	if (r >= 0) /* pins no mount; each launch brings its directory */
		r = sl_raw1(SYS_chdir, "/");
	if (r >= 0)
		r = sl_raw3(SYS_execve, l->path, l->argv, l->envp);
	l->error = (int)-r;
	return 127;
}

int sl_launcher_helper(void *arg)
{
	struct sl_launcher *l = arg;
	long r = sl_raw_clone(CLONE_VM | CLONE_VFORK | SIGCHLD, l->stack_top, 0,
			      0, become_supervisor, l);

	if (r < 0)
		l->error = (int)-r;
	l->pid = (int)r;
	return 0;
}
