/* SPDX-License-Identifier: Apache-2.0 */
/* A path leads us to what it leads the caller to, in every spelling. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/pin.h"
#include "supervise/remote.h"

#define N SL_PIN_NOFOLLOW
#define E SL_PIN_EMPTY
#define D SL_PIN_DIRECTORY
#define CWD AT_FDCWD

/* %p: process id of the caller; %d: the folder; %q: process id of ours. */
static const struct {
	int dirfd;
	const char *path;
	unsigned int flags;
} spellings[] = {
	{ CWD, "", 0 },
	{ CWD, "", E },
	{ CWD, "", E | D },
	{ 20, "", E },
	{ 20, "", E | D },
	{ 21, "", E },
	{ 22, "", E },
	{ 23, "", E },
	{ 24, "", E },
	{ 25, "", E },
	{ 26, "", E },
	{ 99, "", E },
	{ -1, "", E },
	{ -1, "file", 0 },
	{ -1, "%d/w/file", 0 },
	{ 99, "/", 0 },
	{ 20, "file", 0 },
	{ 21, "sub/f", 0 },
	{ 21, "../file", 0 },
	{ 21, ".", 0 },
	{ 24, "x", 0 },
	{ CWD, ".", 0 },
	{ CWD, "..", 0 },
	{ CWD, "/", 0 },
	{ CWD, "///", N },
	{ CWD, "/..", 0 },
	{ CWD, "../../../../../../../etc", 0 },
	{ CWD, "./", N },
	{ CWD, "file", 0 },
	{ CWD, "file/", 0 },
	{ CWD, "file/.", 0 },
	{ CWD, "file/x", 0 },
	{ CWD, "file", D },
	{ CWD, ".//dir///sub//f", 0 },
	{ CWD, "dir/", N },
	{ CWD, "dir/nope", 0 },
	{ CWD, "nope/nope", 0 },
	{ CWD, "nope/", N },
	{ CWD, "l_file", 0 },
	{ CWD, "l_file", N },
	{ CWD, "l_file/", N },
	{ CWD, "l_file", N | D },
	{ CWD, "l_dir", 0 },
	{ CWD, "l_dir", N },
	{ CWD, "l_dir/", N },
	{ CWD, "l_dir/sub", N },
	{ CWD, "l_dir", D },
	{ CWD, "l_abs", 0 },
	{ CWD, "l_dangling", 0 },
	{ CWD, "l_dangling", N },
	{ CWD, "l_dangling/", N },
	{ CWD, "l_slash", 0 },
	{ CWD, "l_fileslash", 0 },
	{ CWD, "l_up", 0 },
	{ CWD, "loop1", 0 },
	{ CWD, "loop1", N },
	{ CWD, "loop1/x", N },
	{ CWD, "chain40", 0 },
	{ CWD, "chain41", 0 },
	{ CWD, "chain41", N },
	{ CWD, "chain39/", 0 },
	{ CWD, "fifo", 0 },
	{ CWD, "socket", 0 },
	{ CWD, "secret", 0 },
	{ CWD, "exec", 0 },
	{ CWD, "closed", 0 },
	{ CWD, "closed/x", 0 },
	{ CWD, "\xff\xfe\n", 0 },
	{ CWD, "%d/w/file", 0 },
	{ CWD, "%d/w/l_dir/../file", N },
	/* the caller's own descriptors, by every name */
	{ CWD, "/proc/self/fd/20", 0 },
	{ CWD, "/proc/self/fd/20", N },
	{ CWD, "/proc/self/fd/20/", 0 },
	{ CWD, "/proc/self/fd/20/x", 0 },
	{ CWD, "/proc/self/fd/21", 0 },
	{ CWD, "/proc/self/fd/21", D },
	{ CWD, "/proc/self/fd/20", D },
	{ CWD, "/proc/self/fd/21/", N },
	{ CWD, "/proc/self/fd/21//sub/f", 0 },
	{ CWD, "/proc/self/fd/21/../l_file", N },
	{ CWD, "/proc/self/fd/22", 0 },
	{ CWD, "/proc/self/fd/23", 0 },
	{ CWD, "/proc/self/fd/24", 0 },
	{ CWD, "/proc/self/fd/24/", 0 },
	{ CWD, "/proc/self/fd/25", 0 },
	{ CWD, "/proc/self/fd/26", 0 },
	{ CWD, "/proc/self/fd/99", 0 },
	{ CWD, "/proc/self/fd/020", 0 },
	{ CWD, "/proc/self/fd/-1", 0 },
	{ CWD, "/proc/self/fd/20x", 0 },
	{ CWD, "/proc/self/fd/99999999999999999999", 0 },
	{ CWD, "/proc//self/./fd/20", 0 },
	{ CWD, "/proc/thread-self/fd/20", 0 },
	{ CWD, "/proc/thread-self/../../fd/20", 0 },
	{ CWD, "/proc/%p/fd/20", 0 },
	{ CWD, "/proc/%p/fd/21/sub", 0 },
	{ CWD, "/proc/%p/task/%p/fd/20", 0 },
	{ CWD, "/proc/self/task/%p/fd/21/sub/f", 0 },
	{ CWD, "/dev/fd/20", 0 },
	{ CWD, "/dev/fd/21/sub", 0 },
	{ CWD, "/dev/fd", N },
	{ CWD, "/dev/stdin", 0 },
	{ CWD, "/dev/stdin", N },
	{ CWD, "/dev/stdout", 0 },
	{ CWD, "/dev/stderr", 0 },
	{ CWD, "/dev/stdin/", 0 },
	{ CWD, "/dev/stdinx", 0 },
	{ 27, "self/fd/20", 0 },
	{ 28, "20", 0 },
	{ 28, "21/sub", 0 },
	{ 28, "20", N },
	{ CWD, "l_fd", 0 },
	{ CWD, "l_fd", N },
	{ CWD, "l_fd/", 0 },
	{ CWD, "l_fddir", 0 },
	{ CWD, "l_fddir/sub/f", 0 },
	{ CWD, "l_fdlong", 0 },
	/* other magic links of the caller's own */
	{ CWD, "/proc/self/cwd", 0 },
	{ CWD, "/proc/self/cwd/file", 0 },
	{ CWD, "/proc/self/cwd/l_file", N },
	{ CWD, "/proc/self/cwd/l_fd", 0 },
	{ CWD, "/proc/self/cwd/closed/x", 0 },
	{ CWD, "/proc/self/root", 0 },
	{ CWD, "/proc/self/root/etc", 0 },
	{ CWD, "/proc/%p/root/%d/w/file", 0 },
	{ CWD, "/proc/self/exe", 0 },
	{ CWD, "/proc/self/exe/", 0 },
	{ CWD, "/proc/self/ns/mnt", 0 },
	{ CWD, "/proc/thread-self/cwd/dir", 0 },
	{ CWD, "l_cwd", 0 },
	{ CWD, "l_cwd/dir/sub", 0 },
	{ CWD, "l_exe", 0 },
	{ CWD, "/proc/self", 0 },
	{ CWD, "/proc/self", N },
	{ CWD, "/proc/self/", N },
	{ CWD, "/proc/self/status", 0 },
	{ CWD, "/proc/thread-self", 0 },
	{ CWD, "/proc/self/task/%p/comm", 0 },
	{ CWD, "/proc/self/fdinfo/20", 0 },
	{ CWD, "/proc/self/fdinfo/99", 0 },
	{ CWD, "/proc/self/nope", 0 },
	{ CWD, "l_status", 0 },
	{ CWD, "/proc/mounts", 0 },
	{ CWD, "/proc/net", N },
	{ CWD, "/proc/cpuinfo", 0 },
	{ CWD, "/proc/sys/kernel/hostname", 0 },
	{ CWD, "/proc/999999999/fd/1", 0 },
};

