/* SPDX-License-Identifier: Apache-2.0 */
/* Judges of the rows of features.def that are not Landlock's. */
#include "plan/doctor_row.h"

#include <errno.h>
#include <string.h>

/* ------------------------------------------------ seccomp */

static void judge_seccomp(const struct sl_row *r)
{
	bool outer = r->host->seccomp_mode == SL_FILTERED;

	r->f->needed = true;
	if (sl_row_lacks_nnp(r, sl_row_trial(r, SL_TRIAL_FILTER)))
		return;
	if (sl_row_try(r, SL_TRIAL_FILTER, "seccomp", 3, 17)) {
		sl_row_detail(r->f, "for %s%s", r->host->machine,
			      outer ? ", inside a filter from outside" : "");
	} else if (sl_row_trial(r, SL_TRIAL_FILTER)->error == EINVAL) {
		sl_row_remedy(r->f,
			      "a kernel built with CONFIG_SECCOMP_FILTER=y");
	}
	r->f->number = outer;
}

static void judge_notify(const struct sl_row *r)
{
	const struct sl_trial *t = sl_row_trial(r, SL_TRIAL_NOTIFY);

	r->f->needed = r->demand->supervised;
	if (t->tried == SL_TRY_LISTENER && t->error == EBUSY) {
		sl_row_detail(r->f,
			      "an outer sandbox has the one listener there can "
			      "be");
		sl_row_remedy(r->f, "--no-supervisor confines without one; or "
				    "start sandlock outside");
		return;
	}
	if (sl_row_lacks_nnp(r, t))
		return;
	if (!sl_row_try(r, SL_TRIAL_NOTIFY, "seccomp", 5, 0)) {
		if (t->error == EINVAL)
			sl_row_remedy(r->f, "Linux 5.0 or newer");
		return;
	}
	if (t->number == (SL_NOTIFY_KILLABLE | SL_NOTIFY_SYNC)) {
		sl_row_detail(r->f, "with WAIT_KILLABLE_RECV and SYNC_WAKE_UP");
		return;
	}
	r->f->state = SL_FEATURE_LIMITED;
	sl_row_detail(r->f, "without %s",
		      t->number & SL_NOTIFY_KILLABLE
			      ? "SYNC_WAKE_UP (Linux 6.6)"
			      : "WAIT_KILLABLE_RECV (Linux 5.19)");
}

static void judge_no_new_privs(const struct sl_row *r)
{
	const struct sl_trial *t = sl_row_trial(r, SL_TRIAL_FILTER);

	r->f->needed = true;
	if (t->tried == SL_TRY_NNP || t->tried == SL_TRY_FORK)
		sl_row_refused(r, t, "prctl", 3, 5);
	else if (t->done)
		r->f->state = SL_FEATURE_PRESENT;
}

/* ------------------------------------------------ processes, descriptors */

static void judge_capabilities(const struct sl_row *r)
{
	r->f->needed = true;
	if (!sl_row_try(r, SL_TRIAL_CAPS, "capget, capset and prctl", 2, 6))
		return;
	if (r->host->euid == 0)
		sl_row_detail(r->f, "running as root: all are dropped");
	else
		sl_row_detail(r->f, "running as user %u", r->host->euid);
}

static void judge_pidfd(const struct sl_row *r)
{
	r->f->needed = r->demand->supervised;
	if (sl_row_try(r, SL_TRIAL_PIDFD, "clone, pidfd_send_signal and waitid",
		       5, 4) &&
	    !r->f->number)
		sl_row_detail(r->f, "without group signals (Linux 6.9)");
}

static void judge_threads(const struct sl_row *r)
{
	r->f->needed = r->demand->supervised;
	if (!sl_row_try(r, SL_TRIAL_THREAD, "clone3 (or answer ENOSYS)", 5, 3))
		return;
	r->f->number = 0;
}

