/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growable byte buffer with a mandatory ceiling, and a borrowed slice.
 *
 * Invariants: data is NULL or holds cap bytes; data[len] == 0 whenever data is
 * not NULL; len <= max. After a failed append the buffer is unchanged but
 * `failed` is set and stays set, so a chain of appends is checked once.
 */
#ifndef SL_BASE_BUF_H
#define SL_BASE_BUF_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"

struct sl_str {
	const char *ptr;
	size_t len;
};

struct sl_buf {
	char *data;
	size_t len;
	size_t cap;
	size_t max;
	int failed; /* 0, -ENOMEM or -EOVERFLOW */
};

#define SL_BUF_INIT(limit) ((struct sl_buf){ .max = (limit) })

void sl_buf_fini(struct sl_buf *buf);
int sl_buf_add(struct sl_buf *buf, const void *data, size_t len);
int sl_buf_adds(struct sl_buf *buf, const char *text);
int sl_buf_addc(struct sl_buf *buf, char c);
int sl_buf_addf(struct sl_buf *buf, const char *fmt, ...) SL_PRINTF(2, 3);

/* The owned NUL-terminated memory moves out ("" if nothing was added); NULL if
 * the buffer failed. The buffer is empty afterwards. */
char *sl_buf_take(struct sl_buf *buf);

#define sl_autobuf __attribute__((cleanup(sl_buf_fini))) struct sl_buf

#endif
