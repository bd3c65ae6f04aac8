/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about system calls. The verdict is that of the very instructions
 * that the run would load, run by the simulator; the table that they were built
 * from tells which rule is behind it.
 */
#include "run/explain_internal.h"

#include <errno.h>
#include <string.h>

#include "plan/bpf_sim.h"
#include "plan/notify.h"
#include "policy/value.h"
#include "sys/uapi_seccomp.h"

static int run_filter(const struct sl_explain *ex, uint32_t nr,
		      const uint64_t args[6])
{
	const struct sl_plan_filter *filter = &ex->prepared->plan->filter;
	struct sl_seccomp_data data = { .nr = nr,
					.arch = sl_arch_audit(SL_ARCH_NATIVE) };
	struct sl_bpf_result result;

	memcpy(data.args, args, sizeof(data.args));
	if (sl_bpf_run(filter->insns, filter->count, &data, &result) < 0)
		return -1;
	if (result.action == SL_SECCOMP_ALLOW)
		return 0;
	if (result.action == SL_SECCOMP_USER_NOTIF)
		return SL_EX_JUDGED;
	if ((result.action & ~SL_SECCOMP_DATA) == SL_SECCOMP_ERRNO)
		return (int)(result.action & SL_SECCOMP_DATA);
	return -1;
}

int sl_ex_filter(const struct sl_explain *ex, enum sl_sys call,
		 const uint64_t args[6])
{
	int nr = sl_sys_number(call, SL_ARCH_NATIVE);

	return nr < 0 ? ENOSYS : run_filter(ex, (uint32_t)nr, args);
}

static const struct sl_filter_rule *hit(const struct sl_explain *ex,
					enum sl_sys call, const uint64_t args[6])
{
	const struct sl_filter_rule *rule = sl_filter_rule_first(call);

	while (rule && (!sl_filter_rule_holds(rule, ex->spec.when) ||
			!sl_filter_rule_judge(rule, args)))
		rule = sl_filter_rule_next(rule);
	return rule;
}

void sl_ex_blame_filter(struct sl_explain *ex, enum sl_sys call,
			const uint64_t args[6], struct sl_judgement *ret)
{
	const struct sl_policy *policy = ex->prepared->policy;
	const struct sl_filter_rule *rule = hit(ex, call, args);
	const struct sl_item *item;

	ret->answer.rung = SL_RUNG_SECCOMP;
	ret->answer.verdict = SL_VERDICT_REFUSED;
	ret->answer.error = sl_ex_filter(ex, call, args);
	item = sl_filter_item(policy, SL_KEY_EXTRA_DENY, call);
	if (item && !(rule && sl_filter_rule_plain(rule))) {
		ret->answer.reason = sl_ex_text(ex, "'%s' is denied by name",
						item->text);
		ret->answer.origin = sl_ex_origin(ex, item);
		ret->answer.rule = sl_ex_find(ex, item);
		ret->want = (struct sl_want){ .how = SL_WANT_DROP,
					      .key = SL_KEY_EXTRA_DENY,
					      .item = item };
		return;
	}
	ret->answer.reason = sl_ex_text(ex, "it would open: %s",
					rule ? rule->opens : "what is unknown");
	ret->answer.origin = "sandlock";
	ret->answer.rule = sl_ex_find(ex, sl_ex_row(ex, rule));
	/* Denied as well: that has to go first. */
	if (item)
		ret->want = (struct sl_want){ .how = SL_WANT_DROP,
					      .key = SL_KEY_EXTRA_DENY,
					      .item = item };
	else
		ret->want = (struct sl_want){ .how = SL_WANT_ADD,
					      .key = SL_KEY_EXTRA_ALLOW,
					      .value = sl_sys_name(call) };
}

static const char *name_call(struct sl_explain *ex, const struct sl_ask *ask)
{
	const char *name = sl_sys_name(ask->call);
	char text[512];

	if (ask->otherwise)
		return sl_ex_text(ex, "%s with other arguments", name);
	if (!ask->rule || sl_filter_rule_plain(ask->rule))
		return name;
	sl_filter_rule_text(ask->rule, text, sizeof(text));
	return sl_ex_text(ex, "%s if %s", name, text);
}

/* A call whose objects Landlock judges once the filter let it pass. */
static bool judged_further(enum sl_sys call)
{
	static const enum sl_sys calls[] = {
		SL_SYS_open,	  SL_SYS_openat,    SL_SYS_openat2,
		SL_SYS_creat,	  SL_SYS_execve,    SL_SYS_execveat,
		SL_SYS_connect,	  SL_SYS_bind,	    SL_SYS_unlink,
		SL_SYS_unlinkat,  SL_SYS_rename,    SL_SYS_renameat,
		SL_SYS_renameat2, SL_SYS_link,	    SL_SYS_linkat,
		SL_SYS_symlink,	  SL_SYS_symlinkat, SL_SYS_mkdir,
		SL_SYS_mkdirat,	  SL_SYS_rmdir,	    SL_SYS_mknod,
		SL_SYS_mknodat,	  SL_SYS_truncate,  SL_SYS_ftruncate,
		SL_SYS_kill,	  SL_SYS_tkill,	    SL_SYS_tgkill,
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(calls); i++)
		if (calls[i] == call)
			return true;
	return false;
}