static char *expand(const char *path, const char *place, pid_t pid, char *to)
{
	char *at = to;

	for (; *path; path++) {
		if (*path != '%')
			*at++ = *path;
		else if (*++path == 'd')
			at += snprintf(at, 64, "%s", place);
		else
			at += snprintf(at, 16, "%d",
				       *path == 'p' ? pid : getpid());
	}
	*at = '\0';
	return to;
}

static void chain(int count)
{
	char from[16], to[16];

	for (int i = 1; i <= count; i++) {
		snprintf(from, sizeof(from), "chain%d", i);
		snprintf(to, sizeof(to), "chain%d", i - 1);
		ASSERT_EQ(symlink(i == 1 ? "dir" : to, from), 0);
	}
}

static void touch(const char *path, mode_t mode)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);

	ASSERT_GE(fd, 0);
	fchmod(fd, mode);
	close(fd);
}

static void make_tree(void)
{
	static const char *const links[][2] = {
		{ "file", "l_file" },
		{ "dir", "l_dir" },
		{ "nope", "l_dangling" },
		{ "dir/", "l_slash" },
		{ "file/", "l_fileslash" },
		{ "../w/dir/..", "l_up" },
		{ "loop2", "loop1" },
		{ "loop1", "loop2" },
		{ "/proc/self/fd/20", "l_fd" },
		{ "/dev/fd/21", "l_fddir" },
		{ "l_cwd/l_fd", "l_fdlong" },
		{ "/proc/self/cwd", "l_cwd" },
		{ "/proc/self/exe", "l_exe" },
		{ "/proc/self/status", "l_status" },
	};
	char abs[PATH_MAX + 8];

	ASSERT_EQ(mkdir("w", 0755), 0);
	ASSERT_EQ(chdir("w"), 0);
	touch("file", 0644);
	ASSERT_EQ(mkdir("dir", 0755), 0);
	ASSERT_EQ(mkdir("dir/sub", 0755), 0);
	touch("dir/sub/f", 0644);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		ASSERT_EQ(symlink(links[i][0], links[i][1]), 0);
	ASSERT_TRUE(getcwd(abs, PATH_MAX));
	memcpy(abs + strlen(abs), "/file", 6);
	ASSERT_EQ(symlink(abs, "l_abs"), 0);
	chain(41);
	ASSERT_EQ(mkfifo("fifo", 0600), 0);
	ASSERT_EQ(mknod("socket", S_IFSOCK | 0600, 0), 0);
	touch("secret", 0);
	touch("exec", 0111);
	touch("\xff\xfe\n", 0600);
	ASSERT_EQ(mkdir("closed", 0), 0);
}

