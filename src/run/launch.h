/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a start needs, complete before the first clone: the child only reads it.
 * Everything is borrowed from whoever made the launch.
 */
#ifndef SL_RUN_LAUNCH_H
#define SL_RUN_LAUNCH_H

#include <stdint.h>

#include "policy/netset.h"
#include "supervise/carve.h"
#include "supervise/grants.h"

struct sock_filter;

enum sl_launch_flag {
	/* Own address space: what the policy sets belongs to the memory (THP,
	 * a user namespace), so the fast path would set it in the supervisor. */
	SL_LAUNCH_FORK = 1,
	SL_LAUNCH_NO_COREDUMP = 2,
	SL_LAUNCH_NO_ASLR = 4,
	SL_LAUNCH_NO_THP = 8,
	SL_LAUNCH_USER = 16,	   /* map the caller to uid:gid */
	SL_LAUNCH_FOREGROUND = 32, /* hand over the terminal on stdin */
	SL_LAUNCH_UMASK = 64,
	SL_LAUNCH_DIRECT = 128, /* exec in place, no guardian above */
	SL_LAUNCH_CPUS = 256,
	SL_LAUNCH_OOM = 512, /* be the OOM killer's first choice */
	/* No domain and no filter: for tests of the life of a run. Without it a
	 * start that lacks either fails. */
	SL_LAUNCH_UNCONFINED = 1024,
	/* No stream is a terminal: away from the caller's, or a process could
	 * join a group of the caller's session and have the kernel stop it. */
	SL_LAUNCH_SESSION = 8192,
	SL_LAUNCH_SCOPED = 2048, /* the outer domain holds signals in */
	SL_LAUNCH_QUIET = 4096, /* Landlock ABI 7: no audit of our own probes */
	SL_LAUNCH_JUDGED = 16384, /* the filter traps: hand over its listener */
	SL_LAUNCH_TRAPS_EXEC = 32768, /* also the exec that starts the program */
	/* The judge need not look at abstract Unix sockets. */
	SL_LAUNCH_ABSTRACT = 65536,
	SL_LAUNCH_LIVE = 131072, /* each denial is told at once, not in time */
};

#define SL_LAUNCH_CPU_WORDS 16 /* 1,024 CPUs */
#define SL_LAUNCH_LIMITS 16    /* RLIM_NLIMITS */

struct sl_launch_limit {
	uint64_t cur, max;
};

enum sl_launch_fd {
	SL_FD_STDIN = 0,
	SL_FD_STDOUT,
	SL_FD_STDERR,
	/* Ruleset of the policy, D1: the judge enters it, and all below the
	 * judge inherit it. Without a supervisor the child enters it itself. */
	SL_FD_POLICY,
	/* What the root adds, D2: being in another domain than its keepers it
	 * can neither signal nor inspect them. */
	SL_FD_BORDER,
	SL_FD_CWD,     /* O_PATH directory; -1: unchanged */
	SL_FD_TMP_RUN, /* the private temporary directory (tmpdir.h); or -1 */
	SL_FD_TMP_BASE,
	SL_FD_COUNT
};

