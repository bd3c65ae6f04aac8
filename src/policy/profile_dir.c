/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The profile directories: <home>/.config/sandlock/profiles, then an absolute
 * $XDG_CONFIG_HOME/sandlock/profiles that belongs to the user. A file there
 * shadows the preset of the same name.
 */
#include "policy/profile_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/home.h"
#include "policy/profile.h"
#include "policy/suggest.h"
#include "policy/value.h"

#define MAX_NAME 64
#define MAX_PATH 4096

void sl_profile_dirs_fini(struct sl_profile_dirs *dirs)
{
	for (size_t i = 0; i < dirs->count; i++)
		free(dirs->path[i]);
}

void sl_profile_source_fini(struct sl_profile_source *source)
{
	free(source->path);
	free(source->text);
	*source = (struct sl_profile_source){ 0 };
}

/* Heap, or NULL when there is no memory or the path is absurdly long. */
char *sl_profile_join(const char *dir, const char *name, const char *suffix)
{
	sl_autobuf buf = SL_BUF_INIT(MAX_PATH);

	sl_buf_addf(&buf, "%s/%s%s", dir, name, suffix);
	return sl_buf_take(&buf);
}

static int too_long(struct sl_error *err)
{
	return sl_err(err, -ENAMETOOLONG, SL_STAGE_PARSE,
		      "the path of the profile directory is too long");
}

/* @err says why there is no home, where that matters to the caller. */
int sl_profile_dirs_init(struct sl_profile_dirs *dirs, struct sl_error *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	sl_autofree char *home = NULL;
	struct stat st;
	char *path;
	int r = sl_home(&home, err);

	*dirs = (struct sl_profile_dirs){ 0 };
	if (r == 0) {
		path = sl_profile_join(home, ".config/sandlock/profiles", "");
		if (!path)
			return too_long(err);
		dirs->path[dirs->count++] = path;
	}
	if (!xdg || xdg[0] != '/' || stat(xdg, &st) < 0 || st.st_uid != getuid())
		return dirs->count ? 0 : r;
	path = sl_profile_join(xdg, "sandlock/profiles", "");
	if (!path)
		return too_long(err);
	if (dirs->count && strcmp(path, dirs->path[0]) == 0)
		free(path);
	else
		dirs->path[dirs->count++] = path;
	return 0;
}

int sl_profile_check_name(const char *name, struct sl_error *err)
{
	size_t len = strlen(name);
	const char *why = NULL;

	if (!len)
		why = "the name must not be empty";
	else if (len > MAX_NAME)
		why = "the name is longer than 64 bytes";
	else if (strchr(name, '/'))
		why = "the name must not hold a '/'; --profile-file takes a "
		      "path";
	else if (name[0] == '.' || strstr(name, ".."))
		why = "the name must not hold '..' or start with a dot";
	for (size_t i = 0; !why && i < len; i++)
		if ((unsigned char)name[i] <= 0x20 || name[i] == 0x7f)
			why = "the name must not hold blanks or control "
			      "characters";
	if (!why)
		return 0;
	return sl_err(err, -EINVAL, SL_STAGE_PARSE, "profile '%s': %s",
		      SL_QUOTE(name), why);
}

static int read_all(int fd, struct sl_buf *buf)
{
	char chunk[4096];

	for (;;) {
		ssize_t n = read(fd, chunk, sizeof(chunk));
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : 0;
		r = sl_buf_add(buf, chunk, (size_t)n);
		if (r < 0)
			return r;
	}
}

int sl_profile_cannot_read(struct sl_error *err, const char *path, int r)
{
	if (r == -EOVERFLOW)
		return sl_err(err, r, SL_STAGE_PARSE,
			      "'%s' is larger than %u bytes", SL_QUOTE(path),
			      SL_MAX_PROFILE_BYTES);
	return sl_err(err, r, SL_STAGE_PARSE, "cannot read '%s': %s",
		      SL_QUOTE(path), strerror(-r));
}

/* Takes nothing; @fd stays the caller's. */
static int read_fd(int fd, const char *path, struct sl_profile_source *ret,
		   struct sl_error *err)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_PROFILE_BYTES);
	struct sl_profile_source source = { .path = strdup(path) };
	int r = read_all(fd, &buf);

	if (r < 0) {
		sl_profile_source_fini(&source);
		return sl_profile_cannot_read(err, path, r);
	}
	source.len = buf.len;
	source.text = sl_buf_take(&buf);
	if (!source.path || !source.text) {
		sl_profile_source_fini(&source);
		return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
	}
	*ret = source;
	return 0;
}

/* By path: also a pipe, as in --profile-file <(generate). */
int sl_profile_read(const char *path, struct sl_profile_source *ret_source,
		    struct sl_error *err)
{
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

	if (fd < 0)
		return sl_profile_cannot_read(err, path, -errno);
	return read_fd(fd, path, ret_source, err);
}

/* No such file; a directory that cannot be entered holds no profile of the
 * user either (as for a service user whose HOME is somebody else's). */
bool sl_profile_absent(const char *dir, int error)
{
	return error == ENOENT || error == ENOTDIR ||
	       (error == EACCES && access(dir, X_OK) < 0);
}

