// SPDX-License-Identifier: Apache-2.0
/* How `sandlock check` answers: to programs and to people. */
#include "check.h"

#include <stdio.h>
#include <unistd.h>

#include "json.h"
#include "style.h"

#define JSON_SCHEMA 1 /* a change that breaks readers raises it */

bool cli_feature_is_missing(const sandlock_feature *feature)
{
	return feature->state == SANDLOCK_FEATURE_MISSING;
}

bool cli_feature_is_needed(const sandlock_feature *feature)
{
	return feature->flags & SANDLOCK_FEATURE_NEEDED;
}

/* What is missing only because something else is has no remedy of its own. */
bool cli_feature_is_obstacle(const sandlock_feature *feature)
{
	return cli_feature_is_missing(feature) &&
	       cli_feature_is_needed(feature) && feature->remedy[0];
}

/* ---- for programs ------------------------------------------------------- */

static const char *state_name(const sandlock_feature *feature)
{
	static const char *const names[] = {
		[SANDLOCK_FEATURE_MISSING] = "missing",
		[SANDLOCK_FEATURE_PRESENT] = "present",
		[SANDLOCK_FEATURE_LIMITED] = "limited",
	};

	return feature->state < CLI_LEN(names) ? names[feature->state] : "?";
}

static const char *need_name(const sandlock_feature *feature)
{
	if (cli_feature_is_needed(feature))
		return "needed";
	return feature->flags & SANDLOCK_FEATURE_LIBRARY ? "library" : "optional";
}

void cli_check_print_json(const struct cli_check *check)
{
	struct cli_json json = { .out = stdout };

	cli_json_open(&json, NULL, '{');
	cli_json_number(&json, "schema", JSON_SCHEMA);
	cli_json_string(&json, "policy", check->given ? "given" : "default");
	cli_json_bool(&json, "enforceable", check->enforceable);
	cli_json_string(&json, "verdict", check->verdict);
	cli_json_string(&json, "next", check->next[0] ? check->next : NULL);
	cli_json_string(&json, "kernel", check->kernel.release);
	cli_json_string(&json, "machine", check->kernel.machine);
	cli_json_number(&json, "uid", geteuid());
	cli_json_number(&json, "landlock_abi", check->landlock_abi);
	cli_json_open(&json, "features", '[');
	for (size_t i = 0; i < check->count; i++) {
		const sandlock_feature *feature = &check->features[i];

		cli_json_open(&json, NULL, '{');
		cli_json_string(&json, "name", feature->name);
		cli_json_string(&json, "state", state_name(feature));
		cli_json_string(&json, "need", need_name(feature));
		cli_json_string(&json, "gives", feature->gives);
		cli_json_number(&json, "number", feature->number);
		cli_json_string(&json, "detail", feature->detail);
		cli_json_string(&json, "remedy", feature->remedy);
		cli_json_close(&json);
	}
	cli_json_close(&json);
	cli_json_close(&json);
}

/* ---- for people --------------------------------------------------------- */

static struct cli_cell state_cell(const sandlock_feature *feature)
{
	if (feature->state == SANDLOCK_FEATURE_PRESENT)
		return (struct cli_cell){ "ok", CLI_STYLE_GOOD };
	if (feature->state == SANDLOCK_FEATURE_LIMITED)
		return (struct cli_cell){ "limited", CLI_STYLE_WARNING };
	if (cli_feature_is_needed(feature))
		return (struct cli_cell){ "MISSING", CLI_STYLE_ERROR };
	return (struct cli_cell){ "no", CLI_STYLE_FAINT };
}

static int add_terminal_row(struct cli_table *table,
			    const sandlock_feature *feature, sandlock_error *err)
{
	char text[384];
	const struct cli_cell row[] = {
		state_cell(feature),
		{ feature->name, CLI_STYLE_NAME },
		{ text, CLI_STYLE_NONE },
	};

	snprintf(text, sizeof(text), "%s%s%s", feature->gives,
		 feature->detail[0] ? "; " : "", feature->detail);
	return cli_table_add(table, row, err);
}

static int add_record(struct cli_table *table, const sandlock_feature *feature,
		      sandlock_error *err)
{
	char text[sizeof(feature->detail) + sizeof(feature->remedy) + 2];
	const struct cli_cell row[] = {
		{ feature->name, CLI_STYLE_NONE },
		{ state_name(feature), CLI_STYLE_NONE },
		{ need_name(feature), CLI_STYLE_NONE },
		{ feature->gives, CLI_STYLE_NONE },
		{ text, CLI_STYLE_NONE },
	};

	snprintf(text, sizeof(text), "%s%s%s", feature->detail,
		 feature->detail[0] && feature->remedy[0] ? "; " : "",
		 feature->remedy);
	return cli_table_add(table, row, err);
}

static void print_remedies(const struct cli_check *check)
{
	bool first = true;

	for (size_t i = 0; i < check->count; i++) {
		const sandlock_feature *feature = &check->features[i];

		if (!feature->remedy[0])
			continue;
		if (first) {
			putchar('\n');
			cli_put(CLI_STYLE_HEADING, "To have the others:");
			putchar('\n');
		}
		first = false;
		cli_put(CLI_STYLE_NAME, "  %s", feature->name);
		fputs("  ", stdout);
		cli_put_wrapped(cli_columns(feature->name) + 4, CLI_STYLE_NONE,
				feature->remedy);
	}
}

int cli_check_print_text(const struct cli_check *check, sandlock_error *err)
{
	bool terminal = cli_width(STDOUT_FILENO) > 0;
	struct cli_table table = { .columns = terminal ? 3 : 5 };
	int r = 0;

	for (size_t i = 0; i < check->count && r == 0; i++)
		r = terminal ? add_terminal_row(&table, &check->features[i], err)
			     : add_record(&table, &check->features[i], err);
	if (r == 0) {
		cli_put_wrapped(
			0, check->enforceable ? CLI_STYLE_GOOD : CLI_STYLE_ERROR,
			check->verdict);
		if (check->next[0]) {
			cli_put(CLI_STYLE_HEADING, "Next:");
			putchar(' ');
			cli_put_wrapped(6, CLI_STYLE_NONE, check->next);
		}
		putchar('\n');
		cli_table_print(&table);
		if (terminal)
			print_remedies(check);
	}
	cli_table_fini(&table);
	return r;
}
