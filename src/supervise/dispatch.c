/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a trapped call to its handler, by notify.def alone, and from a handler's
 * answer to one that its row permits.
 */
#include <errno.h>

#include "base/compiler.h"
#include "plan/notify.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"

typedef struct sl_answer sl_handler(struct sl_call *call);

/* A missing handler does not link. */
static sl_handler *const handlers[] = {
#define SL_NOTIFY(name, cond, func, mem, bnd, what, ...) sl_h_##func,
#include "plan/notify.def"
#undef SL_NOTIFY
};

/*
 * SECURITY: "let it run" is an answer only where a rule of the kernel judges
 * the call once more, by what it then finds in the caller's memory, or where it
 * looks at none.
 */
static struct sl_answer permitted(const struct sl_notify_row *row,
				  struct sl_answer answer)
{
	if (answer.kind == SL_ANSWER_RUN && row->bound == SL_BOUND_NEVER)
		return sl_answer_fail(EPERM);
	return answer;
}

/*
 * SECURITY: what the filter refuses comes here with --why alone, and has the
 * very errno that it has without; nothing that is answered here ever runs.
 */
static int refusal(struct sl_call *call)
{
	const struct sl_judge *judge = call->judge;
	const uint64_t *args = (const uint64_t *)call->notif->data.args;
	int name = sl_sys_find_number(call->notif->data.nr, SL_ARCH_NATIVE);
	int error;

	if (!(judge->when & SL_WHEN_WHY) || name < 0)
		return 0;
	error = sl_filter_refusal((enum sl_sys)name, judge->when, judge->list,
				  args);
	if (!error)
		return 0;
	sl_event_deny(call, SL_RULE_FILTER, SL_TRY_CALL, error, -1);
	/* Others are addresses: different each time, and nobody's business. */
	for (unsigned int i = 0; i < 6; i++)
		if (sl_filter_looks_at((enum sl_sys)name, judge->when, i))
			call->denied.args[i] = args[i];
	sl_event_send(call, &call->denied);
	return error;
}

/*
 * What we do in the place of others the kernel refuses to us as it would have
 * refused it to them: with --why the observer of the same call says so. Row @i
 * is the one that answered.
 */
static void observe(struct sl_call *call, const struct sl_answer *answer, size_t i)
{
	const unsigned int done_by_us = SL_WHEN_CARVED | SL_WHEN_DENIES |
					SL_WHEN_HOSTS | SL_WHEN_TABLES;
	const struct sl_notify_row *row = call->row;
	bool refused = answer->kind == SL_ANSWER_FAIL &&
		       (answer->error == EACCES || answer->error == EXDEV);

	if (!(call->judge->when & SL_WHEN_WHY) || call->denied.rule ||
	    !(row->rule.when & done_by_us) ||
	    !(refused || answer->kind == SL_ANSWER_RUN))
		return;
	while ((row = sl_notify_row_next(row))) {
		i++;
		if (row->rule.when == SL_WHEN_WHY)
			handlers[i](call);
	}
}

struct sl_answer sl_judge_dispatch(struct sl_judge *judge)
{
	const struct seccomp_data *data = &judge->in.notif.data;
	struct sl_call call = { .judge = judge, .notif = &judge->in.notif };
	const struct sl_notify_row *row;
	struct sl_answer answer;
	int error;
	size_t i;

	if (data->nr < 0 || data->nr > SL_SYSCALL_NR_MAX ||
	    data->arch != sl_arch_audit(SL_ARCH_NATIVE))
		return sl_answer_fail(EPERM);
	judge->asked[data->nr]++;
	error = refusal(&call);
	if (error || !judge->row_of[data->nr])
		return sl_answer_fail(error);
	i = judge->row_of[data->nr] - 1u;
	for (row = sl_notify_row_at(i); row; row = sl_notify_row_next(row), i++) {
		if (!sl_filter_rule_holds(&row->rule, judge->when) ||
		    !sl_filter_rule_judge(&row->rule,
					  (const uint64_t *)data->args))
			continue;
		call.row = row;
		answer = permitted(row, handlers[i](&call));
		/* Between that and its answer the kernel may have said no. */
		if (answer.kind == SL_ANSWER_FAIL && call.denied.rule &&
		    answer.error == call.denied.error)
			sl_event_send(&call, &call.denied);
		observe(&call, &answer, i);
		return answer;
	}
	return sl_answer_fail(EPERM);
}
