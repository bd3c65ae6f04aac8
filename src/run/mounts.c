/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See mounts.h. A line of mountinfo, names with octal escapes for blanks:
 *
 *	ID PARENT MAJOR:MINOR ROOT POINT OPTIONS...
 *
 * The device is that of the file system, not what stat(2) shows of a subvolume;
 * ROOT is the path of what is mounted within it.
 */
#include "run/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/value.h"

#define FIELDS 5

struct mount {
	uint64_t id;
	const char *device, *root, *point;
};

struct sl_mounts {
	char *text; /* what the strings lie in */
	size_t count;
	struct mount *list;
};

static int read_all(const char *path, char **ret_text)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_MOUNTS_BYTES);
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char part[4096];
	ssize_t n = 1;

	if (fd < 0)
		return -errno;
	while (n > 0) {
		n = read(fd, part, sizeof(part));
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0 && sl_buf_add(&buf, part, (size_t)n) < 0)
			return buf.failed == -EOVERFLOW ? -E2BIG : buf.failed;
		n = n < 0 ? 1 : n;
	}
	*ret_text = sl_buf_take(&buf);
	return *ret_text ? 0 : -ENOMEM;
}

static bool is_octal(const char *at)
{
	for (int i = 0; i < 3; i++)
		if (at[i] < '0' || at[i] > '7')
			return false;
	return true;
}

/* "\040" is a blank: in place. */
static void unescape(char *text)
{
	char *to = text;

	for (const char *at = text; *at; to++) {
		if (*at == '\\' && is_octal(at + 1)) {
			*to = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 +
				     (at[3] - '0'));
			at += 4;
		} else {
			*to = *at++;
		}
	}
	*to = '\0';
}

/* @line is cut into pieces. */
static int parse(char *line, struct mount *ret_mount)
{
	char *field[FIELDS];

	for (int i = 0; i < FIELDS; i++) {
		field[i] = line;
		line += strcspn(line, " ");
		if (*line != ' ')
			return -EINVAL;
		*line++ = '\0';
	}
	if (sl_value_u64(field[0], strlen(field[0]), &ret_mount->id) < 0)
		return -EINVAL;
	unescape(field[3]);
	unescape(field[4]);
	ret_mount->device = field[2];
	ret_mount->root = field[3];
	ret_mount->point = field[4];
	return 0;
}

int sl_mounts_load(struct sl_mounts **ret_mounts)
{
	SL_AUTO(sl_mounts) mounts = calloc(1, sizeof(*mounts));
	size_t lines = 0;
	char *end;
	int r;

	if (!mounts)
		return -ENOMEM;
	r = read_all("/proc/self/mountinfo", &mounts->text);
	if (r < 0)
		return r;
	for (const char *at = mounts->text; (at = strchr(at, '\n')); at++)
		lines++;
	mounts->list = calloc(lines + 1, sizeof(*mounts->list));
	if (!mounts->list)
		return -ENOMEM;
	for (char *at = mounts->text; (end = strchr(at, '\n')); at = end + 1) {
		*end = '\0';
		r = parse(at, &mounts->list[mounts->count]);
		if (r < 0)
			return r;
		mounts->count++;
	}
	*ret_mounts = sl_take_ptr(&mounts);
	return 0;
}

void sl_mounts_free(struct sl_mounts *mounts)
{
	if (!mounts)
		return;
	free(mounts->list);
	free(mounts->text);
	free(mounts);
}

static const struct mount *find(const struct sl_mounts *mounts, uint64_t id)
{
	for (size_t i = 0; i < mounts->count; i++)
		if (mounts->list[i].id == id)
			return &mounts->list[i];
	return NULL;
}

bool sl_mounts_has(const struct sl_mounts *mounts, uint64_t id)
{
	return find(mounts, id);
}

/* The rest of @path behind @dir, with its slash or empty; or NULL. */
static const char *below(const char *dir, const char *path)
{
	size_t len = strlen(dir);

	if (len == 1)
		return path;
	return strncmp(dir, path, len) == 0 && (!path[len] || path[len] == '/')
		       ? path + len
		       : NULL;
}

bool sl_mounts_show_once(const struct sl_mounts *mounts, uint64_t id,
			 const char *path)
{
	const struct mount *own = find(mounts, id);
	const char *rest = own ? below(own->point, path) : NULL;
	char within[2 * PATH_MAX]; /* the path in the file system itself */
	int n;

	if (!rest)
		return false;
	n = snprintf(within, sizeof(within), "%s%s",
		     strcmp(own->root, "/") != 0 || !*rest ? own->root : "",
		     rest);
	if (n < 0 || (size_t)n >= sizeof(within))
		return false;
	for (size_t i = 0; i < mounts->count; i++) {
		const struct mount *other = &mounts->list[i];

		if (other != own && strcmp(other->device, own->device) == 0 &&
		    below(other->root, within))
			return false;
	}
	return true;
}
