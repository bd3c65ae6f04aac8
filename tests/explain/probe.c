/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one who tries: under the policy it does what it is told and says how each
 * attempt ended. Static, so that it needs no grant but its own.
 *
 *	probe --try OP ARG [OP ARG...]	one errno per line on stdout
 *	probe [anything else]		ends with 0, as a program or interpreter
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define NEW "/.probe-new"

/* ---- files -------------------------------------------------------------- */

/* By whatever spelling the filter lets through. */
static int open_any(const char *path, int flags)
{
	struct open_how how = { .flags = (uint64_t)(flags | O_LARGEFILE),
				.mode = flags & O_CREAT ? 0600 : 0 };
	int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, 0600);

#ifdef SYS_open
	if (fd < 0 && errno == EPERM)
		fd = (int)syscall(SYS_open, path, flags, 0600);
#endif
	if (fd < 0 && errno == EPERM)
		fd = (int)syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
	return fd < 0 ? -errno : fd;
}

static int try_open(const char *path, int flags)
{
	int fd = open_any(path, flags | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

static int try_list(const char *path)
{
	char entries[4096];
	int fd = open_any(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;

	if (fd < 0)
		return fd;
	if (syscall(SYS_getdents64, fd, entries, sizeof(entries)) < 0)
		r = -errno;
	close(fd);
	return r;
}

static int try_create_in(const char *dir)
{
	char path[PATH_MAX + sizeof(NEW)];
	int r;

	snprintf(path, sizeof(path), "%s%s", dir, NEW);
	r = try_open(path, O_WRONLY | O_CREAT | O_EXCL);
	if (r == 0 && unlink(path) < 0)
		return -errno;
	return r;
}

/* What is missing of @path, made as far as its last slash. */
static int make_way(char *path)
{
	struct stat st;

	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		int r;

		*at = '\0';
		r = mkdir(path, 0700) < 0 ? -errno : 0;
		if (r < 0 && stat(path, &st) < 0)
			return r;
		*at = '/';
	}
	return 0;
}

/* @path is resolved and its directories are @kept bytes of it. */
static void remove_new(char *path, size_t kept)
{
	while (strlen(path) > kept) {
		if (unlink(path) < 0)
			rmdir(path);
		*strrchr(path, '/') = '\0';
	}
}

/* "KEPT:f:PATH" or "KEPT:d:PATH": a new file or directory, then none. */
static int try_create(const char *arg)
{
	char path[PATH_MAX + 1];
	char *rest;
	size_t kept = strtoul(arg, &rest, 10);
	int r;

	snprintf(path, sizeof(path), "%s", rest + 3);
	r = make_way(path);
	if (r == 0 && rest[1] == 'd')
		r = mkdir(path, 0700) < 0 ? -errno : 0;
	else if (r == 0)
		r = try_open(path, O_WRONLY | O_CREAT);
	snprintf(path, sizeof(path), "%s", rest + 3);
	remove_new(path, kept);
	return r;
}

static int try_execute(const char *path)
{
	char *argv[] = { (char *)(uintptr_t)path, NULL }, *envp[] = { NULL };
	int fds[2], error = 0;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		execve(path, argv, envp);
		error = -errno;
		if (write(fds[1], &error, sizeof(error)) < 0)
			_exit(2);
		_exit(1);
	}
	close(fds[1]);
	if (read(fds[0], &error, sizeof(error)) < 0)
		error = -errno;
	close(fds[0]);
	waitpid(pid, NULL, 0);
	return error;
}

/* ---- network ------------------------------------------------------------ */

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
	struct sockaddr_un un;
};

