/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening in place of the caller, where a part of a grant is carved out, or
 * where /etc/hosts is ours to tell. What
 * is there is held first, judged as held, and opened through what we hold; what
 * is not there is made in a directory that we hold, never through a link.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/carve.h"
#include "supervise/event.h"
#include "supervise/handlers.h"
#include "supervise/hosts.h"
#include "supervise/judge.h"
#include "supervise/opening.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/process.h"
#include "sys/raw.h"

#define LINKS_MAX 40
#define ROUNDS_MAX 16 /* somebody outside makes and removes it */
#define TMPFILE_BIT (O_TMPFILE & ~O_DIRECTORY)
/* What open(2) knows; it ignores the rest, openat2(2) refuses it. */
#define FLAGS_KNOWN                                                     \
	(O_ACCMODE | O_CREAT | O_EXCL | O_NOCTTY | O_TRUNC | O_APPEND | \
	 O_NONBLOCK | O_SYNC | O_DSYNC | O_ASYNC | O_DIRECT | 0100000 | \
	 O_DIRECTORY | O_NOFOLLOW | O_NOATIME | O_CLOEXEC | O_PATH | O_TMPFILE)

struct opening {
	struct sl_call *call;
	int dirfd; /* the caller's */
	int base;  /* ours, once a link was followed; or -1 */
	int flags;
	uint32_t mode;
	char *path; /* judge->path[0] */
};

static bool writes(int flags)
{
	return (flags & O_ACCMODE) != O_RDONLY || flags & (O_TRUNC | TMPFILE_BIT);
}

/* What a kind of carve-out says to an open with @flags. */
static int verdict(struct sl_call *call, int fd, int flags)
{
	int kinds = sl_carve_object(call, fd);

	if (kinds < 0)
		return kinds;
	if (kinds & SL_CARVE_DENY || (kinds && writes(flags)))
		return sl_carve_refuse(call, (uint32_t)kinds,
				       writes(flags) ? SL_TRY_WRITE : SL_TRY_READ,
				       fd, NULL);
	return 0;
}

static int open_held(struct opening *o, int fd)
{
	int r = verdict(o->call, fd, o->flags);

	if (r < 0)
		return r;
	if (sl_hosts_is(o->call, fd))
		return sl_hosts_open(o->call, o->flags, fd);
	if (!(o->flags & TMPFILE_BIT))
		return sl_open_again(o->call, fd, o->flags);
	r = sl_take_umask(o->call);
	if (r < 0)
		return r;
	return (int)sl_raw4(SYS_openat, fd, ".", o->flags | O_CLOEXEC, o->mode);
}

/* Behind a name, that is. */
static bool has_slash(const char *path)
{
	size_t len = strlen(path);

	return len && path[len - 1] == '/' && path[strspn(path, "/")];
}

/* May @name come to be in the directory behind @parent: 0 or negative errno. */
static int judge_name(struct opening *o, int parent, const char *name)
{
	struct sl_named named;
	int r;

	if (!o->call->judge->carves)
		return 0;
	r = sl_carve_name(o->call, SL_CARVE_HERE, parent, name, &named);
	if (r == 0 && (named.covered || named.leads))
		r = sl_carve_refuse(o->call, named.covered, SL_TRY_CREATE,
				    parent, name);
	return r;
}

static int create(struct opening *o, int parent, const char *name)
{
	int r = o->flags & O_CREAT ? judge_name(o, parent, name) : 0;

	if (r == 0 && sl_hosts_is_name(o->call, parent, name))
		return sl_hosts_open(
			o->call, o->flags & O_EXCL ? O_WRONLY : o->flags, -1);
	if (r == 0 && !(o->flags & O_CREAT))
		return -ENOENT;
	if (r == 0)
		r = sl_take_umask(o->call);
	if (r < 0)
		return r;
	/* SECURITY: exclusive, and so no link is followed. */
	return (int)sl_raw4(SYS_openat, parent, name,
			    o->flags | O_CREAT | O_EXCL | O_CLOEXEC, o->mode);
}

/* The path leads to nothing: make it, or on behind a link that dangles
 * (-EAGAIN). */
static int open_missing(struct opening *o)
{
	char name[NAME_MAX + 1];
	sl_autoclose int parent = -1, leaf = -1;
	ssize_t n;

	parent = o->base < 0
			 ? sl_pin_parent(o->call, o->dirfd, o->path, name)
			 : sl_pin_parent_from(o->call, o->base, o->path, name);
	if (parent < 0)
		return parent;
	if (has_slash(o->path))
		return -EISDIR;
	leaf = sl_path_open(parent, name, O_NOFOLLOW, 0);
	if (leaf == -ENOENT ||
	    (leaf >= 0 && sl_hosts_is_name(o->call, parent, name)))
		return create(o, parent, name);
	if (leaf < 0)
		return leaf;
	n = readlinkat(leaf, "", o->path, PATH_MAX);
	if (n < 0)
		return -EEXIST; /* no link: it has just come to be */
	if (n == 0 || n >= PATH_MAX)
		return n ? -ENAMETOOLONG : -ENOENT;
	o->path[n] = '\0';
	if (o->base >= 0)
		close(o->base);
	o->base = sl_take_fd(&parent);
	return -EAGAIN;
}

