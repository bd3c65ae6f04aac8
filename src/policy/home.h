/* SPDX-License-Identifier: Apache-2.0 */
/* The user's home directory, and ${HOME} in the paths of profiles. */
#ifndef SL_POLICY_HOME_H
#define SL_POLICY_HOME_H

#include "base/error.h"

/*
 * $HOME if it is absolute and not "/", else the passwd entry of the user, read
 * by hand because a static program cannot use the name service. Heap.
 */
int sl_home(char **ret_home, struct sl_error *err);

/*
 * @text with ${HOME} replaced and "$$" as "$"; any other '$' and a leading '~'
 * (behind an optional '?') are errors. Heap.
 */
int sl_home_expand(const char *text, char **ret_text, struct sl_error *err);

#endif
