/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judge is asked about under preset base, counted: nothing at all for
 * opening, reading, writing and waiting; of real programs the calls that they
 * really make, as strace(1) counts them of the same command run bare.
 */
#include "harness/harness.h"
#include "plan/notify.h"
#include "policy/policy.h"
#include "policy/profile.h"
#include "run/prepare.h"
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 200

struct counts {
	uint32_t of[SL_SYS_COUNT];
	bool trapped[SL_SYS_COUNT]; /* some row of it holds */
	bool always[SL_SYS_COUNT];  /* whatever its arguments are */
};

/* ------------------------------------------------ what runs inside */

#define NEED(expression)                           \
	do {                                       \
		if (!(expression))                 \
			_exit(__LINE__ % 200 + 1); \
	} while (0)

static void files_inside(void)
{
	char buf[16] = "0123456789abcde";
	struct stat st;
	int fd = open("plain", O_RDWR | O_CREAT | O_CLOEXEC, 0644), copy;

	NEED(fd >= 0 && write(fd, buf, sizeof(buf)) == sizeof(buf));
	NEED(lseek(fd, 0, SEEK_SET) == 0);
	NEED(read(fd, buf, sizeof(buf)) == sizeof(buf));
	NEED(pwrite(fd, buf, 1, 20) == 1 && pread(fd, buf, 1, 20) == 1);
	NEED(stat("plain", &st) == 0 && lstat("plain", &st) == 0);
	NEED(fstat(fd, &st) == 0 && access("plain", R_OK) == 0);
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	NEED(copy >= 0 && dup2(fd, copy) == copy);
	NEED(close(copy) == 0 && close(fd) == 0);
	/* Not by libc's choice: the number itself. */
	fd = (int)syscall(SYS_openat, AT_FDCWD, "plain", O_RDONLY | O_CLOEXEC);
	NEED(fd >= 0 && close(fd) == 0);
	NEED(rename("plain", "other") == 0 && unlink("other") == 0);
}

static void sockets_inside(void)
{
	char buf[8] = "message";
	struct iovec iov = { buf, sizeof(buf) };
	struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
	int pair[2];

	NEED(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	NEED(send(pair[0], buf, sizeof(buf), 0) == sizeof(buf));
	NEED(recv(pair[1], buf, sizeof(buf), 0) == sizeof(buf));
	NEED(sendmsg(pair[0], &mh, 0) == sizeof(buf));
	NEED(recvmsg(pair[1], &mh, 0) == sizeof(buf));
	NEED(write(pair[0], buf, sizeof(buf)) == sizeof(buf));
	NEED(recvfrom(pair[1], buf, sizeof(buf), 0, NULL, NULL) == sizeof(buf));
	NEED(close(pair[0]) == 0 && close(pair[1]) == 0);
}

static void processes_inside(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0)
		_exit(7);
	NEED(pid > 0 && waitpid(pid, &status, 0) == pid);
	NEED(WIFEXITED(status) && WEXITSTATUS(status) == 7);
}

__attribute__((constructor)) static void inside(int argc, char **argv)
{
	if (argc != 2 || strcmp(argv[1], "--inside") != 0)
		return;
	for (int i = 0; i < ROUNDS; i++) {
		files_inside();
		sockets_inside();
		if (i % 8 == 0)
			processes_inside();
	}
	_exit(0);
}

/* ------------------------------------------------ a run */

static char place[PATH_MAX], self[PATH_MAX];

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

static void place_make(void)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ASSERT_GT(n, 0);
	self[n] = '\0';
	snprintf(place, sizeof(place), "/var/tmp/sl-counts-XXXXXX");
	ASSERT_TRUE(mkdtemp(place) && chdir(place) == 0);
	ASSERT_TRUE(mkdir("inside", 0755) == 0 && mkdir("bare", 0755) == 0);
	setenv("HOME", place, 1);
	setenv("PATH", "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", 1);
	setenv("GIT_CONFIG_GLOBAL", "/dev/null", 1);
	setenv("GIT_CONFIG_NOSYSTEM", "1", 1);
	atexit(place_remove);
}

