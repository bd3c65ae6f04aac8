// SPDX-License-Identifier: Apache-2.0
/*
 * After a start that failed: is it this host? The error of the start is of the
 * first obstacle, as the kernel put it, and in a container that is not always
 * the cause.
 */
#include "check.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_of_the_host(const sandlock_error *err)
{
	if (err->stage == SANDLOCK_STAGE_CHECK)
		return err->code == -EOPNOTSUPP;
	/* One with a hint of its own has said what to do. */
	return err->stage == SANDLOCK_STAGE_SPAWN &&
	       !strstr(err->message, "hint:");
}

void cli_note_missing(const sandlock_policy *policy, const sandlock_error *err)
{
	char names[256] = "";
	size_t used = 0;

	if (!policy || !is_of_the_host(err))
		return;
	for (size_t i = 0;; i++) {
		sandlock_feature feature = { .size = sizeof(feature) };

		if (sandlock_policy_feature_at(policy, i, &feature, NULL) < 0)
			break;
		if (!cli_feature_is_obstacle(&feature) ||
		    used + strlen(feature.name) + 3 > sizeof(names))
			continue;
		used += (size_t)snprintf(names + used, sizeof(names) - used,
					 "%s%s", used ? ", " : "", feature.name);
	}
	if (used)
		cli_note("missing here: %s; 'sandlock check' says why and how "
			 "to have it",
			 names);
}
