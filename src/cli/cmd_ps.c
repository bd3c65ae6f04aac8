// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock ps`: the running sandboxes of this user; and what the other
 * commands that find sandboxes share with it.
 */
#include "control.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "json.h"
#include "style.h"

/* ---- shared ------------------------------------------------------------ */

int cli_take_formats(int argc, char **argv, bool *ret_json, bool *ret_toml,
		     sandlock_error *err)
{
	int kept = 1, at = 1;

	for (; at < argc && strcmp(argv[at], "--") != 0; at++) {
		if (ret_json && strcmp(argv[at], "--json") == 0)
			*ret_json = true;
		else if (ret_toml && strcmp(argv[at], "--toml") == 0)
			*ret_toml = true;
		else if (argv[at][0] == '-')
			return cli_fail(err, -EINVAL,
					"'sandlock %s' has no option '%.64s'",
					argv[0], argv[at]);
		else
			argv[kept++] = argv[at];
	}
	for (at++; at < argc; at++)
		argv[kept++] = argv[at];
	argv[kept] = NULL;
	return kept;
}

bool cli_instance_at(const sandlock_listing *listing, size_t index,
		     sandlock_instance *ret_instance)
{
	memset(ret_instance, 0, sizeof(*ret_instance));
	ret_instance->size = sizeof(*ret_instance);
	return sandlock_listing_at(listing, index, ret_instance) == 0;
}

char *cli_instance_command(const sandlock_instance *instance)
{
	int argc = 0;
	char *line;

	while (instance->argv[argc])
		argc++;
	line = cli_shell_line("", argc, instance->argv);
	/* Every word has a blank in front. */
	if (line && line[0])
		memmove(line, line + 1, strlen(line));
	return line;
}

const char *cli_instance_state(const sandlock_instance *instance)
{
	static const char *const names[] = {
		[SANDLOCK_INSTANCE_SILENT] = "silent",
		[SANDLOCK_INSTANCE_RUNNING] = "running",
		[SANDLOCK_INSTANCE_SUSPENDED] = "suspended",
		[SANDLOCK_INSTANCE_STARTING] = "starting or ending",
		[SANDLOCK_INSTANCE_UNTRUSTED] = "not to be trusted",
	};

	return instance->state < CLI_LEN(names) ? names[instance->state]
						: "unknown";
}

void cli_format_age(char *text, size_t size, int64_t ns)
{
	int64_t s = ns / 1000000000;

	if (s < 60)
		snprintf(text, size, "%" PRId64 "s", s);
	else if (s < 3600)
		snprintf(text, size, "%" PRId64 "m", s / 60);
	else if (s < 86400)
		snprintf(text, size, "%" PRId64 "h%02" PRId64 "m", s / 3600,
			 s / 60 % 60);
	else
		snprintf(text, size, "%" PRId64 "d%02" PRId64 "h", s / 86400,
			 s / 3600 % 24);
}

void cli_format_time(char *text, size_t size, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	size_t len = 0;
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		len = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text + len, size - len, ".%03dZ",
		 (int)(ns % 1000000000 / 1000000));
}

/* ---- the list ---------------------------------------------------------- */

static int add_row(struct cli_table *table, const sandlock_instance *instance,
		   sandlock_error *err)
{
	bool running = instance->state == SANDLOCK_INSTANCE_RUNNING;
	char *command = running ? cli_instance_command(instance) : NULL;
	char pid[24] = "-", age[24] = "-", note[96];
	const struct cli_cell row[] = {
		{ instance->name, CLI_STYLE_NAME },
		{ pid, CLI_STYLE_NONE },
		{ age, CLI_STYLE_NONE },
		{ command ? command : note,
		  running ? CLI_STYLE_NONE : CLI_STYLE_WARNING },
	};
	int r;

	if (running) {
		snprintf(pid, sizeof(pid), "%" PRId64, instance->pid);
		cli_format_age(age, sizeof(age), instance->age_ns);
	}
	if (instance->supervisor)
		snprintf(note, sizeof(note),
			 "(%s; its supervisor is process %" PRId64 ")",
			 cli_instance_state(instance), instance->supervisor);
	else
		snprintf(note, sizeof(note), "(%s)",
			 cli_instance_state(instance));
	r = cli_table_add(table, row, err);
	free(command);
	return r;
}

