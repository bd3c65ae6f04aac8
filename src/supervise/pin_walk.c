/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Path resolution by hand, with the kernel's rules: 40 links, a trailing slash
 * asks for a directory, `..` stops at the root. What differs from the kernel is
 * that `self` is the caller, not us, and that a magic link is followed only if
 * it belongs to the caller's own process.
 *
 * SECURITY: every step is one component, held by a descriptor; the object that
 * comes out is judged, so that a race here changes what is judged, not whether.
 * fs.protected_symlinks is not looked at: the kernel did so up to the place
 * where it gave up. nosymfollow of a mount is.
 */
#include "supervise/pin_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/process.h"

#define LINKS_MAX 40
/* Of one call: all that a path can have, and some links. With 40 links full of
 * "a/../" it were 80,000, and everybody else would wait for them. */
#define STEPS_MAX (PATH_MAX / 2 + 512)
#define PROC_ROOT_INO 1 /* of every instance of procfs */

struct walk {
	struct sl_call *call;
	int at;	    /* where we are; owned */
	int links;  /* followed so far */
	char *rest; /* what is left to go, in judge->text[0] */
	bool nofollow;
	bool directory; /* the last component must be one */
};

static void arrive(struct walk *walk, int fd)
{
	close(walk->at);
	walk->at = fd;
}

/* Put @text, of @len bytes, before what is left behind the link's name. */
static int insert(struct walk *walk, const char *text, size_t len,
		  const char *after)
{
	char *start = walk->call->judge->text[0];
	size_t left = strlen(after);
	int root;

	if (len == 0)
		return -ENOENT;
	if (len + left >= PATH_MAX)
		return -ENAMETOOLONG;
	if (text[0] == '/') {
		root = fcntl(walk->call->judge->root_fd, F_DUPFD_CLOEXEC, 0);
		if (root < 0)
			return -errno;
		arrive(walk, root);
	}
	memmove(start + len, after, left + 1);
	memcpy(start, text, len);
	walk->rest = start;
	return 0;
}

/* ------------------------------------------------ procfs */

static bool is_proc_root(int fd)
{
	struct sl_object object;

	return sl_object_look(fd, &object) == 0 &&
	       object.ino == PROC_ROOT_INO && sl_object_is_proc(fd) == 1;
}

/* In another instance the numbers may be those of other processes. */
static bool is_our_proc(const struct walk *walk, int fd)
{
	struct sl_object here, proc;

	return sl_object_look(fd, &here) == 0 &&
	       sl_object_look(walk->call->judge->proc_fd, &proc) == 0 &&
	       here.dev == proc.dev;
}

/* The text of "self" and "thread-self" for the caller; 0: another name. */
static size_t self_text(const struct walk *walk, const char *name, char *buf)
{
	unsigned int tid = walk->call->notif->pid;
	char *end = sl_object_number(buf, tid);

	if (strcmp(name, "self") == 0)
		return (size_t)(end - buf);
	if (strcmp(name, "thread-self") != 0)
		return 0;
	memcpy(end, "/task/", 6);
	return (size_t)(sl_object_number(end + 6, tid) - buf);
}

/*
 * Is @fd a directory of the caller's own process in our procfs: /proc/N, or fd,
 * ns... in it? By its text, whose last names procfs made up itself.
 */
static bool is_own_task(struct walk *walk, int fd)
{
	char *text = walk->call->judge->text[1];
	char *name;

	if (!is_our_proc(walk, fd) || sl_pin_text(walk->call, fd, text) < 0)
		return false;
	name = strrchr(text, '/');
	if (name && (name[1] < '1' || name[1] > '9')) {
		*name = '\0';
		name = strrchr(text, '/');
	}
	if (!name || name[1 + strspn(name + 1, "0123456789")])
		return false;
	return sl_remote_is_own(walk->call, (pid_t)strtol(name + 1, NULL, 10));
}

