/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of policy values: set, merge, clone, read. The grammars are in
 * value.c, what contradicts what is in check.c.
 */
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/value.h"

struct sl_policy {
	struct sl_value values[SL_KEY_COUNT];
};

int sl_policy_new(struct sl_policy **ret_policy)
{
	struct sl_policy *policy = calloc(1, sizeof(*policy));

	if (!policy)
		return -ENOMEM;
	*ret_policy = policy;
	return 0;
}

static void value_fini(struct sl_value *value)
{
	for (size_t i = 0; i < value->count; i++)
		free(value->items[i].text);
	free(value->items);
	*value = (struct sl_value){ 0 };
}

void sl_policy_free(struct sl_policy *policy)
{
	if (!policy)
		return;
	for (size_t i = 0; i < SL_KEY_COUNT; i++)
		value_fini(&policy->values[i]);
	free(policy);
}

/* The text as it was given and the origin's name live behind the text, in the
 * same block. */
static int item_init(struct sl_item *item, const struct sl_parsed *parsed,
		     const struct sl_origin *origin)
{
	const char *source = origin->source;
	size_t extra = source ? strlen(source) + 1 : 0;
	size_t given = parsed->optional ? parsed->len + 2 : 0;
	char *block = malloc(parsed->len + 1 + given + extra);
	char *end;

	if (!block)
		return -ENOMEM;
	memcpy(block, parsed->text, parsed->len);
	block[parsed->len] = '\0';
	*item = (struct sl_item){ .text = block,
				  .given = block,
				  .num = parsed->num,
				  .optional = parsed->optional,
				  .origin = *origin };
	end = block + parsed->len + 1;
	if (given) {
		item->given = end;
		*end = '?';
		memcpy(end + 1, block, parsed->len + 1);
		end += given;
	}
	if (source)
		memcpy(end, source, extra);
	item->origin.source = source ? end : NULL;
	return 0;
}

static int item_copy(struct sl_item *item, const struct sl_item *from)
{
	struct sl_parsed parsed = { from->text, strlen(from->text), from->num,
				    from->optional };

	return item_init(item, &parsed, &from->origin);
}

static int reserve(struct sl_value *value, size_t more)
{
	struct sl_item *items;
	size_t cap;

	if (more > SL_MAX_LIST_ITEMS - value->count)
		return -E2BIG;
	if (value->count + more <= value->cap)
		return 0;
	cap = SL_MAX(value->count + more, value->cap * 2);
	items = realloc(value->items, cap * sizeof(*items));
	if (!items)
		return -ENOMEM;
	value->items = items;
	value->cap = cap;
	return 0;
}

static bool same_env_key(const char *a, const char *b)
{
	size_t n = strcspn(a, "=");

	return strncmp(a, b, n + 1) == 0;
}

/* Two profiles may extend the same preset: what it says is said once. */
static bool said(const struct sl_value *value, const struct sl_item *item)
{
	for (size_t i = 0; i < value->count; i++) {
		const struct sl_item *old = &value->items[i];

		if (old->origin.line == item->origin.line &&
		    old->origin.col == item->origin.col &&
		    old->origin.kind == SL_ORIGIN_PRESET &&
		    strcmp(old->origin.source, item->origin.source) == 0 &&
		    strcmp(old->text, item->text) == 0)
			return true;
	}
	return false;
}

/* Takes @item; room was reserved. */
static void put(struct sl_value *value, enum sl_type type, struct sl_item item)
{
	size_t at = value->count;

	value->set = true;
	if (item.origin.kind == SL_ORIGIN_PRESET && sl_type_is_list(type) &&
	    said(value, &item)) {
		free(item.text);
		return;
	}
	if (!sl_type_is_list(type))
		at = 0;
	for (size_t i = 0; type == SL_TYPE_ENV && i < value->count; i++)
		if (same_env_key(value->items[i].text, item.text))
			at = i;
	if (at < value->count)
		free(value->items[at].text);
	else
		value->count++;
	value->items[at] = item;
}