static void need(const char *program)
{
	static char why[64];
	char test[96];

	snprintf(test, sizeof(test), "command -v %s >/dev/null 2>&1", program);
	snprintf(why, sizeof(why), "%s is not installed", program);
	if (system(test) != 0)
		SKIP(why);
}

static int enter(const char *name)
{
	return chdir(place) == 0 && chdir(name) == 0 ? 0 : -errno;
}

static void note_rows(struct counts *counts, unsigned int when)
{
	const struct sl_notify_row *row;

	for (size_t i = 0; (row = sl_notify_row_at(i)); i++) {
		if (!sl_filter_rule_holds(&row->rule, when))
			continue;
		counts->trapped[row->rule.call] = true;
		if (sl_filter_rule_plain(&row->rule))
			counts->always[row->rule.call] = true;
	}
}

/* @argv under preset base, with the directory to write to. */
static void run_inside(const char *const *argv, struct counts *counts)
{
	struct sl_request request = { .argv = argv };
	struct sl_prepared *prepared;
	struct sl_error err = { 0 };
	struct sl_policy *policy;
	struct sl_outcome out;
	struct sl_run *run;

	memset(counts, 0, sizeof(*counts));
	ASSERT_EQ(enter("inside"), 0);
	ASSERT_EQ(sl_policy_new(&policy), 0);
	ASSERT_EQ(sl_profile_load(policy, "base", &err), 0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_FS_WRITE, ".", NULL, &err), 0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_FS_READ, self, NULL, &err), 0);
	if (sl_prepare(policy, &request, &prepared, &err) < 0 ||
	    sl_run_start(&prepared->launch, &run, &err) < 0) {
		printf("# %s\n", err.msg);
		th_abort();
	}
	while (sl_run_dispatch(run) < SL_RUN_FAILED) {
		struct pollfd pfd = { .fd = sl_run_fd(run), .events = POLLIN };

		ASSERT_EQ(poll(&pfd, 1, 100000), 1);
	}
	sl_run_outcome(run, &out);
	ASSERT_EQ(out.code, 0);
	for (int i = 0; i < SL_SYS_COUNT; i++)
		counts->of[i] = sl_run_asked(run, (enum sl_sys)i);
	note_rows(counts, prepared->launch.when);
	sl_run_free(run);
	sl_prepared_free(prepared, true);
	sl_policy_free(policy);
}

/* The same without a sandbox, counted by strace. */
static void run_bare(const char *const *argv, struct counts *counts)
{
	const char *words[16] = { "strace", "-f", "-qq",
				  "-c",	    "-o", "../bare.txt" };
	char line[256];
	int status, call;
	FILE *file;
	pid_t pid;

	for (size_t i = 0; argv[i]; i++)
		words[6 + i] = argv[i];
	memset(counts, 0, sizeof(*counts));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		if (enter("bare") == 0)
			execvp(words[0], (char *const *)(uintptr_t)words);
		_exit(127);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	ASSERT_EQ(status, 0);
	ASSERT_EQ(chdir(place), 0);
	file = fopen("bare.txt", "re");
	ASSERT_TRUE(file != NULL);
	while (fgets(line, sizeof(line), file)) {
		char *name = strrchr(line, ' '), *end;
		unsigned long calls;

		/* % time, seconds, usecs/call, calls, [errors,] name */
		if (!name || sscanf(line, "%*s %*s %*s %lu", &calls) != 1)
			continue;
		end = name + strcspn(name, "\n");
		*end = '\0';
		call = sl_sys_find(name + 1);
		if (call >= 0)
			counts->of[call] = (uint32_t)calls;
	}
	fclose(file);
}

