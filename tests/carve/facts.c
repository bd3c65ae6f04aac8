/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program can tell of calls on files that are its own: one line each.
 * The text must be the same bare and where something else is carved out.
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void say(const char *what, long r)
{
	int e = errno;

	printf("%s: %s\n", what, r < 0 ? strerror(e) : "done");
}

static void say_mode(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		printf("  %s: %s\n", path, strerror(errno));
	else
		printf("  %s: mode %o uid %d gid %d size %ld links %ld\n", path,
		       st.st_mode, st.st_uid, st.st_gid,
		       S_ISDIR(st.st_mode) ? 0L : (long)st.st_size,
		       S_ISDIR(st.st_mode) ? 0L : (long)st.st_nlink);
}

static void open_one(const char *path, int flags, const char *text)
{
	char link[64], shown[4096] = "";
	const char *name;
	int fd = open(path, flags, 0666);
	ssize_t n;

	printf("open %s %s: ", path, text);
	if (fd < 0) {
		printf("%s\n", strerror(errno));
		return;
	}
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, shown, sizeof(shown) - 1);
	shown[n > 0 ? n : 0] = '\0';
	name = strrchr(shown, '/');
	if (name && strncmp(name, "/sl-carve-", 10) == 0)
		name = "the tree";
	/* O_NOFOLLOW means nothing any more. */
	printf("flags %o, cloexec %d, as %s, fd %d\n",
	       fcntl(fd, F_GETFL) & ~O_NOFOLLOW, fcntl(fd, F_GETFD),
	       flags & (O_TMPFILE & ~O_DIRECTORY) ? "-"
	       : name				  ? name
						  : shown,
	       fd);
	close(fd);
}

static const struct {
	int flags;
	const char *text;
} flags[] = {
#define F(x)          \
	{             \
		x, #x \
	}
	F(O_RDONLY),
	F(O_WRONLY),
	F(O_RDWR),
	F(O_WRONLY | O_APPEND),
	F(O_WRONLY | O_CLOEXEC),
	F(O_WRONLY | O_TRUNC),
	F(O_RDONLY | O_TRUNC),
	F(O_RDWR | O_NONBLOCK),
	F(O_RDWR | O_DIRECTORY),
	F(O_RDONLY | O_DIRECTORY),
	F(O_WRONLY | O_NOFOLLOW),
	F(O_WRONLY | O_CREAT),
	F(O_WRONLY | O_CREAT | O_EXCL),
	F(O_RDWR | O_CREAT | O_NOFOLLOW),
	F(O_RDONLY | O_CREAT),
	F(O_CREAT | O_DIRECTORY),
	F(O_RDWR | O_SYNC),
	F(O_RDWR | O_DSYNC),
	F(O_WRONLY | O_NOATIME),
	F(O_RDWR | O_TMPFILE),
	F(O_WRONLY | O_TMPFILE | O_EXCL),
	F(O_RDONLY | O_TMPFILE),
	F(O_RDWR | O_TMPFILE | O_CREAT),
	F(3),
	F(O_RDWR | O_NOCTTY),
	F(O_RDWR | 040000000),
#undef F
};

static void open_all(void)
{
	static const char *const paths[] = {
		"s/file",
		"s/ro",
		"s/none",
		"s",
		"s/",
		"s/file/",
		"s/file/x",
		"s/no/x",
		"s/none/",
		"s/link",
		"s/dangling",
		"s/loop",
		"s/far",
		"",
		".",
		"..",
		"/",
		"s/.",
		"s/..",
		"//",
		"/dev/null",
		"/dev/full",
		"/dev/zero",
		"/proc/self/comm",
		"/dev/fd/0",
		"s/fifo",
		"s/socket",
		"/dev/tty",
		"/proc/self/oom_score_adj",
		"/proc/self/fd/77",
		"/proc/self/fd/x",
		"/dev/stdin",
		"s/noexec/f",
	};

	for (size_t p = 0; p < sizeof(paths) / sizeof(paths[0]); p++)
		for (size_t f = 0; f < sizeof(flags) / sizeof(flags[0]); f++) {
			/* It would wait for a reader. */
			if (strstr(paths[p], "fifo") &&
			    !(flags[f].flags & (O_RDWR | O_NONBLOCK)))
				continue;
			/* Refused for two reasons. */
			if (strstr(paths[p], "tty") && flags[f].flags & O_NOATIME)
				continue;
			open_one(paths[p], flags[f].flags, flags[f].text);
			unlink("s/none");
			unlink("s/made-by-link");
		}
}

