/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a call is about is swapped by another thread between a file that may be
 * written and one that may not. Prints how many calls wrote.
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SLOT 100 /* a descriptor number that is swapped */

static char path[256];
static struct open_how how;
static const char *good, *bad;
static atomic_bool over;

static long now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static int parent_of(const char *file)
{
	char dir[256];

	snprintf(dir, sizeof(dir), "%s", file);
	*strrchr(dir, '/') = '\0';
	return open(dir, O_PATH | O_DIRECTORY);
}

/* ---- what is swapped ---- */

static void *swap_path(void *arg)
{
	(void)arg;
	/* Both of one length, so that any mixture is a path of neither. */
	while (!over) {
		memcpy(path, bad, strlen(bad) + 1);
		memcpy(path, good, strlen(good) + 1);
	}
	return NULL;
}

static void *swap_fd(void *arg)
{
	int g = parent_of(good), b = parent_of(bad);

	(void)arg;
	while (!over) {
		dup2(b, SLOT);
		dup2(g, SLOT);
	}
	return NULL;
}

static void *swap_how(void *arg)
{
	volatile struct open_how *flip = &how;

	(void)arg;
	while (!over) {
		flip->flags = O_WRONLY | O_APPEND;
		flip->flags = O_RDONLY;
	}
	return NULL;
}

static void *swap_links(void *arg)
{
	(void)arg;
	while (!over)
		syscall(SYS_renameat2, AT_FDCWD, "link1", AT_FDCWD, "link2", 2);
	return NULL;
}

static void *swap_dirs(void *arg)
{
	(void)arg;
	while (!over) {
		syscall(SYS_renameat2, AT_FDCWD, "s", AT_FDCWD, "p", 2);
		rename("p", "q");
		rename("q", "p");
	}
	return NULL;
}

static void *swap_cwd(void *arg)
{
	int g = parent_of(good), b = parent_of(bad);

	(void)arg;
	while (!over)
		if (fchdir(b) || fchdir(g))
			break;
	return NULL;
}

/* ---- what is called ---- */

static int by_path(void)
{
	return open(path, O_WRONLY | O_APPEND);
}

static int by_path_trunc(void)
{
	return truncate(path, 0) ? -1 : open("/dev/null", O_WRONLY);
}

static int by_fd(void)
{
	return openat(SLOT, strrchr(good, '/') + 1, O_WRONLY | O_APPEND);
}

static int by_how(void)
{
	return (int)syscall(SYS_openat2, AT_FDCWD, bad, &how, sizeof(how));
}

static int by_link(void)
{
	return open("link1", O_WRONLY | O_APPEND);
}

static int by_bad(void)
{
	return open("s/file", O_WRONLY | O_APPEND);
}

static int by_name(void)
{
	return open("file", O_WRONLY | O_APPEND);
}

static int execute(const char *what, const char *more)
{
	/* In memory that the other thread goes on to change. */
	pid_t pid = vfork();
	int status = 1;

	if (pid == 0) {
		execl(path, "carver", what, more, (char *)NULL);
		_exit(1);
	}
	waitpid(pid, &status, 0);
	return status == 0 ? open("/dev/null", O_WRONLY) : -1;
}

/* The executed program writes, into a file that may be written. */
static int by_exec(void)
{
	return execute("mark", "marks");
}

/* Or lives on, which is the end of the race. */
static int by_exec_unread(void)
{
	int fd = execute("stay", NULL);

	over = over || fd >= 0;
	return fd;
}

static const struct {
	const char *name;
	void *(*swap)(void *);
	int (*call)(void);
} races[] = {
	{ "path", swap_path, by_path },
	{ "truncate", swap_path, by_path_trunc },
	{ "descriptor", swap_fd, by_fd },
	{ "how", swap_how, by_how },
	{ "links", swap_links, by_link },
	{ "directories", swap_dirs, by_bad },
	{ "cwd", swap_cwd, by_name },
	{ "exec", swap_path, by_exec },
	{ "unread", swap_path, by_exec_unread },
};

int race_main(const char *which, const char *good_path, const char *bad_path,
	      int ms)
{
	size_t i = 0, wrote = 0, calls = 0;
	pthread_t thread;
	long end;

	good = good_path;
	bad = bad_path;
	snprintf(path, sizeof(path), "%s", good);
	how.flags = O_RDONLY;
	while (i < sizeof(races) / sizeof(races[0]) &&
	       strcmp(races[i].name, which) != 0)
		i++;
	if (i == sizeof(races) / sizeof(races[0]))
		return 2;
	dup2(parent_of(good), SLOT);
	if (pthread_create(&thread, NULL, races[i].swap, NULL))
		return 3;
	for (end = now_ms() + ms; now_ms() < end && !over; calls++) {
		int fd = races[i].call();

		if (fd < 0)
			continue;
		if (write(fd, "x", 1) == 1)
			wrote++;
		close(fd);
	}
	over = true;
	pthread_join(thread, NULL);
	printf("%zu of %zu\n", wrote, calls);
	return 0;
}
