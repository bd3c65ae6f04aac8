/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The state of one sandbox's judging thread. Everything is allocated before the
 * first call is judged; no handler allocates.
 */
#ifndef SL_SUPERVISE_JUDGE_H
#define SL_SUPERVISE_JUDGE_H

#include <limits.h>

#include "plan/filter.h"
#include "policy/netset.h"
#include "supervise/carve.h"
#include "supervise/census.h"
#include "supervise/clerk.h"
#include "supervise/event.h"
#include "supervise/forks.h"
#include "supervise/grants.h"
#include "supervise/hosts.h"
#include "supervise/hurry.h"
#include "supervise/netlink.h"
#include "supervise/parked.h"
#include "supervise/portmap.h"

struct sl_patient;

#define SL_JUDGE_PIDFDS 16
#define SL_JUDGE_EXECS 16
#define SL_JUDGE_HELD 8

struct sl_judge_pidfd {
	int32_t tid; /* 0: free */
	int fd;
};

/* A process that was let execute, and until when that may show. */
struct sl_judge_exec {
	int32_t tgid; /* 0: free */
	int pidfd;    /* of it, as long as it is not free */
	int64_t until;
	/* What it executed before, if that could be looked at; then, whether it
	 * was seen with something else that is not denied. */
	bool known, seen;
	dev_t dev;
	ino_t ino;
};

/* A descriptor that the sandbox had from its start: the host's, not its own. */
struct sl_inherited {
	dev_t dev;
	ino_t ino;
};

#define SL_JUDGE_INHERITED 4 /* stdio, and the text of hosts.h */

/* The user namespace of the sandbox, if it has one of its own: it maps one user
 * and one group. */
struct sl_judge_ids {
	bool mapped;
	uint32_t inside_uid, outside_uid;
	uint32_t inside_gid, outside_gid;
};

struct sl_judge {
	int listener;	      /* -1: none yet */
	int proc_fd;	      /* O_PATH of /proc */
	int self_fd;	      /* O_PATH of /proc/self/fd of this very process */
	int root_fd;	      /* O_PATH of / */
	int supervisor_pid;   /* a keeper: never acted on */
	int guardian_pid;     /* a keeper, too; 0: none yet */
	unsigned int when;    /* enum sl_when bits that hold */
	const uint8_t *list;  /* enum sl_filter_list by call; NULL: no entry */
	bool scoped;	      /* the border holds signals in (ABI 6) */
	bool abstract;	      /* abstract Unix sockets are judged elsewhere */
	struct sl_netset net; /* borrows its entries; asked with SL_WHEN_NET */
	struct sl_patient *patient; /* NULL until something may block */
	int64_t jobs_ns; /* processor time of its other threads for what is over */
	struct sl_grants *grants;
	struct sl_carves *carves; /* NULL: nothing is carved out */
	struct sl_hosts hosts;
	struct sl_portmap *ports; /* with SL_WHEN_REMAP */
	struct sl_tables *tables; /* with SL_WHEN_TABLES */
	struct sl_clerk clerk;
	bool own_fs; /* a umask and a working directory of this thread alone */
	struct sl_judge_exec execs[SL_JUDGE_EXECS];
	bool looks; /* some of them are taken */
	struct sl_parked parked[SL_PARKED_MAX];
	int parked_count;
	struct sl_judge_ids ids;
	struct sl_forks forks;	      /* with SL_WHEN_COUNTED */
	struct sl_event_ring *events; /* borrowed; NULL: nobody is told */
	struct sl_inherited inherited[SL_JUDGE_INHERITED];
	int inherited_count;
	struct sl_judge_pidfd pidfds[SL_JUDGE_PIDFDS];
	struct sl_hurry hurry;
	struct sl_netlink netlink;
	int held[SL_JUDGE_HELD]; /* second copies (remote.h) */
	int held_count;
	int kept; /* a socket not closed yet, + 1 (linger.h); 0: none */
	/* Row of notify.def + 1 by number of the call; 0: none. */
	uint8_t row_of[SL_SYSCALL_NR_MAX + 1];
	/* How often each came, by number: what a policy costs. */
	uint32_t asked[SL_SYSCALL_NR_MAX + 1];
	/* What came, with room for what a later kernel may add. */
	union {
		struct seccomp_notif notif;
		char room[512];
	} in;
	/* Copies of the caller's strings, one call at a time. */
	char path[2][PATH_MAX];
	char text[2][PATH_MAX];
	char value[65536 + 1]; /* XATTR_SIZE_MAX */
	char object[PATH_MAX]; /* of a denial (event.c) */
};

/* Handlers use judge->path[] for arguments; pin.c and grants.c use text[]. */

/* Borrows @roots until it is freed. NULL: out of memory. */
struct sl_judge *sl_judge_new(const struct sl_root *roots, size_t count);
void sl_judge_free(struct sl_judge *judge);

/* Files are made in the place of others: that takes a umask. With TABLES there
 * are BINDS. */
static inline bool sl_judge_makes_files(const struct sl_judge *judge)
{
	return judge->when & (SL_WHEN_CARVED | SL_WHEN_HOSTS | SL_WHEN_BINDS);
}

/* Borrows @listener. */
void sl_judge_listen(struct sl_judge *judge, int listener);

/* Answers what is there or comes within @timeout_ms, and then what else is
 * there without waiting: how many. */
int sl_judge_serve_ready(struct sl_judge *judge, int timeout_ms);

/* Answers until nobody is left who could ask, or @guardian_fd is readable: 0.
 * Negative errno: the listener is of no use any more, and everything it traps
 * fails. */
int sl_judge_serve(struct sl_judge *judge, int guardian_fd);

/* Sends one: a value, an errno, or "run". A caller that is gone is no error. */
void sl_judge_answer(int listener, uint64_t id, const struct sl_answer *answer);

/* The answer to the call in judge->in (dispatch.c). */
struct sl_answer sl_judge_dispatch(struct sl_judge *judge);

#endif
