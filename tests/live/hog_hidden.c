/* SPDX-License-Identifier: Apache-2.0 */
/* Ways of hog.c to take memory where it is not looked for, or not for long. */
#include "hog.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void *run_leg(void *unused)
{
	struct timespec leg = { .tv_nsec = 2000000 };
	pthread_t thread;

	(void)unused;
	pthread_detach(pthread_self());
	nanosleep(&leg, NULL);
	if (pthread_create(&thread, NULL, run_leg, NULL))
		exit(3);
	return NULL;
}

/* Its first thread is dead, no other one lives for long, and the process does. */
void relay(void)
{
	pthread_t thread;

	anon();
	if (pthread_create(&thread, NULL, run_leg, NULL))
		exit(3);
	syscall(SYS_exit, 0);
}

/* ------------------------------------------------ from one to the next */

#define HEIRS 4096u /* stacks, so that none is used before its time */
#define STACK_OF_HEIR 8192u

static char *estate, *stacks;
static size_t taken;
static unsigned int heirs;
static bool shares_all, has_threads;

static char *next_stack(void)
{
	return stacks + (size_t)(++heirs % HEIRS + 1) * STACK_OF_HEIR;
}

static int inherit(void *unused);

/* What is held of it is not who makes the next one. */
static int inherit_in_thread(void *unused)
{
	if (clone(inherit, next_stack(),
		  CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  CLONE_THREAD | CLONE_SYSVSEM,
		  NULL) < 0)
		syscall(SYS_exit_group, 3);
	for (;;)
		pause();
	return unused == NULL;
}

/* Makes the next one and is gone: none lives for as long as a look at it takes. */
static int inherit(void *unused)
{
	/* A fork is dearer, so there are fewer. */
	size_t part = shares_all ? 64 << 10 : MIB;

	(void)unused;
	if (taken < bytes) {
		touch(estate + taken, part);
		taken += part;
	}
	if (shares_all)
		clone(has_threads ? inherit_in_thread : inherit, next_stack(),
		      CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, NULL);
	else if (fork() == 0)
		return 0;
	syscall(SYS_exit_group, 0);
	return 0;
}

static void hand_on(bool all)
{
	int fds[2];
	char none;

	shares_all = all;
	if (pipe(fds) < 0)
		exit(3);
	if (fork() != 0) {
		close(fds[1]);
		/* Until there is no heir left. */
		while (read(fds[0], &none, 1) < 0)
			;
		exit(0);
	}
	stacks = map((size_t)HEIRS * STACK_OF_HEIR, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1);
	estate = map(bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		     -1);
	madvise(estate, bytes, MADV_HUGEPAGE);
	/* Of forks it is the new one that comes back. */
	for (;;)
		inherit(NULL);
}

/* All of it is in one address space, which changes hands. */
void heirs_vm(void)
{
	hand_on(true);
}

/* The same, by a thread that ends all of its process. */
void heirs_threads(void)
{
	has_threads = true;
	hand_on(true);
}

/* It is copied, which is quick where pages are huge. */
void heirs_fork(void)
{
	hand_on(false);
}

/* ------------------------------------------------ descriptors */

static int hold_on(void *unused)
{
	(void)unused;
	hold();
	return 0;
}

static int hold_memfd(void *unused)
{
	(void)unused;
	memfd();
	hold();
	return 0;
}

/* A thread with descriptors of its own. */
void own_table(void)
{
	char *stack = map(MIB, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1);

	if (clone(hold_memfd, stack + MIB,
		  CLONE_VM | CLONE_FS | CLONE_SIGHAND | CLONE_THREAD |
			  CLONE_SYSVSEM,
		  NULL) < 0)
		exit(3);
	hold();
}

static int open_many(int most)
{
	struct rlimit limit;
	int n = 0;

	getrlimit(RLIMIT_NOFILE, &limit);
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
	while (n < most && dup(STDIN_FILENO) >= 0)
		n++;
	return n;
}

/* As whoever looks would, who is not to take that long: then it is over. */
static void read_links(int fds, int times)
{
	char path[32], link[64];

	for (int i = 0; i < fds * times; i++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", 3 + i % fds);
		if (readlink(path, link, sizeof(link)) < 0 && errno != ENOENT)
			exit(3);
	}
}

/* All have the same descriptors, and many of them; and pages in common, so that
 * they look large. */
void same_table(void)
{
	int fds = open_many(10000);

	touch(map(8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1),
	      8 * MIB);
	for (int i = 0; i < 200; i++)
		if (syscall(SYS_clone, CLONE_FILES | SIGCHLD, 0, 0, 0, 0) == 0)
			hold();
	anon();
	read_links(fds, 40);
	exit(4);
}

/* Many descriptors, and each has its own. The last one has the memory. */
void far_table(void)
{
	open_many(5000);
	touch(map(8 * MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		  -1),
	      8 * MIB);
	for (int i = 0; i < 40; i++)
		if (fork() == 0)
			hold();
	if (fork() == 0) {
		memfd();
		stay();
		exit(0);
	}
	wait(NULL);
}

/* They share all of their memory: it is there once. */
void vfork_shared(void)
{
	char *stack = map(MIB, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1);

	anon();
	for (int i = 0; i < 4; i++)
		if (clone(hold_on, stack + (i + 1) * (MIB / 8),
			  CLONE_VM | SIGCHLD, NULL) < 0)
			exit(3);
}

/* A page for a pipe to keep, and leave for a socket to keep pages: what each
 * says. */
void lend(void)
{
	struct iovec page = { map(4096, PROT_READ | PROT_WRITE,
				  MAP_PRIVATE | MAP_ANONYMOUS, -1),
			      4096 };
	int fds[2], on = 1;

	touch(page.iov_base, page.iov_len);
	if (pipe(fds) < 0)
		exit(3);
	printf("%d\n", vmsplice(fds[1], &page, 1, 0) < 0 ? errno : 0);
	printf("%d\n", setsockopt(-1, SOL_SOCKET, SO_ZEROCOPY, &on, sizeof(on)) < 0
			       ? errno
			       : 0);
}
