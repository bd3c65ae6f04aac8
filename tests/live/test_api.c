/* SPDX-License-Identifier: Apache-2.0 */
/* The public interface, inline and through the supervisor process. */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static sandlock_policy *open_policy(void)
{
	sandlock_policy *policy;
	sandlock_error err = { 0 };

	ASSERT_EQ(sandlock_policy_new(&policy, &err), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", "/", "-r", &err),
		  0);
	return policy;
}

static sandlock_spawn_options piped(const char *const *argv, uint32_t flags)
{
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };

	o.stdio[0] = SANDLOCK_STDIO_NULL;
	o.stdio[1] = o.stdio[2] = SANDLOCK_STDIO_PIPE;
	o.flags = flags;
	return o;
}

/* Runs @script in /bin/sh; the sandbox is the caller's to free. */
static sandlock_sandbox *run_sh(const sandlock_policy *policy,
				const char *script, uint32_t flags,
				const sandlock_result **ret_result)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	sandlock_spawn_options o = piped(argv, flags);
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };

	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, ret_result, &err), 0);
	return sandbox;
}

static void output_and_code(uint32_t flags)
{
	sandlock_policy *policy = open_policy();
	const sandlock_result *result;
	sandlock_sandbox *sandbox = run_sh(
		policy, "echo out; echo err >&2; exit 3", flags, &result);
	size_t len;
	int cut;

	EXPECT_EQ(sandlock_result_reason(result), SANDLOCK_REASON_EXITED);
	EXPECT_EQ(sandlock_result_code(result), 3);
	EXPECT_EQ(sandlock_result_exit_status(result), 3);
	EXPECT_STREQ(sandlock_result_output(result, 1, &len, &cut), "out\n");
	EXPECT_EQ(len, 4);
	EXPECT_EQ(cut, 0);
	EXPECT_STREQ(sandlock_result_output(result, 2, NULL, NULL), "err\n");
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(inline_output_and_code)
{
	output_and_code(SANDLOCK_SPAWN_INLINE);
}

TEST(supervised_output_and_code)
{
	output_and_code(0);
	output_and_code(0); /* the same supervisor again */
}

static void big_output(uint32_t flags)
{
	sandlock_policy *policy = open_policy();
	const char *argv[] = { "/bin/sh", "-c",
			       "head -c 300000 /dev/zero; echo x >&2", NULL };
	sandlock_spawn_options o = piped(argv, flags);
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	size_t len;
	int cut;

	o.capture_limit = 100000;
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 0);
	sandlock_result_output(result, 1, &len, &cut);
	EXPECT_EQ(len, 100000);
	EXPECT_EQ(cut, 1);
	EXPECT_STREQ(sandlock_result_output(result, 2, &len, &cut), "x\n");
	EXPECT_EQ(cut, 0);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(output_beyond_the_limit_is_dropped_not_blocked)
{
	big_output(SANDLOCK_SPAWN_INLINE);
	big_output(0);
}

static void missing_program(uint32_t flags)
{
	sandlock_policy *policy = open_policy();
	const char *argv[] = { "/nonexistent/x", NULL };
	sandlock_spawn_options o = piped(argv, flags);
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };

	EXPECT_EQ(sandlock_spawn(policy, &o, &sandbox, &err), -ENOENT);
	EXPECT_EQ(err.stage, SANDLOCK_STAGE_EXEC);
	EXPECT_EQ(sandlock_error_exit_status(&err), 127);
	EXPECT_HAS(err.message, "/nonexistent/x");
	EXPECT_TRUE(sandbox == NULL);
	sandlock_policy_free(policy);
}

TEST(missing_program_is_named)
{
	missing_program(SANDLOCK_SPAWN_INLINE);
	missing_program(0);
}

/* The child's own account, not the look before: the grant is what is missing. */
static void program_not_granted(uint32_t flags)
{
	sandlock_policy *policy;
	const char *argv[] = { "/bin/sh", NULL };
	sandlock_spawn_options o = piped(argv, flags);
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	EXPECT_EQ(sandlock_spawn(policy, &o, &sandbox, &err), -EACCES);
	EXPECT_EQ(err.stage, SANDLOCK_STAGE_EXEC);
	EXPECT_EQ(sandlock_error_exit_status(&err), 126);
	EXPECT_HAS(err.message, "not granted");
	sandlock_policy_free(policy);
}

