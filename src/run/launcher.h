/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a program of ours without the host noticing a child. */
#ifndef SL_RUN_LAUNCHER_H
#define SL_RUN_LAUNCHER_H

#define SL_LAUNCHER_FDS 5
#define SL_LAUNCHER_HIGH 10 /* clear of those below */

struct sl_launcher {
	const char *path;
	const char *const *argv;
	const char *const *envp;
	/* What it finds at 0, 1...; all at SL_LAUNCHER_HIGH or above. */
	int fds[SL_LAUNCHER_FDS];
	int fd_count;
	void *stack_top; /* of the second process */
	int error;	 /* positive errno of the exec */
	int pid;	 /* of the program */
	int pidfd;	 /* to it, from the kernel */
};

/*
 * Runs it. 0 or a negative errno: *launcher has pid and pidfd, which the caller
 * closes. The program is nobody's child, heads a session of its own, and has
 * "/" as its working directory.
 */
int sl_launcher_run(struct sl_launcher *launcher);

/* Argument: struct sl_launcher. Runs in the host's memory; see launcher.c. */
int sl_launcher_helper(void *arg);

/* As at the start of a program: default dispositions but for what nohup(1) and
 * a shell's "&" ignore, nothing blocked. From child.c; raw calls only. */
long sl_child_reset_signals(void);

#endif
