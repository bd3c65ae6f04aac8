/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See siblings.h. Of the directories from the root of a grant down to a denied
 * file (the chain) no more than the right to list is granted, which means
 * nothing to a file, and all rights to each of their other entries.
 *
 * SECURITY: a rule of Landlock hangs on an inode, and a file is granted if one
 * of the directories above it is, by the way it was reached. So the denied file
 * must be reached by one way alone: one name (its link count), one mount that
 * shows it. Nothing of a chain can be moved by the sandbox, which gets no right
 * to write on or above it. And so that no more is granted than without, each
 * sibling must have one way as well. Whatever is not certain is judged.
 */
#include "run/siblings.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>

#include "base/limits.h"
#include "run/mounts.h"
#include "sys/landlock.h"
#include "sys/object.h"
#include "sys/process.h"
#include "sys/uapi.h"

#define PLAIN (RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS)
#define NONE SIZE_MAX

/* Of file systems that come from elsewhere. */
#define MAGIC_ZFS 0x2fc12fc1
#define MAGIC_BCACHEFS 0xca451a4e

struct dir {
	int fd; /* held, so that its number stays */
	dev_t dev;
	ino_t ino;
	size_t up;    /* the one above, or NONE */
	bool granted; /* for reading, by a rule of its own */
};

struct file {
	int fd;
	dev_t dev;
	ino_t ino;
};

struct sl_siblings {
	uint64_t read; /* what a read grant gives */
	size_t dir_count, file_count, left;
	bool gave_up;
	int cwd;
	struct sl_mounts *mounts; /* once they are looked at */
	struct dir dirs[SL_MAX_CHAIN_DIRS];
	struct file files[SL_MAX_CHAIN_FILES];
};

static size_t find_dir(const struct sl_siblings *s, const struct stat *st)
{
	for (size_t i = 0; i < s->dir_count; i++)
		if (s->dirs[i].ino == st->st_ino && s->dirs[i].dev == st->st_dev)
			return i;
	return NONE;
}

static bool is_denied(const struct sl_siblings *s, const struct stat *st)
{
	for (size_t i = 0; i < s->file_count; i++)
		if (s->files[i].ino == st->st_ino && s->files[i].dev == st->st_dev)
			return true;
	return false;
}

/* ------------------------------------------------ what can be relied upon */

/*
 * File systems that count links, keep an inode for a file, and hold nothing but
 * what was put there: not procfs, devices, FUSE, network file systems; nor what
 * lives in memory, where services come and go.
 */
static bool is_plain_file_system(int fd)
{
	static const unsigned long known[] = {
		EXT4_SUPER_MAGIC,      XFS_SUPER_MAGIC,
		BTRFS_SUPER_MAGIC,     F2FS_SUPER_MAGIC,
		OVERLAYFS_SUPER_MAGIC, SQUASHFS_MAGIC,
		EROFS_SUPER_MAGIC_V1,  MAGIC_ZFS,
		MAGIC_BCACHEFS,
	};
	struct statfs fs;

	if (fstatfs(fd, &fs) < 0)
		return false;
	for (size_t i = 0; i < SL_ARRAY_LEN(known); i++)
		if (((unsigned long)fs.f_type & UINT32_MAX) == known[i])
			return true;
	return false;
}

/* What the system's packages fill. */
static bool is_system_place(const char *path)
{
	static const char *const places[] = { "/etc", "/usr", "/opt",  "/boot",
					      "/lib", "/bin", "/sbin", "/lib64" };

	for (size_t i = 0; i < SL_ARRAY_LEN(places); i++) {
		size_t len = strlen(places[i]);

		if (strncmp(path, places[i], len) == 0 &&
		    (!path[len] || path[len] == '/'))
			return true;
	}
	return strcmp(path, "/") == 0;
}

static int text_of(int fd, char text[PATH_MAX])
{
	char link[SL_OBJECT_LINK_MAX];
	ssize_t n = readlink(sl_object_link(fd, link), text, PATH_MAX - 1);

	if (n <= 0)
		return n < 0 ? -errno : -ENOENT;
	text[n] = '\0';
	return 0;
}

/* Root may write everywhere: what is nobody's project, by mode or by place. */
static bool is_settled_for_root(int fd)
{
	char path[PATH_MAX];
	struct stat st;

	if (fstat(fd, &st) < 0)
		return false;
	if (!(st.st_mode & (S_IWUSR | S_IWGRP | S_IWOTH)))
		return true;
	if (st.st_uid != 0 || st.st_mode & (S_IWGRP | S_IWOTH))
		return false;
	return text_of(fd, path) == 0 && is_system_place(path);
}