TEST(failure_in_the_child_reaches_the_caller)
{
	program_not_granted(SANDLOCK_SPAWN_INLINE);
	program_not_granted(0);
}

static void signal_and_kill(uint32_t flags)
{
	sandlock_policy *policy = open_policy();
	const char *argv[] = { "/bin/sh", "-c",
			       "trap 'exit 9' USR1; echo go; "
			       "while :; do sleep 1; done",
			       NULL };
	sandlock_spawn_options o = piped(argv, flags);
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	struct pollfd pfd = { .events = POLLIN };
	int fds[2];

	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	o.stdio[1] = SANDLOCK_STDIO_FD;
	o.stdio_fd[1] = fds[1];
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	EXPECT_GT(sandlock_sandbox_pid(sandbox), 1);
	EXPECT_EQ(sandlock_sandbox_wait(sandbox, 0, &result, NULL), -ETIMEDOUT);
	pfd.fd = fds[0];
	ASSERT_EQ(poll(&pfd, 1, 20000), 1); /* "go": the trap is set */
	EXPECT_EQ(sandlock_sandbox_signal(sandbox, SIGUSR1), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 9);
	EXPECT_EQ(sandlock_sandbox_signal(sandbox, SIGUSR1), -ESRCH);
	EXPECT_EQ(sandlock_sandbox_kill(sandbox), 0);
	sandlock_sandbox_free(sandbox);

	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	EXPECT_EQ(sandlock_sandbox_kill(sandbox), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_reason(result), SANDLOCK_REASON_KILLED);
	EXPECT_EQ(sandlock_result_signal(result), SIGKILL);
	EXPECT_EQ(sandlock_result_exit_status(result), 137);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(signals_and_kill_inline)
{
	signal_and_kill(SANDLOCK_SPAWN_INLINE);
}

TEST(signals_and_kill_supervised)
{
	signal_and_kill(0);
}

TEST(stdin_pipe_belongs_to_the_caller)
{
	sandlock_policy *policy = open_policy();
	const char *argv[] = { "/bin/cat", NULL };
	sandlock_spawn_options o = piped(argv, 0);
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	int fd;

	o.stdio[0] = SANDLOCK_STDIO_PIPE;
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	fd = sandlock_sandbox_stdin(sandbox);
	ASSERT_GE(fd, 0);
	EXPECT_EQ(sandlock_sandbox_stdin(sandbox), -EBADF);
	EXPECT_EQ(write(fd, "hello", 5), 5);
	close(fd);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_STREQ(sandlock_result_output(result, 1, NULL, NULL), "hello");
	sandlock_sandbox_free(sandbox);
	/* Never taken: closed by wait, so cat sees the end. */
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 0);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(supervised_spawn_carries_the_callers_context)
{
	sandlock_policy *policy = open_policy();
	struct rlimit limit = { 123, 200 };
	const sandlock_result *result;
	sandlock_sandbox *sandbox;

	umask(027);
	ASSERT_EQ(chdir("/usr"), 0);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	setenv("SANDLOCK_TEST_VAR", "a b", 1);
	sandbox = run_sh(policy,
			 "umask; pwd; ulimit -Sn; ulimit -Hn; "
			 "echo \"$SANDLOCK_TEST_VAR\"",
			 0, &result);
	EXPECT_STREQ(sandlock_result_output(result, 1, NULL, NULL),
		     "0027\n/usr\n123\n200\na b\n");
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(forked_host_gets_a_supervisor_of_its_own)
{
	output_and_code(0);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		output_and_code(0);
		_exit(0);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	output_and_code(0);
}

/* A language binding's finalizers run in the child of a fork as well. */
TEST(forked_child_frees_its_copy_without_harm)
{
	sandlock_policy *policy = open_policy();
	const char *argv[] = { "/bin/sh", "-c", "read line; exit 7", NULL };
	sandlock_spawn_options o = piped(argv, 0);
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	int status, in;
	pid_t pid;

	o.stdio[0] = SANDLOCK_STDIO_PIPE;
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	in = sandlock_sandbox_stdin(sandbox);
	pid = fork();
	if (pid == 0) {
		sandlock_sandbox_free(sandbox);
		_exit(0);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
	ASSERT_EQ(write(in, "go\n", 3), 3);
	close(in);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_reason(result), SANDLOCK_REASON_EXITED);
	EXPECT_EQ(sandlock_result_code(result), 7);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(host_sees_no_child)
{
	output_and_code(0);
	EXPECT_EQ(waitpid(-1, NULL, WNOHANG), -1);
	EXPECT_EQ(errno, ECHILD);
}

static void *idle(void *arg)
{
	pause();
	return arg;
}

/* attacks.md A111 */
TEST_TIMEOUT(start_from_an_awkward_host, 60)
{
	size_t size = 256u << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct sigaction act = { .sa_handler = SIG_IGN };
	sigset_t all;

	ASSERT_TRUE(memory != MAP_FAILED);
	memset(memory, 1, size);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	sigaction(SIGPIPE, &act, NULL);
	for (int i = 0; i < 200; i++) {
		pthread_t thread;

		ASSERT_EQ(pthread_create(&thread, NULL, idle, NULL), 0);
	}
	close(0);
	output_and_code(0);
	output_and_code(SANDLOCK_SPAWN_INLINE);
	close(2);
	output_and_code(0);
}

TEST(program_starts_with_default_signals)
{
	sandlock_policy *policy = open_policy();
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGUSR1, SIG_IGN);
	/* What nohup(1) and "&" ignore stays ignored. */
	signal(SIGHUP, SIG_DFL);
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	for (uint32_t flags = 0; flags < 2; flags++) {
		sandbox = run_sh(policy,
				 "grep -E 'Sig(Blk|Ign)' /proc/self/status",
				 flags, &result);
		EXPECT_STREQ(sandlock_result_output(result, 1, NULL, NULL),
			     "SigBlk:\t0000000000000000\n"
			     "SigIgn:\t0000000000000000\n");
		sandlock_sandbox_free(sandbox);
	}
	sandlock_policy_free(policy);
}

/* An end that came before the first poll must not be missed by it. */
TEST(descriptor_stays_readable_after_the_end)
{
	sandlock_policy *policy = open_policy();

	for (uint32_t flags = 0; flags < 2; flags++) {
		const sandlock_result *result;
		sandlock_sandbox *sandbox = run_sh(policy, "exit 0", flags,
						   &result);
		struct pollfd pfd = { .fd = sandlock_sandbox_fd(sandbox),
				      .events = POLLIN };

		for (int i = 0; i < 3; i++) {
			EXPECT_EQ(poll(&pfd, 1, 5000), 1);
			EXPECT_EQ(sandlock_sandbox_dispatch(sandbox, NULL), 1);
		}
		sandlock_sandbox_free(sandbox);
	}
	sandlock_policy_free(policy);
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED
#endif

/*
 * A sanitizer's own allocator and locks do not survive a fork of a threaded
 * process: the child waits for a lock of a thread that it does not have.
 */
#ifndef SANITIZED
static void *spawn_often(void *arg)
{
	const sandlock_policy *policy = arg;

	for (int i = 0; i < 20; i++) {
		const sandlock_result *result;

		sandlock_sandbox_free(run_sh(policy, "exit 0", 0, &result));
	}
	return NULL;
}

/* fork(2) while other threads are inside the library. */
TEST(fork_of_a_threaded_host)
{
	sandlock_policy *policy = open_policy();
	pthread_t threads[4];

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(pthread_create(&threads[i], NULL, spawn_often, policy),
			  0);
	for (int i = 0; i < 10; i++) {
		pid_t pid = fork();
		int status;

		if (pid == 0) {
			const sandlock_result *result;

			run_sh(policy, "exit 0", 0, &result);
			_exit(sandlock_result_code(result));
		}
		ASSERT_EQ(waitpid(pid, &status, 0), pid);
		EXPECT_EQ(status, 0);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	sandlock_policy_free(policy);
}
#endif

static int oom_score_of(const char *path)
{
	FILE *file = fopen(path, "re");
	int value = -9999;

	ASSERT_TRUE(file != NULL);
	ASSERT_EQ(fscanf(file, "%d", &value), 1);
	fclose(file);
	return value;
}

TEST(only_the_tree_is_put_before_the_oom_killer)
{
	sandlock_policy *policy = open_policy();
	int before = oom_score_of("/proc/self/oom_score_adj");
	const char *argv[] = { "/bin/sleep", "100", NULL };
	sandlock_spawn_options o = piped(argv, SANDLOCK_SPAWN_INLINE);
	sandlock_sandbox *sandbox;
	char path[64];

	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj",
		 (int)sandlock_sandbox_pid(sandbox));
	EXPECT_EQ(oom_score_of(path), before + 500);
	EXPECT_EQ(oom_score_of("/proc/self/oom_score_adj"), before);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

/* Descriptors that the library opens must not be taken for closed streams. */
TEST(closed_streams_are_not_filled_with_ours)
{
	sandlock_policy *policy = open_policy();
	const char *argv[] = { "/bin/sh", "-c",
			       "for i in 0 1; do readlink /proc/self/fd/$i >&2"
			       " || echo closed >&2; done",
			       NULL };

	close(0);
	close(1);
	for (uint32_t flags = 0; flags < 2; flags++) {
		sandlock_spawn_options o = piped(argv, flags);
		const sandlock_result *result;
		sandlock_sandbox *sandbox;
		const char *said;

		o.stdio[0] = o.stdio[1] = SANDLOCK_STDIO_INHERIT;
		ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
		ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL),
			  0);
		said = sandlock_result_output(result, 2, NULL, NULL);
		EXPECT_TRUE(strstr(said, "anon_inode") == NULL);
		EXPECT_TRUE(strstr(said, "socket") == NULL);
		sandlock_sandbox_free(sandbox);
	}
	sandlock_policy_free(policy);
}

TEST(command_is_found_from_a_relative_cwd)
{
	sandlock_policy *policy = open_policy();
	const char *argv[] = { "./sh", "-c", "pwd", NULL };
	const sandlock_result *result;
	sandlock_sandbox *sandbox;

	ASSERT_EQ(chdir("/usr"), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "program.cwd", "bin", NULL, NULL),
		  0);
	for (uint32_t flags = 0; flags < 2; flags++) {
		sandlock_spawn_options o = piped(argv, flags);

		ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
		ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL),
			  0);
		EXPECT_STREQ(sandlock_result_output(result, 1, NULL, NULL),
			     "/usr/bin\n");
		sandlock_sandbox_free(sandbox);
	}
	sandlock_policy_free(policy);
}

