/* SPDX-License-Identifier: Apache-2.0 */
/* See denials.h. */
#include "run/denials.h"

#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"
#include "base/limits.h"

#define SLOTS \
	(2 * SL_MAX_DENIALS) /* a power of two: never more than half full */

struct sl_denial_waiting {
	struct sl_denial_waiting *next;
	struct sl_denial_entry *kept; /* of its kind; NULL: not kept */
	struct sl_denial_entry entry; /* the last member: it has a tail */
};

const char *sl_denial_rule_name(unsigned int rule)
{
	static const char *const names[SL_RULE_COUNT] = {
		[SL_RULE_NONE] = "none",
		[SL_RULE_NO_GRANT] = "no grant",
		[SL_RULE_NO_WRITE_GRANT] = "no write grant",
		[SL_RULE_DENIED] = "denied",
		[SL_RULE_PROTECTED] = "protected",
		[SL_RULE_OUTSIDE] = "process outside",
		[SL_RULE_KEEPER] = "keeper",
		[SL_RULE_UNREADABLE] = "caller unreadable",
		[SL_RULE_FILTER] = "filter",
		[SL_RULE_LANDLOCK] = "landlock",
	};

	return rule < SL_RULE_COUNT ? names[rule] : "unknown";
}

const char *sl_denial_access_name(unsigned int access)
{
	static const char *const names[SL_TRY_COUNT] = {
		[SL_TRY_CALL] = "call",	    [SL_TRY_READ] = "read",
		[SL_TRY_WRITE] = "write",   [SL_TRY_EXECUTE] = "execute",
		[SL_TRY_LIST] = "list",	    [SL_TRY_CREATE] = "create",
		[SL_TRY_REMOVE] = "remove", [SL_TRY_CHANGE] = "change",
		[SL_TRY_WATCH] = "watch",   [SL_TRY_CONNECT] = "connect",
		[SL_TRY_BIND] = "bind",	    [SL_TRY_PROCESS] = "process",
	};

	return access < SL_TRY_COUNT ? names[access] : "unknown";
}

/* ------------------------------------------------ which are the same */

static uint64_t mix(uint64_t hash, const void *data, size_t len)
{
	const unsigned char *at = data;

	/* FNV-1a. Who makes them collide makes 1,024 of them be compared. */
	for (size_t i = 0; i < len; i++)
		hash = (hash ^ at[i]) * 0x100000001b3u;
	return hash;
}

/* What an event is about: its time and its process are not. */
struct subject {
	uint64_t args[6];
	int32_t item, error;
	uint16_t call, program_len;
	uint8_t rule, access;
	uint8_t zero[2];
};

static struct subject subject_of(const struct sl_event_info *info)
{
	struct subject s = { .item = info->item,
			     .error = info->error,
			     .call = info->call,
			     .program_len = info->program_len,
			     .rule = info->rule,
			     .access = info->access };

	memcpy(s.args, info->args, sizeof(s.args));
	return s;
}

static uint64_t hash_of(const struct sl_event *event)
{
	struct subject s = subject_of(&event->info);
	uint64_t hash = mix(0xcbf29ce484222325u, &s, sizeof(s));

	hash = mix(hash, event->program, event->info.program_len);
	return mix(hash, event->object, event->info.object_len);
}

static bool same(const struct sl_denial_entry *entry,
		 const struct sl_event *event, uint64_t hash)
{
	struct subject a = subject_of(&entry->info);
	struct subject b = subject_of(&event->info);

	return entry->hash == hash && memcmp(&a, &b, sizeof(a)) == 0 &&
	       entry->info.object_len == event->info.object_len &&
	       memcmp(entry->program, event->program, event->info.program_len) ==
		       0 &&
	       memcmp(entry->object, event->object, event->info.object_len) == 0;
}

/* ------------------------------------------------ keeping */

