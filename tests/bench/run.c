/* SPDX-License-Identifier: Apache-2.0 */
/* Starting commands, timing them, and the interleaved rounds. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <math.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define DEADLINE_MS 120000
#define GIVE_UP 2 /* failures after which a row is left alone */
#define MIN_ROUNDS 5

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* ---- arguments --------------------------------------------------------- */

bool bench_args(const char **args, ...)
{
	const char *arg;
	size_t n = 0;
	va_list ap;

	while (args[n])
		n++;
	va_start(ap, args);
	while ((arg = va_arg(ap, const char *)) && n + 1 < BENCH_ARGS)
		args[n++] = arg;
	va_end(ap);
	args[n] = NULL;
	return arg == NULL;
}

bool bench_all_args(const char **args, const char *const *more, size_t count)
{
	bool fit = true;

	for (size_t i = 0; i < count; i++)
		fit = bench_args(args, more[i], NULL) && fit;
	return fit;
}

void bench_grants(const char **args, const char *const *paths, size_t max)
{
	for (; *paths && max > 0; paths++) {
		if (access(*paths, R_OK | X_OK) < 0)
			continue;
		bench_args(args, "-r", *paths, NULL);
		max--;
	}
}

bool bench_has_profile(struct bench *b, const char *name)
{
	const char *args[] = { b->sandlock, "profile", "show", name, NULL };

	return bench_command(b, args, NULL, NULL);
}

void bench_reference(struct bench *b, const char **args)
{
	static const char *const paths[] = { "/usr", "/lib",  "/lib64", "/bin",
					     "/etc", "/proc", "/dev",	NULL };

	bench_args(args, b->reference, "run", NULL);
	bench_grants(args, paths, 16);
}

/* ---- commands ---------------------------------------------------------- */

