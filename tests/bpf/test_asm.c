/* SPDX-License-Identifier: Apache-2.0 */
/* The assembler, and the simulator's own checks. */
#include "harness/harness.h"
#include "plan/bpf_asm.h"
#include "plan/bpf_sim.h"
#include "sys/uapi_seccomp.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdlib.h>

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define RET (BPF_RET | BPF_K)
#define PAD (BPF_ALU | BPF_AND | BPF_K)

struct program {
	struct sock_filter *insns;
	size_t count;
	struct sl_error err;
	int r;
};

static struct program finish(struct sl_asm *a)
{
	struct program p = { 0 };

	p.r = sl_asm_finish(a, &p.insns, &p.count, &p.err);
	sl_asm_fini(a);
	return p;
}

static uint32_t run(const struct program *p, uint32_t nr)
{
	struct sl_seccomp_data data = { .nr = nr };
	struct sl_bpf_result result = { .action = 0xbad };

	ASSERT_EQ(p->r, 0);
	EXPECT_EQ(sl_bpf_run(p->insns, p->count, &data, &result), 0);
	return result.action;
}

static void pad(struct sl_asm *a, int count)
{
	for (int i = 0; i < count; i++)
		sl_asm_stmt(a, PAD, 0xffffffff);
}

/* nr == 7 ? 1 : 2, with @near instructions before one side, @far the other. */
static struct program branch(int near, int far, bool swap)
{
	struct sl_asm a;
	uint32_t hit, miss;

	sl_asm_init(&a);
	hit = sl_asm_label(&a);
	miss = sl_asm_label(&a);
	sl_asm_stmt(&a, LOAD, 0);
	sl_asm_jump(&a, BPF_JEQ, 7, hit, miss);
	pad(&a, near);
	sl_asm_bind(&a, swap ? miss : hit);
	sl_asm_stmt(&a, RET, swap ? 2 : 1);
	pad(&a, far);
	sl_asm_bind(&a, swap ? hit : miss);
	sl_asm_stmt(&a, RET, swap ? 1 : 2);
	return finish(&a);
}

TEST(every_distance_around_the_reach)
{
	static const int distances[] = { 0,   1,   2,	3,   252, 253, 254, 255,
					 256, 257, 258, 300, 511, 512, 1000 };
	size_t count = sizeof(distances) / sizeof(distances[0]);

	for (size_t i = 0; i < count; i++)
		for (size_t j = 0; j < count; j++)
			for (int swap = 0; swap < 2; swap++) {
				struct program p = branch(distances[i],
							  distances[j], swap);

				EXPECT_EQ(run(&p, 7), 1);
				EXPECT_EQ(run(&p, 8), 2);
				free(p.insns);
			}
}

TEST(stepping_stones_only_where_needed)
{
	struct program p = branch(253, 0, false); /* offsets 253 and 254 */

	EXPECT_EQ(p.count, 2 + 253 + 1 + 1);
	free(p.insns);
	p = branch(254, 0, false); /* 254 and 255 */
	EXPECT_EQ(p.count, 2 + 254 + 1 + 1);
	free(p.insns);
	p = branch(10, 300, false); /* one out of reach: one stone */
	EXPECT_EQ(p.count, 2 + 10 + 1 + 300 + 1 + 1);
	free(p.insns);
}

/* The stone of one side pushes the other, exactly at the reach, beyond it. */
TEST(stone_pushes_the_other_side)
{
	struct program p = branch(255, 0, false);

	EXPECT_EQ(run(&p, 7), 1);
	EXPECT_EQ(run(&p, 8), 2);
	EXPECT_EQ(p.count, 2 + 255 + 1 + 1 + 2);
	free(p.insns);
}

TEST(next_falls_through)
{
	struct sl_asm a;
	uint32_t end;
	struct program p;

	sl_asm_init(&a);
	end = sl_asm_label(&a);
	sl_asm_stmt(&a, LOAD, 0);
	sl_asm_jump(&a, BPF_JGE, 100, end, SL_ASM_NEXT);
	sl_asm_jump(&a, BPF_JSET, 1, SL_ASM_NEXT, end);
	sl_asm_stmt(&a, RET, 1);
	pad(&a, 600);
	sl_asm_bind(&a, end);
	sl_asm_stmt(&a, RET, 2);
	p = finish(&a);
	EXPECT_EQ(run(&p, 100), 2);
	EXPECT_EQ(run(&p, 50), 2);
	EXPECT_EQ(run(&p, 51), 1);
	free(p.insns);
}

TEST(goto_near_costs_nothing)
{
	struct sl_asm a;
	uint32_t far, near;
	struct program p;

	sl_asm_init(&a);
	far = sl_asm_label(&a);
	near = sl_asm_label(&a);
	sl_asm_goto(&a, near);
	sl_asm_bind(&a, near);
	sl_asm_goto(&a, far);
	pad(&a, 2000);
	sl_asm_stmt(&a, RET, 1);
	sl_asm_bind(&a, far);
	sl_asm_stmt(&a, RET, 2);
	p = finish(&a);
	EXPECT_EQ(p.count, 1 + 2000 + 1 + 1);
	EXPECT_EQ(run(&p, 0), 2);
	free(p.insns);
}

