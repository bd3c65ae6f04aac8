/* SPDX-License-Identifier: Apache-2.0 */
/* The user's home directory. */
#ifndef SL_POLICY_HOME_H
#define SL_POLICY_HOME_H

#include <sys/types.h>

#include "base/error.h"

/*
 * $HOME if it is absolute and not "/", else the passwd entry of the user, read
 * by hand because a static program cannot use the name service. Heap.
 */
int sl_home(char **ret_home, struct sl_error *err);

/* The passwd entry of @uid alone; -ENOENT if there is no usable one. Heap. */
int sl_home_of(uid_t uid, char **ret_home);

#endif
