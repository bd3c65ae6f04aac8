/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denied files given to Landlock by granting what lies beside them, where that
 * comes to the same as judging every open: docs/design/carve-outs.md says when.
 * All denies of a policy or none.
 */
#ifndef SL_RUN_SIBLINGS_H
#define SL_RUN_SIBLINGS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "plan/plan.h"
#include "run/carveset.h"

struct sl_siblings;

/*
 * Looks at what the denies of @set lead to, and holds it. NULL in
 * *@ret_siblings where they have to be judged. @cwd: the directory that the
 * program starts in, or AT_FDCWD.
 */
int sl_siblings_new(const struct sl_carve_set *set,
		    const struct sl_plan_landlock *ll, int cwd,
		    struct sl_siblings **ret_siblings);
void sl_siblings_free(struct sl_siblings *siblings);
SL_DEFINE_AUTO(sl_siblings, sl_siblings_free);

/* A rule with @access for the object of @st is to be made: with which rights. */
uint64_t sl_siblings_narrow(struct sl_siblings *siblings, const struct stat *st,
			    uint64_t access);
/* Behind all calls of it: the rules that replace what was left out. */
void sl_siblings_add_rules(struct sl_siblings *siblings, int ruleset);
/* It has come out that the denies must be judged: the ruleset made with this is
 * of no use, too wide or too narrow. */
bool sl_siblings_gave_up(const struct sl_siblings *siblings);

#endif