/*
 * A link in procfs below its root, @name in the directory we are at. 1: a plain
 * one, to be read; 0: it was magic and we are behind it.
 */
static int jump(struct walk *walk, const char *name)
{
	int fd = sl_path_open(walk->at, name, 0, RESOLVE_NO_MAGICLINKS);

	if (fd >= 0)
		close(fd);
	if (fd != -ELOOP)
		return 1;
	if (!is_own_task(walk, walk->at))
		return -EACCES;
	fd = sl_path_open(walk->at, name, 0, 0);
	if (fd < 0)
		return fd;
	arrive(walk, fd);
	return 0;
}

/* ------------------------------------------------ the walk */

/* A link of procfs. 1: to be read like any other; 0: done. */
static int follow_proc(struct walk *walk, const char *name, char *after)
{
	char *text = walk->call->judge->text[1];
	size_t len;
	int r;

	if (!is_proc_root(walk->at)) {
		r = jump(walk, name);
		if (r == 0)
			walk->rest = after;
		return r;
	}
	len = self_text(walk, name, text);
	if (len == 0)
		return 1;
	if (!is_our_proc(walk, walk->at))
		return -EACCES;
	return insert(walk, text, len, after);
}

/* @link is a symbolic link called @name; @after follows it in the path. */
static int follow(struct walk *walk, int link, const char *name, char *after)
{
	char *text = walk->call->judge->text[1];
	ssize_t n;
	int r = 1;

	if (walk->links++ >= LINKS_MAX || sl_object_no_follow(link) != 0)
		return -ELOOP;
	if (sl_object_is_proc(link) != 0)
		r = follow_proc(walk, name, after);
	if (r <= 0)
		return r;
	n = readlinkat(link, "", text, PATH_MAX);
	if (n < 0)
		return -errno;
	return n < PATH_MAX ? insert(walk, text, (size_t)n, after)
			    : -ENAMETOOLONG;
}

/* One component, from which walk->rest stands behind its slashes. */
static int step(struct walk *walk)
{
	size_t len = strcspn(walk->rest, "/");
	char *after = walk->rest + len;
	bool last = !after[strspn(after, "/")];
	char name[NAME_MAX + 1];
	struct sl_object object;
	sl_autoclose int fd = -1;
	int r;

	if (len > NAME_MAX)
		return -ENAMETOOLONG;
	memcpy(name, walk->rest, len);
	name[len] = '\0';
	fd = sl_path_open(walk->at, name, O_NOFOLLOW, 0);
	if (fd < 0)
		return fd;
	r = sl_object_look(fd, &object);
	if (r < 0)
		return r;
	if (last && *after)
		walk->directory = true;
	/* With a slash behind it the last one is followed, too. */
	if (S_ISLNK(object.mode) && (!last || *after || !walk->nofollow))
		return follow(walk, fd, name, after);
	arrive(walk, sl_take_fd(&fd));
	walk->rest = after;
	return 0;
}

int sl_pin_walk(struct sl_call *call, int base, const char *path,
		unsigned int flags)
{
	struct walk walk = {
		.call = call,
		.rest = call->judge->text[0],
		.nofollow = flags & SL_PIN_NOFOLLOW,
		.directory = flags & SL_PIN_DIRECTORY,
	};
	size_t len = strlen(path);
	int r = 0;

	if (len >= PATH_MAX)
		return -ENAMETOOLONG;
	memcpy(walk.rest, path, len + 1);
	if (*path == '/')
		base = call->judge->root_fd;
	walk.at = fcntl(base, F_DUPFD_CLOEXEC, 0);
	if (walk.at < 0)
		return -errno;
	while (r == 0) {
		walk.rest += strspn(walk.rest, "/");
		if (!*walk.rest)
			break;
		r = call->steps++ < STEPS_MAX ? step(&walk) : -ELOOP;
	}
	if (r == 0 && walk.directory)
		r = sl_pin_check_directory(walk.at);
	if (r < 0) {
		close(walk.at);
		return r;
	}
	return walk.at;
}
