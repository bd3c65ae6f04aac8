/* SPDX-License-Identifier: Apache-2.0 */
/* See naming.h. */
#include "run/naming.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>

#include "policy/value.h"
#include "run/control.h"

#define MOMENT_NS 10000000

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

static int wake_by(const struct sl_naming *n, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(n->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static void open_now(struct sl_naming *n, struct sl_run *run)
{
	sl_cleanup_close(&n->timer);
	n->timer = -1;
	sl_control_open(&n->control, run, &n->error);
	settle(n);
	if (!n->control)
		return;
	wake_by(n, sl_control_fd(n->control));
	if (n->policy_fd >= 0)
		sl_control_take_policy(n->control, sl_take_fd(&n->policy_fd));
}

static int arm(struct sl_naming *n)
{
	struct itimerspec when = { .it_value = { .tv_nsec = MOMENT_NS } };

	n->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (n->timer < 0 || timerfd_settime(n->timer, 0, &when, NULL) < 0)
		return -errno;
	return wake_by(n, n->timer);
}

void sl_naming_open(struct sl_naming *n, const struct sl_control_info *info,
		    struct sl_run *run, int epoll)
{
	if (n->settled)
		return;
	n->epoll = epoll;
	if (!n->control)
		n->control = sl_control_prepare(info);
	if (!n->control) {
		sl_err(&n->error, -ENOMEM, SL_STAGE_SUPERVISE, "out of memory");
		settle(n);
	} else if (n->asked || arm(n) < 0) {
		open_now(n, run);
	}
}

void sl_naming_hurry(struct sl_naming *n, struct sl_run *run)
{
	if (n->timer >= 0)
		open_now(n, run);
}

void sl_naming_told(struct sl_naming *n, const char *name,
		    const struct sl_error *error)
{
	n->settled = true;
	n->error = *error;
	snprintf(n->name, sizeof(n->name), "%s", name);
}

void sl_naming_dispatch(struct sl_naming *n, struct sl_run *run)
{
	uint64_t count;

	if (n->timer >= 0 && read(n->timer, &count, sizeof(count)) > 0)
		open_now(n, run);
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
	sl_cleanup_close(&n->timer);
	sl_cleanup_close(&n->policy_fd);
	n->timer = n->policy_fd = -1;
	n->settled = true;
}

void sl_naming_forget(struct sl_naming *n)
{
	sl_cleanup_close(&n->timer);
	n->timer = -1;
	sl_control_forget(sl_take_ptr(&n->control));
}

/* Inside a sandbox there is none, and nobody expects one. */
const struct sl_error *sl_naming_warning(const struct sl_naming *n)
{
	if (n->error.code == 0 || (n->error.code == -EAFNOSUPPORT && !n->asked))
		return NULL;
	return &n->error;
}
