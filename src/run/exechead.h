/* SPDX-License-Identifier: Apache-2.0 */
/* What the first bytes of an executable say about who will run it. */
#ifndef SL_RUN_EXECHEAD_H
#define SL_RUN_EXECHEAD_H

#include <limits.h>

#include "base/limits.h"

enum sl_exec_kind {
	SL_EXEC_OTHER = 0, /* the kernel answers ENOEXEC (or binfmt_misc) */
	SL_EXEC_SCRIPT,	   /* "#!" */
	SL_EXEC_ELF,
	SL_EXEC_UNREADABLE, /* may be executed but not read */
};

struct sl_exec_head {
	enum sl_exec_kind kind;
	char interp[PATH_MAX];	      /* "#!" or PT_INTERP; "" if none */
	char arg[SL_MAX_SCRIPT_HEAD]; /* rest of a "#!" line; "" if none */
};

/* Reads the head of the regular file @path. Negative errno if it is none. */
int sl_exec_head_read(const char *path, struct sl_exec_head *ret_head);

/* Parses @len bytes of the start of a script; "#!" included. */
void sl_exec_head_script(const char *text, size_t len,
			 struct sl_exec_head *ret_head);

#endif
