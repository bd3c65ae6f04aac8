// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock completion SHELL`: a script that knows the flags of this very
 * program, because it is printed from the key table. Profile names are asked
 * for when they are needed.
 */
#include "completion.h"

#include <stdio.h>
#include <string.h>

bool completion_passes(const sandlock_key *key, enum completion_filter filter)
{
	if (!cli_key_is_usable(key))
		return false;
	if (filter == COMPLETION_WITH_VALUE)
		return key->metavar;
	if (filter == COMPLETION_WITH_PATH)
		return key->metavar && strcmp(key->metavar, "PATH") == 0;
	return true;
}

void completion_flags(enum completion_filter filter, char separator)
{
	bool first = true;
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!completion_passes(&key, filter))
			continue;
		if (!first)
			putchar(separator);
		first = false;
		fputs(key.flag, stdout);
		if (key.short_flag)
			printf("%c%s", separator, key.short_flag);
	}
}

void completion_commands(void)
{
	const struct cli_command *command;

	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (command->run)
			printf(" %s", command->name);
}

bool completion_reads_flags(const struct cli_command *command)
{
	return command->run && strcmp(command->name, "run") != 0 &&
	       strstr(command->args, "[OPTIONS]");
}

void completion_topics(void)
{
	const struct cli_topic *topic;

	for (size_t i = 0; (topic = cli_topic_at(i)); i++)
		printf(" %s", topic->name);
}

void completion_actions(void)
{
	const char *action;

	for (size_t i = 0; (action = cli_profile_action_at(i)); i++)
		printf(" %s", action);
}

void completion_quoted(const char *text)
{
	for (; *text; text++)
		if (*text == '\'')
			fputs("'\\''", stdout);
		else
			putchar(*text);
}

static const struct {
	const char *name;
	void (*print)(void);
} shells[] = {
	{ "bash", completion_bash },
	{ "fish", completion_fish },
	{ "zsh", completion_zsh },
};

void cli_help_completion(void)
{
	puts("Shells and what to put into their start file:\n"
	     "  bash  source <(sandlock completion bash)\n"
	     "  fish  sandlock completion fish | source\n"
	     "  zsh   source <(sandlock completion zsh), after compinit\n"
	     "\n"
	     "An installed sandlock is known to all three without that.");
}

int cli_cmd_completion(int argc, char **argv)
{
	if (argc == 2 && cli_is_help(argv[1]))
		return cli_help_command(cli_command_find("completion"));
	for (size_t i = 0; argc == 2 && i < CLI_LEN(shells); i++) {
		if (strcmp(argv[1], shells[i].name) == 0) {
			shells[i].print();
			return cli_finish_stdout();
		}
	}
	cli_say("usage: sandlock completion bash|fish|zsh");
	return CLI_EXIT_ERROR;
}
