/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this kernel lets this process do, found out by doing it in a throw-away
 * child: a version number does not tell what a container's filter, a sysctl or
 * another security module refuses. A trial leaves nothing behind, sends no
 * signal, and the caller's wait(2) and SIGCHLD do not see its child.
 */
#ifndef SL_SYS_TRIAL_H
#define SL_SYS_TRIAL_H

#include <stdbool.h>
#include <stdint.h>

enum sl_trial_id {
	SL_TRIAL_LANDLOCK = 0, /* is there Landlock; number: ABI, list: errata */
	SL_TRIAL_DOMAIN,  /* enter one; number: how many more there is room */
	SL_TRIAL_FILTER,  /* install a filter and meet it */
	SL_TRIAL_NOTIFY,  /* get a listener; number: enum sl_notify_flag */
	SL_TRIAL_PIDFD,	  /* number: 1 if a group can be signalled by pidfd */
	SL_TRIAL_CLOSE,	  /* close_range(2) as a start does it */
	SL_TRIAL_OPEN,	  /* openat2(2) */
	SL_TRIAL_THREAD,  /* does clone3(2) answer as libc can bear */
	SL_TRIAL_CAPS,	  /* drop all; number: 1 if we are root */
	SL_TRIAL_SAME,	  /* turn address randomisation off */
	SL_TRIAL_USERNS,  /* enter a user namespace and write its maps */
	SL_TRIAL_LIBRARY, /* what a host of the library needs besides */
	SL_TRIAL_MODULES, /* security modules; number: how many, list: ids */
	SL_TRIAL_COUNT
};

#define SL_TRIAL_BIT(id) (1u << (id))

/*
 * SL_TRY(id, the call as a person may read it). CAPS_* follow enum sl_caps_call
 * and MAP_* enum sl_map_file.
 */
#define SL_TRY_LIST                                                   \
	SL_TRY(NONE, "nothing")                                       \
	SL_TRY(FORK, "clone")                                         \
	SL_TRY(CREATE, "landlock_create_ruleset")                     \
	SL_TRY(ADD, "landlock_add_rule")                              \
	SL_TRY(NNP, "prctl(PR_SET_NO_NEW_PRIVS)")                     \
	SL_TRY(RESTRICT, "landlock_restrict_self")                    \
	SL_TRY(REFUSED, "opening what is not granted")                \
	SL_TRY(SECCOMP, "seccomp(SECCOMP_SET_MODE_FILTER)")           \
	SL_TRY(FILTERED, "a call that the filter refuses")            \
	SL_TRY(LISTENER, "seccomp(SECCOMP_FILTER_FLAG_NEW_LISTENER)") \
	SL_TRY(CLONE_PIDFD, "clone(CLONE_PIDFD)")                     \
	SL_TRY(PIDFD_SIGNAL, "pidfd_send_signal")                     \
	SL_TRY(PIDFD_WAIT, "waitid(P_PIDFD)")                         \
	SL_TRY(CLOSE_RANGE, "close_range")                            \
	SL_TRY(OPENAT2, "openat2")                                    \
	SL_TRY(CLONE3, "clone3")                                      \
	SL_TRY(CAPS_GET, "capget")                                    \
	SL_TRY(CAPS_BOUND, "prctl(PR_CAPBSET_DROP)")                  \
	SL_TRY(CAPS_SET, "capset")                                    \
	SL_TRY(PERSONALITY, "personality")                            \
	SL_TRY(UNSHARE, "unshare(CLONE_NEWUSER)")                     \
	SL_TRY(MAP_UID, "writing /proc/self/uid_map")                 \
	SL_TRY(MAP_SETGROUPS, "writing /proc/self/setgroups")         \
	SL_TRY(MAP_GID, "writing /proc/self/gid_map")                 \
	SL_TRY(PIDFD_OPEN, "pidfd_open")                              \
	SL_TRY(MEMFD, "memfd_create")                                 \
	SL_TRY(SOCKETPAIR, "socketpair")                              \
	SL_TRY(MODULES, "lsm_list_modules")

enum sl_try {
#define SL_TRY(id, text) SL_TRY_##id,
	SL_TRY_LIST
#undef SL_TRY
		SL_TRY_COUNT
};

enum sl_notify_flag { SL_NOTIFY_KILLABLE = 1, SL_NOTIFY_SYNC = 2 };

#define SL_TRIAL_LIST 32

struct sl_trial {
	uint32_t id;	 /* enum sl_trial_id */
	uint32_t done;	 /* it was tried: the rest has a meaning */
	uint32_t tried;	 /* enum sl_try: what was tried last */
	int32_t error;	 /* 0: it worked; else the errno of `tried` */
	uint32_t killed; /* instead of an errno: the child was killed there */
	int64_t number;
	uint64_t list[SL_TRIAL_LIST];
};

/* Runs trial @id; what could not even be tried names SL_TRY_FORK. */
void sl_trial_run(enum sl_trial_id id, struct sl_trial *ret_trial);

const char *sl_try_name(uint32_t tried);

/* The child's part: @arg is its struct sl_trial, which it fills as it goes. */
int sl_trial_main(void *arg);

#endif
