/* SPDX-License-Identifier: Apache-2.0 */
/* The life of one sandbox at the level of run/: start, states, end. */
#include "harness/harness.h"
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct sl_launch launch_of(const char *const *argv)
{
	struct sl_launch launch = { .flags = SL_LAUNCH_UNCONFINED,
				    .path = argv[0],
				    .argv = argv,
				    .envp = (const char *const *)environ };

	for (int i = 0; i < SL_FD_COUNT; i++)
		launch.fds[i] = -1;
	return launch;
}

static enum sl_run_state until(struct sl_run *run, enum sl_run_state at_least)
{
	for (;;) {
		enum sl_run_state state = sl_run_dispatch(run);
		struct pollfd pfd = { .fd = sl_run_fd(run), .events = POLLIN };

		if (state >= at_least)
			return state;
		ASSERT_EQ(poll(&pfd, 1, 10000), 1);
	}
}

TEST(exit_code_arrives)
{
	const char *argv[] = { "/bin/sh", "-c", "exit 7", NULL };
	struct sl_launch launch = launch_of(argv);
	struct sl_outcome out;
	struct sl_run *run;

	ASSERT_EQ(sl_run_start(&launch, &run, NULL), 0);
	EXPECT_EQ(until(run, SL_RUN_FAILED), SL_RUN_OVER);
	sl_run_outcome(run, &out);
	EXPECT_EQ(out.reason, SL_REASON_EXITED);
	EXPECT_EQ(out.code, 7);
	sl_run_free(run);
}

TEST(fork_path_works)
{
	const char *argv[] = { "/bin/sh", "-c", "exit 7", NULL };
	struct sl_launch launch = launch_of(argv);
	struct sl_outcome out;
	struct sl_run *run;

	launch.flags |= SL_LAUNCH_FORK | SL_LAUNCH_NO_THP;
	ASSERT_EQ(sl_run_start(&launch, &run, NULL), 0);
	EXPECT_EQ(until(run, SL_RUN_FAILED), SL_RUN_OVER);
	sl_run_outcome(run, &out);
	EXPECT_EQ(out.code, 7);
	sl_run_free(run);
}

TEST(exec_failure_names_the_program)
{
	const char *argv[] = { "/nonexistent/program", NULL };
	struct sl_launch launch = launch_of(argv);
	struct sl_error err = { 0 };
	struct sl_run *run;

	ASSERT_EQ(sl_run_start(&launch, &run, NULL), 0);
	EXPECT_EQ(until(run, SL_RUN_FAILED), SL_RUN_FAILED);
	EXPECT_EQ(sl_report_explain(sl_run_report(run), &launch, &err), -ENOENT);
	EXPECT_EQ(err.stage, SL_STAGE_EXEC);
	EXPECT_HAS(err.msg, "/nonexistent/program");
	sl_run_free(run);
}

TEST(timeout_ends_the_tree)
{
	const char *argv[] = { "/bin/sh", "-c", "sleep 100 & sleep 100", NULL };
	struct sl_launch launch = launch_of(argv);
	struct sl_outcome out;
	struct sl_run *run;

	launch.timeout_ns = 50000000;
	ASSERT_EQ(sl_run_start(&launch, &run, NULL), 0);
	EXPECT_EQ(until(run, SL_RUN_FAILED), SL_RUN_OVER);
	sl_run_outcome(run, &out);
	EXPECT_EQ(out.reason, SL_REASON_TIMEOUT);
	sl_run_free(run);
}

TEST(kill_ends_it_and_daemons_do_not_outlive_it)
{
	const char *argv[] = {
		"/bin/sh", "-c",
		"exec 9>&1; setsid sh -c 'sleep 100 &' & sleep 100", NULL
	};
	struct sl_launch launch = launch_of(argv);
	struct sl_outcome out;
	struct sl_run *run;
	int fds[2];
	struct pollfd pfd;

	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	launch.fds[SL_FD_STDOUT] = fds[1];
	ASSERT_EQ(sl_run_start(&launch, &run, NULL), 0);
	ASSERT_EQ(until(run, SL_RUN_RUNNING), SL_RUN_RUNNING);
	close(fds[1]);
	sl_run_kill(run);
	EXPECT_EQ(until(run, SL_RUN_FAILED), SL_RUN_OVER);
	sl_run_outcome(run, &out);
	EXPECT_EQ(out.reason, SL_REASON_KILLED);
	pfd = (struct pollfd){ .fd = fds[0], .events = POLLIN };
	EXPECT_EQ(poll(&pfd, 1, 0), 1); /* EOF: nobody holds the pipe */
	EXPECT_TRUE(pfd.revents & POLLHUP);
	EXPECT_EQ(sl_run_signal(run, SIGTERM), -ESRCH);
	sl_run_free(run);
}
