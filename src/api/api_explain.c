/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations: argument checks and the public structs, then run/explain. */
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "run/explain.h"

struct sandlock_explanation; /* is a struct sl_explain */

_Static_assert((int)SANDLOCK_RUNG_SYSTEM == (int)SL_RUNG_SYSTEM, "rungs");
_Static_assert((int)SANDLOCK_RUNG_SUPERVISOR == (int)SL_RUNG_SUPERVISOR,
	       "rungs");
_Static_assert((int)SANDLOCK_VERDICT_DEPENDS == (int)SL_VERDICT_DEPENDS,
	       "verdicts");

static int bad(struct sl_error *err, const char *what)
{
	return sl_err(err, -EINVAL, SL_STAGE_CHECK, "%s", what);
}

/* What is unknown here must be zero, what is missing there is zero. */
static int read_options(const sandlock_explain_options *options,
			sandlock_explain_options *ret, struct sl_error *err)
{
	const unsigned char *raw = (const unsigned char *)options;
	sandlock_explain_options o = { 0 };

	if (!options) {
		*ret = o;
		return 0;
	}
	if (options->size < sizeof(options->size))
		return bad(err, "options.size is not set");
	memcpy(&o, options, SL_MIN(options->size, sizeof(o)));
	for (size_t i = sizeof(o); i < options->size; i++)
		if (raw[i])
			return bad(err, "options ask for what this version of "
					"the library does not know");
	if (o.argv && (!o.argv[0] || !o.argv[0][0]))
		return bad(err, "options.argv is empty; NULL means no command");
	*ret = o;
	return 0;
}

int sandlock_explain(const sandlock_policy *policy,
		     const sandlock_explain_options *options,
		     sandlock_explanation **ret_explanation, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	sandlock_explain_options o = { 0 };
	struct sl_explain *ex;
	int r;

	if (!policy || !ret_explanation)
		return bad(e, "policy or ret_explanation is NULL");
	r = read_options(options, &o, e);
	if (r < 0)
		return r;
	r = sl_explain_new(sl_api_policy(policy), o.argv, o.envp, &ex, e);
	if (r < 0)
		return r;
	*ret_explanation = (sandlock_explanation *)ex;
	return 0;
}

void sandlock_explanation_free(sandlock_explanation *explanation)
{
	sl_explain_free((struct sl_explain *)explanation);
}

int sandlock_explanation_rule(const sandlock_explanation *explanation,
			      size_t index, sandlock_rule *ret_rule)
{
	const struct sl_ex_rule *rule;
	sandlock_rule r = { 0 };

	if (!explanation || !ret_rule ||
	    ret_rule->size < offsetof(sandlock_rule, allows))
		return -EINVAL;
	rule = sl_explain_rule((const struct sl_explain *)explanation, index);
	if (!rule)
		return -ERANGE;
	r.size = ret_rule->size;
	r.key = rule->key;
	r.subject = rule->subject;
	r.effect = rule->effect;
	r.origin = rule->origin;
	r.note = rule->note;
	r.enforced_by = sl_rung_name(rule->rung);
	r.rung = (uint32_t)rule->rung;
	r.allows = rule->allows;
	memcpy(ret_rule, &r, SL_MIN(r.size, sizeof(r)));
	return 0;
}

int sandlock_explanation_ask(sandlock_explanation *explanation,
			     const char *question, size_t index,
			     sandlock_answer *ret_answer, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	const struct sl_ex_answer *answer;
	sandlock_answer a = { 0 };
	int r;

	if (!explanation || !question || !ret_answer)
		return bad(e, "explanation, question or ret_answer is NULL");
	if (ret_answer->size < offsetof(sandlock_answer, rule))
		return bad(e, "ret_answer.size is not set");
	r = sl_explain_ask((struct sl_explain *)explanation, question, index,
			   &answer, e);
	if (r < 0)
		return r;
	a.size = ret_answer->size;
	a.access = answer->access;
	a.object = answer->object;
	a.reason = answer->reason;
	a.origin = answer->origin;
	a.fix = answer->fix;
	a.fix_key = answer->fix_key;
	a.fix_value = answer->fix_value;
	a.enforced_by = sl_rung_name(answer->rung);
	a.error_name = sl_errno_name(answer->error);
	a.rung = (uint32_t)answer->rung;
	a.verdict = (uint32_t)answer->verdict;
	a.error = answer->error;
	a.rule = answer->rule;
	a.no_fix = answer->no_fix;
	memcpy(ret_answer, &a, SL_MIN(a.size, sizeof(a)));
	return 0;
}