struct sl_launch {
	uint32_t flags;
	uint32_t umask;
	uint32_t uid, gid; /* to be seen inside, with SL_LAUNCH_USER */
	uint64_t timeout_ns, kill_after_ns;
	uint64_t nofile;     /* 0: unchanged */
	uint64_t max_memory; /* of the whole tree; 0: no limit */
	uint64_t data_max;   /* RLIMIT_DATA and _STACK of each, or lower; 0 */
	uint64_t stack_max;
	uint32_t max_processes; /* 0: no limit */
	uint32_t cpu_percent;	/* of one core; 0: no limit */
	uint32_t limit_mask;	/* bit per RLIMIT_* to set from limits[] */
	struct sl_launch_limit limits[SL_LAUNCH_LIMITS];
	uint64_t cpus[SL_LAUNCH_CPU_WORDS];
	uint32_t insn_count;
	const struct sock_filter *insns;
	const char *path;	       /* execve(2) */
	const char *const *argv;       /* as the program sees it */
	const char *const *argv_shell; /* /bin/sh PATH ARGS, on ENOEXEC */
	const char *const *envp;
	const char *tmp_name; /* its name below SL_FD_TMP_BASE, or NULL */
	const struct sl_root *roots; /* the grants, for the judge */
	uint32_t root_count;
	const struct sl_carve_rule *carves; /* parts of them that are not */
	uint32_t carve_count;
	const struct sl_net_entry *net; /* who may be reached, for the judge */
	uint32_t net_count;
	uint32_t net_open; /* as in struct sl_netset */
	uint32_t when;	   /* enum sl_when bits of the filter, for the judge */
	uint8_t list[SL_SYS_COUNT]; /* as in struct sl_filter_spec, for it */
	const char *name;	    /* that the sandbox shall have, or NULL */
	const char *xdg;	    /* XDG_RUNTIME_DIR of the caller, or NULL */
	const char *hosts;	    /* as /etc/hosts is to be, or NULL */
	int fds[SL_FD_COUNT];	    /* stdio: -1 means as it is */
};

/* Steps of a start, in order; what a report names. Zero: none failed. */
enum sl_step {
	SL_STEP_NONE = 0,
	SL_STEP_LIMITS, /* what watches over memory, processes and time */
	SL_STEP_CONFINE_JUDGE, /* the thread's own domain */
	SL_STEP_USERNS,	       /* a namespace for the root to enter */
	SL_STEP_USERNS_MAP,
	SL_STEP_CLONE_GUARDIAN,
	SL_STEP_GUARDIAN,
	SL_STEP_CLONE,
	SL_STEP_PGRP,
	SL_STEP_FD_TABLE,
	SL_STEP_STDIO,
	SL_STEP_TTY,
	SL_STEP_PERSONALITY,
	SL_STEP_AFFINITY,
	SL_STEP_RLIMIT,
	SL_STEP_THP,
	SL_STEP_ENTER_USERNS,
	SL_STEP_CWD,
	SL_STEP_CAPS,
	SL_STEP_NNP,
	SL_STEP_LANDLOCK,
	SL_STEP_SECCOMP,
	SL_STEP_LISTENER, /* the judge has not got it */
	SL_STEP_NOFILE,
	SL_STEP_SIGNALS,
	SL_STEP_EXEC,
	SL_STEP_COUNT
};

/* The child's account of its failure: flat, written once, before it dies. */
struct sl_report {
	uint32_t step; /* enum sl_step */
	int32_t error; /* positive errno */
	uint32_t arg;  /* which stream, limit, file of the map */
};

/* The filter's listener on its way from the child to the judge, in memory that
 * both see. */
struct sl_handover {
	uint32_t listener; /* 0: none; descriptor + 1, in the child's table */
	uint32_t taken;	   /* fork path: the judge has a copy */
	int pipe;	   /* fork path: written to when there is one; or -1 */
	uint32_t *wake;	   /* else, with SL_LAUNCH_TRAPS_EXEC: woken then */
	int userns;	   /* SL_LAUNCH_USER: the namespace to enter */
};

/*
 * All steps up to and including execve(2), in the calling task: returns only on
 * failure, with *report filled. @over: with SL_LAUNCH_JUDGED or _USER, else
 * NULL. Raw system calls only.
 */
void sl_child_exec(const struct sl_launch *launch, struct sl_handover *over,
		   struct sl_report *report);

/*
 * The life of a task that only makes a user namespace, in a memory of its own:
 * the argument is a struct sl_userns_maker in memory shared with the maker.
 * Ends by SIGKILL once `ready` or report.step is set.
 */
struct sl_userns_maker {
	uint32_t uid, gid; /* as to be seen inside */
	uint32_t ready;
	struct sl_report report;
};
int sl_userns_maker_main(void *arg);

/*
 * Of these steps only CAPS to SECCOMP, for the calling thread as it is: no
 * capabilities, no_new_privs, domain SL_FD_POLICY, filter. report->step stays
 * SL_STEP_NONE on success.
 */
void sl_child_confine(const struct sl_launch *launch, struct sl_report *report);

#endif