/* Loopback; "4:PORT" or "6:PORT". */
/* 4: 127.0.0.1, 2: 127.0.0.2, 0: 0.0.0.0, 6: ::1, m: mapped. */
static socklen_t loopback(const char *arg, union address *ret)
{
	uint16_t port = htons((uint16_t)strtoul(arg + 2, NULL, 10));

	memset(ret, 0, sizeof(*ret));
	if (arg[0] == '6' || arg[0] == 'm') {
		ret->in6.sin6_family = AF_INET6;
		ret->in6.sin6_port = port;
		ret->in6.sin6_addr = in6addr_loopback;
		if (arg[0] == 'm')
			inet_pton(AF_INET6, "::ffff:127.0.0.1",
				  &ret->in6.sin6_addr);
		return sizeof(ret->in6);
	}
	ret->in.sin_family = AF_INET;
	ret->in.sin_port = port;
	if (arg[0] != '0')
		ret->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK + (arg[0] == '2'));
	return sizeof(ret->in);
}

static socklen_t unix_address(const char *arg, union address *ret)
{
	size_t len = strlen(arg);

	memset(ret, 0, sizeof(*ret));
	ret->un.sun_family = AF_UNIX;
	if (len >= sizeof(ret->un.sun_path))
		return 0;
	memcpy(ret->un.sun_path, arg, len);
	if (arg[0] == '@')
		ret->un.sun_path[0] = '\0';
	return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len +
			   (arg[0] != '@'));
}

static int try_socket(int type, int protocol, const union address *to,
		      socklen_t len,
		      int (*use)(int, const struct sockaddr *, socklen_t))
{
	int fd = socket(to->any.sa_family, type | SOCK_CLOEXEC, protocol), r = 0;

	if (fd < 0)
		return -errno;
	if (use(fd, &to->any, len) < 0)
		r = -errno;
	close(fd);
	return r;
}

/* ---- system calls ------------------------------------------------------- */

/* "NUMBER:ARG:ARG..." */
static int try_call(const char *arg)
{
	long args[7] = { 0 };
	char *at = (char *)(uintptr_t)arg;

	for (size_t i = 0; i < 7 && *at; i++) {
		args[i] = strtol(at, &at, 0);
		at += *at == ':';
	}
	if (syscall(args[0], args[1], args[2], args[3], args[4], args[5],
		    args[6]) >= 0)
		return 0;
	return -errno;
}

/* As free as anybody inside could be without a policy. */
static int lay_down(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct none[2] = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    syscall(SYS_capset, &head, none) < 0)
		return -errno;
	return 0;
}

static int try_op(char op, const char *arg)
{
	union address to;

	switch (op) {
	case 'r':
		return try_open(arg, O_RDONLY);
	case 'w':
		return try_open(arg, O_WRONLY);
	case 'x':
		return try_execute(arg);
	case 'l':
		return try_list(arg);
	case 'c':
		return try_create_in(arg);
	case 'n':
		return try_create(arg);
	case 'C':
		return try_socket(SOCK_STREAM, 0, &to, loopback(arg, &to),
				  connect);
	case 'B':
		return try_socket(SOCK_STREAM, 0, &to, loopback(arg, &to), bind);
	case 'D':
		return try_socket(SOCK_DGRAM, 0, &to, loopback(arg, &to), bind);
	case 'U':
		return try_socket(SOCK_DGRAM, 0, &to, loopback(arg, &to),
				  connect);
	case 'I':
		return try_socket(SOCK_DGRAM, IPPROTO_ICMP, &to,
				  loopback(arg, &to), connect);
	case 'X':
		return try_socket(SOCK_STREAM, 0, &to, unix_address(arg, &to),
				  connect);
	case 'S':
		return try_call(arg);
	case 'L':
		return lay_down();
	default:
		return -ENOSYS;
	}
}

int main(int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "--try") != 0)
		return 0;
	for (int i = 2; i + 1 < argc; i += 2) {
		char line[16];
		int len = snprintf(line, sizeof(line), "%d\n",
				   -try_op(argv[i][0], argv[i + 1]));

		if (write(STDOUT_FILENO, line, (size_t)len) != len)
			return 1;
	}
	return 0;
}
