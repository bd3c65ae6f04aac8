/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The sandbox's first process between clone and execve: confines itself step by
 * step and reports the first step that fails.
 *
 * SECURITY: on the fast path this runs in memory, and at first in a descriptor
 * table, that belong to the supervisor. So: raw system calls only, nothing of
 * libc (no errno, no lock, no allocation), no write outside its own stack and
 * the report, no change to what belongs to the address space. The gate
 * `child-symbols` checks the object's imports.
 */
#include "run/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/prctl.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <sys/syscall.h>
#include <time.h>

#include "run/launcher.h"
#include "sys/privilege.h"
#include "sys/raw.h"
#include "sys/uapi.h"

#define CLOSE_UNSHARE 2u /* CLOSE_RANGE_UNSHARE */
#define CLOSE_CLOEXEC 4u /* CLOSE_RANGE_CLOEXEC */
#define TTY_SPGRP 0x5410 /* TIOCSPGRP */
#define ADDR_NORANDOM 0x40000
#define RLIMIT_DATA_NR 2
#define RLIMIT_STACK_NR 3
#define RLIMIT_CORE_NR 4
#define RLIMIT_NOFILE_NR 7
#define NSIG_MAX 64

#define FUTEX_WAIT_NR 0
#define FUTEX_WAKE_NR 1

struct ctx {
	const struct sl_launch *launch;
	struct sl_handover *over;
	struct sl_report *report;
};

/* Records the failure; the value is "stop". */
static int failed(struct ctx *c, enum sl_step step, long r, uint32_t arg)
{
	c->report->error = (int32_t)-r;
	c->report->arg = arg;
	c->report->step = step;
	return -1;
}

static int set_stdio(struct ctx *c)
{
	for (uint32_t i = 0; i < 3; i++) {
		int src = c->launch->fds[i];
		long r;

		if (src < 0)
			continue;
		/* Never equal: sources were moved above 2 by the supervisor. */
		r = sl_raw3(SYS_dup3, src, i, 0);
		if (r < 0)
			return failed(c, SL_STEP_STDIO, r, i);
	}
	return 0;
}

/* A background group that calls TIOCSPGRP is stopped by SIGTTOU unless it is
 * blocked, and here every signal is. */
static int take_terminal(struct ctx *c)
{
	int pgrp = (int)sl_raw0(SYS_getpid);
	long r;

	if (!(c->launch->flags & SL_LAUNCH_FOREGROUND))
		return 0;
	r = sl_raw3(SYS_ioctl, 0, TTY_SPGRP, &pgrp);
	return r < 0 ? failed(c, SL_STEP_TTY, r, 0) : 0;
}

/* Made by sl_userns_maker_main() above the domain, which lets nobody write to
 * /proc. */
