// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock completion bash`: a script that knows the flags of this very
 * program, because it is printed from the key table. Profile names are asked
 * for when they are needed.
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

enum filter { ALL, WITH_VALUE, WITH_PATH };

static bool passes(const sandlock_key *key, enum filter filter)
{
	if (!key->flag || !(key->flags & SANDLOCK_KEY_AVAILABLE))
		return false;
	if (filter == WITH_VALUE)
		return key->metavar;
	if (filter == WITH_PATH)
		return key->metavar && strcmp(key->metavar, "PATH") == 0;
	return true;
}

/* The flags that pass, both spellings, with @separator between them. */
static void print_list(enum filter filter, char separator)
{
	bool first = true;
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!passes(&key, filter))
			continue;
		if (!first)
			putchar(separator);
		first = false;
		fputs(key.flag, stdout);
		if (key.short_flag)
			printf("%c%s", separator, key.short_flag);
	}
}

static void print_negated(void)
{
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++)
		if (passes(&key, ALL) && (key.flags & SANDLOCK_KEY_POLICY))
			printf(" --no-%s", key.flag + 2);
}

static void print_commands(void)
{
	const struct cli_command *command;

	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (command->run)
			printf("%s ", command->name);
}

static void print_bash(void)
{
	puts("# bash completion for sandlock\n"
	     "_sandlock()\n"
	     "{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev= more= i word\n"
	     "\tCOMPREPLY=()\n"
	     "\t((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	     "\tif ((COMP_CWORD == 1)); then");
	fputs("\t\tmapfile -t COMPREPLY < <(compgen -W '", stdout);
	print_commands();
	puts("--version --help' -- \"$cur\")\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tcase ${COMP_WORDS[1]} in\n"
	     "\tprofile)\n"
	     "\t\tif ((COMP_CWORD == 2)); then\n"
	     "\t\t\tmapfile -t COMPREPLY < <(compgen -W "
	     "'list show check new edit path delete' -- \"$cur\")\n"
	     "\t\telse\n"
	     "\t\t\t_sandlock_profiles\n"
	     "\t\tfi\n"
	     "\t\treturn ;;\n"
	     "\thelp)");
	fputs("\t\tmapfile -t COMPREPLY < <(compgen -W '", stdout);
	print_commands();
	puts("' -- \"$cur\")\n"
	     "\t\treturn ;;\n"
	     "\tcompletion)\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W bash -- \"$cur\")\n"
	     "\t\treturn ;;\n"
	     "\trun) ;;\n"
	     "\tcheck) more=--json ;;\n"
	     "\t*) return ;;\n"
	     "\tesac");
}

static void print_bash_run(void)
{
	puts("\t# Where the command begins, its own completion takes over.\n"
	     "\tfor ((i = 2; i < COMP_CWORD; i++)); do\n"
	     "\t\tword=${COMP_WORDS[i]}\n"
	     "\t\tcase $word in\n"
	     "\t\t--) _sandlock_command $((i + 1)); return ;;");
	fputs("\t\t", stdout);
	print_list(WITH_VALUE, '|');
	puts(")\n"
	     "\t\t\t((i++))\n"
	     "\t\t\t# bash takes --flag=value apart at the '='.\n"
	     "\t\t\t[[ ${COMP_WORDS[i]} == = ]] && ((i++)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t*) _sandlock_command $i; return ;;\n"
	     "\t\tesac\n"
	     "\tdone\n"
	     "\tcase $prev in\n"
	     "\t-p|--profile) _sandlock_profiles; return ;;");
	fputs("\t", stdout);
	print_list(WITH_PATH, '|');
	puts(")\n"
	     "\t\tcompopt -o filenames 2>/dev/null\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\t\treturn ;;");
	fputs("\t", stdout);
	print_list(WITH_VALUE, '|');
	fputs(") return ;;\n"
	      "\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W '",
	      stdout);
	print_list(ALL, ' ');
	print_negated();
	puts(" --help '\"$more\" -- \"$cur\")\n"
	     "\telse\n"
	     "\t\t_sandlock_command $COMP_CWORD\n"
	     "\tfi\n"
	     "}\n");
}

static void print_bash_helpers(void)
{
	puts("_sandlock_profiles()\n"
	     "{\n"
	     "\tlocal line names=()\n"
	     "\twhile read -r line _; do names+=(\"$line\"); done < \\\n"
	     "\t\t<(\"${COMP_WORDS[0]}\" profile list 2>/dev/null)\n"
	     "\tmapfile -t COMPREPLY < <(compgen -W \"${names[*]}\" -- "
	     "\"$cur\")\n"
	     "}\n"
	     "\n"
	     "_sandlock_command()\n"
	     "{\n"
	     "\t[[ ${COMP_WORDS[1]} == run ]] || return\n"
	     "\tif declare -F _command_offset >/dev/null; then\n"
	     "\t\t_command_offset \"$1\"\n"
	     "\telif (($1 == COMP_CWORD)); then\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -c -- \"$cur\")\n"
	     "\telse\n"
	     "\t\tcompopt -o filenames 2>/dev/null\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\tfi\n"
	     "}\n"
	     "\n"
	     "complete -F _sandlock sandlock");
}

int cli_cmd_completion(int argc, char **argv)
{
	if (argc == 2 && cli_is_help(argv[1]))
		return cli_help_command(cli_command_find("completion"));
	if (argc != 2 || strcmp(argv[1], "bash") != 0) {
		cli_say("usage: sandlock completion bash");
		return CLI_EXIT_ERROR;
	}
	print_bash();
	print_bash_run();
	print_bash_helpers();
	return cli_finish_stdout();
}
