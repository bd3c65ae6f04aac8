/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every spelling by which a file is read, changed, moved or made, as it runs
 * inside a sandbox (or bare): see cells.h.
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

/* What the attacker has of its own, in the directory it starts in. */
#define MINE "mine"
#define MINE_DIR "minedir"

static int done(long fd)
{
	if (fd < 0)
		return -1;
	close((int)fd);
	return 0;
}

/* A descriptor that writes is used. */
static int scribble(long fd)
{
	if (fd < 0)
		return -1;
	if (write((int)fd, "evil", 4) != 4)
		return -1;
	return done(fd);
}

/* ---- on what is there ---- */

static int open_w(const char *p)
{
	return scribble(syscall(SYS_open, p, O_WRONLY));
}

static int open_rw(const char *p)
{
	return scribble(syscall(SYS_open, p, O_RDWR | O_APPEND));
}

static int open_trunc(const char *p)
{
	return done(syscall(SYS_open, p, O_RDONLY | O_TRUNC));
}

static int open_creat(const char *p)
{
	return scribble(syscall(SYS_open, p, O_WRONLY | O_CREAT, 0600));
}

static int openat_w(const char *p)
{
	return scribble(syscall(SYS_openat, AT_FDCWD, p, O_WRONLY));
}

static int openat_high(const char *p)
{
	return scribble(
		syscall(SYS_openat, AT_FDCWD, p, 0xdead00000000ul | O_WRONLY));
}

static int openat_trunc(const char *p)
{
	return done(syscall(SYS_openat, AT_FDCWD, p, O_TRUNC));
}

static int openat_dirfd(const char *p)
{
	int dir = open("/", O_PATH | O_DIRECTORY);
	char cwd[4096], path[8192];

	if (!getcwd(cwd, sizeof(cwd)))
		return -1;
	snprintf(path, sizeof(path), "%s%s%s", *p == '/' ? "" : cwd + 1,
		 *p == '/' ? "" : "/", *p == '/' ? p + 1 : p);
	return scribble(openat(dir, path, O_WRONLY));
}

static int creat_there(const char *p)
{
	return scribble(syscall(SYS_creat, p, 0600));
}

static int open2(const char *p, uint64_t flags, uint64_t mode, uint64_t resolve)
{
	struct open_how how = { .flags = flags, .mode = mode, .resolve = resolve };

	return (int)syscall(SYS_openat2, AT_FDCWD, p, &how, sizeof(how));
}

static int openat2_w(const char *p)
{
	return scribble(open2(p, O_WRONLY, 0, 0));
}

static int openat2_rules(const char *p)
{
	return scribble(open2(p, O_RDWR, 0, RESOLVE_NO_MAGICLINKS));
}

static int reopen(int fd)
{
	char link[64];

	if (fd < 0)
		return -1;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return scribble(open(link, O_WRONLY));
}

static int reopen_path(const char *p)
{
	return reopen(open(p, O_PATH));
}

static int reopen_dev_fd(const char *p)
{
	int fd = open(p, O_PATH);
	char link[64];

	snprintf(link, sizeof(link), "/dev/fd/%d", fd);
	return scribble(open(link, O_WRONLY));
}

static int truncate_there(const char *p)
{
	return truncate(p, 1);
}

static int rename_from(const char *p)
{
	return (int)syscall(SYS_rename, p, "stolen");
}

static int renameat_from(const char *p)
{
	return (int)syscall(SYS_renameat, AT_FDCWD, p, AT_FDCWD, "stolen");
}

static int renameat2_from(const char *p)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, p, AT_FDCWD, "stolen", 1);
}

static int exchange_from(const char *p)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, p, AT_FDCWD, MINE, 2);
}

static int exchange_onto(const char *p)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, MINE, AT_FDCWD, p, 2);
}

static int rename_onto(const char *p)
{
	return (int)syscall(SYS_rename, MINE, p);
}

static int renameat_onto(const char *p)
{
	return (int)syscall(SYS_renameat, AT_FDCWD, MINE, AT_FDCWD, p);
}

static int renameat2_onto(const char *p)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, MINE, AT_FDCWD, p, 0);
}

static int link_from(const char *p)
{
	return link(p, "alias2") ? -1 : open_w("alias2");
}

static int linkat_from(const char *p)
{
	return linkat(AT_FDCWD, p, AT_FDCWD, "alias2", AT_SYMLINK_FOLLOW)
		       ? -1
		       : open_w("alias2");
}

static int linkat_fd(const char *p)
{
	int fd = open(p, O_PATH);
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, link, AT_FDCWD, "alias2", AT_SYMLINK_FOLLOW)
		       ? -1
		       : open_w("alias2");
}

static int unlink_there(const char *p)
{
	return (int)syscall(SYS_unlink, p);
}

static int unlinkat_there(const char *p)
{
	return (int)syscall(SYS_unlinkat, AT_FDCWD, p, 0);
}

