/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network rules as port sets, as far as Landlock can say them: TCP, by port,
 * to and from anywhere. Where the address counts, the set holds every port that
 * some address may be reached at, and the judge knows the address.
 */
#include "policy/ports.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "policy/netrule.h"
#include "policy/value.h"

size_t sl_portset_count(const struct sl_portset *set)
{
	size_t count = 0;
	uint64_t word;

	if (set->all)
		return 65536;
	/* At every start, and nearly always empty: by words. */
	for (size_t i = 0; i < sizeof(set->bits); i += sizeof(word)) {
		memcpy(&word, set->bits + i, sizeof(word));
		if (word)
			count += (size_t)__builtin_popcountll(word);
	}
	return count;
}

static void put_port(struct sl_portset *set, unsigned int port, bool on)
{
	uint8_t bit = (uint8_t)(1u << (port % 8));

	if (on)
		set->bits[port / 8] |= bit;
	else
		set->bits[port / 8] &= (uint8_t)~bit;
}

static void put_range(struct sl_portset *set, unsigned int lo, unsigned int hi,
		      bool on)
{
	unsigned int port = lo;

	for (; port <= hi && port % 8; port++)
		put_port(set, port, on);
	for (; port + 7 <= hi; port += 8)
		set->bits[port / 8] = on ? 0xff : 0;
	for (; port <= hi; port++)
		put_port(set, port, on);
}

unsigned int sl_portset_next(const struct sl_portset *set, unsigned int port)
{
	while (port < 65536 && !sl_portset_has(set, (uint16_t)port))
		port += set->bits[port / 8] ? 1 : 8 - port % 8;
	return port;
}

static void put_rule(struct sl_portset *set, const struct sl_netrule *rule,
		     bool on)
{
	if (rule->any_port)
		put_range(set, 0, 65535, on);
	for (size_t i = 0; i < rule->port_count; i++)
		put_port(set, rule->ports[i], on);
}

static int too_many(struct sl_error *err, enum sl_key key,
		    const struct sl_item *item, size_t count)
{
	sl_err(err, -E2BIG, SL_STAGE_CHECK,
	       "'%s' with the ports taken away needs %zu kernel rules, more "
	       "than %u",
	       SL_QUOTE(item->text), count, SL_MAX_PORT_RULES);
	sl_error_hint(err, "name the allowed ports instead");
	return sl_policy_blame(err, -E2BIG, key, &item->origin);
}

/* @all: nothing was subtracted from "every port". */
static int finish(struct sl_portset *set, bool all, enum sl_key key,
		  const struct sl_item *item, struct sl_portset *ret,
		  struct sl_error *err)
{
	size_t count = sl_portset_count(set);

	set->all = all;
	set->none = !count;
	if (!all && count > SL_MAX_PORT_RULES)
		return too_many(err, key, item, count);
	*ret = *set;
	return 0;
}

/* No rule at all: nearly every start. */
static int nothing(struct sl_portset *ret)
{
	memset(ret, 0, sizeof(*ret));
	ret->none = true;
	return 0;
}

static int allow_rules(const struct sl_value *allow, unsigned int proto,
		       struct sl_portset *set, bool *ret_all,
		       struct sl_error *err)
{
	for (size_t i = 0; i < allow->count; i++) {
		struct sl_netrule rule;
		int r = sl_netrule_parse(allow->items[i].text, false, &rule, err);

		if (r < 0)
			return r;
		if (!(rule.protos & proto))
			continue;
		put_rule(set, &rule, true);
		*ret_all |= rule.any_port;
	}
	return 0;
}

/* A deny of some addresses takes away no port. */
static int deny_rules(const struct sl_value *deny, unsigned int proto,
		      struct sl_portset *set, bool *ret_all, struct sl_error *err)
{
	for (size_t i = 0; i < deny->count; i++) {
		struct sl_netrule rule;
		int r = sl_netrule_parse(deny->items[i].text, true, &rule, err);

		if (r < 0)
			return r;
		if (!(rule.protos & proto) || !rule.any_host)
			continue;
		put_rule(set, &rule, false);
		*ret_all = false;
	}
	return 0;
}

/* Ports of @proto that some address may be reached at. */
static int reached(const struct sl_policy *policy, unsigned int proto,
		   struct sl_portset *set, bool *ret_all, struct sl_error *err)
{
	const struct sl_value *allow = sl_policy_get(policy, SL_KEY_NET_ALLOW);
	const struct sl_value *deny = sl_policy_get(policy, SL_KEY_NET_DENY);
	int r;

	memset(set, 0, sizeof(*set));
	*ret_all = !allow->count; /* a deny alone: everything but this */
	if (*ret_all)
		put_range(set, 0, 65535, true);
	r = allow_rules(allow, proto, set, ret_all, err);
	if (r == 0)
		r = deny_rules(deny, proto, set, ret_all, err);
	return r;
}

