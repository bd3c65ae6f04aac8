/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a path leads, as the kernel would resolve it, and through which
 * directories and mounts Landlock would then climb. For explanations: nothing
 * is opened but with O_PATH.
 */
#ifndef SL_RUN_WALK_H
#define SL_RUN_WALK_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/buf.h"

/* One object on the way up. */
struct sl_node {
	dev_t dev;
	ino_t ino;
	/* Below /proc/PID of the process that asked, reached by "self": another
	 * process gets another directory, so no rule for this one is its. */
	bool own;
};

struct sl_walk {
	int error;    /* 0, or why the path leads nowhere: -ENOENT, -EACCES */
	bool magic;   /* by a link whose end depends on who follows it */
	bool by_self; /* by /proc/self */
	bool on_proc; /* the nearest directory, or the object, is of procfs */
	bool exists;
	/* Names that do not exist, the last one among them; 0 if it exists. */
	unsigned int missing;
	bool as_dir; /* a slash at the end */
	int fd;	     /* O_PATH: the object, or the nearest directory */
	mode_t mode; /* of it */
	char *path;  /* resolved; of a missing one the whole name */
	char *dir;   /* resolved, of the nearest directory */
	struct sl_node *nodes; /* the object first, then up to the root */
	size_t node_count;
};

/* Relative paths start at our working directory. -ENOMEM or 0: everything else
 * is a result. */
int sl_walk(const char *path, struct sl_walk *ret_walk);
void sl_walk_fini(struct sl_walk *walk);

/* Whether a process of ours without capabilities may: @mode as in access(2).
 * 0 or a negative errno. */
int sl_walk_permits(const struct sl_walk *walk, int mode);

#endif