/* /etc/hosts leads to nothing, as this path does: is it the same nothing? */
static int find_hosts(struct opening *o)
{
	int r = open_missing(o);

	return r >= 0 || r == -EAGAIN || r == -EEXIST || r == -EACCES ? r
								      : -ENOENT;
}

static int open_once(struct opening *o)
{
	bool exclusive = (o->flags & (O_CREAT | O_EXCL)) == (O_CREAT | O_EXCL);
	unsigned int how = 0;
	sl_autoclose int fd = -1;
	struct sl_object object;

	if (o->flags & O_NOFOLLOW || exclusive)
		how |= SL_PIN_NOFOLLOW;
	if (o->flags & O_DIRECTORY)
		how |= SL_PIN_DIRECTORY;
	fd = o->base < 0 ? sl_pin(o->call, o->dirfd, o->path, how)
			 : sl_pin_from(o->call, o->base, o->path, how);
	if (fd == -ENOENT && !(o->flags & O_CREAT) && sl_hosts_is_missing(o->call))
		return find_hosts(o);
	if ((fd == -ENOENT && o->flags & O_CREAT && *o->path) ||
	    (o->flags & O_CREAT && fd != -ELOOP && has_slash(o->path)))
		return open_missing(o);
	if (fd < 0)
		return fd;
	if (exclusive)
		return -EEXIST;
	if (o->flags & O_CREAT && sl_object_look(fd, &object) == 0 &&
	    S_ISDIR(object.mode))
		return -EISDIR;
	return open_held(o, fd);
}

static int open_path(struct opening *o)
{
	int links = 0, rounds = 0, r;

	/* The kernel says so before it looks. */
	if (o->flags & TMPFILE_BIT) {
		if ((o->flags & O_TMPFILE) != O_TMPFILE ||
		    (o->flags & O_ACCMODE) == O_RDONLY || o->flags & O_CREAT)
			return -EINVAL;
	} else if ((o->flags & (O_CREAT | O_DIRECTORY)) ==
		   (O_CREAT | O_DIRECTORY)) {
		return -EINVAL;
	}
	for (;;) {
		r = open_once(o);
		if (r == -EAGAIN) {
			if (++links > LINKS_MAX)
				return -ELOOP;
		} else if (r != -EEXIST || o->flags & O_EXCL ||
			   ++rounds > ROUNDS_MAX) {
			return r;
		}
	}
}

static struct sl_answer hand_over(const struct opening *o, int fd)
{
	if (fd == -EINPROGRESS)
		return (struct sl_answer){ .kind = SL_ANSWER_LATER };
	if (fd < 0)
		return sl_answer(fd);
	return (struct sl_answer){ .kind = SL_ANSWER_FD,
				   .value = fd,
				   .fd_flags = (uint32_t)o->flags & O_CLOEXEC };
}

static struct sl_answer finish(struct opening *o)
{
	int fd = open_path(o);

	if (o->base >= 0)
		close(o->base);
	return hand_over(o, fd);
}

static struct sl_answer do_open(struct sl_call *call, int dirfd, int n,
				int flags, uint32_t mode)
{
	struct opening o = { .call = call,
			     .dirfd = dirfd,
			     .base = -1,
			     .flags = flags & FLAGS_KNOWN & ~O_PATH,
			     .mode = mode & 07777,
			     .path = call->judge->path[0] };
	ssize_t len = sl_remote_string(call, sl_call_arg(call, n), o.path,
				       PATH_MAX);

	if (len < 0)
		return sl_answer(len);
	return finish(&o);
}

struct sl_answer sl_h_open(struct sl_call *call)
{
	return do_open(call, AT_FDCWD, 0, sl_call_int(call, 1),
		       (uint32_t)sl_call_arg(call, 2));
}

struct sl_answer sl_h_openat(struct sl_call *call)
{
	return do_open(call, sl_call_int(call, 0), 1, sl_call_int(call, 2),
		       (uint32_t)sl_call_arg(call, 3));
}

struct sl_answer sl_h_creat(struct sl_call *call)
{
	return do_open(call, AT_FDCWD, 0, O_CREAT | O_WRONLY | O_TRUNC,
		       (uint32_t)sl_call_arg(call, 1));
}

/* ------------------------------------------------ openat2 */

#define RESOLVE_KNOWN                                                    \
	(RESOLVE_NO_XDEV | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_SYMLINKS | \
	 RESOLVE_BENEATH | RESOLVE_IN_ROOT | RESOLVE_CACHED)

