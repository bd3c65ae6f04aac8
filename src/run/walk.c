/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One component at a time, because the way matters: where it leaves a file
 * system, which link led where, what is the last directory that exists. The
 * climb is openat(".."), which crosses mounts as Landlock does.
 *
 * The sandbox has no capabilities, so neither may we while we look: the calling
 * thread lays its effective ones down and takes them up again. (That is a
 * property of one thread; the process does not change.)
 */
#include "run/walk.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MAX_LINKS 40 /* as the kernel */
#define MAX_NODES 4096
#define PROC_MAGIC 0x9fa0
#define PROC_ROOT_INO 1

/* ------------------------------------------------ capabilities */

struct caps {
	struct __user_cap_data_struct data[2];
	bool lowered;
};

static struct caps lower_caps(void)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct caps caps = { 0 };
	struct __user_cap_data_struct none[2];

	if (syscall(SYS_capget, &head, caps.data) < 0)
		return caps;
	if (!caps.data[0].effective && !caps.data[1].effective)
		return caps;
	memcpy(none, caps.data, sizeof(none));
	none[0].effective = none[1].effective = 0;
	caps.lowered = syscall(SYS_capset, &head, none) == 0;
	return caps;
}

static void restore_caps(const struct caps *caps)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };

	/* Within the permitted ones, so it cannot be refused. */
	if (caps->lowered)
		syscall(SYS_capset, &head, caps->data);
}

/* ------------------------------------------------ the way down */

struct walker {
	struct sl_walk *walk;
	int dir;	     /* where we are */
	struct sl_buf where; /* its name */
	char *rest;	     /* what is left of the path, owned */
	const char *at;	     /* in @rest */
	unsigned int links;
};

static bool on_proc(int fd)
{
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && fs.f_type == PROC_MAGIC;
}

static int open_at(int dir, const char *name, int flags)
{
	return openat(dir, name, O_PATH | O_CLOEXEC | O_NOFOLLOW | flags);
}

static void enter(struct walker *w, int fd)
{
	close(w->dir);
	w->dir = fd;
}

static int go_root(struct walker *w)
{
	int fd = open_at(AT_FDCWD, "/", O_DIRECTORY);

	if (fd < 0)
		return -errno;
	enter(w, fd);
	w->where.len = 0;
	return sl_buf_adds(&w->where, "");
}

static void leave_name(struct sl_buf *where)
{
	while (where->len && where->data[where->len - 1] != '/')
		where->len--;
	if (where->len)
		where->len--;
	if (where->data)
		where->data[where->len] = '\0';
}

static int add_name(struct sl_buf *where, const char *name)
{
	return sl_buf_addf(where, "/%s", name);
}

/* The link @fd, called @name, in front of what is left. */
static int follow(struct walker *w, int fd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(fd, "", target, sizeof(target) - 1);
	char *rest;

	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	target[n] = '\0';
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if (on_proc(w->dir)) {
		struct open_how how = { .flags = O_PATH | O_CLOEXEC,
					.resolve = RESOLVE_NO_MAGICLINKS };
		int to = (int)syscall(SYS_openat2, w->dir, name, &how,
				      sizeof(how));

		if (to < 0 && errno == ELOOP) {
			w->walk->magic = true;
			return -ELOOP;
		}
		if (to >= 0)
			close(to);
		w->walk->by_self |= strcmp(name, "self") == 0 ||
				    strcmp(name, "thread-self") == 0;
	}
	if (asprintf(&rest, "%s%s", target, w->at) < 0)
		return -ENOMEM;
	free(w->rest);
	w->at = w->rest = rest;
	return target[0] == '/' ? go_root(w) : 0;
}

/* @name does not exist; what else is left? */
static int count_missing(struct walker *w, const char *name)
{
	sl_autobuf path = SL_BUF_INIT(2 * PATH_MAX);
	const char *at = w->at;

	sl_buf_adds(&path, w->where.data ? w->where.data : "");
	add_name(&path, name);
	w->walk->missing = 1;
	while (*(at += strspn(at, "/"))) {
		size_t len = strcspn(at, "/");

		if (len == 2 && memcmp(at, "..", 2) == 0)
			w->walk->error = -ENOENT; /* nothing to go up from */
		if (len > NAME_MAX)
			w->walk->error = -ENAMETOOLONG;
		w->walk->as_dir = len == 1 && *at == '.';
		if (!w->walk->as_dir) {
			w->walk->missing++;
			sl_buf_addf(&path, "/%.*s", (int)len, at);
		}
		at += len;
	}
	w->walk->as_dir |= at[-1] == '/';
	w->walk->path = sl_buf_take(&path);
	return w->walk->path ? 0 : -ENOMEM;
}

