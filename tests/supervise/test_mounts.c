/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verdicts where one path is not one file system: nested mounts, binds both
 * ways, mounts over grants, handles from elsewhere that read as if they were
 * here. The judge of what is right is Landlock itself: a rename of a name to
 * itself in a domain of the same grants, which changes nothing.
 */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/verdict.h"
#include "sys/process.h"
#include "sys/raw.h"
#include "sys/uapi.h"

#define HANDLED ((1ull << 13) - 1) /* ABI 1 */

static void bind(const char *from, const char *to)
{
	ASSERT_EQ(mount(from, to, NULL, MS_BIND, NULL), 0);
}

static void tmpfs(const char *at)
{
	ASSERT_EQ(mount("none", at, "tmpfs", 0, NULL), 0);
}

/* In this process, for ever. */
static int enter_landlock(void)
{
	struct sl_ll_ruleset_attr attr = { .handled_fs = HANDLED };
	long set = sl_raw3(SL_NR_landlock_create_ruleset, &attr, 8, 0);

	if (set < 0)
		return (int)set;
	for (int i = 0; i < ROOTS_MAX && roots[i].path; i++) {
		struct sl_ll_path_attr rule = { .allowed = HANDLED };

		if (!(roots[i].rights & W))
			continue;
		rule.parent_fd = roots[i].fd;
		if (sl_raw4(SL_NR_landlock_add_rule, set,
			    SL_LL_RULE_PATH_BENEATH, &rule, 0) < 0)
			return -EINVAL;
	}
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	return (int)sl_raw2(SL_NR_landlock_restrict_self, set, 0);
}

/* May a domain of these grants change what @path names: 1, 0; -1: no word. */
static int probe(const char *path)
{
	char parent[PATH_MAX];
	const char *name = strrchr(path, '/');
	int dir;

	snprintf(parent, sizeof(parent), "%.*s", name ? (int)(name - path) : 1,
		 name ? path : ".");
	name = name ? name + 1 : path;
	dir = open(parent, O_PATH | O_DIRECTORY);
	if (dir < 0)
		return -1;
	return renameat2(dir, name, dir, name, 0) == 0 ? 1
	       : errno == EACCES		       ? 0
						       : -1;
}

/* The rights of Landlock's are those of the parent; so is a root's own name,
 * and a mount point's, told apart by hand. */
static void agree(struct caller *caller, const char *const *paths, int count)
{
	int words[64], pipes[2], status;
	pid_t pid;

	ASSERT_EQ(pipe(pipes), 0);
	pid = fork();
	if (pid == 0) {
		if (enter_landlock() < 0)
			_exit(2);
		for (int i = 0; i < count; i++)
			words[i] = probe(paths[i]);
		_exit(write(pipes[1], words, sizeof(words)) != sizeof(words));
	}
	waitpid(pid, &status, 0);
	if (status)
		SKIP("Landlock");
	ASSERT_EQ(read(pipes[0], words, sizeof(words)), sizeof(words));
	for (int i = 0; i < count; i++) {
		int ours = judge_path(caller, paths[i]) & W ? 1 : 0;

		if (words[i] != ours)
			th_fail(__FILE__, __LINE__, "%s: %d, Landlock %d",
				paths[i], ours, words[i]);
	}
}

TEST(odd_mounts_as_landlock_has_them)
{
	static const char *const paths[] = {
		"w/f",	      "w/m/f",	  "w/m/s/f",	  "w/m/n/f",
		"w/rb/f",     "w/rb/s/f", "r/wb/f",	  "x/wb/f",
		"x/wb/d/f",   "x/wb/m",	  "r/f",	  "r/s/f",
		"over/f",     "over/s/f", "hidden/f",	  "x/deep/f",
		"x/deep/s/f", "o/f",	  "w/m/n/deep/f", "x/wb/d/mm/f",
		"w/d/mm/f",   "x/file/f", "w/d/f",
	};
	struct caller caller;

	place_private();
	place_make();
	DIRS("w", "w/d", "w/d/mm", "w/m", "w/rb", "r", "r/s", "r/wb", "x",
	     "x/wb", "over", "over/s", "o", "hidden", "x/deep", "x/file");
	touch("w/f");
	touch("w/d/f");
	touch("r/f");
	touch("r/s/f");
	touch("over/f");
	touch("o/f");
	touch("x/file/f");
	tmpfs("w/m");
	DIRS("w/m/s", "w/m/n");
	touch("w/m/f");
	touch("w/m/s/f");
	tmpfs("w/m/n");
	touch("w/m/n/f");
	DIRS("w/m/n/deep");
	bind("w/d", "w/m/n/deep");
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W }, { "r", R }, { "over", W }, { "hidden", W });
	bind("r", "w/rb");
	bind("w/d", "r/wb");
	bind("w", "x/wb");
	tmpfs("over");
	DIRS("over/s");
	touch("over/f");
	touch("over/s/f");
	tmpfs("w/d/mm");
	touch("w/d/mm/f");
	ASSERT_EQ(mount("w/d/mm", "x/wb/d/mm", NULL, MS_BIND, NULL), 0);
	bind("hidden", "x/deep");
	tmpfs("hidden");
	touch("hidden/f");
	touch("x/deep/f");
	DIRS("x/deep/s");
	touch("x/deep/s/f");
	agree(&caller, paths, sizeof(paths) / sizeof(paths[0]));
	caller_end(&caller);
}