/*
 * Nothing that the user is going to make in there: a later name would not be
 * granted. That would close, never open, but it would astonish.
 */
static bool is_settled(int fd)
{
	if (!is_plain_file_system(fd))
		return false;
	if (faccessat(fd, ".", W_OK, AT_EACCESS) < 0)
		return errno == EACCES || errno == EROFS;
	return geteuid() == 0 && is_settled_for_root(fd);
}

/* ------------------------------------------------ chains */

/* The directory that has @path as an entry, and has it still. */
static int open_parent(const char *path, const struct stat *file)
{
	sl_autofree char *dir = strdup(path);
	sl_autoclose int fd = -1;
	struct stat st;
	char *name;

	if (!dir)
		return -ENOMEM;
	name = strrchr(dir, '/');
	*name++ = '\0';
	fd = sl_path_open(AT_FDCWD, *dir ? dir : "/", O_DIRECTORY, PLAIN);
	if (fd < 0)
		return fd;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	if (st.st_dev != file->st_dev || st.st_ino != file->st_ino)
		return -ESTALE;
	return sl_take_fd(&fd);
}

/* From directory @start up to the root, as Landlock goes. Takes @start. */
static int add_chain(struct sl_siblings *s, int start)
{
	sl_autoclose int fd = start;
	size_t below = NONE;

	for (;;) {
		struct stat st;
		size_t here;
		int up;

		if (fstat(fd, &st) < 0)
			return -errno;
		here = find_dir(s, &st);
		if (below != NONE && here != below)
			s->dirs[below].up = here == NONE ? s->dir_count : here;
		if (here != NONE)
			return 0; /* known, or the root, whose ".." it is */
		if (s->dir_count == SL_MAX_CHAIN_DIRS)
			return -E2BIG;
		up = sl_path_open(fd, "..", O_DIRECTORY, 0);
		if (up < 0)
			return up;
		below = s->dir_count++;
		s->dirs[below] = (struct dir){
			.fd = fd, .dev = st.st_dev, .ino = st.st_ino, .up = NONE
		};
		fd = up;
	}
}

/* One way to the object of @fd? */
static int check_mounts(struct sl_siblings *s, int fd, const char *path)
{
	struct sl_object object;
	int r = 0;

	if (!s->mounts) {
		r = sl_mounts_load(&s->mounts);
		/* A directory of another mount namespace has other ones above
		 * it. */
		if (r == 0)
			r = sl_object_look(s->cwd, &object);
		if (r == 0 && !sl_mounts_has(s->mounts, object.mount))
			r = -EXDEV;
	}
	if (r == 0)
		r = sl_object_look(fd, &object);
	if (r == 0 && !sl_mounts_show_once(s->mounts, object.mount, path))
		r = -EXDEV;
	return r;
}

/* A negative errno: it has to be judged, or memory is out. */
static int add_file(struct sl_siblings *s, const char *path)
{
	sl_autoclose int fd = -1, parent = -1;
	struct stat st;
	int r;

	if (s->file_count == SL_MAX_CHAIN_FILES)
		return -E2BIG;
	fd = sl_path_open(AT_FDCWD, path, O_NOFOLLOW, PLAIN);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* The right to list is inherited; and a second name leads around. */
	if (!S_ISREG(st.st_mode) || st.st_nlink != 1 || !is_plain_file_system(fd))
		return -EINVAL;
	parent = open_parent(path, &st);
	if (parent < 0)
		return parent;
	if (!is_settled(parent))
		return -EACCES;
	r = check_mounts(s, fd, path);
	if (r < 0)
		return r;
	s->files[s->file_count++] = (struct file){ sl_take_fd(&fd), st.st_dev,
						   st.st_ino };
	return add_chain(s, sl_take_fd(&parent));
}

static int add_files(struct sl_siblings *s, const struct sl_carve_set *set)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < set->count; i++)
		if (set->rules[i].kind == SL_CARVE_DENY)
			r = add_file(s, set->rules[i].path);
	return r;
}

/* Is there one, and none that is a pattern? */
static bool has_plain_denies(const struct sl_carve_set *set)
{
	bool any = false;

	for (size_t i = 0; i < set->count; i++) {
		if (set->rules[i].kind != SL_CARVE_DENY)
			continue;
		if (!set->rules[i].path[0])
			return false;
		any = true;
	}
	return any;
}

