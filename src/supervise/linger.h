/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies of the caller's sockets. Who closes the last descriptor of a TCP
 * socket waits until its data is taken, for as long as SO_LINGER says: the
 * caller sets that, and may close its own while we hold a copy. Unix sockets
 * are no better: what lies in their queues is closed with them.
 */
#ifndef SL_SUPERVISE_LINGER_H
#define SL_SUPERVISE_LINGER_H

#include <stdbool.h>

struct sl_judge;

/* Might closing @fd, of whatever kind, wait: is it a socket? */
bool sl_linger_may(int fd);

/*
 * Takes @fd and closes it without waiting for long. What cannot be closed, for
 * want of a timer and of a thread, is kept and tried again by the next call;
 * @fd may be -1 for that. False: one is still kept, and no other may be copied.
 */
bool sl_linger_close(struct sl_judge *judge, int fd);

#endif