static void put(int fd, int number)
{
	if (fd < 0 || dup2(fd, number) < 0)
		_exit(9);
	close(fd);
}

static void child_setup(void)
{
	int pair[2];

	put(open("file", O_RDWR), 20);
	put(open("dir", O_RDONLY), 21);
	put(open("secret", O_PATH), 22);
	if (pipe(pair) < 0)
		_exit(9);
	put(pair[0], 23);
	put(open("l_dir", O_PATH | O_NOFOLLOW), 24);
	put(socket(AF_UNIX, SOCK_STREAM, 0), 25);
	put(open("gone", O_CREAT | O_RDWR, 0600), 26);
	unlink("gone");
	put(open("/proc", O_RDONLY), 27);
	put(open("/proc/self/fd", O_RDONLY), 28);
}

static long bare_stat(struct shared *shared)
{
	int flags = (shared->flags & N ? O_NOFOLLOW : 0) |
		    (shared->flags & D ? O_DIRECTORY : 0);
	struct stat st;
	int fd, r;

	if (!*shared->path && shared->flags & E) {
		r = fstatat(shared->dirfd, "", &st, AT_EMPTY_PATH);
		if (r == 0 && shared->flags & D && !S_ISDIR(st.st_mode))
			return -ENOTDIR;
	} else {
		fd = openat(shared->dirfd, shared->path, O_PATH | flags);
		r = fd < 0 ? -1 : fstat(fd, &st);
		if (fd >= 0)
			close(fd);
	}
	if (r < 0)
		return -errno;
	shared->dev = st.st_dev;
	shared->ino = st.st_ino;
	shared->mode = st.st_mode;
	return 0;
}

