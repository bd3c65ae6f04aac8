/* SPDX-License-Identifier: Apache-2.0 */
/* See remote.h. */
#include "supervise/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/linger.h"
#include "sys/object.h"
#include "sys/process.h"
#include "sys/uapi_task.h"

/* The smallest page: memory that is there is there in such pieces at least. */
#define PIECE 4096u
/* Most paths are shorter; a short read is a third cheaper than a page. */
#define FIRST 256u

static pid_t caller(const struct sl_call *call)
{
	return (pid_t)call->notif->pid;
}

int sl_call_alive(const struct sl_call *call)
{
	return sl_notify_alive(call->judge->listener, call->notif->id);
}

/* An address or a length that makes no sense to the kernel is a fault, too. */
static int read_error(ssize_t r)
{
	return r == -EPERM || r == -ESRCH ? (int)r : -EFAULT;
}

/* pid 0: a task of another pid namespace, which cannot be ours. */
static int read_some(struct sl_call *call, uint64_t addr, void *buf, size_t len)
{
	ssize_t r;

	call->read_memory = true;
	if (caller(call) <= 0)
		return -ESRCH;
	r = sl_process_read(caller(call), addr, buf, len);
	if (r == -EPERM)
		sl_event_deny(call, SL_RULE_UNREADABLE, SL_TRY_CALL, EPERM, -1);
	return r == (ssize_t)len ? 0 : read_error(r);
}

int sl_remote_read(struct sl_call *call, uint64_t addr, void *buf, size_t len)
{
	if (len == 0)
		return 0;
	return read_some(call, addr, buf, len);
}

int sl_remote_read_struct(struct sl_call *call, uint64_t addr, size_t user_len,
			  void *buf, size_t len)
{
	unsigned char rest[PIECE];
	size_t known = SL_MIN(user_len, len);
	int r;

	if (user_len > PIECE)
		return -E2BIG;
	memset(buf, 0, len);
	r = sl_remote_read(call, addr, buf, known);
	if (r < 0 || user_len == known)
		return r;
	r = read_some(call, addr + known, rest, user_len - known);
	for (size_t i = 0; r == 0 && i < user_len - known; i++)
		if (rest[i])
			r = -E2BIG;
	return r;
}

ssize_t sl_remote_string(struct sl_call *call, uint64_t addr, char *buf,
			 size_t size)
{
	size_t len = 0, most = FIRST;

	while (len < size) {
		/* Not a byte of the next page, which may not be there. */
		size_t want = PIECE - (size_t)((addr + len) % PIECE);
		char *end;
		int r;

		want = SL_MIN(SL_MIN(want, most), size - len);
		r = read_some(call, addr + len, buf + len, want);
		if (r < 0)
			return r;
		end = memchr(buf + len, '\0', want);
		if (end)
			return end - buf;
		len += want;
		most = PIECE;
	}
	return -ENAMETOOLONG;
}

int sl_remote_write(struct sl_call *call, uint64_t addr, const void *buf,
		    size_t len)
{
	ssize_t r;

	if (len == 0)
		return 0;
	/* SECURITY: it may be gone, and its number a thread of ours. */
	if (caller(call) <= 0 || sl_process_is_ours(caller(call)))
		return -ESRCH;
	r = sl_process_write(caller(call), addr, buf, len);
	return r == (ssize_t)len ? 0 : read_error(r);
}

/* ------------------------------------------------ descriptors */

static struct sl_judge_pidfd *slot_of(struct sl_call *call)
{
	return &call->judge->pidfds[caller(call) % SL_JUDGE_PIDFDS];
}

static void forget(struct sl_judge_pidfd *slot)
{
	if (slot->tid)
		close(slot->fd);
	slot->tid = 0;
}

/*
 * KERNEL 6.9: pidfds of threads. Before it the process's serves: threads with
 * a descriptor table of their own are then read by the leader's.
 */
