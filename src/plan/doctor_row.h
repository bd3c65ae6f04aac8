/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the judges of features.def. `detail` is short: it stands behind the
 * row; `remedy` is what a user, or who administers the machine, does next.
 */
#ifndef SL_PLAN_DOCTOR_ROW_H
#define SL_PLAN_DOCTOR_ROW_H

#include "base/compiler.h"
#include "plan/doctor.h"

#define SL_FILTERED 2 /* of prctl(PR_GET_SECCOMP) */

struct sl_row {
	const struct sl_host *host;
	const struct sl_demand *demand;
	struct sl_finding *f; /* to be filled */
};

void sl_row_detail(struct sl_finding *f, const char *fmt, ...) SL_PRINTF(2, 3);
void sl_row_remedy(struct sl_finding *f, const char *fmt, ...) SL_PRINTF(2, 3);

const struct sl_trial *sl_row_trial(const struct sl_row *r, enum sl_trial_id id);
bool sl_row_worked(const struct sl_trial *t);
bool sl_row_kernel_has(const struct sl_host *host, int major, int minor);

/*
 * A filter above us refuses by EPERM what it knows and by ENOSYS what it is too
 * old to know. @major.@minor brought the calls: an older kernel needs no filter
 * to say ENOSYS.
 */
bool sl_row_is_filtered(const struct sl_row *r, const struct sl_trial *t,
			int major, int minor);

/* Says what @t met and who is to allow @calls. */
void sl_row_refused(const struct sl_row *r, const struct sl_trial *t,
		    const char *calls, int major, int minor);

/* @calls are tried by @id alone and came with Linux @major.@minor. */
bool sl_row_try(const struct sl_row *r, enum sl_trial_id id, const char *calls,
		int major, int minor);

/* Without no_new_privs neither a domain nor a filter can be entered: a row of
 * its own says why. */
bool sl_row_lacks_nnp(const struct sl_row *r, const struct sl_trial *t);

/* doctor_landlock.c: the rows of Landlock; false for another one. */
bool sl_row_landlock(const struct sl_row *r, enum sl_feature feature);

#endif
