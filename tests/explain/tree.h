/* SPDX-License-Identifier: Apache-2.0 */
/* Random trees of files, and random ways to name what is in them. */
#ifndef TESTS_EXPLAIN_TREE_H
#define TESTS_EXPLAIN_TREE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct rng {
	uint64_t state;
};

void rng_seed(struct rng *rng, uint64_t seed);
/* 0 to @n - 1. */
unsigned int rng_below(struct rng *rng, unsigned int n);
/* True @percent times of a hundred. */
bool rng_chance(struct rng *rng, unsigned int percent);

#define TREE_NODES 40
#define TREE_KEPT "kept"

struct tree {
	char root[PATH_MAX]; /* the current directory of everybody */
	struct node {
		char path[PATH_MAX]; /* below root, "" for it */
		mode_t mode;
	} nodes[TREE_NODES];
	size_t count;
};

/*
 * A tree below @root, which is made: directories, files, programs (copies of
 * @program), scripts, links of both kinds, pipes and sockets, with modes that
 * forbid much. Ends the test on failure.
 */
void tree_make(struct tree *tree, struct rng *rng, const char *root,
	       const char *program);
/* Whatever is left of it. */
void tree_remove(const char *root);

/* Some name: of a node, or of nothing, straight or with detours. */
void tree_path(const struct tree *tree, struct rng *rng, char *out, size_t size);

#endif
