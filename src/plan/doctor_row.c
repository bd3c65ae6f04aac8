/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the judges of the rows share: who refuses a call, and the way out. A
 * judge fills a zeroed finding, so what it does not speak of is missing.
 */
#include "plan/doctor_row.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sl_row_detail(struct sl_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->detail, sizeof(f->detail), fmt, ap);
	va_end(ap);
}

void sl_row_remedy(struct sl_finding *f, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f->remedy, sizeof(f->remedy), fmt, ap);
	va_end(ap);
}

const struct sl_trial *sl_row_trial(const struct sl_row *r, enum sl_trial_id id)
{
	return &r->host->trials[id];
}

bool sl_row_worked(const struct sl_trial *t)
{
	return t->done && !t->killed && !t->error;
}

bool sl_row_kernel_has(const struct sl_host *host, int major, int minor)
{
	return host->kernel_major > major ||
	       (host->kernel_major == major && host->kernel_minor >= minor);
}

/* ------------------------------------------------ who refuses, and the way out */

static void by_container(struct sl_finding *f, const struct sl_trial *t,
			 const char *calls, bool recent)
{
	if (t->killed)
		sl_row_detail(
			f,
			"%s: killed by the container's seccomp profile or an "
			"outer sandbox",
			sl_try_name(t->tried));
	else
		sl_row_detail(
			f,
			"%s: %s, says the container's seccomp profile or an "
			"outer sandbox",
			sl_try_name(t->tried), strerror(t->error));
	sl_row_remedy(
		f,
		"let the container's seccomp profile allow %s (docker run "
		"--security-opt seccomp=PROFILE.json)%s",
		calls,
		recent ? "; those of recent Docker, containerd and Podman do"
		       : "");
}

bool sl_row_is_filtered(const struct sl_row *r, const struct sl_trial *t,
			int major, int minor)
{
	if (t->killed)
		return true;
	if (r->host->seccomp_mode != SL_FILTERED)
		return false;
	return t->error == EPERM || t->error == EACCES ||
	       (t->error == ENOSYS && sl_row_kernel_has(r->host, major, minor));
}

void sl_row_refused(const struct sl_row *r, const struct sl_trial *t,
		    const char *calls, int major, int minor)
{
	const char *call = sl_try_name(t->tried);

	if (t->tried == SL_TRY_FORK) {
		sl_row_detail(r->f, "not tried, as no process can be made: %s",
			      strerror(t->error));
		sl_row_remedy(r->f,
			      "raise the limit on processes (ulimit -u, or "
			      "pids.max of the container)");
	} else if (sl_row_is_filtered(r, t, major, minor)) {
		/* Calls so new that old profiles do not know them. */
		by_container(r->f, t, calls, major >= 5);
	} else if (t->tried == SL_TRY_REFUSED || t->tried == SL_TRY_FILTERED) {
		sl_row_detail(r->f, "%s is allowed all the same", call);
		sl_row_remedy(
			r->f,
			"nothing can be confined on this kernel; is it an "
			"emulated one?");
	} else if (t->error == ENOSYS &&
		   !sl_row_kernel_has(r->host, major, minor)) {
		sl_row_detail(r->f, "%s: not in Linux %d.%d", call,
			      r->host->kernel_major, r->host->kernel_minor);
		sl_row_remedy(r->f, "Linux %d.%d or newer", major, minor);
	} else {
		sl_row_detail(r->f, "%s: %s", call, strerror(t->error));
		sl_row_remedy(
			r->f,
			"a kernel and a container that allow %s; a security "
			"module may refuse them (dmesg says so)",
			calls);
	}
}

bool sl_row_try(const struct sl_row *r, enum sl_trial_id id, const char *calls,
		int major, int minor)
{
	const struct sl_trial *t = sl_row_trial(r, id);

	r->f->number = t->number;
	if (!sl_row_worked(t)) {
		sl_row_refused(r, t, calls, major, minor);
		return false;
	}
	r->f->state = SL_FEATURE_PRESENT;
	return true;
}

bool sl_row_lacks_nnp(const struct sl_row *r, const struct sl_trial *t)
{
	if (t->tried != SL_TRY_NNP || sl_row_worked(t))
		return false;
	sl_row_detail(r->f, "needs no-new-privs");
	return true;
}
