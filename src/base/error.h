/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one error value: flat, caller-allocated, no heap, small enough to be
 * written whole to a pipe. Functions return a negative errno and fill this in;
 * the first failure speaks, callers add context by prefix and never overwrite.
 */
#ifndef SL_BASE_ERROR_H
#define SL_BASE_ERROR_H

#include <stdint.h>

#include "base/compiler.h"

enum sl_stage {
	SL_STAGE_NONE = 0,
	SL_STAGE_PARSE,	    /* text of a flag, a key or a profile */
	SL_STAGE_CHECK,	    /* values that contradict each other or this host */
	SL_STAGE_COMPILE,   /* policy -> plan */
	SL_STAGE_SPAWN,	    /* making the sandboxed process */
	SL_STAGE_EXEC,	    /* its execve(2) */
	SL_STAGE_SUPERVISE, /* the running sandbox */
};

#define SL_ERROR_MSG_MAX 1008

/* The public struct sandlock_error has this very layout (asserted in api/). */
struct sl_error {
	int32_t code;	/* negative errno */
	uint32_t stage; /* enum sl_stage */
	uint32_t line;	/* 1-based place in a profile, or 0 */
	uint32_t col;	/* 1-based byte column, or 0 */
	char msg[SL_ERROR_MSG_MAX];
};

_Static_assert(sizeof(struct sl_error) == 1024, "frozen in the ABI");

/* Fills @err (may be NULL) unless it already speaks; returns @code. */
int sl_err(struct sl_error *err, int code, enum sl_stage stage, const char *fmt,
	   ...) SL_PRINTF(4, 5);

/* As sl_err(), with a place in a file. */
int sl_err_at(struct sl_error *err, int code, enum sl_stage stage,
	      uint32_t line, uint32_t col, const char *fmt, ...) SL_PRINTF(6, 7);

/* Puts "<text>: " before the message; returns @code. */
int sl_error_prefix(struct sl_error *err, int code, const char *fmt, ...)
	SL_PRINTF(3, 4);

/* Puts "; hint: <text>" behind the message. */
void sl_error_hint(struct sl_error *err, const char *fmt, ...) SL_PRINTF(2, 3);

void sl_error_clear(struct sl_error *err);

#endif