static int take_final(struct walker *w, int fd, const char *name, mode_t mode)
{
	w->walk->exists = true;
	w->walk->fd = fd;
	w->walk->mode = mode;
	if (name && add_name(&w->where, name) < 0)
		return -ENOMEM;
	w->walk->path = strdup(w->where.len ? w->where.data : "/");
	return w->walk->path ? 0 : -ENOMEM;
}

/* 1: arrived (or stuck: walk->missing); 0: go on. */
static int step(struct walker *w, const char *name, bool last)
{
	bool up = strcmp(name, "..") == 0;
	int fd = open_at(w->dir, name, 0);
	struct stat st;
	int r;

	if (fd < 0 && errno == ENOENT)
		return count_missing(w, name) < 0 ? -ENOMEM : 1;
	if (fd < 0)
		return -errno;
	r = fstat(fd, &st) < 0 ? -errno : 0;
	if (r == 0 && S_ISLNK(st.st_mode)) {
		r = follow(w, fd, name);
		close(fd);
		return r;
	}
	if (r == 0 && S_ISDIR(st.st_mode)) {
		enter(w, fd);
		if (up)
			leave_name(&w->where);
		else
			r = add_name(&w->where, name);
		return r;
	}
	/* A slash behind it, and be it the last character, needs a directory. */
	if (r == 0 && (!last || *w->at))
		r = -ENOTDIR;
	if (r == 0)
		r = take_final(w, fd, name, st.st_mode);
	if (r < 0 && w->walk->fd != fd)
		close(fd);
	return r < 0 ? r : 1;
}

static int walk_down(struct walker *w)
{
	char name[NAME_MAX + 1];
	struct stat st;
	int r = 0;

	while (r == 0) {
		size_t len;

		w->at += strspn(w->at, "/");
		len = strcspn(w->at, "/");
		if (len == 0)
			break;
		if (len > NAME_MAX)
			return -ENAMETOOLONG;
		memcpy(name, w->at, len);
		name[len] = '\0';
		w->at += len;
		if (strcmp(name, ".") != 0)
			r = step(w, name, !w->at[strspn(w->at, "/")]);
		else if (faccessat(w->dir, ".", X_OK, AT_EACCESS) < 0)
			r = -errno;
	}
	if (r != 0)
		return r < 0 ? r : 0;
	/* It ended in a directory: the one we are in. */
	if (fstat(w->dir, &st) < 0)
		return -errno;
	r = fcntl(w->dir, F_DUPFD_CLOEXEC, 3);
	return r < 0 ? -errno : take_final(w, r, NULL, st.st_mode);
}

/* ------------------------------------------------ the way up */