static void make_all(void)
{
	static const int masks[] = { 0, 022, 027, 077, 0777, 0123 };
	char name[64];

	for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		umask((mode_t)masks[i]);
		for (int dir = 0; dir < 2; dir++) {
			snprintf(name, sizeof(name), "%s/f%zu",
				 dir ? "s/setgid" : "s", i);
			close(open(name, O_CREAT | O_WRONLY, 07777));
			say_mode(name);
			snprintf(name, sizeof(name), "%s/d%zu",
				 dir ? "s/setgid" : "s", i);
			say("mkdir", mkdir(name, 07777));
			say_mode(name);
			snprintf(name, sizeof(name), "%s/p%zu",
				 dir ? "s/setgid" : "s", i);
			say("mkfifo", mkfifo(name, 0666));
			say_mode(name);
			snprintf(name, sizeof(name), "%s/n%zu",
				 dir ? "s/setgid" : "s", i);
			say("mknod", mknod(name, S_IFSOCK | 0777, 0));
			say_mode(name);
		}
	}
	umask(022);
	/* A thread's mask is the process's, a child's its own. */
	if (fork() == 0) {
		umask(0111);
		close(open("s/child", O_CREAT | O_WRONLY, 0777));
		fflush(NULL);
		_exit(0);
	}
	wait(NULL);
	say_mode("s/child");
	close(open("s/parent", O_CREAT | O_WRONLY, 0777));
	say_mode("s/parent");
}

static void name_all(void)
{
	static const char *const paths[] = {
		"s/file",   "s/none",	   "s/none/",
		"s",	    "s/",	   "s/empty",
		"s/empty/", "s/file/",	   "s/no/x",
		"",	    ".",	   "..",
		"/",	    "s/.",	   "s/..",
		"s/link",   "s/dangling",  "s/dangling/",
		"s/loop/x", "s/to_empty/",
	};
	char text[256];

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		const char *p = paths[i];

#define SAY(call)                                                   \
	do {                                                        \
		long r_ = (call);                                   \
		int e_ = errno;                                     \
		snprintf(text, sizeof(text), "%s on %s", #call, p); \
		errno = e_;                                         \
		say(text, r_);                                      \
	} while (0)
		SAY(mkdir(p, 0700));
		rmdir("s/none");
		SAY(mknod(p, S_IFREG | 0600, 0));
		unlink("s/none");
		SAY(symlink("x", p));
		unlink("s/none");
		SAY(symlink("", p));
		SAY(link("s/keep", p));
		unlink("s/none");
		SAY(link(p, "s/linked"));
		unlink("s/linked");
		SAY(linkat(AT_FDCWD, p, AT_FDCWD, "s/linked", AT_SYMLINK_FOLLOW));
		unlink("s/linked");
		SAY(rename(p, p));
		SAY(rename(p, "s/none"));
		rename("s/none", p);
		SAY(rename("s/missing", p));
		SAY(syscall(SYS_renameat2, AT_FDCWD, "s/keep", AT_FDCWD, p, 1));
		rename("s/none", "s/keep");
		SAY(syscall(SYS_renameat2, AT_FDCWD, "s/keep", AT_FDCWD, p, 3));
		SAY(syscall(SYS_renameat2, AT_FDCWD, "s/keep", AT_FDCWD, p, 8));
		SAY(truncate(p, 3));
		SAY(truncate(p, -1));
		SAY(unlinkat(AT_FDCWD, p, 4));
		SAY(syscall(SYS_openat2, AT_FDCWD, p,
			    &(struct open_how){ .flags = O_WRONLY, .mode = 1 },
			    24));
		SAY(syscall(SYS_openat2, AT_FDCWD, p,
			    &(struct open_how){ .flags = O_WRONLY }, 8));
		SAY(syscall(SYS_openat2, AT_FDCWD, p,
			    &(struct open_how){ .flags = O_WRONLY,
						.resolve = 1ull << 40 },
			    24));
		close((int)syscall(SYS_openat2, AT_FDCWD, p,
				   &(struct open_how){ .flags = O_WRONLY,
						       .resolve = RESOLVE_BENEATH },
				   24));
		SAY(open(p, O_WRONLY) < 0 ? -1 : 0);
	}
	say("rmdir .", rmdir("s/empty/."));
	say("rmdir ..", rmdir("s/empty/.."));
	say("rmdir /", rmdir("/"));
	say("rmdir s", rmdir("s"));
	say("rmdir file", rmdir("s/file"));
	say("rmdir empty", rmdir("s/empty/"));
	say("unlink dir", unlink("s/setgid"));
	say("unlink file/", unlink("s/file/"));
	say("unlink link", unlink("s/link"));
	say("unlink bad pointer", unlink((char *)8));
	say("open bad pointer", open((char *)8, O_WRONLY));
	say("open bad dirfd", openat(777, "x", O_WRONLY));
	say("open file dirfd", openat(0, "x", O_WRONLY));
	say_mode("s/file");
}