static int compare(struct caller *caller, int dirfd, const char *path,
		   unsigned int flags)
{
	struct shared *shared = caller->shared;
	struct stat st = { 0 };
	long bare, ours;
	int fd, same;

	snprintf(shared->path, sizeof(shared->path), "%s", path);
	shared->dirfd = dirfd;
	shared->flags = flags;
	bare = caller_run(caller, bare_stat);
	caller_trap(caller, ARGS(0));
	fd = sl_pin(&caller->call, dirfd, path, flags);
	ours = fd < 0 ? fd : fstat(fd, &st);
	caller_answer(caller, sl_answer(0));
	same = bare == ours &&
	       (bare || (st.st_ino == shared->ino && st.st_dev == shared->dev &&
			 st.st_mode == shared->mode));
	if (!same)
		th_fail(__FILE__, __LINE__,
			"%d '%s' %u: %ld (%llx %llu %o), not %ld (%lx %lu %o)",
			dirfd, path, flags, ours, (unsigned long long)st.st_dev,
			(unsigned long long)st.st_ino, st.st_mode, bare,
			(unsigned long)shared->dev, (unsigned long)shared->ino,
			shared->mode);
	if (fd >= 0)
		close(fd);
	return same;
}

TEST(same_object_in_every_spelling)
{
	const char *place = place_make();
	struct caller caller;
	char path[PATH_MAX];
	int same = 0, all = sizeof(spellings) / sizeof(spellings[0]);

	make_tree();
	caller_start(&caller, child_setup);
	/* Ours of the same numbers are other objects. */
	for (int fd = 20; fd <= 28; fd++)
		put(open("/etc/passwd", O_RDONLY), fd);
	for (int i = 0; i < all; i++) {
		expand(spellings[i].path, place, caller.pid, path);
		same += compare(&caller, spellings[i].dirfd, path,
				spellings[i].flags);
	}
	EXPECT_EQ(same, all);
	EXPECT_GE(all, 60);
	caller_end(&caller);
	ASSERT_EQ(chmod("closed", 0700), 0);
	place_remove();
}

/* Links full of names, the last one into nothing: the judge has others to serve,
 * and the kernel, which has nobody to keep waiting, comes to another error. */
TEST(a_long_way_is_given_up)
{
	static char text[PATH_MAX], deep[PATH_MAX];
	struct caller caller;
	char name[16], old[16] = "nope";
	size_t len = 0;

	place_make();
	ASSERT_EQ(mkdir("d", 0755), 0);
	while (len < PATH_MAX - 32)
		len += (size_t)snprintf(text + len, PATH_MAX - len, "d/../");
	for (int i = 0; i < 39; i++) {
		snprintf(text + len, PATH_MAX - len, "%s", old);
		snprintf(name, sizeof(name), "s%d", i);
		ASSERT_EQ(symlink(text, name), 0);
		memcpy(old, name, sizeof(old));
	}
	/* As many names as a path can have. */
	for (len = 0; len < PATH_MAX - 8; len += 2)
		memcpy(deep + len, "./", 2);
	memcpy(deep + len, "nope", 5);
	caller_start(&caller, NULL);
	caller_trap(&caller, ARGS(0));
	EXPECT_EQ(sl_pin(&caller.call, CWD, deep, 0), -ENOENT);
	EXPECT_EQ(sl_pin(&caller.call, CWD, "s38", 0), -ELOOP);
	/* It is of the call, not of the path. */
	EXPECT_EQ(sl_pin(&caller.call, CWD, "nope", 0), -ELOOP);
	caller_answer(&caller, sl_answer(0));
	caller_trap(&caller, ARGS(0));
	EXPECT_EQ(sl_pin(&caller.call, CWD, "s38", 0), -ELOOP);
	EXPECT_GE(3000, caller.call.steps);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
	place_remove();
}

