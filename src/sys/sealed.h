/* SPDX-License-Identifier: Apache-2.0 */
/* A text that reads like a file that nobody can change. */
#ifndef SL_SYS_SEALED_H
#define SL_SYS_SEALED_H

#include <stddef.h>

/* A sealed memfd, O_CLOEXEC, mode 0444, shown as "/memfd:@name"; the position
 * is behind the text. A negative errno. */
int sl_sealed_text(const char *name, const char *text, size_t len);

#endif