void sl_ex_judge_call(struct sl_explain *ex, const struct sl_ask *ask,
		      struct sl_judgement *ret)
{
	const struct sl_item *item;
	int error = sl_ex_filter(ex, ask->call, ask->args);

	ret->answer.access = "call";
	ret->answer.object = name_call(ex, ask);
	ret->answer.rung = SL_RUNG_SECCOMP;
	if (sl_sys_number(ask->call, SL_ARCH_NATIVE) < 0) {
		ret->answer.rung = SL_RUNG_SYSTEM;
		ret->answer.error = ENOSYS;
		ret->answer.reason = sl_ex_text(ex, "%s does not have this call",
						sl_arch_name(SL_ARCH_NATIVE));
		return;
	}
	if (error == SL_EX_JUDGED) {
		const struct sl_notify_row *row =
			sl_notify_row_hit(ask->call, ex->spec.when, ask->args);

		ret->answer.rung = SL_RUNG_SUPERVISOR;
		ret->answer.verdict = SL_VERDICT_DEPENDS;
		ret->answer.reason = sl_ex_text(
			ex, "the supervisor judges it by its object: %s",
			row ? row->rule.opens : "what it is about");
		ret->answer.origin = "sandlock";
		return;
	}
	if (error != 0) {
		sl_ex_blame_filter(ex, ask->call, ask->args, ret);
		return;
	}
	ret->answer.verdict = SL_VERDICT_ALLOWED;
	item = sl_filter_item(ex->prepared->policy, SL_KEY_EXTRA_ALLOW,
			      ask->call);
	if (item && hit(ex, ask->call, ask->args)) {
		ret->answer.reason = sl_ex_text(ex, "'%s' is allowed by name",
						item->text);
		ret->answer.origin = sl_ex_origin(ex, item);
		ret->answer.rule = sl_ex_find(ex, item);
		return;
	}
	ret->answer.reason = judged_further(ask->call)
				     ? "the filter lets it pass; what it is "
				       "about is judged by Landlock"
				     : "no rule of the filter refuses it";
}

/* The cases that the rules tell apart, then what they leave. */
static int ask_cases(struct sl_explain *ex, enum sl_sys call,
		     sl_ex_answer_fn *answer)
{
	struct sl_ask ask = { .kind = SL_PROBE_CALL, .call = call };
	bool listed = ex->spec.list[call] != SL_LIST_TABLE;
	const struct sl_filter_rule *rule = sl_filter_rule_first(call);
	unsigned int cases = 0;
	int r = 0;

	for (; rule && !listed && r == 0; rule = sl_filter_rule_next(rule)) {
		if (!sl_filter_rule_holds(rule, ex->spec.when) ||
		    !sl_filter_witness(call, rule, ex->spec.when, ask.args))
			continue;
		ask.rule = rule;
		cases++;
		r = answer(ex, &ask);
	}
	if (r < 0)
		return r;
	ask.rule = NULL;
	ask.otherwise = cases > 0;
	if (listed && !sl_filter_witness(call, sl_filter_rule_first(call),
					 ex->spec.when, ask.args))
		memset(ask.args, 0, sizeof(ask.args));
	else if (!listed &&
		 !sl_filter_witness(call, NULL, ex->spec.when, ask.args))
		return 0; /* they leave nothing */
	return answer(ex, &ask);
}

/* By number: what the filter says of it on this architecture. */
static int find_number(const char *text, int *ret_call, struct sl_error *err)
{
	uint64_t nr;

	if (sl_value_u64(text, strlen(text), &nr) < 0 || nr > SL_SYSCALL_NR_MAX)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "no system call has the number %s", SL_QUOTE(text));
	*ret_call = sl_sys_find_number((long)nr, SL_ARCH_NATIVE);
	if (*ret_call < 0)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "this version knows no system call %s of %s, so "
			      "it is answered with ENOSYS",
			      SL_QUOTE(text), sl_arch_name(SL_ARCH_NATIVE));
	return 0;
}

int sl_ex_ask_call(struct sl_explain *ex, const char *text,
		   sl_ex_answer_fn *answer, struct sl_error *err)
{
	const struct sl_sys_group *group = NULL;
	int call = -1, r = 0;

	if (text[0] >= '0' && text[0] <= '9')
		r = find_number(text, &call, err);
	else
		r = call = sl_filter_find(text, &group, err);
	if (r < 0 && !group)
		return r;
	if (!group)
		return ask_cases(ex, (enum sl_sys)call, answer);
	r = 0;
	for (size_t i = 0; i < group->count && r == 0; i++)
		r = ask_cases(ex, (enum sl_sys)group->calls[i], answer);
	return r;
}