int sl_ports_connect(const struct sl_policy *policy, struct sl_portset *ret,
		     struct sl_error *err)
{
	const struct sl_value *allow = sl_policy_get(policy, SL_KEY_NET_ALLOW);
	const struct sl_value *deny = sl_policy_get(policy, SL_KEY_NET_DENY);
	struct sl_portset set;
	bool all;
	int r;

	if (!deny->count && !allow->count)
		return nothing(ret);
	r = reached(policy, SL_NET_TCP, &set, &all, err);
	if (r < 0)
		return r;
	/* connect(2) to port 0 is no connection; it costs no rule. */
	put_port(&set, 0, false);
	return finish(&set, all,
		      allow->count ? SL_KEY_NET_ALLOW : SL_KEY_NET_DENY,
		      allow->count ? allow->items : deny->items, ret, err);
}

static int mixed(struct sl_error *err, const struct sl_item *item)
{
	sl_err(err, -EINVAL, SL_STAGE_CHECK,
	       "the wildcard '*' cannot be combined with ports");
	return sl_policy_blame(err, -EINVAL, SL_KEY_NET_ALLOW_BIND,
			       &item->origin);
}

static void put_items(struct sl_portset *set, const struct sl_value *value,
		      bool udp, bool on)
{
	for (size_t i = 0; i < value->count; i++) {
		uint64_t num = value->items[i].num;

		if (sl_port_is_udp(num) != udp)
			continue;
		if (num == SL_PORT_ANY)
			put_range(set, 0, 65535, on);
		else
			put_range(set, num >> 16 & 0xffff, num & 0xffff, on);
	}
}

size_t sl_ports_items(const struct sl_value *list, bool udp)
{
	size_t count = 0;

	for (size_t i = 0; i < list->count; i++)
		count += sl_port_is_udp(list->items[i].num) == udp;
	return count;
}

/* Then what may be bound is not asked, what may not is. */
static bool unprotected(const struct sl_policy *policy)
{
	const struct sl_value *off = sl_policy_get(policy, SL_KEY_DISABLE);

	for (size_t i = 0; i < off->count; i++)
		if (off->items[i].num == SL_PROT_NET_TCP)
			return true;
	return false;
}

void sl_ports_bind_all(const struct sl_policy *policy, struct sl_portset *ret)
{
	const struct sl_value *allow = sl_policy_get(policy,
						     SL_KEY_NET_ALLOW_BIND);
	const struct sl_value *deny = sl_policy_get(policy, SL_KEY_NET_DENY_BIND);

	memset(ret, 0, sizeof(*ret));
	put_items(ret, allow, false, true);
	/* A deny alone: everything but this. */
	if (unprotected(policy) ||
	    (!sl_ports_items(allow, false) && sl_ports_items(deny, false)))
		put_range(ret, 0, 65535, true);
	put_items(ret, deny, false, false);
}

/* A deny takes away from what there is, and gives nothing. */
void sl_ports_bind_udp(const struct sl_policy *policy, struct sl_portset *ret)
{
	const struct sl_value *allow = sl_policy_get(policy,
						     SL_KEY_NET_ALLOW_BIND);
	const struct sl_value *deny = sl_policy_get(policy, SL_KEY_NET_DENY_BIND);
	bool all;

	if (sl_ports_items(allow, true)) {
		memset(ret, 0, sizeof(*ret));
		put_items(ret, allow, true, true);
	} else if (reached(policy, SL_NET_UDP, ret, &all, NULL) < 0) {
		memset(ret, 0, sizeof(*ret));
	}
	put_items(ret, deny, true, false);
	put_port(ret, 0, true);
	ret->all = sl_portset_count(ret) == 65536;
}

/* The wildcard is alone, among ports of its own kind. */
static int check_wildcard(const struct sl_value *allow, size_t *ret_wild,
			  struct sl_error *err)
{
	size_t wild = 0;

	for (size_t i = 0; i < allow->count; i++)
		wild += allow->items[i].num == SL_PORT_ANY;
	for (size_t i = 0; wild && i < allow->count; i++)
		if (allow->items[i].num != SL_PORT_ANY &&
		    !sl_port_is_udp(allow->items[i].num))
			return mixed(err, &allow->items[i]);
	*ret_wild = wild;
	return 0;
}

int sl_ports_bind(const struct sl_policy *policy, struct sl_portset *ret,
		  struct sl_error *err)
{
	const struct sl_value *allow = sl_policy_get(policy,
						     SL_KEY_NET_ALLOW_BIND);
	const struct sl_value *deny = sl_policy_get(policy, SL_KEY_NET_DENY_BIND);
	const bool allows = sl_ports_items(allow, false),
		   off = unprotected(policy);
	const bool denies = sl_ports_items(deny, false);
	struct sl_portset set;
	size_t wild = 0;
	int r;

	if (!allows && !denies && !off)
		return nothing(ret);
	r = check_wildcard(allow, &wild, err);
	if (r < 0)
		return r;
	sl_ports_bind_all(policy, &set);
	return finish(&set, (wild || off) && !denies,
		      allows ? SL_KEY_NET_ALLOW_BIND : SL_KEY_NET_DENY_BIND,
		      allows ? allow->items : deny->items, ret, err);
}
