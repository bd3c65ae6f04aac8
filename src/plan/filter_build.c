/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Spec -> program:
 *
 *	other architecture, x32: kill
 *	binary search over the number, equal neighbours taken together
 *	per call with argument rules: its tests, refusals before traps
 *	the answers
 *
 * Arguments are loaded behind the search only: for a call that is allowed
 * whatever its arguments the kernel then never runs the filter (a bitmap that
 * it fills at install time, Linux 5.11).
 */
#include "plan/notify.h"

#include <errno.h>
#include <linux/filter.h>
#include <stddef.h>

#include "plan/bpf_asm.h"
#include "sys/uapi_seccomp.h"

#define LOAD (BPF_LD | BPF_W | BPF_ABS)
#define NUMBERS (SL_SYSCALL_NR_MAX + 2) /* and one for all above */

/* What happens to a number: an errno, SL_FILTER_TRAP, ALLOWED, or JUDGED + its
 * call. */
#define ALLOWED 0
#define JUDGED 0x8000

/* Up to this many single numbers among others that share one answer are
 * compared one by one; searching for each takes twice the instructions. */
#define CHAIN 3

struct range {
	uint32_t first;
	uint16_t act;
};

struct answer {
	uint16_t act;
	uint32_t label;
};

struct build {
	const struct sl_filter_spec *spec;
	struct sl_asm code;
	const struct sl_filter_rule *first[SL_SYS_COUNT];
	uint16_t judges[SL_SYS_COUNT]; /* calls with argument rules */
	size_t judge_count;
	struct range ranges[NUMBERS + 1];
	size_t range_count;
	/* Neighbouring ranges told apart by one chain of comparisons: the
	 * first range of each, and the end. */
	uint16_t chains[NUMBERS + 1];
	size_t chain_count;
	struct answer answers[SL_SYS_COUNT + 64];
	size_t answer_count;
};

/* What the accumulator holds: an argument's low half under a mask. */
struct held {
	bool known;
	uint8_t arg;
	uint32_t mask;
};

/* Traps come behind the refusals of their call. */
static const struct sl_filter_rule *first_trap(enum sl_sys call)
{
	const struct sl_notify_row *row = sl_notify_row_first(call);

	return row ? &row->rule : NULL;
}

static const struct sl_filter_rule *after(const struct sl_filter_rule *rule)
{
	const struct sl_filter_rule *next;

	if (rule->error == SL_FILTER_TRAP) {
		const struct sl_notify_row *row = sl_notify_row_next(
			(const struct sl_notify_row *)(const void *)rule);

		return row ? &row->rule : NULL;
	}
	next = sl_filter_rule_next(rule);
	return next ? next : first_trap(rule->call);
}

/* SECURITY: a call that is allowed by name is spared the refusals, never the
 * judge, who decides what would else be open. */
static bool counts(const struct build *b, const struct sl_filter_rule *rule)
{
	if (rule->error != SL_FILTER_TRAP &&
	    b->spec->list[rule->call] == SL_LIST_ALLOW)
		return false;
	return sl_filter_rule_holds(rule, b->spec->when);
}

/* The first rule from @rule on that holds. */
static const struct sl_filter_rule *holding(const struct build *b,
					    const struct sl_filter_rule *rule)
{
	while (rule && !counts(b, rule))
		rule = after(rule);
	return rule;
}

static const struct sl_filter_rule *
next_holding(const struct build *b, const struct sl_filter_rule *rule)
{
	return holding(b, after(rule));
}

static const struct sl_filter_rule *first_holding(const struct build *b,
						  enum sl_sys call)
{
	return holding(b, b->first[call]);
}

static bool same_test(const struct sl_arg_test *a, const struct sl_arg_test *b)
{
	if (a->op != b->op || a->arg != b->arg || a->mask != b->mask ||
	    a->count != b->count)
		return false;
	for (uint8_t i = 0; i < a->count; i++)
		if (a->values[i] != b->values[i])
			return false;
	return true;
}

/* Whether two calls are judged alike, so that one piece of code does. */
static bool same_rules(const struct build *b, enum sl_sys one, enum sl_sys two)
{
	const struct sl_filter_rule *r1 = first_holding(b, one);
	const struct sl_filter_rule *r2 = first_holding(b, two);

	while (r1 && r2) {
		if (r1->error != r2->error)
			return false;
		for (size_t i = 0; i < SL_RULE_TESTS; i++)
			if (!same_test(&r1->tests[i], &r2->tests[i]))
				return false;
		r1 = next_holding(b, r1);
		r2 = next_holding(b, r2);
	}
	return !r1 && !r2;
}

