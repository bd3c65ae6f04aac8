/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that the tests of carve-outs run, bare and inside. Static, so
 *that it opens nothing but what it is told to.
 *
 *	carver cell NUMBER PATH		one row of cells.c: prints the errno or
 *0 carver race WHICH GOOD BAD MS	race.c carver facts
 *facts.c carver mark PATH		appends to PATH, for whoever executes it
 *	carver stay			ends after a second, if it cannot be
 *read carver hide			ends later than its first thread
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

static void wait_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&ts, &ts) < 0)
		;
}

/* As a program that may not be read nobody can look at it; as another one it
 * has nothing to do. */
static int stay(void)
{
	if (prctl(PR_GET_DUMPABLE) == 1)
		return 1;
	wait_ms(1000);
	return 0;
}

static void *live_on(void *arg)
{
	wait_ms(400);
	exit(write(1, "alive\n", 6) == 6 ? 0 : 1);
	return arg;
}

/* Of a process whose first thread is over procfs knows no program. */
static int hide(void)
{
	pthread_t thread;

	close(open("/dev/null", O_RDONLY));
	if (pthread_create(&thread, NULL, live_on, NULL))
		return 1;
	pthread_exit(NULL);
}

int main(int argc, char **argv)
{
	int fd, r;

	if (argc == 4 && strcmp(argv[1], "cell") == 0) {
		r = cells[atoi(argv[2])].run(argv[3]);
		printf("%d\n", r < 0 ? errno : -r);
		return 0;
	}
	if (argc == 6 && strcmp(argv[1], "race") == 0)
		return race_main(argv[2], argv[3], argv[4], atoi(argv[5]));
	if (argc == 2 && strcmp(argv[1], "facts") == 0)
		return facts_main();
	if (argc == 2 && strcmp(argv[1], "stay") == 0)
		return stay();
	if (argc == 2 && strcmp(argv[1], "hide") == 0)
		return hide();
	if (argc == 3 && strcmp(argv[1], "mark") == 0) {
		fd = open(argv[2], O_WRONLY | O_APPEND);
		return fd >= 0 && write(fd, "x", 1) == 1 ? 0 : 1;
	}
	return 2;
}
