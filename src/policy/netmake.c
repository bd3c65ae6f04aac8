/* SPDX-License-Identifier: Apache-2.0 */
/* See netmake.h. */
#include "policy/netmake.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compiler.h"
#include "base/limits.h"
#include "policy/netrule.h"
#include "policy/ports.h"
#include "policy/value.h"

void sl_net_pins_fini(struct sl_net_pins *pins)
{
	for (size_t i = 0; i < pins->count; i++) {
		free(pins->pins[i].name);
		free(pins->pins[i].addrs);
	}
	free(pins->pins);
	*pins = (struct sl_net_pins){ NULL, 0 };
}

void sl_netset_fini(struct sl_netset *set)
{
	free((void *)(uintptr_t)set->entries);
	*set = (struct sl_netset){ 0 };
}

static bool is_named(const struct sl_netrule *rule)
{
	return !rule->any_host && !rule->is_cidr;
}

int sl_net_names(const struct sl_policy *policy, char (**ret_names)[254],
		 size_t *ret_count, struct sl_error *err)
{
	const struct sl_value *allow = sl_policy_get(policy, SL_KEY_NET_ALLOW);
	sl_autofree char(*names)[254] = calloc(allow->count + 1, sizeof(*names));
	struct sl_netrule rule;
	size_t count = 0, k;

	if (!names)
		return sl_err(err, -ENOMEM, SL_STAGE_COMPILE, "out of memory");
	for (size_t i = 0; i < allow->count; i++) {
		int r = sl_netrule_parse(allow->items[i].text, false, &rule, err);

		if (r < 0)
			return r;
		for (k = 0; k < count && strcmp(names[k], rule.host) != 0; k++)
			;
		if (is_named(&rule) && k == count)
			memcpy(names[count++], rule.host, sizeof(rule.host));
	}
	*ret_names = sl_take_ptr(&names);
	*ret_count = count;
	return 0;
}

struct build {
	struct sl_netset *set;
	struct sl_net_entry *entries; /* the set's, to be written */
	size_t room;
	const struct sl_net_pins *pins;
	struct sl_net_entry now; /* of the rule at hand */
};

