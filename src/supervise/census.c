/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See census.h. A directory that was opened before the domain was entered can
 * be listed inside of it; nothing below it can be opened.
 */
#include "supervise/census.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"

#define LIST_BYTES 16384
#define PART_BYTES 1536
#define ENTRY_LEAST 24 /* bytes, of one with a name of four and fewer */
#define MOUNTS_LINE 4096

/* "22 27 0:21 / /proc rw,relatime - proc proc rw,hidepid=2" */
static bool hides(const char *line)
{
	const char *option = strstr(line, "hidepid=");

	if (!strstr(line, " /proc ") || !strstr(line, " - proc "))
		return false;
	return option && strncmp(option + 8, "0", 1) != 0 &&
	       strncmp(option + 8, "off", 3) != 0;
}

static int look_for_hidepid(void)
{
	char line[MOUNTS_LINE];
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	int r = 0;

	if (!mounts)
		return -ENOENT;
	while (fgets(line, sizeof(line), mounts))
		if (hides(line))
			r = -EACCES;
	fclose(mounts);
	return r;
}

int sl_census_possible(void)
{
	char self[24];
	ssize_t n = readlink("/proc/self", self, sizeof(self) - 1);

	if (n <= 0)
		return -ENOENT;
	self[n] = '\0';
	/* Of another pid namespace: its numbers are not ours. */
	if (strtol(self, NULL, 10) != getpid())
		return -ENOENT;
	/* Also as root: who counts has no capability. */
	return look_for_hidepid();
}

int sl_census_open(struct sl_census *census, int32_t keeper)
{
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	*census = (struct sl_census){ .proc_fd = fd, .keeper = keeper };
	return 0;
}

void sl_census_close(struct sl_census *census)
{
	sl_cleanup_close(&census->proc_fd);
	census->proc_fd = -1;
}

/*
 * SECURITY: our own process we always may signal, and the guardian stands inside
 * the outer domain: neither is the sandbox's. Anybody else is within reach only
 * by the domain (the caller of a census has made sure that it holds signals in).
 */
bool sl_census_has(const struct sl_census *census, int32_t pid)
{
	if (pid <= 1 || pid == census->keeper || pid == census->guardian)
		return false;
	return kill(pid, 0) == 0;
}

static int32_t number_of(const char *name)
{
	int32_t pid = 0;

	for (; *name >= '0' && *name <= '9'; name++)
		pid = pid * 10 + (*name - '0');
	return *name ? 0 : pid;
}

/* A part of the list is handed on at once, not when all of it is read. */
int sl_census_walk(const struct sl_census *census, sl_census_part *part, void *arg)
{
	_Alignas(struct dirent64) char list[PART_BYTES];
	int32_t pids[PART_BYTES / ENTRY_LEAST];
	long n;

	if (census->proc_fd < 0 || lseek(census->proc_fd, 0, SEEK_SET) < 0)
		return -EBADF;
	while ((n = syscall(SYS_getdents64, census->proc_fd, list,
			    sizeof(list))) > 0) {
		size_t count = 0;

		for (long at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(list + at);
			int32_t pid = number_of(entry->d_name);

			at += entry->d_reclen;
			if (pid)
				pids[count++] = pid;
		}
		if (!part(arg, pids, count))
			return 0;
	}
	return n < 0 ? -errno : 0;
}

long sl_census_take(const struct sl_census *census, int32_t *pids, size_t room)
{
	_Alignas(struct dirent64) char list[LIST_BYTES];
	long count = 0, n;

	if (census->proc_fd < 0 || lseek(census->proc_fd, 0, SEEK_SET) < 0)
		return -EBADF;
	while ((n = syscall(SYS_getdents64, census->proc_fd, list,
			    sizeof(list))) > 0) {
		for (long at = 0; at < n;) {
			const struct dirent64 *entry = (const void *)(list + at);
			int32_t pid = number_of(entry->d_name);

			at += entry->d_reclen;
			if (!sl_census_has(census, pid))
				continue;
			if ((size_t)count < room)
				pids[count] = pid;
			count++;
		}
	}
	return n < 0 ? -errno : count;
}
