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

static int add(struct sl_sockets *s, int32_t pid, uint64_t ino)
{
	if (s->count == s->room) {
		size_t room = s->room ? 2 * s->room : 256;
		struct sl_socket *bigger = realloc(s->found,
						   room * sizeof(*bigger));

		if (!bigger)
			return -ENOMEM;
		s->found = bigger;
		s->room = room;
	}
	s->found[s->count++] = (struct sl_socket){ ino, pid };
	return 0;
}

/* "socket:[1234]" */
static int look(struct sl_sockets *s, int32_t pid, int dir_fd, const char *name)
{
	char link[48];
	ssize_t n = readlinkat(dir_fd, name, link, sizeof(link) - 1);

	if (n < 0)
		return 0;
	link[n] = '\0';
	if (strncmp(link, "socket:[", 8) != 0)
		return 0;
	return add(s, pid, strtoull(link + 8, NULL, 10));
}

static int search(struct sl_sockets *s, int32_t pid, const char *path)
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
		r = look(s, pid, dirfd(dir), entry->d_name);
		if (r == 0 && ++n % OFTEN == 0 && sl_meter_spent() > s->until_ns)
			r = -ENOBUFS;
	}
	closedir(dir);
	return r;
}

/* Threads have the same descriptors, unless they were made otherwise. SECURITY:
 * below the process, as the number of a thread may be another's by now. */
static int search_process(struct sl_sockets *s, int32_t pid)
{
	char path[64];
	struct dirent *entry;
	DIR *dir;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	r = search(s, pid, path);
	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	while (dir && r == 0 && (entry = readdir(dir))) {
		int32_t tid = (int32_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0 || tid == pid)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/task/%d/fd", pid, tid);
		if (syscall(SYS_kcmp, pid, tid, KCMP_FILES, 0, 0) != 0)
			r = search(s, pid, path);
		if (r == 0 && sl_meter_spent() > s->until_ns)
			r = -ENOBUFS;
	}
	if (dir)
		closedir(dir);
	return r;
}

static int by_number(const void *one, const void *other)
{
	const struct sl_socket *a = one, *b = other;

	return a->ino < b->ino ? -1 : a->ino > b->ino;
}

int sl_sockets_collect(struct sl_sockets *s)
{
	int r = 0;

	s->until_ns = sl_meter_spent() + SEARCH_NS;
	for (size_t i = 0; r == 0 && i < s->pid_count; i++) {
		r = search_process(s, s->pids[i]);
		if (r == 0 && sl_meter_spent() > s->until_ns)
			r = -ENOBUFS;
	}
	return r;
}

void sl_sockets_settle(struct sl_sockets *s, const struct sl_census *census)
{
	size_t kept = 0;
	int32_t pid = 0;
	bool has = !census;

	for (size_t i = 0; i < s->count; i++) {
		if (census && s->found[i].pid != pid) {
			pid = s->found[i].pid;
			has = sl_census_has(census, pid);
		}
		if (has)
			s->found[kept++] = s->found[i];
	}
	s->count = kept;
	if (kept)
		qsort(s->found, kept, sizeof(*s->found), by_number);
}

void sl_sockets_fini(struct sl_sockets *s)
{
	free(s->found);
	s->found = NULL;
	s->count = s->room = 0;
}

bool sl_sockets_have(const struct sl_sockets *s, uint64_t ino)
{
	struct sl_socket key = { .ino = ino };

	return s->count &&
	       bsearch(&key, s->found, s->count, sizeof(*s->found), by_number);
}
