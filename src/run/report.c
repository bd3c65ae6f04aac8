/* SPDX-License-Identifier: Apache-2.0 */
/* What a failed step of a start means to a person. */
#include "run/run.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"

static const char *const step_text[SL_STEP_COUNT] = {
	[SL_STEP_NONE] = "start the program",
	[SL_STEP_LIMITS] = "open /proc and start what watches the limits",
	[SL_STEP_CONFINE_JUDGE] = "enter the Landlock domain of the policy",
	[SL_STEP_CLONE_GUARDIAN] = "clone the guardian process",
	[SL_STEP_GUARDIAN] = "start the guardian process",
	[SL_STEP_CLONE] = "clone the sandbox's first process",
	[SL_STEP_PGRP] = "make a process group",
	[SL_STEP_FD_TABLE] = "get a descriptor table of its own",
	[SL_STEP_STDIO] = "connect standard stream",
	[SL_STEP_TTY] = "take over the terminal",
	[SL_STEP_PERSONALITY] = "turn off address randomisation",
	[SL_STEP_AFFINITY] = "set the CPU affinity",
	[SL_STEP_RLIMIT] = "set resource limit",
	[SL_STEP_THP] = "turn off huge pages",
	[SL_STEP_USERNS] = "make a user namespace",
	[SL_STEP_USERNS_MAP] = "map user and group ids",
	[SL_STEP_CWD] = "change to the working directory",
	[SL_STEP_CAPS] = "drop capabilities",
	[SL_STEP_NNP] = "set no_new_privs",
	[SL_STEP_ENTER_USERNS] = "enter the user namespace",
	[SL_STEP_LANDLOCK] = "enter the Landlock domain",
	[SL_STEP_SECCOMP] = "install the seccomp filter",
	[SL_STEP_LISTENER] = "hand the filter's listener to the judge",
	[SL_STEP_NOFILE] = "set the open files limit",
	[SL_STEP_SIGNALS] = "reset signals",
	[SL_STEP_EXEC] = "execute",
};

static int explain_exec(const struct sl_report *report,
			const struct sl_launch *launch, struct sl_error *err)
{
	const char *path = launch->path;
	struct stat st;
	int r = -report->error;

	sl_err(err, r, SL_STAGE_EXEC, "cannot execute '%s': %s", path,
	       strerror(report->error));
	if (report->error == EACCES) {
		if (stat(path, &st) == 0 && !(st.st_mode & 0111))
			sl_error_hint(err, "make it executable: chmod +x '%s'",
				      path);
		else
			sl_error_hint(
				err, "the program, its interpreter (\"#!\") or "
				     "its loader (as /lib64/ld-linux-x86-64"
				     ".so.2) is not granted: use the preset, "
				     "-p base, or grant all three with -r");
	} else if (report->error == ENOENT && stat(path, &st) == 0) {
		sl_error_hint(err, "its interpreter (\"#!\" line or ELF loader)"
				   " does not exist");
	} else if (report->error == E2BIG) {
		sl_error_hint(err, "arguments and environment are too large "
				   "together");
	}
	return r;
}

static void hint(const struct sl_report *report, struct sl_error *err)
{
	switch (report->step) {
	case SL_STEP_USERNS:
	case SL_STEP_USERNS_MAP:
		sl_error_hint(err,
			      "--user needs unprivileged user namespaces; "
			      "see sysctl user.max_user_namespaces and, on "
			      "Ubuntu, kernel.apparmor_restrict_"
			      "unprivileged_userns=0");
		break;
	case SL_STEP_CLONE:
	case SL_STEP_CLONE_GUARDIAN:
		if (report->error == EAGAIN)
			sl_error_hint(err, "the limit on processes (ulimit -u) "
					   "or pids.max is reached");
		break;
	case SL_STEP_LANDLOCK:
	case SL_STEP_CONFINE_JUDGE:
		if (report->error == E2BIG)
			sl_error_hint(err, "16 Landlock domains are nested "
					   "already; a sandbox needs two");
		break;
	case SL_STEP_SECCOMP:
		if (report->error == EBUSY)
			sl_error_hint(
				err, "another sandbox around this one answers "
				     "its system calls already, and the kernel "
				     "has one such place; --no-supervisor runs "
				     "inside");
		break;
	case SL_STEP_AFFINITY:
		sl_error_hint(err, "--cpu-cores names no CPU that is online "
				   "and allowed here");
		break;
	default:
		break;
	}
}

int sl_report_explain(const struct sl_report *report,
		      const struct sl_launch *launch, struct sl_error *err)
{
	int r = -report->error;

	if (report->step == SL_STEP_EXEC)
		return explain_exec(report, launch, err);
	if (report->step >= SL_STEP_COUNT)
		return sl_err(err, r, SL_STAGE_SPAWN,
			      "the sandbox could not be started: %s",
			      strerror(report->error));
	if (report->step == SL_STEP_STDIO || report->step == SL_STEP_RLIMIT)
		sl_err(err, r, SL_STAGE_SPAWN, "cannot %s %u for the sandbox: %s",
		       step_text[report->step], report->arg,
		       strerror(report->error));
	else
		sl_err(err, r, SL_STAGE_SPAWN, "cannot %s for the sandbox: %s",
		       step_text[report->step], strerror(report->error));
	hint(report, err);
	return r;
}
