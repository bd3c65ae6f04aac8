/* SPDX-License-Identifier: Apache-2.0 */
/* Emptying a directory that an enemy filled. */
#ifndef SL_RUN_RMTREE_H
#define SL_RUN_RMTREE_H

#include <stdbool.h>

/*
 * Makes directory @name in @at if it is not there, and opens it: never through
 * a symbolic link. Only the owner may enter a new one, whatever the umask.
 */
int sl_dir_make(int at, const char *name);

/*
 * Removes everything in directory @dir_fd but the entry @keep (may be NULL):
 * any depth, any mode, any name; follows no link and enters no mount. Takes at
 * most *@budget removals (NULL: no limit) and counts it down. -ETIME: the
 * budget is used up; -ENOTEMPTY or the first errno: something would not go.
 */
int sl_rmtree(int dir_fd, const char *keep, unsigned long *budget);

#endif
