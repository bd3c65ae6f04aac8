/* SPDX-License-Identifier: Apache-2.0 */
/* Which grant an object lies under: the hierarchy, not the text. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/pin.h"

#define R SL_RIGHT_READ
#define W SL_RIGHT_WRITE
#define T SL_RIGHT_TIMES

static void touch(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	ASSERT_GE(fd, 0);
	close(fd);
}

/* The verdict on @fd, with the caller at a trapped call. */
static int judge_fd(struct caller *caller, int fd)
{
	int r;

	caller_trap(caller, ARGS(0));
	r = sl_grants_judge_for(&caller->call, fd, R | W | T);
	if (r >= 0 && !(r & W))
		r = sl_grants_judge(&caller->call, fd);
	caller_answer(caller, sl_answer(0));
	return r;
}

static int judge_path(struct caller *caller, const char *path)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), r;

	if (fd < 0)
		th_fail(__FILE__, __LINE__, "%s: %s", path, strerror(errno));
	r = judge_fd(caller, fd);
	close(fd);
	return r;
}

TEST(below_and_beside)
{
	struct caller caller;

	place_make();
	ASSERT_EQ(mkdir("w", 0755), 0);
	ASSERT_EQ(mkdir("w/d", 0755), 0);
	ASSERT_EQ(mkdir("wx", 0755), 0);
	ASSERT_EQ(mkdir("r", 0755), 0);
	ASSERT_EQ(mkdir("r/w", 0755), 0);
	touch("w/d/f");
	touch("wx/f");
	touch("r/f");
	touch("r/w/f");
	touch("one");
	symlink("../r/f", "w/link");
	caller_start(&caller, NULL);
	struct sl_root roots[] = {
		root_of("w", W),
		root_of("r", R),
		root_of("r/w", R | W),
		root_of("one", W),
	};
	char path[4][PATH_MAX];
	const char *names[] = { "w", "r", "r/w", "one" };

	for (int i = 0; i < 4; i++)
		roots[i].path = realpath(names[i], path[i]);
	caller_roots(&caller, roots, 4);
	EXPECT_EQ(judge_path(&caller, "w"), W | T);
	EXPECT_EQ(judge_path(&caller, "w/d"), W | T);
	EXPECT_EQ(judge_path(&caller, "w/d/f"), W | T);
	EXPECT_EQ(judge_path(&caller, "w/link"), W | T);
	EXPECT_EQ(judge_path(&caller, "wx"), 0);
	EXPECT_EQ(judge_path(&caller, "wx/f"), 0);
	EXPECT_EQ(judge_path(&caller, "."), 0);
	EXPECT_EQ(judge_path(&caller, "/"), 0);
	EXPECT_EQ(judge_path(&caller, "r"), R);
	EXPECT_EQ(judge_path(&caller, "r/f"), R);
	EXPECT_TRUE(judge_path(&caller, "r/w/f") & W);
	EXPECT_EQ(judge_path(&caller, "one"), W | T);
	EXPECT_EQ(judge_path(&caller, "/proc/self/status"), 0);
	caller_end(&caller);
	place_remove();
}