static int add(struct build *b)
{
	struct sl_net_entry *more;

	if (b->set->count == SL_MAX_NET_ENTRIES)
		return -E2BIG;
	if (b->set->count == b->room) {
		b->room = b->room ? 2 * b->room : 16;
		more = realloc(b->entries, b->room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		b->set->entries = b->entries = more;
	}
	b->entries[b->set->count++] = b->now;
	return 0;
}

static int compare(const void *a, const void *b)
{
	uint16_t x = *(const uint16_t *)a, y = *(const uint16_t *)b;

	return (x > y) - (x < y);
}

/* Its ports, neighbours together. */
static int add_ports(struct build *b, const struct sl_netrule *rule)
{
	uint16_t ports[SL_NETRULE_MAX_PORTS];
	int r = 0;

	if (rule->any_port) {
		b->now.lo = 0;
		b->now.hi = UINT16_MAX;
		return add(b);
	}
	memcpy(ports, rule->ports, sizeof(ports));
	qsort(ports, rule->port_count, sizeof(ports[0]), compare);
	for (size_t i = 0, end; r == 0 && i < rule->port_count; i = end) {
		for (end = i + 1;
		     end < rule->port_count && ports[end] == ports[end - 1] + 1;
		     end++)
			;
		b->now.lo = ports[i];
		b->now.hi = ports[end - 1];
		r = add(b);
	}
	return r;
}

static void put_addr(struct build *b, const struct sl_net_addr *addr,
		     unsigned int prefix)
{
	b->now.family = addr->family;
	b->now.prefix = (uint8_t)prefix;
	memcpy(b->now.addr, addr->bytes, sizeof(b->now.addr));
}

/* A whole address is one destination; a network is as it was written. */
static int add_cidr(struct build *b, const struct sl_netrule *rule)
{
	bool v4 = rule->family == AF_INET;
	struct sl_net_addr addr = { .family = v4 ? 4 : 6 };

	memcpy(addr.bytes, rule->addr, sizeof(addr.bytes));
	if (rule->prefix == (v4 ? 32 : 128))
		addr = v4 ? sl_net_addr4(rule->addr) : sl_net_addr6(rule->addr);
	put_addr(b, &addr, addr.family == 4 && !v4 ? 32 : rule->prefix);
	return add_ports(b, rule);
}

static int add_name(struct build *b, const struct sl_netrule *rule)
{
	int r = 0;

	for (size_t i = 0; i < b->pins->count; i++) {
		const struct sl_net_pin *pin = &b->pins->pins[i];

		if (strcmp(pin->name, rule->host) != 0)
			continue;
		for (size_t k = 0; r == 0 && k < pin->count; k++) {
			put_addr(b, &pin->addrs[k],
				 pin->addrs[k].family == 4 ? 32 : 128);
			r = add_ports(b, rule);
		}
	}
	return r;
}

static int add_rule(struct build *b, const struct sl_netrule *rule)
{
	if (rule->any_host)
		return add_ports(b, rule);
	return rule->is_cidr ? add_cidr(b, rule) : add_name(b, rule);
}

/* Whoever denies a machine without a word on protocol or port means it. */
static unsigned int protos_of(const struct sl_netrule *rule, bool deny)
{
	bool plain = rule->protos == (SL_NET_TCP | SL_NET_UDP) && rule->any_port;

	return rule->protos | (deny && plain ? SL_NET_ICMP : 0u);
}

static int add_list(struct build *b, const struct sl_policy *policy,
		    enum sl_key key, struct sl_error *err)
{
	const struct sl_value *list = sl_policy_get(policy, key);
	bool deny = key == SL_KEY_NET_DENY;
	struct sl_netrule rule;

	for (size_t i = 0; i < list->count; i++) {
		const struct sl_item *item = &list->items[i];
		int r = sl_netrule_parse(item->text, deny, &rule, err);

		if (r < 0)
			return r;
		b->now = (struct sl_net_entry){
			.protos = (uint8_t)protos_of(&rule, deny),
			.deny = deny,
			.item = (uint16_t)i,
		};
		r = add_rule(b, &rule);
		if (r == 0)
			continue;
		sl_err(err, r, SL_STAGE_COMPILE,
		       r == -E2BIG
			       ? "'%s': more than %d addresses and ports in all"
			       : "'%s': out of memory",
		       SL_QUOTE(item->text), SL_MAX_NET_ENTRIES);
		return sl_policy_blame(err, r, key, &item->origin);
	}
	return 0;
}

static bool remaps(const struct sl_policy *policy)
{
	return sl_policy_bool(policy, SL_KEY_PORT_REMAP);
}

/* What is not in @set. */
static int add_others(struct build *b, const struct sl_portset *set,
		      unsigned int kind)
{
	unsigned int lo = 0;
	int r = 0;

	for (unsigned int port; r == 0 && lo < 65536; lo = port + 1) {
		port = sl_portset_next(set, lo);
		b->now = (struct sl_net_entry){ .protos = (uint8_t)kind,
						.deny = true,
						.lo = (uint16_t)lo,
						.hi = (uint16_t)(port - 1) };
		if (lo < port)
			r = add(b);
	}
	return r;
}

/* What is denied by name. */
static int add_denied(struct build *b, const struct sl_policy *policy, bool udp,
		      unsigned int kind)
{
	const struct sl_value *deny = sl_policy_get(policy, SL_KEY_NET_DENY_BIND);
	int r = 0;

	for (size_t i = 0; r == 0 && i < deny->count; i++) {
		uint64_t num = deny->items[i].num;

		if (sl_port_is_udp(num) != udp)
			continue;
		b->now = (struct sl_net_entry){ .protos = (uint8_t)kind,
						.deny = true,
						.lo = num >> 16 & 0xffff,
						.hi = num & 0xffff };
		r = add(b);
	}
	return r;
}

/*
 * A free port is of the kernel's choice. Where one may be had, it may be any
 * but those denied; else none, and what was not bound by leave may not listen.
 */
static int add_listens(struct build *b, const struct sl_policy *policy,
		       const struct sl_portset *set)
{
	if (!sl_portset_has(set, 0))
		return add_others(b, set, SL_NET_LISTEN);
	return add_denied(b, policy, false, SL_NET_LISTEN);
}

/* What of our own ports may not be had, where Landlock cannot say it. */
static int add_binds(struct build *b, const struct sl_policy *policy,
		     struct sl_error *err)
{
	struct sl_portset set;
	struct sl_net_need need;
	int r = sl_net_need(policy, &need, err);

	if (r < 0)
		return r;
	b->set->open |= SL_NET_BIND | SL_NET_BIND_UDP | SL_NET_LISTEN |
			SL_NET_MOVE | SL_NET_MOVE_UDP;
	if (need.udp_binds) {
		sl_ports_bind_udp(policy, &set);
		r = add_others(b, &set, SL_NET_BIND_UDP);
	}
	if (r == 0 && (need.binds || need.listens || need.remap))
		sl_ports_bind_all(policy, &set);
	if (r == 0 && (need.binds || need.remap))
		r = add_others(b, &set, SL_NET_BIND);
	if (r == 0 && need.listens)
		r = add_listens(b, policy, &set);
	if (r == 0 && need.remap)
		r = add_denied(b, policy, false, SL_NET_MOVE);
	if (r == 0 && need.remap)
		r = add_denied(b, policy, true, SL_NET_MOVE_UDP);
	return r < 0 ? sl_err(err, r, SL_STAGE_COMPILE,
			      "--net-allow-bind and --net-deny-bind: more than "
			      "%d ranges of ports",
			      SL_MAX_NET_ENTRIES)
		     : 0;
}

static uint32_t open_protos(const struct sl_policy *policy)
{
	return sl_policy_get(policy, SL_KEY_NET_DENY)->count &&
			       !sl_policy_get(policy, SL_KEY_NET_ALLOW)->count
		       ? SL_NET_TCP | SL_NET_UDP | SL_NET_ICMP
		       : 0;
}

int sl_netset_make(const struct sl_policy *policy, const struct sl_net_pins *pins,
		   struct sl_netset *ret_set, struct sl_error *err)
{
	struct sl_netset set = { .open = open_protos(policy) };
	struct build b = { .set = &set, .pins = pins };
	int r = add_list(&b, policy, SL_KEY_NET_DENY, err);

	if (r == 0)
		r = add_list(&b, policy, SL_KEY_NET_ALLOW, err);
	if (r == 0)
		r = add_binds(&b, policy, err);
	if (r < 0)
		sl_netset_fini(&set);
	else
		*ret_set = set;
	return r;
}

/* ------------------------------------------------ what it takes */

static void look_at_binds(const struct sl_policy *policy, struct sl_net_need *need)
{
	struct sl_portset set;
	int r = sl_ports_bind(policy, &set, NULL);

	need->binds = r == -E2BIG;
	if (need->binds)
		sl_ports_bind_all(policy, &set);
	if (need->binds || (r == 0 && !set.all && !set.none))
		need->listens =
			need->binds || !sl_portset_has(&set, 0) ||
			sl_ports_items(sl_policy_get(policy, SL_KEY_NET_DENY_BIND),
				       false);
	if (need->protos & SL_NET_UDP) {
		sl_ports_bind_udp(policy, &set);
		need->udp_binds = !set.all;
	}
}

/* Protocols of which nothing is left: denied at every address and port. */
static unsigned int shut(const struct sl_netrule *rule)
{
	return rule->any_host && rule->any_port ? protos_of(rule, true) : 0;
}

static int look(const struct sl_policy *policy, enum sl_key key,
		struct sl_net_need *need, struct sl_error *err)
{
	const struct sl_value *list = sl_policy_get(policy, key);
	bool deny = key == SL_KEY_NET_DENY;
	struct sl_netrule rule;

	for (size_t i = 0; i < list->count; i++) {
		int r = sl_netrule_parse(list->items[i].text, deny, &rule, err);

		if (r < 0)
			return sl_policy_blame(err, r, key,
					       &list->items[i].origin);
		need->names |= is_named(&rule);
		need->judged |= !rule.any_host && rule.protos & SL_NET_TCP;
		if (deny)
			need->protos &= ~shut(&rule);
		else
			need->protos |= rule.protos;
	}
	return 0;
}

int sl_net_need(const struct sl_policy *policy, struct sl_net_need *ret_need,
		struct sl_error *err)
{
	struct sl_net_need need = { .protos = open_protos(policy) };
	struct sl_portset ports;
	int r = look(policy, SL_KEY_NET_ALLOW, &need, err);

	if (r == 0)
		r = look(policy, SL_KEY_NET_DENY, &need, err);
	if (r < 0)
		return r;
	/* A server that answers nobody. */
	if (sl_ports_items(sl_policy_get(policy, SL_KEY_NET_ALLOW_BIND), true))
		need.protos |= SL_NET_UDP;
	/* Landlock knows TCP, and ports, but not too many of them. */
	need.judged |= (need.protos & ~(unsigned int)SL_NET_TCP) != 0;
	if (!need.judged && need.protos)
		need.judged = sl_ports_connect(policy, &ports, NULL) < 0;
	look_at_binds(policy, &need);
	need.remap = remaps(policy);
	*ret_need = need;
	return 0;
}