/* By name: a regular file, so that nothing planted there can block us. */
static int read_named(const char *dir, const char *path,
		      struct sl_profile_source *ret, struct sl_error *err)
{
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY |
						 O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return sl_profile_absent(dir, errno)
			       ? -ENOENT
			       : sl_profile_cannot_read(err, path, -errno);
	if (fstat(fd, &st) < 0)
		return sl_profile_cannot_read(err, path, -errno);
	if (!S_ISREG(st.st_mode))
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s' is not a regular file", SL_QUOTE(path));
	return read_fd(fd, path, ret, err);
}

static int find_file(const struct sl_profile_dirs *dirs, const char *name,
		     struct sl_profile_source *ret, struct sl_error *err)
{
	for (size_t i = 0; i < dirs->count; i++) {
		sl_autofree char *path = sl_profile_join(dirs->path[i], name,
							 ".toml");
		int r = path ? read_named(dirs->path[i], path, ret, err)
			     : too_long(err);

		if (r != -ENOENT)
			return r;
	}
	return -ENOENT;
}

static int find_preset(const char *name, struct sl_profile_source *ret,
		       struct sl_error *err)
{
	const char *text = sl_preset_text(name);

	if (!text)
		return -ENOENT;
	*ret = (struct sl_profile_source){ .text = strdup(text),
					   .len = strlen(text) };
	if (!ret->text)
		return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
	return 0;
}

static int not_found(const struct sl_profile_dirs *dirs, const char *name,
		     struct sl_error *err)
{
	sl_autofree char *list = NULL;
	struct sl_suggest search = { .wanted = name };

	sl_err(err, -ENOENT, SL_STAGE_PARSE,
	       "no profile '%s': no such preset and no %s.toml in %s",
	       SL_QUOTE(name), SL_QUOTE(name),
	       dirs->count ? dirs->path[0] : "a profile directory");
	if (strchr(name, ',')) {
		sl_error_hint(err, "one name at a time: -p agent -p python");
		return -ENOENT;
	}
	if (sl_profile_list(&list, NULL) < 0)
		return -ENOENT;
	for (char *at = list, *line; (line = strsep(&at, "\n"));)
		if (*line)
			sl_suggest_offer(&search, line);
	if (search.best)
		sl_error_hint(err, "did you mean '%s'?", search.best);
	return -ENOENT;
}

int sl_profile_find(const char *name, bool preset_only,
		    struct sl_profile_source *ret_source, struct sl_error *err)
{
	sl_autodirs dirs = { 0 };
	int r = sl_profile_check_name(name, err);

	if (r < 0)
		return r;
	/* Without a home there are still the presets. */
	r = sl_profile_dirs_init(&dirs, NULL);
	if (r == -ENAMETOOLONG)
		return too_long(err);
	r = preset_only ? -ENOENT : find_file(&dirs, name, ret_source, err);
	if (r == -ENOENT)
		r = find_preset(name, ret_source, err);
	return r == -ENOENT ? not_found(&dirs, name, err) : r;
}

int sl_profile_text(const char *name, char **ret_text, struct sl_error *err)
{
	struct sl_profile_source source = { 0 };
	int r = sl_profile_find(name, false, &source, err);

	if (r < 0)
		return r;
	*ret_text = sl_take_ptr(&source.text);
	sl_profile_source_fini(&source);
	return 0;
}

/* Where @name is (then *ret_exists) or would be. */
static int locate(const char *name, char **ret_path, bool *ret_exists,
		  struct sl_error *err)
{
	sl_autodirs dirs = { 0 };
	struct stat st;
	int r = sl_profile_check_name(name, err);

	if (r == 0)
		r = sl_profile_dirs_init(&dirs, err);
	if (r < 0)
		return r;
	*ret_exists = false;
	for (size_t i = 0; !*ret_exists && i < dirs.count; i++) {
		sl_autofree char *path = sl_profile_join(dirs.path[i], name,
							 ".toml");

		if (!path)
			return too_long(err);
		*ret_exists = lstat(path, &st) == 0;
		if (i && !*ret_exists)
			continue;
		free(*ret_path);
		*ret_path = sl_take_ptr(&path);
	}
	return 0;
}

int sl_profile_path(const char *name, char **ret_path, struct sl_error *err)
{
	sl_autofree char *path = NULL;
	bool exists = false;
	int r = locate(name, &path, &exists, err);

	if (r < 0)
		return r;
	if (!exists && sl_preset_text(name))
		return sl_err(err, -ENOENT, SL_STAGE_PARSE,
			      "profile '%s' is built in and has no file; a "
			      "file '%s' would replace it",
			      name, path);
	*ret_path = sl_take_ptr(&path);
	return 0;
}

int sl_profile_delete(const char *name, struct sl_error *err)
{
	sl_autofree char *path = NULL;
	bool exists = false;
	int r = locate(name, &path, &exists, err);

	if (r < 0)
		return r;
	if (!exists)
		return sl_err(
			err, -ENOENT, SL_STAGE_PARSE,
			sl_preset_text(name)
				? "profile '%s' is built in and cannot be "
				  "deleted (%s does not exist)"
				: "no profile '%s' (%s does not exist)",
			name, path);
	if (unlink(path) < 0)
		return sl_err(err, -errno, SL_STAGE_PARSE,
			      "cannot delete '%s': %s", path, strerror(errno));
	return 0;
}
