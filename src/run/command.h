/* SPDX-License-Identifier: Apache-2.0 */
/* argv[0] -> the file to execute and what it needs to be readable. */
#ifndef SL_RUN_COMMAND_H
#define SL_RUN_COMMAND_H

#include <stddef.h>

#include "base/error.h"
#include "run/exechead.h"

struct sl_command {
	char *path; /* absolute; for execve(2) */
	enum sl_exec_kind kind;
	/* Canonical files and directories for preset base to grant reading:
	 * the program, its interpreters, the installations they lie in. */
	char **grants;
	size_t grant_count;
};

/*
 * As execvp(3) would with @path_env (NULL: the default) in directory @cwd
 * (NULL: ours). -ENOENT (exit code 127): no such command, or its interpreter is
 * missing. -EACCES (126): found, but cannot be executed.
 */
int sl_command_resolve(const char *argv0, const char *path_env, const char *cwd,
		       struct sl_command *ret_command, struct sl_error *err);
void sl_command_fini(struct sl_command *command);

#endif
