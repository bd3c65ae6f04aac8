/* SPDX-License-Identifier: Apache-2.0 */
/* The interpreter of bpf_sim.h. Pure. */
#include "plan/bpf_sim.h"

#include <errno.h>
#include <linux/filter.h>
#include <string.h>

#include "base/limits.h"
#include "sys/uapi_seccomp.h"

static int check_one(const struct sock_filter *insn, size_t left)
{
	switch (insn->code) {
	case BPF_LD | BPF_W | BPF_ABS:
		if (insn->k % 4 || insn->k >= sizeof(struct sl_seccomp_data))
			return -EINVAL;
		break;
	case BPF_JMP | BPF_JA:
		if (insn->k >= left)
			return -EINVAL;
		break;
	case BPF_JMP | BPF_JEQ | BPF_K:
	case BPF_JMP | BPF_JGT | BPF_K:
	case BPF_JMP | BPF_JGE | BPF_K:
	case BPF_JMP | BPF_JSET | BPF_K:
		if (insn->jt >= left || insn->jf >= left)
			return -EINVAL;
		break;
	case BPF_ALU | BPF_AND | BPF_K:
		if (left == 0)
			return -EINVAL;
		break;
	case BPF_RET | BPF_K:
		break;
	default:
		return -EINVAL;
	}
	return 0;
}

int sl_bpf_check(const struct sock_filter *insns, size_t count)
{
	if (count == 0 || count > SL_MAX_BPF_INSNS)
		return -EINVAL;
	for (size_t i = 0; i < count; i++)
		if (check_one(&insns[i], count - 1 - i) < 0)
			return -EINVAL;
	/* All jumps lead ahead, so control gets here if nowhere else. */
	return insns[count - 1].code == (BPF_RET | BPF_K) ? 0 : -EINVAL;
}

static size_t branch(const struct sock_filter *insn, uint32_t acc)
{
	bool yes = false;

	switch (BPF_OP(insn->code)) {
	case BPF_JA:
		return insn->k;
	case BPF_JEQ:
		yes = acc == insn->k;
		break;
	case BPF_JGT:
		yes = acc > insn->k;
		break;
	case BPF_JGE:
		yes = acc >= insn->k;
		break;
	case BPF_JSET:
		yes = (acc & insn->k) != 0;
		break;
	default:
		break;
	}
	return yes ? insn->jt : insn->jf;
}

int sl_bpf_run(const struct sock_filter *insns, size_t count,
	       const struct sl_seccomp_data *data,
	       struct sl_bpf_result *ret_result)
{
	struct sl_bpf_result result = { 0 };
	uint32_t acc = 0;

	for (size_t pc = 0; pc < count; pc++) {
		const struct sock_filter *insn = &insns[pc];

		if (check_one(insn, count - 1 - pc) < 0)
			return -EINVAL;
		result.steps++;
		switch (BPF_CLASS(insn->code)) {
		case BPF_LD:
			memcpy(&acc, (const char *)data + insn->k, sizeof(acc));
			if (insn->k >= 2 * sizeof(acc))
				result.read_args = true;
			break;
		case BPF_ALU:
			acc &= insn->k;
			break;
		case BPF_JMP:
			pc += branch(insn, acc);
			break;
		default: /* BPF_RET, says check_one() */
			result.action = insn->k;
			*ret_result = result;
			return 0;
		}
	}
	return -EINVAL;
}
