/* SPDX-License-Identifier: Apache-2.0 */
/* Which sockets some processes have, by the numbers that /proc shows of them. */
#ifndef SL_SUPERVISE_SOCKETS_H
#define SL_SUPERVISE_SOCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_sockets {
	const int32_t *pids; /* or threads; borrowed */
	size_t pid_count;
	uint64_t *inos; /* in order, once each */
	size_t count, room;
	int64_t until_ns; /* of this thread's processor time */
};

/* From outside of every domain. Of a process that nobody may look into nothing
 * is found. 0; -ENOBUFS: it would have taken too long; -ENOMEM. */
int sl_sockets_collect(struct sl_sockets *sockets);
void sl_sockets_fini(struct sl_sockets *sockets);

bool sl_sockets_have(const struct sl_sockets *sockets, uint64_t ino);

#endif
