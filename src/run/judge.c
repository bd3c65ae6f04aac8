/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge thread, one per sandbox: enters the policy's own domain, clones the
 * guardian (which inherits it, as does all below), sees the start through,
 * answers what the filter traps, and stays for as long as the sandbox lives,
 * because the guardian's parent-death signal follows this thread. From inside
 * the domain it can also end a tree whose guardian was killed: its kill(2)
 * reaches that tree and nothing else. What may take long at the end, such as
 * removing what the sandbox wrote, is done here too, where no other sandbox
 * waits for it.
 *
 * SECURITY: from the domain on, the thread can open, connect and signal what
 * the sandbox could, and no more, and holds no capability: a mistake in judging
 * lends no rights. What must be done outside is in outside.c.
 */
#include "run/run_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/sched.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>

#include "plan/filter.h"
#include "sys/privilege.h"
#include "sys/raw.h"
#include "sys/uapi.h"

#define JUDGE_STACK (128u << 10)
#define GONE_MS 2000
#define LOOK_MS 100 /* how often a start checks that its guardian lives */
#define ANSWERED_NS 1000000 /* and that of an exec under judgement */
#define SWEEP_NS 5000000
#define LOG_SAME_EXEC_OFF 1 /* LANDLOCK_RESTRICT_SELF_LOG_SAME_EXEC_OFF */

static long futex(uint32_t *word, int op, uint32_t value,
		  const struct timespec *timeout)
{
	return syscall(SYS_futex, word, op, value, timeout, NULL, 0);
}

static void say(struct sl_run *run, enum sl_judge_phase phase)
{
	uint64_t one = 1;

	SL_LIFE_SET(&run->phase, phase);
	if (write(run->event_fd, &one, sizeof(one)) < 0)
		return; /* the counter is far from full: cannot happen */
}

static void fail(struct sl_run *run, enum sl_step step, int error)
{
	run->life->report.error = error;
	SL_LIFE_SET(&run->life->report.step, step);
}

static bool ended(int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

/* ------------------------------------------------ the listener */

static void take_listener(struct sl_run *run)
{
	struct sl_life *life = run->life;
	int fd = (int)SL_LIFE_GET(&life->over.listener) - 1;

	if (fd < 0 || run->listener >= 0 || !run->judge || life->report.step)
		return;
	if (run->launch->flags & SL_LAUNCH_FORK) {
		fd = (int)syscall(SYS_pidfd_getfd, life->root_pidfd, fd, 0);
		if (fd < 0) {
			fail(run, SL_STEP_LISTENER, errno);
			/* Never taken: it does not go on. */
			syscall(SYS_pidfd_send_signal, life->root_pidfd,
				SIGKILL, NULL, 0);
			sl_run_kill(run);
			return;
		}
	}
	run->listener = fd;
	run->judge->guardian_pid = life->guardian_pid;
	run->judge->forks.census.guardian = life->guardian_pid;
	if (fd >= 0)
		sl_judge_listen(run->judge, fd);
	SL_LIFE_SET(&life->over.taken, 1);
	futex(&life->over.taken, FUTEX_WAKE, 1, NULL);
}

/*
 * The exec itself may have to be answered: once, or twice where the kernel does
 * not know the format. True: it was, and what follows is a matter of moments.
 */
static bool answer_exec(struct sl_run *run, int timeout_ms)
{
	take_listener(run);
	if (!(run->launch->flags & SL_LAUNCH_TRAPS_EXEC) || run->listener < 0)
		return false;
	return sl_judge_serve_ready(run->judge, timeout_ms) > 0;
}

/* Fast path: the kernel clears the word at the root's exec or exit. */
static void await_exec_word(struct sl_run *run)
{
	struct timespec look = { .tv_nsec = LOOK_MS * 1000000l };
	bool asked = false;

	while (SL_LIFE_GET(&run->life->root_word)) {
		/* Somebody wakes us when there is a listener, and the kernel
		 * when the exec is over. */
		if (asked || run->listener < 0 ||
		    !(run->launch->flags & SL_LAUNCH_TRAPS_EXEC))
			futex(&run->life->root_word, FUTEX_WAIT, 1, &look);
		if (SL_LIFE_GET(&run->life->root_word) && ended(run->guardian_fd))
			return; /* killed before it cloned the root */
		if (!answer_exec(run, asked ? 0 : LOOK_MS))
			continue;
		asked = true;
		look.tv_nsec = ANSWERED_NS;
	}
}

/* Fork path: nobody else holds the writing end once the guardian closed it, and
 * a byte in it says that there is a listener. */
static void await_exec_pipe(struct sl_run *run)
{
	struct pollfd pfds[3] = { { .fd = run->exec_read, .events = POLLIN },
				  { .fd = run->guardian_fd, .events = POLLIN },
				  { .events = POLLIN } };
	char byte;

	for (;;) {
		/* The listener joins what is waited for once it is there. */
		pfds[2].fd = run->launch->flags & SL_LAUNCH_TRAPS_EXEC
				     ? run->listener
				     : -1;
		if (poll(pfds, 3, LOOK_MS) < 0 && errno != EINTR)
			return;
		answer_exec(run, 0);
		if (pfds[0].revents && read(run->exec_read, &byte, 1) != 1)
			return;
		if (pfds[1].revents)
			return;
	}
}

/* ------------------------------------------------ the start */

/*
 * A user namespace for the root, made before the domain closes /proc. By a task
 * of its own: a change of credentials marks the memory it happens in as not to
 * be inspected.
 */
static long make_userns(struct sl_run *run)
{
	const struct sl_launch *launch = run->launch;
	struct sl_userns_maker *maker = &run->life->userns_maker;
	struct timespec look = { .tv_nsec = LOOK_MS * 1000000l };
	char path[40];
	long pid;

	maker->uid = launch->uid;
	maker->gid = launch->gid;
	pid = sl_raw_clone(SIGCHLD, run->guardian_stack_top, NULL, NULL,
			   sl_userns_maker_main, maker);
	if (pid < 0)
		return pid;
	while (!SL_LIFE_GET(&maker->ready)) {
		siginfo_t si = { 0 };

		futex(&maker->ready, FUTEX_WAIT, 0, &look);
		waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | WNOWAIT);
		if (si.si_pid)
			break; /* somebody killed it */
	}
	snprintf(path, sizeof(path), "/proc/%ld/ns/user", pid);
	run->life->over.userns = open(path, O_RDONLY | O_CLOEXEC);
	if (run->life->over.userns < 0)
		fail(run, SL_STEP_USERNS, errno);
	if (maker->report.step)
		run->life->report = maker->report;
	kill((pid_t)pid, SIGKILL);
	while (waitpid((pid_t)pid, NULL, __WALL) < 0 && errno == EINTR)
		;
	return 0;
}

