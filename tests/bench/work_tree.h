/* SPDX-License-Identifier: Apache-2.0 */
/* The trees of files that part_work.c's jobs work on. */
#ifndef TESTS_BENCH_WORK_TREE_H
#define TESTS_BENCH_WORK_TREE_H

#include "bench.h"

/* Absolute, below the benchmark's folder. */
struct work_tree {
	char files[100]; /* 4000 in 100 folders; a repository if there is git */
	char small[100]; /* 1000 in 25 folders, half a kilobyte each: what is
			  * written again and again must not wait for a disk */
	char archive[120]; /* of @small */
	char packed[120];  /* where an archive may be put */
	char out[100]; /* an empty folder, for what is unpacked and copied */
	char project[100];  /* of C, with a Makefile */
	char branches[100]; /* git: "two" changes 320 files of "one", adds one */
	char app[100];	    /* an empty project of node */
	char parcel[120];   /* a tarball to install there by npm */
	char cache[100];    /* npm's, not there yet */
};

/* False, with b->why: what could not be made. */
bool work_tree_make(struct bench *b, struct work_tree *t);

#endif
