/* SPDX-License-Identifier: Apache-2.0 */
/* See verdict.h. */
#include "supervise/verdict.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"

void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	ASSERT_GE(fd, 0);
	close(fd);
}

int judge_fd(struct caller *caller, int fd)
{
	int r;

	caller_trap(caller, ARGS(0));
	r = sl_grants_judge_for(&caller->call, fd, R | W | T);
	if (r >= 0 && !(r & W))
		r = sl_grants_judge_for(&caller->call, fd,
					SL_RIGHT_WRITE | SL_RIGHT_TIMES);
	caller_answer(caller, sl_answer(0));
	return r;
}

int judge_path(struct caller *caller, const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		th_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	r = judge_fd(caller, fd);
	close(fd);
	return r;
}

struct sl_root roots[ROOTS_MAX];
char root_paths[ROOTS_MAX][PATH_MAX];

void grant(struct caller *caller, const struct grant *grants, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		roots[i] = root_of(grants[i].name, grants[i].rights);
		roots[i].path = realpath(grants[i].name, root_paths[i]);
		ASSERT_TRUE(roots[i].path);
	}
	caller_roots(caller, roots, n);
}

void dirs(const char *const *names)
{
	for (; *names; names++)
		ASSERT_EQ(mkdir(*names, 0755), 0);
}