/* All of it is per thread: the host process is not confined by it. */
static long enter_domain(const struct sl_launch *launch)
{
	int fd = launch->fds[SL_FD_POLICY];
	uint32_t call;
	long r = 0;

	/* Tests of the life of a run know only the border. */
	if (launch->flags & SL_LAUNCH_UNCONFINED)
		fd = launch->fds[SL_FD_BORDER];
	else
		r = sl_raw_drop_capabilities(&call);
	if (r < 0 || (launch->flags & SL_LAUNCH_UNCONFINED && fd < 0))
		return r;
	r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
	if (r < 0)
		return r;
	return sl_raw2(SL_NR_landlock_restrict_self, fd,
		       launch->flags & SL_LAUNCH_QUIET ? LOG_SAME_EXEC_OFF : 0);
}

/* The root hands it over before its exec, so it was ended before that (its time
 * may be over). SECURITY: else it traps, and nobody would answer. */
static void expect_listener(struct sl_run *run)
{
	struct pollfd pfd = { .fd = run->life->root_pidfd, .events = POLLIN };

	if (!run->judge || run->listener >= 0)
		return;
	if (pfd.fd < 0 || poll(&pfd, 1, GONE_MS) <= 0)
		sl_run_kill(run);
}

/* ------------------------------------------------ limits */

/* From the threads of warden and brake. */
static void end_by_limit(void *arg)
{
	struct sl_run *run = arg;

	__atomic_fetch_or(&run->life->request, SL_LIFE_LIMIT, __ATOMIC_RELEASE);
	syscall(SYS_pidfd_send_signal, run->guardian_fd, SIGTERM, NULL, 0);
}

