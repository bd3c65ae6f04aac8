// SPDX-License-Identifier: Apache-2.0
/*
 * A word about write grants that cover what sandboxes keep apart from each
 * other: the entries by which they are found, and their private temporary
 * directories. It is no border: what may be written is what was granted
 * (docs/design/control.md).
 */
#include "cli.h"

#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEVELS 32
#define DIRS 4

/* A directory of ours that exists, and all that it lies in. */
struct place {
	char path[PATH_MAX];
	struct stat ids[LEVELS];
	size_t count;
};

static bool same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

static void go_up(struct place *place, int fd)
{
	char up[3 * LEVELS + 1] = "";

	while (place->count < LEVELS &&
	       fstatat(fd, up, &place->ids[place->count], AT_EMPTY_PATH) == 0) {
		size_t n = place->count++;

		if (n && same(&place->ids[n], &place->ids[n - 1]))
			break;
		memcpy(up + 3 * n, "../", 4);
	}
}

/* With the entries in it, if there are some: they may be granted by themselves. */
CLI_PRINTF(2, 3) static void find(struct place *place, const char *fmt, ...)
{
	char entries[PATH_MAX + 8];
	va_list ap;
	int fd, n;

	place->count = 0;
	va_start(ap, fmt);
	n = vsnprintf(place->path, sizeof(place->path), fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sizeof(place->path) || place->path[0] != '/')
		return;
	snprintf(entries, sizeof(entries), "%s/run", place->path);
	fd = open(entries, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		fd = open(place->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	go_up(place, fd);
	close(fd);
}

/* Wherever a run of this user may have them. */
static void find_all(struct place places[DIRS])
{
	const char *run = getenv("XDG_RUNTIME_DIR"), *tmp = getenv("TMPDIR");
	unsigned int uid = geteuid();

	find(&places[0], "%s/sandlock", run ? run : "");
	find(&places[1], "/run/user/%u/sandlock", uid);
	find(&places[2], "%s/sandlock-%u", tmp ? tmp : "", uid);
	find(&places[3], "/tmp/sandlock-%u", uid);
}

static bool covers(const struct stat *grant, const struct place *place)
{
	for (size_t i = 0; i < place->count; i++)
		if (same(grant, &place->ids[i]))
			return true;
	return false;
}

void cli_warn_exposed(const sandlock_policy *policy)
{
	struct place places[DIRS];
	const char *value;
	struct stat st;

	if (sandlock_policy_get(policy, "filesystem.write", 0, &value) < 0)
		return;
	find_all(places);
	for (size_t i = 0;
	     sandlock_policy_get(policy, "filesystem.write", i, &value) == 0;
	     i++) {
		if (stat(value + (value[0] == '?'), &st) < 0)
			continue;
		for (size_t k = 0; k < DIRS; k++) {
			if (!covers(&st, &places[k]))
				continue;
			cli_warn(
				"the write grant '%.200s' covers '%.200s': "
				"this run can change the private temporary "
				"directories of other sandboxes, and hide them "
				"from 'sandlock ps'",
				value, places[k].path);
			return;
		}
	}
}
