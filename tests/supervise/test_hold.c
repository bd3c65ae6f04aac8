/* SPDX-License-Identifier: Apache-2.0 */
/* Holding threads: what gets them going again, and what must not hang. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/hold.h"
#include "supervise/proc.h"

static struct sl_hold hold = SL_HOLD_INIT;
static int go[2], tids[2];

static char state_of(pid_t pid, pid_t tid)
{
	struct sl_proc_stat stat;

	return sl_proc_stat(pid, tid, &stat) < 0 ? '-' : stat.state;
}

/* For as long as it takes; the harness has a deadline. */
static void await_state(pid_t pid, pid_t tid, char state)
{
	while (state_of(pid, tid) != state)
		poll(NULL, 0, 1);
}

static void *spin(void *arg)
{
	pid_t tid = gettid();

	if (arg && write(tids[1], &tid, sizeof(tid)) != sizeof(tid))
		_exit(1);
	for (;;)
		;
	return arg;
}

static void *execute(void *arg)
{
	char byte;

	if (read(go[0], &byte, 1) == 1)
		execl("/bin/sleep", "sleep", "1000", (char *)NULL);
	_exit(1);
	return arg;
}

/* One spins, the other waits for a byte, then executes: the first, or not. */
static pid_t start(pid_t *ret_spins, bool first)
{
	pthread_t thread;
	pid_t pid;

	ASSERT_EQ(pipe2(go, O_CLOEXEC), 0);
	ASSERT_EQ(pipe2(tids, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		pthread_create(&thread, NULL, first ? spin : execute, tids);
		if (first)
			execute(NULL);
		spin(tids);
	}
	ASSERT_EQ(read(tids[0], ret_spins, sizeof(*ret_spins)),
		  sizeof(*ret_spins));
	return pid;
}

static pid_t two_threads(pid_t *ret_second)
{
	return start(ret_second, true);
}

static void end(pid_t pid)
{
	kill(pid, SIGKILL);
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

TEST(a_thread_is_held_and_let_go)
{
	pid_t tid, pid = two_threads(&tid);

	EXPECT_EQ(sl_hold_possible(), 0);
	ASSERT_EQ(sl_hold_seize(&hold, tid), 0);
	ASSERT_EQ(sl_hold_seize(&hold, tid), 0);
	await_state(pid, tid, 't');
	/* No signal but one gets it going. */
	kill(pid, SIGCONT);
	sl_hold_collect(&hold);
	EXPECT_EQ(state_of(pid, tid), 't');
	EXPECT_EQ(state_of(pid, pid), 'S');
	while (!sl_hold_release(&hold))
		poll(NULL, 0, 1);
	await_state(pid, tid, 'R');
	end(pid);
	sl_hold_fini(&hold);
}

/* A stop that comes meanwhile is that of the program. */
TEST(a_stop_of_its_own_stays)
{
	pid_t tid, pid = two_threads(&tid);

	ASSERT_EQ(sl_hold_seize(&hold, tid), 0);
	await_state(pid, tid, 't');
	kill(pid, SIGSTOP);
	await_state(pid, pid, 'T');
	while (!sl_hold_release(&hold))
		poll(NULL, 0, 1);
	await_state(pid, tid, 'T');
	EXPECT_EQ(state_of(pid, pid), 'T');
	kill(pid, SIGCONT);
	await_state(pid, tid, 'R');
	end(pid);
	sl_hold_fini(&hold);
}

TEST(what_is_gone_is_dropped)
{
	pid_t tid, pid = two_threads(&tid);

	ASSERT_EQ(sl_hold_seize(&hold, tid), 0);
	await_state(pid, tid, 't');
	kill(pid, SIGKILL);
	while (!sl_hold_release(&hold))
		poll(NULL, 0, 1);
	EXPECT_EQ(sl_hold_seize(&hold, tid), -ESRCH);
	EXPECT_EQ(hold.count, 0);
	end(pid);
	sl_hold_fini(&hold);
}

static void never(void *arg)
{
	(void)arg;
	_exit(1);
}

static void *watch(void *arg)
{
	sl_hold_watch(arg);
	return NULL;
}

/* It waits for the end of a thread that we hold, and we for its exec. */
TEST_TIMEOUT(an_exec_and_its_holder_do_not_wait_for_each_other, 20)
{
	pid_t tid, pid = two_threads(&tid);
	pthread_t thread;

	hold.hangs = never;
	ASSERT_EQ(sl_hold_seize(&hold, tid), 0);
	await_state(pid, tid, 't');
	sl_hold_collect(&hold);
	ASSERT_EQ(write(go[1], "x", 1), 1);
	await_state(pid, pid, 'D');
	sl_hold_begin(&hold);
	ASSERT_EQ(pthread_create(&thread, NULL, watch, &hold), 0);
	EXPECT_EQ(sl_hold_seize(&hold, pid), 0);
	sl_hold_end(&hold);
	pthread_join(thread, NULL);
	while (!sl_hold_release(&hold))
		poll(NULL, 0, 1);
	await_state(pid, pid, 'S');
	end(pid);
	sl_hold_fini(&hold);
}

/* Who executes has the number of the first thread then, which was held. */
TEST_TIMEOUT(a_number_that_was_held_is_no_hold, 20)
{
	pid_t tid, pid = start(&tid, false);

	ASSERT_EQ(tid, pid);
	ASSERT_EQ(sl_hold_seize(&hold, pid), 0);
	await_state(pid, pid, 't');
	sl_hold_collect(&hold);
	ASSERT_EQ(write(go[1], "x", 1), 1);
	await_state(pid, pid, 'S');
	EXPECT_EQ(sl_hold_seize(&hold, pid), 0);
	await_state(pid, pid, 't');
	while (!sl_hold_release(&hold))
		poll(NULL, 0, 1);
	await_state(pid, pid, 'S');
	end(pid);
	sl_hold_fini(&hold);
}
