/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one system call costs, in the process it runs in: prints "NAME NS" per
 * call, each the median of batches. The driver runs it bare and inside in turn.
 * Static, so that loading it costs the same everywhere. Takes the path of a
 * file that may be read; with a second argument, a directory that may be
 * written, it measures the calls that are judged, on files of its own there;
 * with "carved" those that carve-outs make judged; with "net" and a port, which
 * it may listen on and connect to, those of the network.
 */
#include "micro.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BATCHES 31
#define BATCH MICRO_BATCH

struct micro {
	const char *path;
	int pipe[2];
	int sock[2];
	struct stat st;
	char byte;
	char file[4096]; /* absolute, ours; the working directory is its own */
	struct sockaddr_un at; /* where the server listens, absolute */
	int fd, server;
};

static int op_getppid(struct micro *m)
{
	(void)m;
	return syscall(SYS_getppid) < 0 ? errno : 0;
}

static int op_open(struct micro *m)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, m->path,
			      O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return close(fd) < 0 ? errno : 0;
}

static int op_stat(struct micro *m)
{
	return fstatat(AT_FDCWD, m->path, &m->st, 0) < 0 ? errno : 0;
}

static int op_close(struct micro *m)
{
	(void)m;
	return syscall(SYS_close, -1) < 0 && errno == EBADF ? 0 : EINVAL;
}

static int op_wait4(struct micro *m)
{
	(void)m;
	return syscall(SYS_wait4, -1, NULL, WNOHANG, NULL) < 0 && errno == ECHILD
		       ? 0
		       : EINVAL;
}

static int op_mmap(struct micro *m)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)m;
	if (p == MAP_FAILED)
		return errno;
	return munmap(p, 4096) < 0 ? errno : 0;
}

static int op_write(struct micro *m)
{
	return write(m->pipe[1], &m->byte, 1) == 1 ? 0 : errno;
}

static int op_read(struct micro *m)
{
	return read(m->pipe[0], &m->byte, 1) == 1 ? 0 : errno;
}

static int op_recvmsg(struct micro *m)
{
	struct iovec iov = { .iov_base = &m->byte, .iov_len = 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };

	return recvmsg(m->sock[0], &msg, MSG_DONTWAIT) == 1 ? 0 : errno;
}

static int fill_pipe(struct micro *m)
{
	int r = 0;

	for (int i = 0; i < BATCH && r == 0; i++)
		r = op_write(m);
	return r;
}

static int drain_pipe(struct micro *m)
{
	int r = 0;

	for (int i = 0; i < BATCH && r == 0; i++)
		r = op_read(m);
	return r;
}

static int fill_socket(struct micro *m)
{
	for (int i = 0; i < BATCH; i++)
		if (send(m->sock[1], &m->byte, 1, MSG_DONTWAIT) != 1)
			return errno;
	return 0;
}

/* ---- judged --------------------------------------------------------------- */

/* Nothing to look at but who is meant: the cost of being asked at all. */
static int op_setpriority(struct micro *m)
{
	(void)m;
	return setpriority(PRIO_PROCESS, (id_t)getpid(), 0) < 0 ? errno : 0;
}

static int op_chmod(struct micro *m)
{
	return chmod(m->file, 0600) < 0 ? errno : 0;
}

static int op_chmod_here(struct micro *m)
{
	(void)m;
	return chmod("micro.file", 0600) < 0 ? errno : 0;
}

static int op_fchmod(struct micro *m)
{
	return fchmod(m->fd, 0600) < 0 ? errno : 0;
}

static int op_utimensat(struct micro *m)
{
	static const struct timespec ts[2] = { { 1, 0 }, { 1, 0 } };

	return utimensat(AT_FDCWD, m->file, ts, 0) < 0 ? errno : 0;
}

/* With the socket's making and closing. */
static int op_connect(struct micro *m)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return errno;
	r = connect(fd, (struct sockaddr *)&m->at, sizeof(m->at)) < 0 ? errno : 0;
	close(fd);
	return r;
}

static int serve_connects(struct micro *m)
{
	for (int i = 0; i < BATCH; i++) {
		int fd = accept(m->server, NULL, NULL);

		if (fd < 0)
			return errno;
		close(fd);
	}
	return 0;
}

/* Where there may be no Unix sockets it stays -1, and connects fail. */
static int make_server(struct micro *m, const char *dir)
{
	int n;

	m->at.sun_family = AF_UNIX;
	n = snprintf(m->at.sun_path, sizeof(m->at.sun_path), "%s/micro.sock",
		     dir);
	if (n >= (int)sizeof(m->at.sun_path))
		return ENAMETOOLONG;
	unlink(m->at.sun_path);
	m->server = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (m->server < 0 ||
	    bind(m->server, (struct sockaddr *)&m->at, sizeof(m->at)) < 0 ||
	    listen(m->server, BATCH) < 0)
		return errno;
	return 0;
}

