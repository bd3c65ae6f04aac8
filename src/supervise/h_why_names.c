/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making, moving and removing names: rights on the directory, which Landlock
 * judges before the file permissions. See why.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "supervise/handlers.h"
#include "supervise/why.h"

/* Whether the kernel comes as far as asking Landlock. */
static bool exists(int parent, const char *name)
{
	struct stat st;

	return fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static struct sl_answer makes(struct sl_call *call, int dirfd, int n)
{
	char name[NAME_MAX + 1];
	sl_autoclose int parent = sl_why_parent(call, dirfd,
						sl_why_path(call, n, 0), name);

	if (parent >= 0 && !exists(parent, name) &&
	    !sl_why_may_write(call, parent))
		sl_why_tell(call, SL_TRY_CREATE, EACCES, parent, name);
	return sl_why_run();
}

static struct sl_answer removes(struct sl_call *call, int dirfd, int n)
{
	char name[NAME_MAX + 1];
	sl_autoclose int parent = sl_why_parent(call, dirfd,
						sl_why_path(call, n, 0), name);

	if (parent >= 0 && exists(parent, name) && !sl_why_may_write(call, parent))
		sl_why_tell(call, SL_TRY_REMOVE, EACCES, parent, name);
	return sl_why_run();
}

static struct sl_answer moves(struct sl_call *call, int from_dir, int from,
			      int to_dir, int to)
{
	char old_name[NAME_MAX + 1], new_name[NAME_MAX + 1];
	sl_autoclose int old_parent = sl_why_parent(
		call, from_dir, sl_why_path(call, from, 0), old_name);
	sl_autoclose int new_parent =
		sl_why_parent(call, to_dir, sl_why_path(call, to, 1), new_name);

	if (old_parent < 0 || new_parent < 0 || !exists(old_parent, old_name))
		return sl_why_run();
	if (!sl_why_may_write(call, old_parent))
		sl_why_tell(call, SL_TRY_REMOVE, EACCES, old_parent, old_name);
	if (!sl_why_may_write(call, new_parent))
		sl_why_tell(call, SL_TRY_CREATE, EACCES, new_parent, new_name);
	return sl_why_run();
}

/* EXDEV, where the name may be made and the link would give more rights than
 * its source, is not told: programs copy then. */
static struct sl_answer links(struct sl_call *call, int to_dir, int to)
{
	return makes(call, to_dir, to);
}

struct sl_answer sl_h_why_mkdir(struct sl_call *call)
{
	return makes(call, AT_FDCWD, 0);
}

struct sl_answer sl_h_why_mkdirat(struct sl_call *call)
{
	return makes(call, sl_call_int(call, 0), 1);
}

struct sl_answer sl_h_why_mknod(struct sl_call *call)
{
	return makes(call, AT_FDCWD, 0);
}

struct sl_answer sl_h_why_mknodat(struct sl_call *call)
{
	return makes(call, sl_call_int(call, 0), 1);
}

struct sl_answer sl_h_why_symlink(struct sl_call *call)
{
	return makes(call, AT_FDCWD, 1);
}

struct sl_answer sl_h_why_symlinkat(struct sl_call *call)
{
	return makes(call, sl_call_int(call, 1), 2);
}

struct sl_answer sl_h_why_link(struct sl_call *call)
{
	return links(call, AT_FDCWD, 1);
}

struct sl_answer sl_h_why_linkat(struct sl_call *call)
{
	return links(call, sl_call_int(call, 2), 3);
}

struct sl_answer sl_h_why_unlink(struct sl_call *call)
{
	return removes(call, AT_FDCWD, 0);
}

struct sl_answer sl_h_why_unlinkat(struct sl_call *call)
{
	return removes(call, sl_call_int(call, 0), 1);
}

struct sl_answer sl_h_why_rmdir(struct sl_call *call)
{
	return removes(call, AT_FDCWD, 0);
}

struct sl_answer sl_h_why_rename(struct sl_call *call)
{
	return moves(call, AT_FDCWD, 0, AT_FDCWD, 1);
}

struct sl_answer sl_h_why_renameat(struct sl_call *call)
{
	return moves(call, sl_call_int(call, 0), 1, sl_call_int(call, 2), 3);
}

struct sl_answer sl_h_why_renameat2(struct sl_call *call)
{
	return moves(call, sl_call_int(call, 0), 1, sl_call_int(call, 2), 3);
}
