/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two clones between host and program: the first has no exit signal, so that
 * neither wait(-1) nor SIGCHLD of the host sees it, the second becomes the
 * program and is nobody's child once the first has ended.
 *
 * SECURITY: runs in the host's memory (CLONE_VM|CLONE_VFORK): raw system calls
 * only, no libc state is touched, every signal is blocked by the caller.
 */
#include "run/launcher.h"

#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>

#include "sys/raw.h"

static int become_program(void *arg)
{
	struct sl_launcher *l = arg;
	long r = 0;

	sl_raw0(SYS_setsid); /* Ctrl-C at the host's terminal is not for us */
	for (int i = 0; i < l->fd_count && r >= 0; i++)
		r = sl_raw3(SYS_dup3, l->fds[i], i, 0);
	if (r >= 0)
		r = sl_raw3(SYS_close_range, l->fd_count, ~0u, 0);
	if (r >= 0)
		r = sl_child_reset_signals();
	if (r >= 0) /* pins no mount */
		r = sl_raw1(SYS_chdir, "/");
	if (r >= 0)
		r = sl_raw3(SYS_execve, l->path, l->argv, l->envp);
	l->error = (int)-r;
	return 127;
}

int sl_launcher_helper(void *arg)
{
	struct sl_launcher *l = arg;
	/* Into the host's table, which the first process shares and this one
	 * has a copy of. */
	long r = sl_raw_clone(CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD,
			      l->stack_top, &l->pidfd, 0, become_program, l);

	if (r < 0)
		l->error = (int)-r;
	l->pid = (int)r;
	return 0;
}
