/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Below a write grant a judged call is the bare one: every call over every
 * target, done bare in tree `a` and judged in tree `b`, same result, and then
 * the trees compared. Outside of the grants nothing changes.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/cells.h"

#define KINDS 14

static const char *const made[] = {
	"file",	  "dir",     "dir/sub", "dir/sub/f", "secret",	 "closed",
	"exec",	  "fifo",    "socket",	"l_file",    "l_dir",	 "l_dangling",
	"l_loop", "l_slash", "l_fd",	"l_cwd",     "readonly",
};

static const char *const targets[] = {
	"file",
	"file/",
	"file/x",
	"dir",
	"dir/",
	"dir/.",
	"dir/..",
	".",
	"./dir/sub/../sub/f",
	"nope",
	"nope/x",
	"nope/",
	"",
	"secret",
	"closed",
	"closed/x",
	"exec",
	"fifo",
	"socket",
	"l_file",
	"l_file/",
	"l_dir",
	"l_dir/",
	"l_dir/sub",
	"l_dangling",
	"l_loop",
	"l_slash",
	"l_fd",
	"l_cwd",
	"l_cwd/file",
	"/proc/self/cwd/dir",
	"readonly",
};

static const char *const home[2] = { "a", "b" };
static const char *place;

static void make_file(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(fchmod(fd, mode), 0);
	close(fd);
}

static void make_tree(const char *name)
{
	ASSERT_EQ(mkdir(name, 0755), 0);
	ASSERT_EQ(chdir(name), 0);
	make_file("file", 0644);
	ASSERT_EQ(mkdir("dir", 0755), 0);
	ASSERT_EQ(mkdir("dir/sub", 0755), 0);
	make_file("dir/sub/f", 0644);
	make_file("secret", 0);
	make_file("exec", 0111);
	make_file("readonly", 0444);
	ASSERT_EQ(mkdir("closed", 0), 0);
	ASSERT_EQ(mkfifo("fifo", 0600), 0);
	ASSERT_EQ(mknod("socket", S_IFSOCK | 0600, 0), 0);
	ASSERT_EQ(symlink("file", "l_file"), 0);
	ASSERT_EQ(symlink("dir", "l_dir"), 0);
	ASSERT_EQ(symlink("nope", "l_dangling"), 0);
	ASSERT_EQ(symlink("l_loop", "l_loop"), 0);
	ASSERT_EQ(symlink("dir/", "l_slash"), 0);
	ASSERT_EQ(symlink(*name == 'a' ? "/proc/self/fd/20" : "/proc/self/fd/50",
			  "l_fd"),
		  0);
	ASSERT_EQ(symlink("/proc/self/cwd", "l_cwd"), 0);
	ASSERT_EQ(chdir(".."), 0);
}

static void put(int fd, int number)
{
	if (fd < 0 || dup2(fd, number) < 0)
		_exit(9);
	close(fd);
}

/* The same kinds for both trees, 30 numbers apart. */
static void open_kinds(int from)
{
	int pair[2];

	put(open("file", O_RDWR), from);
	put(open("file", O_RDONLY), from + 1);
	put(open("dir", O_RDONLY), from + 2);
	put(open("secret", O_PATH), from + 3);
	put(open("dir", O_PATH), from + 4);
	put(open("l_file", O_PATH | O_NOFOLLOW), from + 5);
	if (pipe(pair) < 0)
		_exit(9);
	put(pair[0], from + 6);
	put(pair[1], from + 7);
	put(socket(AF_UNIX, SOCK_STREAM, 0), from + 8);
	put(open("gone", O_CREAT | O_RDWR, 0600), from + 9);
	unlink("gone");
	put(open("dir", O_TMPFILE | O_RDWR, 0600), from + 10);
	put(memfd_create("x", 0), from + 11);
	put(open("fifo", O_RDWR), from + 12);
	put(open("readonly", O_RDONLY), from + 13);
	put(inotify_init1(0), from + 15);
}

static void child_setup(void)
{
	for (int i = 0; i < 2; i++) {
		if (chdir(home[i]) < 0)
			_exit(9);
		open_kinds(20 + 30 * i);
		if (chdir("..") < 0)
			_exit(9);
	}
}

static void reset_modes(void)
{
	for (int i = 0; i < 2; i++) {
		int fd = open(home[i], O_PATH);

		fchmodat(fd, ".", 0755, 0);
		fchmodat(fd, "dir", 0755, 0);
		fchmodat(fd, "closed", 0, 0);
		fchmodat(fd, "secret", 0, 0);
		close(fd);
	}
}

static long enter(struct shared *shared)
{
	return chdir(shared->name) < 0 ? -errno : 0;
}

static void go(struct caller *caller, const char *name)
{
	snprintf(caller->shared->name, 128, "%s/%s", place, name);
	ASSERT_EQ(caller_run(caller, enter), 0);
}

