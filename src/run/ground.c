/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A grant by ${CWD} is made without looking: whoever starts an agent in the
 * wrong directory must not hand over the home, nor what sandlock itself trusts.
 * Nothing here is asked for a grant that names its directory.
 *
 * SECURITY: all comparing is by inode, of directories opened as the kernel will
 * see them, so that links, "..", bind mounts and the spelling of HOME do not
 * matter. What is not seen: a file system that shows another's files as its own
 * (overlay, FUSE). What does not exist yet is judged by where it would be made.
 */
#include "run/ground.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "policy/value.h"
#include "run/places.h"

static const char *const kind_names[] = {
	[SL_PLACE_HOME] = "the home directory",
	[SL_PLACE_PROFILES] = "sandlock's profiles",
	[SL_PLACE_RUNTIME] = "the temporary directories of sandboxes",
	[SL_PLACE_PROGRAMS] = "the installation of sandlock",
};

/* The place that @id is or contains. */
static const struct sl_place *covered(const struct sl_places *places,
				      const struct sl_dir_id *id)
{
	for (size_t i = 0; i < places->count; i++)
		for (size_t j = 0; j < places->list[i].count; j++)
			if (sl_dir_same(&places->ids[places->list[i].first + j],
					id))
				return &places->list[i];
	return NULL;
}

/*
 * Is lying inside @place a reason? Not of a home. Nor of where a program is
 * kept along with everything else: a copy in the home or in /tmp.
 */
static bool is_closed(const struct sl_places *places, const struct sl_place *place)
{
	if (place->kind == SL_PLACE_HOME || !place->exists)
		return false;
	if (place->kind != SL_PLACE_PROGRAMS)
		return true;
	for (size_t i = 0; i < places->count; i++)
		for (size_t j = 0; j < places->list[i].count; j++)
			if (places->list[i].kind != SL_PLACE_PROGRAMS &&
			    sl_dir_same(&places->ids[places->list[i].first + j],
					&places->ids[place->first]))
				return false;
	return true;
}

static int surrounding(const struct sl_places *places, int fd,
		       const struct sl_place **ret_place)
{
	const char *tmp = getenv("TMPDIR");
	struct sl_dir_id id = { 0 }, own = { 0 };
	bool in_tmp = false;
	struct stat st;
	int r;

	if (tmp && tmp[0] == '/' && stat(tmp, &st) == 0)
		own = (struct sl_dir_id){ st.st_dev, st.st_ino };
	for (size_t level = 0; !sl_dir_same(&id, &places->root); level++) {
		r = sl_dir_id_above(fd, level, &id);
		if (r < 0)
			return r;
		/* In a sandbox, TMPDIR is a part of such a directory that is
		 * there to be worked in. */
		in_tmp |= sl_dir_same(&id, &own);
		for (size_t i = 0; i < places->count; i++) {
			const struct sl_place *place = &places->list[i];

			if (!sl_dir_same(&id, &places->ids[place->first]) ||
			    !is_closed(places, place) ||
			    (in_tmp && place->kind == SL_PLACE_RUNTIME))
				continue;
			*ret_place = place;
			return 0;
		}
	}
	return 0;
}

/* Blank, tab, newline and backslash are written as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (at[0] == '\\' && at[1] && at[2] && at[3]) {
			*to = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 |
				     (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/*
 * A bind mount below @path shows what lies elsewhere, and a grant goes through
 * it. Without /proc, as inside a sandbox, the outer one has judged.
 */
static const struct sl_place *mounted(const struct sl_places *places,
				      const char *path)
{
	FILE *file = fopen("/proc/thread-self/mountinfo", "re");
	const struct sl_place *found = NULL;
	sl_autofree char *line = NULL;
	size_t cap = 0, len = strlen(path);

	while (file && !found && getline(&line, &cap, file) > 0) {
		char *at = line, *point = NULL;
		struct stat st;

		for (int i = 0; i < 5; i++)
			point = strsep(&at, " ");
		if (!point)
			continue;
		unescape(point);
		if (strncmp(point, path, len) == 0 && point[len] == '/' &&
		    fstatat(AT_FDCWD, point, &st, AT_NO_AUTOMOUNT) == 0)
			found = covered(places, &(struct sl_dir_id){
							st.st_dev, st.st_ino });
	}
	if (file)
		fclose(file);
	return found;
}

