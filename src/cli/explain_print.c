// SPDX-License-Identifier: Apache-2.0
/*
 * How `sandlock explain` shows rules and answers: columns for a person,
 * tab-separated records or JSON for a program, with the same facts.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "explain.h"
#include "json.h"
#include "style.h"

#define JSON_SCHEMA 1

/* ---- JSON --------------------------------------------------------------- */

static void json_rule(struct cli_json *json, const char *name,
		      const sandlock_rule *rule)
{
	cli_json_open(json, name, '{');
	cli_json_string(json, "key", rule->key);
	cli_json_string(json, "subject", rule->subject);
	cli_json_string(json, "effect", rule->effect);
	cli_json_bool(json, "allows", rule->allows != 0);
	cli_json_string(json, "enforced_by", rule->enforced_by);
	cli_json_string(json, "origin", rule->origin);
	cli_json_string(json, "note", rule->note);
	cli_json_close(json);
}

static void json_answer(struct cli_json *json, const struct cli_explain *explain,
			const struct cli_answer *a)
{
	const sandlock_answer *answer = &a->answer;
	sandlock_rule rule;

	cli_json_open(json, NULL, '{');
	cli_json_string(json, "question", a->question);
	cli_json_string(json, "access", answer->access);
	cli_json_string(json, "object", answer->object);
	cli_json_string(json, "verdict", cli_verdict_name(answer));
	cli_json_string(json, "reason", answer->reason);
	cli_json_string(json, "enforced_by", answer->enforced_by);
	cli_json_string(json, "origin", answer->origin);
	cli_json_string(json, "error", answer->error_name);
	cli_json_number(json, "errno", answer->error);
	if (answer->rule >= 0 &&
	    cli_explain_rule(explain, (size_t)answer->rule, &rule))
		json_rule(json, "rule", &rule);
	else
		cli_json_string(json, "rule", NULL);
	cli_json_string(json, "fix", a->fix);
	cli_json_string(json, "fix_key", answer->fix_key);
	cli_json_string(json, "fix_value", answer->fix_value);
	cli_json_string(json, "no_fix", answer->no_fix);
	cli_json_close(json);
}

void cli_explain_print_json(const struct cli_explain *explain)
{
	const char *const *word = explain->run.argv;
	struct cli_json json = { .out = stdout };
	sandlock_rule rule;

	cli_json_open(&json, NULL, '{');
	cli_json_number(&json, "schema", JSON_SCHEMA);
	cli_json_string(&json, "preset", explain->run.preset);
	cli_json_open(&json, "command", '[');
	for (; word && *word; word++)
		cli_json_string(&json, NULL, *word);
	cli_json_close(&json);
	if (explain->question_count) {
		cli_json_open(&json, "answers", '[');
		for (size_t i = 0; i < explain->answer_count; i++)
			json_answer(&json, explain, &explain->answers[i]);
	} else {
		cli_json_open(&json, "rules", '[');
		for (size_t i = 0; cli_explain_rule(explain, i, &rule); i++)
			json_rule(&json, NULL, &rule);
	}
	cli_json_close(&json);
	cli_json_close(&json);
}

/* ---- records ------------------------------------------------------------ */

static const char *kind_of(const sandlock_rule *rule)
{
	if (rule->rung == SANDLOCK_RUNG_NOTHING)
		return "open";
	if (cli_rule_is_skipped(rule))
		return "skipped";
	return rule->allows ? "granted" : "refused";
}

static int rule_records(const struct cli_explain *explain,
			struct cli_table *table, sandlock_error *err)
{
	sandlock_rule rule;
	int r = 0;

	for (size_t i = 0; r == 0 && cli_explain_rule(explain, i, &rule); i++) {
		const struct cli_cell row[] = {
			{ kind_of(&rule), CLI_STYLE_NONE },
			{ rule.subject, CLI_STYLE_NONE },
			{ rule.effect, CLI_STYLE_NONE },
			{ rule.enforced_by, CLI_STYLE_NONE },
			{ rule.key, CLI_STYLE_NONE },
			{ rule.origin, CLI_STYLE_NONE },
			{ rule.note, CLI_STYLE_NONE },
		};

		r = cli_table_add(table, row, err);
	}
	return r;
}

