/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mode, owner and times. Landlock has no right for them, and a descriptor that
 * is open for reading is enough: decided on the pinned object, and done to it.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <utime.h>

#include "base/compiler.h"
#include "supervise/act.h"
#include "supervise/grants.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/raw.h"

#define AT_KNOWN (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
#define USEC_MAX 999999

/* ------------------------------------------------ mode */

/* The kernel says so before it asks who owns the link. */
static bool is_link(int fd)
{
	struct sl_object object;

	return sl_object_look(fd, &object) == 0 && S_ISLNK(object.mode);
}

static struct sl_answer change_mode(struct sl_call *call, int dirfd, int n,
				    int flags)
{
	uint32_t mode = (uint32_t)sl_call_arg(call, n + 1);
	sl_autoclose int fd = -1;
	int r;

	if (flags & ~AT_KNOWN)
		return sl_answer_fail(EINVAL);
	fd = sl_act_pin(call, dirfd, n, flags);
	if (fd < 0)
		return sl_answer(fd);
	r = sl_act_judge(call, fd, SL_RIGHT_WRITE, EPERM, false);
	if (r < 0)
		return sl_answer(is_link(fd) ? -EOPNOTSUPP : r);
	return sl_answer(sl_object_chmod(fd, mode));
}

struct sl_answer sl_h_chmod(struct sl_call *call)
{
	return change_mode(call, AT_FDCWD, 0, 0);
}

struct sl_answer sl_h_fchmodat(struct sl_call *call)
{
	return change_mode(call, sl_call_int(call, 0), 1, 0);
}

struct sl_answer sl_h_fchmodat2(struct sl_call *call)
{
	return change_mode(call, sl_call_int(call, 0), 1, sl_call_int(call, 3));
}

struct sl_answer sl_h_fchmod(struct sl_call *call)
{
	sl_autoclose int fd = sl_remote_fd(call, sl_call_int(call, 0));
	int r;

	if (fd < 0)
		return sl_answer(fd);
	r = sl_act_judge(call, fd, SL_RIGHT_WRITE, EPERM, true);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw2(SYS_fchmod, fd, sl_call_arg(call, 1)));
}

/* ------------------------------------------------ owner */

/* An owner as the caller names it, in our numbers; -1 stays: no change. */
static bool translate(const struct sl_judge_ids *ids, uint32_t *uid, uint32_t *gid)
{
	if (!ids->mapped)
		return true;
	if (*uid == ids->inside_uid)
		*uid = ids->outside_uid;
	else if (*uid != UINT32_MAX)
		return false;
	if (*gid == ids->inside_gid)
		*gid = ids->outside_gid;
	else if (*gid != UINT32_MAX)
		return false;
	return true;
}

/* Arguments @n and @n + 1 name the owner. */
static struct sl_answer act_owner(struct sl_call *call, int fd, int n,
				  bool as_file)
{
	uint32_t uid = (uint32_t)sl_call_arg(call, n);
	uint32_t gid = (uint32_t)sl_call_arg(call, n + 1);
	int r = sl_act_judge(call, fd, SL_RIGHT_WRITE, EPERM, as_file);

	if (r < 0)
		return sl_answer(r);
	if (!translate(&call->judge->ids, &uid, &gid))
		return sl_answer_fail(EINVAL);
	if (as_file)
		return sl_answer(sl_raw3(SYS_fchown, fd, uid, gid));
	return sl_answer(sl_object_chown(fd, uid, gid));
}

static struct sl_answer change_owner(struct sl_call *call, int dirfd, int n,
				     int flags)
{
	sl_autoclose int fd = -1;

	if (flags & ~AT_KNOWN)
		return sl_answer_fail(EINVAL);
	fd = sl_act_pin(call, dirfd, n, flags);
	return fd < 0 ? sl_answer(fd) : act_owner(call, fd, n + 1, false);
}

struct sl_answer sl_h_chown(struct sl_call *call)
{
	return change_owner(call, AT_FDCWD, 0, 0);
}

struct sl_answer sl_h_lchown(struct sl_call *call)
{
	return change_owner(call, AT_FDCWD, 0, AT_SYMLINK_NOFOLLOW);
}