static int enter_userns(struct ctx *c)
{
	long r;

	if (!(c->launch->flags & SL_LAUNCH_USER))
		return 0;
	r = sl_raw2(SYS_setns, c->over->userns, CLONE_NEWUSER);
	if (r < 0)
		return failed(c, SL_STEP_ENTER_USERNS, r, 0);
	/* Taken away by the change of credentials; the judge must be able to
	 * fetch the listener. The memory is a copy of our supervisor's. */
	sl_raw5(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	return 0;
}

static void park(struct sl_userns_maker *m)
{
	__atomic_store_n(&m->ready, 1, __ATOMIC_RELEASE);
	sl_raw3(SYS_futex, &m->ready, FUTEX_WAKE_NR, 1);
	for (;;)
		sl_raw4(SYS_futex, &m->ready, FUTEX_WAIT_NR, 1, 0);
}

int sl_userns_maker_main(void *arg)
{
	struct sl_userns_maker *m = arg;
	/* Before the unshare: afterwards they read as the overflow id. */
	uint32_t uid = (uint32_t)sl_raw0(SYS_geteuid);
	uint32_t gid = (uint32_t)sl_raw0(SYS_getegid);
	uint32_t file = 0;
	long r = sl_raw1(SYS_unshare, CLONE_NEWUSER);

	/* Credentials changed and took this away: ask for it afterwards. */
	sl_raw5(SYS_prctl, PR_SET_PDEATHSIG, 9 /* SIGKILL */, 0, 0, 0);
	if (r < 0) {
		m->report = (struct sl_report){ SL_STEP_USERNS, (int32_t)-r, 0 };
		park(m);
	}
	r = sl_raw_map_ids(m->uid, m->gid, uid, gid, &file);
	if (r < 0)
		m->report = (struct sl_report){ SL_STEP_USERNS_MAP, (int32_t)-r,
						file };
	/* Else its /proc entry cannot be opened. */
	sl_raw5(SYS_prctl, PR_SET_DUMPABLE, 1, 0, 0, 0);
	park(m);
	return 0;
}

static int set_limit(struct ctx *c, enum sl_step step, uint32_t which,
		     uint64_t cur, uint64_t max)
{
	struct sl_launch_limit limit = { cur, max };
	long r = sl_raw4(SYS_prlimit64, 0, which, &limit, 0);

	return r < 0 ? failed(c, step, r, which) : 0;
}

/* For good: no capability is left to raise it with. */
static int lower_limit(struct ctx *c, uint32_t which, uint64_t max)
{
	struct sl_launch_limit now = { 0, 0 };
	long r = sl_raw4(SYS_prlimit64, 0, which, 0, &now);

	if (r < 0)
		return failed(c, SL_STEP_RLIMIT, r, which);
	if (now.max > max)
		now.max = max;
	if (now.cur > now.max)
		now.cur = now.max;
	return set_limit(c, SL_STEP_RLIMIT, which, now.cur, now.max);
}

/* Limits of the caller (a library's supervisor has its own), then the policy's
 * core limit. RLIMIT_NOFILE comes last of all: the steps need descriptors. */
static int set_limits(struct ctx *c)
{
	const struct sl_launch *l = c->launch;

	for (uint32_t i = 0; i < SL_LAUNCH_LIMITS; i++) {
		if (!(l->limit_mask & (1u << i)) || i == RLIMIT_NOFILE_NR)
			continue;
		if (set_limit(c, SL_STEP_RLIMIT, i, l->limits[i].cur,
			      l->limits[i].max) < 0)
			return -1;
	}
	if (l->data_max && lower_limit(c, RLIMIT_DATA_NR, l->data_max) < 0)
		return -1;
	if (l->stack_max && lower_limit(c, RLIMIT_STACK_NR, l->stack_max) < 0)
		return -1;
	/* The kernel writes a core file itself, where no carve-out is asked. */
	if (l->flags & SL_LAUNCH_NO_COREDUMP || l->carve_count)
		return set_limit(c, SL_STEP_RLIMIT, RLIMIT_CORE_NR, 0, 0);
	return 0;
}

static int set_nofile(struct ctx *c)
{
	const struct sl_launch *l = c->launch;
	struct sl_launch_limit now = { 0, 0 };
	uint64_t want = l->nofile;
	long r;

	if (l->limit_mask & (1u << RLIMIT_NOFILE_NR)) {
		now = l->limits[RLIMIT_NOFILE_NR];
	} else {
		r = sl_raw4(SYS_prlimit64, 0, RLIMIT_NOFILE_NR, 0, &now);
		if (r < 0)
			return failed(c, SL_STEP_NOFILE, r, RLIMIT_NOFILE_NR);
		if (!want)
			return 0;
	}
	/* Never wider than what the caller had, soft limit included. */
	if (want) {
		if (want > now.cur)
			want = now.cur;
		now.cur = now.max = want;
	}
	return set_limit(c, SL_STEP_NOFILE, RLIMIT_NOFILE_NR, now.cur, now.max);
}

static int set_attributes(struct ctx *c)
{
	const struct sl_launch *l = c->launch;
	long r;

	if (l->flags & SL_LAUNCH_NO_ASLR) {
		r = sl_raw1(SYS_personality, 0xffffffff);
		if (r >= 0)
			r = sl_raw1(SYS_personality, r | ADDR_NORANDOM);
		if (r < 0)
			return failed(c, SL_STEP_PERSONALITY, r, 0);
	}
	if (l->flags & SL_LAUNCH_CPUS) {
		r = sl_raw3(SYS_sched_setaffinity, 0, sizeof(l->cpus), l->cpus);
		if (r < 0)
			return failed(c, SL_STEP_AFFINITY, r, 0);
	}
	if (l->flags & SL_LAUNCH_NO_THP) {
		r = sl_raw5(SYS_prctl, PR_SET_THP_DISABLE, 1, 0, 0, 0);
		if (r < 0)
			return failed(c, SL_STEP_THP, r, 0);
	}
	if (l->flags & SL_LAUNCH_UMASK)
		sl_raw1(SYS_umask, l->umask);
	return set_limits(c);
}

static int drop_capabilities(struct ctx *c)
{
	uint32_t call;
	long r = sl_raw_drop_capabilities(&call);

	return r < 0 ? failed(c, SL_STEP_CAPS, r, call) : 0;
}

static long install(const struct sock_fprog *prog, unsigned int flags)
{
	long r = sl_raw3(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, prog);

	/* KERNEL 5.19: a signal would break into calls under judgement. */
	if (r == -EINVAL && (flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV))
		r = sl_raw3(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    flags & ~SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
			    prog);
	return r;
}

/*
 * Fast path: the table is still shared with the supervisor, which thereby has
 * the descriptor. Else the judge takes a copy of it, and we wait until it has:
 * the exec closes ours.
 */
static int hand_over(struct ctx *c, long listener)
{
	struct sl_handover *over = c->over;
	const struct timespec look = { 0, 100000000 };

	__atomic_store_n(&over->listener, (uint32_t)listener + 1,
			 __ATOMIC_RELEASE);
	if (!(c->launch->flags & SL_LAUNCH_FORK)) {
		if (c->launch->flags & SL_LAUNCH_TRAPS_EXEC)
			sl_raw3(SYS_futex, over->wake, FUTEX_WAKE_NR, 1);
		return 0;
	}
	sl_raw3(SYS_write, over->pipe, "L", 1);
	while (!__atomic_load_n(&over->taken, __ATOMIC_ACQUIRE))
		sl_raw4(SYS_futex, &over->taken, FUTEX_WAIT_NR, 0, &look);
	return 0;
}

/* SECURITY: a missing ruleset or an empty filter is an error of the kernel's
 * (EBADF, EINVAL), never "nothing to do". */
static int confine(struct ctx *c)
{
	const struct sl_launch *l = c->launch;
	struct sock_fprog prog = {
		.len = (unsigned short)l->insn_count,
		/* The kernel only reads it. */
		.filter = (struct sock_filter *)(uintptr_t)l->insns,
	};
	unsigned int flags = 0;
	long r;

	if (drop_capabilities(c) < 0)
		return -1;
	r = sl_raw5(SYS_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (r < 0)
		return failed(c, SL_STEP_NNP, r, 0);
	if (l->flags & SL_LAUNCH_UNCONFINED)
		return 0;
	/* Under a guardian the policy's domain is inherited from the judge. */
	r = sl_raw2(SL_NR_landlock_restrict_self,
		    l->fds[c->over ? SL_FD_BORDER : SL_FD_POLICY], 0);
	if (r < 0)
		return failed(c, SL_STEP_LANDLOCK, r, 0);
	if (l->flags & SL_LAUNCH_JUDGED)
		flags = SECCOMP_FILTER_FLAG_NEW_LISTENER |
			SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	r = install(&prog, flags);
	if (r < 0)
		return failed(c, SL_STEP_SECCOMP, r, 0);
	return flags ? hand_over(c, r) : 0;
}

void sl_child_confine(const struct sl_launch *launch, struct sl_report *report)
{
	confine(&(struct ctx){ launch, NULL, report });
}

/* struct sigaction as the kernel has it (both architectures). */
struct ksigaction {
	void (*handler)(int);
	unsigned long flags;
	void (*restorer)(void);
	unsigned long mask;
};

/*
 * Handlers of the host must not run here and ignored signals would stay ignored
 * in the program (a runtime's SIGPIPE). What nohup(1) and a shell's "&" set is
 * the user's wish and stays.
 */
long sl_child_reset_signals(void)
{
	const unsigned long keep = 1ul << (1 - 1) | 1ul << (2 - 1) |
				   1ul << (3 - 1); /* HUP INT QUIT */
	unsigned long none = 0;

	for (int sig = 1; sig <= NSIG_MAX; sig++) {
		struct ksigaction act = { 0, 0, 0, 0 };

		if (sl_raw4(SYS_rt_sigaction, sig, 0, &act, 8) < 0 || !act.handler)
			continue;
		if ((uintptr_t)act.handler == 1 && (keep & 1ul << (sig - 1)))
			continue;
		act = (struct ksigaction){ 0, 0, 0, 0 };
		sl_raw4(SYS_rt_sigaction, sig, &act, 0, 8);
	}
	/* SIG_SETMASK */
	return sl_raw4(SYS_rt_sigprocmask, 2, &none, 0, 8);
}

/*
 * A table of our own first: dup3() must not reach the supervisor's. Nothing
 * above 2 survives the exec.
 */
static int own_table(struct ctx *c)
{
	unsigned int flags = CLOSE_CLOEXEC;
	long r;

	if (!(c->launch->flags & SL_LAUNCH_DIRECT))
		flags |= CLOSE_UNSHARE;
	r = sl_raw3(SYS_close_range, 3, ~0u, flags);
	if (r < 0)
		return failed(c, SL_STEP_FD_TABLE, r, 0);
	return set_stdio(c);
}

static int own_streams(struct ctx *c)
{
	return own_table(c) < 0 || take_terminal(c) < 0 ? -1 : 0;
}

static int set_cwd(struct ctx *c)
{
	long r;

	if (c->launch->fds[SL_FD_CWD] < 0)
		return 0;
	r = sl_raw1(SYS_fchdir, c->launch->fds[SL_FD_CWD]);
	return r < 0 ? failed(c, SL_STEP_CWD, r, 0) : 0;
}

void sl_child_exec(const struct sl_launch *launch, struct sl_handover *over,
		   struct sl_report *report)
{
	struct ctx c = { launch, over, report };
	/* On the fast path the table stays shared until the filter's listener
	 * is in it. */
	bool late = over && !(launch->flags & SL_LAUNCH_FORK);
	long r;

	if (!late && (own_streams(&c) < 0 || enter_userns(&c) < 0))
		return;
	if (set_attributes(&c) < 0 || set_cwd(&c) < 0 || confine(&c) < 0)
		return;
	if (late && own_streams(&c) < 0)
		return;
	if (set_nofile(&c) < 0)
		return;
	r = sl_child_reset_signals();
	if (r < 0) {
		failed(&c, SL_STEP_SIGNALS, r, 0);
		return;
	}
	r = sl_raw3(SYS_execve, launch->path, launch->argv, launch->envp);
	if (r == -ENOEXEC && launch->argv_shell)
		/* As execvp(3): a script without "#!" is the shell's. */
		r = sl_raw3(SYS_execve, launch->argv_shell[0],
			    launch->argv_shell, launch->envp);
	failed(&c, SL_STEP_EXEC, r, 0);
}
