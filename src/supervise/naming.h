/* SPDX-License-Identifier: Apache-2.0 */
/* A name that a call makes, moves or removes, held by the directory it is in. */
#ifndef SL_SUPERVISE_NAMING_H
#define SL_SUPERVISE_NAMING_H

#include <limits.h>

#include "supervise/call.h"
#include "supervise/carve.h"

struct sl_naming {
	int parent; /* -1: none */
	int leaf; /* what is there now, O_PATH, no link followed; negative errno */
	/* The name, with a slash behind it if the caller wrote one: the kernel
	 * knows what that means for each call. */
	char name[NAME_MAX + 2];
	struct sl_named named;
	int kinds; /* of what is there: enum sl_carve_kind bits */
};

#define SL_NAMING_INIT                        \
	{                                     \
		.parent = -1, .leaf = -ENOENT \
	}

/*
 * The path in argument @n, below the caller's @dirfd. What the kernel says to
 * "." and the like: @dots, to "/": @root. 0 or a negative errno. Call
 * sl_naming_fini() either way.
 */
int sl_naming_take(struct sl_call *call, enum sl_carve_place place, int dirfd,
		   int n, int dots, int root, struct sl_naming *ret);
void sl_naming_fini(struct sl_naming *naming);

#endif
