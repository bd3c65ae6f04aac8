/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names and numbers of system calls, for both architectures whatever the build
 * host is, and named groups of them. Constant tables; no kernel is asked.
 */
#ifndef SL_SYS_SYSCALLS_H
#define SL_SYS_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>

enum sl_arch { SL_ARCH_X86_64 = 0, SL_ARCH_AARCH64, SL_ARCH_COUNT };

#if defined(__x86_64__)
#define SL_ARCH_NATIVE SL_ARCH_X86_64
#elif defined(__aarch64__)
#define SL_ARCH_NATIVE SL_ARCH_AARCH64
#endif

/* No number in the table is above this (tools/gen_syscalls.py sees to it). */
#define SL_SYSCALL_NR_MAX 1023

/* SL_SYS_read...: a place in the table, the same on every architecture. */
enum sl_sys {
#define SL_SYS(name, x86_64, aarch64) SL_SYS_##name,
#include "sys/syscalls_table.h"
#undef SL_SYS
	SL_SYS_COUNT
};

/* AUDIT_ARCH_*, as a seccomp filter sees it. */
uint32_t sl_arch_audit(enum sl_arch arch);
const char *sl_arch_name(enum sl_arch arch);

/* -1 where @arch lacks the call. */
int sl_sys_number(enum sl_sys call, enum sl_arch arch);
const char *sl_sys_name(enum sl_sys call);

/* Also by an alias (fstatat); -1 if unknown, else an enum sl_sys. */
int sl_sys_find(const char *name);
/* -1 if nothing known has this number. */
int sl_sys_find_number(long nr, enum sl_arch arch);

/* @i-th alias, NULL behind the last one. */
const char *sl_sys_alias_at(size_t i);

struct sl_sys_group {
	const char *name;
	const char *help;
	const uint16_t *calls; /* enum sl_sys */
	size_t count;
};

/* NULL behind the last one / if unknown. */
const struct sl_sys_group *sl_sys_group_at(size_t i);
const struct sl_sys_group *sl_sys_group_find(const char *name);

#endif
