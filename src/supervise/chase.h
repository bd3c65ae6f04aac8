/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that no process has for long enough to be looked at: each leaves it to
 * the next one, in an address space that both share or in a copy, and is gone
 * between the census and the look. So whoever came since is stopped where it
 * is (hold.h), and stays until it was looked at, even if it is just about to end.
 */
#ifndef SL_SUPERVISE_CHASE_H
#define SL_SUPERVISE_CHASE_H

#include <stddef.h>
#include <stdint.h>

#include "supervise/census.h"
#include "supervise/clerk.h"
#include "supervise/hold.h"

/*
 * Holds those of the sandbox that are not in @known (in order), as many as fit:
 * how many it caught, or else how many are there and may not be held.
 * -EAGAIN: they were gone before they could be.
 * From the thread that holds, inside of the domain.
 */
long sl_chase(const struct sl_census *census, struct sl_clerk *clerk,
	      struct sl_hold *hold, const int32_t *known, size_t count);

#endif
