/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A059: the caller's terminal is usable afterwards. A shell of ours, leader of
 * a session on a new terminal, runs a program that makes the terminal raw and
 * takes its foreground; then the shell looks at what it has got back.
 */
#include "harness/harness.h"
#include "stage.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

enum {
	TERMINAL_SAME = 0,
	TERMINAL_RAW = 20,
	TERMINAL_TAKEN = 21,
	SIGNALLED = 23
};

static int compare(const struct termios *before, pid_t group)
{
	struct termios now;

	if (tcgetpgrp(0) != group)
		return TERMINAL_TAKEN;
	if (tcgetattr(0, &now) < 0)
		return 22;
	if (now.c_lflag != before->c_lflag || now.c_iflag != before->c_iflag ||
	    now.c_oflag != before->c_oflag)
		return TERMINAL_RAW;
	return TERMINAL_SAME;
}

/* Somebody else in the shell's group, as of a script or a pipeline. */
static pid_t bystander(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		signal(SIGTTOU, SIG_DFL);
		signal(SIGTTIN, SIG_DFL);
		signal(SIGHUP, SIG_DFL);
		for (;;)
			pause();
	}
	return pid;
}

/* Did anything happen to it? */
static bool was_signalled(pid_t pid)
{
	int status;
	bool was = waitpid(pid, &status, WNOHANG | WUNTRACED | WCONTINUED) != 0;

	kill(pid, SIGKILL);
	return was;
}

/* The shell: never returns. */
static void shell(const struct stage *s, char *const argv[])
{
	struct termios before;
	pid_t pid, other;
	int status;

	setsid();
	close(0);
	if (open(s->pty_path, O_RDWR) != 0 || ioctl(0, TIOCSCTTY, 0) < 0 ||
	    tcgetattr(0, &before) < 0 || dup2(0, 1) < 0 || dup2(0, 2) < 0)
		_exit(30);
	signal(SIGTTOU, SIG_IGN);
	signal(SIGTTIN, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	other = bystander();
	pid = fork();
	if (pid == 0) {
		signal(SIGTTOU, SIG_DFL);
		signal(SIGTTIN, SIG_DFL);
		execv(argv[0], argv);
		_exit(99);
	}
	if (waitpid(pid, &status, 0) != pid)
		_exit(31);
	if (was_signalled(other))
		_exit(SIGNALLED);
	_exit(compare(&before, getpgrp()));
}

static int terminal_after(const char *const *words)
{
	struct stage *s = stage_new();
	char *argv[16], buf[512];
	struct pollfd pfd = { .fd = s->pty, .events = POLLIN };
	int n = 0, status = 0;
	pid_t pid;

	for (; words[n]; n++)
		argv[n] = stage_expand(s, words[n]);
	argv[n] = NULL;
	pid = fork();
	if (pid == 0)
		shell(s, argv);
	/* Somebody must read the screen. */
	for (int i = 0; i < 600 && waitpid(pid, &status, WNOHANG) == 0; i++)
		if (poll(&pfd, 1, 50) == 1 &&
		    read(s->pty, buf, sizeof(buf)) < 0 && errno == EIO)
			poll(NULL, 0, 20);
	while (n > 0)
		free(argv[--n]);
	stage_free(s);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 100;
}

TEST(A059_bare_the_terminal_is_lost)
{
	static const char *const words[] = { "%x", "A059", "exit", NULL };

	EXPECT_NE(terminal_after(words), TERMINAL_SAME);
}

TEST(A059_terminal_comes_back)
{
	static const char *const words[] = { "%X", "run",  "-r",   "%x", "--",
					     "%x", "A059", "exit", NULL };

	EXPECT_EQ(terminal_after(words), TERMINAL_SAME);
}

TEST(A059_terminal_comes_back_after_a_kill)
{
	static const char *const words[] = { "%X", "run",  "-r",  "%x", "--",
					     "%x", "A059", "die", NULL };

	EXPECT_EQ(terminal_after(words), TERMINAL_SAME);
}

TEST(A059_the_callers_group_is_not_signalled)
{
	static const char *const words[] = { "%X", "run", "-r",	       "%x",
					     "--", "%x",  "A059group", NULL };

	EXPECT_EQ(terminal_after(words), TERMINAL_SAME);
}