static void fill(struct sl_denial_entry *entry, const struct sl_event *event,
		 char *bytes)
{
	char *object = bytes + event->info.program_len + 1;

	entry->info = event->info;
	entry->count = 1;
	entry->program = bytes;
	entry->object = object;
	memcpy(bytes, event->program, event->info.program_len);
	memcpy(object, event->object, event->info.object_len);
}

static size_t room_of(const struct sl_event *event)
{
	return (size_t)event->info.program_len + event->info.object_len + 2;
}

static bool make_lists(struct sl_denials *d)
{
	if (d->list)
		return true;
	d->list = calloc(SL_MAX_DENIALS, sizeof(struct sl_denial_entry *));
	d->slots = calloc(SLOTS, sizeof(*d->slots));
	if (d->list && d->slots)
		return true;
	free(d->list);
	free(d->slots);
	d->list = NULL;
	d->slots = NULL;
	return false;
}

/* The entry of its kind, a new one if there is room; or NULL. */
static struct sl_denial_entry *keep(struct sl_denials *d,
				    const struct sl_event *event)
{
	uint64_t hash = hash_of(event);
	struct sl_denial_entry *entry;
	size_t slot = hash % SLOTS;

	if (!make_lists(d))
		return NULL;
	for (; d->slots[slot]; slot = (slot + 1) % SLOTS) {
		entry = d->list[d->slots[slot] - 1];
		if (!same(entry, event, hash))
			continue;
		entry->count++;
		return entry;
	}
	if (d->count == SL_MAX_DENIALS ||
	    d->bytes + room_of(event) > SL_MAX_DENIAL_BYTES)
		return NULL;
	entry = calloc(1, sizeof(*entry) + room_of(event));
	if (!entry)
		return NULL;
	fill(entry, event, entry->bytes);
	entry->hash = hash;
	d->bytes += room_of(event);
	d->list[d->count++] = entry;
	d->slots[slot] = (uint16_t)d->count;
	return entry;
}

static void queue(struct sl_denials *d, const struct sl_event *event,
		  struct sl_denial_entry *kept)
{
	struct sl_denial_waiting *one = NULL;

	if (d->waiting < SL_MAX_DENIALS_WAITING)
		one = calloc(1, sizeof(*one) + room_of(event));
	if (!one)
		return;
	fill(&one->entry, event, (char *)(one + 1));
	one->kept = kept;
	d->waiting++;
	if (d->last)
		d->last->next = one;
	else
		d->first = one;
	d->last = one;
}

void sl_denials_add(struct sl_denials *d, const struct sl_event *event)
{
	struct sl_denial_entry *kept = keep(d, event);

	d->total++;
	if (d->live)
		queue(d, event, kept);
}

uint64_t sl_denials_total(const struct sl_denials *d)
{
	return d->total + d->dropped;
}

void sl_denials_fini(struct sl_denials *d)
{
	for (size_t i = 0; i < d->count; i++)
		free(d->list[i]);
	free(d->list);
	free(d->slots);
	while (d->first) {
		struct sl_denial_waiting *next = d->first->next;

		free(d->first);
		d->first = next;
	}
	free(d->told);
	sl_explain_free(d->explain);
	*d = (struct sl_denials){ 0 };
}

/* ------------------------------------------------ telling */

const struct sl_denial_entry *sl_denials_at(struct sl_denials *d, size_t index)
{
	if (index >= d->count)
		return NULL;
	sl_denials_explain(d, d->list[index]);
	return d->list[index];
}

const struct sl_denial_entry *sl_denials_next(struct sl_denials *d)
{
	struct sl_denial_waiting *one = d->first;

	free(d->told);
	d->told = one;
	if (!one)
		return NULL;
	d->first = one->next;
	if (!d->first)
		d->last = NULL;
	d->waiting--;
	if (one->kept) {
		sl_denials_explain(d, one->kept);
		one->entry.answer = one->kept->answer;
	}
	return &one->entry;
}
