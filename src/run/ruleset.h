/* SPDX-License-Identifier: Apache-2.0 */
/* The planned Landlock rules -> ruleset descriptors, ready to enforce. */
#ifndef SL_RUN_RULESET_H
#define SL_RUN_RULESET_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/error.h"
#include "plan/plan.h"

struct sl_siblings;

/*
 * Opens every granted path (symbolic links are followed, nothing blocks,
 * relative paths start at our working directory) and builds both rulesets for
 * the running kernel's @abi. Both descriptors are O_CLOEXEC and the caller's.
 */
int sl_ruleset_build(const struct sl_plan_landlock *ll, int abi,
		     int *ret_policy_fd, int *ret_border_fd,
		     struct sl_error *err);

/* What became of one planned path. */
struct sl_grant {
	bool made;
	int fd; /* O_PATH and the caller's, where `hold` was asked for; or -1 */
	int error;	 /* why not: -ENOENT... */
	uint64_t access; /* what fits the type of the file */
	dev_t dev;
	ino_t ino;
	mode_t mode;
};

/*
 * As sl_ruleset_build(); @grants has room for what became of each path. With
 * @hold the paths that the judge must know for certain (write grants, and
 * relative ones) stay open. @siblings (NULL: none) changes the rules and not
 * what is noted; it may have given up afterwards.
 */
int sl_ruleset_build_noted(const struct sl_plan_landlock *ll, int abi,
			   struct sl_grant *grants, bool hold,
			   struct sl_siblings *siblings, int *ret_policy_fd,
			   int *ret_border_fd, struct sl_error *err);

/* A line in @text for each path of @policy that is missing, unless it is
 * optional: a run would end there. */
int sl_ruleset_warnings(const struct sl_policy *policy, struct sl_buf *text);

#endif
