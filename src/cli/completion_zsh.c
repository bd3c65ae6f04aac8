// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock completion zsh`: one specification of _arguments per flag.
 */
#include "completion.h"

#include <stdio.h>
#include <string.h>

/* Within brackets of a specification, within single quotes. */
static void print_help(const char *text)
{
	char one[2] = "";

	for (; *text; text++) {
		if (strchr("[]:\\", *text))
			putchar('\\');
		one[0] = *text;
		completion_quoted(one);
	}
}

static const char *action(const sandlock_key *key)
{
	if (strcmp(key->name, "profile") == 0)
		return "_sandlock_profiles";
	if (strcmp(key->metavar, "PATH") == 0)
		return "_files";
	if (strcmp(key->name, "color") == 0)
		return "(auto always never)";
	return "";
}

/* "*" for what may come again; else the flag is offered once. */
static void print_flag(const sandlock_key *key)
{
	bool again = cli_key_is_list(key) || strcmp(key->name, "profile") == 0;

	fputs("\t\t\t", stdout);
	if (key->short_flag && again)
		printf("'*'{%s,%s}", key->short_flag, key->flag);
	else if (key->short_flag)
		printf("'(%s %s)'{%s,%s}", key->short_flag, key->flag,
		       key->short_flag, key->flag);
	else
		printf("%s%s", again ? "'*'" : "", key->flag);
	/* The value may follow behind "=" or as the next word. */
	if (key->metavar)
		fputs("'=[", stdout);
	else
		fputs("'[", stdout);
	print_help(key->help);
	putchar(']');
	if (key->metavar) {
		putchar(':');
		print_help(key->metavar);
		printf(":%s", action(key));
	}
	puts("' \\");
}

static void print_negated(const sandlock_key *key)
{
	printf("\t\t\t'--no-%s[drop what a profile gave]' \\\n", key->flag + 2);
}

static void print_run(void)
{
	const struct cli_command *command;
	sandlock_key key;

	fputs("\trun", stdout);
	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (completion_reads_flags(command))
			printf("|%s", command->name);
	puts(")\n"
	     "\t\trest=('--json[as JSON]')\n"
	     "\t\t[[ $words[2] == run ]] && rest=('(-)1:command: "
	     "_command_names -e' '*::arguments: _normal')\n"
	     "\t\t[[ $words[2] == explain ]] && "
	     "rest+=('*:question:_sandlock_questions')\n"
	     "\t\tshift words\n"
	     "\t\t((CURRENT--))\n"
	     "\t\t_arguments -s -S -A '-*' \\");
	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!completion_passes(&key, COMPLETION_ALL))
			continue;
		print_flag(&key);
		if (key.flags & SANDLOCK_KEY_POLICY)
			print_negated(&key);
	}
	puts("\t\t\t'(- *)'{-h,--help}'[this text]' $rest ;;");
}

void completion_zsh(void)
{
	const struct cli_command *command;

	puts("#compdef sandlock\n"
	     "# zsh completion for sandlock\n"
	     "_sandlock_profiles()\n"
	     "{\n"
	     "\tlocal -a names\n"
	     "\tnames=(${(f)\"$(_call_program profiles sandlock profile list "
	     "2>/dev/null | cut -f1)\"})\n"
	     "\t_describe profile names\n"
	     "}\n"
	     "\n"
	     "# Behind '--' stands a command.\n"
	     "_sandlock_questions()\n"
	     "{\n"
	     "\tlocal at=$words[(i)--]\n"
	     "\tif ((at < CURRENT)); then\n"
	     "\t\tshift $at words\n"
	     "\t\t((CURRENT -= at))\n"
	     "\t\t_normal\n"
	     "\telif compset -P 'path:'; then\n"
	     "\t\t_files\n"
	     "\telse\n"
	     "\t\tcompadd -S '' -- path: net: bind: syscall:\n"
	     "\tfi\n"
	     "}\n"
	     "\n"
	     "_sandlock()\n"
	     "{\n"
	     "\tlocal -a subcommands rest\n"
	     "\tif ((CURRENT == 2)); then\n"
	     "\t\tsubcommands=(");
	for (size_t i = 0; (command = cli_command_at(i)); i++) {
		if (!command->run || !command->summary)
			continue;
		printf("\t\t\t'%s:", command->name);
		print_help(command->summary);
		puts("'");
	}
	puts("\t\t)\n"
	     "\t\t_describe command subcommands\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tcase $words[2] in");
	fputs("\tprofile)\n"
	      "\t\t((CURRENT == 3)) && compadd --",
	      stdout);
	completion_actions();
	puts(" || _sandlock_profiles ;;");
	fputs("\thelp) compadd --", stdout);
	completion_commands();
	completion_topics();
	puts(" ;;\n"
	     "\tinspect|ports|kill|events) compadd -- ${(f)\"$(_call_program "
	     "sandboxes sandlock ps 2>/dev/null | cut -f1)\"} ;;\n"
	     "\tcompletion) compadd -- bash fish zsh ;;");
	print_run();
	puts("\tesac\n"
	     "}\n"
	     "\n"
	     "# Sourced, or found by compinit as a function.\n"
	     "if [[ $funcstack[1] == _sandlock ]]; then\n"
	     "\t_sandlock \"$@\"\n"
	     "else\n"
	     "\tcompdef _sandlock sandlock\n"
	     "fi");
}
