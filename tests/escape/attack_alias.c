/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tricks that reach a file by something else than its path (5.1, 5.2): magic
 * links, handles, hard links, descriptors, and changes through read-only ones.
 */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static const char *join(const char *a, const char *b)
{
	static char ring[32][4200];
	static int next;
	char *buf = ring[next++ % 32];

	snprintf(buf, sizeof(ring[0]), "%s%s", a, b);
	return buf;
}

/* SECRET, run in WORK next to OUT: magic links of one's own. */
static void a009(char **argv)
{
	int fd = open(argv[0], O_PATH);
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	leak("/proc/self/fd of an O_PATH descriptor", open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/proc/thread-self/fd/%d", fd);
	leak("/proc/thread-self/fd", open(path, O_RDONLY));
	snprintf(path, sizeof(path), "/dev/fd/%d", fd);
	leak("/dev/fd", open(path, O_RDONLY));
	leak("/proc/self/root", open(join("/proc/self/root", argv[0]), O_RDONLY));
	leak("/proc/thread-self/root",
	     open(join("/proc/thread-self/root", argv[0]), O_RDONLY));
	leak("/proc/self/cwd", open("/proc/self/cwd/../out/secret", O_RDONLY));
	dup2(fd, 0);
	leak("/dev/stdin", open("/dev/stdin", O_RDONLY));
}

/* PID SECRET: magic links of a process outside, whose cwd is OUT. */
static void a010(char **argv)
{
	const char *proc = at("/proc", argv[0]);
	const char *task = at(at(proc, "task"), argv[0]);

	leak("root", open(join(at(proc, "root"), argv[1]), O_RDONLY));
	leak("cwd", open(at(proc, "cwd/secret"), O_RDONLY));
	leak("task root", open(join(at(task, "root"), argv[1]), O_RDONLY));
	result("stat through fd", access(at(proc, "fd/0"), F_OK) == 0);
	result("root as a directory",
	       open(at(proc, "root"), O_RDONLY | O_DIRECTORY) >= 0);
}

/* SECRET OUT */
static void a014(char **argv)
{
	struct {
		struct file_handle head;
		unsigned char bytes[128];
	} h = { .head.handle_bytes = 128 };
	int mount_id, mount = open(argv[1], O_RDONLY | O_DIRECTORY);

	if (mount < 0)
		mount = open(".", O_RDONLY | O_DIRECTORY);
	if (name_to_handle_at(AT_FDCWD, argv[0], &h.head, &mount_id, 0) < 0) {
		lost("name_to_handle_at", errno);
		return;
	}
	leak("open by handle", open_by_handle_at(mount, &h.head, O_RDONLY));
}

/* RO WORK: make a writable name for a file that may only be read. */
static void a015(char **argv)
{
	const char *ro = at(argv[0], "file"), *alias = at(argv[1], "alias");
	char proc[64];
	int fd;

	if (result("link", link(ro, alias) == 0)) {
		fd = open(alias, O_WRONLY | O_APPEND);
		result("write by the alias", write(fd, "x", 1) == 1);
	}
	fd = open(ro, O_RDONLY);
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	result("linkat of /proc/self/fd",
	       linkat(AT_FDCWD, proc, AT_FDCWD, at(argv[1], "alias2"),
		      AT_SYMLINK_FOLLOW) == 0);
	if (linkat(fd, "", AT_FDCWD, at(argv[1], "alias3"), AT_EMPTY_PATH) == 0)
		won("linkat of a descriptor");
	result("rename", rename(ro, at(argv[1], "moved")) == 0);
}

/* SECRET RO */
static void a029(char **argv)
{
	result("truncate a hidden file", truncate(argv[0], 0) == 0);
	result("truncate a read-only file",
	       truncate(at(argv[1], "file"), 1) == 0);
}

/* RO: change a file through a descriptor opened for reading. */
static void a030(char **argv)
{
	const char *file = at(argv[0], "file");
	int fd = open(file, O_RDONLY);

	if (ftruncate(fd, 1) == 0)
		won("ftruncate");
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 1) == 0)
		won("fallocate");
	if (mmap(NULL, 1, PROT_WRITE, MAP_SHARED, fd, 0) != MAP_FAILED)
		won("shared writable mapping");
	result("O_RDONLY | O_TRUNC", open(file, O_RDONLY | O_TRUNC) >= 0);
}

