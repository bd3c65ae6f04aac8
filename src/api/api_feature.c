/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What this host offers: looks at what one row needs, and has it judged. The
 * facts that the kernel knows nothing of (our own program, our own temporary
 * directory) are added here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/internal.h"
#include "plan/doctor.h"
#include "policy/profile.h"
#include "run/program.h"
#include "run/tmpdir.h"

#define DEFAULT_PRESET "base"
#define SAME(a, b) _Static_assert((int)(a) == (int)(b), "states")

SAME(SANDLOCK_FEATURE_MISSING, SL_FEATURE_MISSING);
SAME(SANDLOCK_FEATURE_PRESENT, SL_FEATURE_PRESENT);
SAME(SANDLOCK_FEATURE_LIMITED, SL_FEATURE_LIMITED);
_Static_assert(sizeof(((sandlock_feature *)0)->detail) ==
		       sizeof(((struct sl_finding *)0)->detail),
	       "detail");
_Static_assert(sizeof(((sandlock_feature *)0)->remedy) ==
		       sizeof(((struct sl_finding *)0)->remedy),
	       "remedy");

/* @buf, of PATH_MAX bytes, must outlive the path. 0 or the errno. */
static int look_program(const struct sl_program *program, char *buf,
			const char **ret_path)
{
	struct stat st;

	*ret_path = sl_program_path(program, buf, PATH_MAX);
	/* As execve(2) asks: effective ids, and the mount may be noexec. */
	if (stat(*ret_path, &st) < 0 ||
	    faccessat(AT_FDCWD, *ret_path, X_OK, AT_EACCESS) < 0)
		return errno;
	return S_ISREG(st.st_mode) ? 0 : EACCES;
}

/*
 * Made and removed: a directory can be full, foreign or read-only. By
 * openat2(2) and by this very process, so not where that was refused a trial: a
 * filter may refuse it by killing.
 */
static void look_tmp(struct sl_host *host)
{
	const struct sl_trial *open = &host->trials[SL_TRIAL_OPEN];
	struct sl_tmpdir dir = SL_TMPDIR_INIT;
	struct sl_error err = { 0 };
	char *hint;
	int r;

	if (open->error || open->killed)
		return;
	r = sl_tmpdir_make(&dir, &err);
	if (r == 0)
		r = sl_tmpdir_remove(&dir, &err);
	hint = strstr(err.msg, "; hint:");
	if (hint)
		*hint = '\0';
	host->tmp_error = -r;
	snprintf(host->tmp_message, sizeof(host->tmp_message), "%.255s", err.msg);
}

static void fill(const struct sl_feature_info *info,
		 const struct sl_finding *found, sandlock_feature *ret_feature)
{
	sandlock_feature feature = {
		.size = ret_feature->size,
		.name = info->name,
		.gives = info->gives,
		.state = found->state,
		.flags = (found->needed ? SANDLOCK_FEATURE_NEEDED : 0) |
			 (found->protection ? SANDLOCK_FEATURE_PROTECTION : 0) |
			 (found->library ? SANDLOCK_FEATURE_LIBRARY : 0),
		.number = found->number,
	};

	memcpy(feature.detail, found->detail, sizeof(feature.detail));
	memcpy(feature.remedy, found->remedy, sizeof(feature.remedy));
	memcpy(ret_feature, &feature, SL_MIN(ret_feature->size, sizeof(feature)));
}

/* The struct of the first version must fit whole; a newer one may be longer. */
static bool fits(const sandlock_feature *feature)
{
	return feature && feature->size >= offsetof(sandlock_feature, remedy) +
						   sizeof(feature->remedy);
}

static int look_and_judge(const struct sl_policy *policy, size_t index,
			  sandlock_feature *ret_feature, struct sl_error *err)
{
	const struct sl_feature_info *info = sl_feature_info(index);
	struct sl_finding found;
	struct sl_demand demand;
	char path[PATH_MAX];
	struct sl_host host;
	int r;

	r = sl_doctor_demand(policy, geteuid(), getegid(), &demand, err);
	if (r < 0)
		return r;
	sl_host_look(&host, info->looks);
	if (info->looks & SL_LOOK_SUPERVISOR)
		host.supervisor_error = look_program(&sl_program_supervisor,
						     path, &host.supervisor);
	if (info->looks & SL_LOOK_RESOLVE)
		host.resolve_error = look_program(&sl_program_resolve, path,
						  &host.resolve);
	if (info->looks & SL_LOOK_TMP)
		look_tmp(&host);
	sl_doctor_judge((enum sl_feature)index, &host, &demand, &found);
	fill(info, &found, ret_feature);
	return 0;
}

int sandlock_policy_feature_at(const sandlock_policy *policy, size_t index,
			       sandlock_feature *ret_feature, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);

	if (!policy || !fits(ret_feature))
		return sl_err(e, -EINVAL, SL_STAGE_CHECK,
			      "policy or ret_feature is NULL, or "
			      "ret_feature->size is not set");
	if (!sl_feature_info(index))
		return sl_err(e, -ERANGE, SL_STAGE_CHECK,
			      "there is no feature %zu", index);
	return look_and_judge(sl_api_policy(policy), index, ret_feature, e);
}

int sandlock_feature_at(size_t index, sandlock_feature *ret_feature)
{
	SL_AUTO(sl_policy) policy = NULL;
	int r;

	if (!fits(ret_feature))
		return -EINVAL;
	if (!sl_feature_info(index))
		return -ERANGE;
	r = sl_policy_new(&policy);
	if (r == 0)
		r = sl_profile_load(policy, DEFAULT_PRESET, NULL);
	return r < 0 ? r : look_and_judge(policy, index, ret_feature, NULL);
}
