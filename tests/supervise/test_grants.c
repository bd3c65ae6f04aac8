/* SPDX-License-Identifier: Apache-2.0 */
/* Which grant an object lies under: the hierarchy, not the text. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/verdict.h"

/* ------------------------------------------------ plain trees */

TEST(below_and_beside)
{
	struct caller caller;

	place_make();
	DIRS("w", "w/d", "wx", "r", "r/w");
	touch("w/d/f");
	touch("wx/f");
	touch("r/f");
	touch("r/w/f");
	touch("one");
	ASSERT_EQ(symlink("../r/f", "w/link"), 0);
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W }, { "r", R }, { "r/w", R | W }, { "one", W });
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

TEST(the_root_as_a_grant)
{
	struct caller caller;

	place_make();
	touch("f");
	caller_start(&caller, NULL);
	GRANT(&caller, { "/", W });
	EXPECT_EQ(judge_path(&caller, "/"), W | T);
	EXPECT_EQ(judge_path(&caller, "f"), W | T);
	EXPECT_EQ(judge_path(&caller, "/dev/null"), T);
	/* Not by any grant. */
	EXPECT_EQ(judge_path(&caller, "/proc"), 0);
	EXPECT_EQ(judge_path(&caller, "/proc/self/status"), 0);
	EXPECT_EQ(judge_path(&caller, "/proc/self/fd/0"), 0);
	GRANT(&caller, { "/proc", W });
	EXPECT_EQ(judge_path(&caller, "/proc"), 0);
	EXPECT_EQ(judge_path(&caller, "/proc/self/status"), 0);
	caller_end(&caller);
	place_remove();
}

TEST(moved_removed_and_replaced)
{
	struct caller caller;
	int fd, gone, tmp, out;

	place_make();
	DIRS("w", "w/d", "o", "r", "x");
	touch("w/d/f");
	touch("o/f");
	touch("r/f");
	fd = open("w/d/f", O_RDWR);
	gone = open("w/d/gone", O_CREAT | O_RDWR, 0600);
	out = open("o/gone", O_CREAT | O_RDWR, 0600);
	unlink("w/d/gone");
	unlink("o/gone");
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W }, { "r", R });
	EXPECT_EQ(judge_fd(&caller, fd), W | T);
	EXPECT_EQ(judge_fd(&caller, gone), W | T);
	EXPECT_EQ(judge_fd(&caller, out), 0);
	tmp = open("w/d", O_TMPFILE | O_RDWR, 0600);
	if (tmp >= 0)
		EXPECT_EQ(judge_fd(&caller, tmp), W | T);
	tmp = open("o", O_TMPFILE | O_RDWR, 0600);
	if (tmp >= 0)
		EXPECT_EQ(judge_fd(&caller, tmp), 0);
	/* An outsider moves the object out of the grant, and another in. */
	ASSERT_EQ(rename("w/d/f", "o/taken"), 0);
	EXPECT_EQ(judge_fd(&caller, fd), 0);
	ASSERT_EQ(rename("o/taken", "w/d/back"), 0);
	EXPECT_EQ(judge_fd(&caller, fd), W | T);
	/* The grant goes with its directory, not with its name. */
	ASSERT_EQ(rename("w", "x/w"), 0);
	EXPECT_EQ(judge_path(&caller, "x/w/d/back"), W | T);
	EXPECT_EQ(judge_path(&caller, "x/w"), W | T);
	EXPECT_EQ(judge_path(&caller, "x"), 0);
	DIRS("w", "w/d");
	touch("w/d/f");
	EXPECT_EQ(judge_path(&caller, "w/d/f"), 0);
	EXPECT_EQ(judge_path(&caller, "w"), 0);
	EXPECT_EQ(judge_path(&caller, "x/w/d/back"), W | T);
	/* A root that is not held: believed only if it is the same one. */
	ASSERT_EQ(rename("r", "x/r"), 0);
	DIRS("r");
	touch("r/f");
	GRANT(&caller, { "x/w", W });
	roots[1] = root_of("x/r", R);
	roots[1].path = realpath("r", root_paths[1]);
	caller_roots(&caller, roots, 2);
	EXPECT_EQ(judge_path(&caller, "r/f"), 0);
	EXPECT_EQ(judge_path(&caller, "r"), 0);
	caller_end(&caller);
	place_remove();
}