int sl_siblings_new(const struct sl_carve_set *set,
		    const struct sl_plan_landlock *ll, int cwd,
		    struct sl_siblings **ret_siblings)
{
	SL_AUTO(sl_siblings) s = NULL;
	int r;

	*ret_siblings = NULL;
	/* Where Landlock does not ask about truncate(2), nobody would. */
	if (!has_plain_denies(set) || !(ll->handled_fs & SL_LL_FS_TRUNCATE))
		return 0;
	s = calloc(1, sizeof(*s));
	if (!s)
		return -ENOMEM;
	s->read = ll->read_access;
	s->left = SL_MAX_SIBLINGS;
	s->cwd = cwd;
	r = add_files(s, set);
	if (r == -ENOMEM)
		return r;
	if (r == 0)
		*ret_siblings = sl_take_ptr(&s);
	return 0;
}

void sl_siblings_free(struct sl_siblings *s)
{
	if (!s)
		return;
	for (size_t i = 0; i < s->dir_count; i++)
		close(s->dirs[i].fd);
	for (size_t i = 0; i < s->file_count; i++)
		close(s->files[i].fd);
	sl_mounts_free(s->mounts);
	free(s);
}

/* ------------------------------------------------ rules */

uint64_t sl_siblings_narrow(struct sl_siblings *s, const struct stat *st,
			    uint64_t access)
{
	size_t i = find_dir(s, st);

	/* To a socket that lies there, of whatever kind: no file is opened. */
	if (access == SL_LL_FS_RESOLVE_UNIX)
		return access;
	if (i == NONE) {
		s->gave_up |= is_denied(s, st);
		return access;
	}
	if (access & ~s->read) {
		s->gave_up = true;
		return access;
	}
	s->dirs[i].granted = true;
	return access & SL_LL_FS_READ_DIR;
}

/* A rule hangs on the inode, so it would grant the entry by other ways as well,
 * on which nothing was granted: it must have one. */
static int check_sibling(const struct sl_siblings *s, int fd,
			 const struct stat *st, const char *dir, const char *name)
{
	char path[PATH_MAX + NAME_MAX + 2];
	struct sl_object object;
	int r = sl_object_look(fd, &object);

	if (r < 0)
		return r;
	if (!S_ISDIR(st->st_mode) && st->st_nlink != 1)
		return -EMLINK;
	snprintf(path, sizeof(path), "%s/%s", strcmp(dir, "/") ? dir : "", name);
	return sl_mounts_show_once(s->mounts, object.mount, path) ? 0 : -EXDEV;
}

/* @dirfd, called @dir, has @name. */
static int add_sibling(struct sl_siblings *s, int dirfd, const char *dir,
		       const char *name, int ruleset)
{
	sl_autoclose int fd = sl_path_open(dirfd, name, O_NOFOLLOW, 0);
	uint64_t access = s->read;
	struct stat st;
	int r;

	if (fd == -ENOENT)
		return 0;
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	/* What a link leads to is granted where that lies, or is not. */
	if (S_ISLNK(st.st_mode) || is_denied(s, &st) || find_dir(s, &st) != NONE)
		return 0;
	if (!s->left)
		return -E2BIG;
	s->left--;
	r = check_sibling(s, fd, &st, dir, name);
	if (r < 0)
		return r;
	if (!S_ISDIR(st.st_mode))
		access &= ~SL_LL_FS_READ_DIR;
	return sl_ll_add_path(ruleset, fd, access);
}

static int add_entries(struct sl_siblings *s, int dirfd, int ruleset)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *entries = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *entry;
	char text[PATH_MAX];
	int r = 0;

	if (!entries) {
		r = -errno;
		if (fd >= 0)
			close(fd);
		return r;
	}
	r = text_of(dirfd, text);
	while (r == 0 && (errno = 0, entry = readdir(entries)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			r = add_sibling(s, dirfd, text, entry->d_name, ruleset);
	if (r == 0 && errno)
		r = -errno;
	closedir(entries);
	return r;
}

static bool is_below_grant(const struct sl_siblings *s, size_t i)
{
	for (; i != NONE; i = s->dirs[i].up)
		if (s->dirs[i].granted)
			return true;
	return false;
}

void sl_siblings_add_rules(struct sl_siblings *s, int ruleset)
{
	for (size_t i = 0; !s->gave_up && i < s->dir_count; i++)
		if (is_below_grant(s, i))
			s->gave_up = !is_settled(s->dirs[i].fd) ||
				     add_entries(s, s->dirs[i].fd, ruleset) < 0;
}

bool sl_siblings_gave_up(const struct sl_siblings *s)
{
	return s->gave_up;
}