static int answer_record(struct cli_table *table, const struct cli_answer *a,
			 sandlock_error *err)
{
	const sandlock_answer *answer = &a->answer;
	const struct cli_cell row[] = {
		{ a->question, CLI_STYLE_NONE },
		{ cli_verdict_name(answer), CLI_STYLE_NONE },
		{ answer->access, CLI_STYLE_NONE },
		{ answer->object, CLI_STYLE_NONE },
		{ answer->error_name, CLI_STYLE_NONE },
		{ answer->enforced_by, CLI_STYLE_NONE },
		{ answer->origin, CLI_STYLE_NONE },
		{ answer->reason, CLI_STYLE_NONE },
		{ a->fix, CLI_STYLE_NONE },
		{ answer->no_fix, CLI_STYLE_NONE },
	};

	return cli_table_add(table, row, err);
}

/* ---- for people --------------------------------------------------------- */

/* Not of the policy but of sandlock itself, which goes without saying. */
static bool is_ours(const char *origin)
{
	return !origin || strcmp(origin, "sandlock") == 0;
}

static int add_granted(struct cli_table *table, const sandlock_rule *rule,
		       sandlock_error *err)
{
	char *where = NULL;
	struct cli_cell row[4] = {
		{ rule->subject, CLI_STYLE_NAME },
		{ rule->effect, CLI_STYLE_NONE },
		{ rule->enforced_by, CLI_STYLE_NONE },
	};
	int r;

	if (asprintf(&where, "%s%s%s", rule->origin, rule->note ? "; " : "",
		     rule->note ? rule->note : "") < 0)
		where = NULL;
	row[3] = (struct cli_cell){ where, CLI_STYLE_FAINT };
	r = cli_table_add(table, row, err);
	free(where);
	return r;
}

/* What is refused may be a long list of calls, so it comes last. */
static int add_refused(struct cli_table *table, const sandlock_rule *rule,
		       sandlock_error *err)
{
	bool ours = is_ours(rule->origin);
	char *text = NULL;
	struct cli_cell row[3] = {
		{ rule->effect, CLI_STYLE_NONE },
		{ rule->enforced_by, CLI_STYLE_NONE },
	};
	int r;

	if (asprintf(&text, "%s%s%s%s%s%s", rule->subject, rule->note ? ": " : "",
		     rule->note ? rule->note : "", ours ? "" : " (",
		     ours ? "" : rule->origin, ours ? "" : ")") < 0)
		text = NULL;
	row[2] = (struct cli_cell){ text, CLI_STYLE_NONE };
	r = cli_table_add(table, row, err);
	free(text);
	return r;
}

static int add_open(struct cli_table *table, const sandlock_rule *rule,
		    sandlock_error *err)
{
	bool ours = is_ours(rule->origin);
	char *text = NULL;
	struct cli_cell row[2] = { { rule->subject, CLI_STYLE_WARNING } };
	int r;

	if (asprintf(&text, "%s%s%s%s%s%s", rule->effect, ours ? "" : " by ",
		     ours ? "" : rule->origin, rule->note ? " (" : "",
		     rule->note ? rule->note : "", rule->note ? ")" : "") < 0)
		text = NULL;
	row[1] = (struct cli_cell){ text, CLI_STYLE_NONE };
	r = cli_table_add(table, row, err);
	free(text);
	return r;
}

/* The rules of one kind below its heading, or nothing. */
static int print_kind(const struct cli_explain *explain, const char *kind,
		      const char *heading, size_t columns,
		      int (*add)(struct cli_table *table,
				 const sandlock_rule *rule, sandlock_error *err),
		      sandlock_error *err)
{
	struct cli_table table = { .columns = columns };
	sandlock_rule rule;
	int r = 0;

	for (size_t i = 0; r == 0 && cli_explain_rule(explain, i, &rule); i++)
		if (strcmp(kind_of(&rule), kind) == 0)
			r = add(&table, &rule, err);
	if (r == 0 && table.count) {
		cli_put(CLI_STYLE_HEADING, "%s:\n", heading);
		cli_table_print(&table);
		putchar('\n');
	}
	cli_table_fini(&table);
	return r;
}

