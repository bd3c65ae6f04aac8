/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See sockets.h. How many descriptors there are is for the sandbox to say, so
 * there is an end to the search.
 */
#include "supervise/sockets.h"

#include <dirent.h>
#include <errno.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "supervise/meter.h"

#define SEARCH_NS 200000000ll
#define OFTEN 64 /* descriptors between two looks at the clock */

static int add(struct sl_sockets *s, uint64_t ino)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		uint64_t *bigger = realloc(s->inos, room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		s->inos = bigger;
		s->room = room;
	}
	s->inos[s->count++] = ino;
	return 0;
}

/* "socket:[1234]" */
static int look(struct sl_sockets *s, int dir_fd, const char *name)
{
	char link[48];
	ssize_t n = readlinkat(dir_fd, name, link, sizeof(link) - 1);

	if (n < 0)
		return 0;
	link[n] = '\0';
	if (strncmp(link, "socket:[", 8) != 0)
		return 0;
	return add(s, strtoull(link + 8, NULL, 10));
}

static int search(struct sl_sockets *s, const char *path)
{
	DIR *dir = opendir(path);
	struct dirent *entry;
	unsigned int n = 0;
	int r = 0;

	/* It is gone, or may not be looked into. */
	if (!dir)
		return errno == ENOMEM || errno == EMFILE || errno == ENFILE
			       ? -errno
			       : 0;
	while (r == 0 && (entry = readdir(dir))) {
		r = look(s, dirfd(dir), entry->d_name);
		if (r == 0 && ++n % OFTEN == 0 && sl_meter_spent() > s->until_ns)
			r = -ENOBUFS;
	}
	closedir(dir);
	return r;
}

/* Threads have the same descriptors, unless they were made otherwise. */
static int search_process(struct sl_sockets *s, int32_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	r = search(s, path);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && r == 0 && (entry = readdir(dir))) {
		int32_t tid = (int32_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || tid == pid ||
		    syscall(SYS_kcmp, pid, tid, KCMP_FILES, 0, 0) == 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/fd", tid);
		r = search(s, path);
		if (r == 0 && sl_meter_spent() > s->until_ns)
			r = -ENOBUFS;
	}
	if (dir)
		closedir(dir);
	return r;
}

static int by_number(const void *one, const void *other)
{
	uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;

	return a < b ? -1 : a > b;
}

int sl_sockets_collect(struct sl_sockets *s)
{
	size_t kept = 0;
	int r = 0;

	s->until_ns = sl_meter_spent() + SEARCH_NS;
	for (size_t i = 0; r == 0 && i < s->pid_count; i++) {
		r = search_process(s, s->pids[i]);
		if (r == 0 && sl_meter_spent() > s->until_ns)
			r = -ENOBUFS;
	}
	if (r < 0 || !s->count)
		return r;
	qsort(s->inos, s->count, sizeof(*s->inos), by_number);
	for (size_t i = 0; i < s->count; i++)
		if (!kept || s->inos[kept - 1] != s->inos[i])
			s->inos[kept++] = s->inos[i];
	s->count = kept;
	return 0;
}

void sl_sockets_fini(struct sl_sockets *s)
{
	free(s->inos);
	s->inos = NULL;
	s->count = s->room = 0;
}

bool sl_sockets_have(const struct sl_sockets *s, uint64_t ino)
{
	return s->count &&
	       bsearch(&ino, s->inos, s->count, sizeof(*s->inos), by_number);
}
