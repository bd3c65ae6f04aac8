/* SPDX-License-Identifier: Apache-2.0 */
/* The directory in which running sandboxes are found: docs/design/control.md. */
#ifndef SL_RUN_RUNDIR_H
#define SL_RUN_RUNDIR_H

#include "base/error.h"

/*
 * Makes it if need be and opens it. @xdg: what XDG_RUNTIME_DIR says, or NULL.
 * SECURITY: a directory of ours that nobody else may enter, or an error.
 */
int sl_rundir_open(const char *xdg, struct sl_error *err);

#endif
