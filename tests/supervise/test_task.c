/* SPDX-License-Identifier: Apache-2.0 */
/* Limits, priority and scheduling: one's own as bare, the keepers' never. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/handlers.h"
#include "sys/raw.h"
#include "sys/uapi.h"
#include "sys/uapi_task.h"

static const struct rlimit64 limit = { 77, 88 };
static const struct rlimit64 wrong = { 88, 77 };
static struct rlimit64 old;
static const struct sched_param normal, strange = { 5 };
static const unsigned long cores[16] = { ~0ul };
static struct sl_sched_attr attr = { .size = 48 }, attr_old = { .size = 0 },
			    attr_small = { .size = 40 },
			    attr_util = { .size = 56, .util_min = 5 };
static struct {
	struct sl_sched_attr known;
	char more[64];
} attr_long = { .known = { .size = 100 } },
  attr_new = { .known = { .size = 100 }, .more = { [20] = 1 } };

#define BAD 8

struct task_call {
	const char *text;
	long nr;
	struct sl_answer (*handler)(struct sl_call *);
	int pid; /* argument that is the number */
	long args[6];
};

#define CALL(name, pid_arg, ...)                                          \
	{                                                                 \
#name " " #__VA_ARGS__, SYS_##name, sl_h_##name, pid_arg, \
		{                                                         \
			__VA_ARGS__                                       \
		}                                                         \
	}

#define PID 0

static const struct task_call calls[] = {
	CALL(prlimit64, 0, PID, RLIMIT_CORE, ADDR(&limit), 0),
	CALL(prlimit64, 0, PID, RLIMIT_CORE, ADDR(&limit), ADDR(&old)),
	CALL(prlimit64, 0, PID, RLIMIT_CORE, ADDR(&limit), BAD),
	CALL(prlimit64, 0, PID, RLIMIT_CORE, ADDR(&wrong), 0),
	CALL(prlimit64, 0, PID, RLIMIT_CORE, BAD, 0),
	CALL(prlimit64, 0, PID, 99, ADDR(&limit), 0),
	CALL(setpriority, 1, PRIO_PROCESS, PID, 3),
	CALL(setpriority, 1, 7, PID, 3),
	CALL(setpriority, 1, -1, PID, 3),
	CALL(ioprio_set, 1, 1, PID, 2 << 13 | 4),
	CALL(ioprio_set, 1, 9, PID, 2 << 13 | 4),
	CALL(sched_setaffinity, 0, PID, 128, ADDR(cores)),
	CALL(sched_setaffinity, 0, PID, 8, ADDR(cores)),
	CALL(sched_setaffinity, 0, PID, 1 << 20, ADDR(cores)),
	CALL(sched_setaffinity, 0, PID, 0, ADDR(cores)),
	CALL(sched_setaffinity, 0, PID, 128, BAD),
	CALL(sched_setaffinity, 0, PID, 128 | (1l << 32), ADDR(cores)),
	CALL(sched_setscheduler, 0, PID, SCHED_BATCH, ADDR(&normal)),
	CALL(sched_setscheduler, 0, PID, SCHED_OTHER, ADDR(&strange)),
	CALL(sched_setscheduler, 0, PID, -1, ADDR(&normal)),
	CALL(sched_setscheduler, 0, PID, 99, ADDR(&normal)),
	CALL(sched_setscheduler, 0, PID, SCHED_OTHER, 0),
	CALL(sched_setscheduler, 0, PID, SCHED_OTHER, BAD),
	CALL(sched_setparam, 0, PID, ADDR(&normal)),
	CALL(sched_setparam, 0, PID, ADDR(&strange)),
	CALL(sched_setparam, 0, PID, 0),
	CALL(sched_setparam, 0, PID, BAD),
	CALL(sched_setattr, 0, PID, ADDR(&attr), 0),
	CALL(sched_setattr, 0, PID, ADDR(&attr_old), 0),
	CALL(sched_setattr, 0, PID, ADDR(&attr_small), 0),
	CALL(sched_setattr, 0, PID, ADDR(&attr_util), 0),
	CALL(sched_setattr, 0, PID, ADDR(&attr_long), 0),
	CALL(sched_setattr, 0, PID, ADDR(&attr_new), 0),
	CALL(sched_setattr, 0, PID, ADDR(&attr), 1),
	CALL(sched_setattr, 0, PID, 0, 0),
	CALL(sched_setattr, 0, PID, BAD, 0),
};

