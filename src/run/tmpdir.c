/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Private temporary directories: making, removing, sweeping up after killed
 * runs. Never touches what is not ours: the base is checked for owner, mode and
 * type before use, since anybody may have made that name in /tmp.
 *
 * Who owns a tmp-XXXXXX is decided by the lock on it. Both sides take it
 * without waiting and then look whether the name still leads to the directory
 * they locked: so a sweeper that meets one in the middle of being made either
 * loses, or wins and its maker starts again under another name.
 */
#include "run/tmpdir.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "run/rmtree.h"

#define TRIES 64
#define SWEEP_REMOVALS 512 /* per start: a few milliseconds */
#define RUN_PREFIX "tmp-"
#define RUN_NAME_LEN 10

/* Base */

static int check_base(int fd, const char *path, struct sl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN, "'%s': %m", path);
	if (st.st_uid != geteuid())
		return sl_err(err, -EPERM, SL_STAGE_SPAWN,
			      "'%s' belongs to user %u, so no temporary "
			      "directory is made there; hint: set TMPDIR to a "
			      "directory of your own",
			      path, st.st_uid);
	if (st.st_mode & 077)
		return sl_err(err, -EPERM, SL_STAGE_SPAWN,
			      "'%s' is open to others (mode %04o), so no "
			      "temporary directory is made there; hint: remove "
			      "it, or chmod 700 if what is in it is yours",
			      path, st.st_mode & 07777);
	return 0;
}

/* $XDG_RUNTIME_DIR, if it is what the specification promises; else -1. */
static int open_runtime_dir(const char *path)
{
	sl_autoclose int fd = -1;
	struct statvfs vfs;

	if (!path || path[0] != '/')
		return -1;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || check_base(fd, path, NULL) < 0)
		return -1;
	/* Compilers run what they put into a temporary directory. */
	if (fstatvfs(fd, &vfs) < 0 || (vfs.f_flag & (ST_NOEXEC | ST_RDONLY)))
		return -1;
	return sl_take_fd(&fd);
}

static int open_base(char **ret_path, struct sl_error *err)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");
	sl_autoclose int parent = open_runtime_dir(dir);
	sl_autoclose int fd = -1;
	sl_autofree char *path = NULL;
	char name[32] = "sandlock";
	int r;

	if (parent < 0) {
		dir = getenv("TMPDIR");
		if (!dir || dir[0] != '/')
			dir = "/tmp";
		snprintf(name, sizeof(name), "sandlock-%u", geteuid());
		parent = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (parent < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "the directory for temporary files, '%s': %m; "
			      "hint: set TMPDIR",
			      dir);
	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
	fd = sl_dir_make(parent, name);
	if (fd < 0) {
		errno = -fd;
		return sl_err(err, fd, SL_STAGE_SPAWN,
			      "making directory '%s': %m; hint: set TMPDIR to "
			      "a directory of your own",
			      path);
	}
	r = check_base(fd, path, err);
	if (r < 0)
		return r;
	*ret_path = sl_take_ptr(&path);
	return sl_take_fd(&fd);
}

/* Locks */