static int op_open_write(struct micro *m)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, m->file, O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return close(fd) < 0 ? errno : 0;
}

static int op_open_read(struct micro *m)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, m->file,
			      O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return errno;
	return close(fd) < 0 ? errno : 0;
}

static int op_create(struct micro *m)
{
	int fd = (int)syscall(SYS_openat, AT_FDCWD, "micro.new",
			      O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	(void)m;
	if (fd < 0)
		return errno;
	close(fd);
	return unlink("micro.new") < 0 ? errno : 0;
}

static int op_rename(struct micro *m)
{
	(void)m;
	return rename("micro.a", "micro.b") < 0 ||
			       rename("micro.b", "micro.a") < 0
		       ? errno
		       : 0;
}

static int make_renamed(struct micro *m)
{
	int fd = open("micro.a", O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	(void)m;
	if (fd < 0)
		return errno;
	return close(fd) < 0 ? errno : 0;
}

static int make_file(struct micro *m, const char *dir)
{
	int n = snprintf(m->file, sizeof(m->file), "%s/micro.file", dir);

	if (n >= (int)sizeof(m->file))
		return ENAMETOOLONG;
	if (chdir(dir) < 0)
		return errno;
	m->fd = open(m->file, O_CREAT | O_RDWR | O_CLOEXEC, 0600);
	return m->fd < 0 ? errno : 0;
}

static const struct op judged[] = {
	{ "setpriority", NULL, op_setpriority, NULL },
	{ "chmod", NULL, op_chmod, NULL },
	{ "chmod in cwd", NULL, op_chmod_here, NULL },
	{ "fchmod", NULL, op_fchmod, NULL },
	{ "utimensat", NULL, op_utimensat, NULL },
	{ "unix connect", NULL, op_connect, serve_connects },
};

static const struct op carved[] = {
	{ "open to read", NULL, op_open_read, NULL },
	{ "open to write", NULL, op_open_write, NULL },
	{ "create+unlink", NULL, op_create, NULL },
	{ "rename twice", make_renamed, op_rename, NULL },
};

static const struct op ops[] = {
	{ "getppid", NULL, op_getppid, NULL },
	{ "stat", NULL, op_stat, NULL },
	{ "close", NULL, op_close, NULL },
	{ "read", fill_pipe, op_read, NULL },
	{ "write", NULL, op_write, drain_pipe },
	{ "recvmsg", fill_socket, op_recvmsg, NULL },
	{ "wait4", NULL, op_wait4, NULL },
	{ "mmap+munmap", NULL, op_mmap, NULL },
	{ "open+close", NULL, op_open, NULL },
};

static double now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static int batch(const struct op *op, struct micro *m, double *ret_ns)
{
	double start;
	int r = op->prepare ? op->prepare(m) : 0;

	start = now_ns();
	for (int i = 0; i < BATCH && r == 0; i++)
		r = op->call(m);
	*ret_ns = (now_ns() - start) / BATCH;
	if (r == 0 && op->finish)
		r = op->finish(m);
	return r;
}

int micro_measure(const struct op *op, struct micro *m)
{
	double ns[BATCHES];
	int r = batch(op, m, ns); /* warms caches */

	for (int i = 0; i < BATCHES && r == 0; i++)
		r = batch(op, m, &ns[i]);
	if (r) {
		fprintf(stderr, "micro: %s: %s\n", op->name, strerror(r));
		return 1;
	}
	qsort(ns, BATCHES, sizeof(ns[0]), compare);
	printf("%s %.2f\n", op->name, ns[BATCHES / 2]);
	return 0;
}

int main(int argc, char **argv)
{
	struct micro m = { .path = argc > 1 ? argv[1] : argv[0] };
	int failed = 0;

	if (pipe2(m.pipe, O_CLOEXEC) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, m.sock) < 0) {
		perror("micro: pipe, socketpair");
		return 1;
	}
	if (argc > 4 && strcmp(argv[3], "net") == 0)
		return micro_net(argv[4]);
	if (argc > 2) {
		int r = make_file(&m, argv[2]);

		if (r) {
			fprintf(stderr, "micro: %s: %s\n", argv[2], strerror(r));
			return 1;
		}
		if (argc > 3) {
			for (size_t i = 0;
			     i < sizeof(carved) / sizeof(carved[0]); i++)
				failed |= micro_measure(&carved[i], &m);
			return failed;
		}
		r = make_server(&m, argv[2]);
		if (r)
			fprintf(stderr, "micro: no server: %s\n", strerror(r));
		for (size_t i = 0; i < sizeof(judged) / sizeof(judged[0]); i++)
			failed |= micro_measure(&judged[i], &m);
		return failed;
	}
	for (size_t i = 0; i < sizeof(ops) / sizeof(ops[0]); i++)
		failed |= micro_measure(&ops[i], &m);
	return failed;
}