#define CALLS (sizeof(calls) / sizeof(calls[0]))

static const long *with_pid(const struct task_call *call, pid_t pid, long *args)
{
	memcpy(args, call->args, sizeof(call->args));
	args[call->pid] = pid;
	return args;
}

/* A size that is refused is replaced in the caller's memory. */
static long put_sizes(struct shared *shared)
{
	(void)shared;
	attr_small.size = 40;
	attr_new.known.size = 100;
	return 0;
}

static long judged(struct caller *caller, const struct task_call *call, pid_t pid)
{
	long args[6];

	caller_run(caller, put_sizes);
	return caller_judged(caller, call->handler, with_pid(call, pid, args));
}

static void compare(struct caller *caller, pid_t pid)
{
	long args[6];

	for (size_t i = 0; i < CALLS; i++) {
		long bare, ours;

		caller_run(caller, put_sizes);
		bare = caller_bare(caller, calls[i].nr,
				   with_pid(&calls[i], pid, args));
		ours = judged(caller, &calls[i], pid);
		if (bare != ours)
			th_fail(__FILE__, __LINE__, "%s of %d: %ld, bare %ld",
				calls[i].text, (int)pid, ours, bare);
	}
}

/* Never done, whatever the arguments: no 0, and the arguments' own errors. */
static void expect_untouched(struct caller *caller, pid_t pid)
{
	struct rlimit64 before, after;
	int nice = getpriority(PRIO_PROCESS, (id_t)pid);

	sl_raw4(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &before);
	for (size_t i = 0; i < CALLS; i++) {
		long r = judged(caller, &calls[i], pid);

		if (r >= 0 || r == -ESRCH)
			th_fail(__FILE__, __LINE__, "%s of %d: %ld",
				calls[i].text, (int)pid, r);
	}
	EXPECT_EQ(judged(caller, &calls[0], pid), -EPERM);
	sl_raw4(SYS_prlimit64, pid, RLIMIT_CORE, NULL, &after);
	EXPECT_EQ(memcmp(&before, &after, sizeof(after)), 0);
	EXPECT_EQ(getpriority(PRIO_PROCESS, (id_t)pid), nice);
}

static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static long get_old(struct shared *shared)
{
	(void)shared;
	return (long)old.rlim_max;
}

static long get_size(struct shared *shared)
{
	(void)shared;
	return attr_new.known.size;
}

TEST(ones_own_as_bare)
{
	struct caller caller;

	caller_start(&caller, NULL);
	compare(&caller, caller.pid);
	EXPECT_EQ(caller_run(&caller, get_old), 88);
	judged(&caller, &calls[CALLS - 4], caller.pid);
	EXPECT_EQ(caller_run(&caller, get_size), 56);
	compare(&caller, -1);
	compare(&caller, 999999999);
	caller_end(&caller);
}

static pthread_barrier_t barrier;
static pid_t thread_tid;

static void *wait_there(void *arg)
{
	(void)arg;
	thread_tid = gettid();
	pthread_barrier_wait(&barrier);
	for (;;)
		pause();
	return NULL;
}

static pid_t make_thread(void)
{
	pthread_t thread;

	pthread_barrier_init(&barrier, NULL, 2);
	pthread_create(&thread, NULL, wait_there, NULL);
	pthread_barrier_wait(&barrier);
	return thread_tid;
}

static long make_thread_there(struct shared *shared)
{
	(void)shared;
	return make_thread();
}

/* 1: the kernel is to run it. */
static long join(struct caller *caller, pid_t group)
{
	struct sl_answer answer;

	caller_trap(caller, ARGS(0, group | 1l << 32));
	answer = sl_h_setpgid(&caller->call);
	caller_answer(caller, sl_answer(0));
	return answer.kind == SL_ANSWER_RUN ? 1 : -answer.error;
}

static pid_t leader(void)
{
	pid_t pid = sleeper();

	ASSERT_EQ(setpgid(pid, pid), 0);
	return pid;
}

