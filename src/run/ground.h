/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the current directory may be granted just because it is current. */
#ifndef SL_RUN_GROUND_H
#define SL_RUN_GROUND_H

#include "base/error.h"
#include "policy/policy.h"

/*
 * @item is a grant that a profile wrote as ${CWD} or ${CWD}/..., and @fd what
 * it leads to. -EPERM if that, or the current directory, is or contains the
 * home or "/", or is, contains or lies inside a directory of our own.
 */
int sl_ground_check(const struct sl_item *item, int fd, struct sl_error *err);

#endif
