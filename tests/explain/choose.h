/* SPDX-License-Identifier: Apache-2.0 */
/* A random policy about a tree and what stands around it. */
#ifndef TESTS_EXPLAIN_CHOOSE_H
#define TESTS_EXPLAIN_CHOOSE_H

#include "explain/tree.h"
#include "explain/world.h"

/* The caller frees. It lets the probe be started, but may be refused. */
sandlock_policy *choose_policy(const struct world *world,
			       const struct tree *tree, struct rng *rng);

#endif