static int print_table(const sandlock_listing *listing, sandlock_error *err)
{
	static const char *const headings[] = { "NAME", "PID", "AGE", "COMMAND" };
	struct cli_table table = { .columns = CLI_LEN(headings),
				   .headings = headings };
	sandlock_instance instance;
	size_t count = 0;
	int r = 0;

	while (r == 0 && cli_instance_at(listing, count, &instance)) {
		r = add_row(&table, &instance, err);
		count++;
	}
	if (r == 0 && count > 0)
		cli_table_print(&table);
	else if (r == 0 && cli_width(STDOUT_FILENO) > 0)
		puts("No sandbox of yours is running.");
	cli_table_fini(&table);
	return r;
}

void cli_json_instance(struct cli_json *json, const sandlock_instance *instance)
{
	char started[48];

	cli_json_string(json, "name", instance->name);
	cli_json_string(json, "state", cli_instance_state(instance));
	if (instance->supervisor)
		cli_json_number(json, "supervisor", instance->supervisor);
	if (instance->state != SANDLOCK_INSTANCE_RUNNING)
		return;
	cli_format_time(started, sizeof(started), instance->started_ns);
	cli_json_number(json, "pid", instance->pid);
	cli_json_string(json, "started", started);
	cli_json_number(json, "age_ms", instance->age_ns / 1000000);
	cli_json_open(json, "command", '[');
	for (size_t i = 0; instance->argv[i]; i++)
		cli_json_string(json, NULL, instance->argv[i]);
	cli_json_close(json);
	if (instance->argv_cut)
		cli_json_bool(json, "command_cut", true);
	cli_json_string(json, "cwd", instance->cwd);
}

static void print_json(const sandlock_listing *listing)
{
	struct cli_json json = { .out = stdout };
	sandlock_instance instance;

	cli_json_open(&json, NULL, '[');
	for (size_t i = 0; cli_instance_at(listing, i, &instance); i++) {
		cli_json_open(&json, NULL, '{');
		cli_json_instance(&json, &instance);
		cli_json_close(&json);
	}
	cli_json_close(&json);
}

void cli_help_ps(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:");
	puts("\n"
	     "  sandlock ps             name, process, age and command\n"
	     "  sandlock ps --json      for a program\n"
	     "\n"
	     "Lists your running sandboxes, whatever started them. One without "
	     "a --name\nis called by its command and process.");
}

/* "ps aux" may be meant as a program's. */
static int refuse_words(int argc, char **argv, sandlock_error *err)
{
	char *line = cli_shell_line("sandlock run --", argc,
				    (const char *const *)argv);

	cli_fail(err, -EINVAL,
		 "'sandlock ps' lists sandboxes and takes no argument; to run "
		 "the program: %s",
		 line ? line : "sandlock run -- ps");
	free(line);
	return -EINVAL;
}

int cli_cmd_ps(int argc, char **argv)
{
	sandlock_listing *listing = NULL;
	sandlock_error err = { 0 };
	bool json = false;
	int r;

	for (int i = 1; i < argc; i++)
		if (cli_is_help(argv[i]))
			return cli_help_command(cli_command_find("ps"));
	r = cli_take_formats(argc, argv, &json, NULL, &err);
	if (r > 1)
		r = refuse_words(r, argv, &err);
	if (r > 0)
		r = sandlock_list(&listing, &err);
	if (r == 0 && json)
		print_json(listing);
	else if (r == 0)
		r = print_table(listing, &err);
	sandlock_listing_free(listing);
	return r < 0 ? cli_report(&err) : cli_finish_stdout();
}
