/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Claiming, finding and removing entries. Who owns a name is decided by the
 * lock alone: it is taken without waiting, and counts only if the name still
 * leads to the file that was locked. Nothing is ever written into a file here,
 * and none is believed: what is found is connected to, locked or removed.
 */
#include "run/entry.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "sys/control_name.h"

#define TRIES 50
#define TRY_NS 2000000
#define BACKLOG 64
#define FILE_BYTES (SL_MAX_SANDBOX_NAME + 8)

bool sl_entry_name_ok(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyz"
				      "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789._-";
	size_t len = strspn(name, allowed);

	return len > 0 && len <= SL_MAX_SANDBOX_NAME && !name[len] &&
	       name[0] != '.' && name[0] != '-';
}

static void file_name(char buf[FILE_BYTES], const char *name, const char *suffix)
{
	snprintf(buf, FILE_BYTES, "%.*s.%s", SL_MAX_SANDBOX_NAME, name, suffix);
}

/* The directory through its descriptor: no other can take its place, and no
 * path is too long for a socket's address. */
static void address(struct sockaddr_un *addr, int dir_fd, const char *name)
{
	*addr = (struct sockaddr_un){ .sun_family = AF_UNIX };
	snprintf(addr->sun_path, sizeof(addr->sun_path),
		 SL_CONTROL_BOUND "%d/%.*s.sock", dir_fd, SL_MAX_SANDBOX_NAME,
		 name);
}

/* ------------------------------------------------ locks */

/* Locks NAME.lock. -EAGAIN: somebody has it, or it was removed meanwhile. */
static int lock_name(int dir_fd, const char *name, int create)
{
	char file[FILE_BYTES];
	sl_autoclose int fd = -1;
	struct stat a, b;

	file_name(file, name, "lock");
	/* A pipe or a device that somebody put there must not make us wait. */
	fd = openat(dir_fd, file,
		    O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC |
			    create,
		    0600);
	if (fd < 0)
		return -errno;
	if (fstat(fd, &a) < 0)
		return -errno;
	if (!S_ISREG(a.st_mode) || a.st_uid != geteuid())
		return -EPERM;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return errno == EWOULDBLOCK ? -EAGAIN : -errno;
	if (fstatat(dir_fd, file, &b, AT_SYMLINK_NOFOLLOW) < 0 ||
	    a.st_dev != b.st_dev || a.st_ino != b.st_ino)
		return -EAGAIN;
	return sl_take_fd(&fd);
}

/* With its lock held. The lock goes last: it says whose the name is. */
static void remove_files(int dir_fd, const char *name)
{
	char file[FILE_BYTES];

	file_name(file, name, "sock");
	unlinkat(dir_fd, file, 0);
	file_name(file, name, "lock");
	unlinkat(dir_fd, file, 0);
}

/* ------------------------------------------------ owning */

static int connect_socket(int dir_fd, const char *name)
{
	sl_autoclose int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct sockaddr_un addr;

	if (fd < 0)
		return -errno;
	address(&addr, dir_fd, name);
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return sl_take_fd(&fd);
}

/* Somebody who only looks holds a lock for a moment; who owns it, answers. */
static int lock_patiently(int dir_fd, const char *name)
{
	struct timespec pause = { .tv_nsec = TRY_NS };
	int r = -EAGAIN;

	for (int i = 0; i < TRIES; i++) {
		sl_autoclose int fd = -1;

		r = lock_name(dir_fd, name, O_CREAT);
		if (r != -EAGAIN)
			return r;
		fd = connect_socket(dir_fd, name);
		if (fd >= 0)
			return -EAGAIN;
		nanosleep(&pause, NULL);
	}
	return r;
}

int sl_entry_claim(int dir_fd, const char *name, struct sl_entry *ret_entry,
		   struct sl_error *err)
{
	sl_autoclose int dir = dir_fd;
	int lock = lock_patiently(dir, name);

