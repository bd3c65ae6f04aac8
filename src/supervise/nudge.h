/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A system call that blocks is ended by a signal only. This is the one that our
 * threads send each other for that; its handler does nothing.
 */
#ifndef SL_SUPERVISE_NUDGE_H
#define SL_SUPERVISE_NUDGE_H

/* Its number, the same ever after. 0: the process has a use for all there are. */
int sl_nudge_signal(void);

/* Sends it to thread @tid of this process, unless the user has as many signals
 * waiting as RLIMIT_SIGPENDING says: a timer's is always delivered. */
void sl_nudge(int tid);

/* Opens the calling thread to it. */
void sl_nudge_allow(void);

#endif
