/* SPDX-License-Identifier: Apache-2.0 */
/* Between pin.c and pin_walk.c. */
#ifndef SL_SUPERVISE_PIN_INTERNAL_H
#define SL_SUPERVISE_PIN_INTERNAL_H

#include "supervise/pin.h"

/*
 * Resolve @path, below @base unless it is absolute, one component at a time:
 * slower than the kernel, and right where the kernel, asked by us, would see our
 * /proc/self or refuse a link of the caller's own. Borrows @base. @path may not
 * lie in judge->text. As sl_pin(), the flags too; SL_PIN_EMPTY does not count.
 */
int sl_pin_walk(struct sl_call *call, int base, const char *path,
		unsigned int flags);

/* 0, or -ENOTDIR if @fd is no directory. */
int sl_pin_check_directory(int fd);

#endif
