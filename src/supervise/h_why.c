/* SPDX-License-Identifier: Apache-2.0 */
/* Opening, executing, cutting: rights on the object itself. See why.h. */
#include "supervise/why.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "supervise/grants.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/raw.h"

/* ------------------------------------------------ shared */

void sl_why_tell(struct sl_call *call, enum sl_event_access access, int error,
		 int fd, const char *name)
{
	char *object = call->judge->object;
	size_t len, more = name ? strlen(name) : 0;

	sl_event_deny(call, SL_RULE_LANDLOCK, access, error, fd);
	len = call->denied.object_len;
	if (name && call->denied.object && len + 1 + more <= PATH_MAX) {
		if (object[len - 1] != '/')
			object[len++] = '/';
		memcpy(object + len, name, more);
		call->denied.object_len = len + more;
	}
	sl_event_send(call, &call->denied);
	call->denied = (struct sl_denial){ 0 };
}

const char *sl_why_path(struct sl_call *call, int n, int slot)
{
	char *path = call->judge->path[slot];

	return sl_remote_string(call, sl_call_arg(call, n), path, PATH_MAX) < 0
		       ? NULL
		       : path;
}

/* Negative: cannot be found out. */
static bool covered(struct sl_call *call, int fd, uint32_t want)
{
	int r = sl_grants_judge_for(call, fd, want);

	return r < 0 || (uint32_t)r & want;
}

bool sl_why_may_write(struct sl_call *call, int fd)
{
	return covered(call, fd, SL_RIGHT_WRITE | SL_RIGHT_TIMES);
}

int sl_why_parent(struct sl_call *call, int dirfd, const char *path,
		  char name[NAME_MAX + 1])
{
	return path ? sl_pin_parent(call, dirfd, path, name) : -1;
}

/* The kernel asks the file permissions before it asks Landlock. */
static bool permitted(const struct sl_judge *judge, int fd, int mode)
{
	char number[12];

	sl_object_number(number, (unsigned int)fd);
	return faccessat(judge->self_fd, number, mode, AT_EACCESS) == 0;
}

/*
 * Grants say nothing of procfs, and this thread lives under the very rules of
 * the sandbox: what it can open to read, the caller can. Files and directories
 * alone: opening a device does something.
 */
static bool opens(const struct sl_judge *judge, int fd)
{
	char number[12];

	sl_object_number(number, (unsigned int)fd);
	sl_autoclose int again = openat(judge->self_fd, number,
					O_RDONLY | O_NONBLOCK | O_NOCTTY |
						O_CLOEXEC);
	return again >= 0;
}

/* ------------------------------------------------ one object */

static void look_at(struct sl_call *call, int fd, bool reads, bool writes,
		    bool executes)
{
	struct sl_object object;
	bool plain;

	if (sl_object_look(fd, &object) < 0 || S_ISLNK(object.mode) ||
	    S_ISSOCK(object.mode) || (S_ISDIR(object.mode) && writes))
		return; /* other errors come first */
	plain = S_ISREG(object.mode) || S_ISDIR(object.mode);
	if (executes) {
		if (S_ISREG(object.mode) && permitted(call->judge, fd, X_OK) &&
		    !covered(call, fd, SL_RIGHT_READ) && !opens(call->judge, fd))
			sl_why_tell(call, SL_TRY_EXECUTE, EACCES, fd, NULL);
		return;
	}
	if (!permitted(call->judge, fd, (reads ? R_OK : 0) | (writes ? W_OK : 0)))
		return;
	if (writes && !sl_why_may_write(call, fd))
		sl_why_tell(call, SL_TRY_WRITE, EACCES, fd, NULL);
	else if (reads && !covered(call, fd, SL_RIGHT_READ) &&
		 !(plain && opens(call->judge, fd)))
		sl_why_tell(call,
			    S_ISDIR(object.mode) ? SL_TRY_LIST : SL_TRY_READ,
			    EACCES, fd, NULL);
}

/* O_TRUNC means nothing to a device or a pipe. (A directory is an error.) */
static bool can_be_cut(int fd)
{
	struct sl_object object;

	return sl_object_look(fd, &object) == 0 &&
	       (S_ISREG(object.mode) || S_ISDIR(object.mode));
}

