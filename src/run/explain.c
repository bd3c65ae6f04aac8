/* SPDX-License-Identifier: Apache-2.0 */
/* The explanation as an object: its making, its strings, its questions. */
#include "run/explain_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "policy/value.h"

const char *sl_rung_name(enum sl_rung rung)
{
	switch (rung) {
	case SL_RUNG_NOTHING:
		return "nothing";
	case SL_RUNG_LANDLOCK:
		return "Landlock";
	case SL_RUNG_SECCOMP:
		return "seccomp";
	case SL_RUNG_ATTRIBUTE:
		return "process attribute";
	case SL_RUNG_SUPERVISOR:
		return "supervisor";
	case SL_RUNG_SYSTEM:
		return "system";
	}
	return "nothing";
}

const char *sl_errno_name(int error)
{
	static const struct {
		int error;
		const char *name;
	} names[] = {
		{ EPERM, "EPERM" },
		{ ENOENT, "ENOENT" },
		{ ENXIO, "ENXIO" },
		{ EACCES, "EACCES" },
		{ ENOTDIR, "ENOTDIR" },
		{ EISDIR, "EISDIR" },
		{ EROFS, "EROFS" },
		{ ENAMETOOLONG, "ENAMETOOLONG" },
		{ ENOSYS, "ENOSYS" },
		{ ELOOP, "ELOOP" },
		{ EPROTONOSUPPORT, "EPROTONOSUPPORT" },
		{ ENOPROTOOPT, "ENOPROTOOPT" },
		{ ESOCKTNOSUPPORT, "ESOCKTNOSUPPORT" },
		{ EOPNOTSUPP, "EOPNOTSUPP" },
		{ EAFNOSUPPORT, "EAFNOSUPPORT" },
		{ ECONNREFUSED, "ECONNREFUSED" },
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
		if (names[i].error == error)
			return names[i].name;
	return NULL;
}

/* ------------------------------------------------ memory */

/* Room for one more in *@list of elements of @size. */
static bool grow(struct sl_explain *ex, void **list, size_t count, size_t *cap,
		 size_t size)
{
	size_t more = *cap ? 2 * *cap : 64;
	void *fresh;

	if (count < *cap)
		return true;
	fresh = reallocarray(*list, more, size);
	if (!fresh) {
		ex->failed = -ENOMEM;
		return false;
	}
	*list = fresh;
	*cap = more;
	return true;
}

const char *sl_ex_text(struct sl_explain *ex, const char *fmt, ...)
{
	va_list ap;
	char *text;
	int n;

	if (!grow(ex, (void **)&ex->texts, ex->text_count, &ex->text_cap,
		  sizeof(*ex->texts)))
		return "";
	va_start(ap, fmt);
	n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0) {
		ex->failed = -ENOMEM;
		return "";
	}
	ex->texts[ex->text_count++] = text;
	return text;
}

const char *sl_ex_origin(struct sl_explain *ex, const struct sl_item *item)
{
	char where[512];

	if (!item)
		return "sandlock";
	sl_origin_describe(&item->origin, where, sizeof(where));
	if (item->origin.kind == SL_ORIGIN_OWN)
		return sl_ex_text(ex, "sandlock, for %s", where);
	return sl_ex_text(ex, "%s", where);
}

void sl_ex_add_rule(struct sl_explain *ex, struct sl_ex_rule rule)
{
	if (!grow(ex, (void **)&ex->rules, ex->rule_count, &ex->rule_cap,
		  sizeof(*ex->rules)))
		return;
	ex->rules[ex->rule_count++] = rule;
}

int64_t sl_ex_find(const struct sl_explain *ex, const void *source)
{
	for (size_t i = 0; source && i < ex->rule_count; i++)
		if (ex->rules[i].source == source)
			return (int64_t)i;
	return -1;
}

/* ------------------------------------------------ making one */

static int copy_words(const char *const *from, char ***ret)
{
	char **list;
	size_t n = 0;

	if (!from)
		return 0;
	while (from[n])
		if (++n > SL_MAX_ARGS)
			return -E2BIG;
	list = calloc(n + 1, sizeof(*list));
	*ret = list;
	for (size_t i = 0; list && i < n; i++) {
		list[i] = strdup(from[i]);
		if (!list[i])
			return -ENOMEM;
	}
	return list ? 0 : -ENOMEM;
}

static void free_words(char **list)
{
	for (char **word = list; word && *word; word++)
		free(*word);
	free(list);
}

static int prepare(struct sl_explain *ex, const struct sl_net_pins *pins,
		   struct sl_error *err)
{
	struct sl_request request = {
		.argv = (const char *const *)ex->argv,
		.envp = (const char *const *)ex->envp,
		.pins = pins,
		.dry = true,
	};
	int r = sl_prepare(ex->policy, &request, &ex->prepared, err);

	if (r < 0)
		return r;
	r = sl_filter_spec(ex->prepared->policy, SL_ARCH_NATIVE, &ex->spec, err);
	/* What came out when the file system was looked at. */
	ex->spec.when = ex->prepared->plan->filter.when;
	return r;
}

int sl_ex_plan(const struct sl_policy *policy, const struct sl_net_pins *pins,
	       char *const *argv, char *const *envp, struct sl_explain **ret_ex,
	       struct sl_error *err)
{
	SL_AUTO(sl_explain) ex = calloc(1, sizeof(*ex));
	int r = ex ? sl_policy_clone(policy, &ex->policy) : -ENOMEM;