/* Or it could join a group outside and have the kernel stop that. */
TEST(without_a_terminal_there_is_no_common_session)
{
	sandlock_policy *policy = open_policy();

	for (uint32_t flags = 0; flags < 2; flags++) {
		const sandlock_result *result;
		sandlock_sandbox *sandbox;
		const char *text;

		sandbox = run_sh(policy, "cut -d' ' -f6 /proc/self/stat", flags,
				 &result);
		text = sandlock_result_output(result, 1, NULL, NULL);
		EXPECT_GT(strtol(text, NULL, 10), 0);
		EXPECT_NE(strtol(text, NULL, 10), getsid(0));
		sandlock_sandbox_free(sandbox);
	}
	sandlock_policy_free(policy);
}

TEST(an_error_is_of_the_last_call)
{
	sandlock_policy *policy = open_policy();
	sandlock_error err;

	memset(&err, 0x55, sizeof(err)); /* never initialised */
	EXPECT_EQ(sandlock_policy_set(policy, "no.key", "1", NULL, &err),
		  -EINVAL);
	EXPECT_HAS(err.message, "no.key");
	EXPECT_EQ(sandlock_policy_set(policy, "limits.timeout", "x", NULL, &err),
		  -EINVAL);
	EXPECT_HAS(err.message, "limits.timeout");
	sandlock_policy_free(policy);
}

TEST(misuse_is_an_error)
{
	sandlock_policy *policy = open_policy();
	const char *empty[] = { NULL };
	sandlock_spawn_options o = piped(empty, 0);
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };

	EXPECT_EQ(sandlock_spawn(policy, &o, &sandbox, &err), -EINVAL);
	EXPECT_HAS(err.message, "no command");
	o.size = 0;
	EXPECT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), -EINVAL);
	EXPECT_EQ(sandlock_spawn(NULL, &o, &sandbox, NULL), -EINVAL);
	EXPECT_EQ(sandlock_spawn(policy, NULL, &sandbox, NULL), -EINVAL);
	sandlock_sandbox_free(NULL);
	sandlock_policy_free(NULL);
	sandlock_policy_free(policy);
}
