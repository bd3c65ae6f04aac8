/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The judge thread, one per sandbox: enters the outer domain, clones the
 * guardian (which inherits it), sees the start through, and stays for as long
 * as the sandbox lives, because the guardian's parent-death signal follows this
 * thread. From inside the domain it can also end a tree whose guardian was
 * killed: its kill(2) reaches that tree and nothing else. What may take long at
 * the end, such as removing what the sandbox wrote, is done here too, where no
 * other sandbox waits for it.
 */
#include "run/run_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
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

#include "sys/raw.h"
#include "sys/uapi.h"

#define JUDGE_STACK (128u << 10)
#define LOOK_MS 100 /* how often a start checks that its guardian lives */
#define SWEEP_NS 5000000
#define OOM_RAISE 500
#define OOM_MAX 1000
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

/* Fast path: the kernel clears the word at the root's exec or exit. */
static void await_exec_word(struct sl_run *run)
{
	struct timespec look = { .tv_nsec = LOOK_MS * 1000000l };

	while (SL_LIFE_GET(&run->life->root_word)) {
		futex(&run->life->root_word, FUTEX_WAIT, 1, &look);
		if (SL_LIFE_GET(&run->life->root_word) && ended(run->guardian_fd))
			return; /* killed before it cloned the root */
	}
}

/* Fork path: nobody else holds the writing end once the guardian closed it. */
static void await_exec_pipe(struct sl_run *run)
{
	struct pollfd pfds[2] = { { .fd = run->exec_read, .events = POLLIN },
				  { .fd = run->guardian_fd, .events = POLLIN } };

	while (poll(pfds, 2, -1) < 0 && errno == EINTR)
		;
}

/*
 * The OOM killer takes all who share their victim's memory, the guardian and us
 * included: the tree shall be its first choice. After the exec, when the root
 * has memory of its own. A program that cannot be read keeps its score.
 */
static void raise_oom_score(struct sl_run *run)
{
	char path[40], text[16];
	ssize_t n;
	long value;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj",
		 (int)run->life->root_pid);
	sl_autoclose int fd = open(path, O_RDWR | O_CLOEXEC);
	/* Not reaped after the open: then it is the root's file. */
	if (fd < 0 || run->life->root_pidfd < 0 || ended(run->life->root_pidfd))
		return;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	value = strtol(text, NULL, 10) + OOM_RAISE;
	n = snprintf(text, sizeof(text), "%ld", SL_MIN(value, (long)OOM_MAX));
	if (pwrite(fd, text, (size_t)n, 0) < 0)
		return; /* no harm beyond a worse order of victims */
}

/* For a search without /proc; here, so that no start waits for it. */
static void read_pid_max(struct sl_life *life)
{
	char text[16];
	sl_autoclose int fd = open("/proc/sys/kernel/pid_max",
				   O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	SL_LIFE_SET(&life->pid_max, (int32_t)strtol(text, NULL, 10));
}

static void start(struct sl_run *run)
{
	const struct sl_launch *launch = run->launch;
	struct sl_life *life = run->life;
	unsigned long flags = CLONE_VM | CLONE_FILES | CLONE_PIDFD | SIGCHLD;
	long r = 0;

	/* Both are per thread: the host process is not confined by them. */
	if (launch->fds[SL_FD_OUTER] >= 0) {
		r = prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ? -errno : 0;
		if (r == 0)
			r = sl_raw2(SL_NR_landlock_restrict_self,
				    launch->fds[SL_FD_OUTER],
				    launch->flags & SL_LAUNCH_QUIET
					    ? LOG_SAME_EXEC_OFF
					    : 0);
	}
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
	if (!SL_LIFE_GET(&life->report.step) && life->root_pid == 0)
		fail(run, SL_STEP_GUARDIAN, ESRCH);
	if (launch->flags & SL_LAUNCH_OOM)
		raise_oom_score(run);
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
 * Kill and reap the children listed in one `children` file. SECURITY: with the
 * signal scope proven, kill(2) from this thread reaches this sandbox's domain
 * and nothing else; a refused one is not ours and is left alone. Without it
 * (before Landlock ABI 6) every child of this process but guardians is taken.
 */
static bool end_listed(struct sl_run *run, FILE *file)
{
	bool left = false;
	int pid;

	while (fscanf(file, "%d", &pid) == 1) {
		siginfo_t si = { 0 };

		if (!run->life->broadcast_ok && is_guardian(pid))
			continue;
		if (kill(pid, SIGKILL) < 0)
			continue;
		waitid(P_PID, (id_t)pid, &si, WEXITED | WNOHANG | __WALL);
		/* Also one that is reaped now may have left children, which
		 * come to us next. */
		left = true;
	}
	return left;
}

/* Orphans go to any thread of the subreaper: every thread's list counts. */
static bool end_orphans(struct sl_run *run)
{
	DIR *dir = opendir("/proc/self/task");
	struct dirent *entry;
	bool left = false;

	if (!dir) {
		/* Without /proc: by number, as the guardian does. */
		sl_tree_kill(0, run->life->pid_max);
		return false;
	}
	while ((entry = readdir(dir))) {
		char path[NAME_MAX + 40];
		FILE *file;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "/proc/self/task/%s/children",
			 entry->d_name);
		file = fopen(path, "re");
		if (!file)
			continue;
		left |= end_listed(run, file);
		fclose(file);
	}
	closedir(dir);
	return left;
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
		read_pid_max(run->life);
		sl_tmpdir_sweep(&run->tmp);
		await_guardian(run);
		/* SIGKILL found the guardian: the tree is ours to end. */
		if (!SL_LIFE_GET(&run->life->tree_done))
			sweep(run);
	}
	/* What cannot be removed now is swept by a later start. */
	sl_tmpdir_remove(&run->tmp, NULL);
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
