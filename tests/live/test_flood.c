/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A supervisor that lives long: what it holds, memory and descriptors, is the
 * same after a tenth of a million trapped calls and after all of them, each for
 * a name that was not there before; and of thousands of children that leave
 * their session nobody is left when the result is told.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH 500     /* names that exist at once */
#define OBJECTS 10000 /* outside of the grant */
#define STEPS 10
#define SLACK_KB 384 /* a million calls that keep half a byte each are seen */
/* A sanitizer keeps what was freed, and takes its time. */
#ifdef SANITIZED
#define PART 10
#else
#define PART 1
#endif
#define CHILDREN 5000
#define AT_ONCE 50
#define SECONDS 300

/* ------------------------------------------------ what runs inside */

#define NEED(expression)                           \
	do {                                       \
		if (!(expression))                 \
			_exit(__LINE__ % 200 + 1); \
	} while (0)

static void make(const char *name)
{
	int fd = open(name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);

	NEED(fd >= 0 && close(fd) == 0);
}

/* Nine of ten are granted; each tenth is refused, at a place of its own. */
static void flood_metadata(long from, const char *outside)
{
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	char name[PATH_MAX];

	for (long i = from; i < from + BATCH; i++) {
		snprintf(name, sizeof(name), "n%ld", i);
		make(name);
		NEED(i % 2 ? chmod(name, 0644) == 0
			   : utimensat(AT_FDCWD, name, times, 0) == 0);
		NEED(unlink(name) == 0);
		if (i % 10)
			continue;
		snprintf(name, sizeof(name), "%s/o%ld", outside,
			 i / 10 % OBJECTS);
		NEED(chmod(name, 0644) < 0 && errno == EPERM);
	}
}

/* All by which a name comes and goes is trapped, and each is new. */
static void flood_names(long from, const char *outside)
{
	char name[32], other[32];

	(void)outside;
	for (long i = from; i < from + BATCH; i++) {
		snprintf(name, sizeof(name), "n%ld", i);
		snprintf(other, sizeof(other), "m%ld", i);
		make(name);
		NEED(rename(name, other) == 0 && unlink(other) == 0);
		if (i % 10)
			continue;
		snprintf(name, sizeof(name), "denied/n%ld", i);
		NEED(mkdir(name, 0700) < 0 && errno == EACCES);
	}
}

static int listener;
static struct sockaddr_un server = { .sun_family = AF_UNIX, .sun_path = "s" };

static void flood_connects(long from, const char *outside)
{
	(void)outside;
	for (long i = from; i < from + BATCH; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), peer;

		NEED(connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0);
		peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		NEED(peer >= 0 && close(peer) == 0 && close(fd) == 0);
	}
}

static void serve_inside(void)
{
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	NEED(bind(listener, (struct sockaddr *)&server, sizeof(server)) == 0);
	NEED(listen(listener, 8) == 0);
}

struct kind {
	const char *name;
	void (*flood)(long from, const char *outside);
	long count;
	const char *flags[3];
};

static const struct kind kinds[] = {
	{ "metadata", flood_metadata, 1000000 / PART, { NULL } },
	{ "names", flood_names, 100000 / PART, { "--fs-deny", "denied", NULL } },
	{ "connects", flood_connects, 100000 / PART, { NULL } },
};

/* Stands still after each step, so that it can be looked at. */
static void flood_inside(const struct kind *kind, const char *outside)
{
	char byte = '.';

	if (kind->flood == flood_connects)
		serve_inside();
	for (int step = 0; step < STEPS; step++) {
		long size = kind->count / STEPS;

		for (long i = 0; i < size; i += BATCH)
			kind->flood(step * size + i, outside);
		NEED(write(1, &byte, 1) == 1 && read(0, &byte, 1) == 1);
	}
	_exit(0);
}

/* Leaves its session; half of them also leave their parent. One of fifty is
 * never waited for and never ends of itself. */
