/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Choosing and checking the runtime directory. Every level is opened without
 * following a link and judged by its descriptor: in /tmp anybody may have made
 * the name first, and a sandbox may have been granted the place.
 */
#include "run/rundir.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "run/rmtree.h"

#define FALLBACK "/tmp"

static int check_level(int fd, const char *path, struct sl_error *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return sl_err(err, -errno, SL_STAGE_SUPERVISE, "'%s': %s", path,
			      strerror(errno));
	if (st.st_uid != geteuid())
		return sl_err(err, -EPERM, SL_STAGE_SUPERVISE,
			      "'%s' belongs to user %u", path, st.st_uid);
	if (st.st_mode & 077)
		return sl_err(err, -EPERM, SL_STAGE_SUPERVISE,
			      "'%s' is open to others (mode %04o)", path,
			      st.st_mode & 07777);
	return 0;
}

/* -1 unless it is what the specification of XDG_RUNTIME_DIR promises, but for
 * the readers that some systems let in. */
static int open_parent(const char *path)
{
	sl_autoclose int fd = -1;
	struct stat st;

	if (!path || path[0] != '/')
		return -1;
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != geteuid() ||
	    (st.st_mode & 022))
		return -1;
	return sl_take_fd(&fd);
}

static int open_level(int at, const char *name, const char *path,
		      struct sl_error *err)
{
	sl_autoclose int fd = sl_dir_make(at, name);
	int r;

	if (fd < 0)
		return sl_err(err, fd, SL_STAGE_SUPERVISE,
			      "cannot open directory '%s': %s", path,
			      strerror(-fd));
	r = check_level(fd, path, err);
	return r < 0 ? r : sl_take_fd(&fd);
}

int sl_rundir_open(const char *xdg, struct sl_error *err)
{
	char own[32], name[32] = "sandlock", path[PATH_MAX];
	sl_autoclose int parent = open_parent(xdg);
	const char *dir = xdg;
	sl_autoclose int base = -1;

	snprintf(own, sizeof(own), "/run/user/%u", geteuid());
	if (parent < 0) {
		dir = own;
		parent = open_parent(dir);
	}
	if (parent < 0) {
		dir = FALLBACK;
		snprintf(name, sizeof(name), "sandlock-%u", geteuid());
		parent = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	}
	if (parent < 0)
		return sl_err(err, -errno, SL_STAGE_SUPERVISE, "'%s': %s", dir,
			      strerror(errno));
	if (snprintf(path, sizeof(path), "%s/%s", dir, name) >=
	    (int)sizeof(path) - 4)
		return sl_err(err, -ENAMETOOLONG, SL_STAGE_SUPERVISE,
			      "the path of the runtime directory is too long");
	base = open_level(parent, name, path, err);
	if (base < 0)
		return base;
	memcpy(path + strlen(path), "/run", 5);
	return open_level(base, "run", path, err);
}