/* Moves all items of @from behind those of @to; all or nothing. */
static int move_items(struct sl_value *to, enum sl_type type,
		      struct sl_value *from)
{
	int r;

	if (!to->count && from->count) {
		free(to->items);
		*to = *from;
		*from = (struct sl_value){ 0 };
		return 0;
	}
	r = reserve(to, from->count);
	if (r < 0)
		return r;
	for (size_t i = 0; i < from->count; i++)
		put(to, type, from->items[i]);
	to->set |= from->set;
	free(from->items);
	*from = (struct sl_value){ 0 };
	return 0;
}

void sl_origin_describe(const struct sl_origin *origin, char *buf, size_t len)
{
	const char *source = origin->source ? origin->source : "";

	switch (origin->kind) {
	case SL_ORIGIN_DEFAULT:
		snprintf(buf, len, "default");
		break;
	case SL_ORIGIN_API:
	case SL_ORIGIN_OWN:
		snprintf(buf, len, "%s", source);
		break;
	case SL_ORIGIN_FILE:
	case SL_ORIGIN_PRESET:
		snprintf(buf, len, "%s%s:%u:%u",
			 origin->kind == SL_ORIGIN_PRESET ? "preset " : "",
			 source, origin->line, origin->col);
		break;
	}
}

int sl_policy_blame(struct sl_error *err, int code, enum sl_key key,
		    const struct sl_origin *origin)
{
	const char *name = sl_key_info(key)->name;
	char where[512];

	if (!err)
		return code;
	if (!origin || origin->kind == SL_ORIGIN_DEFAULT ||
	    (origin->kind == SL_ORIGIN_API && !origin->source))
		return sl_error_prefix(err, code, "%s", name);
	sl_origin_describe(origin, where, sizeof(where));
	err->line = origin->line;
	err->col = origin->col;
	if (origin->kind == SL_ORIGIN_API)
		return sl_error_prefix(err, code, "%s", where);
	return sl_error_prefix(err, code, "%s: %s", where, name);
}

static int add_one(const struct sl_key_info *info, struct sl_value *value,
		   const char *text, const struct sl_origin *origin,
		   struct sl_error *err)
{
	struct sl_parsed parsed;
	struct sl_item item;
	int r = sl_value_parse(info, text, &parsed, err);

	if (r < 0)
		return r;
	r = reserve(value, 1);
	if (r == 0)
		r = item_init(&item, &parsed, origin);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_PARSE,
			      r == -E2BIG ? "more than %u values"
					  : "out of memory (%u values)",
			      (unsigned int)SL_MAX_LIST_ITEMS);
	put(value, info->type, item);
	return 0;
}

static int add_parts(const struct sl_key_info *info, struct sl_value *value,
		     const char *text, const struct sl_origin *origin,
		     struct sl_error *err)
{
	sl_autofree char *copy = strdup(text);
	bool schemes = false;
	char *part, *next;
	int r;

