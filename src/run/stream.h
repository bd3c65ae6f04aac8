/* SPDX-License-Identifier: Apache-2.0 */
/* What may be handed into a sandbox as its stdin, stdout or stderr. */
#ifndef SL_RUN_STREAM_H
#define SL_RUN_STREAM_H

#include "base/error.h"

/*
 * SECURITY: 0 unless @fd is a socket that could still reach a peer of the
 * sandbox's choice where no rule looks. A closed @fd is fine. @name is for the
 * message.
 */
int sl_stream_check(int fd, const char *name, struct sl_error *err);

#endif
