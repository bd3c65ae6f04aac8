/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Outside of the write grants nothing is changed: not by any call, by any way to
 * name it, nor by one that changes its mind meanwhile. The judge is the ctime.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/cells.h"
#include "supervise/verdict.h"

#define ROUNDS 3000

static const char *const outside[] = { "o", "o/f", "o/d",   "o/d/f",
				       "r", "r/f", "o/link" };
#define OUTSIDE (sizeof(outside) / sizeof(outside[0]))

static struct timespec stamps[OUTSIDE];

static void stamp(bool check, const char *what)
{
	struct stat st;

	for (size_t i = 0; i < OUTSIDE; i++) {
		ASSERT_EQ(lstat(outside[i], &st), 0);
		if (check && (st.st_ctim.tv_sec != stamps[i].tv_sec ||
			      st.st_ctim.tv_nsec != stamps[i].tv_nsec))
			th_fail(__FILE__, __LINE__, "%s changed %s", what,
				outside[i]);
		stamps[i] = st.st_ctim;
	}
}

static void put(int fd, int number)
{
	if (fd < 0 || dup2(fd, number) < 0)
		_exit(9);
	close(fd);
}

static void child_setup(void)
{
	put(open("o/f", O_RDWR), 20);
	put(open("r/f", O_RDONLY), 21);
	put(open("o/d", O_RDONLY), 22);
	put(open("o/f", O_PATH), 23);
	put(open("o/link", O_PATH | O_NOFOLLOW), 24);
	put(inotify_init1(0), 35);
	put(open("w/f", O_RDWR), 40);
	if (chdir("w") < 0)
		_exit(9);
}

static void begin(struct caller *caller)
{
	struct timespec pause = { .tv_nsec = 20000000 };

	place_make();
	DIRS("w", "w/d", "o", "o/d", "r");
	touch("w/f");
	touch("w/d/f");
	touch("o/f");
	touch("o/d/f");
	touch("r/f");
	ASSERT_EQ(symlink("f", "o/link"), 0);
	ASSERT_EQ(symlink("../o/f", "w/l_f"), 0);
	ASSERT_EQ(symlink("../o", "w/l_d"), 0);
	ASSERT_EQ(symlink("/proc/self/fd/20", "w/l_fd"), 0);
	caller_start(caller, child_setup);
	GRANT(caller, { "w", W }, { "r", R });
	stamp(false, "");
	nanosleep(&pause, NULL); /* coarse clocks */
}

/* What is no change at all is allowed: times that are left as they are. */
static bool is_no_change(const struct cell_call *call)
{
	return strstr(call->text, "ts_omit");
}

/* A link in the grant is a thing of its own. */
static bool is_own_link(const char *path)
{
	return strncmp(path, "l_", 2) == 0 && !strchr(path, '/');
}

static bool is_watch(const struct cell_call *call)
{
	return call->nr == SYS_inotify_add_watch;
}

static bool is_of_the_machine(const char *path)
{
	return strcmp(path, "/") == 0 || strcmp(path, "/dev/null") == 0 ||
	       strcmp(path, "/proc/self/root") == 0;
}

