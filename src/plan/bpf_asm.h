/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Assembler for classic BPF: instructions, labels, jumps to labels that are
 * ahead. Conditional jumps reach 255 instructions; a longer one goes by way of
 * an unconditional jump that the assembler puts behind it. Nothing is ever cut:
 * what does not fit is an error.
 *
 *	struct sl_asm a;
 *	sl_asm_init(&a);
 *	sl_asm_jump(&a, BPF_JEQ, 7, hit, SL_ASM_NEXT);
 *	...
 *	r = sl_asm_finish(&a, &insns, &count, err);
 *	sl_asm_fini(&a);
 *
 * A failure is remembered and told by sl_asm_finish().
 */
#ifndef SL_PLAN_BPF_ASM_H
#define SL_PLAN_BPF_ASM_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct sock_filter;
struct sl_asm_item;

struct sl_asm {
	struct sl_asm_item *items;
	size_t count, cap;
	uint32_t labels; /* handed out, SL_ASM_NEXT among them */
	int failed;	 /* 0 or negative errno */
};

#define SL_ASM_NEXT 0u /* the instruction that follows */

void sl_asm_init(struct sl_asm *a);
void sl_asm_fini(struct sl_asm *a);

/* A new label; bind it once, behind every jump to it. */
uint32_t sl_asm_label(struct sl_asm *a);
void sl_asm_bind(struct sl_asm *a, uint32_t label);

/* Anything that does not jump: BPF_LD..., BPF_ALU..., BPF_RET... */
void sl_asm_stmt(struct sl_asm *a, uint16_t code, uint32_t k);
/* @test is BPF_JEQ, BPF_JGT, BPF_JGE or BPF_JSET, against the constant @k. */
void sl_asm_jump(struct sl_asm *a, uint16_t test, uint32_t k, uint32_t yes,
		 uint32_t no);
void sl_asm_goto(struct sl_asm *a, uint32_t label);

/*
 * The program, from malloc. -EINVAL: a jump to a label that is not ahead of
 * it, a label bound twice, control running off the end. -E2BIG: more than
 * SL_MAX_BPF_INSNS.
 */
int sl_asm_finish(struct sl_asm *a, struct sock_filter **ret_insns,
		  size_t *ret_count, struct sl_error *err);

#endif
