/* SPDX-License-Identifier: Apache-2.0 */
/* Between h_open.c and open_special.c, and for all that creates. */
#ifndef SL_SUPERVISE_OPENING_H
#define SL_SUPERVISE_OPENING_H

#include "supervise/call.h"

/*
 * Open the object behind @fd, which we hold, anew with @flags of open(2): a
 * descriptor or a negative errno; -EINPROGRESS: it is answered later. Never
 * blocks, never gives us a terminal.
 */
int sl_open_again(struct sl_call *call, int fd, int flags);

/* A text of ours (sys/sealed.h) in place of what the caller opens for reading
 * alone with @flags: a descriptor with a position of its own, or negative errno. */
int sl_open_sealed(struct sl_call *call, int sealed, int flags);

/* Take on the umask of the caller for what is made next: 0 or negative errno. */
int sl_take_umask(struct sl_call *call);

#endif