struct sl_answer sl_h_fchownat(struct sl_call *call)
{
	return change_owner(call, sl_call_int(call, 0), 1, sl_call_int(call, 4));
}

struct sl_answer sl_h_fchown(struct sl_call *call)
{
	sl_autoclose int fd = sl_remote_fd(call, sl_call_int(call, 0));

	return fd < 0 ? sl_answer(fd) : act_owner(call, fd, 1, true);
}

/* ------------------------------------------------ times */

/* Setting them to now takes the right to write; to anything else, to own. */
static int times_error(const struct timespec *times)
{
	if (!times ||
	    (times[0].tv_nsec == UTIME_NOW && times[1].tv_nsec == UTIME_NOW))
		return EACCES;
	return EPERM;
}

static struct sl_answer change_times_fd(struct sl_call *call, int number,
					const struct timespec *times, int flags)
{
	sl_autoclose int fd = -1;
	int r;

	if (flags)
		return sl_answer_fail(EINVAL);
	fd = sl_remote_fd(call, number);
	if (fd < 0)
		return sl_answer(fd);
	r = sl_act_judge(call, fd, SL_RIGHT_TIMES, times_error(times), true);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw4(SYS_utimensat, fd, NULL, times, 0));
}

/* tv_nsec is looked at by the kernel alone: it does so after the look-up. */
static struct sl_answer change_times(struct sl_call *call, int dirfd, int n,
				     const struct timespec *times, int flags)
{
	sl_autoclose int fd = -1;
	int r;

	if (!sl_call_arg(call, n) && dirfd != AT_FDCWD)
		return change_times_fd(call, dirfd, times, flags);
	if (flags & ~AT_KNOWN)
		return sl_answer_fail(EINVAL);
	fd = sl_act_pin(call, dirfd, n, flags);
	if (fd < 0)
		return sl_answer(fd);
	r = sl_act_judge(call, fd, SL_RIGHT_TIMES, times_error(times), false);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_object_utimes(fd, times));
}

struct sl_answer sl_h_utime(struct sl_call *call)
{
	uint64_t addr = sl_call_arg(call, 1);
	struct timespec times[2] = { { 0 } };
	struct utimbuf given;
	int r;

	if (!addr)
		return change_times(call, AT_FDCWD, 0, NULL, 0);
	r = sl_remote_read(call, addr, &given, sizeof(given));
	if (r < 0)
		return sl_answer(r);
	times[0].tv_sec = given.actime;
	times[1].tv_sec = given.modtime;
	return change_times(call, AT_FDCWD, 0, times, 0);
}

static struct sl_answer change_times_us(struct sl_call *call, int dirfd, int n)
{
	uint64_t addr = sl_call_arg(call, n + 1);
	struct timespec times[2];
	struct timeval given[2];
	int r;

	if (!addr)
		return change_times(call, dirfd, n, NULL, 0);
	r = sl_remote_read(call, addr, given, sizeof(given));
	if (r < 0)
		return sl_answer(r);
	for (int i = 0; i < 2; i++) {
		if (given[i].tv_usec < 0 || given[i].tv_usec > USEC_MAX)
			return sl_answer_fail(EINVAL);
		times[i].tv_sec = given[i].tv_sec;
		times[i].tv_nsec = given[i].tv_usec * 1000;
	}
	return change_times(call, dirfd, n, times, 0);
}

struct sl_answer sl_h_utimes(struct sl_call *call)
{
	return change_times_us(call, AT_FDCWD, 0);
}

struct sl_answer sl_h_futimesat(struct sl_call *call)
{
	return change_times_us(call, sl_call_int(call, 0), 1);
}

struct sl_answer sl_h_utimensat(struct sl_call *call)
{
	uint64_t addr = sl_call_arg(call, 2);
	int dirfd = sl_call_int(call, 0), flags = sl_call_int(call, 3);
	struct timespec times[2];
	int r;

	if (!addr)
		return change_times(call, dirfd, 1, NULL, flags);
	r = sl_remote_read(call, addr, times, sizeof(times));
	if (r < 0)
		return sl_answer(r);
	if (times[0].tv_nsec == UTIME_OMIT && times[1].tv_nsec == UTIME_OMIT)
		return sl_answer(0);
	return change_times(call, dirfd, 1, times, flags);
}