/* RO: the ioctls that write through a read-only descriptor. */
static void a034(char **argv)
{
	int fd = open(at(argv[0], "file"), O_RDONLY), flags = 0;
	struct fsxattr attr;

	if (ioctl(fd, FS_IOC_GETFLAGS, &flags) < 0) {
		untried("FS_IOC_GETFLAGS", errno);
		return;
	}
	flags ^= FS_NODUMP_FL;
	result_if_known("FS_IOC_SETFLAGS",
			ioctl(fd, FS_IOC_SETFLAGS, &flags) == 0);
	if (ioctl(fd, FS_IOC_FSGETXATTR, &attr) == 0) {
		attr.fsx_xflags ^= FS_XFLAG_NODUMP;
		result_if_known("FS_IOC_FSSETXATTR",
				ioctl(fd, FS_IOC_FSSETXATTR, &attr) == 0);
	}
}

/* RO: requests that must not reach the file system at all. */
static void a034b(char **argv)
{
	int fd = open(at(argv[0], "file"), O_RDONLY);
	static const struct {
		const char *name;
		unsigned long cmd;
	} cmds[] = {
		{ "FIDEDUPERANGE", FIDEDUPERANGE },
		{ "BTRFS_IOC_SUBVOL_CREATE", 0x5000940e },
		{ "BTRFS_IOC_SNAP_CREATE", 0x50009401 },
		{ "BTRFS_IOC_DEFRAG", 0x50009402 },
		{ "FS_IOC_ENABLE_VERITY", 0x40806685 },
	};

	/* On a file system that lacks them all, ENOTTY or EFAULT came from
	 * there: the call was let through. */
	for (size_t i = 0; i < sizeof(cmds) / sizeof(cmds[0]); i++) {
		int r = ioctl(fd, cmds[i].cmd, (void *)8);

		result(cmds[i].name,
		       r == 0 || (errno != EPERM && errno != EOPNOTSUPP));
	}
}

/* OUT RO WORK: a file without a name gets one elsewhere. */
static void a035(char **argv)
{
	int fd = open(argv[2], O_TMPFILE | O_RDWR, 0600);
	char proc[64];

	if (fd < 0) {
		untried("O_TMPFILE", errno);
		return;
	}
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d", fd);
	result("name it outside",
	       linkat(AT_FDCWD, proc, AT_FDCWD, at(argv[0], "tmpfile"),
		      AT_SYMLINK_FOLLOW) == 0);
	result("name it in a read-only tree",
	       linkat(AT_FDCWD, proc, AT_FDCWD, at(argv[1], "tmpfile"),
		      AT_SYMLINK_FOLLOW) == 0);
	result("O_TMPFILE outside", open(argv[0], O_TMPFILE | O_RDWR, 0600) >= 0);
}

static char name0[] = "attack", name1[] = "hello";
static char *const hello_argv[] = { name0, name1, NULL };

static bool exec_path_fd(void *arg)
{
	char *envp[] = { NULL };
	int fd = open(arg, O_PATH);

	syscall(SYS_execveat, fd, "", hello_argv, envp, AT_EMPTY_PATH);
	return false;
}

static bool exec_path(void *arg)
{
	char *envp[] = { NULL };

	execve(arg, hello_argv, envp);
	return false;
}

/* PROGRAM outside: run it by its name and by an O_PATH descriptor. */
static void a036(char **argv)
{
	in_child("execve", exec_path, argv[0]);
	in_child("execveat of an O_PATH descriptor", exec_path_fd, argv[0]);
}

/* The program outside, having been started after all. */
static void hello(char **argv)
{
	(void)argv;
	_exit(200);
}

/* Descriptors that the launcher left open, and stdin being a directory. */
static void a037(char **argv)
{
	char name[32];
	(void)argv;

	for (int fd = 3; fd < 1100; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(name, sizeof(name), "descriptor %d", fd);
		won(name);
		leak("read it", dup(fd));
		leak("open below it", openat(fd, "secret", O_RDONLY));
	}
	leak("open below stdin", openat(0, "secret", O_RDONLY));
	leak("open above stdin", openat(0, "../out/secret", O_RDONLY));
	result("create below stdin",
	       openat(0, "born", O_CREAT | O_WRONLY, 0600) >= 0);
	if (fchdir(0) == 0)
		leak("fchdir to stdin", open("secret", O_RDONLY));
}

const struct attack attacks_alias[] = {
	{ "A009", a009 }, { "A010", a010 },   { "A014", a014 },
	{ "A015", a015 }, { "A029", a029 },   { "A030", a030 },
	{ "A034", a034 }, { "A034b", a034b }, { "A035", a035 },
	{ "A036", a036 }, { "A037", a037 },   { "hello", hello },
	{ NULL, NULL },
};
