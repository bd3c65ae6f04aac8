/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patient threads: they take from the judge what may block (a connect, a send),
 * so that nobody's call waits for another's. Made by the judge's thread when
 * the first such call comes, and so in its domain and without capabilities.
 */
#ifndef SL_SUPERVISE_PATIENT_H
#define SL_SUPERVISE_PATIENT_H

#include <stdatomic.h>

#include "supervise/peer.h"

/*
 * At work at once, per sandbox. More are refused and do not queue: whoever
 * waits in a queue could be the one that all the others wait for.
 */
#define SL_PATIENT_THREADS 128

struct sl_job {
	/*
	 * Does it, and may block: the value or a negative errno of the call. At
	 * -EINTR it goes on unless sl_job_stopped(). It knows nothing but the
	 * job; the judge's state is not its own.
	 */
	long (*work)(struct sl_job *job);
	void (*drop)(void *more); /* frees `more`; NULL: nothing to free */
	void *more;
	struct sl_sock sock; /* closed afterwards, and so is peer.pin */
	struct sl_peer peer;
	uint64_t id; /* of the notification; set by sl_patient_give() */
	int listener;
	atomic_bool stopped;
	bool begun; /* of a connect: by us, then interrupted */
};

/* Is nobody waiting for the answer any more. */
static inline bool sl_job_stopped(struct sl_job *job)
{
	return atomic_load(&job->stopped);
}

/* Closes and frees what the job holds. */
void sl_job_fini(struct sl_job *job);

/*
 * Hands over @call. Takes what @job holds, whatever the outcome. The answer to
 * return from the handler: "later", or EAGAIN if too many are at work.
 */
struct sl_answer sl_patient_give(struct sl_call *call, struct sl_job *job);

struct sl_patient;

/* Interrupts whatever is at work and ends the threads. NULL is nobody. */
void sl_patient_free(struct sl_patient *patient);

#endif
