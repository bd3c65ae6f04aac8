/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Making and removing names, where a part of a grant is carved out: judged by
 * the directory that we hold, the name, and what is there; done in that
 * directory, which our own domain judges, too.
 */
#include "supervise/event.h"
#include "supervise/naming.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/opening.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/process.h"
#include "sys/raw.h"

/* ------------------------------------------------ a name */

int sl_naming_take(struct sl_call *call, enum sl_carve_place place, int dirfd,
		   int n, int dots, int root, struct sl_naming *ret)
{
	char *path = call->judge->path[place];
	ssize_t len = sl_remote_string(call, sl_call_arg(call, n), path,
				       PATH_MAX);
	char plain[NAME_MAX + 1];
	int r;

	if (len < 0)
		return (int)len;
	ret->parent = sl_pin_parent(call, dirfd, path, plain);
	if (ret->parent == -EINVAL)
		return -dots;
	if (ret->parent == -EISDIR)
		return -root;
	if (ret->parent < 0)
		return ret->parent;
	r = sl_carve_name(call, place, ret->parent, plain, &ret->named);
	if (r < 0)
		return r;
	ret->leaf = sl_path_open(ret->parent, plain, O_NOFOLLOW, 0);
	ret->kinds = ret->leaf < 0 ? 0 : sl_carve_object(call, ret->leaf);
	if (ret->kinds < 0)
		return ret->kinds;
	len = (ssize_t)strlen(path);
	snprintf(ret->name, sizeof(ret->name), "%s%s", plain,
		 path[len - 1] == '/' ? "/" : "");
	return sl_call_alive(call);
}

void sl_naming_fini(struct sl_naming *naming)
{
	if (naming->parent >= 0)
		close(naming->parent);
	if (naming->leaf >= 0)
		close(naming->leaf);
}

/* A name that is to be made: 0. What is no directory must not stand where a
 * rule speaks of what is below. */
static int judge_new(struct sl_call *call, const struct sl_naming *new,
		     bool directory)
{
	if (new->leaf >= 0)
		return -EEXIST;
	if (new->leaf != -ENOENT)
		return new->leaf;
	if (new->named.covered || (!directory && new->named.leads))
		return sl_carve_refuse(call, new->named.covered, SL_TRY_CREATE,
				       new->parent, new->name);
	return 0;
}

static int take_new(struct sl_call *call, int dirfd, int n, bool directory,
		    struct sl_naming *new)
{
	int r = sl_naming_take(call, SL_CARVE_HERE, dirfd, n, EEXIST, EEXIST,
			       new);

	return r < 0 ? r : judge_new(call, new, directory);
}

/* ------------------------------------------------ mkdir, mknod */

static struct sl_answer make_dir(struct sl_call *call, int dirfd, int n)
{
	struct sl_naming new = SL_NAMING_INIT;
	long r = take_new(call, dirfd, n, true, &new);

	if (r == 0)
		r = sl_take_umask(call);
	if (r == 0)
		r = sl_raw3(SYS_mkdirat, new.parent, new.name,
			    sl_call_arg(call, n + 1) & 07777);
	sl_naming_fini(&new);
	return sl_answer(r);
}

struct sl_answer sl_h_mkdir(struct sl_call *call)
{
	return make_dir(call, AT_FDCWD, 0);
}

struct sl_answer sl_h_mkdirat(struct sl_call *call)
{
	return make_dir(call, sl_call_int(call, 0), 1);
}

static struct sl_answer make_node(struct sl_call *call, int dirfd, int n)
{
	struct sl_naming new = SL_NAMING_INIT;
	uint32_t mode = (uint32_t)sl_call_arg(call, n + 1) & 0xffff;
	long r;

	switch (mode & S_IFMT) {
	case 0:
	case S_IFREG:
	case S_IFCHR:
	case S_IFBLK:
	case S_IFIFO:
	case S_IFSOCK:
		break;
	default:
		return sl_answer_fail((mode & S_IFMT) == S_IFDIR ? EPERM
								 : EINVAL);
	}
	r = take_new(call, dirfd, n, false, &new);
	if (r == 0)
		r = sl_take_umask(call);
	if (r == 0)
		r = sl_raw4(SYS_mknodat, new.parent, new.name, mode,
			    (uint32_t)sl_call_arg(call, n + 2));
	sl_naming_fini(&new);
	return sl_answer(r);
}

struct sl_answer sl_h_mknod(struct sl_call *call)
{
	return make_node(call, AT_FDCWD, 0);
}

struct sl_answer sl_h_mknodat(struct sl_call *call)
{
	return make_node(call, sl_call_int(call, 0), 1);
}

/* ------------------------------------------------ symlink, link */

