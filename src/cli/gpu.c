// SPDX-License-Identifier: Apache-2.0
/*
 * A word about --gpu all where there is none: a profile is for many machines, so
 * it is no failure, but the program inside will only say that it found nothing.
 */
#include "cli.h"

#include <string.h>

#define KEY "limits.gpu_devices"

/* Is some device of a GPU granted, by the plan of this policy? */
static bool has_gpu(const sandlock_policy *policy)
{
	sandlock_rule rule = { .size = sizeof(rule) };
	sandlock_explanation *explanation;
	bool found = false;

	/* What fails now fails the run as well, with a message of its own. */
	if (sandlock_explain(policy, NULL, &explanation, NULL) < 0)
		return true;
	for (size_t i = 0;
	     !found && sandlock_explanation_rule(explanation, i, &rule) == 0; i++)
		found = rule.allows && rule.key && strcmp(rule.key, KEY) == 0 &&
			strncmp(rule.subject, "/dev/", 5) == 0;
	sandlock_explanation_free(explanation);
	return found;
}

void cli_warn_no_gpu(const sandlock_policy *policy)
{
	const char *value;

	if (sandlock_policy_get(policy, KEY, 0, &value) == 0 && !has_gpu(policy))
		cli_warn("--gpu: there is no GPU here: neither /dev/dri nor "
			 "/dev/nvidia0 and its like exists");
}
