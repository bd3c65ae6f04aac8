/* SPDX-License-Identifier: Apache-2.0 */
/* See parked.h. */
#include "supervise/parked.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "sys/object.h"
#include "sys/process.h"
#include "sys/raw.h"

/* Never waits: the end for writing is -ENXIO until there is a reader. */
static int open_now(const struct sl_judge *judge, int fd, int flags)
{
	char number[12];

	flags &= ~(O_CREAT | O_EXCL | O_NOFOLLOW);
	sl_object_number(number, (unsigned int)fd);
	return (int)sl_raw4(SYS_openat, judge->self_fd, number,
			    flags | O_NONBLOCK | O_CLOEXEC | O_NOCTTY, 0);
}

/* From here on it waits like any other. */
static int let_wait(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno
									: 0;
}

/*
 * Has the pipe behind our reading end a writer, or had it one since: what is
 * there is copied, not taken, and without a writer there is nothing to copy.
 */
static bool has_writer(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	int ends[2];
	ssize_t n;

	if (poll(&pfd, 1, 0) > 0)
		return true;
	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
		return false;
	n = tee(fd, ends[1], 1, SPLICE_F_NONBLOCK);
	close(ends[0]);
	close(ends[1]);
	return n != 0;
}

/* A descriptor to install, negative errno, or -EAGAIN: not yet. */
static int try_open(const struct sl_judge *judge, const struct sl_parked *parked)
{
	int fd, r;

	if ((parked->flags & O_ACCMODE) == O_WRONLY) {
		fd = open_now(judge, parked->fd, parked->flags);
		if (fd == -ENXIO)
			return -EAGAIN;
	} else {
		if (!has_writer(parked->fd))
			return -EAGAIN;
		fd = fcntl(parked->fd, F_DUPFD_CLOEXEC, 0);
		fd = fd < 0 ? -EMFILE : fd;
	}
	r = fd < 0 ? fd : let_wait(fd);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

int sl_parked_open(struct sl_call *call, int fd, int flags)
{
	struct sl_judge *judge = call->judge;
	struct sl_parked parked = { call->notif->id, -1, flags };
	int r;

	if ((flags & O_ACCMODE) == O_WRONLY) {
		parked.fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		parked.fd = parked.fd < 0 ? -EMFILE : parked.fd;
	} else {
		/* A writer that waits sees a reader from now on. */
		parked.fd = open_now(judge, fd, flags);
	}
	if (parked.fd < 0)
		return parked.fd;
	r = try_open(judge, &parked);
	if (r == -EAGAIN && judge->parked_count < SL_PARKED_MAX) {
		judge->parked[judge->parked_count++] = parked;
		return -EINPROGRESS;
	}
	close(parked.fd);
	return r;
}

static void answer(const struct sl_judge *judge, const struct sl_parked *parked,
		   int fd)
{
	struct seccomp_notif_addfd add = { .id = parked->id,
					   .srcfd = (uint32_t)fd,
					   .newfd_flags = (uint32_t)parked->flags &
							  O_CLOEXEC };
	struct seccomp_notif_resp resp = { .id = parked->id };
	int r = fd;

	if (fd >= 0) {
		r = ioctl(judge->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
		r = r < 0 ? -errno : r;
		close(fd);
	}
	resp.error = r < 0 ? r : 0;
	resp.val = r < 0 ? 0 : r;
	/* ENOENT: the caller is gone. */
	while (ioctl(judge->listener, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0 &&
	       errno == EINTR)
		;
}

void sl_parked_retry(struct sl_judge *judge)
{
	int kept = 0;

	for (int i = 0; i < judge->parked_count; i++) {
		struct sl_parked parked = judge->parked[i];
		int r = sl_notify_alive(judge->listener, parked.id);

		if (r == 0) {
			r = try_open(judge, &parked);
			if (r == -EAGAIN) {
				judge->parked[kept++] = parked;
				continue;
			}
			answer(judge, &parked, r);
		}
		close(parked.fd);
	}
	judge->parked_count = kept;
}

void sl_parked_drop(struct sl_judge *judge)
{
	for (int i = 0; i < judge->parked_count; i++)
		close(judge->parked[i].fd);
	judge->parked_count = 0;
}