static struct sl_answer make_symlink(struct sl_call *call, int dirfd, int n)
{
	struct sl_naming new = SL_NAMING_INIT;
	char *target = call->judge->path[1];
	long r = sl_remote_string(call, sl_call_arg(call, 0), target, PATH_MAX);

	if (r < 0)
		return sl_answer(r);
	if (!*target)
		return sl_answer_fail(ENOENT);
	r = take_new(call, dirfd, n, false, &new);
	if (r == 0)
		r = sl_raw3(SYS_symlinkat, target, new.parent, new.name);
	sl_naming_fini(&new);
	return sl_answer(r);
}

struct sl_answer sl_h_symlink(struct sl_call *call)
{
	return make_symlink(call, AT_FDCWD, 1);
}

struct sl_answer sl_h_symlinkat(struct sl_call *call)
{
	return make_symlink(call, sl_call_int(call, 1), 2);
}

/* The object that is to get a second name. */
static int pin_source(struct sl_call *call, int dirfd, int n, int flags)
{
	char *path = call->judge->path[1];
	ssize_t len = sl_remote_string(call, sl_call_arg(call, n), path,
				       PATH_MAX);
	unsigned int how = 0;

	if (len < 0)
		return (int)len;
	if (!(flags & AT_SYMLINK_FOLLOW))
		how |= SL_PIN_NOFOLLOW;
	if (flags & AT_EMPTY_PATH)
		how |= SL_PIN_EMPTY;
	return sl_pin(call, dirfd, path, how);
}

static struct sl_answer make_link(struct sl_call *call, int from_dir, int from,
				  int to_dir, int to, int flags)
{
	struct sl_naming new = SL_NAMING_INIT;
	char link[SL_OBJECT_LINK_MAX];
	sl_autoclose int fd = -1;
	long r;

	if (flags & ~(AT_SYMLINK_FOLLOW | AT_EMPTY_PATH))
		return sl_answer_fail(EINVAL);
	fd = pin_source(call, from_dir, from, flags);
	if (fd < 0)
		return sl_answer(fd);
	r = take_new(call, to_dir, to, false, &new);
	/* By a second name a protected file could be written, too. */
	if (r == 0)
		r = sl_carve_object(call, fd);
	if (r > 0)
		r = sl_carve_refuse(call, (uint32_t)r, SL_TRY_WRITE, fd, NULL);
	if (r == 0)
		r = sl_raw5(SYS_linkat, AT_FDCWD, sl_object_link(fd, link),
			    new.parent, new.name, AT_SYMLINK_FOLLOW);
	sl_naming_fini(&new);
	return sl_answer(r);
}

struct sl_answer sl_h_link(struct sl_call *call)
{
	return make_link(call, AT_FDCWD, 0, AT_FDCWD, 1, 0);
}

struct sl_answer sl_h_linkat(struct sl_call *call)
{
	return make_link(call, sl_call_int(call, 0), 1, sl_call_int(call, 2), 3,
			 sl_call_int(call, 4));
}

/* ------------------------------------------------ unlink, rmdir */

static struct sl_answer remove_name(struct sl_call *call, int dirfd, int n,
				    int flags)
{
	struct sl_naming old = SL_NAMING_INIT;
	bool directory = flags & AT_REMOVEDIR;
	size_t len;
	long r;

	if (flags & ~AT_REMOVEDIR)
		return sl_answer_fail(EINVAL);
	r = sl_naming_take(call, SL_CARVE_HERE, dirfd, n,
			   directory ? EINVAL : EISDIR,
			   directory ? EBUSY : EISDIR, &old);
	len = strlen(call->judge->path[0]);
	if (r == -EINVAL && len > 1 && call->judge->path[0][len - 2] == '.')
		r = -ENOTEMPTY; /* ".." */
	if (r == 0 && old.leaf < 0)
		r = old.leaf;
	if (r == 0 && (old.named.covered || old.kinds))
		r = sl_carve_refuse(call, old.named.covered | (uint32_t)old.kinds,
				    SL_TRY_REMOVE, old.parent, old.name);
	if (r == 0)
		r = sl_raw3(SYS_unlinkat, old.parent, old.name, flags);
	sl_naming_fini(&old);
	return sl_answer(r);
}

struct sl_answer sl_h_unlink(struct sl_call *call)
{
	return remove_name(call, AT_FDCWD, 0, 0);
}

struct sl_answer sl_h_unlinkat(struct sl_call *call)
{
	return remove_name(call, sl_call_int(call, 0), 1, sl_call_int(call, 2));
}

struct sl_answer sl_h_rmdir(struct sl_call *call)
{
	return remove_name(call, AT_FDCWD, 0, AT_REMOVEDIR);
}
