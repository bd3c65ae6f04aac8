/* SPDX-License-Identifier: Apache-2.0 */
/* Private temporary directories: making, hostile contents, leftovers. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "landlock/fixture.h"
#include "run/rmtree.h"
#include "run/tmpdir.h"

static struct sl_tmpdir dir;
static struct sl_error err;

/* TMPDIR is the fixture; the base is <fixture>/sandlock-<euid>. */
static void begin(void)
{
	dir = SL_TMPDIR_INIT;
	fx_enter();
	setenv("TMPDIR", fx_path("."), 1);
	unsetenv("XDG_RUNTIME_DIR");
	umask(022);
}

static const char *base(void)
{
	static char name[32];

	snprintf(name, sizeof(name), "sandlock-%u", geteuid());
	return name;
}

static int make(void)
{
	err = (struct sl_error){ 0 };
	return sl_tmpdir_make(&dir, &err);
}

static unsigned int entries(const char *path)
{
	unsigned int n = 0;
	DIR *d = opendir(path);

	ASSERT_TRUE(d != NULL);
	while (readdir(d))
		n++;
	closedir(d);
	return n - 2;
}

static unsigned int mode_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? 0 : st.st_mode & 07777;
}

TEST_BOTH(made_private_and_removed)
{
	begin();
	ASSERT_EQ(make(), 0);
	EXPECT_HAS(dir.path, base());
	EXPECT_EQ(mode_of(dir.path), 0700);
	EXPECT_EQ(mode_of(base()), 0700);
	EXPECT_EQ(entries(dir.path), 0);
	EXPECT_EQ(entries(base()), 1);
	EXPECT_TRUE(fcntl(dir.run_fd, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(sl_tmpdir_remove(&dir, &err), 0);
	EXPECT_EQ(entries(base()), 0);
	EXPECT_EQ(dir.path == NULL, 1);
	/* Again is nothing. */
	EXPECT_EQ(sl_tmpdir_remove(&dir, &err), 0);
	fx_leave();
}

TEST_BOTH(any_umask)
{
	begin();
	umask(0777);
	ASSERT_EQ(make(), 0);
	EXPECT_EQ(mode_of(dir.path), 0700);
	EXPECT_EQ(sl_tmpdir_remove(&dir, &err), 0);
	umask(0);
	ASSERT_EQ(make(), 0);
	EXPECT_EQ(mode_of(dir.path), 0700);
	EXPECT_EQ(sl_tmpdir_remove(&dir, &err), 0);
	fx_leave();
}

TEST_BOTH(runtime_directory_if_it_is_private)
{
	begin();
	fx_dir("run");
	setenv("XDG_RUNTIME_DIR", fx_path("run"), 1);
	ASSERT_EQ(make(), 0);
	EXPECT_HAS(dir.path, base()); /* 0755 is not private */
	sl_tmpdir_remove(&dir, &err);
	ASSERT_EQ(chmod("run", 0700), 0);
	ASSERT_EQ(make(), 0);
	EXPECT_HAS(dir.path, "/run/sandlock/tmp-");
	sl_tmpdir_remove(&dir, &err);
	setenv("XDG_RUNTIME_DIR", "run", 1);
	ASSERT_EQ(make(), 0);
	EXPECT_HAS(dir.path, base());
	sl_tmpdir_remove(&dir, &err);
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	ASSERT_EQ(make(), 0);
	sl_tmpdir_remove(&dir, &err);
	fx_leave();
}

TEST_BOTH(base_that_others_can_touch_is_refused)
{
	begin();
	ASSERT_EQ(mkdir(base(), 0700), 0);
	ASSERT_EQ(chmod(base(), 0770), 0);
	EXPECT_EQ(make(), -EPERM);
	EXPECT_HAS(err.msg, "open to others (mode 0770)");
	ASSERT_EQ(rmdir(base()), 0);
	fx_dir("elsewhere");
	ASSERT_EQ(chmod("elsewhere", 0700), 0);
	fx_link("elsewhere", base());
	EXPECT_LT(make(), 0);
	EXPECT_HAS(err.msg, base());
	EXPECT_EQ(entries("elsewhere"), 0);
	ASSERT_EQ(unlink(base()), 0);
	fx_file(base(), "", 0600);
	EXPECT_EQ(make(), -ENOTDIR);
	fx_leave();
}

TEST(base_of_another_user_is_refused)
{
	begin();
	if (geteuid() != 0) {
		/* Nobody's file can be made: take root's /proc for it. */
		setenv("XDG_RUNTIME_DIR", "/proc", 1);
		EXPECT_EQ(make(), 0);
		EXPECT_HAS(dir.path, base());
		fx_leave();
		return;
	}
	ASSERT_EQ(mkdir(base(), 0700), 0);
	ASSERT_EQ(chown(base(), 65534, 65534), 0);
	EXPECT_EQ(make(), -EPERM);
	EXPECT_HAS(err.msg, "belongs to user 65534");
	EXPECT_EQ(entries(base()), 0);
	fx_leave();
}

#define LONG "a-long-name"

/* Fills the current directory with what is hard to remove. */
static void hostile(void)
{
	char name[32];

	/* Deeper than a path can name, and every level locked. */
	for (int i = 0; i < 600; i++) {
		ASSERT_EQ(mkdir(LONG, 0700), 0);
		ASSERT_EQ(chdir(LONG), 0);
	}
	fx_file("deep", "x", 0);
	for (int i = 0; i < 600; i++) {
		ASSERT_EQ(chdir(".."), 0);
		ASSERT_EQ(chmod(LONG, 0), 0);
	}
	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		fx_file(name, "", 0);
	}
	for (int i = 0; i < 40; i++) {
		snprintf(name, sizeof(name), "w%d", i);
		ASSERT_EQ(mkdir(name, 0700), 0);
		snprintf(name, sizeof(name), "w%d/sub", i);
		ASSERT_EQ(mkdir(name, 0700), 0);
		snprintf(name, sizeof(name), "w%d/sub/file", i);
		fx_file(name, "", 0600);
		snprintf(name, sizeof(name), "w%d", i);
		ASSERT_EQ(chmod(name, i % 8 << 6), 0);
	}
	fx_file("new\nline", "", 0600);
	fx_file("-rf", "", 0600);
	fx_file("\xff\xfe", "", 0600);
	fx_file("lock", "", 0600);
	ASSERT_EQ(mkdir("d0", 0700), 0);
	fx_file("d0/d0/d0/d1/file", "", 0600);
	fx_dir("tmp-aaaaaa/tmp");
	ASSERT_EQ(mkfifo("fifo", 0), 0);
	ASSERT_EQ(symlink("/etc", "etc"), 0);
	ASSERT_EQ(symlink(".", "self"), 0);
	ASSERT_EQ(symlink("../../..", "up"), 0);
	ASSERT_EQ(chmod(".", 0), 0);
}

TEST_BOTH(hostile_tree_is_removed)
{
	begin();
	fx_file("outside/file", "precious", 0644);
	ASSERT_EQ(make(), 0);
	ASSERT_EQ(symlinkat(fx_path("outside"), dir.run_fd, "link"), 0);
	ASSERT_EQ(chdir(dir.path), 0);
	hostile();
	ASSERT_EQ(chdir(fx_path(".")), 0);
	if (sl_tmpdir_remove(&dir, &err) < 0)
		th_fail(__FILE__, __LINE__, "%s", err.msg);
	EXPECT_EQ(entries(base()), 0);
	EXPECT_EQ(access("outside/file", R_OK), 0);
	EXPECT_EQ(mode_of("outside"), 0755);
	fx_leave();
}

TEST(few_descriptors_are_enough)
{
	struct sl_tmpdir *d = &dir;
	char name[4096];
	int last;

	begin();
	ASSERT_EQ(make(), 0);
	for (int i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%s/a%d/b/c/d/e", d->path, i);
		fx_dir(name);
	}
	/* All in use but for four. */
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &(struct rlimit){ 64, 64 }), 0);
	while ((last = dup(0)) >= 0)
		;
	for (int fd = 60; fd < 64; fd++)
		close(fd);
	EXPECT_EQ(sl_tmpdir_remove(d, &err), 0);
	EXPECT_EQ(entries(base()), 0);
	fx_leave();
}

