/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A111 by the library: a start from a host process that makes it hard, with
 * 200 threads, every signal blocked, a SIGCHLD handler, no stdio, a heap of
 * 1 GiB; and nothing of the host may have changed afterwards.
 */
#include "harness/harness.h"
#include "stage.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sandlock/sandlock.h"

#define THREADS 200

struct host {
	int threads, fds, umask_bits;
	sigset_t mask;
	void (*chld)(int);
	int dumpable, subreaper, no_new_privs;
	char cwd[256];
};

static int count_dir(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	while (dir && readdir(dir))
		n++;
	if (dir)
		closedir(dir);
	return n;
}

/* What a library has no business to change. */
static struct host look(void)
{
	struct host h = { 0 };
	struct sigaction act;

	h.threads = count_dir("/proc/self/task");
	h.fds = count_dir("/proc/self/fd");
	h.umask_bits = (int)umask(0);
	umask((mode_t)h.umask_bits);
	sigemptyset(&h.mask);
	pthread_sigmask(SIG_SETMASK, NULL, &h.mask);
	sigaction(SIGCHLD, NULL, &act);
	h.chld = act.sa_handler;
	h.dumpable = prctl(PR_GET_DUMPABLE);
	prctl(PR_GET_CHILD_SUBREAPER, &h.subreaper);
	h.no_new_privs = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);
	if (!getcwd(h.cwd, sizeof(h.cwd)))
		h.cwd[0] = 0;
	return h;
}

static void expect_unchanged(const struct host *a, const struct host *b)
{
	EXPECT_EQ(a->threads, b->threads);
	EXPECT_EQ(a->umask_bits, b->umask_bits);
	EXPECT_EQ(memcmp(&a->mask, &b->mask, sizeof(a->mask)), 0);
	EXPECT_TRUE(a->chld == b->chld);
	EXPECT_EQ(a->dumpable, b->dumpable);
	EXPECT_EQ(a->subreaper, b->subreaper);
	EXPECT_EQ(a->no_new_privs, b->no_new_privs);
	EXPECT_STREQ(a->cwd, b->cwd);
}

static sandlock_policy *policy(const struct stage *s)
{
	sandlock_policy *p = NULL;
	sandlock_error err = { 0 };

	ASSERT_EQ(sandlock_policy_new(&p, &err), 0);
	ASSERT_EQ(sandlock_policy_set(p, "filesystem.read", stage_attack(),
				      "test", &err),
		  0);
	ASSERT_EQ(sandlock_policy_set(p, "filesystem.write", s->work, "test",
				      &err),
		  0);
	return p;
}

/* Runs `attack ID ARG` with its output captured; returns its exit code. */
static int run_captured(const struct stage *s, const char *id, const char *arg,
			char *out, size_t size)
{
	const char *argv[] = { stage_attack(), id, arg, NULL };
	sandlock_spawn_options options = {
		.size = sizeof(options),
		.argv = argv,
		.stdio = { SANDLOCK_STDIO_NULL, SANDLOCK_STDIO_PIPE,
			   SANDLOCK_STDIO_PIPE },
	};
	const sandlock_result *result = NULL;
	sandlock_sandbox *sandbox = NULL;
	sandlock_policy *p = policy(s);
	sandlock_error err = { 0 };
	const char *text;
	int code, truncated;
	size_t len = 0;

	if (sandlock_spawn(p, &options, &sandbox, &err) < 0 ||
	    sandlock_sandbox_wait(sandbox, 60000, &result, &err) < 0) {
		th_fail(__FILE__, __LINE__, "%s", err.message);
		sandlock_sandbox_free(sandbox);
		sandlock_policy_free(p);
		return -1;
	}
	code = sandlock_result_code(result);
	text = sandlock_result_output(result, 1, &len, &truncated);
	snprintf(out, size, "%.*s", (int)len, text ? text : "");
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(p);
	return code;
}

static void try_from_here(const struct stage *s)
{
	struct host before, after;
	char out[4096];

	/* The first one starts the supervisor, whose socket then stays. */
	EXPECT_EQ(run_captured(s, "A001", s->secret, out, sizeof(out)), 0);
	before = look();
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(run_captured(s, "A001", s->secret, out, sizeof(out)),
			  0);
		EXPECT_HAS(out, "lost open: EACCES");
		EXPECT_EQ(run_captured(s, "A109", "", out, sizeof(out)), 0);
	}
	after = look();
	expect_unchanged(&before, &after);
	EXPECT_EQ(before.fds, after.fds);
}

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

static void *idle(void *arg)
{
	pthread_mutex_lock(&gate);
	pthread_mutex_unlock(&gate);
	return arg;
}

TEST_TIMEOUT(A111_200_threads, 120)
{
	struct stage *s = stage_new();
	pthread_t threads[THREADS];
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_mutex_lock(&gate);
	for (int i = 0; i < THREADS; i++)
		ASSERT_EQ(pthread_create(&threads[i], &attr, idle, NULL), 0);
	try_from_here(s);
	pthread_mutex_unlock(&gate);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	stage_free(s);
}