static void look_at_new(struct sl_call *call, int dirfd, const char *path)
{
	char name[NAME_MAX + 1];
	sl_autoclose int parent = sl_why_parent(call, dirfd, path, name);

	if (parent >= 0 && !sl_why_may_write(call, parent))
		sl_why_tell(call, SL_TRY_CREATE, EACCES, parent, name);
}

static void look_at_open(struct sl_call *call, int dirfd, int n, uint64_t flags)
{
	const char *path = sl_why_path(call, n, 0);
	unsigned int mode = flags & O_ACCMODE;
	bool writes = mode == O_WRONLY || mode == O_RDWR;
	sl_autoclose int fd = -1;

	if (!path || flags & O_PATH || mode == O_ACCMODE)
		return;
	fd = sl_pin(call, dirfd, path,
		    (flags & (O_NOFOLLOW | O_EXCL) ? SL_PIN_NOFOLLOW : 0) |
			    (flags & O_DIRECTORY ? SL_PIN_DIRECTORY : 0));
	if (fd == -ENOENT && flags & O_CREAT)
		look_at_new(call, dirfd, path);
	if (fd < 0 || (flags & O_CREAT && flags & O_EXCL))
		return;
	if ((flags & O_TMPFILE) == O_TMPFILE) {
		if (!sl_why_may_write(call, fd))
			sl_why_tell(call, SL_TRY_WRITE, EACCES, fd, NULL);
		return;
	}
	look_at(call, fd, mode != O_WRONLY,
		writes || (flags & O_TRUNC && can_be_cut(fd)), false);
}

struct sl_answer sl_h_why_open(struct sl_call *call)
{
	look_at_open(call, AT_FDCWD, 0, sl_call_arg(call, 1));
	return sl_why_run();
}

struct sl_answer sl_h_why_creat(struct sl_call *call)
{
	look_at_open(call, AT_FDCWD, 0, O_CREAT | O_WRONLY | O_TRUNC);
	return sl_why_run();
}

struct sl_answer sl_h_why_openat(struct sl_call *call)
{
	look_at_open(call, sl_call_int(call, 0), 1, sl_call_arg(call, 2));
	return sl_why_run();
}

/* With other rules of resolving than ours: those who set some look for
 * themselves why it failed. */
struct sl_answer sl_h_why_openat2(struct sl_call *call)
{
	struct open_how how;

	if (sl_remote_read_struct(call, sl_call_arg(call, 2),
				  sl_call_arg(call, 3), &how, sizeof(how)) == 0 &&
	    !how.resolve)
		look_at_open(call, sl_call_int(call, 0), 1, how.flags);
	return sl_why_run();
}

struct sl_answer sl_h_why_truncate(struct sl_call *call)
{
	const char *path = sl_why_path(call, 0, 0);
	sl_autoclose int fd = path ? sl_pin(call, AT_FDCWD, path, 0) : -1;

	if (fd >= 0 && can_be_cut(fd))
		look_at(call, fd, false, true, false);
	return sl_why_run();
}

/* ------------------------------------------------ programs */

static void look_at_program(struct sl_call *call, int dirfd, int n, int flags)
{
	const char *path = sl_why_path(call, n, 0);
	sl_autoclose int fd = -1;

	if (!path)
		return;
	fd = sl_pin(call, dirfd, path,
		    (flags & AT_SYMLINK_NOFOLLOW ? SL_PIN_NOFOLLOW : 0) |
			    (flags & AT_EMPTY_PATH ? SL_PIN_EMPTY : 0));
	if (fd >= 0)
		look_at(call, fd, false, false, true);
}

struct sl_answer sl_h_why_execve(struct sl_call *call)
{
	look_at_program(call, AT_FDCWD, 0, 0);
	return sl_why_run();
}

struct sl_answer sl_h_why_execveat(struct sl_call *call)
{
	look_at_program(call, sl_call_int(call, 0), 1, sl_call_int(call, 4));
	return sl_why_run();
}
