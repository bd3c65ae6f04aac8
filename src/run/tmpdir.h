/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The private temporary directory of one run: BASE/tmp-XXXXXX, 0700, itself
 * held with flock(2) as long as the run lives. The sandbox is granted what is
 * in it and may not remove or rename it, nor take a lock that somebody holds.
 *
 * BASE is $XDG_RUNTIME_DIR/sandlock, else $TMPDIR (or /tmp)/sandlock-EUID. A
 * run that was killed leaves its lock free: a later start sweeps it away.
 */
#ifndef SL_RUN_TMPDIR_H
#define SL_RUN_TMPDIR_H

#include "base/error.h"

struct sl_tmpdir {
	char *path; /* absolute: BASE/tmp-XXXXXX */
	int base_fd;
	int run_fd;    /* holds the lock; grant write on this */
	char name[16]; /* tmp-XXXXXX */
};

#define SL_TMPDIR_INIT ((struct sl_tmpdir){ .base_fd = -1, .run_fd = -1 })

int sl_tmpdir_make(struct sl_tmpdir *ret_dir, struct sl_error *err);

/*
 * Removes the directory and what is in it, when nothing of the run is alive any
 * more, and closes the descriptors. Error: something could not be removed (it
 * is named); the rest is gone. Does nothing for SL_TMPDIR_INIT.
 */
int sl_tmpdir_remove(struct sl_tmpdir *dir, struct sl_error *err);

/* Removes what is in it, from inside the sandbox's own domain. */
void sl_tmpdir_empty(const struct sl_tmpdir *dir);

/* Closes without removing: in a process that shares the directory's files. */
void sl_tmpdir_close(struct sl_tmpdir *dir);

/*
 * Removes what killed runs left beside @dir, bounded work per call: the rest is
 * for the next start. One directory read when there is nothing to do.
 */
void sl_tmpdir_sweep(const struct sl_tmpdir *dir);

#endif
