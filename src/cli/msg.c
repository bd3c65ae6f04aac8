// SPDX-License-Identifier: Apache-2.0
/*
 * Messages: every failure is one sandlock_error, said once, on stderr.
 */
#include "style.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 3, 0))) static void
format(char *buf, size_t size, const char *fmt, va_list ap)
{
	int n = vsnprintf(buf, size, fmt, ap);

	if (n < 0)
		buf[0] = '\0';
	else if ((size_t)n >= size)
		memcpy(buf + size - 4, "...", 4);
}

int cli_fail(sandlock_error *err, int code, const char *fmt, ...)
{
	va_list ap;

	err->code = code;
	err->stage = SANDLOCK_STAGE_PARSE;
	err->line = 0;
	err->column = 0;
	va_start(ap, fmt);
	format(err->message, sizeof(err->message), fmt, ap);
	va_end(ap);
	return code;
}

/* Returns the new end of @buf, which has room. */
static char *append(char *end, const char *text)
{
	size_t len = strlen(text);

	memcpy(end, text, len);
	return end + len;
}

__attribute__((format(printf, 3, 0))) static void
say(enum cli_style style, const char *kind, const char *fmt, va_list ap)
{
	char buf[sizeof(sandlock_error) + 64];
	char *end = buf, *text;

	end = append(end, cli_style(STDERR_FILENO, style));
	end = append(end, "sandlock:");
	end = append(end, cli_style(STDERR_FILENO, CLI_STYLE_NONE));
	*end++ = ' ';
	end = append(end, kind);
	text = end;
	format(text, sizeof(buf) - (size_t)(text - buf) - 1, fmt, ap);
	cli_clean_but(text, "\n\t");
	end += strlen(end);
	*end++ = '\n';
	/* Nobody to tell when stderr itself fails. */
	if (write(STDERR_FILENO, buf, (size_t)(end - buf)) < 0)
		return;
}

void cli_say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(CLI_STYLE_ERROR, "", fmt, ap);
	va_end(ap);
}

void cli_note(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(CLI_STYLE_HEADING, "", fmt, ap);
	va_end(ap);
}

void cli_warn(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(CLI_STYLE_WARNING, "warning: ", fmt, ap);
	va_end(ap);
}

int cli_report(const sandlock_error *err)
{
	int status = sandlock_error_exit_status(err);

	cli_say("%s", err->message[0] ? err->message : strerror(-err->code));
	return status ? status : CLI_EXIT_ERROR;
}

int cli_finish_stdout(void)
{
	if (fflush(stdout) == 0 && !ferror(stdout))
		return 0;
	cli_say("cannot write to standard output: %s", strerror(errno));
	return CLI_EXIT_ERROR;
}
