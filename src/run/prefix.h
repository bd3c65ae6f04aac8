/* SPDX-License-Identifier: Apache-2.0 */
/* Which directories a program needs beside itself, as far as a path tells. */
#ifndef SL_RUN_PREFIX_H
#define SL_RUN_PREFIX_H

#include <stdbool.h>
#include <stddef.h>

/* Canonical paths, each once. Zero-initialise. */
struct sl_pathlist {
	char **items;
	size_t count, cap;
};

void sl_pathlist_fini(struct sl_pathlist *list);
/* Copies @path; 0 also if it was there. */
int sl_pathlist_add(struct sl_pathlist *list, const char *path);

/* The caller's surroundings, canonical; either may be "". */
struct sl_prefix_context {
	char *home; /* as in $HOME */
	char *home_real;
	char *cwd_real;
};

int sl_prefix_context_init(struct sl_prefix_context *ctx, const char *cwd);
void sl_prefix_context_fini(struct sl_prefix_context *ctx);

/*
 * Adds the program at absolute @path and, if it lies in the bin directory of
 * an installation, that installation. @named: the user named this very program
 * (else the text of a file did, and more evidence is asked for).
 * SECURITY: what is added becomes readable in the sandbox.
 */
int sl_prefix_add(const struct sl_prefix_context *ctx, const char *path,
		  bool named, struct sl_pathlist *list);

#endif
