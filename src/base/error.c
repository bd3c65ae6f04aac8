/* SPDX-License-Identifier: Apache-2.0 */
/* Composing error messages. Never allocates, never prints. */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

SL_PRINTF(6, 0)
static int fill(struct sl_error *err, int code, enum sl_stage stage,
		uint32_t line, uint32_t col, const char *fmt, va_list ap)
{
	if (!err || err->code)
		return code;
	err->code = code;
	err->stage = stage;
	err->line = line;
	err->col = col;
	vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	return code;
}

int sl_err(struct sl_error *err, int code, enum sl_stage stage, const char *fmt,
	   ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, stage, 0, 0, fmt, ap);
	va_end(ap);
	return code;
}

int sl_err_at(struct sl_error *err, int code, enum sl_stage stage,
	      uint32_t line, uint32_t col, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, stage, line, col, fmt, ap);
	va_end(ap);
	return code;
}

int sl_error_prefix(struct sl_error *err, int code, const char *fmt, ...)
{
	char head[SL_ERROR_MSG_MAX];
	size_t n, tail;
	va_list ap;

	if (!err)
		return code;
	va_start(ap, fmt);
	vsnprintf(head, sizeof(head) - 2, fmt, ap);
	va_end(ap);
	n = strlen(head);
	memcpy(head + n, ": ", 3);
	n += 2;
	tail = strlen(err->msg);
	if (tail > sizeof(err->msg) - 1 - n)
		tail = sizeof(err->msg) - 1 - n;
	memmove(err->msg + n, err->msg, tail);
	memcpy(err->msg, head, n);
	err->msg[n + tail] = '\0';
	return code;
}

void sl_error_hint(struct sl_error *err, const char *fmt, ...)
{
	size_t n;
	va_list ap;

	if (!err)
		return;
	n = strlen(err->msg);
	n += (size_t)snprintf(err->msg + n, sizeof(err->msg) - n, "; hint: ");
	if (n >= sizeof(err->msg))
		return;
	va_start(ap, fmt);
	vsnprintf(err->msg + n, sizeof(err->msg) - n, fmt, ap);
	va_end(ap);
}

void sl_error_clear(struct sl_error *err)
{
	if (err)
		memset(err, 0, sizeof(*err));
}
