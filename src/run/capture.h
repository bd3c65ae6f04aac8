/* SPDX-License-Identifier: Apache-2.0 */
/* One captured output stream: drained while the sandbox runs, cut at a limit. */
#ifndef SL_RUN_CAPTURE_H
#define SL_RUN_CAPTURE_H

#include <stdbool.h>

#include "base/buf.h"

struct sl_capture {
	int fd; /* reading end, non-blocking, owned; -1: none (or EOF) */
	struct sl_buf buf;
	bool truncated;
};

/* Makes the pipe; *ret_writer goes to the sandbox. */
int sl_capture_open(struct sl_capture *capture, size_t limit, int *ret_writer);
/* Reads of what is there a fair share, or @to_the_end all; closes at EOF.
 * Beyond the limit bytes are dropped. */
int sl_capture_drain(struct sl_capture *capture, bool to_the_end);
void sl_capture_close(struct sl_capture *capture);

#endif