static void judge_private_tmp(const struct sl_row *r)
{
	r->f->needed = r->demand->private_tmp;
	if (!sl_row_worked(sl_row_trial(r, SL_TRIAL_OPEN))) {
		sl_row_detail(r->f, "needs openat2");
		return;
	}
	if (!r->host->tmp_error) {
		r->f->state = SL_FEATURE_PRESENT;
		return;
	}
	sl_row_detail(r->f, "%s", r->host->tmp_message);
	sl_row_remedy(r->f,
		      "name a directory that can be written in $TMPDIR, or run "
		      "with --no-private-tmp");
}

static void judge_proc(const struct sl_row *r)
{
	switch (r->host->proc) {
	case SL_PROC_MISSING:
		sl_row_detail(r->f,
			      "nothing is mounted on /proc; it is ended by a "
			      "search instead");
		sl_row_remedy(r->f, "mount -t proc proc /proc");
		break;
	case SL_PROC_FOREIGN:
		sl_row_detail(r->f, "/proc is no proc file system");
		sl_row_remedy(r->f, "mount -t proc proc /proc");
		break;
	case SL_PROC_UNREADABLE:
		r->f->state = SL_FEATURE_LIMITED;
		sl_row_detail(r->f, "an outer sandbox keeps it closed");
		sl_row_remedy(r->f, "-r /proc for the outer sandbox");
		break;
	case SL_PROC_HIDING:
		r->f->state = SL_FEATURE_PRESENT;
		sl_row_detail(r->f,
			      "other users' processes are hidden (hidepid), "
			      "which is no loss");
		break;
	case SL_PROC_WHOLE:
		r->f->state = SL_FEATURE_PRESENT;
		break;
	}
}

/* ------------------------------------------------ around us */

static void userns_remedy(const struct sl_row *r, const struct sl_trial *t)
{
	const struct sl_host *h = r->host;

	if (t->error == ENOSPC || h->max_user_namespaces == 0)
		sl_row_remedy(
			r->f,
			"sysctl -w user.max_user_namespaces=15000 (and in "
			"/etc/sysctl.d)");
	else if (h->unprivileged_userns == 0)
		sl_row_remedy(r->f,
			      "sysctl -w kernel.unprivileged_userns_clone=1 "
			      "(and in /etc/sysctl.d)");
	else if (h->apparmor_userns > 0)
		sl_row_remedy(
			r->f,
			"an AppArmor profile for the sandlock program with the "
			"rule 'userns,' (as /etc/apparmor.d has for others), "
			"or "
			"sysctl -w "
			"kernel.apparmor_restrict_unprivileged_userns=0");
	else if (t->tried == SL_TRY_UNSHARE && t->error == EPERM)
		sl_row_remedy(r->f,
			      "a chroot can have none; else a security module "
			      "refuses it (dmesg says so)");
	else if (t->tried == SL_TRY_UNSHARE && t->error == EINVAL)
		sl_row_remedy(r->f, "a kernel built with CONFIG_USER_NS=y");
	else if (h->proc == SL_PROC_MISSING || h->proc == SL_PROC_FOREIGN)
		sl_row_remedy(r->f, "mount -t proc proc /proc");
	else if (t->error == EACCES)
		sl_row_remedy(r->f,
			      "an outer sandbox forbids it: start sandlock "
			      "outside");
}

static void judge_user_namespaces(const struct sl_row *r)
{
	const struct sl_trial *t = sl_row_trial(r, SL_TRIAL_USERNS);

	r->f->needed = r->demand->user_namespace;
	if (sl_row_try(r, SL_TRIAL_USERNS, "unshare", 3, 8))
		return;
	if (t->tried != SL_TRY_FORK && !sl_row_is_filtered(r, t, 3, 8))
		userns_remedy(r, t);
}

static void judge_personality(const struct sl_row *r)
{
	r->f->needed = r->demand->same_addresses;
	sl_row_try(r, SL_TRIAL_SAME, "personality", 2, 6);
	r->f->number = 0;
}

