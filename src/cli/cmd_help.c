// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock help`: what can be typed is printed from the tables that also read
 * it, so that it cannot drift from what is accepted.
 */
#include "style.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* What most command lines are made of; shown before the groups. */
static const char *const common[] = {
	"profile",	 "filesystem.read", "filesystem.write",
	"network.allow", "limits.timeout",
};

bool cli_key_is_usable(const sandlock_key *key)
{
	return key->flag && (key->flags & SANDLOCK_KEY_AVAILABLE);
}

static bool is_common(const sandlock_key *key)
{
	for (size_t i = 0; i < CLI_LEN(common); i++)
		if (strcmp(common[i], key->name) == 0)
			return true;
	return false;
}

static void heading(const char *text)
{
	cli_put(CLI_STYLE_HEADING, "\n%s:\n", text);
}

/* Columns of what can be typed: "-r, --fs-read PATH". */
static size_t left_width(const sandlock_key *key)
{
	return strlen("-r, ") + strlen(key->flag) +
	       (key->metavar ? 1 + strlen(key->metavar) : 0);
}

static void print_line(size_t width, size_t left, const char *help)
{
	printf("%*s", (int)(width - left + 2), "");
	cli_put_wrapped(2 + width + 2, CLI_STYLE_NONE, help);
}

static void print_flag(size_t width, const sandlock_key *key)
{
	fputs("  ", stdout);
	cli_put(CLI_STYLE_NAME, "%s%s%s", key->short_flag ? key->short_flag : "",
		key->short_flag ? ", " : "    ", key->flag);
	if (key->metavar)
		printf(" %s", key->metavar);
	print_line(width, left_width(key), key->help);
}

static void print_switch(size_t width, const char *name, const char *help)
{
	fputs("  ", stdout);
	cli_put(CLI_STYLE_NAME, "%s", name);
	print_line(width, strlen(name), help);
}

static void print_common(size_t width)
{
	sandlock_key key;

	heading("Common");
	for (size_t i = 0; i < CLI_LEN(common); i++)
		for (size_t row = 0; cli_key(row, &key); row++)
			if (strcmp(common[i], key.name) == 0)
				print_flag(width, &key);
	print_switch(width, "--", "what follows is the command");
}

static void print_flags(void)
{
	const char *group = "";
	size_t width = 0;
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++)
		if (cli_key_is_usable(&key) && left_width(&key) > width)
			width = left_width(&key);
	print_common(width);
	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!cli_key_is_usable(&key) || is_common(&key))
			continue;
		if (strcmp(group, key.group) != 0)
			heading(key.group);
		group = key.group;
		print_flag(width, &key);
	}
	print_switch(width, "-h, --help", "this text");
}

void cli_help_run(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:\n");
	puts("  sandlock run -- python3 -c 'print(6 * 7)'\n"
	     "  sandlock run -p base -r . -- python3 script.py\n"
	     "  sandlock run -p base -w . -t 10m -- make\n"
	     "  sandlock run -p agent -p python -- pytest\n"
	     "  sandlock run --net-allow tcp://:8080 -- "
	     "curl http://127.0.0.1:8080/\n"
	     "  sandlock run -p base -w . -e 'ls >list && wc -l list'\n"
	     "\n"
	     "Without -r, -w and -p the preset 'base' is used: system files "
	     "to read, a\nprivate temporary directory, nothing of yours, no "
	     "network. With -r or -w and no\n-p, what they name is granted "
	     "and nothing else.");
	print_flags();
	puts("\nAn option of a policy also has --no-OPTION, which switches it "
	     "off or drops what\na profile gave. Values: 'sandlock help "
	     "files', 'network', 'limits', 'profiles'.\nOptions of other "
	     "versions, refused in this one, are listed in sandlock(1).");
}

int cli_help_command(const struct cli_command *command)
{
	cli_put(CLI_STYLE_HEADING, "Usage:");
	printf(" sandlock %s %s\n\n%c%s.\n", command->name, command->args,
	       toupper((unsigned char)command->summary[0]), command->summary + 1);
	if (command->help) {
		puts("");
		command->help();
	}
	return cli_finish_stdout();
}

static int help_top(void)
{
	const struct cli_command *command;
	const struct cli_topic *topic;

	cli_put(CLI_STYLE_HEADING, "Usage:");
	puts(" sandlock COMMAND [ARGUMENTS]\n"
	     "\n"
	     "Run programs under a policy that the Linux kernel enforces.");
	heading("Commands");
	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (command->summary)
			print_switch(10, command->name, command->summary);
	heading("Topics");
	for (size_t i = 0; (topic = cli_topic_at(i)); i++)
		print_switch(10, topic->name, topic->summary);
	heading("Options");
	print_switch(12, "--version", "print the version");
	print_switch(12, "--color WHEN", "colour: auto, always or never");
	print_switch(12, "-h, --help", "this text");
	puts("\n'sandlock help COMMAND' and 'sandlock help TOPIC' say more.");
	return cli_finish_stdout();
}

static int unknown_subject(const char *word)
{
	const struct cli_command *command;
	const struct cli_topic *topic;
	struct cli_guess guess;

	cli_guess_init(&guess, word);
	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (command->run)
			cli_guess_try(&guess, command->name);
	for (size_t i = 0; (topic = cli_topic_at(i)); i++)
		cli_guess_try(&guess, topic->name);
	if (guess.best)
		cli_say("no help on '%.64s'; did you mean '%s'?", word,
			guess.best);
	else
		cli_say("no help on '%.64s'; 'sandlock help' lists commands "
			"and "
			"topics",
			word);
	return CLI_EXIT_ERROR;
}

static int help_on(const char *word)
{
	const struct cli_command *command = cli_command_find(word);
	const struct cli_topic *topic;

	if (command && command->run)
		return cli_help_command(command);
	if (command) {
		cli_say("command '%.64s' is not available in this version", word);
		return CLI_EXIT_ERROR;
	}
	for (size_t i = 0; (topic = cli_topic_at(i)); i++) {
		if (strcmp(topic->name, word) == 0) {
			cli_topic_print(topic);
			return cli_finish_stdout();
		}
	}
	return unknown_subject(word);
}

int cli_cmd_help(int argc, char **argv)
{
	if (argc < 2 || cli_is_help(argv[1]))
		return help_top();
	if (argc > 2 && !cli_is_help(argv[2])) {
		cli_say("'help' explains one thing at a time; '%.64s' is one "
			"too many",
			argv[2]);
		return CLI_EXIT_ERROR;
	}
	if (strcmp(argv[1], "--keys") == 0)
		return cli_help_keys();
	if (strcmp(argv[1], "--mdoc-keys") == 0)
		return cli_help_mdoc();
	return help_on(argv[1]);
}