TEST(without_a_scope_no_group_of_keepers)
{
	struct caller caller;

	caller_start(&caller, NULL);
	caller.judge.guardian_pid = leader();
	EXPECT_EQ(join(&caller, getpgrp()), -EPERM);
	EXPECT_EQ(join(&caller, caller.judge.guardian_pid), -EPERM);
	EXPECT_EQ(join(&caller, 1), -EPERM);
	EXPECT_EQ(join(&caller, -1), -EINVAL);
	/* The harness ends its own group alone. */
	kill(caller.judge.guardian_pid, SIGKILL);
	caller_end(&caller);
}

TEST(without_a_scope_only_ones_own_process)
{
	struct caller caller;
	pid_t other = sleeper(), guardian = sleeper();

	caller_start(&caller, NULL);
	caller.judge.guardian_pid = guardian;
	expect_untouched(&caller, getpid());
	expect_untouched(&caller, make_thread());
	expect_untouched(&caller, guardian);
	expect_untouched(&caller, other);
	compare(&caller, (pid_t)caller_run(&caller, make_thread_there));
	caller_end(&caller);
}

/* The scope of the border: what is made from here on is inside, as we are. */
static void enter_scope(void)
{
	struct sl_ll_ruleset_attr scope = { .scoped = SL_LL_SCOPE_SIGNAL };
	long set = sl_raw3(SL_NR_landlock_create_ruleset, &scope, sizeof(scope),
			   0);

	if (set < 0)
		SKIP("Landlock signal scope (ABI 6)");
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ASSERT_EQ(sl_raw2(SL_NR_landlock_restrict_self, set, 0), 0);
	close((int)set);
}

static long fork_there(struct shared *shared)
{
	(void)shared;
	return sleeper();
}

TEST(the_scope_tells_who_is_inside)
{
	struct caller caller;
	pid_t outside = sleeper(), guardian, child, thread;

	enter_scope();
	guardian = sleeper();
	caller_start(&caller, NULL);
	caller.judge.scoped = true;
	caller.judge.guardian_pid = guardian;
	child = (pid_t)caller_run(&caller, fork_there);
	thread = (pid_t)caller_run(&caller, make_thread_there);
	expect_untouched(&caller, getpid());
	expect_untouched(&caller, make_thread());
	expect_untouched(&caller, guardian);
	expect_untouched(&caller, outside);
	compare(&caller, child);
	compare(&caller, thread);
	compare(&caller, caller.pid);
	kill(child, SIGKILL);
	caller_end(&caller);
}

static long fork_group(struct shared *shared)
{
	(void)shared;
	return leader();
}

TEST(the_scope_tells_whose_group_it_is)
{
	struct caller caller;
	/* The harness is outside; so is one that leads no group yet. */
	pid_t outside = getpgid(getppid()), single = sleeper(), group, child;

	enter_scope();
	caller_start(&caller, NULL);
	caller.judge.scoped = true;
	caller.judge.guardian_pid = leader();
	group = (pid_t)caller_run(&caller, fork_group);
	child = (pid_t)caller_run(&caller, fork_there);
	EXPECT_EQ(join(&caller, group), 1);
	EXPECT_EQ(join(&caller, child), 1);
	EXPECT_EQ(join(&caller, caller.pid), 1);
	EXPECT_EQ(join(&caller, outside), -EPERM);
	EXPECT_EQ(join(&caller, single), -EPERM);
	EXPECT_EQ(join(&caller, getpgrp()), -EPERM);
	EXPECT_EQ(join(&caller, caller.judge.guardian_pid), -EPERM);
	EXPECT_EQ(join(&caller, 999999999), -EPERM);
	EXPECT_EQ(join(&caller, 1), -EPERM);
	EXPECT_EQ(join(&caller, -1), -EINVAL);
	kill(group, SIGKILL);
	kill(child, SIGKILL);
	kill(caller.judge.guardian_pid, SIGKILL);
	caller_end(&caller);
}

TEST(groups_and_users_are_refused)
{
	struct caller caller;

	caller_start(&caller, NULL);
	for (int which = PRIO_PGRP; which <= PRIO_USER; which++) {
		EXPECT_EQ(caller_judged(&caller, sl_h_setpriority,
					ARGS(which, 0, 5)),
			  -EPERM);
		EXPECT_EQ(caller_judged(&caller, sl_h_ioprio_set,
					ARGS(which + 1, 0, 5)),
			  -EPERM);
	}
	caller_end(&caller);
}