TEST(a_root_that_is_removed)
{
	struct caller caller;

	place_make();
	DIRS("w", "w (deleted)", "x (deleted)");
	touch("w (deleted)/f");
	touch("x (deleted)/f");
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W }, { "x (deleted)", W });
	ASSERT_EQ(rmdir("w"), 0);
	EXPECT_EQ(judge_path(&caller, "w (deleted)/f"), 0);
	EXPECT_EQ(judge_path(&caller, "w (deleted)"), 0);
	EXPECT_EQ(judge_path(&caller, "x (deleted)/f"), W | T);
	DIRS("w");
	touch("w/f");
	EXPECT_EQ(judge_path(&caller, "w"), 0);
	EXPECT_EQ(judge_path(&caller, "w/f"), 0);
	caller_end(&caller);
	place_remove();
}

TEST(a_path_too_long_to_tell)
{
	struct caller caller;
	char name[201];
	int fd, next;

	place_make();
	DIRS("w", "o");
	memset(name, 'n', 200);
	name[200] = '\0';
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W });
	for (const char *top = "w"; top; top = *top == 'w' ? "o" : NULL) {
		fd = open(top, O_PATH);
		for (int i = 0; i < 30; i++) {
			ASSERT_EQ(mkdirat(fd, name, 0755), 0);
			next = openat(fd, name, O_PATH);
			close(fd);
			fd = next;
		}
		EXPECT_EQ(judge_fd(&caller, fd), *top == 'w' ? (W | T) : 0);
		next = openat(fd, "f", O_CREAT | O_RDWR, 0600);
		close(fd);
		EXPECT_EQ(judge_fd(&caller, next), -ENAMETOOLONG);
		close(next);
	}
	caller_end(&caller);
	place_remove();
}

/* ------------------------------------------------ objects without a place */

static void inherit(struct caller *caller, int fd)
{
	struct stat st;

	ASSERT_EQ(fstat(fd, &st), 0);
	caller->judge.inherited[caller->judge.inherited_count++] =
		(struct sl_inherited){ st.st_dev, st.st_ino };
}

TEST(anonymous_and_inherited)
{
	struct caller caller;
	int own[2], host[2], sock[2];
	int memory, host_memory;

	place_make();
	DIRS("w");
	touch("w/f");
	touch("o");
	ASSERT_EQ(pipe(own), 0);
	ASSERT_EQ(pipe(host), 0);
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, sock), 0);
	memory = memfd_create("a", 0);
	host_memory = memfd_create("a", 0);
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W });
	inherit(&caller, host[1]);
	inherit(&caller, host_memory);
	EXPECT_EQ(judge_fd(&caller, own[0]), R | W | T);
	EXPECT_EQ(judge_fd(&caller, own[1]), R | W | T);
	EXPECT_EQ(judge_fd(&caller, sock[0]), R | W | T);
	EXPECT_EQ(judge_fd(&caller, memory), R | W | T);
	EXPECT_EQ(judge_fd(&caller, host[0]), 0);
	EXPECT_EQ(judge_fd(&caller, host[1]), 0);
	EXPECT_EQ(judge_fd(&caller, host_memory), 0);
	/* A file it came with is judged by where it lies. */
	inherit(&caller, open("o", O_RDWR));
	EXPECT_EQ(judge_path(&caller, "o"), 0);
	caller.judge.inherited_count = 0;
	inherit(&caller, open("w/f", O_RDWR));
	EXPECT_EQ(judge_path(&caller, "w/f"), W | T);
	EXPECT_EQ(judge_fd(&caller, epoll_create1(0)), 0);
	EXPECT_EQ(judge_fd(&caller, inotify_init1(0)), 0);
	EXPECT_EQ(judge_fd(&caller, open("/proc/self/ns/mnt", O_RDONLY)), 0);
	EXPECT_LT(judge_fd(&caller, 999), 0);
	caller_end(&caller);
	place_remove();
}

TEST(names_that_look_anonymous)
{
	struct caller caller;

	place_make();
	DIRS("w", "w/pipe:[1]");
	touch("memfd:a (deleted)");
	touch("pipe:[1]");
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W });
	EXPECT_EQ(judge_path(&caller, "memfd:a (deleted)"), 0);
	EXPECT_EQ(judge_path(&caller, "pipe:[1]"), 0);
	EXPECT_EQ(judge_path(&caller, "w/pipe:[1]"), W | T);
	caller_end(&caller);
	place_remove();
}
