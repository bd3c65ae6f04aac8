/* SPDX-License-Identifier: Apache-2.0 */
/* The capped buffer of buf.h. */
#include "base/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

void sl_buf_fini(struct sl_buf *buf)
{
	free(buf->data);
	*buf = SL_BUF_INIT(buf->max);
}

static int reserve(struct sl_buf *buf, size_t more)
{
	size_t need, cap;
	char *data;

	if (buf->failed)
		return buf->failed;
	if (more > buf->max - buf->len)
		return buf->failed = -EOVERFLOW;
	need = buf->len + more + 1;
	if (need <= buf->cap)
		return 0;
	cap = SL_MAX(need, SL_MIN(buf->cap * 2, buf->max + 1));
	cap = SL_MAX(cap, (size_t)64);
	data = realloc(buf->data, cap);
	if (!data)
		return buf->failed = -ENOMEM;
	buf->data = data;
	buf->cap = cap;
	return 0;
}

int sl_buf_add(struct sl_buf *buf, const void *data, size_t len)
{
	int r = reserve(buf, len);

	if (r < 0)
		return r;
	if (len)
		memcpy(buf->data + buf->len, data, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return 0;
}

int sl_buf_adds(struct sl_buf *buf, const char *text)
{
	return sl_buf_add(buf, text, strlen(text));
}

int sl_buf_addc(struct sl_buf *buf, char c)
{
	return sl_buf_add(buf, &c, 1);
}

int sl_buf_addf(struct sl_buf *buf, const char *fmt, ...)
{
	va_list ap;
	int n, r;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return buf->failed = -EINVAL;
	r = reserve(buf, (size_t)n);
	if (r < 0)
		return r;
	va_start(ap, fmt);
	vsnprintf(buf->data + buf->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	buf->len += (size_t)n;
	return 0;
}

char *sl_buf_take(struct sl_buf *buf)
{
	char *data;

	if (!buf->failed && !buf->data)
		sl_buf_add(buf, "", 0);
	if (buf->failed)
		return NULL;
	data = buf->data;
	*buf = SL_BUF_INIT(buf->max);
	return data;
}
