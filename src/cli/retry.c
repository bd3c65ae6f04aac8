// SPDX-License-Identifier: Apache-2.0
/*
 * "The command that would run here": the one that was given, with the options
 * that the library's error asks for, quoted for a shell.
 */
#include "cli.h"

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

char *cli_retry_command(const char *message, int argc, const char *const *argv)
{
	static const char head[] = "sandlock run ";
	const char *flags = strstr(message, MARK);
	size_t room;
	char *text, *out;

	if (!flags)
		return NULL;
	flags += strlen(MARK);
	room = sizeof(head) + strlen(flags) + 1;
	for (int i = 0; i < argc; i++)
		room += 4 * strlen(argv[i]) + 3;
	text = malloc(room);
	if (!text)
		return NULL;
	memcpy(text, head, sizeof(head) - 1);
	out = text + sizeof(head) - 1;
	memcpy(out, flags, strlen(flags));
	out += strlen(flags);
	for (int i = 0; i < argc; i++)
		out = put_word(out, argv[i]);
	*out = '\0';
	return text;
}
