/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guardian: parent and subreaper of one sandbox tree. Starts the root,
 * keeps time, relays stops, and ends the tree when the root ended, the time is
 * over, the supervisor asks or dies. ECHILD from waitid(2) is the proof that
 * nothing is left: a subreaper without children has no descendant.
 *
 * SECURITY: shares memory and descriptors with the supervisor, so raw system
 * calls only (see child.c). It lives in the outer domain, above the sandbox's
 * own, which is why the sandbox cannot signal it.
 */
#include "run/life.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "sys/raw.h"

#define SIGBIT(sig) (1ul << ((sig)-1))
#define NS_PER_SEC 1000000000ull
#define REAP_MAX 64
#define SWEEP_NS 5000000 /* between two passes over a tree that resists */

static uint64_t now_ns(void)
{
	struct timespec ts = { 0, 0 };

	sl_raw2(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* Waits for SIGCHLD or SIGTERM (both blocked) until @deadline, 0 = for ever. */
static long await(uint64_t deadline)
{
	unsigned long set = SIGBIT(SIGCHLD) | SIGBIT(SIGTERM);
	struct timespec left = { 0, 0 };
	uint64_t now;

	if (!deadline)
		return sl_raw4(SYS_rt_sigtimedwait, &set, 0, 0, 8);
	now = now_ns();
	if (now < deadline) {
		left.tv_sec = (time_t)((deadline - now) / NS_PER_SEC);
		left.tv_nsec = (long)((deadline - now) % NS_PER_SEC);
	}
	return sl_raw4(SYS_rt_sigtimedwait, &set, 0, &left, 8);
}

static void notify(const struct sl_life *life)
{
	uint64_t one = 1;

	sl_raw3(SYS_write, life->event_fd, &one, sizeof(one));
}

/* ------------------------------------------------ the end of a tree */

static void kill_listed(const char *text, long len)
{
	long pid = 0;

	for (long i = 0; i < len; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			pid = pid * 10 + (text[i] - '0');
			continue;
		}
		if (pid > 1)
			sl_raw2(SYS_kill, pid, SIGKILL);
		pid = 0;
	}
}

/* A pid may be cut by the end of a read: the file is read by whole pids, since
 * each is followed by a blank and reads continue where they stopped. */
static int kill_children_file(int fd)
{
	char text[4096];
	long keep = 0, n, end;

	if (fd < 0 || sl_raw3(SYS_lseek, fd, 0, SEEK_SET) < 0)
		return -1;
	while ((n = sl_raw3(SYS_read, fd, text + keep,
			    (long)sizeof(text) - keep)) > 0) {
		n += keep;
		for (end = n; end > 0 && text[end - 1] != ' ';)
			end--;
		kill_listed(text, end);
		keep = n - end;
		for (long i = 0; i < keep; i++)
			text[i] = text[end + i];
	}
	return n < 0 ? -1 : 0;
}

/* Without /proc: which numbers are children of ours? Only we reap, so none of
 * them can be recycled meanwhile. */
static void kill_children_search(int32_t pid_max)
{
	for (int32_t pid = 2; pid <= pid_max; pid++) {
		if (sl_raw5(SYS_waitid, P_PID, pid, 0,
			    WEXITED | WNOHANG | WNOWAIT | __WALL, 0) == 0)
			sl_raw2(SYS_kill, pid, SIGKILL);
	}
}

void sl_tree_kill(int broadcast, int children_fd, int32_t pid_max)
{
	/*
	 * SECURITY: kill(-1) is bounded by the signal scope of the caller's
	 * Landlock domain, and by nothing else. @broadcast is only set after a
	 * process outside proved to be out of reach.
	 */
	if (broadcast)
		sl_raw2(SYS_kill, -1, SIGKILL);
	else if (kill_children_file(children_fd) < 0)
		kill_children_search(pid_max);
}

/* As getrusage(2) has it; waitid(2) gives it too, though not by libc. */
struct usage {
	struct {
		int64_t sec, usec;
	} user, kernel;
	long others[14];
};

static void note_usage(struct sl_life *life, const struct usage *usage)
{
	int64_t us = usage->user.usec + usage->kernel.usec;

	us += (usage->user.sec + usage->kernel.sec) * 1000000;
	life->cpu_ns += (uint64_t)us * 1000;
}

static void note_root(struct sl_life *life, const siginfo_t *si)
{
	life->root_code = si->si_code;
	life->root_status = si->si_status;
	SL_LIFE_SET(&life->root_ended, 1);
}

/* Reaps what has ended. 1: children are left, 0: none is. */
static int reap(struct sl_life *life)
{
	struct usage usage;
	siginfo_t si;
	long r;

	/* Few at a time: somebody may make them faster than we reap. */
	for (int i = 0; i < REAP_MAX; i++) {
		si.si_pid = 0;
		r = sl_raw5(SYS_waitid, P_ALL, 0, &si,
			    WEXITED | WNOHANG | __WALL, &usage);
		if (r == -ECHILD)
			return 0;
		if (r < 0 || !si.si_pid)
			return 1;
		note_usage(life, &usage);
		if (si.si_pid == life->root_pid)
			note_root(life, &si);
	}
	return 1;
}

static void end_tree(struct sl_life *life)
{
	int broadcast = (int)life->broadcast_ok;

	while (reap(life)) {
		unsigned long set = SIGBIT(SIGCHLD);
		struct timespec pause = { 0, SWEEP_NS };

		sl_tree_kill(broadcast, SL_LIFE_GET(&life->children_fd),
			     SL_LIFE_GET(&life->pid_max));
		if (reap(life) == 0)
			break;
		sl_raw4(SYS_rt_sigtimedwait, &set, 0, &pause, 8);
	}
	SL_LIFE_SET(&life->tree_done, 1);
}

/* ------------------------------------------------ running */

/* Ctrl-Z stops the sandbox's group; its parent, we, must pass that on so that
 * the shell above the supervisor sees a stopped job. */
static void relay_stop(struct sl_life *life)
{
	siginfo_t si;

	si.si_pid = 0;
	if (sl_raw5(SYS_waitid, P_PID, life->root_pid, &si, WSTOPPED | WNOHANG,
		    0) < 0 ||
	    !si.si_pid)
		return;
	life->stop_signal = si.si_status;
	SL_LIFE_SET(&life->stop_count, life->stop_count + 1);
	notify(life);
}

static uint64_t after(uint64_t ns)
{
	uint64_t now;

	if (!ns)
		return 0;
	now = now_ns();
	return ns > UINT64_MAX - now ? 0 : now + ns;
}

/* The time is over: at once, or TERM first and a grace. Next deadline. */
static uint64_t time_over(struct sl_life *life, uint64_t deadline)
{
	uint64_t grace = life->launch->kill_after_ns;

	if (now_ns() < deadline)
		return deadline;
	if (life->timed_out || !grace) {
		SL_LIFE_SET(&life->timed_out, 1);
		return UINT64_MAX;
	}
	SL_LIFE_SET(&life->timed_out, 1);
	sl_raw2(SYS_kill, -life->root_pid, SIGTERM);
	sl_raw2(SYS_kill, -life->root_pid, SIGCONT);
	return after(grace);
}

static void watch(struct sl_life *life, uint64_t timeout_ns)
{
	uint64_t deadline = after(timeout_ns);

	for (;;) {
		long sig = await(deadline);

		if (sig == SIGTERM)
			return; /* asked to, or the supervisor is dead */
		reap(life);
		if (life->root_ended)
			return;
		relay_stop(life);
		if (deadline) {
			deadline = time_over(life, deadline);
			if (deadline == UINT64_MAX)
				return;
		}
	}
}

static void probe_broadcast(struct sl_life *life)
{
	/* EPERM alone could be another module's: there must be a scope, too. */
	if (!(life->launch->flags & SL_LAUNCH_SCOPED))
		return;
	if (sl_raw2(SYS_kill, life->supervisor_pid, 0) == -EPERM)
		life->broadcast_ok = 1;
}

static int root_main(void *arg)
{
	struct sl_life *life = arg;
	const struct sl_launch *launch = life->launch;
	struct sl_report report = { SL_STEP_NONE, 0, 0 };
	long r;

	sl_raw5(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	if (sl_raw0(SYS_getppid) != life->guardian_pid)
		return 127; /* the guardian died before the line above */
	/* Before the exec, which may be over before the guardian runs again. */
	SL_LIFE_SET(&life->root_pid, (int32_t)sl_raw0(SYS_getpid));
	r = sl_raw2(SYS_setpgid, 0, 0);
	if (r < 0) {
		report = (struct sl_report){ SL_STEP_PGRP, (int32_t)-r, 0 };
	} else {
		sl_child_exec(launch, &life->over, &report);
	}
	life->report.error = report.error;
	life->report.arg = report.arg;
	SL_LIFE_SET(&life->report.step, report.step);
	return 127;
}

static void fail(struct sl_life *life, enum sl_step step, long r)
{
	life->report.error = (int32_t)-r;
	SL_LIFE_SET(&life->report.step, step);
}

static long start_root(struct sl_life *life)
{
	unsigned long flags = CLONE_CHILD_CLEARTID | CLONE_PIDFD | SIGCHLD;
	long pid;

	if (!(life->launch->flags & SL_LAUNCH_FORK))
		flags |= CLONE_VM | CLONE_FILES;
	life->guardian_pid = (int32_t)sl_raw0(SYS_getpid);
	pid = sl_raw_clone(flags, life->root_stack_top, &life->root_pidfd,
			   &life->root_word, root_main, life);
	return pid;
}

/* A caller that ignores SIGCHLD has handed that on to us: then the kernel would
 * reap our children itself and no signal would tell of their end. */
static void take_sigchld(void)
{
	struct {
		void (*handler)(int);
		unsigned long flags;
		void (*restorer)(void);
		unsigned long mask;
	} act = { 0, 0, 0, 0 };

	sl_raw4(SYS_rt_sigaction, SIGCHLD, &act, 0, 8);
}

int sl_guardian_main(void *arg)
{
	struct sl_life *life = arg;
	long pid;

	sl_raw5(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	sl_raw5(SYS_prctl, PR_SET_PDEATHSIG, SIGTERM, 0, 0, 0);
	/* A group of its own, so that a kill of the supervisor's group misses
	 * it; not a session, or the root's group would be orphaned. */
	if (life->launch->flags & SL_LAUNCH_SESSION)
		sl_raw0(SYS_setsid);
	else
		sl_raw2(SYS_setpgid, 0, 0);
	sl_raw5(SYS_prctl, PR_SET_NAME, "sandlock-guard", 0, 0, 0);
	if (sl_raw0(SYS_getppid) != life->supervisor_pid)
		return 1;
	take_sigchld();
	probe_broadcast(life);
	pid = start_root(life);
	if (life->exec_pipe >= 0) {
		sl_raw1(SYS_close, life->exec_pipe);
		life->exec_pipe = -1;
	}
	if (pid < 0) {
		fail(life, SL_STEP_CLONE, pid);
		SL_LIFE_SET(&life->root_word, 0);
		sl_raw3(SYS_futex, &life->root_word, 1 /* FUTEX_WAKE */, 1);
		SL_LIFE_SET(&life->tree_done, 1);
		return 1;
	}
	SL_LIFE_SET(&life->root_pid, (int32_t)pid);
	watch(life, life->launch->timeout_ns);
	end_tree(life);
	return 0;
}