/* First line of what the command said on stderr, if anything. */
static void add_stderr(struct bench *b)
{
	size_t len = strlen(b->why);
	char text[160];
	ssize_t n = pread(b->err_fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	text[strcspn(text, "\n")] = '\0';
	snprintf(b->why + len, sizeof(b->why) - len, ": %s", text);
}

static bool wait_command(struct bench *b, const char *name, pid_t pid)
{
	struct pollfd pfd = { .events = POLLIN };
	int status = 0, ready;

	pfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	ready = poll(&pfd, 1, DEADLINE_MS);
	if (ready <= 0)
		kill(pid, SIGKILL);
	close(pfd.fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (ready > 0 && status == 0)
		return true;
	if (ready <= 0)
		snprintf(b->why, sizeof(b->why), "%s: no end in %d s", name,
			 DEADLINE_MS / 1000);
	else if (WIFSIGNALED(status))
		snprintf(b->why, sizeof(b->why), "%s: died of signal %d", name,
			 WTERMSIG(status));
	else
		snprintf(b->why, sizeof(b->why), "%s: exit status %d", name,
			 WEXITSTATUS(status));
	add_stderr(b);
	return false;
}

bool bench_command(struct bench *b, const char *const *args, const char *cwd,
		   double *ret_us)
{
	posix_spawn_file_actions_t files;
	double start;
	pid_t pid;
	bool ok;
	int r;

	if (ftruncate(b->err_fd, 0) < 0 || ftruncate(b->out_fd, 0) < 0 ||
	    lseek(b->err_fd, 0, SEEK_SET) < 0 ||
	    lseek(b->out_fd, 0, SEEK_SET) < 0)
		return false;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, b->null_fd, 0);
	posix_spawn_file_actions_adddup2(&files, b->out_fd, 1);
	posix_spawn_file_actions_adddup2(&files, b->err_fd, 2);
	if (cwd)
		posix_spawn_file_actions_addchdir_np(&files, cwd);
	start = now_us();
	r = posix_spawn(&pid, args[0], &files, NULL,
			(char *const *)(uintptr_t)args, environ);
	if (r == 0) {
		ok = wait_command(b, args[0], pid);
		if (ret_us)
			*ret_us = now_us() - start;
	} else {
		snprintf(b->why, sizeof(b->why), "%s: %s", args[0], strerror(r));
		ok = false;
	}
	posix_spawn_file_actions_destroy(&files);
	return ok;
}

bool bench_act_command(struct bench *b, const struct bench_act *act, size_t round)
{
	double us;

	if (!bench_command(b, act->args, act->cwd, &us))
		return false;
	bench_sample(b, act->row, round, us);
	return true;
}

char *bench_output(struct bench *b, char *buf, size_t size)
{
	ssize_t n = pread(b->out_fd, buf, size - 1, 0);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

void bench_remove(const char *path)
{
	nftw(path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ---- peers ------------------------------------------------------------- */

static void peer_child(struct bench *b, const char *const *args, int in,
		       int out, pid_t parent)
{
	/* Nobody else would end a server if the driver is killed. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() == parent && dup2(in, 0) == 0 && dup2(out, 1) == 1 &&
	    dup2(b->err_fd, 2) == 2)
		execv(args[0], (char *const *)(uintptr_t)args);
	_exit(127);
}

bool bench_peer_open(struct bench *b, struct bench_peer *peer,
		     const char *const *args)
{
	int to[2], from[2];
	pid_t parent = getpid();

	*peer = (struct bench_peer){ .pid = -1, .to = -1, .from = -1 };
	if (ftruncate(b->err_fd, 0) < 0 || lseek(b->err_fd, 0, SEEK_SET) < 0 ||
	    pipe2(to, O_CLOEXEC) < 0)
		return false;
	if (pipe2(from, O_CLOEXEC) < 0) {
		close(to[0]);
		close(to[1]);
		return false;
	}
	peer->pid = fork();
	if (peer->pid == 0)
		peer_child(b, args, to[0], from[1], parent);
	close(to[0]);
	close(from[1]);
	peer->to = to[1];
	peer->from = from[0];
	return peer->pid > 0;
}

bool bench_peer_line(struct bench *b, struct bench_peer *peer, char *buf,
		     size_t size)
{
	struct pollfd pfd = { .fd = peer->from, .events = POLLIN };
	size_t n = 0;
	char c;

	while (poll(&pfd, 1, 30000) == 1 && read(peer->from, &c, 1) == 1) {
		if (c == '\n') {
			buf[n] = '\0';
			return true;
		}
		if (n + 1 < size)
			buf[n++] = c;
	}
	snprintf(b->why, sizeof(b->why), "it ended or fell silent");
	add_stderr(b);
	return false;
}

bool bench_peer_ask(struct bench *b, struct bench_peer *host, char command,
		    double *ret)
{
	char line[240];

	if (write(host->to, &command, 1) != 1) {
		snprintf(b->why, sizeof(b->why), "bench_host is gone");
		return false;
	}
	if (!bench_peer_line(b, host, line, sizeof(line)))
		return false;
	if (line[0] == '-') {
		snprintf(b->why, sizeof(b->why), "%.200s", line + 1);
		return false;
	}
	*ret = strtod(line, NULL);
	return true;
}

void bench_peer_close(struct bench_peer *peer, bool term)
{
	struct pollfd pfd = { .events = POLLIN };

	if (peer->pid <= 0)
		return;
	close(peer->to);
	close(peer->from);
	if (term)
		kill(peer->pid, SIGTERM);
	pfd.fd = (int)syscall(SYS_pidfd_open, peer->pid, 0);
	if (poll(&pfd, 1, 10000) <= 0)
		kill(peer->pid, SIGKILL);
	close(pfd.fd);
	while (waitpid(peer->pid, NULL, 0) < 0 && errno == EINTR)
		;
	peer->pid = -1;
}

bool bench_free_port(char *ret_port, size_t size)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool ok;

	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	ok = bind(fd, (struct sockaddr *)&in, len) == 0 &&
	     getsockname(fd, (struct sockaddr *)&in, &len) == 0;
	snprintf(ret_port, size, "%u", ntohs(in.sin_port));
	close(fd);
	return ok;
}

/* ---- rounds ------------------------------------------------------------ */

static void shuffle(size_t *order, size_t count, unsigned int *seed)
{
	for (size_t i = 0; i < count; i++)
		order[i] = i;
	for (size_t i = count; i > 1; i--) {
		size_t j = (size_t)rand_r(seed) % i;
		size_t swap = order[i - 1];

		order[i - 1] = order[j];
		order[j] = swap;
	}
}

static void one_round(struct bench *b, const struct bench_act *acts,
		      size_t count, size_t round, unsigned int *seed)
{
	size_t order[BENCH_ROWS];

	shuffle(order, count, seed);
	for (size_t i = 0; i < count; i++) {
		const struct bench_act *act = &acts[order[i]];

		if (b->rows[act->row].failures >= GIVE_UP)
			continue;
		if (act->every && round % act->every)
			continue;
		if (!act->run(b, act, round))
			bench_fail(b, act->row, b->why);
	}
}

void bench_interleave(struct bench *b, const struct bench_act *acts, size_t count)
{
	double end = now_us() + b->seconds * 1e6;
	size_t last = b->rounds ? b->rounds : BENCH_ROUNDS;
	unsigned int seed = 1;

	/* Warms caches; its samples are overwritten. */
	one_round(b, acts, count, 0, &seed);
	for (size_t round = 0; round < last; round++) {
		if (!b->rounds && round >= MIN_ROUNDS && now_us() > end)
			break;
		one_round(b, acts, count, round, &seed);
	}
}