	if (r == 0)
		r = copy_words((const char *const *)argv, &ex->argv);
	if (r == 0)
		r = copy_words((const char *const *)envp, &ex->envp);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_CHECK,
			      r == -E2BIG ? "too many words in the command"
					  : "out of memory");
	r = prepare(ex, pins, err);
	if (r < 0)
		return r;
	*ret_ex = sl_take_ptr(&ex);
	return 0;
}

int sl_explain_new(const struct sl_policy *policy, const char *const *argv,
		   const char *const *envp, struct sl_explain **ret_ex,
		   struct sl_error *err)
{
	SL_AUTO(sl_explain) ex = NULL;
	int r = sl_ex_plan(policy, NULL, (char *const *)(uintptr_t)argv,
			   (char *const *)(uintptr_t)envp, &ex, err);

	if (r < 0)
		return r;
	sl_ex_list_rules(ex);
	sl_ex_list_open(ex);
	if (ex->failed)
		return sl_err(err, ex->failed, SL_STAGE_CHECK, "out of memory");
	*ret_ex = sl_take_ptr(&ex);
	return 0;
}

void sl_explain_free(struct sl_explain *ex)
{
	if (!ex)
		return;
	for (size_t i = 0; i < ex->text_count; i++)
		free(ex->texts[i]);
	free(ex->texts);
	free(ex->rules);
	free(ex->answers);
	free(ex->question);
	free(ex->home);
	free_words(ex->argv);
	free_words(ex->envp);
	sl_prepared_free(ex->prepared, false);
	sl_policy_free(ex->policy);
	free(ex);
}

const struct sl_ex_rule *sl_explain_rule(const struct sl_explain *ex, size_t i)
{
	return i < ex->rule_count ? &ex->rules[i] : NULL;
}

/* ------------------------------------------------ questions */

void sl_ex_judge(struct sl_explain *ex, const struct sl_ask *ask,
		 struct sl_judgement *ret)
{
	*ret = (struct sl_judgement){ .answer = { .rule = -1 } };
	switch (ask->kind) {
	case SL_PROBE_PATH:
		sl_ex_judge_path(ex, ask, ret);
		break;
	case SL_PROBE_SOCKET:
	case SL_PROBE_CONNECT:
	case SL_PROBE_BIND:
		sl_ex_judge_net(ex, ask, ret);
		break;
	case SL_PROBE_CALL:
		sl_ex_judge_call(ex, ask, ret);
		break;
	}
}

static int add_answer(struct sl_explain *ex, const struct sl_ask *ask)
{
	struct sl_judgement judgement;

	sl_ex_judge(ex, ask, &judgement);
	if (judgement.answer.verdict != SL_VERDICT_ALLOWED)
		sl_ex_fix(ex, ask, &judgement);
	if (!grow(ex, (void **)&ex->answers, ex->answer_count, &ex->answer_cap,
		  sizeof(*ex->answers)))
		return -ENOMEM;
	ex->answers[ex->answer_count++] = judgement.answer;
	return ex->failed;
}

static const struct {
	const char *prefix;
	int (*ask)(struct sl_explain *ex, const char *text,
		   sl_ex_answer_fn *answer, struct sl_error *err);
} kinds[] = {
	{ "path:", sl_ex_ask_path },
	{ "net:", sl_ex_ask_net },
	{ "bind:", sl_ex_ask_bind },
	{ "syscall:", sl_ex_ask_call },
};

static int not_a_question(const char *question, struct sl_error *err)
{
	sl_err(err, -EINVAL, SL_STAGE_PARSE, "'%s' is not a question",
	       SL_QUOTE(question));
	if (question[0] == '/' || question[0] == '.')
		sl_error_hint(err, "write path:%s", SL_QUOTE(question));
	else
		sl_error_hint(err, "ask path:PATH, net:HOST:PORT, bind:PORT or "
				   "syscall:NAME");
	return -EINVAL;
}

static int answer_all(struct sl_explain *ex, const char *question,
		      struct sl_error *err)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(kinds); i++) {
		size_t len = strlen(kinds[i].prefix);
		int r;

		if (strncmp(question, kinds[i].prefix, len) != 0)
			continue;
		if (!question[len])
			return sl_err(err, -EINVAL, SL_STAGE_PARSE,
				      "'%s' asks about nothing", question);
		r = kinds[i].ask(ex, question + len, add_answer, err);
		if (r == -ENOMEM || ex->failed)
			return sl_err(err, -ENOMEM, SL_STAGE_CHECK,
				      "out of memory");
		return r < 0 ? sl_error_prefix(err, r, "%s", SL_QUOTE(question))
			     : 0;
	}
	return not_a_question(question, err);
}

int sl_explain_ask(struct sl_explain *ex, const char *question, size_t index,
		   const struct sl_ex_answer **ret_answer, struct sl_error *err)
{
	bool same = ex->question && strcmp(ex->question, question) == 0;
	int r;

	if (strlen(question) > SL_MAX_VALUE_BYTES)
		return sl_err(err, -E2BIG, SL_STAGE_PARSE,
			      "the question is longer than %u bytes",
			      SL_MAX_VALUE_BYTES);
	if (!same || index == 0) {
		free(ex->question);
		ex->question = NULL;
		ex->answer_count = 0;
		r = answer_all(ex, question, err);
		if (r < 0)
			return r;
		ex->question = strdup(question);
		if (!ex->question)
			return sl_err(err, -ENOMEM, SL_STAGE_CHECK,
				      "out of memory");
	}
	if (index >= ex->answer_count)
		return -ERANGE;
	*ret_answer = &ex->answers[index];
	return 0;
}
