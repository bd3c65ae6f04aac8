/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mounts of this process, by the kernel's own list: whether an object can
 * be reached by more than one.
 */
#ifndef SL_RUN_MOUNTS_H
#define SL_RUN_MOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"

struct sl_mounts;

/* -ENOENT without procfs, -E2BIG: more than we read. */
int sl_mounts_load(struct sl_mounts **ret_mounts);
void sl_mounts_free(struct sl_mounts *mounts);
SL_DEFINE_AUTO(sl_mounts, sl_mounts_free);

/* Is mount @id one of them, and not of another mount namespace, or detached? */
bool sl_mounts_has(const struct sl_mounts *mounts, uint64_t id);

/*
 * Does what is called @path, canonical and on mount @id, appear there alone? No
 * other mount of its file system shows it or a directory above it.
 */
bool sl_mounts_show_once(const struct sl_mounts *mounts, uint64_t id,
			 const char *path);

#endif
