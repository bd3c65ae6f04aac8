/* SPDX-License-Identifier: Apache-2.0 */
/* landlock(7) as C functions: thin, negative errno, policy-free. */
#ifndef SL_SYS_LANDLOCK_H
#define SL_SYS_LANDLOCK_H

#include <stdint.h>

/* The newest ABI whose rights we know. */
#define SL_LL_ABI_KNOWN 10

/* A new ruleset, O_CLOEXEC; -EINVAL if @abi cannot express the masks. */
int sl_ll_create(uint64_t fs, uint64_t net, uint64_t scoped, int abi);

/* @access must be within the handled mask, and fit the type of the file. */
int sl_ll_add_path(int fd, int path_fd, uint64_t access);
int sl_ll_add_port(int fd, uint16_t port, uint64_t access);

#endif