/* What stands for judging @call: itself, or an earlier call judged alike. */
static uint16_t judge_of(struct build *b, enum sl_sys call)
{
	for (size_t i = 0; i < b->judge_count; i++)
		if (same_rules(b, (enum sl_sys)b->judges[i], call))
			return (uint16_t)(JUDGED + b->judges[i]);
	b->judges[b->judge_count++] = (uint16_t)call;
	return (uint16_t)(JUDGED + call);
}

static uint16_t act_of_call(struct build *b, enum sl_sys call)
{
	const struct sl_filter_rule *rule = first_holding(b, call);

	if (rule && sl_filter_rule_plain(rule) && rule->error != SL_FILTER_TRAP)
		return rule->error;
	if (b->spec->list[call] == SL_LIST_DENY)
		return EPERM;
	if (rule && sl_filter_rule_plain(rule))
		return rule->error;
	return rule ? judge_of(b, call) : ALLOWED;
}

static void find_first_rules(struct build *b)
{
	const struct sl_filter_rule *rule;

	for (size_t i = 0; (rule = sl_filter_rule_at(i)); i++)
		if (!b->first[rule->call])
			b->first[rule->call] = rule;
	for (int call = 0; call < SL_SYS_COUNT; call++)
		if (!b->first[call])
			b->first[call] = first_trap((enum sl_sys)call);
}

static void find_ranges(struct build *b)
{
	uint16_t acts[NUMBERS];
	enum sl_arch arch = b->spec->arch;

	for (size_t i = 0; i < NUMBERS; i++)
		acts[i] = ENOSYS;
	for (int call = 0; call < SL_SYS_COUNT; call++) {
		int nr = sl_sys_number((enum sl_sys)call, arch);

		if (nr >= 0)
			acts[nr] = act_of_call(b, (enum sl_sys)call);
	}
	for (uint32_t i = 0; i < NUMBERS; i++)
		if (i == 0 || acts[i] != acts[i - 1])
			b->ranges[b->range_count++] = (struct range){ i, acts[i] };
	/* A sentinel, so that every range has an end. */
	b->ranges[b->range_count] = (struct range){ UINT32_MAX, 0 };
}

/* The label of what answers @act, placed later by emit_answers(). */
static uint32_t answer(struct build *b, uint16_t act)
{
	size_t i = 0;

	while (i < b->answer_count && b->answers[i].act != act)
		i++;
	if (i == b->answer_count)
		b->answers[b->answer_count++] =
			(struct answer){ act, sl_asm_label(&b->code) };
	return b->answers[i].label;
}

static uint32_t width(const struct range *range)
{
	return range[1].first - range[0].first;
}

/*
 * Instructions for the ranges [lo, hi) when the numbers that do not share the
 * commonest answer are compared one by one; -1 if they are too many.
 */
static int chain_cost(const struct build *b, size_t lo, size_t hi,
		      uint16_t *ret_common)
{
	size_t widest = lo;
	uint32_t others = 0;

	for (size_t i = lo; i < hi; i++)
		if (width(&b->ranges[i]) > width(&b->ranges[widest]))
			widest = i;
	*ret_common = b->ranges[widest].act;
	for (size_t i = lo; i < hi; i++) {
		if (b->ranges[i].act == *ret_common)
			continue;
		if (width(&b->ranges[i]) > CHAIN)
			return -1;
		others += width(&b->ranges[i]);
	}
	return others <= CHAIN ? (int)others : -1;
}

/*
 * Cuts the ranges into the chains that are cheapest together, each costing one
 * more instruction to find it. From the last range to the first: the best
 * way to cover all behind a range is known when its turn comes.
 */
static void find_chains(struct build *b)
{
	uint32_t best[NUMBERS + 1] = { 0 };
	uint16_t end[NUMBERS + 1], common;

	for (size_t lo = b->range_count; lo-- > 0;) {
		best[lo] = UINT32_MAX;
		for (size_t hi = lo + 1; hi <= b->range_count; hi++) {
			int cost = chain_cost(b, lo, hi, &common);

			if (cost < 0 && hi - lo > 2u * CHAIN + 1)
				break;
			if (cost < 0 || (uint32_t)cost + best[hi] >= best[lo])
				continue;
			best[lo] = (uint32_t)cost + best[hi];
			end[lo] = (uint16_t)hi;
		}
		best[lo]++;
	}
	for (size_t lo = 0; lo < b->range_count; lo = end[lo])
		b->chains[b->chain_count++] = (uint16_t)lo;
	b->chains[b->chain_count] = (uint16_t)b->range_count;
}