TEST(parents_and_names)
{
	static const struct {
		const char *path, *parent, *name;
		int error;
	} cases[] = {
		{ "file", ".", "file", 0 },
		{ "file///", ".", "file", 0 },
		{ "nope", ".", "nope", 0 },
		{ "l_file", ".", "l_file", 0 },
		{ "l_dir/x", "dir", "x", 0 },
		{ "dir//sub", "dir", "sub", 0 },
		{ "/x", "/", "x", 0 },
		{ "//x/", "/", "x", 0 },
		{ "../w/dir/..x", "dir", "..x", 0 },
		{ "/proc/self/fd/21/x", "dir", "x", 0 },
		{ "/proc/self/cwd/x", ".", "x", 0 },
		{ "l_fddir/x", "dir", "x", 0 },
		{ "\xff", ".", "\xff", 0 },
		{ "", NULL, NULL, -ENOENT },
		{ "/", NULL, NULL, -EISDIR },
		{ "///", NULL, NULL, -EISDIR },
		{ ".", NULL, NULL, -EINVAL },
		{ "dir/..", NULL, NULL, -EINVAL },
		{ "dir/../", NULL, NULL, -EINVAL },
		{ "file/x", NULL, NULL, -ENOTDIR },
		{ "nope/x", NULL, NULL, -ENOENT },
		{ "loop1/x", NULL, NULL, -ELOOP },
	};
	struct caller caller;
	char name[NAME_MAX + 1], path[NAME_MAX + 3];

	place_make();
	make_tree();
	caller_start(&caller, child_setup);
	caller_trap(&caller, ARGS(0));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int fd = sl_pin_parent(&caller.call, CWD, cases[i].path, name);
		struct stat ours, want;

		if (cases[i].error) {
			EXPECT_EQ(fd, cases[i].error);
			continue;
		}
		ASSERT_GE(fd, 0);
		EXPECT_STREQ(name, cases[i].name);
		EXPECT_EQ(fstat(fd, &ours), 0);
		EXPECT_EQ(stat(cases[i].parent, &want), 0);
		EXPECT_EQ(ours.st_ino, want.st_ino);
		EXPECT_EQ(ours.st_dev, want.st_dev);
		close(fd);
	}
	memset(path, 'n', sizeof(path));
	path[NAME_MAX + 1] = '\0';
	EXPECT_EQ(sl_pin_parent(&caller.call, CWD, path, name), -ENAMETOOLONG);
	path[NAME_MAX] = '\0';
	EXPECT_GE(sl_pin_parent(&caller.call, CWD, path, name), 0);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
	ASSERT_EQ(chmod("closed", 0700), 0);
	place_remove();
}

/* Links of other tasks are refused, though the kernel would let them follow. */
TEST(no_magic_link_of_another_task)
{
	static const char *const paths[] = {
		"/proc/%q/cwd",	  "/proc/%q/root/etc",	  "/proc/%q/fd/0",
		"/proc/%q/exe",	  "/proc/%q/task/%q/cwd", "/proc/%q/ns/mnt",
		"/proc/%q/fd/0/", "/proc/self/../%q/cwd",
	};
	const char *place = place_make();
	struct caller caller;
	char path[PATH_MAX];

	caller_start(&caller, NULL);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		expand(paths[i], place, caller.pid, path);
		snprintf(caller.shared->path, PATH_MAX, "%s", path);
		caller.shared->dirfd = CWD;
		caller.shared->flags = 0;
		caller_run(&caller, bare_stat);
		caller_trap(&caller, ARGS(0));
		EXPECT_EQ(sl_pin(&caller.call, CWD, path, 0), -EACCES);
		caller_answer(&caller, sl_answer(0));
	}
	caller_end(&caller);
	place_remove();
}