static void child_inside(int number, int go)
{
	char byte;

	NEED(setsid() > 0);
	if (number % 2) {
		pid_t pid = fork();

		NEED(pid >= 0);
		if (pid > 0)
			_exit(0);
		NEED(setsid() > 0);
	}
	/* "I am here", and until the round is over. */
	NEED(write(1, "c", 1) == 1);
	while (number % AT_ONCE == 0)
		pause();
	NEED(read(go, &byte, 1) == 0);
	_exit(0);
}

static void children_inside(void)
{
	for (int done = 0; done < CHILDREN; done += AT_ONCE) {
		int go[2];

		NEED(pipe2(go, O_CLOEXEC) == 0);
		for (int i = done; i < done + AT_ONCE; i++) {
			pid_t pid = fork();

			NEED(pid >= 0);
			if (pid == 0) {
				close(go[1]);
				child_inside(i, go[0]);
			}
		}
		close(go[0]);
		/* The host has heard of all of them. */
		NEED(read(0, &(char){ 0 }, 1) == 1);
		close(go[1]);
		for (int i = 1; i < AT_ONCE; i++)
			NEED(wait(NULL) > 0);
	}
	_exit(7);
}

__attribute__((constructor)) static void inside(int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "--children") == 0)
		children_inside();
	if (argc != 4 || strcmp(argv[1], "--flood") != 0)
		return;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].name, argv[2]) == 0)
			flood_inside(&kinds[i], argv[3]);
	_exit(255);
}

/* ------------------------------------------------ the place */

static char place[PATH_MAX], outside[PATH_MAX + 16], self[PATH_MAX];

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void place_remove(void)
{
	if (chdir("/") == 0)
		nftw(place, drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* In memory if there is room: it is not the disk that is tried. */
static void place_make(void)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *where = access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm"
								 : "/var/tmp";

	ASSERT_GT(n, 0);
	self[n] = '\0';
	snprintf(place, sizeof(place), "%s/sl-flood-XXXXXX", where);
	ASSERT_TRUE(mkdtemp(place) && chdir(place) == 0);
	ASSERT_TRUE(mkdir("in", 0755) == 0 && mkdir("in/denied", 0755) == 0);
	/* Nobody else asks what runs here, by a connection that would count. */
	ASSERT_EQ(mkdir("run", 0700), 0);
	snprintf(outside, sizeof(outside), "%s/run", place);
	setenv("XDG_RUNTIME_DIR", outside, 1);
	snprintf(outside, sizeof(outside), "%s/out", place);
	ASSERT_TRUE(mkdir(outside, 0755) == 0 && chdir(outside) == 0);
	for (int i = 0; i < OBJECTS; i++) {
		char name[16];

		snprintf(name, sizeof(name), "o%d", i);
		close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0644));
	}
	ASSERT_EQ(chdir(place), 0);
	ASSERT_EQ(chdir("in"), 0);
}

/* ------------------------------------------------ what it holds */

struct held {
	long rss, anonymous; /* KiB */
	int fds;
};

/* Of @name, "VmRSS:", in a file of /proc; -1: it is not there. */
static long field(const char *path, const char *name)
{
	FILE *file = fopen(path, "re");
	char line[256];
	long value = -1;

	while (file && value < 0 && fgets(line, sizeof(line), file))
		if (strncmp(line, name, strlen(name)) == 0)
			value = strtol(line + strlen(name), NULL, 10);
	if (file)
		fclose(file);
	return value;
}

static struct held look(pid_t pid)
{
	struct held held = { 0 };
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	held.rss = field(path, "VmRSS:");
	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	held.anonymous = field(path, "Anonymous:");
	snprintf(path, sizeof(path), "/proc/%d/fd", pid);
	dir = opendir(path);
	ASSERT_TRUE(dir != NULL);
	while (readdir(dir))
		held.fds++;
	closedir(dir);
	ASSERT_GT(held.rss, 0);
	return held;
}

