/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See pin.h. One openat2(2) answers nearly always. What it cannot answer, as we
 * are not the caller, is walked in pin_walk.c: paths through magic links (their
 * own descriptors, mostly), and whatever /proc/self led to.
 */
#include "supervise/pin_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/process.h"
#include "sys/raw.h"

int sl_pin_check_directory(int fd)
{
	struct sl_object object;
	int r = sl_object_look(fd, &object);

	if (r < 0)
		return r;
	return S_ISDIR(object.mode) ? 0 : -ENOTDIR;
}

int sl_pin_text(struct sl_call *call, int fd, char *buf)
{
	char number[12];
	ssize_t n;

	sl_object_number(number, (unsigned int)fd);
	n = readlinkat(call->judge->self_fd, number, buf, PATH_MAX);
	if (n < 0)
		return -errno;
	if (n >= PATH_MAX)
		return -ENAMETOOLONG;
	buf[n] = '\0';
	return (int)n;
}

/* ------------------------------------------------ where it starts */

/* SECURITY: by number, so it counts only if the call is alive afterwards. */
static int open_cwd(struct sl_call *call)
{
	char path[24], *at = sl_object_number(path, call->notif->pid);
	int fd, r;

	memcpy(at, "/cwd", sizeof("/cwd"));
	fd = sl_path_open(call->judge->proc_fd, path, 0, 0);
	if (fd == -ENOENT)
		return -ESRCH;
	if (fd < 0)
		return fd == -EACCES ? -EPERM : fd;
	r = sl_call_alive(call);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

static int open_base(struct sl_call *call, int dirfd)
{
	return dirfd == AT_FDCWD ? open_cwd(call) : sl_remote_fd(call, dirfd);
}

/* A number as procfs spells it: no sign, no zero in front. @at moves on. */
static int parse_number(const char **at)
{
	long value = 0;
	const char *p = *at;

	if (*p == '0' && p[1] >= '0' && p[1] <= '9')
		return -1;
	if (*p < '0' || *p > '9')
		return -1;
	for (; *p >= '0' && *p <= '9'; p++) {
		value = value * 10 + (*p - '0');
		if (value > INT_MAX)
			return -1;
	}
	*at = p;
	return (int)value;
}

static bool skip(const char **at, const char *prefix)
{
	size_t len = strlen(prefix);

	if (strncmp(*at, prefix, len) != 0)
		return false;
	*at += len;
	return true;
}

static int own_stream(const char **at)
{
	if (skip(at, "/dev/stdin"))
		return 0;
	if (skip(at, "/dev/stdout"))
		return 1;
	if (skip(at, "/dev/stderr"))
		return 2;
	return -1;
}

static bool own_folder(struct sl_call *call, const char **at)
{
	int pid;

	if (skip(at, "/dev/fd/"))
		return true;
	if (!skip(at, "/proc/"))
		return false;
	if (skip(at, "self/fd/") || skip(at, "thread-self/fd/"))
		return true;
	pid = parse_number(at);
	return pid > 0 && skip(at, "/fd/") && sl_remote_is_own(call, pid);
}

/*
 * Does @path name a descriptor of the caller's own: its number, with *ret_rest
 * what follows; else -1. A short cut: pin_walk.c comes to the same for these
 * and for every other way to spell them.
 */
static int own_descriptor(struct sl_call *call, const char *path,
			  unsigned int flags, const char **ret_rest)
{
	const char *at = path;
	int fd = own_stream(&at);

	if (fd < 0) {
		if (!own_folder(call, &at))
			return -1;
		fd = parse_number(&at);
	}
	if (fd < 0 || (*at && *at != '/'))
		return -1;
	/* The link itself is meant. */
	if (!*at && flags & SL_PIN_NOFOLLOW)
		return -1;
	*ret_rest = at;
	return fd;
}

/* ------------------------------------------------ the way */

/*
 * What the kernel says to us need not be what it says to the caller: where the
 * path went through /proc/self, ours was looked at. Such an answer is an object
 * of procfs, or one of these errors. EACCES is not: it may be the kernel's word
 * on a link in /tmp (fs.protected_symlinks), which the walk does not repeat.
 */
static bool in_doubt(int fd)
{
	if (fd >= 0)
		return sl_object_is_proc(fd) != 0;
	return fd == -ELOOP || fd == -ENOENT;
}

static int resolve(struct sl_call *call, int base, const char *path,
		   unsigned int flags)
{
	int how = (flags & SL_PIN_NOFOLLOW ? O_NOFOLLOW : 0) |
		  (flags & SL_PIN_DIRECTORY ? O_DIRECTORY : 0);
	int fd = sl_path_open(base, path, how, RESOLVE_NO_MAGICLINKS);

	if (!in_doubt(fd))
		return fd;
	if (fd >= 0)
		close(fd);
	return sl_pin_walk(call, base, path, flags);
}

/* @rest of a path that began with our copy @base of the caller's descriptor. */
static int pin_below(struct sl_call *call, int base, const char *rest,
		     unsigned int flags)
{
	sl_autoclose int fd = base;
	const char *name = rest + strspn(rest, "/");
	int r;

	if (*name)
		return resolve(call, fd, name, flags);
	r = *rest || flags & SL_PIN_DIRECTORY ? sl_pin_check_directory(fd) : 0;
	return r < 0 ? r : sl_take_fd(&fd);
}

static int pin(struct sl_call *call, int dirfd, const char *path,
	       unsigned int flags)
{
	const char *rest = "";
	int own, base;

	if (!*path) {
		if (!(flags & SL_PIN_EMPTY))
			return -ENOENT;
		base = open_base(call, dirfd);
		return base < 0 ? base : pin_below(call, base, "", flags);
	}
	if (*path != '/') {
		base = open_base(call, dirfd);
		return base < 0 ? base : pin_below(call, base, path, flags);
	}
	own = own_descriptor(call, path, flags, &rest);
	if (own < 0)
		return resolve(call, call->judge->root_fd, path, flags);
	base = sl_remote_fd(call, own);
	if (base == -EBADF)
		return -ENOENT;
	return base < 0 ? base : pin_below(call, base, rest, flags);
}

int sl_pin(struct sl_call *call, int dirfd, const char *path, unsigned int flags)
{
	int fd = pin(call, dirfd, path, flags);
	int r = sl_call_alive(call);

	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

int sl_pin_from(struct sl_call *call, int base, const char *path,
		unsigned int flags)
{
	int fd, r;

	if (*path == '/')
		return sl_pin(call, AT_FDCWD, path, flags);
	if (!*path)
		return -ENOENT;
	fd = fcntl(base, F_DUPFD_CLOEXEC, 0);
	fd = fd < 0 ? -errno : pin_below(call, fd, path, flags);
	r = sl_call_alive(call);
	if (r < 0 && fd >= 0)
		close(fd);
	return r < 0 ? r : fd;
}

/* ------------------------------------------------ parents */

/* @path -> the part before its last name, "." if there is none. */
static int split(const char *path, char parent[PATH_MAX],
		 char ret_name[NAME_MAX + 1])
{
	size_t end = strlen(path), start, len;

	if (end == 0)
		return -ENOENT;
	while (end > 0 && path[end - 1] == '/')
		end--;
	if (end == 0)
		return -EISDIR;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	len = end - start;
	if (len > NAME_MAX || start >= PATH_MAX)
		return -ENAMETOOLONG;
	if (path[start] == '.' &&
	    (len == 1 || (len == 2 && path[start + 1] == '.')))
		return -EINVAL;
	memcpy(ret_name, path + start, len);
	ret_name[len] = '\0';
	memcpy(parent, start ? path : ".", start ? start : 1);
	parent[start ? start : 1] = '\0';
	return 0;
}

int sl_pin_parent(struct sl_call *call, int dirfd, const char *path,
		  char ret_name[NAME_MAX + 1])
{
	char parent[PATH_MAX];
	int r = split(path, parent, ret_name);

	return r < 0 ? r : sl_pin(call, dirfd, parent, SL_PIN_DIRECTORY);
}

int sl_pin_parent_from(struct sl_call *call, int base, const char *path,
		       char ret_name[NAME_MAX + 1])
{
	char parent[PATH_MAX];
	int r = split(path, parent, ret_name);

	return r < 0 ? r : sl_pin_from(call, base, parent, SL_PIN_DIRECTORY);
}