static int chmod_there(const char *p)
{
	return chmod(p, 0777);
}

static int fchmodat_there(const char *p)
{
	return fchmodat(AT_FDCWD, p, 0777, 0);
}

static int utimensat_there(const char *p)
{
	struct timespec ts[2] = { { 1, 0 }, { 1, 0 } };

	return utimensat(AT_FDCWD, p, ts, 0);
}

static int setxattr_there(const char *p)
{
	return setxattr(p, "user.evil", "x", 1, 0);
}

static int rename_parent(const char *p)
{
	char dir[4096];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", p);
	slash = strrchr(dir, '/');
	if (!slash)
		return 1; /* has none to move */
	*slash = '\0';
	if (rename(dir, "movedaway"))
		return -1;
	snprintf(dir, sizeof(dir), "movedaway%s", strrchr(p, '/'));
	return open_w(dir);
}

static int exchange_parent(const char *p)
{
	char dir[4096];
	char *slash;

	snprintf(dir, sizeof(dir), "%s", p);
	slash = strrchr(dir, '/');
	if (!slash)
		return 1;
	*slash = '\0';
	if (syscall(SYS_renameat2, AT_FDCWD, dir, AT_FDCWD, MINE_DIR, 2))
		return -1;
	snprintf(dir, sizeof(dir), MINE_DIR "%s", strrchr(p, '/'));
	return open_w(dir);
}

/* ---- reading ---- */

static int show(long fd)
{
	char c;

	if (fd < 0)
		return -1;
	return read((int)fd, &c, 1) == 1 ? done(fd) : -1;
}

static int open_r(const char *p)
{
	return show(syscall(SYS_open, p, O_RDONLY));
}

static int openat_r(const char *p)
{
	return show(syscall(SYS_openat, AT_FDCWD, p, O_RDONLY | O_CLOEXEC));
}

static int openat2_r(const char *p)
{
	return show(open2(p, O_RDONLY, 0, 0));
}

static int openat2_r_rules(const char *p)
{
	return show(open2(p, O_RDONLY, 0, RESOLVE_NO_MAGICLINKS));
}

static int reopen_r(const char *p)
{
	int fd = open(p, O_PATH);
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return show(open(link, O_RDONLY));
}

static int link_r(const char *p)
{
	return link(p, "alias2") ? -1 : open_r("alias2");
}

static int rename_r(const char *p)
{
	return rename(p, "stolen") ? -1 : open_r("stolen");
}

/* ---- on what is not there ---- */

static int new_open(const char *p)
{
	return scribble(syscall(SYS_open, p, O_WRONLY | O_CREAT, 0600));
}

static int new_excl(const char *p)
{
	return scribble(syscall(SYS_openat, AT_FDCWD, p,
				O_WRONLY | O_CREAT | O_EXCL, 0600));
}

static int new_read_only(const char *p)
{
	return done(syscall(SYS_openat, AT_FDCWD, p, O_CREAT, 0600));
}

static int new_openat2(const char *p)
{
	return scribble(open2(p, O_WRONLY | O_CREAT, 0600, 0));
}

static int new_openat2_rules(const char *p)
{
	return scribble(open2(p, O_WRONLY | O_CREAT, 0600, RESOLVE_NO_MAGICLINKS));
}

static int new_dangling(const char *p)
{
	return symlink(p, "dangling") ? -1 : new_open("dangling");
}

static int new_mkdir(const char *p)
{
	return (int)syscall(SYS_mkdir, p, 0700);
}

static int new_mkdirat(const char *p)
{
	return (int)syscall(SYS_mkdirat, AT_FDCWD, p, 0700);
}

static int new_mknod(const char *p)
{
	return (int)syscall(SYS_mknod, p, S_IFREG | 0600, 0);
}

static int new_mknodat(const char *p)
{
	return (int)syscall(SYS_mknodat, AT_FDCWD, p, S_IFIFO | 0600, 0);
}

static int new_symlink(const char *p)
{
	return (int)syscall(SYS_symlink, MINE, p);
}

static int new_symlinkat(const char *p)
{
	return (int)syscall(SYS_symlinkat, "/anywhere", AT_FDCWD, p);
}

static int new_link(const char *p)
{
	return (int)syscall(SYS_link, MINE, p);
}

static int new_linkat(const char *p)
{
	return (int)syscall(SYS_linkat, AT_FDCWD, MINE, AT_FDCWD, p, 0);
}

static int new_tmpfile(const char *p)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	char link[64];

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	return linkat(AT_FDCWD, link, AT_FDCWD, p, AT_SYMLINK_FOLLOW);
}

static int new_rename_dir(const char *p)
{
	return rename(MINE_DIR, p);
}

static int new_bind(const char *p)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	int pair[2];

	if (strlen(p) >= sizeof(un.sun_path))
		return 1;
	strcpy(un.sun_path, p);
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair))
		return -1;
	return bind(pair[0], (struct sockaddr *)&un, sizeof(un));
}

