/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variables of profiles:
 *
 *	${HOME}		the user's home directory	paths, environment
 *	${CWD}		the caller's current directory	paths, environment
 *	${TMPDIR}	the private temporary directory	environment
 *	$$		a '$'
 *
 * Paths are expanded when the profile is read. Values of the environment stay
 * as they are written until the start, when there is a temporary directory.
 */
#ifndef SL_POLICY_VARIABLE_H
#define SL_POLICY_VARIABLE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* The current directory: absolute, no symbolic links. Heap. */
int sl_cwd(char **ret_cwd, struct sl_error *err);

/*
 * Path @text with its variables replaced (heap); *ret_cwd_len bytes of it,
 * after an optional '?', are what ${CWD} stood for. Any other '$', a ${CWD}
 * that is not a whole beginning and a leading '~' are errors. -ENXIO and no
 * message: an optional path in a home, and there is no home.
 */
int sl_path_expand(const char *text, char **ret_text, size_t *ret_cwd_len,
		   struct sl_error *err);
/* The same for a carve-out: what a variable stands for means itself (glob.h). */
int sl_path_expand_glob(const char *text, char **ret_text, struct sl_error *err);

/*
 * Values of the environment: a '$' before anything else stands for itself.
 * Whether @value has variables to be expanded at the start.
 */
int sl_env_check(const char *value, bool *ret_variables, struct sl_error *err);
bool sl_env_uses_tmpdir(const char *value);
/* @tmpdir must not be NULL if @value uses it. Heap. */
int sl_env_expand(const char *value, const char *tmpdir, char **ret_text,
		  struct sl_error *err);

#endif