/* What has to be opened, and begun, outside of the domain. */
static int prepare_limits(struct sl_run *run)
{
	const struct sl_launch *launch = run->launch;
	int32_t keeper = run->life->supervisor_pid;
	int r = 0;

	if (run->judge && launch->cpu_percent) {
		run->brake.percent = launch->cpu_percent;
		run->brake.reaped = &run->life->cpu_ns;
		run->brake.jobs = &run->judge->jobs_ns;
		run->brake.end = end_by_limit;
		run->brake.arg = run;
		r = sl_brake_prepare(&run->brake, keeper);
	}
	if (r < 0 || !run->judge ||
	    (!launch->max_memory && !launch->max_processes))
		return r;
	run->warden.memory_limit = launch->max_memory;
	run->warden.sysv = launch->list[SL_SYS_shmget] == SL_LIST_ALLOW;
	run->warden.end = end_by_limit;
	run->warden.arg = run;
	if (launch->max_processes)
		r = sl_census_open(&run->judge->forks.census, keeper);
	run->judge->forks.limit = launch->max_processes;
	run->judge->forks.bound = 1;
	return r < 0 ? r : sl_warden_prepare(&run->warden, keeper);
}

/* SECURITY: without it there is no limit, so no program either. */
static void start_limits(struct sl_run *run)
{
	const struct sl_life *life = run->life;
	int r = 0;

	if (run->warden.prepared)
		r = sl_warden_start(&run->warden, life->guardian_pid,
				    life->root_pid);
	if (r == 0 && run->brake.prepared)
		r = sl_brake_start(&run->brake, life->guardian_pid,
				   life->root_pid);
	if (r < 0)
		end_by_limit(run);
}

static void start(struct sl_run *run)
{
	const struct sl_launch *launch = run->launch;
	struct sl_life *life = run->life;
	unsigned long flags = CLONE_VM | CLONE_FILES | CLONE_PIDFD | SIGCHLD;
	long r = 0;

	if (launch->flags & SL_LAUNCH_USER)
		r = make_userns(run);
	if (r < 0)
		fail(run, SL_STEP_USERNS, (int)-r);
	if (life->report.step)
		return;
	r = prepare_limits(run);
	if (r < 0) {
		fail(run, SL_STEP_LIMITS, (int)-r);
		return;
	}
	/* What it is asked is because of the sandbox. */
	if (run->judge)
		run->judge->clerk.charge_ns = &run->judge->jobs_ns;
	/* Not confined, as nothing is that was started before this thread is. */
	if (run->judge &&
	    (sl_judge_makes_files(run->judge) || launch->max_processes))
		r = sl_clerk_start(&run->judge->clerk);
	if (r == 0)
		r = enter_domain(launch);
	if (r < 0) {
		fail(run, SL_STEP_CONFINE_JUDGE, (int)-r);
		return;
	}
	r = sl_raw_clone(flags, run->guardian_stack_top, &run->guardian_fd,
			 NULL, sl_guardian_main, life);
	if (r < 0) {
		run->guardian_fd = -1;
		fail(run, SL_STEP_CLONE_GUARDIAN, (int)-r);
		return;
	}
	if (launch->flags & SL_LAUNCH_FORK)
		await_exec_pipe(run);
	else
		await_exec_word(run);
	take_listener(run);
	if (!SL_LIFE_GET(&life->report.step) && life->root_pid == 0)
		fail(run, SL_STEP_GUARDIAN, ESRCH);
	if (!SL_LIFE_GET(&life->report.step))
		expect_listener(run);
	if (!SL_LIFE_GET(&life->report.step))
		start_limits(run);
}

/* ------------------------------------------------ orphans */

/*
 * The guardians of this process. A process has one set of children whatever
 * number of objects start some, so this cannot live in any of them.
 */
static pthread_mutex_t runs_lock = PTHREAD_MUTEX_INITIALIZER;
static struct sl_run *runs;

/* A thread may hold the lock while another one forks. */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void lock_runs(void)
{
	pthread_mutex_lock(&runs_lock);
}

static void unlock_runs(void)
{
	pthread_mutex_unlock(&runs_lock);
}

static void guard_fork(void)
{
	pthread_atfork(lock_runs, unlock_runs, unlock_runs);
}

static void enlist(struct sl_run *run)
{
	pthread_mutex_lock(&runs_lock);
	run->next = runs;
	runs = run;
	pthread_mutex_unlock(&runs_lock);
}

static void delist(struct sl_run *run)
{
	pthread_mutex_lock(&runs_lock);
	for (struct sl_run **p = &runs; *p; p = &(*p)->next) {
		if (*p == run) {
			*p = run->next;
			break;
		}
	}
	pthread_mutex_unlock(&runs_lock);
}

static bool is_guardian(int pid)
{
	bool found = false;

	pthread_mutex_lock(&runs_lock);
	for (struct sl_run *run = runs; run && !found; run = run->next)
		found = run->life->guardian_pid == pid;
	pthread_mutex_unlock(&runs_lock);
	return found;
}