static void need_strace(void)
{
	need("strace");
	if (system("strace -f -qq -c -o /dev/null true >/dev/null 2>&1") != 0)
		SKIP("ptrace(2), by which strace counts");
}

/* @script by a shell, both ways: what the judge was asked about is what was
 * called, and nothing but rows of notify.def. */
static void compare(const char *script)
{
	/* What it says would stand between the points of ours. */
	const char *argv[] = {
		"/bin/sh", "-ec",  "exec >/dev/null; eval \"$1\"",
		"sh",	   script, NULL
	};
	struct counts inside_counts, bare;
	unsigned long asked = 0;

	run_inside(argv, &inside_counts);
	run_bare(argv, &bare);
	for (int i = 0; i < SL_SYS_COUNT; i++) {
		uint32_t in = inside_counts.of[i], out = bare.of[i];
		bool exact = inside_counts.always[i];

		asked += in;
		if (in || (exact && out))
			printf("#   %s: %u asked, %u called bare\n",
			       sl_sys_name((enum sl_sys)i), in, out);
		if (in && !inside_counts.trapped[i])
			th_fail(__FILE__, __LINE__, "%s has no row",
				sl_sys_name((enum sl_sys)i));
		if (exact ? in != out : in > out)
			th_fail(__FILE__, __LINE__, "%s: %u asked, %u called",
				sl_sys_name((enum sl_sys)i), in, out);
	}
	printf("#   %lu in all\n", asked);
}

/* ------------------------------------------------ tests */

TEST(files_sockets_and_children_ask_nobody)
{
	const char *argv[] = { self, "--inside", NULL };
	struct counts counts;

	place_make();
	run_inside(argv, &counts);
	for (int i = 0; i < SL_SYS_COUNT; i++)
		if (counts.of[i])
			th_fail(__FILE__, __LINE__, "%s: %u asked",
				sl_sys_name((enum sl_sys)i), counts.of[i]);
}

/* It counts at all. */
TEST(a_trapped_call_is_counted)
{
	const char *argv[] = { "/bin/sh", "-ec",
			       ">f; chmod 600 f; chmod 644 f; touch f", NULL };
	struct counts counts;

	place_make();
	run_inside(argv, &counts);
	EXPECT_TRUE(counts.always[SL_SYS_fchmodat]);
	EXPECT_EQ(counts.of[SL_SYS_fchmodat] + counts.of[SL_SYS_fchmodat2], 2);
	EXPECT_EQ(counts.of[SL_SYS_utimensat], 1);
}

TEST(git)
{
	need("git");
	need_strace();
	place_make();
	compare("git init -q . && git config user.name T &&"
		"git config user.email t@example.org && git config gc.auto 0 &&"
		"echo text >file && git add file && git status --short &&"
		"git commit -qm first && git status");
}

TEST(python)
{
	need("/usr/bin/python3");
	need_strace();
	place_make();
	compare("/usr/bin/python3 -c 'import json, re, subprocess;"
		"open(\"f\", \"w\").write(json.dumps([1]));"
		"subprocess.run([\"true\"], check=True)'");
}

TEST(node)
{
	need("node");
	need_strace();
	place_make();
	compare("node -e 'require(\"fs\").writeFileSync(\"f\", \"1\")'");
}

/* What it says tells when it listens, so that nobody asks twice. */
TEST(redis)
{
	need("redis-server");
	need("redis-cli");
	need_strace();
	place_make();
	compare("mkfifo log\n"
		"redis-server --port 0 --unixsocket $PWD/s --save '' >log &\n"
		"exec 3<log\n"
		"while read -r line <&3; do\n"
		"case $line in *eady\\ to\\ accept*) break ;; esac; done\n"
		"redis-cli -s s ping; redis-cli -s s shutdown nosave; wait");
}

TEST(gcc)
{
	need("gcc");
	need_strace();
	place_make();
	compare("echo 'int main(void) { return 0; }' >a.c; gcc -o a a.c; ./a");
}
