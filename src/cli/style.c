// SPDX-License-Identifier: Apache-2.0
/*
 * Colour and width. Colour is sparing: what can be typed, what is wrong, and
 * headings; nothing is said by colour alone.
 *
 * The one choice of --color is kept here for the whole process, as its
 * messages come from everywhere in it and there is one terminal to please.
 */
#include "style.h"
#include "json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define DEFAULT_WIDTH 80
#define MIN_WIDTH 20 /* narrower ones are wrapped by the terminal */
#define MAX_WIDTH 1000

enum color { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

static enum color chosen = COLOR_AUTO;

int cli_color_set(const char *when, sandlock_error *err)
{
	static const char *const names[] = {
		[COLOR_AUTO] = "auto", [COLOR_ALWAYS] = "always", [COLOR_NEVER] = "never"
	};

	for (size_t i = 0; i < CLI_LEN(names); i++) {
		if (strcmp(names[i], when) == 0) {
			chosen = (enum color)i;
			return 0;
		}
	}
	return cli_fail(err, -EINVAL,
			"--color: '%.64s' is not auto, always or never", when);
}

/* @word is "--color" or begins with "--color=". */
static bool is_color_flag(const char *word)
{
	return strncmp(word, "--color", 7) == 0 && (!word[7] || word[7] == '=');
}

int cli_color_take(int argc, char **argv, bool leading, sandlock_error *err)
{
	int kept = 1, at, r;

	for (at = 1; at < argc && strcmp(argv[at], "--") != 0; at++) {
		const char *when;

		if (!is_color_flag(argv[at])) {
			if (leading)
				break;
			argv[kept++] = argv[at];
			continue;
		}
		when = argv[at][7] ? argv[at] + 8 : argv[++at];
		if (!when)
			return cli_fail(
				err, -EINVAL,
				"option '--color' needs a value (WHEN)");
		r = cli_color_set(when, err);
		if (r < 0)
			return r;
	}
	while (at < argc)
		argv[kept++] = argv[at++];
	argv[kept] = NULL;
	return kept;
}

static bool has_color(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");

	if (chosen != COLOR_AUTO)
		return chosen == COLOR_ALWAYS;
	if ((no_color && *no_color) || !term || strcmp(term, "dumb") == 0)
		return false;
	return isatty(fd);
}

const char *cli_style(int fd, enum cli_style style)
{
	static const char *const codes[CLI_STYLE_COUNT] = {
		[CLI_STYLE_NONE] = "\033[0m",
		[CLI_STYLE_HEADING] = "\033[1m",
		[CLI_STYLE_NAME] = "\033[36m",
		[CLI_STYLE_FAINT] = "\033[2m",
		[CLI_STYLE_GOOD] = "\033[32m",
		[CLI_STYLE_WARNING] = "\033[33m",
		[CLI_STYLE_ERROR] = "\033[1;31m",
	};

	return has_color(fd) ? codes[style] : "";
}

void cli_put(enum cli_style style, const char *fmt, ...)
{
	va_list ap;

	if (style)
		fputs(cli_style(STDOUT_FILENO, style), stdout);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	if (style)
		fputs(cli_style(STDOUT_FILENO, CLI_STYLE_NONE), stdout);
}

/* COLUMNS is set by whoever wants another width than the terminal's. */
static size_t environment_width(void)
{
	const char *text = getenv("COLUMNS");
	size_t width = 0;

	for (; text && *text >= '0' && *text <= '9' && width < MAX_WIDTH; text++)
		width = width * 10 + (size_t)(*text - '0');
	return text && *text ? 0 : width;
}

size_t cli_width(int fd)
{
	struct winsize size = { 0 };
	size_t width;

	if (!isatty(fd))
		return 0;
	width = environment_width();
	if (!width && ioctl(fd, TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (!width)
		width = DEFAULT_WIDTH;
	if (width > MAX_WIDTH)
		return MAX_WIDTH;
	return width < MIN_WIDTH ? MIN_WIDTH : width;
}

/* Of @len bytes, those that begin a character. */
static size_t columns_of(const char *text, size_t len)
{
	size_t count = 0;

	for (size_t i = 0; i < len; i++)
		count += ((unsigned char)text[i] & 0xc0) != 0x80;
	return count;
}

size_t cli_columns(const char *text)
{
	return columns_of(text, strlen(text));
}

void cli_clean_but(char *text, const char *kept)
{
	char *to = text;

	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t len = cli_utf8_len(text);
		bool shown = len && c >= ' ' && c != 127 &&
			     !cli_unseen(text, len);

		len = len ? len : 1;
		if (shown || strchr(kept, *text)) {
			memmove(to, text, len);
			to += len;
		} else {
			*to++ = '?';
		}
		text += len;
	}
	*to = '\0';
}

void cli_clean(char *text)
{
	cli_clean_but(text, "");
}

static void put_words(size_t column, size_t width, const char *text)
{
	size_t at = column;

	while (*text) {
		size_t len = strcspn(text, " "), wide = columns_of(text, len);

		if (at > column && at + 1 + wide > width) {
			printf("\n%*s", (int)column, "");
			at = column;
		} else if (at > column) {
			putchar(' ');
			at++;
		}
		fwrite(text, 1, len, stdout);
		at += wide;
		text += len;
		text += strspn(text, " ");
	}
}

void cli_put_wrapped(size_t column, enum cli_style style, const char *text)
{
	size_t width = cli_width(STDOUT_FILENO);

	if (style)
		fputs(cli_style(STDOUT_FILENO, style), stdout);
	/* With no room to speak of the terminal breaks it better. */
	if (!width || column + MIN_WIDTH > width)
		fputs(text, stdout);
	else
		put_words(column, width, text);
	if (style)
		fputs(cli_style(STDOUT_FILENO, CLI_STYLE_NONE), stdout);
	putchar('\n');
}
