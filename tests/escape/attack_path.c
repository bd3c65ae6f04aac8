/* SPDX-License-Identifier: Apache-2.0 */
/* Tricks on path resolution, catalogue 5.1: reach a file outside the grants. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* SECRET */
static void a001(char **argv)
{
	leak("open", open(argv[0], O_RDONLY));
	leak("open O_RDWR", open(argv[0], O_RDWR));
}

/* OUT WORK: everything that makes or takes a name in OUT. */
static void a002(char **argv)
{
	const char *out = argv[0], *mine = at(argv[1], "mine");
	int fd;

	close(open(mine, O_CREAT | O_WRONLY, 0600));
	fd = creat(at(out, "creat"), 0600);
	result("creat", fd >= 0);
	fd = open(at(out, "append"), O_WRONLY | O_APPEND);
	result("append", write(fd, "x", 1) == 1);
	result("mkdir", mkdir(at(out, "mkdir"), 0700) == 0);
	result("mkfifo", mkfifo(at(out, "mkfifo"), 0600) == 0);
	result("mknod socket", mknod(at(out, "s"), S_IFSOCK | 0600, 0) == 0);
	result("symlink", symlink("x", at(out, "symlink")) == 0);
	result("link", link(mine, at(out, "link")) == 0);
	result("rename", rename(mine, at(out, "rename")) == 0);
	result("unlink", unlink(at(out, "unlink")) == 0);
	result("rmdir", rmdir(at(out, "rmdir")) == 0);
}

/* OUT WORK: an absolute symlink in WORK. */
static void a004(char **argv)
{
	const char *link = at(argv[1], "l");
	int fd;

	if (symlink(at(argv[0], "secret"), link) < 0)
		untried("symlink", errno);
	leak("read through a symlink", open(link, O_RDONLY));
	fd = open(link, O_WRONLY | O_APPEND);
	result("write through a symlink", write(fd, "x", 1) == 1);
	result("truncate through a symlink", truncate(link, 1) == 0);
}

/* OUT WORK: a symlink as a directory on the way. */
static void a005(char **argv)
{
	const char *dir = at(argv[1], "d");
	char rel[4200];

	if (symlink(argv[0], dir) < 0)
		untried("symlink", errno);
	leak("read", open(at(dir, "secret"), O_RDONLY));
	result("creat", creat(at(dir, "new"), 0600) >= 0);
	snprintf(rel, sizeof(rel), "%s/d/../secret", argv[1]);
	result("mkdir", mkdir(at(dir, "newdir"), 0700) == 0);
	result("rename out", rename(at(dir, "append"), at(argv[1], "a")) == 0);
}

/* OUT WORK: chains, loops, and creation through a dangling link. */
static void a006(char **argv)
{
	char name[32], target[4200];

	snprintf(target, sizeof(target), "%s/secret", argv[0]);
	for (int i = 0; i < 41; i++) {
		snprintf(name, sizeof(name), "c%d", i);
		if (symlink(target, at(argv[1], name)) < 0)
			untried("symlink", errno);
		snprintf(target, sizeof(target), "%s", at(argv[1], name));
	}
	leak("chain of 40", open(at(argv[1], "c39"), O_RDONLY));
	if (open(at(argv[1], "c40"), O_RDONLY) >= 0 || errno != ELOOP)
		won("chain of 41 is not ELOOP");
	if (symlink("loop2", at(argv[1], "loop1")) < 0 ||
	    symlink("loop1", at(argv[1], "loop2")) < 0)
		untried("loop", errno);
	if (open(at(argv[1], "loop1"), O_RDONLY) >= 0 || errno != ELOOP)
		won("loop is not ELOOP");
	if (symlink(at(argv[0], "born"), at(argv[1], "dangling")) < 0)
		untried("dangling", errno);
	result("create through a dangling link",
	       open(at(argv[1], "dangling"), O_CREAT | O_WRONLY, 0600) >= 0);
}

static int open2(int dir, const char *path, struct open_how how, size_t size)
{
	struct {
		struct open_how how;
		char tail[64];
	} big = { .how = how };

	return (int)syscall(SYS_openat2, dir, path, &big, size);
}

/* OUT: openat2 by hand. */
static void a011(char **argv)
{
	int dir = open(argv[0], O_PATH | O_DIRECTORY);
	size_t size = sizeof(struct open_how);

	leak("resolve 0",
	     open2(-1, at(argv[0], "secret"), (struct open_how){ 0 }, size));
	leak("no magic links",
	     open2(-1, at(argv[0], "secret"),
		   (struct open_how){ .resolve = RESOLVE_NO_MAGICLINKS }, size));
	leak("beneath",
	     open2(dir, "secret",
		   (struct open_how){ .resolve = RESOLVE_BENEATH }, size));
	leak("in root",
	     open2(dir, "/secret",
		   (struct open_how){ .resolve = RESOLVE_IN_ROOT }, size));
	leak("larger struct",
	     open2(dir, "secret", (struct open_how){ 0 }, size + 64));
	result("create", open2(dir, "new",
			       (struct open_how){ .flags = O_CREAT | O_WRONLY,
						  .mode = 0600 },
			       size + 8) >= 0);
}