static bool same_time(struct timespec a, struct timespec b)
{
	time_t now = time(NULL) - 1000;

	if (a.tv_sec > now)
		return b.tv_sec > now;
	return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static bool same_object(int a, int b, const char *name)
{
	char path[2][64], value[2][64] = { { 0 } };
	struct stat st[2];
	ssize_t len[2];

	if (fstatat(a, name, &st[0], AT_SYMLINK_NOFOLLOW) ||
	    fstatat(b, name, &st[1], AT_SYMLINK_NOFOLLOW))
		return false;
	for (int i = 0; i < 2; i++) {
		snprintf(path[i], sizeof(path[i]), "%s/%s", home[i], name);
		len[i] = lgetxattr(path[i], "user.a", value[i], 64);
	}
	return st[0].st_mode == st[1].st_mode && st[0].st_uid == st[1].st_uid &&
	       st[0].st_gid == st[1].st_gid &&
	       same_time(st[0].st_mtim, st[1].st_mtim) && len[0] == len[1] &&
	       memcmp(value[0], value[1], 64) == 0;
}

static void compare_trees(const char *what, const char *target)
{
	int a = open("a", O_PATH), b = open("b", O_PATH);

	for (size_t i = 0; i < sizeof(made) / sizeof(made[0]); i++)
		if (!same_object(a, b, made[i]))
			th_fail(__FILE__, __LINE__, "%s on '%s': %s differs",
				what, target, made[i]);
	close(a);
	close(b);
}

static void run_cell(struct caller *caller, const struct cell_call *call,
		     const char *target, const long args[6], int fd)
{
	long mine[6], bare, ours;

	memcpy(mine, args, sizeof(mine));
	go(caller, "a");
	bare = caller_bare(caller, call->nr, mine);
	if (fd >= 20)
		mine[call->fd] = fd + 30;
	if (call->nr == SYS_inotify_add_watch && mine[0] < 99)
		mine[0] += 30;
	go(caller, "b");
	ours = caller_judged(caller, call->handler, mine);
	/* The kernel that lacks a call says so; and so do we. */
	if (bare != ours)
		th_fail(__FILE__, __LINE__, "%s on '%s': %ld, bare %ld",
			call->text, target, ours, bare);
}

static void begin(struct caller *caller, struct sl_root *root)
{
	place = place_make();
	make_tree("a");
	make_tree("b");
	caller_start(caller, child_setup);
	*root = root_of("b", SL_RIGHT_WRITE);
	caller_roots(caller, root, 1);
}

TEST(path_calls_are_the_bare_ones)
{
	struct caller caller;
	struct sl_root root;
	long args[6];

	begin(&caller, &root);
	for (int c = 0; c < path_call_count; c++) {
		const struct cell_call *call = &path_calls[c];

		for (size_t t = 0; t < sizeof(targets) / sizeof(targets[0]); t++) {
			reset_modes();
			snprintf(caller.shared->path, 64, "%s", targets[t]);
			memcpy(args, call->args, sizeof(args));
			args[call->path] = ADDR(caller.shared->path);
			run_cell(&caller, call, targets[t], args, -1);
			compare_trees(call->text, targets[t]);
		}
	}
	caller_end(&caller);
	reset_modes();
	place_remove();
}

TEST(path_addresses_are_as_bare)
{
	struct caller caller;
	struct sl_root root;
	long args[6];

	begin(&caller, &root);
	memset(caller.shared->path, 'x', sizeof(caller.shared->path));
	for (int c = 0; c < path_call_count; c++) {
		const struct cell_call *call = &path_calls[c];
		const long addresses[] = {
			0,
			8,
			-1,
			ADDR(caller.shared->path),
			(long)0xffff800000000000,
		};

		for (size_t t = 0; t < 5; t++) {
			memcpy(args, call->args, sizeof(args));
			args[call->path] = addresses[t];
			run_cell(&caller, call, "(address)", args, -1);
		}
	}
	caller_end(&caller);
	place_remove();
}

TEST(descriptor_calls_are_the_bare_ones)
{
	struct caller caller;
	struct sl_root root;
	long args[6];
	const int more[] = { -1, 99, AT_FDCWD };

	begin(&caller, &root);
	for (int c = 0; c < fd_call_count; c++) {
		const struct cell_call *call = &fd_calls[c];

		for (int k = 0; k < KINDS + 3; k++) {
			int fd = k < KINDS ? 20 + k : more[k - KINDS];
			char text[32];

			reset_modes();
			memcpy(args, call->args, sizeof(args));
			args[call->fd] = fd;
			snprintf(text, sizeof(text), "descriptor %d", fd);
			run_cell(&caller, call, text, args, fd);
			compare_trees(call->text, text);
		}
	}
	caller_end(&caller);
	reset_modes();
	place_remove();
}

static long chown_judged(struct caller *caller, long uid, long gid)
{
	snprintf(caller->shared->path, 64, "file");
	return caller_judged(
		caller, sl_h_fchownat,
		ARGS(AT_FDCWD, ADDR(caller->shared->path), uid, gid, 0));
}

/* Owners are named in the numbers of the caller's user namespace. */
TEST(owners_of_a_user_namespace)
{
	struct caller caller;
	struct sl_root root;
	struct stat st;

	begin(&caller, &root);
	caller.judge.ids = (struct sl_judge_ids){
		.mapped = true,
		.inside_uid = 7,
		.outside_uid = geteuid(),
		.inside_gid = 8,
		.outside_gid = getegid(),
	};
	go(&caller, "b");
	EXPECT_EQ(chown_judged(&caller, 7, 8), 0);
	EXPECT_EQ(chown_judged(&caller, 7, -1), 0);
	EXPECT_EQ(chown_judged(&caller, -1, 8), 0);
	EXPECT_EQ(chown_judged(&caller, geteuid() + 1, -1), -EINVAL);
	EXPECT_EQ(chown_judged(&caller, -1, getegid() + 1), -EINVAL);
	EXPECT_EQ(chown_judged(&caller, 8, 7), -EINVAL);
	EXPECT_EQ(caller_judged(&caller, sl_h_fchown, ARGS(50, 7, 8)), 0);
	EXPECT_EQ(caller_judged(&caller, sl_h_fchown, ARGS(50, 9, 8)), -EINVAL);
	EXPECT_EQ(stat("b/file", &st), 0);
	EXPECT_EQ(st.st_uid, geteuid());
	EXPECT_EQ(st.st_gid, getegid());
	caller_end(&caller);
	reset_modes();
	place_remove();
}
