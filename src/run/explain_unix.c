/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about Unix sockets: the filter says which kinds exist, the judge
 * (or, from ABI 9 on, Landlock) whom they reach.
 */
#include "run/explain_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "run/walk.h"
#include "sys/uapi.h"

static void want_path(struct sl_explain *ex, const char *path,
		      struct sl_judgement *j)
{
	if (sl_policy_bool(ex->policy, SL_KEY_NO_SUPERVISOR))
		return;
	j->want = (struct sl_want){ .how = SL_WANT_ADD,
				    .key = SL_KEY_ALLOW_UNIX,
				    .value = sl_ex_text(ex, "%s", path) };
}

static void judge_abstract(const struct sl_explain *ex, struct sl_judgement *j)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;
	bool scoped = ll->scoped & SL_LL_SCOPE_ABSTRACT_UNIX;

	j->answer.rung = scoped ? SL_RUNG_LANDLOCK : SL_RUNG_SUPERVISOR;
	if (scoped || !ll->abstract_settled) {
		j->answer.error = EPERM;
		j->answer.reason = "abstract sockets do not cross the border "
				   "of the sandbox";
		return;
	}
	j->answer.verdict = SL_VERDICT_ALLOWED;
	j->answer.rung = SL_RUNG_NOTHING;
	j->answer.reason = "protection abstract-unix-socket-scope is switched "
			   "off";
}

static void judge_walked(struct sl_explain *ex, const struct sl_walk *walk,
			 struct sl_judgement *j)
{
	const struct sl_plan_path *rule;

	j->answer.rung = SL_RUNG_SUPERVISOR;
	if (!walk->error)
		j->answer.object = sl_ex_text(ex, "the Unix socket %s",
					      walk->path);
	rule = sl_ex_rule_above(ex, walk, SL_LL_FS_WRITE_FILE, true);
	if (rule) {
		j->answer.verdict = SL_VERDICT_ALLOWED;
		j->answer.rule = sl_ex_find(ex, rule);
		j->answer.origin = sl_ex_origin(ex, rule->item);
		j->answer.reason = sl_ex_text(ex, "the grant of %s covers it",
					      rule->path);
	}
	if (walk->error || !walk->exists || !S_ISSOCK(walk->mode)) {
		int error = walk->error ? -walk->error
					: (walk->exists ? ECONNREFUSED : ENOENT);

		errno = error;
		j->answer.verdict = SL_VERDICT_REFUSED;
		j->answer.rung = SL_RUNG_SYSTEM;
		j->answer.error = error;
		j->answer.reason = walk->exists
					   ? "it is no socket"
					   : sl_ex_text(ex, "the path leads "
							    "nowhere: %m");
		return;
	}
	if (rule)
		return;
	/* Without a grant that lets sockets exist connect is not trapped. */
	if (!(ex->spec.when & (SL_WHEN_UNIX | SL_WHEN_NET))) {
		j->answer.verdict = SL_VERDICT_ALLOWED;
		j->answer.rung = SL_RUNG_NOTHING;
		j->answer.reason = "socket is allowed by name, and nothing "
				   "else judges its peer";
		return;
	}
	j->answer.error = EACCES;
	j->answer.reason = "no write grant and no --unix-allow covers it";
	want_path(ex, walk->path, j);
}

void sl_ex_judge_unix(struct sl_explain *ex, const struct sl_ask *ask,
		      struct sl_judgement *j)
{
	struct sl_walk walk;

	if (!ask->text) { /* a socket without a peer */
		j->answer.verdict = SL_VERDICT_ALLOWED;
		return;
	}
	if (ask->text[0] == '@') {
		judge_abstract(ex, j);
		return;
	}
	if (sl_walk(ask->text, &walk) < 0) {
		ex->failed = -ENOMEM;
		return;
	}
	judge_walked(ex, &walk, j);
	sl_walk_fini(&walk);
}

/* The filter refuses the socket itself. */
void sl_ex_refuse_unix(struct sl_explain *ex, const struct sl_ask *ask,
		       struct sl_judgement *j)
{
	j->want = (struct sl_want){ 0 };
	if (sl_policy_bool(ex->policy, SL_KEY_NO_SUPERVISOR)) {
		j->answer.reason = "without a supervisor nobody judges Unix "
				   "sockets, so there are none";
		return;
	}
	if (!ask->text || ask->text[0] == '@') {
		j->answer.reason = "there are Unix sockets only with a write "
				   "grant, a private temporary directory or "
				   "--unix-allow";
		return;
	}
	j->answer.reason = "nothing grants a Unix socket";
	want_path(ex, ask->text, j);
}
