/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds threads back for a while, unseen by anybody: seized by ptrace(2), which
 * stops them without a signal, so that no parent is told, nothing that the
 * program had stopped is continued, and no signal but SIGKILL gets one going
 * again. It is traced only for as long as it is held; a holder that dies lets go.
 *
 * SECURITY: by a thread in the outer domain, out of which the kernel lets it
 * trace the sandbox alone. Only the thread that holds may call, where nothing
 * else is said.
 */
#ifndef SL_SUPERVISE_HOLD_H
#define SL_SUPERVISE_HOLD_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_held {
	int32_t tid;
	bool stopped;
	int signal; /* that it was about to take; 0: none */
};

struct sl_hold {
	pthread_mutex_t lock; /* of the list, for who watches */
	struct sl_held *list;
	size_t count, room;
	uintptr_t options;	  /* of ptrace(2), for who is seized */
	uint32_t seizing;	  /* a futex */
	void (*hangs)(void *arg); /* from the watching thread */
	void *arg;
};

#define SL_HOLD_INIT ((struct sl_hold){ .lock = PTHREAD_MUTEX_INITIALIZER })

/* 0; -EPERM: this system lets nobody trace. Outside of any domain. */
int sl_hold_possible(void);

void sl_hold_fini(struct sl_hold *hold);

/* 0: it is held, or about to be; -ESRCH: it is gone; -EPERM: it may not be
 * traced, or is gone; -ENOMEM. */
int sl_hold_seize(struct sl_hold *hold, int32_t tid);
/* Takes note of those that have stopped or ended since. */
void sl_hold_collect(struct sl_hold *hold);
/* True: none is left. One that has not stopped yet cannot be let go of: to be
 * called again. */
bool sl_hold_release(struct sl_hold *hold);

/*
 * To be run by another thread of this process while the holder seizes. Seizing
 * waits for an execve(2) of the process, that for the end of its other threads,
 * and the end of a traced one for a wait of its tracer: so those are waited for
 * here. If it hangs all the same, hangs() is called.
 */
void sl_hold_watch(struct sl_hold *hold);
void sl_hold_begin(struct sl_hold *hold);
void sl_hold_end(struct sl_hold *hold);

#endif
