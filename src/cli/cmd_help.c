// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock help`: everything here is printed from the tables, so that it
 * cannot drift from what is accepted.
 *
 * For the build there are two more forms: --keys prints the key table as
 * tab-separated text, --mdoc-keys as the list of the manual page.
 */
#include "cli.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

/* mandoc(1) complains of longer lines. */
#define MDOC_WIDTH 72
#define HELP_WIDTH 76

/* A flag that `run` accepts; rows without a flag exist in profiles only. */
static bool is_shown(const sandlock_key *key)
{
	return key->flag && (key->flags & SANDLOCK_KEY_AVAILABLE);
}

static int left_column(char *buf, size_t size, const sandlock_key *key)
{
	return snprintf(buf, size, "%-3s %s%s%s",
			key->short_flag ? key->short_flag : "", key->flag,
			key->metavar ? " " : "",
			key->metavar ? key->metavar : "");
}

static void print_flags(void)
{
	const char *group = "";
	char left[96];
	sandlock_key key;
	int width = 0;

	for (size_t row = 0; cli_key(row, &key); row++) {
		int n = is_shown(&key) ? left_column(left, sizeof(left), &key)
				       : 0;

		width = n > width ? n : width;
	}
	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!is_shown(&key))
			continue;
		if (strcmp(group, key.group) != 0)
			printf("\n%s:\n", key.group);
		group = key.group;
		left_column(left, sizeof(left), &key);
		printf("  %-*s  %s\n", width, left, key.help);
	}
	printf("  %-*s  %s\n", width, "-h  --help", "this text");
}

static void print_refused(void)
{
	size_t column = HELP_WIDTH;
	sandlock_key key;

	puts("\nKnown from other versions, refused in this one:");
	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!key.flag || is_shown(&key))
			continue;
		if (column + strlen(key.flag) + 1 > HELP_WIDTH) {
			printf("%s ", column == HELP_WIDTH ? "" : "\n");
			column = 1;
		}
		printf(" %s", key.flag);
		column += strlen(key.flag) + 1;
	}
	puts("");
}

void cli_help_run(void)
{
	puts("Examples:\n"
	     "  sandlock run -p base -r . -- python3 script.py\n"
	     "  sandlock run -t 2m -p base -w . -- make\n"
	     "  sandlock run --net-allow tcp://:8080 -- curl "
	     "http://127.0.0.1:8080/\n"
	     "  sandlock run -p build --no-net-allow -e 'make && make check'\n"
	     "\n"
	     "Without -r, -w and -p the preset 'base' is used: system files "
	     "to\n"
	     "read, a private temporary directory, nothing of yours, no\n"
	     "network. With -r or -w only these are granted.");
	print_flags();
	puts("\nEvery option of a policy also has --no-OPTION, which switches "
	     "it off or drops\nwhat a profile gave.\n"
	     "\n"
	     "Exit status: that of COMMAND; 128+N if signal N ended it; 124 "
	     "after a timeout;\n125 if sandlock failed, 126 if COMMAND cannot "
	     "be executed, 127 if it is not\nfound.");
	print_refused();
}

int cli_help_command(const struct cli_command *command)
{
	printf("Usage: sandlock %s %s\n\n%c%s.\n", command->name, command->args,
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

	puts("Usage: sandlock COMMAND [ARGUMENTS]\n"
	     "\n"
	     "Run programs under a policy that the Linux kernel enforces.\n"
	     "\n"
	     "Commands:");
	for (size_t i = 0; (command = cli_command_at(i)); i++)
		if (command->summary)
			printf("  %-10s  %s\n", command->name, command->summary);
	puts("\n"
	     "  --version   print the version\n"
	     "  -h, --help  this text\n"
	     "\n"
	     "'sandlock help COMMAND' says more.");
	return cli_finish_stdout();
}

/* ---- for the build ----------------------------------------------------- */

static int print_keys(void)
{
	static const char *const types[] = {
		"bool",	  "integer", "size", "duration",
		"string", "path",    "list", "map",
	};
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++)
		printf("%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", key.name,
		       key.flag ? key.flag : "-",
		       key.short_flag ? key.short_flag : "-",
		       key.metavar ? key.metavar : "-",
		       key.type < CLI_LEN(types) ? types[key.type] : "-",
		       key.flags & SANDLOCK_KEY_POLICY ? "policy" : "run",
		       key.flags & SANDLOCK_KEY_AVAILABLE ? "available" : "later",
		       key.group, key.help);
	return cli_finish_stdout();
}

/* Text lines of a manual page: filled, never begun by a control character. */
static void mdoc_text(const char *text)
{
	size_t column = 0;

	while (*text) {
		size_t len = strcspn(text, " ");

		if (column && column + 1 + len > MDOC_WIDTH) {
			putchar('\n');
			column = 0;
		}
		if (column)
			putchar(' ');
		else if (*text == '.' || *text == '\'')
			fputs("\\&", stdout);
		for (size_t i = 0; i < len; i++)
			if (text[i] == '\\')
				fputs("\\e", stdout);
			else
				putchar(text[i]);
		column += len + 1;
		text += len + (text[len] == ' ');
	}
	puts(".");
}

static void mdoc_item(const sandlock_key *key)
{
	fputs(".It", stdout);
	if (key->short_flag)
		printf(" Fl %s%s%s ,", key->short_flag + 1,
		       key->metavar ? " Ar " : "",
		       key->metavar ? key->metavar : "");
	printf(" Fl -%s", key->flag + 2);
	if (key->metavar)
		printf(" Ar %s", key->metavar);
	putchar('\n');
	mdoc_text(key->help);
	if (key->flags & SANDLOCK_KEY_POLICY)
		printf("Profile key:\n.Sy %s .\n", key->name);
}

static int print_mdoc(void)
{
	const char *group = NULL;
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!is_shown(&key))
			continue;
		if (!group || strcmp(group, key.group) != 0) {
			if (group)
				puts(".El");
			printf(".Ss %s\n.Bl -tag -width Ds\n", key.group);
		}
		group = key.group;
		mdoc_item(&key);
	}
	if (group)
		puts(".El");
	return cli_finish_stdout();
}

int cli_cmd_help(int argc, char **argv)
{
	const struct cli_command *command;

	if (argc < 2 || cli_is_help(argv[1]))
		return help_top();
	if (strcmp(argv[1], "--keys") == 0)
		return print_keys();
	if (strcmp(argv[1], "--mdoc-keys") == 0)
		return print_mdoc();
	command = cli_command_find(argv[1]);
	if (command && command->run)
		return cli_help_command(command);
	cli_say(command ? "command '%.64s' is not available in this version"
			: "no command '%.64s'; 'sandlock help' lists them",
		argv[1]);
	return CLI_EXIT_ERROR;
}
