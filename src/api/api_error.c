/* SPDX-License-Identifier: Apache-2.0 */
/* Errors and versions. */
#include <errno.h>
#include <stdlib.h>

#include "api/internal.h"

#define SAME(a, b)                                           \
	_Static_assert(offsetof(struct sandlock_error, a) == \
			       offsetof(struct sl_error, b), \
		       "the public error is the internal one")

SAME(code, code);
SAME(stage, stage);
SAME(line, line);
SAME(column, col);
SAME(message, msg);
_Static_assert(sizeof(sandlock_error) == sizeof(struct sl_error), "size");
_Static_assert((int)SANDLOCK_STAGE_SUPERVISE == (int)SL_STAGE_SUPERVISE,
	       "stages");

const char *sandlock_version(void)
{
	return SANDLOCK_VERSION_STRING;
}

int sandlock_error_exit_status(const sandlock_error *err)
{
	if (err->stage != SANDLOCK_STAGE_EXEC)
		return 125;
	return err->code == -ENOENT ? 127 : 126;
}

void sandlock_string_free(char *text)
{
	free(text);
}
