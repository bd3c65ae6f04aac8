/* SPDX-License-Identifier: Apache-2.0 */
/* What hog.c and hog_hidden.c share. */
#ifndef TESTS_LIVE_HOG_H
#define TESTS_LIVE_HOG_H

#include <stddef.h>

#define MIB ((size_t)1 << 20)

extern size_t bytes; /* to take */

void touch(volatile char *at, size_t len);
void *map(size_t len, int prot, int flags, int fd);
/* Until the limit ends it. */
void hold(void);
/* The same, or until its time is over. */
void stay(void);
void anon(void);
void memfd(void);

/* Ways that hide what they take. */
void relay(void);
void heirs_vm(void);
void heirs_threads(void);
void heirs_fork(void);
void own_table(void);
void same_table(void);
void far_table(void);
void vfork_shared(void);
void lend(void);

#endif