/*
 * SECURITY: with the signal scope proven, kill(2) from this thread reaches this
 * sandbox's domain and nothing else; a refused one is not ours and is left
 * alone. Without it (before Landlock ABI 6) every child of this process but
 * guardians is taken.
 */
static bool end_one(struct sl_run *run, int pid)
{
	siginfo_t si = { 0 };

	if (!run->life->broadcast_ok && is_guardian(pid))
		return false;
	if (kill(pid, SIGKILL) < 0)
		return false;
	waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | __WALL);
	/* Also one that is reaped now may have left children, which come to us
	 * next. */
	return true;
}

/* The children of the process's first thread, to which orphans go, are listed
 * in a file that was opened outside the domain. False: something is left. */
static bool end_listed(struct sl_run *run, bool *ret_left)
{
	int fd = SL_LIFE_GET(&run->orphans_fd);
	char text[4096];
	off_t at = 0;
	ssize_t n;
	int pid = 0;

	*ret_left = false;
	if (fd < 0)
		return false;
	while ((n = pread(fd, text, sizeof(text), at)) > 0) {
		for (ssize_t i = 0; i < n; i++) {
			if (text[i] >= '0' && text[i] <= '9') {
				pid = pid * 10 + (text[i] - '0');
				continue;
			}
			if (pid > 1)
				*ret_left |= end_one(run, pid);
			pid = 0;
		}
		at += n;
	}
	return n == 0;
}

/* Without /proc, or where the first thread has ended: by number. */
static bool end_numbered(struct sl_run *run)
{
	int32_t max = SL_LIFE_GET(&run->life->pid_max);
	bool left = false;

	for (int pid = 2; pid <= max; pid++) {
		siginfo_t si = { 0 };

		if (waitid(P_PID, (id_t)pid, &si,
			   WEXITED | WNOHANG | WNOWAIT | __WALL) == 0)
			left |= end_one(run, pid);
	}
	return left;
}

static bool end_orphans(struct sl_run *run)
{
	bool left;

	/* The list alone proves nothing: a thread that outlived the first one
	 * may have got them. */
	if (end_listed(run, &left) && left)
		return true;
	return end_numbered(run);
}

static void sweep(struct sl_run *run)
{
	struct timespec pause = { .tv_nsec = SWEEP_NS };
	int quiet = 0;

	/* Two empty passes in a row: a child reaped in the first may have left
	 * grandchildren that reach us only now. */
	while (quiet < 2) {
		if (run->life->broadcast_ok)
			kill(-1, SIGKILL);
		quiet = end_orphans(run) ? 0 : quiet + 1;
		nanosleep(&pause, NULL);
	}
}

/* ------------------------------------------------ the thread */

static void await_guardian(struct sl_run *run)
{
	struct pollfd pfd = { .fd = run->guardian_fd, .events = POLLIN };

	while (poll(&pfd, 1, -1) < 0 && errno == EINTR)
		;
	/* ECHILD where the host ignores SIGCHLD: reaped all the same. */
	waitid((idtype_t)P_PIDFD, (id_t)run->guardian_fd, &(siginfo_t){ 0 },
	       WEXITED | __WALL | WNOHANG);
}

static void *judge_main(void *arg)
{
	struct sl_run *run = arg;

	start(run);
	say(run, SL_JUDGE_STARTED);
	if (run->guardian_fd >= 0) {
		if (run->listener >= 0 &&
		    sl_judge_serve(run->judge, run->guardian_fd) < 0)
			sl_run_kill(run);
		await_guardian(run);
		/* SIGKILL found the guardian: the tree is ours to end. */
		if (!SL_LIFE_GET(&run->life->tree_done))
			sweep(run);
	}
	sl_warden_stop(&run->warden);
	sl_brake_stop(&run->brake);
	/* The directory itself lies outside the domain. */
	sl_tmpdir_empty(&run->tmp);
	say(run, SL_JUDGE_OVER);
	return NULL;
}

int sl_judge_start(struct sl_run *run)
{
	pthread_attr_t attr;
	sigset_t all, old;
	int r;

	r = pthread_attr_init(&attr);
	if (r)
		return -r;
	pthread_attr_setstacksize(&attr, JUDGE_STACK);
	pthread_once(&fork_once, guard_fork);
	enlist(run);
	/* The guardian waits for blocked signals, and no handler of the host
	 * may run in either of them. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&run->thread, &attr, judge_main, run);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	if (r)
		delist(run);
	return -r;
}

void sl_judge_join(struct sl_run *run)
{
	pthread_join(run->thread, NULL);
	delist(run);
}