	if (lock == -EAGAIN)
		return sl_err(err, -EEXIST, SL_STAGE_SPAWN,
			      "a sandbox named '%s' is running", name);
	if (lock < 0)
		return sl_err(err, lock, SL_STAGE_SUPERVISE,
			      "cannot take the name '%s': %s", name,
			      strerror(-lock));
	*ret_entry = SL_ENTRY_INIT;
	ret_entry->dir_fd = sl_take_fd(&dir);
	ret_entry->lock_fd = lock;
	snprintf(ret_entry->name, sizeof(ret_entry->name), "%s", name);
	return 0;
}

int sl_entry_listen(struct sl_entry *entry, struct sl_error *err)
{
	sl_autoclose int fd = socket(
		AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char file[FILE_BYTES];
	struct sockaddr_un addr;

	if (fd < 0)
		return sl_err(err, -errno, SL_STAGE_SUPERVISE,
			      "cannot make a socket: %s", strerror(errno));
	/* Of a dead owner. */
	file_name(file, entry->name, "sock");
	unlinkat(entry->dir_fd, file, 0);
	address(&addr, entry->dir_fd, entry->name);
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0 ||
	    listen(fd, BACKLOG) < 0)
		return sl_err(err, -errno, SL_STAGE_SUPERVISE,
			      "cannot listen in the runtime directory: %s",
			      strerror(errno));
	entry->listen_fd = sl_take_fd(&fd);
	return 0;
}

void sl_entry_release(struct sl_entry *entry)
{
	/* Never an entry that another one made since ours was taken away. */
	if (entry->lock_fd >= 0) {
		char file[FILE_BYTES];
		struct stat a, b;

		file_name(file, entry->name, "lock");
		if (fstat(entry->lock_fd, &a) == 0 &&
		    fstatat(entry->dir_fd, file, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
		    a.st_dev == b.st_dev && a.st_ino == b.st_ino)
			remove_files(entry->dir_fd, entry->name);
	}
	sl_cleanup_close(&entry->listen_fd);
	sl_cleanup_close(&entry->lock_fd);
	sl_cleanup_close(&entry->dir_fd);
	*entry = SL_ENTRY_INIT;
}

/* ------------------------------------------------ finding */

int sl_entry_connect(int dir_fd, const char *name)
{
	int fd = connect_socket(dir_fd, name);
	sl_autoclose int lock = -1;

	if (fd != -ECONNREFUSED && fd != -ENOENT)
		return fd;
	lock = lock_name(dir_fd, name, 0);
	if (lock >= 0) {
		remove_files(dir_fd, name);
		return -ENOENT;
	}
	/* -ENOENT: no such entry. Taken: it is about to listen, or to end. */
	return lock;
}

bool sl_entry_reached(int sock, const char *name)
{
	struct sockaddr_un addr = { 0 };
	socklen_t len = sizeof(addr) - 1; /* there is always a NUL */
	const char *at = addr.sun_path;
	char file[FILE_BYTES];

	if (getpeername(sock, (struct sockaddr *)&addr, &len) < 0 ||
	    addr.sun_family != AF_UNIX ||
	    strncmp(at, SL_CONTROL_BOUND, strlen(SL_CONTROL_BOUND)) != 0)
		return false;
	at += strlen(SL_CONTROL_BOUND);
	at += strspn(at, "0123456789");
	file_name(file, name, "sock");
	return *at == '/' && strcmp(at + 1, file) == 0;
}

/* "NAME.lock", and nothing else, is an entry. */
static bool entry_of(const char *file, char name[SL_ENTRY_NAME_BYTES])
{
	size_t len = strlen(file);

	if (len < 6 || len - 5 > SL_MAX_SANDBOX_NAME ||
	    strcmp(file + len - 5, ".lock") != 0)
		return false;
	memcpy(name, file, len - 5);
	name[len - 5] = '\0';
	return sl_entry_name_ok(name);
}

int sl_entry_each(int dir_fd, int (*found)(void *ctx, const char *name), void *ctx)
{
	char name[SL_ENTRY_NAME_BYTES];
	struct dirent *entry;
	int fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	int r = 0;

	if (!dir) {
		r = -errno;
		sl_cleanup_close(&fd);
		return r;
	}
	while (r == 0 && (entry = readdir(dir)))
		if (entry_of(entry->d_name, name))
			r = found(ctx, name);
	closedir(dir);
	return r;
}
