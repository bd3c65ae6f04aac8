/* SPDX-License-Identifier: Apache-2.0 */
/* See proc.h. */
#include "supervise/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"

ssize_t sl_proc_slurp(const char *path, char *text, size_t size)
{
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	while (len < size - 1 && (n = read(fd, text + len, size - 1 - len)) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		len += (size_t)n;
	}
	text[len] = '\0';
	return (ssize_t)len;
}

/* "4711 (any) name) S 1 ...": the name ends with the last parenthesis. Fields
 * are counted as in proc(5), from 3 on. */
int sl_proc_stat(int32_t pid, int32_t tid, struct sl_proc_stat *ret_stat)
{
	char path[48], text[1024], *at, *save = NULL;
	struct sl_proc_stat stat = { 0 };
	ssize_t n;

	if (tid)
		snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", pid, tid);
	else
		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	n = sl_proc_slurp(path, text, sizeof(text));
	if (n < 0)
		return (int)n;
	at = n ? strrchr(text, ')') : NULL;
	if (!at)
		return -ESRCH;
	at = strtok_r(at + 1, " ", &save);
	for (int field = 3; at; field++, at = strtok_r(NULL, " ", &save)) {
		if (field == 3)
			stat.state = *at;
		else if (field == 14 || field == 15)
			stat.spent += strtoull(at, NULL, 10);
		else if (field == 16 || field == 17)
			stat.kids += strtoull(at, NULL, 10);
		else if (field == 20)
			stat.threads = strtoull(at, NULL, 10);
		else if (field == 22)
			stat.start = strtoull(at, NULL, 10);
	}
	if (!stat.start)
		return -EBADMSG;
	*ret_stat = stat;
	return 0;
}

static int read_stat(int32_t tid, struct sl_thread_look *look)
{
	struct sl_proc_stat stat;
	int r = sl_proc_stat(tid, tid, &stat);

	if (r < 0)
		return r;
	look->state = stat.state;
	look->spent = stat.spent;
	look->start = stat.start;
	return 0;
}

/* The last of the list is the youngest. */
static uint64_t youngest(int32_t tid)
{
	struct sl_thread_look child = { 0 };
	char path[48], text[512];
	int32_t pid = 0, last = 0;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", tid, tid);
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	while ((n = read(fd, text, sizeof(text))) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			last = pid ? pid : last;
			pid = 0;
		}
	}
	return last && read_stat(last, &child) == 0 ? child.start : 0;
}

int sl_proc_look(int32_t tid, struct sl_thread_look *ret_look)
{
	struct sl_thread_look look = { 0 };
	int r = read_stat(tid, &look);

	if (r < 0)
		return r;
	if (look.state == 'R' || look.state == 'D')
		look.newest = youngest(tid);
	*ret_look = look;
	return 0;
}
