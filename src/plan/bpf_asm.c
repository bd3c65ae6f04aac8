/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The assembler of bpf_asm.h. Places are counted from the end of the program
 * and code is laid out backwards: when a jump is placed, all that it may jump
 * to has its final place, so one pass resolves every distance.
 */
#include "plan/bpf_asm.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <string.h>

#include "base/limits.h"
#include "plan/bpf_sim.h"

#define REACH 255u /* of the 8-bit offsets of a conditional jump */
#define UNBOUND UINT32_MAX
/* Labels cost no instruction, so there may be more items than those. */
#define MAX_ITEMS (4u * SL_MAX_BPF_INSNS)

enum kind {
	KIND_STMT = 0,
	KIND_JUMP,
	KIND_GOTO,
	KIND_BIND,
};

struct sl_asm_item {
	enum kind kind;
	uint16_t code;
	uint32_t k;
	uint32_t yes, no; /* labels; GOTO and BIND use yes */
};

/* The program while it grows towards its beginning. */
struct layout {
	struct sock_filter insns[SL_MAX_BPF_INSNS]; /* the last one first */
	uint32_t count;
	uint32_t *place; /* of each label: instructions from there to the end */
	uint32_t labels;
	int failed;
	uint32_t culprit; /* the label that made it fail */
};

void sl_asm_init(struct sl_asm *a)
{
	*a = (struct sl_asm){ .labels = 1 };
}

void sl_asm_fini(struct sl_asm *a)
{
	free(a->items);
	sl_asm_init(a);
}

static void add(struct sl_asm *a, const struct sl_asm_item *item)
{
	struct sl_asm_item *items;
	size_t cap;

	if (a->failed)
		return;
	if (a->count == a->cap) {
		cap = a->cap ? a->cap * 2 : 256;
		if (cap > MAX_ITEMS) {
			a->failed = -E2BIG;
			return;
		}
		items = reallocarray(a->items, cap, sizeof(*items));
		if (!items) {
			a->failed = -ENOMEM;
			return;
		}
		a->items = items;
		a->cap = cap;
	}
	a->items[a->count++] = *item;
}

uint32_t sl_asm_label(struct sl_asm *a)
{
	/* More labels than items can be bound is a fault add() reports. */
	return a->labels < MAX_ITEMS ? a->labels++ : MAX_ITEMS;
}

void sl_asm_bind(struct sl_asm *a, uint32_t label)
{
	add(a, &(struct sl_asm_item){ .kind = KIND_BIND, .yes = label });
}

void sl_asm_stmt(struct sl_asm *a, uint16_t code, uint32_t k)
{
	add(a, &(struct sl_asm_item){ .code = code, .k = k });
}

void sl_asm_jump(struct sl_asm *a, uint16_t test, uint32_t k, uint32_t yes,
		 uint32_t no)
{
	add(a, &(struct sl_asm_item){
		       .kind = KIND_JUMP,
		       .code = (uint16_t)(BPF_JMP | test | BPF_K),
		       .k = k,
		       .yes = yes,
		       .no = no,
	       });
}

void sl_asm_goto(struct sl_asm *a, uint32_t label)
{
	add(a, &(struct sl_asm_item){ .kind = KIND_GOTO, .yes = label });
}

static void put(struct layout *out, uint16_t code, uint32_t k, uint32_t jt,
		uint32_t jf)
{
	if (out->count == SL_MAX_BPF_INSNS && !out->failed)
		out->failed = -E2BIG;
	if (out->failed)
		return;
	out->insns[out->count++] = (struct sock_filter){
		.code = code,
		.jt = (uint8_t)jt,
		.jf = (uint8_t)jf,
		.k = k,
	};
}

static void blame(struct layout *out, uint32_t label)
{
	if (!out->failed) {
		out->failed = -EINVAL;
		out->culprit = label;
	}
}

static uint32_t place_of(struct layout *out, uint32_t label)
{
	if (label == SL_ASM_NEXT)
		return out->count;
	if (label < out->labels && out->place[label] != UNBOUND)
		return out->place[label];
	blame(out, label);
	return out->count;
}

/* A place near enough for a jump put next: itself, or a stepping stone. */
static uint32_t within_reach(struct layout *out, uint32_t place, bool *moved)
{
	if (out->failed || out->count - place <= REACH)
		return place;
	put(out, BPF_JMP | BPF_JA, out->count - place, 0, 0);
	*moved = true;
	return out->count;
}

static void put_jump(struct layout *out, const struct sl_asm_item *item)
{
	uint32_t yes = place_of(out, item->yes);
	uint32_t no = place_of(out, item->no);
	bool moved;

	/* A stepping stone for one side moves the other side away. */
	do {
		moved = false;
		yes = within_reach(out, yes, &moved);
		no = within_reach(out, no, &moved);
	} while (moved && !out->failed);
	put(out, item->code, item->k, out->count - yes, out->count - no);
}

static void put_item(struct layout *out, const struct sl_asm_item *item)
{
	uint32_t place;

	switch (item->kind) {
	case KIND_STMT:
		put(out, item->code, item->k, 0, 0);
		break;
	case KIND_JUMP:
		put_jump(out, item);
		break;
	case KIND_GOTO:
		place = place_of(out, item->yes);
		if (place != out->count)
			put(out, BPF_JMP | BPF_JA, out->count - place, 0, 0);
		break;
	case KIND_BIND:
		if (item->yes == SL_ASM_NEXT || item->yes >= out->labels ||
		    out->place[item->yes] != UNBOUND)
			blame(out, item->yes);
		else
			out->place[item->yes] = out->count;
		break;
	}
}

static int explain(const struct layout *out, struct sl_error *err)
{
	if (out->failed == -E2BIG)
		return sl_err(err, -E2BIG, SL_STAGE_COMPILE,
			      "the filter needs more than %u instructions",
			      (unsigned int)SL_MAX_BPF_INSNS);
	return sl_err(err, out->failed, SL_STAGE_COMPILE,
		      "filter label %u is bound twice, or not ahead of a jump "
		      "to it",
		      out->culprit);
}

int sl_asm_finish(struct sl_asm *a, struct sock_filter **ret_insns,
		  size_t *ret_count, struct sl_error *err)
{
	/* Not cleared: room for the largest program, of which most use little. */
	sl_autofree struct layout *out = malloc(sizeof(*out));
	sl_autofree uint32_t *place = malloc(a->labels * sizeof(*place));
	sl_autofree struct sock_filter *insns = NULL;

	if (!out || !place || a->failed == -ENOMEM)
		return sl_err(err, -ENOMEM, SL_STAGE_COMPILE, "out of memory");
	memset(place, 0xff, a->labels * sizeof(*place));
	out->count = 0;
	out->place = place;
	out->labels = a->labels;
	out->failed = a->failed;
	out->culprit = 0;
	for (size_t i = a->count; i-- > 0;)
		put_item(out, &a->items[i]);
	if (out->failed)
		return explain(out, err);

	insns = calloc(SL_MAX(out->count, 1u), sizeof(*insns));
	if (!insns)
		return sl_err(err, -ENOMEM, SL_STAGE_COMPILE, "out of memory");
	for (uint32_t i = 0; i < out->count; i++)
		insns[i] = out->insns[out->count - 1 - i];
	/* SECURITY: every offset is looked at again by other code. */
	if (sl_bpf_check(insns, out->count) < 0)
		return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
			      "the filter is not a valid program");
	*ret_insns = sl_take_ptr(&insns);
	*ret_count = out->count;
	return 0;
}
