/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about destinations, where the rules know hosts, UDP or ICMP: put to
 * the very set that the judge has. A name is what it led to; of a name that no
 * rule has only that is known which holds for every address.
 */
#include "run/explain_internal.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "policy/netrule.h"

static const char *scheme_of(enum sl_net_proto proto)
{
	return proto == SL_NET_TCP   ? "tcp"
	       : proto == SL_NET_UDP ? "udp"
				     : "icmp";
}

const char *sl_ex_destination(struct sl_explain *ex, const struct sl_ask *ask)
{
	bool v6 = ask->addr.family == 6 && ask->proto != SL_NET_ICMP;
	char host[INET6_ADDRSTRLEN] = "";
	const char *name = ask->text ? ask->text : host;
	char port[16] = "";

	if (ask->addr.family)
		inet_ntop(ask->addr.family == 6 ? AF_INET6 : AF_INET,
			  ask->addr.bytes, host, sizeof(host));
	if (ask->addr.family)
		name = host;
	if (ask->proto == SL_NET_ICMP && !*name)
		name = "*";
	if (ask->proto != SL_NET_ICMP)
		snprintf(port, sizeof(port), ":%u", ask->port);
	return sl_ex_text(ex, "%s://%s%s%s%s", scheme_of(ask->proto),
			  v6 ? "[" : "", name, v6 ? "]" : "", port);
}

/* ------------------------------------------------ the set */

struct found {
	enum sl_verdict verdict;
	const struct sl_net_entry *entry;
};

static bool about(const struct sl_net_entry *e, const struct sl_ask *ask)
{
	return e->protos & ask->proto && ask->port >= e->lo && ask->port <= e->hi;
}

/* What is true of every address; else it depends. */
static struct found anywhere(const struct sl_netset *set, const struct sl_ask *ask)
{
	const struct sl_net_entry *all = NULL;
	bool some = false, but = false;

	for (uint32_t i = 0; i < set->count; i++) {
		const struct sl_net_entry *e = &set->entries[i];

		if (!about(e, ask))
			continue;
		if (e->deny && !e->family)
			return (struct found){ SL_VERDICT_REFUSED, e };
		but |= e->deny;
		some |= !e->deny;
		if (!e->deny && !e->family && !all)
			all = e;
	}
	if (!some && !(set->open & ask->proto))
		return (struct found){ SL_VERDICT_REFUSED, NULL };
	if ((all || set->open & ask->proto) && !but)
		return (struct found){ SL_VERDICT_ALLOWED, all };
	return (struct found){ SL_VERDICT_DEPENDS, NULL };
}

static struct found at(const struct sl_netset *set, const struct sl_ask *ask,
		       const struct sl_net_addr *addr)
{
	struct found found;
	bool ok = sl_netset_judge(set, ask->proto, addr, ask->port, &found.entry);

	found.verdict = ok ? SL_VERDICT_ALLOWED : SL_VERDICT_REFUSED;
	return found;
}

static const struct sl_net_pin *pin_of(const struct sl_explain *ex,
				       const char *name)
{
	const struct sl_net_pins *pins = &ex->prepared->pins;

	for (size_t i = 0; name && i < pins->count; i++)
		if (strcmp(pins->pins[i].name, name) == 0)
			return &pins->pins[i];
	return NULL;
}

/* The only name that led to @addr, or NULL. */
static const char *name_of(const struct sl_explain *ex,
			   const struct sl_net_addr *addr)
{
	const struct sl_net_pins *pins = &ex->prepared->pins;
	const char *name = NULL;

	for (size_t i = 0; i < pins->count; i++)
		for (size_t k = 0; k < pins->pins[i].count; k++) {
			if (memcmp(&pins->pins[i].addrs[k], addr,
				   sizeof(*addr)) != 0)
				continue;
			if (name)
				return NULL;
			name = pins->pins[i].name;
			break;
		}
	return name;
}

const char *sl_ex_rule_for(struct sl_explain *ex, const struct sl_ask *ask)
{
	struct sl_ask named = *ask;

	if (ask->addr.family) {
		named.text = name_of(ex, &ask->addr);
		if (named.text)
			named.addr = (struct sl_net_addr){ 0 };
	}
	return sl_ex_destination(ex, &named);
}

static struct found look_up(const struct sl_explain *ex, const struct sl_ask *ask)
{
	const struct sl_netset *set = &ex->prepared->netset;
	const struct sl_net_pin *pin = pin_of(ex, ask->text);
	struct found found = { SL_VERDICT_REFUSED, NULL };

	if (ask->addr.family)
		return at(set, ask, &ask->addr);
	if (!pin)
		return anywhere(set, ask);
	for (size_t i = 0; i < pin->count; i++) {
		struct found one = at(set, ask, &pin->addrs[i]);

		if (i && one.verdict != found.verdict)
			return (struct found){ SL_VERDICT_DEPENDS, NULL };
		found = one;
	}
	return found;
}

/* ------------------------------------------------ the answer */

static const struct sl_item *item_of(const struct sl_explain *ex,
				     const struct sl_net_entry *entry)
{
	enum sl_key key = entry->deny ? SL_KEY_NET_DENY : SL_KEY_NET_ALLOW;

	return &sl_policy_get(ex->prepared->policy, key)->items[entry->item];
}

static void refuse(struct sl_explain *ex, const struct sl_ask *ask,
		   const struct sl_item *item, struct sl_judgement *j)
{
	j->answer.error = ECONNREFUSED;
	j->answer.reason = item ? "the destination is denied"
				: "no rule allows the destination";
	if (item)
		j->want = (struct sl_want){ .how = SL_WANT_DROP,
					    .key = SL_KEY_NET_DENY,
					    .item = item };
	else
		j->want = (struct sl_want){ .how = SL_WANT_ADD,
					    .key = SL_KEY_NET_ALLOW,
					    .value = sl_ex_rule_for(ex, ask) };
}

void sl_ex_judge_destination(struct sl_explain *ex, const struct sl_ask *ask,
			     struct sl_judgement *j)
{
	struct found found = look_up(ex, ask);
	const struct sl_item *item = found.entry ? item_of(ex, found.entry)
						 : NULL;

	j->answer.rung = SL_RUNG_SUPERVISOR;
	j->answer.verdict = found.verdict;
	if (item) {
		j->answer.rule = sl_ex_find(ex, item);
		j->answer.origin = sl_ex_origin(ex, item);
	}
	switch (found.verdict) {
	case SL_VERDICT_REFUSED:
		refuse(ex, ask, item, j);
		return;
	case SL_VERDICT_DEPENDS:
		j->answer.reason =
			"some addresses are allowed and some are not";
		return;
	case SL_VERDICT_ALLOWED:
		j->answer.reason = item ? "the destination is allowed"
					: "no rule denies it";
	}
}
