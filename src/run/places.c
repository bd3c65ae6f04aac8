/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Collecting the homes, and what sandlock trusts: profiles, the temporary
 * directories of runs, its own programs. A directory that does not exist stands
 * for where it would be made.
 */
#include "run/places.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "policy/home.h"
#include "policy/value.h"
#include "run/program.h"

void sl_places_fini(struct sl_places *places)
{
	for (size_t i = 0; i < places->count; i++)
		free(places->list[i].path);
}

int sl_dir_id_above(int fd, size_t level, struct sl_dir_id *ret_id)
{
	char up[PATH_MAX] = "";
	struct stat st;

	if (level * 3 >= sizeof(up))
		return -ENAMETOOLONG;
	for (size_t i = 0; i < level; i++)
		memcpy(up + i * 3, "../", 4);
	if (fstatat(fd, up, &st, AT_EMPTY_PATH) < 0)
		return -errno;
	*ret_id = (struct sl_dir_id){ st.st_dev, st.st_ino };
	return 0;
}

/* The nearest directory to @path that exists. */
static int open_nearest(const char *path, bool *ret_exact)
{
	sl_autofree char *copy = strdup(path);
	char *slash;
	int fd;

	if (!copy)
		return -ENOMEM;
	*ret_exact = true;
	for (;;) {
		fd = open(*copy ? copy : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (fd >= 0 || !*copy || strcmp(copy, "/") == 0)
			return fd < 0 ? -errno : fd;
		*ret_exact = false;
		slash = strrchr(copy, '/');
		if (!slash)
			*copy = '\0';
		else
			slash[slash == copy] = '\0';
	}
}

static int add(struct sl_places *places, enum sl_place_kind kind, const char *path)
{
	struct sl_place place = { .kind = kind, .first = places->id_count };
	sl_autoclose int fd = -1;

	for (size_t i = 0; i < places->count; i++)
		if (places->list[i].kind == kind &&
		    strcmp(places->list[i].path, path) == 0)
			return 0;
	fd = open_nearest(path, &place.exists);
	if (fd < 0)
		return fd;
	for (bool top = false; !top; place.count++) {
		struct sl_dir_id *id = &places->ids[places->id_count];

		if (places->id_count == SL_MAX_PLACE_IDS ||
		    places->count == SL_MAX_PLACES)
			return -E2BIG;
		/* What is above a directory that we may not search is out of
		 * reach from here in any case. */
		if (sl_dir_id_above(fd, place.count, id) < 0)
			break;
		top = sl_dir_same(id, &places->root);
		places->id_count++;
	}
	place.path = strdup(path);
	if (!place.path)
		return -ENOMEM;
	places->list[places->count++] = place;
	return 0;
}

SL_PRINTF(3, 4)
static int addf(struct sl_places *places, enum sl_place_kind kind,
		const char *fmt, ...)
{
	sl_autofree char *path = NULL;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vasprintf(&path, fmt, ap);
	va_end(ap);
	if (n < 0) {
		path = NULL;
		return -ENOMEM;
	}
	return add(places, kind, path);
}

/* A profile may be a link into the files of somebody's project. */
static int add_linked_profiles(struct sl_places *places, const char *dir)
{
	DIR *entries = opendir(dir);
	struct dirent *entry;
	int r = 0;

	while (entries && r == 0 && (entry = readdir(entries))) {
		sl_autofree char *path = NULL;
		sl_autofree char *real = NULL;

		if (entry->d_type != DT_LNK && entry->d_type != DT_UNKNOWN)
			continue;
		if (asprintf(&path, "%s/%s", dir, entry->d_name) < 0) {
			path = NULL;
			r = -ENOMEM;
			break;
		}
		real = realpath(path, NULL);
		if (!real || entry->d_name[0] == '.')
			continue;
		*strrchr(real, '/') = '\0';
		r = add(places, SL_PLACE_PROFILES, *real ? real : "/");
	}
	if (entries)
		closedir(entries);
	return r;
}

/* @config: ~/.config or $XDG_CONFIG_HOME. */
static int add_profiles(struct sl_places *places, const char *config)
{
	sl_autofree char *dir = NULL;
	int r = addf(places, SL_PLACE_PROFILES, "%s/sandlock", config);

	if (r < 0)
		return r;
	if (asprintf(&dir, "%s/sandlock/profiles", config) < 0) {
		dir = NULL;
		return -ENOMEM;
	}
	r = add(places, SL_PLACE_PROFILES, dir);
	return r < 0 ? r : add_linked_profiles(places, dir);
}

static int add_home(struct sl_places *places, const char *home)
{
	sl_autofree char *config = NULL;
	int r = add(places, SL_PLACE_HOME, home);

	if (r < 0)
		return r;
	if (asprintf(&config, "%s/.config", home) < 0) {
		config = NULL;
		return -ENOMEM;
	}
	return add_profiles(places, config);
}

/* Whatever HOME says, the home of the user is what passwd says; and behind
 * sudo there is somebody else, whose home it may still be. */
static int add_homes(struct sl_places *places)
{
	const char *env = getenv("HOME"), *sudo = getenv("SUDO_UID");
	uid_t uids[2] = { getuid(), getuid() };
	uint64_t uid;
	int r = 0;

	if (sudo && sl_value_u64(sudo, strlen(sudo), &uid) == 0)
		uids[1] = (uid_t)uid;
	if (env && *env)
		r = add_home(places, env);
	for (size_t i = 0; r == 0 && i < SL_ARRAY_LEN(uids); i++) {
		sl_autofree char *home = NULL;

		r = sl_home_of(uids[i], &home);
		if (r < 0)
			r = r == -ENOENT ? 0 : r;
		else
			r = add_home(places, home);
	}
	return r;
}

/* As run/tmpdir.c chooses: now, or in a shell with other variables. */
static int add_runtime(struct sl_places *places)
{
	const char *run = getenv("XDG_RUNTIME_DIR"), *tmp = getenv("TMPDIR");
	unsigned int uid = geteuid();
	int r = addf(places, SL_PLACE_RUNTIME, "/tmp/sandlock-%u", uid);

	if (r == 0)
		r = addf(places, SL_PLACE_RUNTIME, "/run/user/%u/sandlock", uid);
	if (r == 0 && run && run[0] == '/')
		r = addf(places, SL_PLACE_RUNTIME, "%s/sandlock", run);
	if (r == 0 && tmp && tmp[0] == '/')
		r = addf(places, SL_PLACE_RUNTIME, "%s/sandlock-%u", tmp, uid);
	return r;
}

static int add_program(struct sl_places *places, const char *path)
{
	sl_autofree char *real = realpath(path, NULL);

	if (!real)
		return errno == ENOMEM ? -ENOMEM : 0;
	*strrchr(real, '/') = '\0';
	return add(places, SL_PLACE_PROGRAMS, *real ? real : "/");
}

static int add_programs(struct sl_places *places)
{
	const char *image = sl_program_image();
	char buf[PATH_MAX];
	int r;

	r = add_program(places, image ? image : "/proc/self/exe");
	if (r == 0)
		r = add_program(places, sl_program_path(&sl_program_supervisor,
							buf, sizeof(buf)));
	if (r == 0)
		r = add_program(places, sl_program_path(&sl_program_resolve,
							buf, sizeof(buf)));
	return r;
}

int sl_places_collect(struct sl_places *places)
{
	const char *config = getenv("XDG_CONFIG_HOME");
	struct stat st;
	int r;

	if (stat("/", &st) < 0)
		return -errno;
	places->root = (struct sl_dir_id){ st.st_dev, st.st_ino };
	r = add_homes(places);
	if (r == 0 && config && config[0] == '/')
		r = add_profiles(places, config);
	if (r == 0)
		r = add_runtime(places);
	return r < 0 ? r : add_programs(places);
}
