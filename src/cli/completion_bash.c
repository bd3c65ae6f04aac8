// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock completion bash`.
 */
#include "completion.h"

#include <stdio.h>

static void print_negated(void)
{
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++)
		if (completion_passes(&key, COMPLETION_ALL) &&
		    (key.flags & SANDLOCK_KEY_POLICY))
			printf(" --no-%s", key.flag + 2);
}

static void print_bash(void)
{
	const struct cli_command *command;

	puts("# bash completion for sandlock\n"
	     "_sandlock()\n"
	     "{\n"
	     "\tlocal cur=${COMP_WORDS[COMP_CWORD]} prev= more= i word\n"
	     "\tCOMPREPLY=()\n"
	     "\t((COMP_CWORD > 0)) && prev=${COMP_WORDS[COMP_CWORD - 1]}\n"
	     "\tif ((COMP_CWORD == 1)); then");
	fputs("\t\tmapfile -t COMPREPLY < <(compgen -W '", stdout);
	completion_commands();
	puts(" --version --help' -- \"$cur\")\n"
	     "\t\treturn\n"
	     "\tfi\n"
	     "\tcase ${COMP_WORDS[1]} in\n"
	     "\tprofile)");
	fputs("\t\tif ((COMP_CWORD == 2)); then\n"
	      "\t\t\tmapfile -t COMPREPLY < <(compgen -W '",
	      stdout);
	completion_actions();
	puts("' -- \"$cur\")\n"
	     "\t\telse\n"
	     "\t\t\t_sandlock_profiles\n"
	     "\t\tfi\n"
	     "\t\treturn ;;");
	fputs("\thelp)\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W '",
	      stdout);
	completion_commands();
	completion_topics();
	puts("' -- \"$cur\")\n"
	     "\t\treturn ;;\n"
	     "\tinspect|ports|kill|events)\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W \"$(\"${COMP_WORDS[0]}\" "
	     "ps 2>/dev/null | cut -f1)\" -- \"$cur\")\n"
	     "\t\treturn ;;\n"
	     "\tcompletion)\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W 'bash fish zsh' -- "
	     "\"$cur\")\n"
	     "\t\treturn ;;\n"
	     "\trun) ;;");
	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (completion_reads_flags(command))
			printf("\t%s) more=--json ;;\n", command->name);
	puts("\t*) return ;;\n"
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
	completion_flags(COMPLETION_WITH_VALUE, '|');
	puts(")\n"
	     "\t\t\t((i++))\n"
	     "\t\t\t# bash takes --flag=value apart at the '='.\n"
	     "\t\t\t[[ ${COMP_WORDS[i]} == = ]] && ((i++)) ;;\n"
	     "\t\t-*) ;;\n"
	     "\t\t# A question is followed by more of them.\n"
	     "\t\t*) [[ ${COMP_WORDS[1]} == explain ]] && continue\n"
	     "\t\t\t_sandlock_command $i; return ;;\n"
	     "\t\tesac\n"
	     "\tdone\n"
	     "\tcase $prev in\n"
	     "\t-p|--profile) _sandlock_profiles; return ;;");
	fputs("\t", stdout);
	completion_flags(COMPLETION_WITH_PATH, '|');
	puts(")\n"
	     "\t\tcompopt -o filenames 2>/dev/null\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\t\treturn ;;");
	fputs("\t", stdout);
	completion_flags(COMPLETION_WITH_VALUE, '|');
	fputs(") return ;;\n"
	      "\tesac\n"
	      "\tif [[ $cur == -* ]]; then\n"
	      "\t\tmapfile -t COMPREPLY < <(compgen -W '",
	      stdout);
	completion_flags(COMPLETION_ALL, ' ');
	print_negated();
	puts(" --help '\"$more\" -- \"$cur\")\n"
	     "\telif [[ ${COMP_WORDS[1]} == explain ]]; then\n"
	     "\t\t_sandlock_question\n"
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
	     "# bash takes path:FILE apart at the ':'.\n"
	     "_sandlock_question()\n"
	     "{\n"
	     "\tif [[ $prev == : ]]; then\n"
	     "\t\t[[ ${COMP_WORDS[COMP_CWORD - 2]} == path ]] || return\n"
	     "\t\tcompopt -o filenames 2>/dev/null\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -f -- \"$cur\")\n"
	     "\telse\n"
	     "\t\tcompopt -o nospace 2>/dev/null\n"
	     "\t\tmapfile -t COMPREPLY < <(compgen -W 'path: net: bind: "
	     "syscall:' -- \"$cur\")\n"
	     "\tfi\n"
	     "}\n"
	     "\n"
	     "_sandlock_command()\n"
	     "{\n"
	     "\t[[ ${COMP_WORDS[1]} == run || ${COMP_WORDS[1]} == explain ]] "
	     "|| "
	     "return\n"
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

void completion_bash(void)
{
	print_bash();
	print_bash_run();
	print_bash_helpers();
}
