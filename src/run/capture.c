/* SPDX-License-Identifier: Apache-2.0 */
/* See capture.h. Never blocks; a writer is never stopped by a full buffer. */
#include "run/capture.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define CHUNK 65536
#define ROUNDS 16

int sl_capture_open(struct sl_capture *capture, size_t limit, int *ret_writer)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	/* Only our end: O_NONBLOCK is per open file description. */
	if (fcntl(fds[0], F_SETFL, O_NONBLOCK) < 0) {
		int r = -errno;

		close(fds[0]);
		close(fds[1]);
		return r;
	}
	capture->fd = fds[0];
	capture->buf = SL_BUF_INIT(limit);
	*ret_writer = fds[1];
	return 0;
}

static int keep(struct sl_capture *capture, const char *data, size_t len)
{
	size_t room = capture->buf.max - capture->buf.len;

	if (len > room) {
		capture->truncated = true;
		len = room;
	}
	return len ? sl_buf_add(&capture->buf, data, len) : 0;
}

int sl_capture_drain(struct sl_capture *capture, bool to_the_end)
{
	char chunk[CHUNK];

	/* A writer that keeps pace must not keep us from everything else. */
	for (int i = 0; (i < ROUNDS || to_the_end) && capture->fd >= 0; i++) {
		ssize_t n = read(capture->fd, chunk, sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0) {
			sl_capture_close(capture);
			return 0;
		}
		if (keep(capture, chunk, (size_t)n) < 0)
			capture->truncated = true; /* out of memory */
	}
	return 0;
}

void sl_capture_close(struct sl_capture *capture)
{
	if (capture->fd >= 0)
		close(capture->fd);
	capture->fd = -1;
}
