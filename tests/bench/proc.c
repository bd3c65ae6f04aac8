/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looks through the descriptors of a tree of processes for seccomp listeners.
 * A program confined by the kernel alone has no business holding one.
 */
#include "bench.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

pid_t bench_parent(pid_t pid)
{
	char path[40], text[512], *p;
	int ppid = -1;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	f = fopen(path, "re");
	if (!f)
		return -1;
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	/* The name between parentheses may hold anything, even these. */
	p = strrchr(text, ')');
	if (!p || sscanf(p, ") %*c %d", &ppid) != 1)
		return -1;
	return ppid;
}

bool bench_descends(pid_t pid, pid_t root)
{
	for (int depth = 0; pid > 0 && depth < 64; depth++) {
		if (pid == root)
			return true;
		pid = bench_parent(pid);
	}
	return false;
}

static void look(struct bench_listeners *found, const char *pid)
{
	char path[600], link[300];
	struct dirent *e;
	ssize_t n;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%s/fd", pid);
	dir = opendir(path);
	if (!dir) {
		/* A process that has just ended cannot be looked at either. */
		snprintf(path, sizeof(path), "/proc/%s", pid);
		found->unreadable += access(path, F_OK) == 0;
		return;
	}
	found->processes++;
	while ((e = readdir(dir))) {
		snprintf(path, sizeof(path), "/proc/%s/fd/%s", pid, e->d_name);
		n = readlink(path, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		if (!strstr(link, "seccomp notify"))
			continue;
		if (found->listeners++ == 0)
			snprintf(found->where, sizeof(found->where), "%.100s",
				 path);
	}
	closedir(dir);
}

struct bench_listeners bench_listeners(pid_t root)
{
	struct bench_listeners found = { 0 };
	DIR *proc = opendir("/proc");
	struct dirent *e;

	while (proc && (e = readdir(proc)))
		if (isdigit((unsigned char)e->d_name[0]) &&
		    bench_descends((pid_t)strtol(e->d_name, NULL, 10), root))
			look(&found, e->d_name);
	if (proc)
		closedir(proc);
	return found;
}
