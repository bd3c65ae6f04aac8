/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is known of this kernel and of the place we run in: facts, no judgement.
 * Only what was asked for is looked at.
 */
#ifndef SL_SYS_HOST_H
#define SL_SYS_HOST_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/trial.h"

enum sl_proc_state {
	SL_PROC_MISSING = 0, /* nothing is mounted there */
	SL_PROC_FOREIGN,     /* something else is */
	SL_PROC_UNREADABLE,  /* a sandbox around us keeps it from us */
	SL_PROC_HIDING,	     /* other users' processes are hidden (hidepid) */
	SL_PROC_WHOLE
};

#define SL_SYSCTL_NONE (-1) /* this kernel has no such setting */

struct sl_host {
	/* uname(2) */
	int kernel_major, kernel_minor;
	const char *machine; /* static: the one this was built for */
	uint32_t euid;
	int seccomp_mode; /* 0: no filter above us; 2: one; -1: unknown */
	struct sl_trial trials[SL_TRIAL_COUNT];

	/* "lockdown,capability,landlock", as in boot parameter lsm=; "" unknown */
	char modules[256];
	enum sl_proc_state proc;
	int64_t max_user_namespaces; /* user.max_user_namespaces */
	int64_t unprivileged_userns; /* kernel.unprivileged_userns_clone */
	int64_t apparmor_userns;     /* kernel.apparmor_restrict_... */
	int64_t ptrace_scope;	     /* kernel.yama.ptrace_scope */

	/* Filled by whoever knows of them. */
	const char *supervisor; /* path of sandlock-supervisor */
	int supervisor_error;	/* errno of looking for it, or 0 */
	const char *resolve;	/* path of sandlock-resolve */
	int resolve_error;	/* the same */
	int tmp_error; /* errno of making the private directory, or 0 */
	char tmp_message[256];
};

/* Bits besides SL_TRIAL_BIT() of what sl_host_look() looks at. */
#define SL_LOOK_SYSCTL (1u << 24)
#define SL_LOOK_PROC (1u << 25)
#define SL_LOOK_MODULES (1u << 26)
#define SL_LOOK_SUPERVISOR (1u << 27) /* not ours: run/ knows */
#define SL_LOOK_TMP (1u << 28)	      /* not ours: run/ knows */
#define SL_LOOK_RESOLVE (1u << 29)    /* not ours: run/ knows */

/* Fills @host; the cheap facts always, of the others those in @what. */
void sl_host_look(struct sl_host *host, uint32_t what);

#endif
