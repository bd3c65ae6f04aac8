/* SPDX-License-Identifier: Apache-2.0 */
/* Starting the supervisor process without the host noticing a child. */
#ifndef SL_RUN_LAUNCHER_H
#define SL_RUN_LAUNCHER_H

struct sl_launcher {
	const char *path;
	const char *const *argv;
	const char *const *envp;
	int control_fd, host_fd, null_fd; /* all above 9 */
	void *stack_top;		  /* of the second process */
	int error;			  /* positive errno of the exec */
	int pid;			  /* of the supervisor */
};

/* Argument: struct sl_launcher. Runs in the host's memory; see launcher.c. */
int sl_launcher_helper(void *arg);

/* As at the start of a program: default dispositions but for what nohup(1) and
 * a shell's "&" ignore, nothing blocked. From child.c; raw calls only. */
long sl_child_reset_signals(void);

#endif
