/* SPDX-License-Identifier: Apache-2.0 */
/* What one run may ask for beyond its policy, inline and supervised. */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>

static sandlock_policy *open_policy(void)
{
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", "/", NULL, NULL),
		  0);
	return policy;
}

/* Once with each kind of supervisor. */
static void both(void (*fn)(sandlock_policy *policy, uint32_t flags))
{
	for (uint32_t flags = 0; flags <= SANDLOCK_SPAWN_INLINE; flags++) {
		sandlock_policy *policy = open_policy();

		fn(policy, flags);
		sandlock_policy_free(policy);
	}
}

static sandlock_sandbox *start(const sandlock_policy *policy,
			       const sandlock_spawn_options *options)
{
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };

	if (sandlock_spawn(policy, options, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	return sandbox;
}

static const sandlock_result *finish(sandlock_sandbox *sandbox)
{
	const sandlock_result *result = NULL;

	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	return result;
}

/* ------------------------------------------------ streams */

static void expect_line(int fd, const char *line)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	char text[64] = "";

	ASSERT_EQ(poll(&pfd, 1, 20000), 1);
	ASSERT_EQ(read(fd, text, strlen(line)), (long long)strlen(line));
	EXPECT_STREQ(text, line);
}

static void talk(sandlock_policy *policy, uint32_t flags)
{
	const char *argv[] = { "/bin/sh", "-c",
			       "while read x; do echo $x; echo $x$x >&2; done; "
			       "exit 5",
			       NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	sandlock_sandbox *sandbox;
	int in, out, err_fd;
	char byte;

	o.stdio[0] = o.stdio[1] = o.stdio[2] = SANDLOCK_STDIO_STREAM;
	sandbox = start(policy, &o);
	in = sandlock_sandbox_stream(sandbox, 0);
	out = sandlock_sandbox_stream(sandbox, 1);
	err_fd = sandlock_sandbox_stream(sandbox, 2);
	ASSERT_TRUE(in >= 0 && out >= 0 && err_fd >= 0);
	EXPECT_TRUE(fcntl(out, F_GETFD) & FD_CLOEXEC);
	EXPECT_EQ(sandlock_sandbox_stream(sandbox, 1), -EBADF);
	EXPECT_EQ(sandlock_sandbox_stdin(sandbox), -EBADF);
	EXPECT_EQ(sandlock_sandbox_stream(sandbox, 3), -EINVAL);
	EXPECT_EQ(sandlock_sandbox_stream(sandbox, -1), -EINVAL);
	/* Answers come while it runs. */
	ASSERT_EQ(write(in, "a\n", 2), 2);
	expect_line(out, "a\n");
	expect_line(err_fd, "aa\n");
	ASSERT_EQ(write(in, "b\n", 2), 2);
	expect_line(out, "b\n");
	EXPECT_EQ(sandlock_sandbox_wait(sandbox, 0, NULL, NULL), -ETIMEDOUT);
	close(in);
	EXPECT_EQ(read(out, &byte, 1), 0);
	EXPECT_EQ(sandlock_result_code(finish(sandbox)), 5);
	EXPECT_STREQ(sandlock_result_output(finish(sandbox), 1, NULL, NULL), "");
	sandlock_sandbox_free(sandbox);
	expect_line(err_fd, "bb\n"); /* outlives the sandbox */
	close(out);
	close(err_fd);
}

TEST(streams_are_the_callers_while_it_runs)
{
	both(talk);
}

static void nobody_listens(sandlock_policy *policy, uint32_t flags)
{
	const char *argv[] = { "/bin/sh", "-c",
			       "cat; while echo x; do :; done 2>&-", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	sandlock_sandbox *sandbox;

	o.stdio[0] = o.stdio[1] = SANDLOCK_STDIO_STREAM;
	sandbox = start(policy, &o);
	finish(sandbox); /* neither side waits for ever */
	EXPECT_EQ(sandlock_sandbox_stream(sandbox, 1), -EBADF);
	sandlock_sandbox_free(sandbox);
}

TEST(streams_that_nobody_takes_are_closed)
{
	both(nobody_listens);
}

static void piped_is_no_stream(sandlock_policy *policy, uint32_t flags)
{
	const char *argv[] = { "/bin/echo", "kept", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	sandlock_sandbox *sandbox;

	o.stdio[1] = SANDLOCK_STDIO_PIPE;
	sandbox = start(policy, &o);
	EXPECT_EQ(sandlock_sandbox_stream(sandbox, 1), -EBADF);
	EXPECT_EQ(sandlock_sandbox_stream(sandbox, 2), -EBADF);
	EXPECT_STREQ(sandlock_result_output(finish(sandbox), 1, NULL, NULL),
		     "kept\n");
	sandlock_sandbox_free(sandbox);
}

TEST(what_is_captured_is_not_handed_out)
{
	both(piped_is_no_stream);
}

/* ------------------------------------------------ directory and time */

static void own_directory(sandlock_policy *policy, uint32_t flags)
{
	const char *argv[] = { "/bin/pwd", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	sandlock_error err = { 0 };
	sandlock_sandbox *sandbox;

	ASSERT_EQ(sandlock_policy_set(policy, "program.cwd", "/etc", NULL, NULL),
		  0);
	o.stdio[1] = SANDLOCK_STDIO_PIPE;
	o.cwd = "/usr";
	sandbox = start(policy, &o);
	EXPECT_STREQ(sandlock_result_output(finish(sandbox), 1, NULL, NULL),
		     "/usr\n");
	sandlock_sandbox_free(sandbox);
	o.cwd = NULL;
	sandbox = start(policy, &o);
	EXPECT_STREQ(sandlock_result_output(finish(sandbox), 1, NULL, NULL),
		     "/etc\n");
	sandlock_sandbox_free(sandbox);
	o.cwd = "/nonexistent/x";
	EXPECT_EQ(sandlock_spawn(policy, &o, &sandbox, &err), -ENOENT);
	EXPECT_HAS(err.message, "options.cwd");
	EXPECT_HAS(err.message, "/nonexistent/x");
}

TEST(a_run_may_have_a_directory_of_its_own)
{
	both(own_directory);
}

static int reason_with(const sandlock_policy *policy, uint32_t flags,
		       const char *seconds, uint64_t timeout_ns)
{
	const char *argv[] = { "/bin/sleep", seconds, NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags,
				     .timeout_ns = timeout_ns };
	sandlock_sandbox *sandbox = start(policy, &o);
	int reason = sandlock_result_reason(finish(sandbox));

	sandlock_sandbox_free(sandbox);
	return reason;
}

static void own_time(sandlock_policy *policy, uint32_t flags)
{
	EXPECT_EQ(reason_with(policy, flags, "60", 1000000),
		  SANDLOCK_REASON_TIMEOUT);
	EXPECT_EQ(reason_with(policy, flags, "0", UINT64_MAX),
		  SANDLOCK_REASON_EXITED);
	/* The policy's limit can only be shortened. */
	ASSERT_EQ(sandlock_policy_set(policy, "limits.timeout", "1ms", NULL, NULL),
		  0);
	EXPECT_EQ(reason_with(policy, flags, "60", UINT64_MAX),
		  SANDLOCK_REASON_TIMEOUT);
	ASSERT_EQ(sandlock_policy_set(policy, "limits.timeout", "1h", NULL, NULL),
		  0);
	EXPECT_EQ(reason_with(policy, flags, "60", 1000000),
		  SANDLOCK_REASON_TIMEOUT);
}

TEST(a_run_may_end_sooner_than_its_policy_says)
{
	both(own_time);
}

static void own_environment(sandlock_policy *policy, uint32_t flags)
{
	const char *argv[] = { "/usr/bin/env", NULL };
	const char *envp[] = { "ONLY=this", NULL };
	sandlock_spawn_options o = {
		.size = sizeof(o), .argv = argv, .envp = envp, .flags = flags
	};
	sandlock_sandbox *sandbox;

	o.stdio[1] = SANDLOCK_STDIO_PIPE;
	sandbox = start(policy, &o);
	EXPECT_STREQ(sandlock_result_output(finish(sandbox), 1, NULL, NULL),
		     "ONLY=this\n");
	sandlock_sandbox_free(sandbox);
}

TEST(a_run_may_have_an_environment_of_its_own)
{
	both(own_environment);
}

/* ------------------------------------------------ misuse */

static int refusal(const sandlock_policy *policy,
		   const sandlock_spawn_options *options, sandlock_error *err)
{
	sandlock_sandbox *untouched = (sandlock_sandbox *)err, *out = untouched;
	int r = sandlock_spawn(policy, options, &out, err);

	EXPECT_TRUE(out == untouched);
	return r;
}

TEST(options_are_checked_before_anything_starts)
{
	const char *argv[] = { "/bin/true", NULL };
	const sandlock_spawn_options good = { .size = sizeof(good), .argv = argv };
	sandlock_policy *policy = open_policy();
	sandlock_spawn_options o = good;
	sandlock_error err = { 0 };

	o.size = offsetof(sandlock_spawn_options, flags) - 1;
	EXPECT_EQ(refusal(policy, &o, &err), -EINVAL);
	EXPECT_HAS(err.message, "size");
	o = good;
	o.size = (size_t)-1; /* never set: not even looked at that far */
	EXPECT_EQ(refusal(policy, &o, &err), -E2BIG);
	EXPECT_HAS(err.message, "size");
	o = good;
	o.flags = 1u << 31;
	EXPECT_EQ(refusal(policy, &o, &err), -EINVAL);
	EXPECT_HAS(err.message, "flags");
	o = good;
	o.reserved = 1;
	EXPECT_EQ(refusal(policy, &o, &err), -EINVAL);
	EXPECT_HAS(err.message, "reserved");
	o = good;
	o.stdio[2] = SANDLOCK_STDIO_STREAM + 1;
	EXPECT_EQ(refusal(policy, &o, &err), -EINVAL);
	EXPECT_HAS(err.message, "stdio");
	o = good;
	o.stdio[1] = SANDLOCK_STDIO_FD;
	o.stdio_fd[1] = 9999;
	EXPECT_EQ(refusal(policy, &o, &err), -EBADF);
	EXPECT_HAS(err.message, "stdout");
	o = good;
	o.flags = SANDLOCK_SPAWN_FOREGROUND;
	EXPECT_LT(refusal(policy, &o, &err), 0);
	EXPECT_EQ(sandlock_spawn(policy, &good, NULL, &err), -EINVAL);
	sandlock_policy_free(policy);
}

TEST(exec_leaves_nobody_to_keep_time)
{
	const char *argv[] = { "/bin/true", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .timeout_ns = 1 };
	sandlock_policy *policy = open_policy();
	sandlock_error err = { 0 };

	EXPECT_EQ(sandlock_exec(policy, &o, &err), -EINVAL);
	EXPECT_HAS(err.message, "timeout_ns");
	sandlock_policy_free(policy);
}

/* ------------------------------------------------ older and newer callers */

static void older_and_newer(sandlock_policy *policy, uint32_t flags)
{
	const char *argv[] = { "/bin/true", NULL };
	struct {
		sandlock_spawn_options known;
		uint64_t later[4];
	} o = { .known = { .argv = argv, .flags = flags } };
	sandlock_error err = { 0 };
	sandlock_sandbox *sandbox;

	/* Before cwd and timeout_ns: what lies there is not the library's. */
	o.known.size = offsetof(sandlock_spawn_options, cwd);
	o.known.cwd = "/nonexistent/x";
	sandbox = start(policy, &o.known);
	EXPECT_EQ(sandlock_result_code(finish(sandbox)), 0);
	sandlock_sandbox_free(sandbox);
	/* A newer one that asks for nothing new. */
	o.known.size = sizeof(o);
	o.known.cwd = NULL;
	sandbox = start(policy, &o.known);
	EXPECT_EQ(sandlock_result_code(finish(sandbox)), 0);
	sandlock_sandbox_free(sandbox);
	/* And one that does. */
	o.later[3] = 1;
	EXPECT_EQ(refusal(policy, &o.known, &err), -E2BIG);
	EXPECT_HAS(err.message, SANDLOCK_VERSION_STRING);
}

TEST(older_and_newer_callers_are_understood)
{
	both(older_and_newer);
}
