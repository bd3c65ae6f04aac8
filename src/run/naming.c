/* SPDX-License-Identifier: Apache-2.0 */
/* See naming.h. */
#include "run/naming.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>

#include "policy/value.h"
#include "run/control.h"

int sl_naming_check(const char *name, struct sl_error *err)
{
	if (!name || sl_entry_name_ok(name))
		return 0;
	return sl_err(err, -EINVAL, SL_STAGE_CHECK,
		      "'%s' is not a name for a sandbox: 1 to %d of letters, "
		      "digits, '.', '_' and '-', no '.' or '-' first",
		      SL_QUOTE(name), SL_MAX_SANDBOX_NAME);
}

static void settle(struct sl_naming *n)
{
	n->settled = true;
	if (n->control)
		snprintf(n->name, sizeof(n->name), "%s",
			 sl_control_name(n->control));
}

int sl_naming_claim(struct sl_naming *n, const struct sl_control_info *info,
		    struct sl_error *err)
{
	int r;

	n->asked = info->name != NULL;
	if (!n->asked)
		return 0;
	r = sl_naming_check(info->name, err);
	if (r < 0)
		return r;
	r = sl_control_claim(info, &n->control, &n->error);
	if (r == -EEXIST) {
		if (err)
			*err = n->error;
		return r;
	}
	if (r < 0)
		n->settled = true; /* the warning says it */
	return 0;
}

void sl_naming_open(struct sl_naming *n, const struct sl_control_info *info,
		    struct sl_run *run, int epoll)
{
	struct epoll_event event = { .events = EPOLLIN };

	if (n->settled)
		return;
	sl_control_open(&n->control, info, run, &n->error);
	settle(n);
	if (!n->control)
		return;
	epoll_ctl(epoll, EPOLL_CTL_ADD, sl_control_fd(n->control), &event);
	if (n->policy_fd >= 0)
		sl_control_take_policy(n->control, sl_take_fd(&n->policy_fd));
}

void sl_naming_told(struct sl_naming *n, const char *name,
		    const struct sl_error *error)
{
	n->settled = true;
	n->error = *error;
	snprintf(n->name, sizeof(n->name), "%s", name);
}

void sl_naming_dispatch(struct sl_naming *n, const struct sl_run *run)
{
	if (!n->control || !n->settled)
		return;
	if (sl_run_stops(run) != n->stops) {
		n->stops = sl_run_stops(run);
		sl_control_stopped(n->control, sl_run_stop_signal(run));
	}
	if (n->policy_fd >= 0)
		sl_control_take_policy(n->control, sl_take_fd(&n->policy_fd));
	sl_control_dispatch(n->control);
}

void sl_naming_close(struct sl_naming *n, const struct sl_outcome *outcome)
{
	if (n->control)
		settle(n);
	sl_control_close(sl_take_ptr(&n->control), outcome);
	sl_cleanup_close(&n->policy_fd);
	n->policy_fd = -1;
	n->settled = true;
}

void sl_naming_forget(struct sl_naming *n)
{
	sl_control_forget(sl_take_ptr(&n->control));
}

/* Inside a sandbox there is none, and nobody expects one. */
const struct sl_error *sl_naming_warning(const struct sl_naming *n)
{
	if (n->error.code == 0 || (n->error.code == -EAFNOSUPPORT && !n->asked))
		return NULL;
	return &n->error;
}
