/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is not offered though it would help. Each step of a fix is looked at by
 * its key and value, never by the words that it is shown as.
 *
 * SECURITY: what was refused is often the sandbox's choice, and an option that
 * is offered is an option that is taken. Secrets, half of a home, and names
 * that cannot be shown as they are, are offered by nobody: explain, --why, the
 * audit and the hints ask here.
 */
#include "run/explain_internal.h"

#include <stdlib.h>
#include <string.h>

#include "policy/home.h"

/* As the paths of answers are: without links. */
static const char *home_of(struct sl_explain *ex)
{
	sl_autofree char *home = NULL;

	if (!ex->is_homed && sl_home(&home, NULL) == 0)
		ex->home = realpath(home, NULL);
	ex->is_homed = true;
	return ex->home;
}

static bool is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* What programs share with each other, where the run has one of its own. */
static bool is_shared_tmp(const struct sl_explain *ex, const char *path)
{
	return sl_prepare_has_tmp(ex->prepared->policy) &&
	       (strcmp(path, "/tmp") == 0 || strcmp(path, "/var/tmp") == 0);
}

const char *sl_ex_object_objection(struct sl_explain *ex,
				   const struct sl_ask *ask,
				   const struct sl_ex_answer *answer)
{
	const char *why = NULL;

	if (ask->kind != SL_PROBE_PATH &&
	    (ask->kind != SL_PROBE_SOCKET || !ask->text))
		return NULL;
	/* A link to a secret is one, and so is what is called like one. */
	why = sl_hint_why_not(ask->text, false, home_of(ex));
	if (!why && answer->object)
		why = sl_hint_why_not(answer->object, false, home_of(ex));
	return why;
}

const char *sl_ex_step_objection(struct sl_explain *ex, const struct sl_want *want)
{
	const char *value = want->how == SL_WANT_ADD	? want->value
			    : want->how == SL_WANT_DROP ? want->item->text
							: NULL;

	if (!value)
		return NULL;
	if (value[0] != '/')
		return sl_hint_is_plain(value)
			       ? NULL
			       : "its name cannot be shown as it is";
	if (want->how == SL_WANT_ADD && is_shared_tmp(ex, value))
		return "the run has a temporary directory of its own, $TMPDIR";
	return sl_hint_why_not(value, is_dir(value), home_of(ex));
}
