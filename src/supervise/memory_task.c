/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Threads of a process, as far as memory is concerned. SECURITY: what /proc/PID
 * shows is the first thread's, which may have ended, and whose descriptors need
 * not be those of the others (clone(2) without CLONE_FILES).
 */
#include "supervise/memory_internal.h"

#include <dirent.h>
#include <errno.h>
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

int sl_memory_thread(int32_t pid, int32_t *ret_tid)
{
	struct sl_memory_field size = { "VmSize:", 0 };
	DIR *dir = open_dir(pid, "task");
	int32_t tid = 0;
	int r = 0;

	*ret_tid = pid;
	if (!dir)
		return -errno;
	while (!size.bytes && !sl_memory_not_gone(r) && (tid = next(dir)))
		r = sl_memory_read(tid, "status", &size, 1);
	closedir(dir);
	if (size.bytes)
		*ret_tid = tid;
	return sl_memory_not_gone(r) ? r : 0;
}

/* ------------------------------------------------ what tasks share */

enum { SAME = 0, LESS, MORE }; /* as kcmp(2) answers */

static int add_at(struct sl_memory_set *set, size_t at, int32_t tid)
{
	if (set->count == set->room) {
		size_t room = set->room ? 2 * set->room : 64;
		int32_t *bigger = realloc(set->tids, room * sizeof(*bigger));

		if (!bigger)
			return -1;
		set->tids = bigger;
		set->room = room;
	}
	memmove(&set->tids[at + 1], &set->tids[at],
		(set->count - at) * sizeof(*set->tids));
	set->tids[at] = tid;
	set->count++;
	return 0;
}

/*
 * SECURITY: only the kernel's word counts as "the same". What it will not say
 * (a task that may not be inspected, or is gone) is new, which costs a search.
 */
int32_t sl_memory_same(struct sl_memory_set *set, int32_t tid, int kind)
{
	size_t from = 0, to = set->count;

	while (from < to) {
		size_t middle = from + (to - from) / 2;
		long r = syscall(SYS_kcmp, tid, set->tids[middle], kind, 0, 0);

		if (r == SAME)
			return set->tids[middle];
		if (r == LESS)
			to = middle;
		else
			from = middle + 1;
	}
	/* Without memory it is compared with no other. */
	add_at(set, from, tid);
	return 0;
}

/* ------------------------------------------------ descriptors */

#define OFTEN 64 /* descriptors between two looks at the clock */

static int hold(struct sl_memory *m, int32_t pid, int dir_fd, const char *name)
{
	char link[LINK_BYTES];
	struct stat st;
	ssize_t n = readlinkat(dir_fd, name, link, sizeof(link));

	if (n < 7 || memcmp(link, "/memfd:", 7) != 0 ||
	    fstatat(dir_fd, name, &st, 0) < 0)
		return 0;
	return sl_memory_hold(m, pid, st.st_ino, (uint64_t)st.st_blocks * 512);
}

/* Gone, or its program may not be read, so that only root sees what it has. */
static bool is_unseen(int error)
{
	return error == ENOENT || error == ESRCH || error == EACCES ||
	       error == EPERM;
}

/* The descriptors of @tid that are shared memory without a name, from p->at on.
 * It is where it stopped, or 0: that was all. */
static int search(struct sl_memory *m, struct sl_memory_process *p, int32_t tid)
{
	DIR *dir = open_dir(tid, "fd");
	struct dirent *entry;
	unsigned int n = 0;
	long from = p->at;
	int r = 0;

	if (!dir)
		r = is_unseen(errno) ? 0 : -errno;
	p->at = 0;
	if (!dir)
		return r;
	if (from)
		seekdir(dir, from);
	while (r == 0 && (entry = readdir(dir))) {
		r = hold(m, p->pid, dirfd(dir), entry->d_name);
		if (++n % OFTEN == 0 && sl_memory_spent(m)) {
			p->at = telldir(dir);
			break;
		}
	}
	closedir(dir);
	return r;
}

/* True: the look has done its part, and there may be more. */
static bool search_task(struct sl_memory *m, struct sl_memory_process *p,
			int32_t tid, int *r)
{
	if (p->at_tid == tid && p->at)
		; /* in the middle of it */
	else if (!sl_memory_same(&m->files, tid, KCMP_FILES))
		p->at = 0;
	else
		return false;
	p->at_tid = tid;
	*r = search(m, p, tid);
	return *r < 0 || p->at || sl_memory_spent(m);
}

int sl_memory_search(struct sl_memory *m, struct sl_memory_process *p)
{
	DIR *dir = p->threads ? open_dir(p->pid, "task") : NULL;
	bool stopped = false;
	int32_t tid;
	int r = 0;

	if (!dir && p->threads && !is_unseen(errno))
		return -errno;
	if (!dir) {
		search_task(m, p, p->tid, &r);
		p->searched = !p->at;
		return r;
	}
	while (!stopped && (tid = next(dir)))
		stopped = search_task(m, p, tid, &r);
	closedir(dir);
	p->searched = !stopped;
	return r;
}
