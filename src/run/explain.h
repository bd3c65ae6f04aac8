/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy would do: its rules with their origins, and answers to single
 * questions. Made from the very plan that a run would load, prepared by the
 * very code that prepares a run, but started never.
 *
 * SECURITY: an explanation is for people. Nothing is decided by it; the kernel
 * judges the objects that it meets, we the ones that stood there when asked.
 */
#ifndef SL_RUN_EXPLAIN_H
#define SL_RUN_EXPLAIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"

/* The public enums have these very values (asserted in api/). */
enum sl_rung {
	SL_RUNG_NOTHING = 0,
	SL_RUNG_LANDLOCK = 1,
	SL_RUNG_SECCOMP = 2,
	SL_RUNG_ATTRIBUTE = 3,
	SL_RUNG_SUPERVISOR = 5,
	SL_RUNG_SYSTEM = 6,
};

enum sl_verdict {
	SL_VERDICT_REFUSED = 0,
	SL_VERDICT_ALLOWED = 1,
	SL_VERDICT_DEPENDS = 2,
};

struct sl_ex_rule {
	const char *key;
	const char *subject, *effect, *origin, *note;
	enum sl_rung rung;
	bool allows;
	/* What it was made from: a path of the plan, an item of the policy, a
	 * filter rule. Two rules may have one source. */
	const void *source;
};

struct sl_ex_answer {
	const char *access, *object, *reason, *origin;
	const char *fix, *fix_key, *fix_value;
	const char *no_fix; /* why none is offered, though there is one */
	enum sl_rung rung;
	enum sl_verdict verdict;
	int error;
	int64_t rule;
};

struct sl_explain;

/* Borrows nothing. @argv may be NULL; @envp NULL: the caller's own. */
int sl_explain_new(const struct sl_policy *policy, const char *const *argv,
		   const char *const *envp, struct sl_explain **ret_ex,
		   struct sl_error *err);
void sl_explain_free(struct sl_explain *ex);
SL_DEFINE_AUTO(sl_explain, sl_explain_free);

/* NULL past the end. */
const struct sl_ex_rule *sl_explain_rule(const struct sl_explain *ex, size_t i);

/*
 * Answer @index of @question, borrowed from @ex. Index 0 looks at the system
 * anew; the others belong to that look. -ERANGE past the end; -EINVAL: not a
 * question.
 */
int sl_explain_ask(struct sl_explain *ex, const char *question, size_t index,
		   const struct sl_ex_answer **ret_answer, struct sl_error *err);

const char *sl_rung_name(enum sl_rung rung);
/* "EACCES"; NULL for 0 and for what no rule of ours answers with. */
const char *sl_errno_name(int error);

#endif
