/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Extended attributes and file attributes. setxattrat(2) and file_setattr(2)
 * take no O_PATH descriptor, so that a pinned object is named by its link in
 * our /proc/self/fd.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/xattr.h>

#include "base/compiler.h"
#include "supervise/act.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/raw.h"
#include "sys/uapi_task.h"

#define AT_KNOWN (AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH)
#define FILE_ATTR_MAX 64 /* 24 bytes in its first version */
#define FILE_ATTR_MIN 24

/* What to do, and to what. */
struct change {
	int dirfd;
	int n; /* argument that is the path; -1: dirfd is the object */
	int flags;
	/* the attribute: name in judge->path[1], value in judge->value */
	bool remove;
	int how; /* XATTR_CREATE... */
	size_t size;
};

static int read_name(struct sl_call *call, uint64_t addr)
{
	ssize_t len = sl_remote_string(call, addr, call->judge->path[1],
				       XATTR_NAME_MAX + 1);

	if (len == 0 || len == -ENAMETOOLONG)
		return -ERANGE;
	return len < 0 ? (int)len : 0;
}

/* In the kernel's order. */
static int read_attribute(struct sl_call *call, struct change *change,
			  uint64_t name, uint64_t value, uint64_t size)
{
	int r;

	if (change->how & ~(XATTR_CREATE | XATTR_REPLACE))
		return -EINVAL;
	r = read_name(call, name);
	if (r < 0)
		return r;
	if (size > XATTR_SIZE_MAX)
		return -E2BIG;
	change->size = (size_t)size;
	return sl_remote_read(call, value, call->judge->value, (size_t)size);
}

static int refusal(struct sl_call *call)
{
	return strncmp(call->judge->path[1], "user.", 5) == 0 ? EACCES : EPERM;
}

static long act_fd(struct sl_call *call, const struct change *change, int fd)
{
	const char *name = call->judge->path[1];

	if (change->remove)
		return sl_raw2(SYS_fremovexattr, fd, name);
	return sl_raw5(SYS_fsetxattr, fd, name, call->judge->value,
		       change->size, change->how);
}

static long act_held(struct sl_call *call, const struct change *change, int fd)
{
	const char *name = call->judge->path[1];
	char link[SL_OBJECT_LINK_MAX];

	sl_object_link(fd, link);
	if (change->remove)
		return sl_raw2(SYS_removexattr, link, name);
	return sl_raw5(SYS_setxattr, link, name, call->judge->value,
		       change->size, change->how);
}

/*
 * Is the object the descriptor itself: 1, 0, negative errno. With AT_EMPTY_PATH
 * no path at all is an empty one.
 */
static int is_empty_path(struct sl_call *call, int n, int flags)
{
	char first;
	int r;

	if (n < 0)
		return 1;
	if (!(flags & AT_EMPTY_PATH))
		return 0;
	if (!sl_call_arg(call, n))
		return 1;
	r = sl_remote_read(call, sl_call_arg(call, n), &first, 1);
	return r < 0 ? r : !first;
}

/*
 * The object of a change; *ret_bare: it is a copy of the caller's descriptor.
 * The working directory is an object, too, but not to remove from (so
 * Linux 6.13 and later has it).
 */
static int open_object(struct sl_call *call, const struct change *change,
		       bool *ret_bare)
{
	int r = is_empty_path(call, change->n, change->flags);

	if (r < 0)
		return r;
	*ret_bare = r && (change->remove || change->dirfd != AT_FDCWD);
	if (*ret_bare)
		return sl_remote_fd(call, change->dirfd);
	if (r)
		return sl_pin(call, change->dirfd, "", SL_PIN_EMPTY);
	return sl_act_pin(call, change->dirfd, change->n,
			  change->flags & ~AT_EMPTY_PATH);
}

static struct sl_answer change_xattr(struct sl_call *call,
				     const struct change *change)
{
	bool bare = false;
	sl_autoclose int fd = open_object(call, change, &bare);
	int r;

	if (fd < 0)
		return sl_answer(fd);
	r = sl_act_judge(call, fd, SL_RIGHT_WRITE, refusal(call), bare);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(bare ? act_fd(call, change, fd)
			      : act_held(call, change, fd));
}

/* ------------------------------------------------ setting */

static struct sl_answer set(struct sl_call *call, struct change *change, int n)
{
	int r;

	change->how = sl_call_int(call, n + 3);
	r = read_attribute(call, change, sl_call_arg(call, n),
			   sl_call_arg(call, n + 1), sl_call_arg(call, n + 2));
	return r < 0 ? sl_answer(r) : change_xattr(call, change);
}

