/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a filter as the kernel would, for self-checks and tests. Knows the
 * instructions that the assembler's users emit; everything else is refused.
 */
#ifndef SL_PLAN_BPF_SIM_H
#define SL_PLAN_BPF_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sock_filter;
struct sl_seccomp_data;

struct sl_bpf_result {
	uint32_t action;
	unsigned int steps;
	/* It looked at more than number and architecture: the kernel cannot
	 * keep the answer in its bitmap (Linux 5.11). */
	bool read_args;
};

/* 0, or -EINVAL: unknown instruction, load or jump out of bounds, no end. */
int sl_bpf_check(const struct sock_filter *insns, size_t count);

/* Checks every step by itself, so @insns may be anything. */
int sl_bpf_run(const struct sock_filter *insns, size_t count,
	       const struct sl_seccomp_data *data,
	       struct sl_bpf_result *ret_result);

#endif
