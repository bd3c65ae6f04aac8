// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock inspect NAME`: what a running sandbox is and what it may do. The
 * plain form is for people and may end up in a report, so it leaves out values
 * of environment variables; --toml and --json are the policy itself.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "json.h"
#include "style.h"

/* ---- for people -------------------------------------------------------- */

static void print_line(const char *what, const char *text)
{
	char *copy = strdup(text);

	cli_put(CLI_STYLE_HEADING, "%-12s", what);
	if (copy)
		cli_clean(copy);
	cli_put_wrapped(12, CLI_STYLE_NONE, copy ? copy : "");
	free(copy);
}

static void print_head(const sandlock_instance *instance)
{
	char *command = cli_instance_command(instance);
	char text[96], when[48], age[24];

	print_line("Name", instance->name);
	print_line("Command", command ? command : "");
	free(command);
	if (instance->argv_cut)
		print_line("", "(and more)");
	if (instance->cwd)
		print_line("Directory", instance->cwd);
	cli_format_time(when, sizeof(when), instance->started_ns);
	cli_format_age(age, sizeof(age), instance->age_ns);
	snprintf(text, sizeof(text), "%s (%s ago)", when, age);
	print_line("Started", text);
	snprintf(text, sizeof(text), "%" PRId64 ", supervised by %" PRId64,
		 instance->pid, instance->supervisor);
	print_line("Process", text);
}

static void print_value(const sandlock_key *key, const char *value)
{
	char *copy = strdup(value);

	if (copy && key->type == SANDLOCK_TYPE_MAP)
		copy[strcspn(copy, "=")] = '\0';
	if (copy)
		cli_clean(copy);
	printf("  %s%s\n", copy ? copy : "",
	       key->type == SANDLOCK_TYPE_MAP ? "=..." : "");
	free(copy);
}

static void print_policy(const sandlock_policy *policy)
{
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++) {
		const char *value;

		if (sandlock_policy_get(policy, key.name, 0, &value) < 0)
			continue;
		puts("");
		cli_put(CLI_STYLE_NAME, "%s", key.name);
		puts("");
		for (size_t i = 0;
		     sandlock_policy_get(policy, key.name, i, &value) == 0; i++)
			print_value(&key, value);
	}
}

/* ---- for programs ------------------------------------------------------ */

/* Named as sandlock_policy_set() and --set do: "filesystem.read". */
static void json_value(struct cli_json *json, const sandlock_policy *policy,
		       const sandlock_key *key, const char *name)
{
	bool list = cli_key_is_list(key);
	const char *value;

	if (list)
		cli_json_open(json, name, '[');
	for (size_t i = 0;
	     sandlock_policy_get(policy, key->name, i, &value) == 0; i++) {
		if (key->type == SANDLOCK_TYPE_BOOL)
			cli_json_bool(json, name, strcmp(value, "true") == 0);
		else
			cli_json_string(json, list ? NULL : name, value);
	}
	if (list)
		cli_json_close(json);
}

static void json_policy(struct cli_json *json, const sandlock_policy *policy)
{
	sandlock_key key;

	cli_json_open(json, "policy", '{');
	for (size_t row = 0; cli_key(row, &key); row++) {
		const char *value;

		if (sandlock_policy_get(policy, key.name, 0, &value) == 0)
			json_value(json, policy, &key, key.name);
	}
	cli_json_close(json);
}

static void print_json(const sandlock_listing *listing,
		       const sandlock_instance *instance,
		       const sandlock_policy *policy)
{
	struct cli_json json = { .out = stdout };

	cli_json_open(&json, NULL, '{');
	cli_json_instance(&json, instance);
	cli_json_ports(&json, listing);
	json_policy(&json, policy);
	cli_json_close(&json);
}

/* ---- the command ------------------------------------------------------- */

static int print(const sandlock_listing *listing,
		 const sandlock_instance *instance, bool json, bool toml,
		 sandlock_error *err)
{
	const char *text = instance->policy ? instance->policy : "";
	sandlock_policy *policy = NULL;
	int r;

	if (toml) {
		fputs(text, stdout);
		return 0;
	}
	r = sandlock_policy_new(&policy, err);
	if (r == 0)
		r = sandlock_policy_parse(policy, text, strlen(text),
					  instance->name, err);
	if (r == 0 && json) {
		print_json(listing, instance, policy);
	} else if (r == 0) {
		print_head(instance);
		print_policy(policy);
	}
	sandlock_policy_free(policy);
	return r;
}

void cli_help_inspect(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:");
	puts("\n"
	     "  sandlock inspect build             what it is, and its policy\n"
	     "  sandlock inspect --toml build      its policy as a profile\n"
	     "  sandlock inspect --json build      all of it, for a program\n"
	     "\n"
	     "'sandlock ps' lists the names. The first form leaves out the "
	     "values of\nenvironment variables, the others do not.");
}

int cli_cmd_inspect(int argc, char **argv)
{
	bool json = false, toml = false;
	sandlock_listing *listing = NULL;
	sandlock_instance instance;
	sandlock_error err = { 0 };
	int r;

	for (int i = 1; i < argc; i++)
		if (cli_is_help(argv[i]))
			return cli_help_command(cli_command_find("inspect"));
	r = cli_take_formats(argc, argv, &json, &toml, &err);
	if (r >= 0 && (r != 2 || (json && toml)))
		r = cli_fail(&err, -EINVAL,
			     "usage: sandlock inspect [--toml|--json] NAME");
	if (r >= 0)
		r = sandlock_inspect(argv[1], &listing, &err);
	if (r == 0 && cli_instance_at(listing, 0, &instance))
		r = print(listing, &instance, json, toml, &err);
	sandlock_listing_free(listing);
	return r < 0 ? cli_report(&err) : cli_finish_stdout();
}