	if (!copy)
		return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
	for (part = copy; part; part = next) {
		next = strchr(part, ',');
		if (next)
			*next++ = '\0';
		/* "udp://53,54" would be read in two ways. */
		if (schemes && !strstr(part, "://"))
			return sl_err(err, -EINVAL, SL_STAGE_PARSE,
				      "'%s': TCP or UDP? behind a port that "
				      "says it, this one has to as well",
				      SL_QUOTE(part));
		schemes |= info->type == SL_TYPE_PORTS && strstr(part, "://");
		r = add_one(info, value, part, origin, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int refuse(const struct sl_key_info *info, const char *text,
		  struct sl_error *err)
{
	if (info->flags & SL_KF_LATER)
		return sl_err(err, -ENOTSUP, SL_STAGE_PARSE,
			      "not available in this version");
	if (info->flags & SL_KF_RUN)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "belongs to one run, not to a policy");
	if (!text)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE, "has no value");
	if (strlen(text) > SL_MAX_VALUE_BYTES)
		return sl_err(err, -E2BIG, SL_STAGE_PARSE,
			      "the value is longer than %u bytes",
			      SL_MAX_VALUE_BYTES);
	return 0;
}

int sl_policy_set(struct sl_policy *policy, enum sl_key key, const char *text,
		  const struct sl_origin *origin, struct sl_error *err)
{
	static const struct sl_origin nobody = { .kind = SL_ORIGIN_API };
	const struct sl_key_info *info = sl_key_info(key);
	struct sl_value fresh = { 0 };
	int r;

	if (!info)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE, "unknown key");
	if (!origin)
		origin = &nobody;
	r = refuse(info, text, err);
	if (r == 0 && !sl_value_splits(info->type)) {
		r = add_one(info, &policy->values[key], text, origin, err);
	} else if (r == 0) {
		/* All parts or none. */
		r = add_parts(info, &fresh, text, origin, err);
		if (r == 0)
			r = move_items(&policy->values[key], info->type, &fresh);
		if (r < 0)
			sl_err(err, r, SL_STAGE_PARSE,
			       "too many values, or out of memory");
	}
	value_fini(&fresh);
	return r < 0 ? sl_policy_blame(err, r, key, origin) : 0;
}

void sl_policy_clear(struct sl_policy *policy, enum sl_key key)
{
	value_fini(&policy->values[key]);
}

static int copy_value(struct sl_value *to, const struct sl_value *from)
{
	int r = reserve(to, from->count);

	for (size_t i = 0; r == 0 && i < from->count; i++) {
		r = item_copy(&to->items[i], &from->items[i]);
		if (r == 0)
			to->count++;
	}
	to->set = from->set;
	return r;
}

int sl_policy_absorb(struct sl_policy *policy, struct sl_policy *over)
{
	int r = 0;

	/* What can fail comes first, so that a failure changes nothing. */
	for (size_t i = 0; r == 0 && i < SL_KEY_COUNT; i++)
		if (policy->values[i].count)
			r = reserve(&policy->values[i], over->values[i].count);
	for (size_t i = 0; r == 0 && i < SL_KEY_COUNT; i++)
		r = move_items(&policy->values[i],
			       sl_key_info((enum sl_key)i)->type,
			       &over->values[i]);
	return r;
}

int sl_policy_merge(struct sl_policy *policy, const struct sl_policy *over)
{
	SL_AUTO(sl_policy) copy = NULL;
	int r = sl_policy_new(&copy);

	for (size_t i = 0; r == 0 && i < SL_KEY_COUNT; i++)
		r = copy_value(&copy->values[i], &over->values[i]);
	return r == 0 ? sl_policy_absorb(policy, copy) : r;
}

int sl_policy_clone(const struct sl_policy *policy, struct sl_policy **ret_policy)
{
	SL_AUTO(sl_policy) copy = NULL;
	int r = sl_policy_new(&copy);

	if (r == 0)
		r = sl_policy_merge(copy, policy);
	if (r < 0)
		return r;
	*ret_policy = sl_take_ptr(&copy);
	return 0;
}

const struct sl_value *sl_policy_get(const struct sl_policy *policy,
				     enum sl_key key)
{
	return &policy->values[key];
}

bool sl_policy_bool(const struct sl_policy *policy, enum sl_key key)
{
	return sl_policy_num(policy, key, 0) != 0;
}

uint64_t sl_policy_num(const struct sl_policy *policy, enum sl_key key,
		       uint64_t fallback)
{
	const struct sl_value *value = &policy->values[key];

	return value->count ? value->items[0].num : fallback;
}

const char *sl_policy_str(const struct sl_policy *policy, enum sl_key key)
{
	const struct sl_value *value = &policy->values[key];

	return value->count ? value->items[0].text : NULL;
}
