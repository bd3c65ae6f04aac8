/* SPDX-License-Identifier: Apache-2.0 */
/* A launch as bytes: from the library to its supervisor process. */
#ifndef SL_RUN_RECIPE_H
#define SL_RUN_RECIPE_H

#include "base/buf.h"
#include "base/error.h"
#include "run/launch.h"
#include "run/tmpdir.h"

struct sl_recipe {
	struct sl_launch launch; /* points into data and pointers */
	char *data;
	const char **pointers;
	struct sl_carve_rule *carves;
	struct sl_net_entry *net;
	struct sl_root *roots; /* those with fd 0 await one; -1: none */
};

/* Descriptors are not part of it: they travel beside. */
int sl_recipe_encode(const struct sl_launch *launch, struct sl_buf *buf);
/* Takes @data (heap) also on failure. Every offset is checked. */
int sl_recipe_decode(char *data, size_t len, struct sl_recipe **ret_recipe);
/* Closes the descriptors of a launch. */
void sl_launch_close(struct sl_launch *launch);
/* Moves the private temporary directory out of @launch: SL_TMPDIR_INIT if it
 * has none. */
void sl_launch_take_tmp(struct sl_launch *launch, struct sl_tmpdir *ret_dir);
/* Removes the private temporary directory, once nothing of the tree is left. */
void sl_launch_remove_tmp(struct sl_launch *launch);
/* Closes launch.fds[]. */
void sl_recipe_free(struct sl_recipe *recipe);

#endif