static void flood(const struct kind *kind)
{
	const char *argv[24] = { getenv("SANDLOCK"),
				 "run",
				 "-p",
				 "base",
				 "-w",
				 ".",
				 "-r",
				 self,
				 "-r",
				 outside };
	int down[2], up[2], status, n = 10;
	struct held first, now = { 0 };
	pid_t pid;

	place_make();
	for (int i = 0; kind->flags[i]; i++)
		argv[n++] = kind->flags[i];
	argv[n++] = "--";
	argv[n++] = self;
	argv[n++] = "--flood";
	argv[n++] = kind->name;
	argv[n++] = outside;
	ASSERT_TRUE(argv[0] != NULL);
	ASSERT_TRUE(pipe2(down, O_CLOEXEC) == 0 && pipe2(up, O_CLOEXEC) == 0);
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		dup2(down[0], 0);
		dup2(up[1], 1);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(down[0]);
	close(up[1]);
	for (int step = 0; step < STEPS; step++) {
		struct pollfd pfd = { .fd = up[0], .events = POLLIN };
		char byte;

		ASSERT_EQ(poll(&pfd, 1, SECONDS * 1000), 1);
		ASSERT_EQ(read(up[0], &byte, 1), 1);
		now = look(pid);
		if (step == 0)
			first = now;
		printf("#   %d %%: rss %ld, anonymous %ld KiB, %d "
		       "descriptors\n",
		       (step + 1) * 100 / STEPS, now.rss, now.anonymous, now.fds);
		if (PART == 1) {
			EXPECT_LE(now.rss, first.rss + SLACK_KB);
			EXPECT_LE(now.anonymous, first.anonymous + SLACK_KB);
		}
		EXPECT_EQ(now.fds, first.fds);
		ASSERT_EQ(write(down[1], &byte, 1), 1);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	place_remove();
}

TEST_TIMEOUT(a_million_names, SECONDS)
{
	flood(&kinds[0]);
}

TEST_TIMEOUT(names_beside_a_carve_out, SECONDS)
{
	flood(&kinds[1]);
}

TEST_TIMEOUT(connects, SECONDS)
{
	flood(&kinds[2]);
}

/* ------------------------------------------------ children */

static void children(uint32_t flags)
{
	const char *argv[] = { self, "--children", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	sandlock_policy *policy;
	sandlock_error err = { 0 };
	int down[2], up[2], heard = 0, due = AT_ONCE;
	struct pollfd pfd;
	char buf[256];

	place_make();
	ASSERT_TRUE(pipe2(down, O_CLOEXEC) == 0 && pipe2(up, O_CLOEXEC) == 0);
	o.stdio[0] = o.stdio[1] = SANDLOCK_STDIO_FD;
	o.stdio_fd[0] = down[0];
	o.stdio_fd[1] = up[1];
	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_load(policy, "base", NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", self, NULL, NULL),
		  0);
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	close(up[1]);
	pfd = (struct pollfd){ .fd = up[0], .events = POLLIN };
	while (heard < CHILDREN) {
		ssize_t n;

		ASSERT_EQ(poll(&pfd, 1, SECONDS * 1000), 1);
		n = read(up[0], buf, sizeof(buf));
		ASSERT_GT(n, 0);
		heard += (int)n;
		if (heard < due)
			continue;
		due += AT_ONCE;
		ASSERT_EQ(write(down[1], "g", 1), 1);
	}
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, SECONDS * 1000, &result, NULL),
		  0);
	/* Nobody holds the pipe any more: not soon, but now. */
	EXPECT_EQ(poll(&pfd, 1, 0), 1);
	EXPECT_EQ(read(up[0], buf, sizeof(buf)), 0);
	EXPECT_EQ(sandlock_result_code(result), 7);
	EXPECT_EQ(heard, CHILDREN);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	place_remove();
}

TEST_TIMEOUT(children_that_leave_their_session, SECONDS)
{
	children(SANDLOCK_SPAWN_INLINE);
}

TEST_TIMEOUT(children_that_leave_their_session_below_a_supervisor, SECONDS)
{
	children(0);
}
