/* SPDX-License-Identifier: Apache-2.0 */
/* Which sockets some processes have, by the numbers that /proc shows of them. */
#ifndef SL_SUPERVISE_SOCKETS_H
#define SL_SUPERVISE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervise/census.h"

struct sl_socket {
	uint64_t ino;
	int32_t pid; /* whose descriptor it was found by */
};

struct sl_sockets {
	const int32_t *pids; /* or threads; borrowed */
	size_t pid_count;
	struct sl_socket *found; /* in order once they are settled */
	size_t count, room;
	int64_t until_ns; /* of this thread's processor time */
};

/* From outside of every domain. Of a process that nobody may look into nothing
 * is found. 0; -ENOBUFS: it would have taken too long; -ENOMEM. */
int sl_sockets_collect(struct sl_sockets *sockets);

/* SECURITY: a process may have ended before it was looked into, and its number
 * be another's: what was found by one that @census no longer has is forgotten.
 * NULL: the caller sees to that. Afterwards, from inside the domain. */
void sl_sockets_settle(struct sl_sockets *sockets,
		       const struct sl_census *census);

void sl_sockets_fini(struct sl_sockets *sockets);

bool sl_sockets_have(const struct sl_sockets *sockets, uint64_t ino);

#endif
