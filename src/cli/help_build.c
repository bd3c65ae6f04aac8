// SPDX-License-Identifier: Apache-2.0
/*
 * The key table for the build: as tab-separated text (help --keys) and as the
 * list of the manual page (help --mdoc-keys).
 */
#include "cli.h"

#include <stdio.h>
#include <string.h>

/* mandoc(1) complains of longer lines. */
#define MDOC_WIDTH 72

int cli_help_keys(void)
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

static void mdoc_refused(void)
{
	const char *end = "";
	sandlock_key key;

	puts(".Ss Options of other versions\n"
	     "Known, and refused by name in this one:");
	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!key.flag || cli_key_is_usable(&key))
			continue;
		printf("%s.Fl -%s", end, key.flag + 2);
		end = " ,\n";
	}
	puts(" .");
}

int cli_help_mdoc(void)
{
	const char *group = NULL;
	sandlock_key key;

	for (size_t row = 0; cli_key(row, &key); row++) {
		if (!cli_key_is_usable(&key))
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
	mdoc_refused();
	return cli_finish_stdout();
}
