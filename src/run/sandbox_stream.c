/* SPDX-License-Identifier: Apache-2.0 */
/* The standard streams of a sandbox: pipes, descriptors of the caller, nothing. */
#include "run/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* What the sandbox gets as stream @i: a descriptor above 2 that we own, or -1
 * for "as ours is". */
static int open_stream(struct sl_sandbox *s, const struct sl_spawn *spawn,
		       int i, int *ret_fd)
{
	int fd = -1, pair[2], r;

	switch (spawn->stdio[i]) {
	case SL_STDIO_INHERIT:
		/* The supervisor process has other streams than we. What the
		 * caller has closed may be a descriptor of ours by now. */
		fd = spawn->inline_supervisor || !s->open[i]
			     ? -1
			     : fcntl(i, F_DUPFD_CLOEXEC, 3);
		*ret_fd = fd;
		return 0;
	case SL_STDIO_NULL:
		fd = open("/dev/null", (i ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
		break;
	case SL_STDIO_FD:
		fd = fcntl(spawn->stdio_fd[i], F_DUPFD_CLOEXEC, 3);
		break;
	case SL_STDIO_STREAM:
	case SL_STDIO_PIPE:
		if (i == 0 || spawn->stdio[i] == SL_STDIO_STREAM) {
			if (pipe2(pair, O_CLOEXEC) < 0)
				return -errno;
			fd = pair[i ? 1 : 0];
			s->ends[i] = pair[i ? 0 : 1];
			break;
		}
		r = sl_capture_open(&s->result.out[i - 1], spawn->capture_limit,
				    &fd);
		if (r == 0)
			r = sl_sandbox_watch(s, s->result.out[i - 1].fd);
		if (r < 0)
			return r;
		break;
	}
	if (fd < 0)
		return -errno;
	if (fd < 3) {
		/* A host with closed streams: dup3() in the child must not meet
		 * a source that is a target. */
		*ret_fd = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		close(fd);
		return *ret_fd < 0 ? -errno : 0;
	}
	*ret_fd = fd;
	return 0;
}

static const char *const names[] = { "stdin", "stdout", "stderr" };

int sl_sandbox_check_streams(const struct sl_spawn *spawn, struct sl_error *err)
{
	int r = 0;

	for (int i = 0; i < 3 && r == 0; i++) {
		if (spawn->stdio[i] == SL_STDIO_INHERIT)
			r = sl_stream_check(i, names[i], err);
		else if (spawn->stdio[i] == SL_STDIO_FD)
			r = sl_stream_check(spawn->stdio_fd[i], names[i], err);
	}
	return r;
}

int sl_sandbox_open_streams(struct sl_sandbox *s, const struct sl_spawn *spawn,
			    struct sl_error *err)
{
	int *fds = s->prepared->launch.fds;

	for (int i = 0; i < 3; i++) {
		int r = open_stream(s, spawn, i, &fds[i]);

		if (r < 0)
			return sl_err(err, r, SL_STAGE_SPAWN,
				      "cannot open %s of the sandbox: %s",
				      names[i], strerror(-r));
	}
	return 0;
}
