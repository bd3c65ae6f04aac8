// SPDX-License-Identifier: Apache-2.0
/*
 * "The command that would run here": the one that was given, with the options
 * that the library's error asks for, quoted for a shell.
 */
#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "hint: to run here without: "

static bool is_plain(const char *word)
{
	return *word && !word[strspn(word, "abcdefghijklmnopqrstuvwxyz"
					   "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
					   "0123456789_-+=./:,@%^")];
}

/* Appends @word, quoted; "'" becomes "'\''". Returns the new end. */
static char *put_word(char *out, const char *word)
{
	*out++ = ' ';
	if (is_plain(word)) {
		size_t len = strlen(word);

		memcpy(out, word, len);
		return out + len;
	}
	*out++ = '\'';
	for (; *word; word++) {
		if (*word == '\'') {
			memcpy(out, "'\\''", 4);
			out += 4;
		} else {
			*out++ = *word;
		}
	}
	*out++ = '\'';
	return out;
}

char *cli_shell_line(const char *head, int argc, const char *const *argv)
{
	size_t room = strlen(head) + 1;
	char *text, *out;

	for (int i = 0; i < argc; i++)
		room += 4 * strlen(argv[i]) + 3;
	text = malloc(room);
	if (!text)
		return NULL;
	memcpy(text, head, strlen(head));
	out = text + strlen(head);
	for (int i = 0; i < argc; i++)
		out = put_word(out, argv[i]);
	*out = '\0';
	return text;
}

char *cli_retry_command(const char *message, int argc, const char *const *argv)
{
	static const char head[] = "sandlock run ";
	const char *flags = strstr(message, MARK);
	char start[sizeof(head) + sizeof(sandlock_error)];

	if (!flags)
		return NULL;
	snprintf(start, sizeof(start), "%s%s", head, flags + strlen(MARK));
	return cli_shell_line(start, argc, argv);
}