static bool same_file(int fd, int at, const char *name)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 &&
	       fstatat(at, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

/* Lock directory @run_fd, which is @name in @base. -EAGAIN: it is taken. */
static int take_lock(int base, const char *name, int run_fd)
{
	if (flock(run_fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return same_file(run_fd, base, name) ? 0 : -EAGAIN;
}

static int random_name(char name[16])
{
	static const char alphabet[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[RUN_NAME_LEN - 4];

	if (getrandom(bytes, sizeof(bytes), 0) != sizeof(bytes))
		return -errno;
	memcpy(name, RUN_PREFIX, 4);
	for (size_t i = 0; i < sizeof(bytes); i++)
		name[4 + i] = alphabet[bytes[i] % 32];
	name[RUN_NAME_LEN] = '\0';
	return 0;
}

/* One try under one name. -EAGAIN: a sweeper was faster, or the name exists. */
static int make_run(struct sl_tmpdir *dir)
{
	int r = random_name(dir->name);

	if (r < 0)
		return r;
	dir->run_fd = sl_dir_new(dir->base_fd, dir->name);
	if (dir->run_fd < 0)
		return dir->run_fd == -ENOENT || dir->run_fd == -EEXIST
			       ? -EAGAIN
			       : dir->run_fd;
	return take_lock(dir->base_fd, dir->name, dir->run_fd);
}

static void close_run(struct sl_tmpdir *dir)
{
	sl_cleanup_close(&dir->run_fd);
	dir->run_fd = -1;
}

int sl_tmpdir_make(struct sl_tmpdir *ret_dir, struct sl_error *err)
{
	struct sl_tmpdir dir = SL_TMPDIR_INIT;
	sl_autofree char *base = NULL;
	int r = -EAGAIN;

	dir.base_fd = open_base(&base, err);
	if (dir.base_fd < 0)
		return dir.base_fd;
	for (int i = 0; i < TRIES && r == -EAGAIN; i++) {
		r = make_run(&dir);
		if (r < 0)
			close_run(&dir);
	}
	if (r >= 0 && asprintf(&dir.path, "%s/%s", base, dir.name) < 0) {
		dir.path = NULL;
		r = -ENOMEM;
	}
	if (r < 0) {
		errno = -r;
		sl_err(err, r, SL_STAGE_SPAWN,
		       "making a temporary directory in '%s': %m", base);
		sl_tmpdir_close(&dir);
		return r;
	}
	*ret_dir = dir;
	return 0;
}

/* Removing */

/* The lock is held throughout, and after us, if something stays, the next
 * sweep tries again. */
static int remove_run(int base, const char *name, int run_fd,
		      unsigned long *budget)
{
	int r;

	/* Empty, most of the time. */
	if (unlinkat(base, name, AT_REMOVEDIR) == 0)
		return 0;
	r = sl_rmtree(run_fd, budget);
	if (r < 0)
		return r;
	return unlinkat(base, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

void sl_tmpdir_close(struct sl_tmpdir *dir)
{
	close_run(dir);
	sl_cleanup_close(&dir->base_fd);
	free(dir->path);
	*dir = SL_TMPDIR_INIT;
}

/* "." and ".." alone, nearly always: then nothing is allocated. */
static bool is_empty(int dir_fd)
{
	char dents[1024] __attribute__((aligned(8)));
	const struct dirent64 *d;
	long n;

	if (lseek(dir_fd, 0, SEEK_SET) < 0)
		return false;
	while ((n = syscall(SYS_getdents64, dir_fd, dents, sizeof(dents))) > 0)
		for (long at = 0; at < n; at += d->d_reclen) {
			d = (const struct dirent64 *)(const void *)(dents + at);
			if (strcmp(d->d_name, ".") != 0 &&
			    strcmp(d->d_name, "..") != 0)
				return false;
		}
	return n == 0;
}

void sl_tmpdir_empty(const struct sl_tmpdir *dir)
{
	if (dir->run_fd >= 0 && !is_empty(dir->run_fd))
		sl_rmtree(dir->run_fd, NULL);
}

int sl_tmpdir_remove(struct sl_tmpdir *dir, struct sl_error *err)
{
	int r;

	if (dir->run_fd < 0)
		return 0;
	r = remove_run(dir->base_fd, dir->name, dir->run_fd, NULL);
	if (r < 0) {
		errno = -r;
		sl_err(err, r, SL_STAGE_SUPERVISE,
		       "removing the temporary directory '%s': %m; hint: a "
		       "later start tries again",
		       dir->path);
	}
	sl_tmpdir_close(dir);
	return r;
}

/* Sweeping */

static bool is_run_name(const char *name)
{
	return strncmp(name, RUN_PREFIX, 4) == 0 && strlen(name) == RUN_NAME_LEN;
}

static void sweep_one(int base, const char *name, unsigned long *budget)
{
	sl_autoclose int run = sl_dir_open(base, name);
	struct stat st;

	if (run < 0 || fstat(run, &st) < 0 || st.st_uid != geteuid())
		return;
	if (take_lock(base, name, run) == 0)
		remove_run(base, name, run, budget);
}

void sl_tmpdir_sweep(const struct sl_tmpdir *dir)
{
	unsigned long budget = SWEEP_REMOVALS;
	sl_autoclose int fd = -1;
	char dents[4096] __attribute__((aligned(8)));
	struct dirent64 *d;
	long n;

	if (dir->base_fd < 0)
		return;
	fd = openat(dir->base_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	while (budget &&
	       (n = syscall(SYS_getdents64, fd, dents, sizeof(dents))) > 0) {
		for (long at = 0; at < n && budget; at += d->d_reclen) {
			d = (struct dirent64 *)(void *)(dents + at);
			if (is_run_name(d->d_name) &&
			    strcmp(d->d_name, dir->name) != 0) {
				budget--;
				sweep_one(dir->base_fd, d->d_name, &budget);
			}
		}
	}
}