/* OUT: every older and newer spelling of the same call. */
static void a012(char **argv)
{
	int dir = open(argv[0], O_PATH | O_DIRECTORY);
	const char *out = argv[0];

#ifdef SYS_open
	leak("open", (int)syscall(SYS_open, at(out, "secret"), O_RDONLY));
	result("creat", syscall(SYS_creat, at(out, "t1"), 0600) >= 0);
	result("mkdir", syscall(SYS_mkdir, at(out, "t2"), 0700) == 0);
	result("mknod", syscall(SYS_mknod, at(out, "t3"), S_IFREG, 0) == 0);
	result("symlink", syscall(SYS_symlink, "x", at(out, "t4")) == 0);
	result("link", syscall(SYS_link, at(out, "append"), at(out, "t5")) == 0);
	result("rename", syscall(SYS_rename, at(out, "t5"), at(out, "t6")) == 0);
	result("unlink", syscall(SYS_unlink, at(out, "unlink")) == 0);
	result("rmdir", syscall(SYS_rmdir, at(out, "rmdir")) == 0);
#endif
	leak("openat", (int)syscall(SYS_openat, dir, "secret", O_RDONLY));
	result("openat O_CREAT",
	       syscall(SYS_openat, dir, "u1", O_CREAT | O_RDONLY, 0600) >= 0);
	result("mkdirat", syscall(SYS_mkdirat, dir, "u2", 0700) == 0);
	result("mknodat", syscall(SYS_mknodat, dir, "u3", S_IFREG, 0) == 0);
	result("symlinkat", syscall(SYS_symlinkat, "x", dir, "u4") == 0);
	result("linkat", syscall(SYS_linkat, dir, "append", dir, "u5", 0) == 0);
#ifdef SYS_renameat
	result("renameat", syscall(SYS_renameat, dir, "append", dir, "u6") == 0);
	syscall(SYS_renameat, dir, "u6", dir, "append");
#endif
	result("renameat2",
	       syscall(SYS_renameat2, dir, "append", dir, "u7", 0) == 0);
	result("renameat2 exchange",
	       syscall(SYS_renameat2, dir, "secret", dir, "other", 2) == 0);
	result("unlinkat", syscall(SYS_unlinkat, dir, "unlinkat", 0) == 0);
	result("unlinkat directory",
	       syscall(SYS_unlinkat, dir, "rmdirat", 0x200) == 0);
}

/* OUT */
static void a042(char **argv)
{
	int dir = open(argv[0], O_PATH | O_DIRECTORY);

	if (fchdir(dir) < 0)
		untried("fchdir", errno);
	leak("fchdir, relative", open("secret", O_RDONLY));
	if (chdir("/") < 0 || chdir(argv[0]) < 0)
		untried("chdir", errno);
	leak("chdir, relative", open("secret", O_RDONLY));
	leak("dot dot", open("../out/secret", O_RDONLY));
	result("creat", creat("new", 0600) >= 0);
}

static void print_errno(const char *what, const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK);

	dprintf(1, "%s: %s\n", what, fd < 0 ? strerrorname_np(errno) : "opened");
	if (fd >= 0)
		close(fd);
}

/* No argument, run in WORK: the same errno as bare for odd names. */
static void a044(char **argv)
{
	static char buf[8192];
	(void)argv;

	memset(buf, 'a', 4096);
	print_errno("path of 4096", buf);
	buf[4095] = 0;
	print_errno("path of 4095", buf);
	for (int i = 0; i < 4095; i += 2)
		memcpy(buf + i, "./", 2);
	buf[4095] = 0;
	print_errno("dots of 4095", buf);
	memset(buf, 'b', 256);
	buf[256] = 0;
	print_errno("component of 256", buf);
	buf[255] = 0;
	print_errno("component of 255", buf);
	print_errno("empty", "");
	print_errno("newline", "a\nb");
	print_errno("no UTF-8", "\xff\xfe\x80");
	print_errno("file as a directory", "plain/x");
	print_errno("dot", ".");
	lost("odd names", EACCES);
}

/* No argument, run in WORK: strings that end where memory does. */
static void a045(char **argv)
{
	char *map = mmap(NULL, 3 * 4096, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	(void)argv;

	memset(map, '/', 2 * 4096);
	munmap(map + 2 * 4096, 4096);
	print_errno("into an unmapped page", map + 2 * 4096 - 5);
	print_errno("PATH_MAX without NUL", map + 4096);
	print_errno("wild pointer", (char *)8);
	print_errno("kernel pointer", (char *)-4096L);
	if (mkdirat(AT_FDCWD, map + 2 * 4096 - 5, 0700) < 0)
		dprintf(1, "mkdirat: %s\n", strerrorname_np(errno));
	lost("edges of memory", EFAULT);
}

const struct attack attacks_path[] = {
	{ "A001", a001 }, { "A002", a002 }, { "A004", a004 }, { "A005", a005 },
	{ "A006", a006 }, { "A011", a011 }, { "A012", a012 }, { "A042", a042 },
	{ "A044", a044 }, { "A045", a045 }, { NULL, NULL },
};