struct sl_answer sl_h_setxattr(struct sl_call *call)
{
	struct change change = { .dirfd = AT_FDCWD };

	return set(call, &change, 1);
}

struct sl_answer sl_h_lsetxattr(struct sl_call *call)
{
	struct change change = { .dirfd = AT_FDCWD, .flags = AT_SYMLINK_NOFOLLOW };

	return set(call, &change, 1);
}

struct sl_answer sl_h_fsetxattr(struct sl_call *call)
{
	struct change change = { .dirfd = sl_call_int(call, 0), .n = -1 };

	return set(call, &change, 1);
}

struct sl_answer sl_h_setxattrat(struct sl_call *call)
{
	struct change change = {
		.dirfd = sl_call_int(call, 0),
		.n = 1,
		.flags = sl_call_int(call, 2),
	};
	struct sl_xattr_args args;
	uint64_t size = sl_call_arg(call, 5);
	int r;

	if (size < sizeof(args))
		return sl_answer_fail(EINVAL);
	r = sl_remote_read_struct(call, sl_call_arg(call, 4), size, &args,
				  sizeof(args));
	if (r < 0)
		return sl_answer(r);
	if (change.flags & ~AT_KNOWN)
		return sl_answer_fail(EINVAL);
	change.how = (int)args.flags;
	r = read_attribute(call, &change, sl_call_arg(call, 3), args.value,
			   args.size);
	return r < 0 ? sl_answer(r) : change_xattr(call, &change);
}

/* ------------------------------------------------ removing */

static struct sl_answer take_away(struct sl_call *call, int dirfd, int n,
				  int flags, int name)
{
	struct change change = {
		.dirfd = dirfd, .n = n, .flags = flags, .remove = true
	};
	int r;

	if (flags & ~AT_KNOWN)
		return sl_answer_fail(EINVAL);
	r = read_name(call, sl_call_arg(call, name));
	return r < 0 ? sl_answer(r) : change_xattr(call, &change);
}

struct sl_answer sl_h_removexattr(struct sl_call *call)
{
	return take_away(call, AT_FDCWD, 0, 0, 1);
}

struct sl_answer sl_h_lremovexattr(struct sl_call *call)
{
	return take_away(call, AT_FDCWD, 0, AT_SYMLINK_NOFOLLOW, 1);
}

struct sl_answer sl_h_fremovexattr(struct sl_call *call)
{
	return take_away(call, sl_call_int(call, 0), -1, 0, 1);
}

struct sl_answer sl_h_removexattrat(struct sl_call *call)
{
	return take_away(call, sl_call_int(call, 0), 1, sl_call_int(call, 2), 3);
}

/* ------------------------------------------------ file attributes */

/* The kernel's own word on the arguments, of which none leads to a file. */
static long check_attr(const void *attr, size_t size)
{
	long r = sl_raw5(SL_NR_file_setattr, -1, ".", attr, size, 0);

	return r == -EBADF ? 0 : r;
}

struct sl_answer sl_h_file_setattr(struct sl_call *call)
{
	struct change change = {
		.dirfd = sl_call_int(call, 0),
		.n = 1,
		.flags = sl_call_int(call, 4),
	};
	uint64_t given = sl_call_arg(call, 3);
	char attr[FILE_ATTR_MAX], link[SL_OBJECT_LINK_MAX];
	size_t size = SL_MIN((size_t)given, sizeof(attr));
	sl_autoclose int fd = -1;
	bool bare = false;
	int r;

	if (change.flags & ~AT_KNOWN)
		return sl_answer_fail(EINVAL);
	if (given < FILE_ATTR_MIN)
		return sl_answer_fail(EINVAL);
	r = sl_remote_read_struct(call, sl_call_arg(call, 2), given, attr,
				  sizeof(attr));
	if (r == 0)
		r = (int)check_attr(attr, size);
	if (r < 0)
		return sl_answer(r);
	fd = open_object(call, &change, &bare);
	if (fd < 0)
		return sl_answer(fd);
	r = sl_act_judge(call, fd, SL_RIGHT_WRITE, EPERM, bare);
	if (r < 0)
		return sl_answer(r);
	if (bare)
		return sl_answer(sl_raw5(SL_NR_file_setattr, fd, "", attr, size,
					 AT_EMPTY_PATH));
	return sl_answer(sl_raw5(SL_NR_file_setattr, AT_FDCWD,
				 sl_object_link(fd, link), attr, size, 0));
}
