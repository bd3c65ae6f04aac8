// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock profile list`: each profile with where it comes from and what it
 * says of itself, which is the first sentence of its first comment.
 */
#include "style.h"

#include <errno.h>
#include <string.h>

#define SENTENCE_MAX 240

/* The text of a comment line, behind "#" and blanks; NULL for other lines. */
static const char *comment(const char *line)
{
	line += strspn(line, " \t");
	if (*line != '#')
		return NULL;
	line += strspn(line, "#");
	return line + strspn(line, " \t");
}

static bool is_blank_line(const char *line)
{
	return line[strspn(line, " \t\r")] == '\n' ||
	       !line[strspn(line, " \t\r")];
}

/* Neither the licence nor an empty comment describes anything. */
static bool says_something(const char *text)
{
	return !is_blank_line(text) && strncmp(text, "SPDX-", 5) != 0;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

/* Behind the last whole word. */
static void cut_short(char *out, size_t *len)
{
	size_t n = *len;

	while (n && out[n - 1] != ' ')
		n--;
	n = n ? n - 1 : *len;
	memcpy(out + n, "...", 4);
	*len = n + 3;
}

/* Adds the words of one line; true when they ended the sentence. */
static bool add_words(char *out, size_t *len, const char *text)
{
	bool blank = *len > 0, ended = false;

	for (; *text && *text != '\n' && *text != '\r' && !ended; text++) {
		if (*text == ' ' || *text == '\t') {
			blank = *len > 0;
			continue;
		}
		if (*len + 6 > SENTENCE_MAX) {
			cut_short(out, len);
			return true;
		}
		if (blank)
			out[(*len)++] = ' ';
		blank = false;
		out[(*len)++] = *text;
		ended = *text == '.' && strchr(" \t\r\n", text[1]);
	}
	out[*len] = '\0';
	return ended;
}

/* "base: what programs need." of a profile base is "what programs need" */
static void describe(const char *name, const char *text,
		     char out[static SENTENCE_MAX])
{
	size_t len = 0, prefix = strlen(name);
	const char *words = NULL;

	out[0] = '\0';
	for (; *text; text = next_line(text)) {
		words = comment(text);
		if (words ? says_something(words) : !is_blank_line(text))
			break;
	}
	if (!*text)
		return;
	for (; words && says_something(words); words = comment(text)) {
		if (add_words(out, &len, words))
			break;
		text = next_line(text);
	}
	if (len && out[len - 1] == '.' && (len < 3 || out[len - 2] != '.'))
		out[--len] = '\0';
	if (strncmp(out, name, prefix) == 0 && strncmp(out + prefix, ": ", 2) == 0)
		memmove(out, out + prefix + 2, len - prefix - 1);
}

/* Where @name comes from. A file replaces the preset of its name. */
static const char *origin(const char *name)
{
	bool preset = sandlock_profile_is_preset(name) > 0;
	char *path = NULL;

	if (preset && sandlock_profile_path(name, &path, NULL) == -ENOENT)
		return "preset";
	sandlock_string_free(path);
	return preset ? "file, over preset" : "file";
}

static int add_profile(struct cli_table *table, const char *name,
		       sandlock_error *err)
{
	struct cli_cell row[3] = { { name, CLI_STYLE_NAME }, { origin(name) } };
	char sentence[SENTENCE_MAX];
	sandlock_error why = { 0 };
	char *text;
	int r = sandlock_profile_text(name, &text, &why);

	/* One that cannot be read is still one of the list. */
	if (r < 0) {
		row[2] = (struct cli_cell){ why.message, CLI_STYLE_ERROR };
		return cli_table_add(table, row, err);
	}
	describe(name, text, sentence);
	row[2].text = sentence;
	r = cli_table_add(table, row, err);
	sandlock_string_free(text);
	return r;
}

int cli_profile_list(const char *unused, sandlock_error *err)
{
	static const char *const headings[] = { "NAME", "ORIGIN", "DESCRIPTION" };
	struct cli_table table = { .columns = 3, .headings = headings };
	char *names, *at, *name;
	int r = sandlock_profile_list(&names, err);

	(void)unused;
	if (r < 0)
		return r;
	at = names;
	while (r == 0 && (name = strsep(&at, "\n")))
		if (*name)
			r = add_profile(&table, name, err);
	if (r == 0)
		cli_table_print(&table);
	cli_table_fini(&table);
	sandlock_string_free(names);
	return r;
}
