/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Removes a tree of any shape with three descriptors and no recursion. A
 * directory that is not empty is renamed up into the top directory, so the tree
 * is flattened while it is taken apart and its depth never matters.
 *
 * SECURITY: the tree was made by the sandbox, and in the worst case somebody
 * still works on it. Every step names one component of a directory we hold;
 * directories are opened by openat2(2) without links and mounts, and their mode
 * is changed by descriptor, never by name.
 */
#include "run/rmtree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"

#define NR_FCHMODAT2 452 /* Linux 6.6 */
#define DENTS_BYTES 32768

struct job {
	int top;
	unsigned long *budget;
	unsigned long moved;	/* makes new names in top */
	unsigned long progress; /* in this pass */
	int failed; /* first reason for something that stays, in this pass */
	char *dents, *top_dents;
};

static bool is_dot(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

static int open_dir_as(int at, const char *name, uint64_t flags)
{
	struct open_how how = {
		.flags = flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
	};
	int fd = (int)syscall(SYS_openat2, at, name, &how, sizeof(how));

	return fd < 0 ? -errno : fd;
}

/* Gives the owner full access to the directory behind O_PATH @fd. */
static int unlock_dir(int fd)
{
	char path[64];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	if ((st.st_mode & 0700) == 0700)
		return 0;
	if (syscall(NR_FCHMODAT2, fd, "", 0700, AT_EMPTY_PATH) == 0)
		return 0;
	/* KERNEL 6.6: drop this when it is the floor. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, 0700) < 0 ? -errno : 0;
}

/* One that its owner may not read: the mode first, by a handle. */
static int open_locked_dir(int at, const char *name)
{
	sl_autoclose int handle = open_dir_as(at, name, O_PATH);
	int fd, r;

	if (handle < 0)
		return handle;
	r = unlock_dir(handle);
	if (r < 0)
		return r;
	fd = openat(handle, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : fd;
}

int sl_dir_open(int at, const char *name)
{
	sl_autoclose int fd = open_dir_as(at, name, O_RDONLY);
	struct stat st;

	if (fd == -EACCES)
		return open_locked_dir(at, name);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0 ||
	    ((st.st_mode & 0700) != 0700 && fchmod(fd, 0700) < 0))
		return -errno;
	return sl_take_fd(&fd);
}

int sl_dir_new(int at, const char *name)
{
	return mkdirat(at, name, 0700) < 0 ? -errno : sl_dir_open(at, name);
}

int sl_dir_make(int at, const char *name)
{
	int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(at, name, flags);

	if (fd < 0 && errno == ENOENT) {
		fd = sl_dir_new(at, name);
		if (fd != -EEXIST)
			return fd;
		fd = openat(at, name, flags); /* somebody was faster */
	}
	return fd < 0 ? -errno : fd;
}

static bool spend(struct job *job)
{
	if (!job->budget)
		return true;
	if (*job->budget == 0)
		return false;
	--*job->budget;
	return true;
}

static void note(struct job *job, int r)
{
	if (!job->failed)
		job->failed = r;
}

/* Renames directory @name of @at into the top directory. */
static int move_up(struct job *job, int at, const char *name)
{
	bool unlocked = false;
	char to[32];

	for (;;) {
		sl_autoclose int handle = -1;

		snprintf(to, sizeof(to), "d%lu", job->moved);
		if (renameat(at, name, job->top, to) == 0)
			return 0;
		if (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR) {
			job->moved++;
			continue;
		}
		/* ".." changes, which needs write permission on it. */
		if (errno != EACCES || unlocked)
			return -errno;
		handle = open_dir_as(at, name, O_PATH);
		if (handle < 0 || unlock_dir(handle) < 0)
			return -EACCES;
		unlocked = true;
	}
}

/* Removes entry @name of @at, or moves it up, or notes why not. 0 or -ETIME. */
static int take_entry(struct job *job, int at, const char *name)
{
	int r = 0;

	if (!spend(job))
		return -ETIME;
	/* Which of the two it is may change under us: ask by trying. */
	if (unlinkat(at, name, 0) < 0)
		r = -errno;
	if (r == -EISDIR || r == -EPERM)
		r = unlinkat(at, name, AT_REMOVEDIR) < 0 ? -errno : 0;
	if ((r == -ENOTEMPTY || r == -EEXIST) && at != job->top)
		r = move_up(job, at, name);
	if (r == 0 || r == -ENOENT)
		job->progress++;
	else
		note(job, r);
	return 0;
}

/* One pass over directory @fd, whose own entries are removed or moved up. */
static int take_entries(struct job *job, int fd)
{
	for (;;) {
		long n = syscall(SYS_getdents64, fd, job->dents, DENTS_BYTES);
		struct dirent64 *d;

		if (n < 0)
			note(job, -errno);
		if (n <= 0)
			return 0;
		for (long at = 0; at < n; at += d->d_reclen) {
			d = (struct dirent64 *)(void *)(job->dents + at);
			if (!is_dot(d->d_name) &&
			    take_entry(job, fd, d->d_name) < 0)
				return -ETIME;
		}
	}
}

/* An entry of the top directory: removed, or at least emptied into it. */
static int take_top_entry(struct job *job, const char *name)
{
	sl_autoclose int fd = -1;

	if (!spend(job))
		return -ETIME;
	if (unlinkat(job->top, name, 0) == 0 ||
	    unlinkat(job->top, name, AT_REMOVEDIR) == 0) {
		job->progress++;
		return 0;
	}
	fd = sl_dir_open(job->top, name);
	if (fd < 0) {
		note(job, fd);
		return 0;
	}
	if (take_entries(job, fd) < 0)
		return -ETIME;
	if (unlinkat(job->top, name, AT_REMOVEDIR) == 0)
		job->progress++;
	return 0;
}

/* *ret_empty: nothing was left to take. */
static int pass(struct job *job, bool *ret_empty)
{
	*ret_empty = true;
	job->progress = 0;
	job->failed = 0;
	if (lseek(job->top, 0, SEEK_SET) < 0)
		return -errno;
	for (;;) {
		long n = syscall(SYS_getdents64, job->top, job->top_dents,
				 DENTS_BYTES);
		struct dirent64 *d;

		if (n < 0)
			return -errno;
		if (n == 0)
			return 0;
		for (long at = 0; at < n; at += d->d_reclen) {
			d = (struct dirent64 *)(void *)(job->top_dents + at);
			if (is_dot(d->d_name))
				continue;
			*ret_empty = false;
			if (take_top_entry(job, d->d_name) < 0)
				return -ETIME;
		}
	}
}

int sl_rmtree(int dir_fd, unsigned long *budget)
{
	sl_autofree char *dents = malloc(2 * DENTS_BYTES);
	struct job job = { .top = dir_fd,
			   .budget = budget,
			   .dents = dents,
			   .top_dents = dents ? dents + DENTS_BYTES : NULL };
	bool empty = false;
	int r;

	if (!dents)
		return -ENOMEM;
	/* What was in the tree may have changed the mode of its top as well. */
	if (fchmod(dir_fd, 0700) < 0)
		return -errno;
	do {
		r = pass(&job, &empty);
		if (r < 0)
			return r;
	} while (!empty && job.progress);
	if (empty)
		return 0;
	return job.failed ? job.failed : -ENOTEMPTY;
}
