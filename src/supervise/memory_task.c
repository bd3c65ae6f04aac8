/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of a process, as far as memory is concerned. SECURITY: what /proc/PID
 * shows is the first thread's, which may have ended, and whose descriptors need
 * not be those of the others (clone(2) without CLONE_FILES).
 */
#include "supervise/memory_internal.h"

#include <dirent.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"

#define LINK_BYTES 64

static DIR *open_dir(int32_t tid, const char *name)
{
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/%s", tid, name);
	return opendir(path);
}

/* The next number of @dir; 0: no more. */
static int32_t next(DIR *dir)
{
	struct dirent *entry;
	int32_t number;

	while ((entry = readdir(dir))) {
		number = (int32_t)strtol(entry->d_name, NULL, 10);
		if (number > 0)
			return number;
	}
	return 0;
}

int32_t sl_memory_thread(int32_t pid)
{
	struct sl_memory_field size = { "VmSize:", 0 };
	DIR *dir = open_dir(pid, "task");
	int32_t tid = 0;

	if (!dir)
		return pid;
	while ((tid = next(dir)))
		if (sl_memory_read(tid, "status", &size, 1) == 0 && size.bytes)
			break;
	closedir(dir);
	return tid ? tid : pid;
}

/* The descriptors of @tid that are shared memory without a name. */
static int find_in(struct sl_memory *m, struct sl_memory_process *p, int32_t tid)
{
	DIR *dir = open_dir(tid, "fd");
	struct dirent *entry;
	char link[LINK_BYTES];
	struct stat st;
	int r = 0;

	if (!dir)
		return 0;
	while (r == 0 && (entry = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), entry->d_name, link,
				       sizeof(link));

		if (n < 7 || memcmp(link, "/memfd:", 7) != 0 ||
		    fstatat(dirfd(dir), entry->d_name, &st, 0) < 0)
			continue;
		r = sl_memory_hold(m, p, st.st_ino, (uint64_t)st.st_blocks * 512);
	}
	closedir(dir);
	return r;
}

/* What cannot be compared is looked at. */
static bool same_table(int32_t one, int32_t other)
{
	return one == other ||
	       syscall(SYS_kcmp, one, other, KCMP_FILES, 0, 0) == 0;
}

int sl_memory_find_held(struct sl_memory *m, struct sl_memory_process *p)
{
	int r = find_in(m, p, p->tid);
	DIR *dir = r == 0 && p->threads ? open_dir(p->pid, "task") : NULL;
	int32_t tid;

	if (!dir)
		return r;
	while (r == 0 && (tid = next(dir)))
		if (!same_table(p->tid, tid))
			r = find_in(m, p, tid);
	closedir(dir);
	return r;
}
