// SPDX-License-Identifier: Apache-2.0
/*
 * Messages: every failure is one sandlock_error, said once, on stderr.
 */
#include "cli.h"

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

void cli_say(const char *fmt, ...)
{
	static const char prefix[] = "sandlock: ";
	char buf[sizeof(prefix) + sizeof(sandlock_error)];
	size_t len = sizeof(prefix) - 1;
	va_list ap;
	char *p;

	memcpy(buf, prefix, len);
	va_start(ap, fmt);
	format(buf + len, sizeof(buf) - len - 1, fmt, ap);
	va_end(ap);
	for (p = buf + len; *p; p++)
		if (((unsigned char)*p < ' ' && *p != '\n' && *p != '\t') ||
		    *p == 127)
			*p = '?';
	*p++ = '\n';
	/* Nobody to tell when stderr itself fails. */
	if (write(STDERR_FILENO, buf, (size_t)(p - buf)) < 0)
		return;
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
