/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the command line to clues: words that may be paths, URLs, and the words
 * of the text that a shell was given. Works where no message was seen, so it
 * knows less: whether anything was refused at all is not known.
 */
#include "run/hint.h"

#include <string.h>

#define SL_HINT_SIGN(phrase, kind)
#define SL_HINT_VERB(phrase, deed)
#define SL_HINT_SECRET(name)

static const struct {
	const char *name;
	enum sl_deed deed;
} writers[] = {
#define SL_HINT_WRITER(name, deed) { name, deed },
#include "run/hint.def"
};

static const struct {
	const char *scheme;
	uint16_t port;
} schemes[] = {
	{ "http://", 80 }, { "https://", 443 }, { "ftp://", 21 },
	{ "ssh://", 22 },  { "git://", 9418 },
};

static enum sl_deed deed_of(const char *program, size_t len)
{
	size_t start = len;

	while (start > 0 && program[start - 1] != '/')
		start--;
	for (size_t i = 0; i < SL_ARRAY_LEN(writers); i++)
		if (strlen(writers[i].name) == len - start &&
		    memcmp(writers[i].name, program + start, len - start) == 0)
			return writers[i].deed;
	return SL_DEED_ANY;
}

static bool add_url(struct sl_clues *clues, const char *word, size_t len)
{
	struct sl_clue clue = { .kind = SL_CLUE_CONNECT,
				.source = SL_HINT_COMMAND };

	for (size_t i = 0; i < SL_ARRAY_LEN(schemes); i++) {
		size_t at = strlen(schemes[i].scheme), end, host = at;
		unsigned int port = 0;

		if (len <= at || memcmp(word, schemes[i].scheme, at) != 0)
			continue;
		clue.port = schemes[i].port;
		for (end = at; end < len && !strchr("/?#", word[end]); end++)
			if (word[end] == '@') /* behind who it is */
				host = end + 1;
		/* Digits up to the end of the authority, behind a colon. */
		for (at = end;
		     at > 0 && word[at - 1] >= '0' && word[at - 1] <= '9';)
			at--;
		for (size_t n = at; n < end && port <= UINT16_MAX; n++)
			port = port * 10 + (unsigned int)(word[n] - '0');
		if (at < end && word[at - 1] == ':') {
			clue.port = port <= UINT16_MAX ? (uint16_t)port : 0;
			end = at - 1;
		}
		if (clue.port)
			sl_clues_add(clues, clue, end > host ? word + host : NULL,
				     end > host ? end - host : 0);
		return true;
	}
	return false;
}

static void add_word(struct sl_clues *clues, enum sl_deed deed,
		     const char *word, size_t len)
{
	struct sl_clue clue = { .kind = SL_CLUE_FILE,
				.deed = deed,
				.source = SL_HINT_COMMAND };
	const char *value = memchr(word, '=', len);

	if (len == 0 || add_url(clues, word, len))
		return;
	if (word[0] != '-')
		sl_clues_add(clues, clue, word, len);
	/* --file=/x, of=/x, -I/x */
	if (value)
		sl_clues_add(clues, clue, value + 1,
			     len - (size_t)(value + 1 - word));
	else if (len > 2 && word[0] == '-' && word[2] == '/')
		sl_clues_add(clues, clue, word + 2, len - 2);
}

/* The next word of a shell's text without its quotes; false at the end. */
static bool next_word(const char **at, const char **ret_word, size_t *ret_len)
{
	static const char ends[] = " \t\n;|&()<>";
	const char *word = *at, *end;
	char quote;

	if (!*word)
		return false;
	quote = *word == '\'' || *word == '"' ? *word : '\0';
	end = quote ? strchr(word + 1, quote) : NULL;
	if (end) {
		*ret_word = word + 1;
		*ret_len = (size_t)(end - word - 1);
		*at = end + 1;
		return true;
	}
	*ret_word = word;
	*ret_len = strcspn(word, ends);
	*at = word + *ret_len;
	return true;
}

/* It would name something else by the time it is used. */
static bool is_expanded(const char *word, size_t len)
{
	return memchr(word, '$', len) || memchr(word, '`', len) ||
	       memchr(word, '*', len) || memchr(word, '~', len);
}

/*
 * Not a shell: quotes around words, separators and redirections are known,
 * nothing is expanded.
 */
static void add_shell_text(struct sl_clues *clues, const char *text)
{
	enum sl_deed writes = SL_DEED_ANY;
	bool first = true, redirect = false;
	const char *word;
	size_t len;

	while (*text) {
		if (strchr(" \t", *text)) {
			text++;
		} else if (strchr("\n;|&()", *text)) {
			first = true;
			redirect = false;
			text++;
		} else if (*text == '<' || *text == '>') {
			redirect = *text++ == '>';
		} else if (next_word(&text, &word, &len)) {
			enum sl_deed deed = redirect ? SL_DEED_WRITE
					    : first  ? SL_DEED_EXECUTE
						     : writes;

			if (!is_expanded(word, len))
				add_word(clues, deed, word, len);
			if (first && !redirect)
				writes = deed_of(word, len);
			first = first && redirect;
			redirect = false;
		}
	}
}

static bool is_shell(const char *program)
{
	static const char *const names[] = { "sh",  "bash", "dash",
					     "zsh", "ksh",  "ash" };
	const char *name = strrchr(program, '/');

	name = name ? name + 1 : program;
	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

void sl_clues_of_command(struct sl_clues *clues, const char *const *argv)
{
	enum sl_deed deed = deed_of(argv[0], strlen(argv[0]));

	for (size_t i = 1; argv[i] && i <= SL_MAX_CLUES; i++) {
		const char *word = argv[i];

		/* -c, -ec, -lc: the next word is a program of its own */
		if (is_shell(argv[0]) && argv[i + 1] && word[0] == '-' &&
		    word[1] != '-' && word[strlen(word) - 1] == 'c') {
			add_shell_text(clues, argv[i + 1]);
			return;
		}
		add_word(clues, deed, word, strlen(word));
	}
}