/* The label to jump to for chain @c, if it is one range: its answer. */
static uint32_t chain_answer(struct build *b, size_t c)
{
	size_t lo = b->chains[c];

	return b->chains[c + 1] - lo == 1 ? answer(b, b->ranges[lo].act)
					  : SL_ASM_NEXT;
}

static void emit_chain(struct build *b, size_t c)
{
	uint32_t nr = 0, yes = SL_ASM_NEXT;
	uint16_t common;

	chain_cost(b, b->chains[c], b->chains[c + 1], &common);
	for (size_t i = b->chains[c]; i < b->chains[c + 1]; i++) {
		const struct range *range = &b->ranges[i];

		if (range->act == common)
			continue;
		for (uint32_t n = 0; n < width(range); n++) {
			if (yes != SL_ASM_NEXT)
				sl_asm_jump(&b->code, BPF_JEQ, nr, yes,
					    SL_ASM_NEXT);
			nr = range->first + n;
			yes = answer(b, range->act);
		}
	}
	if (yes == SL_ASM_NEXT)
		sl_asm_goto(&b->code, answer(b, common));
	else
		sl_asm_jump(&b->code, BPF_JEQ, nr, yes, answer(b, common));
}

/* Search among the chains [lo, hi), at least one. Depth: log2 of them. */
static void emit_search(struct build *b, size_t lo, size_t hi)
{
	size_t mid = lo + (hi - lo) / 2;
	uint32_t lower = SL_ASM_NEXT, upper = SL_ASM_NEXT;
	uint32_t first = b->ranges[b->chains[mid]].first;
	bool more;

	if (hi - lo == 1) {
		emit_chain(b, lo);
		return;
	}
	if (mid - lo == 1)
		lower = chain_answer(b, lo);
	if (hi - mid == 1)
		upper = chain_answer(b, mid);
	more = upper == SL_ASM_NEXT;
	if (more)
		upper = sl_asm_label(&b->code);
	sl_asm_jump(&b->code, BPF_JGE, first, upper, lower);
	if (lower == SL_ASM_NEXT)
		emit_search(b, lo, mid);
	if (!more)
		return;
	sl_asm_bind(&b->code, upper);
	emit_search(b, mid, hi);
}

/* Low half: the architectures here are little-endian. */
static uint32_t low_half(uint8_t arg)
{
	return (uint32_t)(offsetof(struct sl_seccomp_data, args) + 8u * arg);
}

static void load(struct sl_asm *code, const struct sl_arg_test *test,
		 struct held *held)
{
	struct held now = { true, test->arg, test->mask };

	if (test->op == SL_OP_BITS)
		now.mask = UINT32_MAX;
	if (held->known && held->arg == now.arg && held->mask == now.mask)
		return;
	sl_asm_stmt(code, LOAD, low_half(test->arg));
	if (now.mask != UINT32_MAX)
		sl_asm_stmt(code, BPF_ALU | BPF_AND | BPF_K, now.mask);
	*held = now;
}

static void emit_test(struct sl_asm *code, const struct sl_arg_test *test,
		      uint32_t yes, uint32_t no, struct held *held)
{
	uint32_t match = test->op == SL_OP_OUT ? no : yes;
	uint32_t miss = test->op == SL_OP_OUT ? yes : no;
	uint8_t last = (uint8_t)(test->count - 1);

	if (test->op == SL_OP_SOME) {
		sl_asm_stmt(code, LOAD, low_half(test->arg) + 4);
		sl_asm_jump(code, BPF_JEQ, 0, SL_ASM_NEXT, yes);
		sl_asm_stmt(code, LOAD, low_half(test->arg));
		sl_asm_jump(code, BPF_JEQ, 0, no, yes);
		*held = (struct held){ true, test->arg, UINT32_MAX };
		return;
	}
	load(code, test, held);
	if (test->op == SL_OP_BITS) {
		sl_asm_jump(code, BPF_JSET, test->mask, yes, no);
		return;
	}
	for (uint8_t i = 0; i < last; i++)
		sl_asm_jump(code, BPF_JEQ, test->values[i], match, SL_ASM_NEXT);
	sl_asm_jump(code, BPF_JEQ, test->values[last], match, miss);
}

