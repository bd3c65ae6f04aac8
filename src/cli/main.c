// SPDX-License-Identifier: Apache-2.0
/*
 * The command table and its dispatch.
 */
#include "control.h"
#include "style.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct cli_command commands[] = {
	{ "run", "[OPTIONS] [--] COMMAND [ARGUMENTS]",
	  "run a program under a policy", cli_cmd_run, cli_help_run },
	{ "profile", "ACTION [NAME]", "list, show, check, make and edit profiles",
	  cli_cmd_profile, cli_help_profile },
	{ "check", "[--json] [OPTIONS]",
	  "tell whether a policy can be enforced on this kernel", cli_cmd_check,
	  cli_help_check },
	{ "explain", "[--json] [OPTIONS] [QUESTION...] [-- COMMAND [ARGUMENTS]]",
	  "tell what a policy allows and why", cli_cmd_explain, cli_help_explain },
	{ "ps", "[--json]", "list what runs", cli_cmd_ps, cli_help_ps },
	{ "inspect", "[--toml|--json] NAME",
	  "show what a running sandbox is and may do", cli_cmd_inspect,
	  cli_help_inspect },
	{ "ports", "[--json] NAME", "list what it bound with --port-remap",
	  cli_cmd_ports, cli_help_ports },
	{ "kill", "[-s SIGNAL | --grace TIME] NAME...", "end what runs",
	  cli_cmd_kill, cli_help_kill },
	{ "events", "[--json] [NAME]", "follow what happens to sandboxes",
	  cli_cmd_events, cli_help_events },
	{ "completion", "bash|fish|zsh", "print a completion script for a shell",
	  cli_cmd_completion, cli_help_completion },
	{ "help", "[COMMAND]", "explain a command", cli_cmd_help, NULL },
	{ .name = "learn" },
};

const struct cli_command *cli_command_at(size_t index)
{
	return index < CLI_LEN(commands) ? &commands[index] : NULL;
}

const struct cli_command *cli_command_find(const char *name)
{
	for (size_t i = 0; i < CLI_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

bool cli_is_help(const char *word)
{
	return strcmp(word, "-h") == 0 || strcmp(word, "--help") == 0;
}

/* Each works as it stands, anywhere, for anybody; they tell a short story. */
static const struct {
	const char *command;
	const char *why;
} first_steps[] = {
	{ "sandlock run -- ls ~", "refused: nothing of yours is granted" },
	{ "sandlock run -p base -r ~ -- ls ~", "your home, to read" },
	{ "sandlock run -p base -w . -- sh", "a shell that writes here only" },
	{ "sandlock run -t 2s -- sleep 60", "ended after two seconds" },
	{ "sandlock profile show base", "what the first one was granted" },
};

/* In one write, so that no other program's line gets in between. */
static int usage(void)
{
	const char *on = cli_style(STDERR_FILENO, CLI_STYLE_NAME);
	const char *head = cli_style(STDERR_FILENO, CLI_STYLE_HEADING);
	const char *off = cli_style(STDERR_FILENO, CLI_STYLE_NONE);
	char text[1024];
	size_t len;

	len = (size_t)snprintf(text, sizeof(text),
			       "%sUsage:%s sandlock COMMAND [ARGUMENTS]\n\n"
			       "%sTry:%s\n",
			       head, off, head, off);
	for (size_t i = 0; i < CLI_LEN(first_steps); i++)
		len += (size_t)snprintf(
			text + len, sizeof(text) - len, "  %s%-33s%s  %s\n", on,
			first_steps[i].command, off, first_steps[i].why);
	len += (size_t)snprintf(text + len, sizeof(text) - len,
				"\n'sandlock help' lists the commands, "
				"'sandlock help run' the options.\n");
	/* Nobody to tell when stderr itself fails. */
	if (write(STDERR_FILENO, text, len) < 0)
		return CLI_EXIT_ERROR;
	return CLI_EXIT_ERROR;
}

/* "'WORD' ...: sandlock run ...": the line that was meant, ready to be pasted. */
static int say_line(const char *what, const char *head, int argc, char **argv)
{
	char *line = cli_shell_line(head, argc, (const char *const *)argv);

	cli_say("%s: %s", what, line ? line : head);
	free(line);
	return CLI_EXIT_ERROR;
}

static bool is_run_option(const char *word)
{
	size_t len = strcspn(word, "=");
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++) {
		bool is_long = key.flag && strlen(key.flag) == len &&
			       strncmp(key.flag, word, len) == 0;

		if (is_long || (key.short_flag && word[1] == key.short_flag[1]))
			return true;
	}
	return false;
}

/* argv[1] begins with a dash. */
static int unknown_option(int argc, char **argv)
{
	char what[128];

	if (strcmp(argv[1], "--") == 0)
		return say_line("a command comes first; to run a program",
				"sandlock run", argc - 1, argv + 1);
	if (is_run_option(argv[1])) {
		snprintf(what, sizeof(what),
			 "'%.64s' is an option of 'run'; write", argv[1]);
		return say_line(what, "sandlock run", argc - 1, argv + 1);
	}
	cli_say("unknown option '%.64s'; 'sandlock help' lists the commands",
		argv[1]);
	return CLI_EXIT_ERROR;
}

static int unknown_command(int argc, char **argv)
{
	struct cli_guess guess;
	char what[128];

	cli_guess_init(&guess, argv[1]);
	for (size_t i = 0; i < CLI_LEN(commands); i++)
		if (commands[i].run)
			cli_guess_try(&guess, commands[i].name);
	if (guess.best) {
		cli_say("unknown command '%.64s'; did you mean '%s'?", argv[1],
			guess.best);
		return CLI_EXIT_ERROR;
	}
	snprintf(what, sizeof(what),
		 "unknown command '%.64s'; to run it as a program", argv[1]);
	return say_line(what, "sandlock run --", argc - 1, argv + 1);
}

/* A program may have the name of what other versions can do: ps, kill. */
static int later_command(int argc, char **argv)
{
	char what[160];

	snprintf(what, sizeof(what),
		 "command '%.64s' is not available in this version; to run a "
		 "program of that name",
		 argv[1]);
	return say_line(what, "sandlock run --", argc - 1, argv + 1);
}

/*
 * Descriptors 0 to 2 must be taken, else the next one we open becomes the
 * workload's stdin. What takes them fails as a closed one does.
 */
static void fill_standard_fds(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(CLI_EXIT_ERROR);
}

/*
 * --color before the command, and behind any command but `run`, which reads
 * it itself: its words may be a program's.
 */
static int take_color(int argc, char **argv)
{
	sandlock_error err = { 0 };
	int r = cli_color_take(argc, argv, true, &err);

	if (r >= 2 && strcmp(argv[1], "run") != 0)
		r = cli_color_take(r, argv, false, &err);
	if (r < 0)
		cli_report(&err);
	return r;
}

int main(int argc, char **argv)
{
	const struct cli_command *command;

	fill_standard_fds();
	argc = take_color(argc, argv);
	if (argc < 0)
		return CLI_EXIT_ERROR;
	if (argc < 2)
		return usage();
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("sandlock %s\n", sandlock_version());
		return cli_finish_stdout();
	}
	if (cli_is_help(argv[1]))
		return cli_cmd_help(argc - 1, argv + 1);
	if (argv[1][0] == '-')
		return unknown_option(argc, argv);
	command = cli_command_find(argv[1]);
	if (!command)
		return unknown_command(argc, argv);
	if (!command->run)
		return later_command(argc, argv);
	return command->run(argc - 1, argv + 1);
}
