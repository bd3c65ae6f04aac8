// SPDX-License-Identifier: Apache-2.0
/*
 * Between the program and the reader of our stderr, where that is a pipe of its
 * own. The program sees a pipe instead of a pipe: as slow as the reader, and
 * broken when the reader leaves.
 */
#include "cli.h"
#include "ear.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool is_same(const struct stat *a, int fd)
{
	struct stat b;

	return fd >= 0 && fstat(fd, &b) == 0 && a->st_dev == b.st_dev &&
	       a->st_ino == b.st_ino;
}

void cli_ear_open(struct cli_ear *ear, bool wanted, int other)
{
	struct stat st;

	ear->mode = CLI_EAR_DEAF;
	ear->in = ear->out = -1;
	ear->at = ear->len = ear->kept_len = 0;
	ear->cut = false;
	if (!wanted || fstat(STDERR_FILENO, &st) < 0)
		return;
	if (S_ISREG(st.st_mode)) {
		int flags = fcntl(STDERR_FILENO, F_GETFL);

		ear->start = flags >= 0 && (flags & O_APPEND)
				     ? st.st_size
				     : lseek(STDERR_FILENO, 0, SEEK_CUR);
		if (ear->start >= 0)
			ear->mode = CLI_EAR_FILE;
		return;
	}
	/* In between, what goes to one pipe by two ways would change places. */
	if (!S_ISFIFO(st.st_mode) || is_same(&st, STDOUT_FILENO) ||
	    is_same(&st, STDIN_FILENO) || is_same(&st, other))
		return;
	/*
	 * A description of our own: O_NONBLOCK on the one that we share would
	 * be seen by everybody. Refused where the pipe is another user's.
	 */
	ear->out = open("/proc/self/fd/2",
			O_WRONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	if (ear->out >= 0)
		ear->mode = CLI_EAR_PIPE;
}

void cli_ear_attach(struct cli_ear *ear, int fd)
{
	int flags = fcntl(fd, F_GETFL);

	ear->in = fd;
	if (flags >= 0)
		fcntl(fd, F_SETFL, flags | O_NONBLOCK);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* The program's next write gets SIGPIPE, as it would without us. */
static void hang_up(struct cli_ear *ear)
{
	close_fd(&ear->in);
	close_fd(&ear->out);
	ear->at = ear->len = 0;
}

static void keep(struct cli_ear *ear, const char *data, size_t len)
{
	size_t room = sizeof(ear->kept) - ear->kept_len;

	if (len > room) {
		size_t drop = len - room;

		memmove(ear->kept, ear->kept + drop, ear->kept_len - drop);
		ear->kept_len -= drop;
		ear->cut = true;
	}
	memcpy(ear->kept + ear->kept_len, data, len);
	ear->kept_len += len;
}

static void read_some(struct cli_ear *ear)
{
	ssize_t n = read(ear->in, ear->pending, sizeof(ear->pending));

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		close_fd(&ear->in);
		return;
	}
	keep(ear, ear->pending, (size_t)n);
	ear->at = 0;
	ear->len = (size_t)n;
}

/* SIGPIPE is for the program: for us it is an errno. */
static ssize_t write_quietly(int fd, const char *data, size_t len)
{
	static const struct timespec now = { 0, 0 };
	sigset_t broken, before, pending;
	bool was_pending;
	ssize_t n;
	int error;

	sigemptyset(&broken);
	sigaddset(&broken, SIGPIPE);
	was_pending = sigpending(&pending) == 0 && sigismember(&pending, SIGPIPE);
	sigprocmask(SIG_BLOCK, &broken, &before);
	n = write(fd, data, len);
	error = errno;
	if (n < 0 && error == EPIPE && !was_pending)
		while (sigtimedwait(&broken, NULL, &now) < 0 && errno == EINTR)
			;
	sigprocmask(SIG_SETMASK, &before, NULL);
	errno = error;
	return n;
}

static void write_some(struct cli_ear *ear)
{
	ssize_t n = write_quietly(ear->out, ear->pending + ear->at, ear->len);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0) {
		hang_up(ear);
		return;
	}
	ear->at += (size_t)n;
	ear->len -= (size_t)n;
}

void cli_ear_poll(const struct cli_ear *ear, struct pollfd fds[2])
{
	fds[0] = (struct pollfd){ .fd = ear->len ? -1 : ear->in,
				  .events = POLLIN };
	/* Without events: POLLERR tells that the reader left. */
	fds[1] = (struct pollfd){ .fd = ear->in < 0 && !ear->len ? -1 : ear->out,
				  .events = ear->len ? POLLOUT : 0 };
}

void cli_ear_serve(struct cli_ear *ear, const struct pollfd fds[2])
{
	if (fds[1].revents & POLLERR) {
		hang_up(ear);
		return;
	}
	if (fds[0].revents)
		read_some(ear);
	/* Most often there is room: try before asking. */
	if (ear->len)
		write_some(ear);
}

static void finish_pipe(struct cli_ear *ear)
{
	struct pollfd fds[2];
	sigset_t none;

	/* What was blocked to be passed on is for us again while we wait. */
	sigemptyset(&none);
	for (;;) {
		if (!ear->len && ear->in >= 0)
			read_some(ear);
		if (!ear->len)
			break; /* nobody is left who could say more */
		write_some(ear);
		cli_ear_poll(ear, fds);
		if (ear->len && ppoll(fds, 2, NULL, &none) < 0 && errno != EINTR)
			break;
		if (fds[1].revents & POLLERR)
			hang_up(ear);
	}
	hang_up(ear);
}

/* Opened anew to be read: our descriptor is often for writing only. */
static void finish_file(struct cli_ear *ear)
{
	int fd = open("/proc/self/fd/2",
		      O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	off_t start = ear->start, end;
	ssize_t n;

	if (fd < 0)
		return;
	end = lseek(fd, 0, SEEK_END);
	if (end - start > CLI_EAR_KEPT) {
		start = end - CLI_EAR_KEPT;
		ear->cut = true;
	}
	n = end > start ? pread(fd, ear->kept, (size_t)(end - start), start) : 0;
	ear->kept_len = n > 0 ? (size_t)n : 0;
	close(fd);
}

void cli_ear_finish(struct cli_ear *ear)
{
	if (ear->mode == CLI_EAR_PIPE)
		finish_pipe(ear);
	else if (ear->mode == CLI_EAR_FILE)
		finish_file(ear);
}