TEST(mount_points_and_special_mounts)
{
	struct caller caller;
	int gone;

	place_private();
	place_make();
	DIRS("w", "w/m", "w/proc", "o", "x");
	touch("w/null");
	touch("w/bound");
	touch("o/f");
	touch("w/f");
	touch("x/bound");
	tmpfs("w/m");
	DIRS("w/m/d");
	gone = open("w/m/d/gone", O_CREAT | O_RDWR, 0600);
	unlink("w/m/d/gone");
	bind("/dev/null", "w/null");
	bind("o/f", "w/bound");
	bind("w/f", "x/bound");
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W });
	EXPECT_EQ(judge_path(&caller, "w/m"), W | T);
	EXPECT_EQ(judge_fd(&caller, gone), W | T);
	/* Its node is the host's: times only. */
	EXPECT_EQ(judge_path(&caller, "w/null"), T);
	EXPECT_EQ(judge_path(&caller, "w/bound"), W | T);
	EXPECT_EQ(judge_path(&caller, "x/bound"), 0);
	if (mount("proc", "w/proc", "proc", 0, NULL) == 0 ||
	    mount("/proc", "w/proc", NULL, MS_BIND | MS_REC, NULL) == 0) {
		EXPECT_EQ(judge_path(&caller, "w/proc"), 0);
		EXPECT_EQ(judge_path(&caller, "w/proc/self/status"), 0);
	}
	caller_end(&caller);
}

/* ------------------------------------------------ text that lies */

static void text_of(int fd, char *buf)
{
	char link[64];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, buf, PATH_MAX - 1);
	ASSERT_GT(n, 0);
	buf[n] = '\0';
}

/* Another namespace has `o` where ours has `w`. */
TEST(a_handle_of_a_foreign_namespace)
{
	struct caller caller;
	char here[PATH_MAX], there[PATH_MAX];
	int up[2], fd, pidfd, foreign[2];
	pid_t pid;

	place_private();
	place_make();
	DIRS("w", "w/d", "o", "o/d");
	touch("w/d/f");
	touch("o/d/f");
	touch("o/only");
	ASSERT_EQ(link("w/d/f", "o/d/linked"), 0);
	ASSERT_EQ(link("w/d/f", "w/d/linked"), 0);
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W });
	ASSERT_EQ(pipe(up), 0);
	pid = fork();
	if (pid == 0) {
		char at[PATH_MAX];
		int fds[3];

		if (unshare(CLONE_NEWNS) < 0 || !getcwd(at, sizeof(at)) ||
		    mount("o", "w", NULL, MS_BIND, NULL) < 0 || chdir(at) < 0)
			_exit(1);
		fds[0] = open("w/d/f", O_RDWR);
		fds[1] = open("w/d", O_PATH);
		fds[2] = open("w/d/linked", O_RDWR);
		if (write(up[1], fds, sizeof(fds)) != sizeof(fds))
			_exit(1);
		pause();
	}
	int numbers[3];

	ASSERT_EQ(read(up[0], numbers, sizeof(numbers)), sizeof(numbers));
	pidfd = sl_pidfd_open(pid, 0);
	for (int i = 0; i < 3; i++) {
		static const char *const same[] = { "w/d/f", "w/d", "w/d/linked" };

		foreign[0] = sl_pidfd_getfd(pidfd, numbers[i]);
		ASSERT_GE(foreign[0], 0);
		fd = open(same[i], O_PATH);
		text_of(fd, here);
		text_of(foreign[0], there);
		/* The test has its teeth. */
		EXPECT_STREQ(here, there);
		EXPECT_EQ(judge_fd(&caller, fd), W | T);
		EXPECT_EQ(judge_fd(&caller, foreign[0]), 0);
	}
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	caller_end(&caller);
}

/* A mount that is gone reads as its own inside, from `/`. */
TEST(a_handle_of_a_mount_that_is_gone)
{
	struct caller caller;
	char inside[2 * PATH_MAX], at[PATH_MAX], text[PATH_MAX];
	int fd;

	place_private();
	place_make();
	DIRS("w", "t");
	touch("w/f");
	tmpfs("t");
	ASSERT_TRUE(getcwd(at, sizeof(at)));
	snprintf(inside, sizeof(inside), "t%s/w", at);
	for (char *p = inside + 2; (p = strchr(p, '/')); p++) {
		*p = '\0';
		mkdir(inside, 0755);
		*p = '/';
	}
	ASSERT_EQ(mkdir(inside, 0755), 0);
	memcpy(inside + strlen(inside), "/f", 3);
	touch(inside);
	fd = open(inside, O_RDWR);
	ASSERT_GE(fd, 0);
	caller_start(&caller, NULL);
	GRANT(&caller, { "w", W });
	EXPECT_EQ(judge_fd(&caller, fd), 0);
	ASSERT_EQ(umount2("t", MNT_DETACH), 0);
	text_of(fd, text);
	snprintf(inside, sizeof(inside), "%s/w/f", at);
	EXPECT_STREQ(text, inside);
	EXPECT_EQ(judge_fd(&caller, fd), 0);
	caller_end(&caller);
}
