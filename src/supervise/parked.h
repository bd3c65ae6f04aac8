/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opens of named pipes that wait for the other end. They are put aside, and
 * tried again whenever a call came or a little time has passed, so that neither
 * the judge nor anybody else waits.
 */
#ifndef SL_SUPERVISE_PARKED_H
#define SL_SUPERVISE_PARKED_H

#include <stdint.h>

#include "supervise/call.h"

/* More at once are refused. */
#define SL_PARKED_MAX 64

struct sl_parked {
	uint64_t id; /* of the notification */
	int fd;	     /* the pipe: its end for reading, or O_PATH for writing */
	int flags;   /* of open(2), as the caller gave them */
};

/*
 * Open one end of the pipe behind @fd (O_PATH) for the caller: a descriptor;
 * -EINPROGRESS once it is put aside, when the answer comes later; or another
 * negative errno.
 */
int sl_parked_open(struct sl_call *call, int fd, int flags);

/* Answers those whose other end has come, and drops those who are gone. */
void sl_parked_retry(struct sl_judge *judge);
void sl_parked_drop(struct sl_judge *judge);

#endif
