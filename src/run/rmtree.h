/* SPDX-License-Identifier: Apache-2.0 */
/* Emptying a directory that an enemy filled. */
#ifndef SL_RUN_RMTREE_H
#define SL_RUN_RMTREE_H

#include <stdbool.h>

/*
 * Opens directory @name in @at, never through a symbolic link or into a mount,
 * and gives its owner full access to it first.
 */
int sl_dir_open(int at, const char *name);

/* Makes directory @name in @at and opens it. Only the owner may enter it,
 * whatever the umask. -EEXIST: something has that name. */
int sl_dir_new(int at, const char *name);

/* The same, but one that is there is opened, as it is. */
int sl_dir_make(int at, const char *name);

/*
 * Removes everything in directory @dir_fd, which must not be an O_PATH
 * descriptor: any depth, any mode, any name; follows no link and enters no
 * mount. Takes at most *@budget removals (NULL: no limit) and counts it down.
 * -ETIME: the budget is used up; -ENOTEMPTY or the first errno: something would
 * not go.
 */
int sl_rmtree(int dir_fd, unsigned long *budget);

#endif
