/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No call of the judging thread waits for long: one that may wait is made
 * between sl_hurry() and sl_hurry_over(), and fails with EINTR when the time is
 * up. To know beforehand whether it will wait is not to be had: O_NONBLOCK,
 * SO_LINGER and a full queue change behind our look.
 */
#ifndef SL_SUPERVISE_HURRY_H
#define SL_SUPERVISE_HURRY_H

#include <stdbool.h>
#include <time.h>

/* How long a call may wait, and all others of the sandbox with it. */
#define SL_HURRY_NS 500000

struct sl_hurry {
	timer_t timer;
	bool made;
	bool on; /* between sl_hurry() and sl_hurry_over(), which may be further out */
};

/*
 * Of the calling thread alone, always the same one. False: there is no timer,
 * or no signal; nothing that may wait is to be begun. Made early it is there
 * later: a sandbox can use up what its user may have of them.
 */
bool sl_hurry_prepare(struct sl_hurry *hurry);
bool sl_hurry(struct sl_hurry *hurry);
void sl_hurry_over(struct sl_hurry *hurry);
/* From any thread: interrupt what its own one waits in, once. */
void sl_hurry_now(struct sl_hurry *hurry);
void sl_hurry_fini(struct sl_hurry *hurry);

#endif
