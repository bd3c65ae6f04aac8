/* SPDX-License-Identifier: Apache-2.0 */
/* What a tree of processes holds in memory, as the kernel counts it. */
#include "bench.h"

#include <ctype.h>
#include <dirent.h>
#include <linux/kcmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MEMORIES 64 /* at most; a supervisor of many has one */

/* One process stands for each address space. */
struct seen {
	pid_t pids[MEMORIES];
	size_t count;
};

static bool is_called(pid_t pid, const char *name)
{
	char path[40], comm[40] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return false;
	if (fgets(comm, sizeof(comm), f))
		comm[strcspn(comm, "\n")] = '\0';
	fclose(f);
	return strcmp(comm, name) == 0;
}

pid_t bench_ancestor(pid_t pid, const char *name)
{
	while (pid > 0 && !is_called(pid, name))
		pid = bench_parent(pid);
	return pid > 0 ? pid : -1;
}

/* 1: @pid lives in one of them; 0: in one of its own; below: who knows. */
static int is_seen(const struct seen *seen, pid_t pid)
{
	for (size_t i = 0; i < seen->count; i++) {
		long r = syscall(SYS_kcmp, seen->pids[i], pid, KCMP_VM, 0, 0);

		if (r <= 0)
			return r == 0 ? 1 : -1;
	}
	return 0;
}

static bool add(pid_t pid, struct bench_memory *m)
{
	char path[40], line[128];
	double rss = -1, anonymous = -1;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", (int)pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (strncmp(line, "Rss:", 4) == 0)
			rss = strtod(line + 4, NULL);
		if (strncmp(line, "Pss_Anon:", 9) == 0)
			anonymous = strtod(line + 9, NULL);
	}
	if (f)
		fclose(f);
	if (rss < 0 || anonymous < 0)
		return false;
	m->memories++;
	m->rss += rss;
	m->anonymous += anonymous;
	return true;
}

static bool look(struct bench *b, pid_t pid, struct seen *seen,
		 struct bench_memory *m)
{
	int r = is_seen(seen, pid);

	if (r > 0)
		return true;
	if (r == 0 && seen->count < MEMORIES && add(pid, m)) {
		seen->pids[seen->count++] = pid;
		return true;
	}
	snprintf(b->why, sizeof(b->why), "cannot read the memory of %d: %m",
		 (int)pid);
	return false;
}

bool bench_memory(struct bench *b, pid_t root, const char *except,
		  struct bench_memory *ret)
{
	struct bench_memory m = { 0 };
	struct seen seen = { 0 };
	DIR *proc = opendir("/proc");
	struct dirent *e;
	bool ok = proc != NULL;

	while (ok && (e = readdir(proc))) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10);

		if (isdigit((unsigned char)e->d_name[0]) &&
		    bench_descends(pid, root) && !is_called(pid, except))
			ok = look(b, pid, &seen, &m);
	}
	if (proc)
		closedir(proc);
	*ret = m;
	return ok;
}