static int watch_r(const char *p)
{
	int fd = inotify_init1(IN_CLOEXEC);

	return inotify_add_watch(fd, p, IN_ALL_EVENTS) < 0 ? -1 : done(fd);
}

const struct cell cells[] = {
	{ "open O_WRONLY", open_w, CELL_WRITES },
	{ "open O_RDWR|O_APPEND", open_rw, CELL_WRITES },
	{ "open O_TRUNC", open_trunc, CELL_WRITES },
	{ "open O_CREAT", open_creat, CELL_WRITES },
	{ "openat", openat_w, CELL_WRITES },
	{ "openat, high bits", openat_high, CELL_WRITES },
	{ "openat O_TRUNC", openat_trunc, CELL_WRITES },
	{ "openat below a descriptor", openat_dirfd, CELL_WRITES },
	{ "creat", creat_there, CELL_WRITES },
	{ "openat2", openat2_w, CELL_WRITES },
	{ "openat2 with rules", openat2_rules, CELL_WRITES | CELL_RULES },
	{ "O_PATH reopened", reopen_path, CELL_WRITES },
	{ "O_PATH by /dev/fd", reopen_dev_fd, CELL_WRITES },
	{ "truncate", truncate_there, CELL_WRITES },
	{ "rename away", rename_from, CELL_WRITES | CELL_NAME },
	{ "renameat away", renameat_from, CELL_WRITES | CELL_NAME },
	{ "renameat2 away", renameat2_from, CELL_WRITES | CELL_NAME },
	{ "exchange away", exchange_from, CELL_WRITES | CELL_NAME },
	{ "exchange onto", exchange_onto, CELL_WRITES | CELL_NAME },
	{ "rename onto", rename_onto, CELL_WRITES | CELL_NAME },
	{ "renameat onto", renameat_onto, CELL_WRITES | CELL_NAME },
	{ "renameat2 onto", renameat2_onto, CELL_WRITES | CELL_NAME },
	{ "link", link_from, CELL_WRITES | CELL_OBJECT },
	{ "linkat", linkat_from, CELL_WRITES },
	{ "linkat of O_PATH", linkat_fd, CELL_WRITES },
	{ "unlink", unlink_there, CELL_WRITES | CELL_NAME },
	{ "unlinkat", unlinkat_there, CELL_WRITES | CELL_NAME },
	{ "chmod", chmod_there, CELL_WRITES },
	{ "fchmodat", fchmodat_there, CELL_WRITES },
	{ "utimensat", utimensat_there, CELL_WRITES },
	{ "setxattr", setxattr_there, CELL_WRITES },
	{ "rename of the parent", rename_parent, CELL_WRITES | CELL_PARENT },
	{ "exchange of the parent", exchange_parent, CELL_WRITES | CELL_PARENT },
	{ "open O_RDONLY", open_r, CELL_READS },
	{ "openat O_RDONLY", openat_r, CELL_READS },
	{ "openat2 O_RDONLY", openat2_r, CELL_READS },
	{ "openat2 O_RDONLY with rules", openat2_r_rules,
	  CELL_READS | CELL_RULES },
	{ "O_PATH reopened for reading", reopen_r, CELL_READS },
	{ "link and read", link_r, CELL_READS | CELL_OBJECT },
	{ "rename and read", rename_r, CELL_READS | CELL_NAME },
	{ "inotify", watch_r, CELL_READS },
	{ "new: open", new_open, CELL_MAKES },
	{ "new: openat O_EXCL", new_excl, CELL_MAKES },
	{ "new: O_CREAT for reading", new_read_only, CELL_MAKES },
	{ "new: creat", creat_there, CELL_MAKES },
	{ "new: openat2", new_openat2, CELL_MAKES },
	{ "new: openat2 with rules", new_openat2_rules, CELL_MAKES | CELL_RULES },
	{ "new: by a link that dangles", new_dangling, CELL_MAKES | CELL_ABS },
	{ "new: mkdir", new_mkdir, CELL_MAKES },
	{ "new: mkdirat", new_mkdirat, CELL_MAKES },
	{ "new: mknod", new_mknod, CELL_MAKES },
	{ "new: mknodat", new_mknodat, CELL_MAKES },
	{ "new: symlink", new_symlink, CELL_MAKES },
	{ "new: symlinkat", new_symlinkat, CELL_MAKES },
	{ "new: link", new_link, CELL_MAKES },
	{ "new: linkat", new_linkat, CELL_MAKES },
	{ "new: O_TMPFILE linked", new_tmpfile, CELL_MAKES },
	{ "new: rename", rename_onto, CELL_MAKES },
	{ "new: renameat", renameat_onto, CELL_MAKES },
	{ "new: renameat2", renameat2_onto, CELL_MAKES },
	{ "new: rename of a directory", new_rename_dir, CELL_MAKES },
	{ "new: bind", new_bind, CELL_MAKES },
};

const int cell_count = sizeof(cells) / sizeof(cells[0]);