/* Both ends of a named pipe wait for each other. */
static void pipes(void)
{
	char c = 0;
	int fd;

	fflush(NULL);
	if (fork() == 0) {
		usleep(30000);
		fd = open("s/fifo", O_WRONLY);
		_exit(write(fd, "y", 1) != 1);
	}
	fd = open("s/fifo", O_RDONLY);
	printf("fifo read: %zd", read(fd, &c, 1));
	printf(" '%c', flags %o", c, fcntl(fd, F_GETFL));
	printf(", end %zd\n", read(fd, &c, 1));
	close(fd);
	wait(NULL);
	fflush(NULL);
	if (fork() == 0) {
		usleep(30000);
		fd = open("s/fifo", O_RDONLY);
		_exit(read(fd, &c, 1) != 1);
	}
	fd = open("s/fifo", O_WRONLY);
	printf("fifo write: %zd, flags %o\n", write(fd, "z", 1),
	       fcntl(fd, F_GETFL));
	wait(NULL);
}

/* A file made in this process is this process's: appended, locked, mapped. */
static void uses(void)
{
	struct flock lock = { .l_type = F_WRLCK };
	int one = open("s/append", O_CREAT | O_RDWR | O_APPEND, 0600);
	int two = open("s/append", O_WRONLY);
	char text[32] = "";

	say("write", write(one, "abc", 3));
	say("write", write(two, "X", 1));
	say("write", write(one, "d", 1));
	say("lock", fcntl(one, F_SETLK, &lock));
	say("own lock again", fcntl(two, F_SETLK, &lock));
	printf("%zd %s\n", pread(one, text, 31, 0), text);
	say("fsync", fsync(one));
	close(one);
	close(two);
}

static void sockets(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "s/sock" };
	int pair[2];

	umask(027);
	say("socketpair", socketpair(AF_UNIX, SOCK_STREAM, 0, pair));
	say("bind", bind(pair[0], (struct sockaddr *)&un, sizeof(un)));
	say_mode("s/sock");
	say("bind again", bind(pair[0], (struct sockaddr *)&un, sizeof(un)));
	say("bind in use", bind(pair[1], (struct sockaddr *)&un, sizeof(un)));
	say("bind long", bind(pair[1], (struct sockaddr *)&un, 200));
	say("bind to no socket", bind(0, (struct sockaddr *)&un, sizeof(un)));
	umask(022);
}

int facts_main(void)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	make_all();
	open_all();
	pipes();
	uses();
	sockets();
	name_all();
	return 0;
}