TEST(label_errors)
{
	struct sl_asm a;
	struct program p;
	uint32_t label;

	/* behind */
	sl_asm_init(&a);
	label = sl_asm_label(&a);
	sl_asm_bind(&a, label);
	sl_asm_stmt(&a, LOAD, 0);
	sl_asm_jump(&a, BPF_JEQ, 1, label, SL_ASM_NEXT);
	sl_asm_stmt(&a, RET, 1);
	p = finish(&a);
	EXPECT_EQ(p.r, -EINVAL);
	EXPECT_HAS(p.err.msg, "not ahead");

	/* nowhere */
	sl_asm_init(&a);
	sl_asm_goto(&a, sl_asm_label(&a));
	sl_asm_stmt(&a, RET, 1);
	EXPECT_EQ(finish(&a).r, -EINVAL);

	/* never made */
	sl_asm_init(&a);
	sl_asm_goto(&a, 99);
	sl_asm_stmt(&a, RET, 1);
	EXPECT_EQ(finish(&a).r, -EINVAL);

	/* twice */
	sl_asm_init(&a);
	label = sl_asm_label(&a);
	sl_asm_bind(&a, label);
	sl_asm_stmt(&a, RET, 1);
	sl_asm_bind(&a, label);
	sl_asm_stmt(&a, RET, 1);
	EXPECT_EQ(finish(&a).r, -EINVAL);
}

TEST(control_must_not_run_off_the_end)
{
	struct sl_asm a;

	sl_asm_init(&a);
	EXPECT_EQ(finish(&a).r, -EINVAL);
	sl_asm_init(&a);
	sl_asm_stmt(&a, LOAD, 0);
	EXPECT_EQ(finish(&a).r, -EINVAL);
	sl_asm_init(&a);
	sl_asm_stmt(&a, LOAD, 0);
	sl_asm_jump(&a, BPF_JEQ, 1, SL_ASM_NEXT, SL_ASM_NEXT);
	EXPECT_EQ(finish(&a).r, -EINVAL);
}

TEST(instruction_limit)
{
	struct sl_asm a;
	struct program p;

	sl_asm_init(&a);
	pad(&a, 4095);
	sl_asm_stmt(&a, RET, 1);
	p = finish(&a);
	EXPECT_EQ(p.r, 0);
	EXPECT_EQ(p.count, 4096);
	free(p.insns);
	sl_asm_init(&a);
	pad(&a, 4096);
	sl_asm_stmt(&a, RET, 1);
	p = finish(&a);
	EXPECT_EQ(p.r, -E2BIG);
	EXPECT_HAS(p.err.msg, "4096");
	sl_asm_init(&a);
	pad(&a, 100000);
	EXPECT_EQ(finish(&a).r, -E2BIG);
}

TEST(simulator_refuses_what_the_kernel_would)
{
	static const struct sock_filter bad[][3] = {
		{ { LOAD, 0, 0, 64 }, { RET, 0, 0, 1 }, { RET, 0, 0, 1 } },
		{ { LOAD, 0, 0, 2 }, { RET, 0, 0, 1 }, { RET, 0, 0, 1 } },
		{ { BPF_JMP | BPF_JEQ | BPF_K, 2, 0, 0 },
		  { RET, 0, 0, 1 },
		  { RET, 0, 0, 1 } },
		{ { BPF_JMP | BPF_JEQ | BPF_K, 0, 255, 0 },
		  { RET, 0, 0, 1 },
		  { RET, 0, 0, 1 } },
		{ { BPF_JMP | BPF_JA, 0, 0, 2 },
		  { RET, 0, 0, 1 },
		  { RET, 0, 0, 1 } },
		{ { BPF_JMP | BPF_JA, 0, 0, UINT32_MAX },
		  { RET, 0, 0, 1 },
		  { RET, 0, 0, 1 } },
		{ { BPF_LD | BPF_B | BPF_ABS, 0, 0, 0 },
		  { RET, 0, 0, 1 },
		  { RET, 0, 0, 1 } },
		{ { BPF_ST, 0, 0, 99 }, { RET, 0, 0, 1 }, { RET, 0, 0, 1 } },
	};
	struct sl_seccomp_data data = { .nr = 0 };
	struct sl_bpf_result result;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_EQ(sl_bpf_check(bad[i], 3), -EINVAL);
		EXPECT_EQ(sl_bpf_run(bad[i], 3, &data, &result), -EINVAL);
	}
	EXPECT_EQ(sl_bpf_check(bad[0], 0), -EINVAL);
	EXPECT_EQ(sl_bpf_run(bad[0], 0, &data, &result), -EINVAL);
}

TEST(simulator_tells_loads_of_arguments)
{
	static const struct sock_filter number[] = { { LOAD, 0, 0, 4 },
						     { LOAD, 0, 0, 0 },
						     { RET, 0, 0, 5 } };
	static const struct sock_filter argument[] = { { LOAD, 0, 0, 60 },
						       { RET, 0, 0, 5 } };
	struct sl_seccomp_data data = { .nr = 0 };
	struct sl_bpf_result result;

	ASSERT_EQ(sl_bpf_run(number, 3, &data, &result), 0);
	EXPECT_FALSE(result.read_args);
	EXPECT_EQ(result.steps, 3);
	ASSERT_EQ(sl_bpf_run(argument, 2, &data, &result), 0);
	EXPECT_TRUE(result.read_args);
	EXPECT_EQ(result.action, 5);
}
