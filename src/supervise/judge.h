/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one sandbox's judging thread. Everything is allocated before the
 * first call is judged; no handler allocates.
 */
#ifndef SL_SUPERVISE_JUDGE_H
#define SL_SUPERVISE_JUDGE_H

#include <limits.h>

#include "supervise/grants.h"

#define SL_JUDGE_PIDFDS 16

struct sl_judge_pidfd {
	int32_t tid; /* 0: free */
	int fd;
};

struct sl_judge {
	int listener;
	int proc_fd;	  /* O_PATH of /proc */
	int self_fd;	  /* O_PATH of /proc/self/fd of this very process */
	int root_fd;	  /* O_PATH of / */
	int supervisor_pid; /* a keeper: never acted on */
	int guardian_pid;   /* a keeper, too */
	bool scoped;	  /* the outer domain holds signals in (ABI 6) */
	struct sl_grants *grants;
	struct sl_judge_pidfd pidfds[SL_JUDGE_PIDFDS];
	/* Copies of the caller's strings, one call at a time. */
	char path[2][PATH_MAX];
	char text[2][PATH_MAX];
	char value[65536 + 1]; /* XATTR_SIZE_MAX */
};

/* Handlers use judge->path[] for arguments; pin.c and grants.c use text[]. */

#endif
