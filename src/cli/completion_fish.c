// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock completion fish`: one "complete" per flag, valid until the command
 * of `run` begins.
 */
#include "completion.h"

#include <stdio.h>
#include <string.h>

#define IN_FLAGS "complete -c sandlock -n __sandlock_in_flags"
#define IN_RUN "complete -c sandlock -n __sandlock_in_run"

/* The words behind "sandlock run" up to the cursor, and whether the command
 * has begun among them. */
static void print_state(void)
{
	const struct cli_command *command;

	puts("# fish completion for sandlock\n"
	     "function __sandlock_is\n"
	     "\tset -l words (commandline -opc)\n"
	     "\ttest (count $words) -ge 2; and test $words[2] = $argv[1]\n"
	     "end\n"
	     "\n"
	     "# Whether the command of 'run', or of 'explain' behind '--', has "
	     "begun, and\n"
	     "# its words so far.\n"
	     "function __sandlock_begun\n"
	     "\t__sandlock_is run; or __sandlock_is explain; or return 1\n"
	     "\tset -l words (commandline -opc)\n"
	     "\tset -l value 0\n"
	     "\tset -l begun 1\n"
	     "\tset -e words[1..2]\n"
	     "\twhile set -q words[1]\n"
	     "\t\tif test $value = 1\n"
	     "\t\t\tset value 0\n"
	     "\t\telse if test \"$words[1]\" = --\n"
	     "\t\t\tset -e words[1]\n"
	     "\t\t\tset begun 0\n"
	     "\t\t\tbreak\n"
	     "\t\telse if contains -- $words[1] $__sandlock_with_value\n"
	     "\t\t\tset value 1\n"
	     "\t\telse if not string match -q -- '-*' $words[1]; "
	     "and __sandlock_is run\n"
	     "\t\t\tset begun 0\n"
	     "\t\t\tbreak\n"
	     "\t\tend\n"
	     "\t\tset -e words[1]\n"
	     "\tend\n"
	     "\tset -g __sandlock_words $words\n"
	     "\treturn $begun\n"
	     "end\n"
	     "\n"
	     "function __sandlock_in_run\n"
	     "\t__sandlock_is run; and not __sandlock_begun\n"
	     "end\n"
	     "\n"
	     "# Behind a command that reads the flags of 'run'.\n"
	     "function __sandlock_in_flags\n"
	     "\t__sandlock_in_run; and return\n"
	     "\tset -l words (commandline -opc)\n"
	     "\ttest (count $words) -ge 2\n"
	     "\tand contains -- $words[2] $__sandlock_with_flags\n"
	     "\tand not __sandlock_begun\n"
	     "end\n"
	     "\n"
	     "function __sandlock_asks\n"
	     "\t__sandlock_is explain; and not __sandlock_begun\n"
	     "end\n"
	     "\n"
	     "function __sandlock_questions\n"
	     "\tset -l word (commandline -ct)\n"
	     "\tif string match -q -- 'path:*' $word\n"
	     "\t\tset -l paths (complete -C \"x \"(string sub -s 6 -- $word))\n"
	     "\t\tstring replace -r '^' path: -- $paths\n"
	     "\telse\n"
	     "\t\tprintf '%s\\n' path: net: bind: syscall:\n"
	     "\tend\n"
	     "end\n"
	     "\n"
	     "# What fish knows of the command itself.\n"
	     "function __sandlock_rest\n"
	     "\tset -l line\n"
	     "\tset -q __sandlock_words[1]\n"
	     "\tand set line (string escape -- $__sandlock_words)\n"
	     "\tcomplete -C (string join ' ' -- $line (commandline -ct))\n"
	     "end\n");
	fputs("set -g __sandlock_with_value ", stdout);
	completion_flags(COMPLETION_WITH_VALUE, ' ');
	fputs("\nset -g __sandlock_with_flags", stdout);
	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (completion_reads_flags(command))
			printf(" %s", command->name);
	puts("\n");
}

static const char *values(const sandlock_key *key)
{
	if (strcmp(key->name, "profile") == 0)
		return " -x -a '(sandlock profile list 2>/dev/null | "
		       "string replace -r \"\\t[^\\t]*\\t\" \"\\t\")'";
	if (strcmp(key->metavar, "PATH") == 0)
		return " -r -F";
	if (strcmp(key->name, "color") == 0)
		return " -x -a 'auto always never'";
	return " -x";
}

static void print_flag(const sandlock_key *key)
{
	fputs(IN_FLAGS, stdout);
	if (key->short_flag)
		printf(" -s %s", key->short_flag + 1);
	printf(" -l %s%s -d '", key->flag + 2, key->metavar ? values(key) : "");
	completion_quoted(key->help);
	puts("'");
	if (key->flags & SANDLOCK_KEY_POLICY)
		printf(IN_FLAGS " -l no-%s -d 'drop what a profile gave'\n",
		       key->flag + 2);
}

static void print_words(const char *command, void (*print)(void),
			void (*more)(void))
{
	printf("complete -c sandlock -n '__sandlock_is %s' -x -a '", command);
	print();
	if (more)
		more();
	puts("'");
}

void completion_fish(void)
{
	const struct cli_command *command;
	sandlock_key key;

	print_state();
	for (size_t i = 0; (command = cli_command_at(i)); i++) {
		if (!command->run || !command->summary)
			continue;
		printf("complete -c sandlock -n __fish_use_subcommand -x -a %s "
		       "-d '",
		       command->name);
		completion_quoted(command->summary);
		puts("'");
	}
	print_words("profile", completion_actions, NULL);
	puts("complete -c sandlock -n '__sandlock_is profile' -x -a "
	     "'(sandlock profile list 2>/dev/null | cut -f1)'");
	puts("complete -c sandlock -n '__sandlock_is inspect; or __sandlock_is "
	     "ports; or __sandlock_is kill; or __sandlock_is events' -x -a "
	     "'(sandlock ps 2>/dev/null | cut -f1)'");
	print_words("help", completion_commands, completion_topics);
	puts("complete -c sandlock -n '__sandlock_is completion' -x -a "
	     "'bash fish zsh'");
	for (size_t row = 0; cli_key(row, &key); row++)
		if (completion_passes(&key, COMPLETION_ALL))
			print_flag(&key);
	puts("complete -c sandlock -n '__sandlock_in_flags; and not "
	     "__sandlock_is run' -f -l json -d 'as JSON'");
	puts("complete -c sandlock -n __sandlock_asks -f -a "
	     "'(__sandlock_questions)'");
	puts(IN_FLAGS " -s h -l help -d 'this text'\n" IN_RUN
		      " -f -a '(__fish_complete_command)'\n"
		      "complete -c sandlock -n __sandlock_begun -f -a "
		      "'(__sandlock_rest)'");
}