static int refuse(const char *path, const char *how,
		  const struct sl_place *place, struct sl_error *err)
{
	sl_err(err, -EPERM, SL_STAGE_SPAWN,
	       "${CWD} does not grant '%s', because it %s %s ('%s')",
	       SL_QUOTE(path), how, kind_names[place->kind],
	       SL_QUOTE(place->path));
	sl_error_hint(err, "change to the directory of one project, or name "
			   "what to grant, as in -p base -w DIR");
	return -EPERM;
}

/* @path: what the kernel calls @fd. */
static int judge(const struct sl_places *places, int fd, const char *path,
		 struct sl_error *err)
{
	const struct sl_place *place = NULL;
	sl_autofree char *parent = NULL;
	sl_autoclose int dir = -1;
	struct sl_dir_id id;
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	id = (struct sl_dir_id){ st.st_dev, st.st_ino };
	if (sl_dir_same(&id, &places->root)) {
		sl_err(err, -EPERM, SL_STAGE_SPAWN,
		       "${CWD} does not grant '/', the whole system");
		sl_error_hint(err, "change to the directory of one project");
		return -EPERM;
	}
	place = covered(places, &id);
	if (place)
		return refuse(path, "is or contains", place, err);
	if (S_ISDIR(st.st_mode)) {
		place = mounted(places, path);
		if (place)
			return refuse(path, "contains a mount of", place, err);
		r = surrounding(places, fd, &place);
	} else {
		parent = strdup(path);
		if (!parent)
			return -ENOMEM;
		*strrchr(parent, '/') = '\0';
		dir = open(*parent ? parent : "/",
			   O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = dir < 0 ? -errno : surrounding(places, dir, &place);
	}
	if (place)
		return refuse(path, "lies inside", place, err);
	return r;
}

static int judge_fd(const struct sl_places *places, int fd, struct sl_error *err)
{
	char self[40], path[PATH_MAX];
	ssize_t n;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	n = readlink(self, path, sizeof(path) - 1);
	if (n < 0)
		return -errno;
	path[n] = '\0';
	if (path[0] != '/')
		return -ENOENT;
	return judge(places, fd, path, err);
}

static int check(struct sl_places *places, const struct sl_item *item, int fd,
		 struct sl_error *err)
{
	size_t cwd_len = item->origin.cwd_len;
	sl_autofree char *cwd = strndup(item->text, cwd_len);
	sl_autoclose int cwd_fd = -1;
	int r;

	if (!cwd)
		return -ENOMEM;
	r = sl_places_collect(places);
	if (r == 0 && item->text[cwd_len]) {
		cwd_fd = open(cwd, O_PATH | O_DIRECTORY | O_CLOEXEC);
		r = cwd_fd < 0 ? -errno : judge_fd(places, cwd_fd, err);
	}
	return r < 0 ? r : judge_fd(places, fd, err);
}

int sl_ground_check(const struct sl_item *item, int fd, struct sl_error *err)
{
	struct sl_places *places = calloc(1, sizeof(*places));
	char where[512];
	int r;

	if (!places)
		return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
	r = check(places, item, fd, err);
	sl_places_fini(places);
	free(places);
	if (r == 0)
		return 0;
	sl_err(err, r, SL_STAGE_SPAWN,
	       "${CWD}: cannot find out whether '%s' lies apart from the home: "
	       "%s",
	       SL_QUOTE(item->text), strerror(-r));
	sl_origin_describe(&item->origin, where, sizeof(where));
	return sl_error_prefix(err, r, "%s", where);
}