TEST(no_call_by_any_path)
{
	static const char *const paths[] = {
		"../o",
		"../o/f",
		"../o/d/f",
		"../o/d/",
		"l_f",
		"l_d",
		"l_d/f",
		"l_d/link",
		"l_fd",
		"../r",
		"../r/f",
		"/proc/self/fd/20",
		"/proc/self/fd/21",
		"/proc/self/fd/22/f",
		"/proc/self/fd/23",
		"/proc/self/fd/24",
		"/dev/fd/22",
		"/proc/self/cwd/../o/f",
		"/proc/self/root",
		"/proc/self",
		"/proc/self/status",
		"/dev/null",
		"..",
		"/",
	};
	struct caller caller;
	long args[6];

	begin(&caller);
	for (int c = 0; c < path_call_count; c++) {
		const struct cell_call *call = &path_calls[c];

		for (size_t t = 0; t < sizeof(paths) / sizeof(paths[0]); t++) {
			long r;

			/* What a broken judge would let root do to the
			 * machine is not to be tried. */
			if (geteuid() == 0 && is_of_the_machine(paths[t]))
				continue;
			snprintf(caller.shared->path, 64, "%s", paths[t]);
			memcpy(args, call->args, sizeof(args));
			args[call->path] = ADDR(caller.shared->path);
			r = caller_judged(&caller, call->handler, args);
			if (r >= 0 && !is_no_change(call) &&
			    !is_own_link(paths[t]) &&
			    !(is_watch(call) && strstr(paths[t], "r")))
				th_fail(__FILE__, __LINE__, "%s on %s: %ld",
					call->text, paths[t], r);
		}
		stamp(true, call->text);
	}
	caller_end(&caller);
	place_remove();
}

TEST(no_call_by_any_descriptor)
{
	struct caller caller;
	long args[6];

	begin(&caller);
	for (int c = 0; c < fd_call_count; c++) {
		const struct cell_call *call = &fd_calls[c];

		for (int fd = 20; fd <= 24; fd++) {
			long r;

			memcpy(args, call->args, sizeof(args));
			args[call->fd] = fd;
			r = caller_judged(&caller, call->handler, args);
			if (r >= 0)
				th_fail(__FILE__, __LINE__, "%s on %d: %ld",
					call->text, fd, r);
		}
		stamp(true, call->text);
	}
	caller_end(&caller);
	place_remove();
}

static long refused(struct caller *caller, int name, const char *path)
{
	const struct cell_call *call = &path_calls[name];
	long args[6];

	snprintf(caller->shared->path, 64, "%s", path);
	memcpy(args, call->args, sizeof(args));
	args[call->path] = ADDR(caller->shared->path);
	return caller_judged(caller, call->handler, args);
}

TEST(errors_are_those_of_a_file_that_is_not_ones_own)
{
	static const struct {
		const char *part;
		long error;
	} want[] = {
		{ "fchmodat CWD, P, 0755", -EPERM },
		{ "fchownat CWD, P, -1, -1, 0", -EPERM },
		{ "utimensat CWD, P, 0, 0", -EACCES },
		{ "utimensat CWD, P, L(ts), 0", -EPERM },
		{ "utimensat CWD, P, L(ts_now)", -EACCES },
		{ "utimensat CWD, P, L(ts_mix)", -EPERM },
		{ "setxattr P, L(user), L(value), 5, 0", -EACCES },
		{ "setxattr P, L(trusted)", -EPERM },
		{ "setxattr P, L(user), L(value), 5, 8", -EINVAL },
		{ "setxattr P, L(user), L(value), 65537", -E2BIG },
		{ "setxattr P, BAD", -EFAULT },
		{ "removexattr P, L(user)", -EACCES },
		{ "inotify_add_watch 35, P, IN_MODIFY", -EACCES },
		{ "inotify_add_watch 35, P, 0", -EINVAL },
		{ "inotify_add_watch 99, P, IN_OPEN", -EBADF },
	};
	struct caller caller;
	size_t count = sizeof(want) / sizeof(want[0]);

	begin(&caller);
	for (size_t i = 0; i < count; i++) {
		int c = 0;

		while (c < path_call_count &&
		       strncmp(path_calls[c].text, want[i].part,
			       strlen(want[i].part)) != 0)
			c++;
		ASSERT_LT(c, path_call_count);
		if (refused(&caller, c, "../o/f") != want[i].error)
			th_fail(__FILE__, __LINE__, "%s: not %ld", want[i].part,
				want[i].error);
	}
	EXPECT_EQ(caller_judged(&caller, sl_h_fchmod, ARGS(20, 0600)), -EPERM);
	EXPECT_EQ(caller_judged(&caller, sl_h_fchmod, ARGS(23, 0600)), -EBADF);
	EXPECT_EQ(caller_judged(&caller, sl_h_fchmod, ARGS(99, 0600)), -EBADF);
	snprintf(caller.shared->path, 64, "../o/link");
	EXPECT_EQ(caller_judged(&caller, sl_h_fchmodat2,
				ARGS(AT_FDCWD, ADDR(caller.shared->path), 0600,
				     AT_SYMLINK_NOFOLLOW)),
		  -EOPNOTSUPP);
	caller.shared->path[0] = '\0';
	EXPECT_EQ(caller_judged(&caller, sl_h_fchmodat2,
				ARGS(23, ADDR(caller.shared->path), 0600,
				     AT_EMPTY_PATH)),
		  -EPERM);
	caller_end(&caller);
	place_remove();
}