static void judge_ptrace_scope(const struct sl_row *r)
{
	r->f->number = r->host->ptrace_scope;
	if (r->host->ptrace_scope > 0) {
		r->f->state = SL_FEATURE_PRESENT;
		sl_row_detail(r->f, "kernel.yama.ptrace_scope is %lld",
			      (long long)r->host->ptrace_scope);
	} else if (r->host->ptrace_scope == 0) {
		sl_row_detail(r->f, "kernel.yama.ptrace_scope is 0");
		sl_row_remedy(r->f,
			      "sysctl -w kernel.yama.ptrace_scope=1 (and in "
			      "/etc/sysctl.d)");
	} else {
		sl_row_detail(r->f,
			      "no Yama in this kernel, or not to be seen");
		sl_row_remedy(
			r->f,
			"a kernel with CONFIG_SECURITY_YAMA=y and yama in "
			"its lsm= list");
	}
}

static void judge_supervisor(const struct sl_row *r)
{
	r->f->library = true;
	if (r->host->supervisor_error) {
		sl_row_detail(r->f, "%.180s: %s", r->host->supervisor,
			      strerror(r->host->supervisor_error));
		sl_row_remedy(r->f,
			      "make install, or name the program "
			      "sandlock-supervisor in $SANDLOCK_SUPERVISOR");
		return;
	}
	if (sl_row_try(r, SL_TRIAL_LIBRARY,
		       "pidfd_open, memfd_create and socketpair", 5, 3))
		sl_row_detail(r->f, "%.240s", r->host->supervisor);
}

static void judge_resolve(const struct sl_row *r)
{
	r->f->needed = r->demand->names;
	sl_row_detail(r->f, "%.180s%s%s", r->host->resolve,
		      r->host->resolve_error ? ": " : "",
		      r->host->resolve_error ? strerror(r->host->resolve_error)
					     : "");
	if (!r->host->resolve_error)
		r->f->state = SL_FEATURE_PRESENT;
	else
		sl_row_remedy(r->f,
			      "make install, or name the program "
			      "sandlock-resolve in $SANDLOCK_RESOLVE, or give "
			      "addresses in place of names");
}

static void judge_close_range(const struct sl_row *r)
{
	r->f->needed = true;
	sl_row_try(r, SL_TRIAL_CLOSE, "close_range", 5, 11);
}

static void judge_openat2(const struct sl_row *r)
{
	r->f->needed = true;
	sl_row_try(r, SL_TRIAL_OPEN, "openat2", 5, 6);
}

static void (*const judges[SL_FEATURE_COUNT])(const struct sl_row *r) = {
	[SL_FEATURE_SECCOMP] = judge_seccomp,
	[SL_FEATURE_NOTIFY] = judge_notify,
	[SL_FEATURE_NO_NEW_PRIVS] = judge_no_new_privs,
	[SL_FEATURE_CAPABILITIES] = judge_capabilities,
	[SL_FEATURE_PIDFD] = judge_pidfd,
	[SL_FEATURE_THREADS] = judge_threads,
	[SL_FEATURE_CLOSE_RANGE] = judge_close_range,
	[SL_FEATURE_OPENAT2] = judge_openat2,
	[SL_FEATURE_PRIVATE_TMP] = judge_private_tmp,
	[SL_FEATURE_PROC] = judge_proc,
	[SL_FEATURE_USER_NAMESPACES] = judge_user_namespaces,
	[SL_FEATURE_PERSONALITY] = judge_personality,
	[SL_FEATURE_PTRACE_SCOPE] = judge_ptrace_scope,
	[SL_FEATURE_SUPERVISOR] = judge_supervisor,
	[SL_FEATURE_RESOLVE] = judge_resolve,
};

void sl_doctor_judge(enum sl_feature feature, const struct sl_host *host,
		     const struct sl_demand *demand,
		     struct sl_finding *ret_finding)
{
	const struct sl_row row = { host, demand, ret_finding };

	*ret_finding = (struct sl_finding){ 0 };
	if (!sl_row_landlock(&row, feature))
		judges[feature](&row);
}
