/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns on the names of environment variables: '*' is any bytes, '?' is one
 * byte, everything else is itself; capital or not does not matter. A pattern
 * matches a whole name.
 */
#ifndef SL_POLICY_PATTERN_H
#define SL_POLICY_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

int sl_pattern_check(const char *pattern, struct sl_error *err);
bool sl_pattern_match(const char *pattern, const char *name, size_t len);

#endif