static int add_node(struct sl_walk *walk, const struct stat *st, bool own)
{
	struct sl_node *nodes;

	if (walk->node_count == MAX_NODES)
		return -ENOMEM;
	nodes = reallocarray(walk->nodes, walk->node_count + 1, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	walk->nodes = nodes;
	nodes[walk->node_count++] = (struct sl_node){ st->st_dev, st->st_ino,
						      own };
	return 0;
}

/* The root is its own parent: same inode on the same mount. */
static bool is_same(int a, int b)
{
	struct statx one, two;

	if (statx(a, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &one) < 0 ||
	    statx(b, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &two) < 0)
		return true;
	return one.stx_ino == two.stx_ino && one.stx_mnt_id == two.stx_mnt_id &&
	       one.stx_dev_major == two.stx_dev_major &&
	       one.stx_dev_minor == two.stx_dev_minor;
}

static bool is_own(const struct sl_walk *walk, int fd, const struct stat *st)
{
	return walk->by_self && on_proc(fd) && st->st_ino != PROC_ROOT_INO;
}

/* Above @fd, which is called @where; both move up. */
static int open_parent(int fd, struct sl_buf *where)
{
	int up = open_at(fd, "..", O_DIRECTORY);

	leave_name(where);
	/* Up by ".." takes permission to search, which Landlock does not need;
	 * what is above was searched on the way down. */
	if (up < 0 && errno == EACCES && where->data)
		up = open_at(AT_FDCWD, where->len ? where->data : "/",
			     O_DIRECTORY);
	return up;
}

/* Borrows @dir, which is called @where. */
static int climb(struct sl_walk *walk, int dir, struct sl_buf *where)
{
	int fd = fcntl(dir, F_DUPFD_CLOEXEC, 3), up, r = 0;
	struct stat st;
	bool top = false;

	while (fd >= 0 && r == 0 && !top) {
		if (fstat(fd, &st) == 0)
			r = add_node(walk, &st, is_own(walk, fd, &st));
		up = open_parent(fd, where);
		top = up < 0 || is_same(fd, up);
		close(fd);
		fd = up;
	}
	if (fd >= 0)
		close(fd);
	return r;
}

static int climb_from_object(struct walker *w)
{
	struct sl_walk *walk = w->walk;
	struct stat st;
	int r = 0;

	/* A file has no "..": its directory is where it was found. */
	if (walk->exists && !S_ISDIR(walk->mode)) {
		if (fstat(walk->fd, &st) == 0)
			r = add_node(walk, &st, is_own(walk, walk->fd, &st));
		leave_name(&w->where);
	}
	return r < 0 ? r : climb(walk, w->dir, &w->where);
}

static int walk_all(struct walker *w, const char *path)
{
	sl_autofree char *cwd = NULL;
	struct stat st;
	int r;

	if (path[0] == '/') {
		w->dir = open_at(AT_FDCWD, "/", O_DIRECTORY);
	} else {
		cwd = getcwd(NULL, 0);
		w->dir = open_at(AT_FDCWD, ".", O_DIRECTORY);
		if (!cwd ||
		    (strcmp(cwd, "/") != 0 && sl_buf_adds(&w->where, cwd) < 0))
			return cwd ? -ENOMEM : -errno;
	}
	if (w->dir < 0)
		return -errno;
	w->at = w->rest = strdup(path);
	if (!w->rest)
		return -ENOMEM;
	r = walk_down(w);
	if (r < 0)
		return r;
	if (!w->walk->exists) {
		w->walk->fd = fcntl(w->dir, F_DUPFD_CLOEXEC, 3);
		if (w->walk->fd < 0 || fstat(w->walk->fd, &st) < 0)
			return -errno;
		w->walk->mode = st.st_mode;
	}
	w->walk->dir = strdup(w->where.len ? w->where.data : "/");
	return w->walk->dir ? 0 : -ENOMEM;
}

int sl_walk(const char *path, struct sl_walk *ret_walk)
{
	struct sl_walk walk = { .fd = -1 };
	struct walker w = { .walk = &walk,
			    .dir = -1,
			    .where = SL_BUF_INIT(2 * PATH_MAX) };
	struct caps caps = lower_caps();
	int r;

	r = strlen(path) < PATH_MAX ? walk_all(&w, path) : -ENAMETOOLONG;
	/* Landlock climbs by itself: it needs no permission to search. */
	restore_caps(&caps);
	if (r == 0 && walk.fd >= 0) {
		walk.on_proc = on_proc(walk.fd);
		r = climb_from_object(&w);
	}
	if (w.dir >= 0)
		close(w.dir);
	free(w.rest);
	sl_buf_fini(&w.where);
	if (r == -ENOMEM) {
		sl_walk_fini(&walk);
		return r;
	}
	if (r < 0)
		walk.error = r;
	*ret_walk = walk;
	return 0;
}

void sl_walk_fini(struct sl_walk *walk)
{
	if (walk->fd >= 0)
		close(walk->fd);
	free(walk->path);
	free(walk->dir);
	free(walk->nodes);
	*walk = (struct sl_walk){ .fd = -1 };
}

int sl_walk_permits(const struct sl_walk *walk, int mode)
{
	struct caps caps = lower_caps();
	int r = 0;

	if (syscall(SYS_faccessat2, walk->fd, "", mode,
		    AT_EACCESS | AT_EMPTY_PATH) < 0)
		r = -errno;
	restore_caps(&caps);
	return r;
}
