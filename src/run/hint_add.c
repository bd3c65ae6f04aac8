/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a refusal to the words of a hint, and to an option, where one may be
 * offered.
 *
 * SECURITY: names come from the program. They appear between quotes, escaped;
 * no sentence of ours is made of their bytes; and an option is whole or absent,
 * for half of a path is the name of something wider.
 */
#include "run/hint_internal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/exechead.h"

#define MAX_FIX_BYTES 300
#define MAX_TEXT_BYTES 4096

static const char *doing(const struct sl_ask *ask, bool exists)
{
	switch (ask->access) {
	case SL_ACCESS_READ:
		return "reading";
	case SL_ACCESS_WRITE:
		return "writing";
	case SL_ACCESS_EXECUTE:
		return "executing";
	case SL_ACCESS_LIST:
		return "listing";
	case SL_ACCESS_CREATE:
		return exists ? "changing what is in" : "creating";
	case SL_ACCESS_CHANGE:
		return "changing the attributes of";
	case SL_ACCESS_WATCH:
		return "watching";
	}
	return "using";
}

/* ------------------------------------------------ the option */

static void offer(struct sl_hint_finder *f, const struct sl_ask *ask,
		  struct sl_judgement *judgement, struct sl_hint *hint,
		  struct sl_buf *text)
{
	struct sl_ex_answer *answer = &judgement->answer;
	const char *why;

	sl_ex_fix(f->ex, ask, judgement);
	why = answer->no_fix;
	if (!why && !answer->fix && ask->kind != SL_PROBE_SOCKET)
		why = "no option allows it";
	else if (!why && answer->fix && strlen(answer->fix) > MAX_FIX_BYTES)
		why = "the options are too long to be shown";
	if (why) {
		sl_buf_addf(text, "; %s", why);
		return;
	}
	hint->fix = answer->fix;
	hint->fix_key = answer->fix_key;
	hint->fix_value = answer->fix_value;
}

/* ------------------------------------------------ the sentence */

static bool is_known(const struct sl_hints *hints, const char *object,
		     const char *access)
{
	for (size_t i = 0; i < hints->count; i++)
		if (strcmp(hints->items[i].object, object) == 0 &&
		    strcmp(hints->items[i].access, access) == 0)
			return true;
	return false;
}

/* Takes what @text holds. */
static void keep(struct sl_hint_finder *f, struct sl_hint hint,
		 struct sl_buf *text)
{
	if (text->failed) {
		f->ex->failed = text->failed;
		return;
	}
	hint.text = sl_ex_text(f->ex, "%s", text->data);
	f->hints->items[f->hints->count++] = hint;
}

static const char *refusal(const struct sl_clue *clue)
{
	return clue->source == SL_HINT_MESSAGE ? "was refused" : "is refused";
}

/*
 * Why @path cannot be executed. The interpreter is named here and not by the
 * answer, whose sentence holds the bytes of a file.
 */
static void put_reason(struct sl_buf *text, const struct sl_ask *ask,
		       const struct sl_ex_answer *answer)
{
	static const char by[] = "it is run by ";
	sl_autofree struct sl_exec_head *head = NULL;

	if (ask->access != SL_ACCESS_EXECUTE ||
	    strncmp(answer->reason, by, strlen(by)) != 0) {
		sl_buf_adds(text, answer->reason);
		return;
	}
	head = calloc(1, sizeof(*head));
	if (!head || sl_exec_head_read(answer->object, head) < 0) {
		sl_buf_adds(text, "its interpreter cannot be executed");
		return;
	}
	sl_buf_adds(text, "its interpreter '");
	sl_hint_put(text, head->interp, SL_MAX_HINT_PATH);
	sl_buf_adds(text, "' cannot be executed");
}

void sl_hint_add_path(struct sl_hint_finder *f, const struct sl_clue *clue,
		      const struct sl_ask *ask, struct sl_judgement *judgement)
{
	struct sl_hint hint = { .source = clue->source,
				.access = judgement->answer.access };
	sl_autobuf text = SL_BUF_INIT(MAX_TEXT_BYTES);
	sl_autobuf name = SL_BUF_INIT(MAX_TEXT_BYTES);
	const char *object = judgement->answer.object;
	struct stat st;

	sl_hint_put(&name, object, SL_MAX_HINT_PATH);
	if (name.failed || !name.data ||
	    is_known(f->hints, name.data, hint.access))
		return;
	hint.object = sl_ex_text(f->ex, "%s", name.data);
	sl_buf_addf(&text, "%s '%s' %s: ", doing(ask, stat(object, &st) == 0),
		    name.data, refusal(clue));
	put_reason(&text, ask, &judgement->answer);
	offer(f, ask, judgement, &hint, &text);
	keep(f, hint, &text);
}

void sl_hint_add_net(struct sl_hint_finder *f, const struct sl_clue *clue,
		     const struct sl_ask *ask, struct sl_judgement *judgement,
		     const char *what)
{
	struct sl_hint hint = { .source = clue->source,
				.object = judgement->answer.object,
				.access = judgement->answer.access };
	sl_autobuf text = SL_BUF_INIT(MAX_TEXT_BYTES);

	if (is_known(f->hints, hint.object, hint.access))
		return;
	if (what)
		sl_buf_adds(&text, what);
	else
		sl_buf_addf(&text, "%s %s",
			    ask->kind == SL_PROBE_BIND ? "listening on"
						       : "connecting to",
			    hint.object);
	sl_buf_addf(&text, " %s: %s", refusal(clue), judgement->answer.reason);
	offer(f, ask, judgement, &hint, &text);
	keep(f, hint, &text);
}

/* Does a run start with it, beside the rest of the policy? */
static bool may_remap(struct sl_explain *ex)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_API, .source = "fix" };
	SL_AUTO(sl_policy) policy = NULL;
	SL_AUTO(sl_explain) now = NULL;

	return sl_policy_clone(ex->policy, &policy) == 0 &&
	       sl_policy_set(policy, SL_KEY_PORT_REMAP, "true", &origin, NULL) ==
		       0 &&
	       sl_ex_plan(policy, &ex->prepared->pins, ex->argv, ex->envp, &now,
			  NULL) == 0;
}

void sl_hint_add_taken(struct sl_hint_finder *f, const struct sl_clue *clue,
		       const char *object)
{
	const struct sl_key_info *info = sl_key_info(SL_KEY_PORT_REMAP);
	struct sl_hint hint = { .source = clue->source,
				.object = object,
				.access = "bind",
				.fix = info->flag,
				.fix_key = info->name,
				.fix_value = "true" };
	sl_autobuf text = SL_BUF_INIT(MAX_TEXT_BYTES);

	if (is_known(f->hints, hint.object, hint.access) || !may_remap(f->ex))
		return;
	sl_buf_addf(&text, "%s was in use, outside if not by the command itself",
		    object);
	keep(f, hint, &text);
}
