/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tricks to outlive the sandbox (A082 and "nothing survives"). Every process
 * keeps a copy of the pipe that was stdout, so its end of file outside proves
 * that nobody is left; all carry the token in argv; and all end by themselves
 * after LIFE_SECONDS, whatever the sandbox does.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LIFE_SECONDS 90
#define BOMB_MAX 60
#define HOPS_PER_NAP 20

static time_t now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec;
}

/* Keep the witness pipe at a number nobody guesses; close the rest. */
static void hide(void)
{
	int keep = dup2(1, 77);

	for (int fd = 0; fd < 70; fd++)
		close(fd);
	(void)keep;
}

static void stubborn(void)
{
	for (int sig = 1; sig < 65; sig++)
		signal(sig, SIG_IGN);
}

static void linger(void)
{
	time_t end = now() + LIFE_SECONDS;

	while (now() < end)
		poll(NULL, 0, 1000);
	_exit(0);
}

/* Two forks and a session of its own. */
static void daemonize(void)
{
	if (fork() == 0) {
		setsid();
		if (fork() == 0) {
			hide();
			stubborn();
			linger();
		}
		_exit(0);
	}
}

/* A subreaper keeps its orphans to itself. */
static void subreaper(void)
{
	if (fork() == 0) {
		setsid();
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
		for (int i = 0; i < 3; i++)
			daemonize();
		hide();
		linger();
	}
}

/* A child of our parent: the keeper's own child. */
static void sibling(void)
{
	long pid = syscall(SYS_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);

	if (pid == 0) {
		setsid();
		hide();
		linger();
	}
}

/* Asks for no signal at its end, stops itself, and is undumpable. */
static void sleeper(void)
{
	long pid = syscall(SYS_clone, 0, 0, 0, 0, 0);

	if (pid == 0) {
		setpgid(0, 0);
		hide();
		prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
		raise(SIGSTOP);
		linger();
	}
}

/* Never the same process for long: forks and exits, for ever. */
static void hopper(void)
{
	time_t end = now() + LIFE_SECONDS;

	if (fork() != 0)
		return;
	setsid();
	hide();
	for (int i = 0; now() < end; i++) {
		if (i % HOPS_PER_NAP == 0)
			poll(NULL, 0, 5);
		if (fork() > 0)
			_exit(0);
	}
	_exit(0);
}

/* True for one of at most BOMB_MAX forks in all the bomb's life. */
static bool may_fork(int *budget)
{
	return __atomic_sub_fetch(budget, 1, __ATOMIC_SEQ_CST) >= 0;
}

/*
 * A fork bomb with a ceiling that cannot be missed: its processes share one
 * count of forks, which only goes down. Its
 * processes never end by themselves before the time is over.
 */
static void bomb(void)
{
	int *budget = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	time_t end = now() + LIFE_SECONDS;

	if (budget == MAP_FAILED || fork() != 0)
		return;
	*budget = BOMB_MAX;
	setsid();
	hide();
	while (now() < end) {
		if (may_fork(budget))
			fork();
		else
			*budget = 0; /* far from wrapping, however long */
		poll(NULL, 0, 2);
	}
	_exit(0);
}

/* A vfork parent that waits uninterruptibly for a child that stays. */
static void vforker(void)
{
	if (fork() == 0) {
		setsid();
		hide();
		if (vfork() == 0)
			linger();
		_exit(0);
	}
}

static const struct {
	const char *name;
	void (*fn)(void);
} kinds[] = {
	{ "daemon", daemonize }, { "subreaper", subreaper },
	{ "sibling", sibling },	 { "sleeper", sleeper },
	{ "hopper", hopper },	 { "vfork", vforker },
	{ "bomb", bomb },
};

/*
 * KIND|all END TOKEN: grow the tree, say "ready PID PPID", then exit, stay, or
 * die of a signal.
 */
static void life(char **argv)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(argv[0], kinds[i].name) == 0 ||
		    (strcmp(argv[0], "all") == 0 && kinds[i].fn != bomb))
			kinds[i].fn();
	dprintf(1, "ready %d %d\n", getpid(), getppid());
	if (strcmp(argv[1], "stay") == 0)
		linger();
	if (strcmp(argv[1], "die") == 0)
		raise(SIGKILL);
	_exit(7);
}

/* Stand and be attacked, until stdin ends. */
static void victim(char **argv)
{
	char c;

	(void)argv;
	prctl(PR_SET_PTRACER, -1, 0, 0, 0);
	dprintf(1, "ready\n");
	while (read(0, &c, 1) > 0)
		;
	_exit(0);
}

/* MIB: write that much to stdout. Same end as bare. */
static void flood(char **argv)
{
	static char buf[65536];
	long left = number(argv[0]) * 16L;

	memset(buf, 'f', sizeof(buf));
	while (left-- > 0)
		if (write(1, buf, sizeof(buf)) != (ssize_t)sizeof(buf))
			_exit(3);
	_exit(5);
}

const struct attack attacks_life[] = {
	{ "life", life },
	{ "victim", victim },
	{ "flood", flood },
	{ NULL, NULL },
};
