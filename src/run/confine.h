/* SPDX-License-Identifier: Apache-2.0 */
/* A policy for the calling thread, in place. */
#ifndef SL_RUN_CONFINE_H
#define SL_RUN_CONFINE_H

#include "base/error.h"
#include "policy/policy.h"

/*
 * Irreversible on success. On failure the thread is as it was, except after
 * -ENOTRECOVERABLE: some of the steps hold, and no promise about which.
 */
int sl_confine(const struct sl_policy *policy, struct sl_error *err);

#endif
