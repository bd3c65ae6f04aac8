/* SPDX-License-Identifier: Apache-2.0 */
/* The programs of ours that others of ours start, and where they are. */
#ifndef SL_RUN_PROGRAM_H
#define SL_RUN_PROGRAM_H

#include <stddef.h>

struct sl_program {
	const char *name;
	const char *variable;  /* of the environment, that may name it */
	const char *installed; /* where `make install` put it */
};

extern const struct sl_program sl_program_supervisor, sl_program_resolve;

/*
 * The one that was named; else the one beside the library, or beside a program
 * that has the library within, as a package that carries both in one folder and
 * a build tree have it; else the installed one. @buf, of PATH_MAX bytes, may
 * hold it.
 */
const char *sl_program_path(const struct sl_program *program, char *buf,
			    size_t size);

/* The file that this very code was loaded from: the path of a shared library,
 * or NULL: of the program itself. */
const char *sl_program_image(void);

#endif