TEST(mounts_are_not_entered)
{
	char first[4096], second[4096];

	begin();
	if (unshare(CLONE_NEWNS) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
		SKIP("a mount namespace");
	ASSERT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	fx_file("outside/file", "precious", 0644);
	fx_file("outside/sub/file", "precious", 0644);
	ASSERT_EQ(make(), 0);
	ASSERT_EQ(mkdirat(dir.run_fd, "mnt", 0700), 0);
	ASSERT_EQ(mkdirat(dir.run_fd, "dir", 0700), 0);
	snprintf(first, sizeof(first), "%s/mnt", dir.path);
	ASSERT_EQ(chdir(dir.path), 0);
	ASSERT_EQ(mount(fx_path("outside"), "mnt", NULL, MS_BIND, NULL), 0);
	ASSERT_EQ(chdir(fx_path(".")), 0);
	EXPECT_LT(sl_tmpdir_remove(&dir, &err), 0);
	EXPECT_HAS(err.msg, "tmp-");
	EXPECT_EQ(access("outside/file", F_OK), 0);
	EXPECT_EQ(access("outside/sub/file", F_OK), 0);
	/* Left for a later start: with its lock. */
	EXPECT_EQ(entries(base()), 1);
	ASSERT_EQ(make(), 0);
	snprintf(second, sizeof(second), "%s", dir.path);
	ASSERT_EQ(mount(fx_path("outside"), dir.path, NULL, MS_BIND, NULL), 0);
	EXPECT_LT(sl_tmpdir_remove(&dir, &err), 0);
	EXPECT_EQ(access("outside/file", F_OK), 0);
	EXPECT_EQ(access("outside/sub/file", F_OK), 0);
	EXPECT_EQ(umount2(first, MNT_DETACH), 0);
	EXPECT_EQ(umount2(second, MNT_DETACH), 0);
	fx_leave();
}

/* A run killed in the middle: its child leaves a directory and dies. */
static void killed_run(void *hostile_too)
{
	ASSERT_EQ(make(), 0);
	ASSERT_EQ(chdir(dir.path), 0);
	if (hostile_too)
		hostile();
	else
		fx_file("a/b/file", "", 0600);
	fflush(NULL);
}

TEST_BOTH(leftovers_are_swept)
{
	struct sl_tmpdir other;
	bool again = true;

	begin();
	fx_child(killed_run, NULL);
	fx_child(killed_run, &again);
	ASSERT_EQ(make(), 0);
	other = dir;
	fx_file("keep", "", 0600);
	ASSERT_EQ(make(), 0);
	EXPECT_EQ(entries(base()), 4);
	/* Bounded per call, so it may take a few. */
	sl_tmpdir_sweep(&dir);
	EXPECT_GE(entries(base()), 2);
	for (int i = 0; i < 20; i++)
		sl_tmpdir_sweep(&dir);
	EXPECT_EQ(entries(base()), 2);
	EXPECT_EQ(access(other.path, F_OK), 0);
	EXPECT_EQ(access(dir.path, F_OK), 0);
	EXPECT_EQ(sl_tmpdir_remove(&other, &err), 0);
	EXPECT_EQ(sl_tmpdir_remove(&dir, &err), 0);
	EXPECT_EQ(entries(base()), 0);
	fx_leave();
}

static void big_run(void *unused)
{
	(void)unused;
	ASSERT_EQ(make(), 0);
	ASSERT_EQ(chdir(dir.path), 0);
	fx_file("file", "", 0600);
	for (int i = 0; i < 5000; i++) {
		char name[16];

		/* Names are what counts, and links are cheap. */
		snprintf(name, sizeof(name), "f%d", i);
		ASSERT_EQ(link("file", name), 0);
	}
}

TEST(sweep_is_bounded)
{
	begin();
	fx_child(big_run, NULL);
	ASSERT_EQ(make(), 0);
	sl_tmpdir_sweep(&dir);
	EXPECT_EQ(entries(base()), 2);
	/* Some starts later it is gone. */
	for (int i = 0; i < 16; i++)
		sl_tmpdir_sweep(&dir);
	EXPECT_EQ(entries(base()), 1);
	fx_leave();
}

TEST_BOTH(sweep_touches_only_what_is_a_run)
{
	begin();
	fx_file("outside/lock", "", 0600);
	ASSERT_EQ(make(), 0);
	ASSERT_EQ(chdir(base()), 0);
	fx_dir("tmp-toolongname");
	fx_dir("mine");
	ASSERT_EQ(symlink(fx_path("outside"), "tmp-aaaaaa"), 0);
	fx_file("tmp-bbbbbb", "", 0600);
	fx_file("run-dddddd/file", "", 0600);
	ASSERT_EQ(chdir(".."), 0);
	sl_tmpdir_sweep(&dir);
	EXPECT_EQ(entries(base()), 6);
	EXPECT_EQ(access("outside/lock", F_OK), 0);
	fx_leave();
}

/* Makers and sweepers at once: no maker loses its directory. */
static void maker(void *unused)
{
	(void)unused;
	for (int i = 0; i < 100; i++) {
		ASSERT_EQ(make(), 0);
		sl_tmpdir_sweep(&dir);
		ASSERT_EQ(access(dir.path, F_OK), 0);
		ASSERT_EQ(sl_tmpdir_remove(&dir, &err), 0);
	}
}

static void two_makers(void *unused)
{
	pid_t pid = fork();
	int status = 0;

	maker(unused);
	if (pid == 0)
		_exit(0);
	waitpid(pid, &status, 0);
	EXPECT_EQ(status, 0);
}

TEST(makers_and_sweepers_at_once)
{
	begin();
	fx_child(two_makers, NULL);
	EXPECT_EQ(entries(base()), 0);
	fx_leave();
}

/* What is in it can open the granted directory itself. */
TEST_BOTH(sandbox_cannot_let_go_of_the_lock)
{
	struct sl_tmpdir other;
	int fd;

	begin();
	ASSERT_EQ(make(), 0);
	other = dir;
	fd = open(dir.path, O_RDONLY | O_DIRECTORY);
	ASSERT_GE(fd, 0);
	EXPECT_LT(flock(fd, LOCK_SH | LOCK_NB), 0);
	EXPECT_EQ(flock(fd, LOCK_UN), 0);
	ASSERT_EQ(make(), 0);
	sl_tmpdir_sweep(&dir);
	EXPECT_EQ(access(other.path, F_OK), 0);
	EXPECT_EQ(sl_tmpdir_remove(&other, &err), 0);
	EXPECT_EQ(sl_tmpdir_remove(&dir, &err), 0);
	fx_leave();
}

TEST(rmtree_stops_at_its_budget)
{
	unsigned long budget = 3;
	int fd;

	begin();
	fx_file("top/file", "", 0600);
	fx_file("top/a/file", "", 0600);
	fd = open("top", O_RDONLY | O_DIRECTORY);
	EXPECT_EQ(sl_rmtree(fd, &budget), 0);
	EXPECT_EQ(entries("top"), 0);
	budget = 0;
	fx_file("top/b", "", 0600);
	EXPECT_EQ(sl_rmtree(fd, &budget), -ETIME);
	EXPECT_EQ(entries("top"), 1);
	EXPECT_EQ(sl_rmtree(fd, NULL), 0);
	EXPECT_EQ(entries("top"), 0);
	fx_leave();
}