/* As the kernel checks them, before it looks at the path. */
static int check_how(const struct open_how *how)
{
	uint64_t kinds = (uint64_t)(FLAGS_KNOWN);

	if (how->flags & ~kinds || how->resolve & ~(uint64_t)RESOLVE_KNOWN)
		return -EINVAL;
	if ((how->resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)) ==
	    (RESOLVE_BENEATH | RESOLVE_IN_ROOT))
		return -EINVAL;
	if (how->flags & (O_CREAT | TMPFILE_BIT) ? how->mode & ~07777ull
						 : how->mode)
		return -EINVAL;
	/* A descriptor of O_PATH cannot be handed over; a kernel before 5.6 has
	 * no such call, and programs know what to do then. */
	if (how->flags & O_PATH)
		return -ENOSYS;
	if (how->resolve & RESOLVE_CACHED)
		return -EAGAIN;
	return 0;
}

/*
 * With rules for the way the kernel goes it, from the caller's directory; what
 * is made goes into the directory that the rest of the path leads to by them.
 */
static int open_by_rules(struct opening *o, uint64_t resolve)
{
	int how = o->flags & (O_NOFOLLOW | O_DIRECTORY);
	sl_autoclose int base = -1, fd = -1, parent = -1;
	char *slash;
	int r;

	if (*o->path == '/' && !(resolve & (RESOLVE_BENEATH | RESOLVE_IN_ROOT)))
		base = fcntl(o->call->judge->root_fd, F_DUPFD_CLOEXEC, 0);
	else
		base = sl_pin(o->call, o->dirfd, "", SL_PIN_EMPTY);
	if (base < 0)
		return base == -1 ? -EMFILE : base; /* of fcntl(2) */
	if (o->flags & O_CREAT && o->flags & O_EXCL)
		how |= O_NOFOLLOW;
	fd = sl_path_open(base, o->path, how, resolve | RESOLVE_NO_MAGICLINKS);
	if (fd >= 0 && sl_object_is_proc(fd) != 0)
		return -EACCES; /* our /proc/self, it may be */
	r = sl_call_alive(o->call);
	if (r < 0)
		return r;
	if (fd >= 0)
		return o->flags & O_CREAT && o->flags & O_EXCL
			       ? -EEXIST
			       : open_held(o, fd);
	if (fd != -ENOENT ||
	    !(o->flags & O_CREAT || sl_hosts_is_missing(o->call)))
		return fd;
	slash = strrchr(o->path, '/');
	if (slash && !slash[1])
		return o->flags & O_CREAT ? -EISDIR : -ENOENT;
	if (slash)
		*slash = '\0';
	parent = sl_path_open(base, slash ? (*o->path ? o->path : "/") : ".",
			      O_DIRECTORY, resolve | RESOLVE_NO_MAGICLINKS);
	if (parent < 0)
		return parent;
	r = create(o, parent, slash ? slash + 1 : o->path);
	/* A link that dangles: bare would make what it leads to. */
	return r == -EEXIST && !(o->flags & O_EXCL) ? -EACCES : r;
}

struct sl_answer sl_h_openat2(struct sl_call *call)
{
	struct opening o = { .call = call,
			     .dirfd = sl_call_int(call, 0),
			     .base = -1,
			     .path = call->judge->path[0] };
	struct open_how how;
	uint64_t size = sl_call_arg(call, 3);
	ssize_t r;

	if (size < sizeof(how))
		return sl_answer_fail(EINVAL);
	r = sl_remote_read_struct(call, sl_call_arg(call, 2), size, &how,
				  sizeof(how));
	if (r == 0)
		r = check_how(&how);
	if (r == 0)
		r = sl_remote_string(call, sl_call_arg(call, 1), o.path,
				     PATH_MAX);
	if (r < 0)
		return sl_answer(r);
	o.flags = (int)how.flags;
	o.mode = (uint32_t)how.mode;
	if (!how.resolve)
		return finish(&o);
	return hand_over(&o, open_by_rules(&o, how.resolve));
}

/* ------------------------------------------------ truncate */

struct sl_answer sl_h_truncate(struct sl_call *call)
{
	char link[SL_OBJECT_LINK_MAX];
	char *path = call->judge->path[0];
	int64_t length = (int64_t)sl_call_arg(call, 1);
	sl_autoclose int fd = -1;
	ssize_t r;

	if (length < 0)
		return sl_answer_fail(EINVAL);
	r = sl_remote_string(call, sl_call_arg(call, 0), path, PATH_MAX);
	if (r < 0)
		return sl_answer(r);
	fd = sl_pin(call, AT_FDCWD, path, 0);
	if (fd < 0)
		return sl_answer(fd);
	r = verdict(call, fd, O_WRONLY);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw2(SYS_truncate, sl_object_link(fd, link), length));
}