/* Refuses, or goes on at @next. */
static void emit_rule(struct build *b, const struct sl_filter_rule *rule,
		      uint32_t next, struct held *held)
{
	const struct sl_arg_test *test = rule->tests;
	const struct sl_arg_test *end = test + SL_RULE_TESTS;

	for (; test + 1 < end && test[1].op != SL_OP_NONE; test++) {
		uint32_t more = sl_asm_label(&b->code);

		emit_test(&b->code, test, more, next, held);
		sl_asm_bind(&b->code, more);
	}
	emit_test(&b->code, test, answer(b, rule->error), next, held);
	/* From several tests @next is reached with several things loaded. */
	if (test != rule->tests)
		held->known = false;
}

static void emit_judge(struct build *b, enum sl_sys call)
{
	const struct sl_filter_rule *rule, *later;
	struct held held = { 0 };
	uint32_t next;

	rule = first_holding(b, call);
	for (; rule; rule = later) {
		if (sl_filter_rule_plain(rule)) {
			sl_asm_goto(&b->code, answer(b, rule->error));
			return;
		}
		later = next_holding(b, rule);
		next = later ? sl_asm_label(&b->code) : answer(b, ALLOWED);
		emit_rule(b, rule, next, &held);
		if (later)
			sl_asm_bind(&b->code, next);
	}
}

/*
 * ENOSYS is no refusal to be told of: every libc goes another way then.
 * SECURITY: without a judge what is trapped fails as well.
 */
static uint32_t action_of(const struct build *b, uint16_t act)
{
	bool why = b->spec->when & SL_WHEN_WHY;

	if (act == ALLOWED)
		return SL_SECCOMP_ALLOW;
	if (act == SL_FILTER_TRAP || (why && act != ENOSYS))
		return SL_SECCOMP_USER_NOTIF;
	return SL_SECCOMP_ERRNO | act;
}

/* Judges first: they use the plain answers, which must be ahead of them. */
static void emit_answers(struct build *b)
{
	for (size_t i = 0; i < b->answer_count; i++) {
		if (b->answers[i].act < JUDGED)
			continue;
		sl_asm_bind(&b->code, b->answers[i].label);
		emit_judge(b, (enum sl_sys)(b->answers[i].act - JUDGED));
	}
	for (size_t i = 0; i < b->answer_count; i++) {
		uint16_t act = b->answers[i].act;

		if (act >= JUDGED)
			continue;
		sl_asm_bind(&b->code, b->answers[i].label);
		sl_asm_stmt(&b->code, BPF_RET | BPF_K, action_of(b, act));
	}
}

static void emit_head(struct build *b, uint32_t kill)
{
	sl_asm_stmt(&b->code, LOAD, offsetof(struct sl_seccomp_data, arch));
	sl_asm_jump(&b->code, BPF_JEQ, sl_arch_audit(b->spec->arch),
		    SL_ASM_NEXT, kill);
	sl_asm_stmt(&b->code, LOAD, offsetof(struct sl_seccomp_data, nr));
	/* x32 shares the token of x86_64. */
	if (b->spec->arch == SL_ARCH_X86_64)
		sl_asm_jump(&b->code, BPF_JSET, SL_X32_SYSCALL_BIT, kill,
			    SL_ASM_NEXT);
}

int sl_filter_build(const struct sl_filter_spec *spec,
		    struct sock_filter **ret_insns, size_t *ret_count,
		    struct sl_error *err)
{
	sl_autofree struct build *b = calloc(1, sizeof(*b));
	uint32_t kill;
	int r;

	if (!b)
		return sl_err(err, -ENOMEM, SL_STAGE_COMPILE, "out of memory");
	b->spec = spec;
	sl_asm_init(&b->code);
	kill = sl_asm_label(&b->code);
	emit_head(b, kill);
	find_first_rules(b);
	find_ranges(b);
	find_chains(b);
	emit_search(b, 0, b->chain_count);
	emit_answers(b);
	sl_asm_bind(&b->code, kill);
	sl_asm_stmt(&b->code, BPF_RET | BPF_K, SL_SECCOMP_KILL_PROCESS);
	r = sl_asm_finish(&b->code, ret_insns, ret_count, err);
	sl_asm_fini(&b->code);
	return r;
}