/* Dozens of paths of other systems, in a preset: by name, in one paragraph. */
static void print_skipped(const struct cli_explain *explain)
{
	sandlock_rule rule;
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	const char *comma = "";

	if (!out)
		return;
	for (size_t i = 0; cli_explain_rule(explain, i, &rule); i++) {
		if (!cli_rule_is_skipped(&rule))
			continue;
		fprintf(out, "%s%s", comma, rule.subject);
		comma = ", ";
	}
	if (fclose(out) == 0 && len) {
		cli_put(CLI_STYLE_HEADING, "Skipped, because not there:\n");
		cli_clean(text);
		cli_put_wrapped(0, CLI_STYLE_FAINT, text);
		putchar('\n');
	}
	free(text);
}

int cli_explain_print_rules(const struct cli_explain *explain, sandlock_error *err)
{
	struct cli_table table = { .columns = 7 };
	int r;

	if (!cli_width(STDOUT_FILENO)) {
		r = rule_records(explain, &table, err);
		if (r == 0)
			cli_table_print(&table);
		cli_table_fini(&table);
		return r;
	}
	r = print_kind(explain, "granted", "Granted", 4, add_granted, err);
	if (r < 0)
		return r;
	print_skipped(explain);
	r = print_kind(explain, "refused", "Refused or limited", 3, add_refused,
		       err);
	if (r == 0)
		r = print_kind(explain, "open", "Enforced by nothing", 2,
			       add_open, err);
	return r;
}

static int add_line(struct cli_table *table, enum cli_style style,
		    const char *text, sandlock_error *err)
{
	const struct cli_cell row[3] = { [2] = { text, style } };

	return cli_table_add(table, row, err);
}

/* What is asked about, then below it why, and the way out. */
static int add_answer(struct cli_table *table, const struct cli_answer *a,
		      sandlock_error *err)
{
	static const enum cli_style styles[] = {
		[SANDLOCK_VERDICT_REFUSED] = CLI_STYLE_ERROR,
		[SANDLOCK_VERDICT_ALLOWED] = CLI_STYLE_GOOD,
		[SANDLOCK_VERDICT_DEPENDS] = CLI_STYLE_WARNING,
	};
	const sandlock_answer *answer = &a->answer;
	const char *origin = is_ours(answer->origin) ? NULL : answer->origin;
	const struct cli_cell row[3] = {
		{ cli_verdict_name(answer), styles[answer->verdict] },
		{ answer->access, CLI_STYLE_NONE },
		{ answer->object, CLI_STYLE_NAME },
	};
	char *why = NULL, *fix = NULL;
	int r = cli_table_add(table, row, err);

	if (asprintf(&why, "%s%s%s%s%s: %s",
		     answer->error_name ? answer->error_name : "",
		     answer->error_name ? " by " : "", answer->enforced_by,
		     origin ? ", " : "", origin ? origin : "", answer->reason) < 0)
		why = NULL;
	if (r == 0)
		r = add_line(table, CLI_STYLE_NONE, why, err);
	if (asprintf(&fix, "%s: %s", a->fix ? "to allow it" : "not offered",
		     a->fix	      ? a->fix
		     : answer->no_fix ? answer->no_fix
				      : "") < 0)
		fix = NULL;
	if (r == 0 && (a->fix || answer->no_fix))
		r = add_line(table, CLI_STYLE_NONE, fix, err);
	free(why);
	free(fix);
	return r;
}

int cli_explain_print_answers(const struct cli_explain *explain,
			      sandlock_error *err)
{
	bool terminal = cli_width(STDOUT_FILENO) > 0;
	struct cli_table table = { .columns = terminal ? 3 : 10 };
	int r = 0;

	for (size_t i = 0; r == 0 && i < explain->answer_count; i++)
		r = terminal ? add_answer(&table, &explain->answers[i], err)
			     : answer_record(&table, &explain->answers[i], err);
	if (r == 0)
		cli_table_print(&table);
	cli_table_fini(&table);
	return r;
}