static int open_pidfd(struct sl_call *call)
{
	int fd = sl_pidfd_open(caller(call), SL_PIDFD_THREAD);
	int tgid;

	if (fd != -EINVAL)
		return fd;
	fd = sl_pidfd_open(caller(call), 0);
	if (fd >= 0 || fd == -ESRCH)
		return fd;
	tgid = sl_remote_tgid(call);
	return tgid < 0 ? tgid : sl_pidfd_open(tgid, 0);
}

int sl_remote_pidfd(struct sl_call *call)
{
	struct sl_judge_pidfd *slot = slot_of(call);
	int fd;

	if (caller(call) <= 0)
		return -ESRCH;
	if (slot->tid == caller(call))
		return slot->fd;
	fd = open_pidfd(call);
	if (fd < 0)
		return fd;
	forget(slot);
	slot->tid = caller(call);
	slot->fd = fd;
	return fd;
}

/* SECURITY: the last close of a socket may wait (linger.h). */
static int hold(struct sl_judge *judge, int fd)
{
	int second = -EMFILE;

	if (judge->held_count < SL_JUDGE_HELD) {
		second = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		if (second < 0)
			second = -errno;
	}
	if (second < 0)
		sl_linger_close(judge, fd);
	else
		judge->held[judge->held_count++] = fd;
	return second;
}

int sl_remote_fd(struct sl_call *call, int number)
{
	int fd = sl_remote_socket(call, number);

	return fd < 0 || !sl_linger_may(fd) ? fd : hold(call->judge, fd);
}

void sl_remote_release(struct sl_judge *judge)
{
	while (judge->held_count)
		sl_linger_close(judge, judge->held[--judge->held_count]);
}

int sl_remote_socket(struct sl_call *call, int fd)
{
	int pidfd, r;

	if (fd < 0)
		return -EBADF;
	if (!sl_linger_close(call->judge, -1))
		return -EPERM;
	for (int round = 0;; round++) {
		pidfd = sl_remote_pidfd(call);
		if (pidfd < 0)
			return pidfd;
		r = sl_pidfd_getfd(pidfd, fd);
		if (r != -ESRCH || round)
			return r;
		/* Of an earlier task that had this number. */
		forget(slot_of(call));
	}
}

/* ------------------------------------------------ who it is */

/* "/proc/A/task/B" exists for any thread A of the process that B is in. */
bool sl_remote_is_own(struct sl_call *call, pid_t pid)
{
	char path[40], *at;
	struct stat st;

	if (pid == caller(call))
		return true;
	if (pid <= 0 || caller(call) <= 0)
		return false;
	at = sl_object_number(path, (unsigned int)pid);
	memcpy(at, "/task/", 6);
	sl_object_number(at + 6, (unsigned int)caller(call));
	return fstatat(call->judge->proc_fd, path, &st, 0) == 0;
}

/* KERNEL 6.13: PIDFD_GET_INFO. Before it, what /proc says. */
static int status_tgid(struct sl_call *call)
{
	char path[40], text[512], *at;
	ssize_t n;
	int value;

	at = sl_object_number(path, call->notif->pid);
	memcpy(at, "/status", sizeof("/status"));
	sl_autoclose int fd = openat(call->judge->proc_fd, path,
				     O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	at = strstr(text, "\nTgid:\t");
	value = at ? (int)strtol(at + 7, NULL, 10) : 0;
	return value > 0 ? value : -ESRCH;
}

int sl_remote_tgid(struct sl_call *call)
{
	sl_autoclose int fd = -1;
	int r;

	if (caller(call) <= 0)
		return -ESRCH;
	/* A process's pidfd is to be had of its leader only. */
	fd = sl_pidfd_open(caller(call), 0);
	if (fd >= 0)
		return caller(call);
	if (fd == -ESRCH)
		return fd;
	fd = sl_pidfd_open(caller(call), SL_PIDFD_THREAD);
	r = fd < 0 ? fd : sl_pidfd_tgid(fd);
	return r > 0 ? r : status_tgid(call);
}
