/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Does an object lie under a grant? For calls that Landlock does not judge
 * (metadata, watches, Unix sockets): decided on a held object, by the same
 * hierarchy that Landlock walks.
 */
#ifndef SL_SUPERVISE_GRANTS_H
#define SL_SUPERVISE_GRANTS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "supervise/call.h"

enum sl_right {
	SL_RIGHT_READ = 1,
	SL_RIGHT_WRITE = 2,
	/* Never of a root: what a write grant gives on every object under it,
	 * and all it gives on a device, whose node is the host's. */
	SL_RIGHT_TIMES = 4,
	/* Of --unix-allow: sockets there may be connected and sent to. */
	SL_RIGHT_UNIX = 8,
};

/*
 * One grant as the launcher opened it, in the caller's mount namespace. @fd is
 * O_PATH and held for write grants; -1: opened by @path when first needed and
 * believed only if it still is (dev, ino).
 */
struct sl_root {
	const char *path; /* absolute, as named by the policy */
	int fd;
	uint32_t rights; /* enum sl_right bits */
	uint32_t mode;	 /* st_mode */
	dev_t dev;
	ino_t ino;
};

struct sl_grants;

/* Borrows @roots and their descriptors. NULL: out of memory or descriptors.
 * In the process that judges, before it is confined: descriptors are made. */
struct sl_grants *sl_grants_new(const struct sl_root *roots, size_t count);
void sl_grants_free(struct sl_grants *grants);

/*
 * The rights (enum sl_right) that the grants give on the object behind @fd, a
 * descriptor of ours (O_PATH, or a copy of the caller's); 0: none. Negative
 * errno if that cannot be found out, which refuses. The search ends with the
 * first grant that gives any of @want: the answer need not name the others.
 */
int sl_grants_judge_for(struct sl_call *call, int fd, uint32_t want);

#endif