static void handler(int sig)
{
	(void)sig;
}

TEST_TIMEOUT(A111_blocked_signals_and_a_handler, 120)
{
	struct stage *s = stage_new();
	sigset_t all;

	sigfillset(&all);
	signal(SIGCHLD, handler);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	umask(0777);
	try_from_here(s);
	umask(022);
	stage_free(s);
}

/*
 * The program starts with no signal blocked and none ignored, but for what
 * nohup(1) and a shell's & set, which is the user's wish.
 */
TEST_TIMEOUT(A111_the_program_starts_clean, 120)
{
	struct stage *s = stage_new();
	sigset_t all;
	char out[4096];

	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_IGN);
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	EXPECT_EQ(run_captured(s, "clean", "", out, sizeof(out)), 0);
	if (strstr(out, "won"))
		printf("# %s", out);
	stage_free(s);
}

TEST_TIMEOUT(A111_closed_stdio, 120)
{
	struct stage *s = stage_new();
	int keep = fcntl(1, F_DUPFD_CLOEXEC, 100);
	char out[4096];
	int code;

	fflush(NULL);
	close(0);
	close(1);
	close(2);
	code = run_captured(s, "A001", s->secret, out, sizeof(out));
	/* None of the three may be ours now, and the harness wants its own. */
	EXPECT_TRUE(fcntl(0, F_GETFD) < 0 || fcntl(1, F_GETFD) < 0 ||
		    fcntl(2, F_GETFD) < 0);
	dup2(keep, 1);
	EXPECT_EQ(code, 0);
	EXPECT_HAS(out, "lost open: EACCES");
	stage_free(s);
}

TEST_TIMEOUT(A111_heap_of_1_GiB, 180)
{
	struct stage *s = stage_new();
	size_t size = (size_t)1 << 30;
	char *heap = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	ASSERT_TRUE(heap != MAP_FAILED);
	for (size_t i = 0; i < size; i += 4096)
		heap[i] = 1;
	try_from_here(s);
	munmap(heap, size);
	stage_free(s);
}

/* Each failure says which step, on what; and leaves nothing behind. */
TEST_TIMEOUT(A111_failures_leave_nothing, 120)
{
	static const char *const programs[] = { "/nonexistent/program", "/etc",
						"/etc/passwd" };
	struct stage *s = stage_new();
	sandlock_policy *p = policy(s);
	struct host before, after;
	char out[4096];

	EXPECT_EQ(run_captured(s, "A109", "", out, sizeof(out)), 0);
	before = look();
	for (int i = 0; i < 3; i++) {
		const char *argv[] = { programs[i], NULL };
		sandlock_spawn_options options = { .size = sizeof(options),
						   .argv = argv };
		sandlock_sandbox *sandbox = NULL;
		sandlock_error err = { 0 };

		EXPECT_LT(sandlock_spawn(p, &options, &sandbox, &err), 0);
		EXPECT_TRUE(sandbox == NULL);
		EXPECT_HAS(err.message, programs[i]);
		EXPECT_EQ(sandlock_error_exit_status(&err), i == 0 ? 127 : 126);
	}
	after = look();
	expect_unchanged(&before, &after);
	EXPECT_EQ(before.fds, after.fds);
	sandlock_policy_free(p);
	stage_free(s);
}

/* kill() ends everything, from another thread too. */
static void *killer(void *arg)
{
	sandlock_sandbox_kill(arg);
	return NULL;
}

TEST_TIMEOUT(A082_kill_ends_the_tree, 120)
{
	struct stage *s = stage_new();
	char token[64], line[256] = "";
	sandlock_policy *p = policy(s);
	const char *argv[] = { stage_attack(), "life", "all",
			       "stay",	       token,  NULL };
	sandlock_spawn_options options = { .size = sizeof(options),
					   .argv = argv,
					   .stdio = { SANDLOCK_STDIO_NULL,
						      SANDLOCK_STDIO_FD,
						      SANDLOCK_STDIO_NULL } };
	const sandlock_result *result = NULL;
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };
	struct run run;
	pthread_t thread;
	int fds[2];

	snprintf(token, sizeof(token), "token-%s", s->name);
	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	options.stdio_fd[1] = fds[1];
	ASSERT_EQ(sandlock_spawn(p, &options, &sandbox, &err), 0);
	close(fds[1]);
	EXPECT_TRUE(run_line(fds[0], 45, line, sizeof(line)));
	ASSERT_EQ(pthread_create(&thread, NULL, killer, sandbox), 0);
	EXPECT_EQ(sandlock_sandbox_wait(sandbox, 45000, &result, &err), 0);
	pthread_join(thread, NULL);
	/* The result means that nobody is left: no waiting for it. */
	EXPECT_EQ(count_token(token), 0);
	run_finish(0, fds[0], 45, &run);
	EXPECT_FALSE(run.stuck);
	if (result)
		EXPECT_EQ(sandlock_result_reason(result), SANDLOCK_REASON_KILLED);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(p);
	run_fini(&run);
	stage_free(s);
}