/* ------------------------------------------------ races */

struct race {
	struct shared *shared;
	int kind;
	bool stop;
};

enum { MEMORY, LINK, DESCRIPTOR, DIRFD, CWD, RACES };

static int race_kind;

static void flip(struct race *race, int turn)
{
	static const char *const paths[] = { "f\0../o", "../o/f" };
	static const char *const dirs_[] = { "../w", "../o" };

	switch (race->kind) {
	case MEMORY:
		memcpy(race->shared->path, paths[turn], 7);
		break;
	case LINK:
		if (symlink(turn ? "../o/f" : "f", "flip.new") == 0)
			rename("flip.new", "flip");
		break;
	case DESCRIPTOR:
		dup2(turn ? 20 : 40, 30);
		break;
	case DIRFD:
		dup2(turn ? 33 : 34, 31);
		break;
	default:
		if (chdir(dirs_[turn]) < 0)
			race->stop = true;
	}
}

static void *flipper(void *arg)
{
	struct race *race = arg;

	for (int i = 0; !__atomic_load_n(&race->stop, __ATOMIC_RELAXED); i ^= 1)
		flip(race, i);
	return NULL;
}

static long race(struct shared *shared)
{
	struct race race = { .shared = shared, .kind = shared->dirfd };
	const long fchmod_args[6] = { 30, 0600 };
	long chmod_args[6] = { AT_FDCWD, ADDR(shared->path), 0600 };
	pthread_t thread;
	long done = 0;

	put(open("../o", O_RDONLY), 33);
	put(open(".", O_RDONLY), 34);
	dup2(40, 30);
	dup2(34, 31);
	snprintf(shared->path, 8, "%s", race.kind == LINK ? "flip" : "f");
	flip(&race, 0);
	if (race.kind == DIRFD)
		chmod_args[0] = 31;
	pthread_create(&thread, NULL, flipper, &race);
	for (int i = 0; i < ROUNDS; i++)
		done += caller_trapped_call(race.kind == DESCRIPTOR
						    ? fchmod_args
						    : chmod_args) == 0;
	__atomic_store_n(&race.stop, true, __ATOMIC_RELAXED);
	pthread_join(thread, NULL);
	return done;
}

TEST(no_race_is_won)
{
	static const char *const names[] = { "memory", "link", "descriptor",
					     "dirfd", "cwd" };
	struct caller caller;

	for (race_kind = 0; race_kind < RACES; race_kind++) {
		long done;

		begin(&caller);
		caller.shared->dirfd = race_kind;
		done = caller_serve(&caller,
				    race_kind == DESCRIPTOR ? sl_h_fchmod
							    : sl_h_fchmodat,
				    race);
		/* Some met the right one, and some the other. */
		if (done == 0 || done == ROUNDS)
			printf("# %s: %ld of %d\n", names[race_kind], done,
			       ROUNDS);
		EXPECT_GT(done, 0);
		stamp(true, names[race_kind]);
		caller_end(&caller);
		place_remove();
	}
}
