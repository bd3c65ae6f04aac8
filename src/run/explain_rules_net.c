/* SPDX-License-Identifier: Apache-2.0 */
/* The rules of the network as a list: see explain_rules.c. */
#include "run/explain_internal.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "policy/netmake.h"
#include "policy/ports.h"
#include "policy/value.h"
#include "run/names.h"
#include "run/resolve.h"
#include "sys/uapi.h"

#define OURS "sandlock"

void sl_ex_add_refusal(struct sl_explain *ex, enum sl_rung rung,
		       const char *subject, const char *effect, const char *note)
{
	sl_ex_add_rule(ex, (struct sl_ex_rule){ .subject = subject,
						.effect = effect,
						.origin = OURS,
						.note = note,
						.rung = rung });
}

static void list_items(struct sl_explain *ex, enum sl_key key,
		       enum sl_rung rung, bool allows, const char *what,
		       const char *effect, const char *note)
{
	const struct sl_value *list = sl_policy_get(ex->prepared->policy, key);

	for (size_t i = 0; i < list->count; i++)
		sl_ex_add_rule(
			ex, (struct sl_ex_rule){
				    .key = sl_key_info(key)->name,
				    .subject = sl_ex_text(ex, "%s %s", what,
							  list->items[i].text),
				    .effect = effect,
				    .origin = sl_ex_origin(ex, &list->items[i]),
				    .note = note,
				    .rung = rung,
				    .allows = allows,
				    .source = &list->items[i],
			    });
}

static void list_ports(struct sl_explain *ex, enum sl_key key, bool judged,
		       bool allows)
{
	const struct sl_value *list = sl_policy_get(ex->prepared->policy, key);

	for (size_t i = 0; i < list->count; i++) {
		const struct sl_item *item = &list->items[i];
		bool udp = sl_port_is_udp(item->num);

		sl_ex_add_rule(
			ex, (struct sl_ex_rule){
				    .key = sl_key_info(key)->name,
				    .subject = sl_ex_text(
					    ex, udp ? "port %s" : "TCP port %s",
					    item->text),
				    .effect = allows ? "bind" : "EACCES",
				    .origin = sl_ex_origin(ex, item),
				    .rung = udp || judged ? SL_RUNG_SUPERVISOR
							  : SL_RUNG_LANDLOCK,
				    .allows = allows,
				    .source = item,
			    });
	}
}

/* Where rules know more than TCP ports. */
static void list_destinations(struct sl_explain *ex)
{
	list_items(ex, SL_KEY_NET_ALLOW, SL_RUNG_SUPERVISOR, true,
		   "destination", "connect", NULL);
	list_items(ex, SL_KEY_NET_DENY, SL_RUNG_SUPERVISOR, false,
		   "destination", "ECONNREFUSED", NULL);
	if (!(ex->prepared->netset.open & SL_NET_PEERS))
		sl_ex_add_refusal(ex, SL_RUNG_SUPERVISOR,
				  "any other destination", "ECONNREFUSED", NULL);
}

/* Looked up for this explanation, as a run would. */
static void list_names(struct sl_explain *ex)
{
	const struct sl_net_pins *pins = &ex->prepared->pins;

	for (size_t i = 0; i < pins->count; i++) {
		const struct sl_net_pin *pin = &pins->pins[i];
		sl_autobuf addrs = SL_BUF_INIT(8192);
		char text[SL_ADDR_TEXT];

		for (size_t k = 0; k < pin->count; k++) {
			sl_net_addr_text(&pin->addrs[k], text);
			sl_buf_addf(&addrs, "%s%s", k ? ", " : "", text);
		}
		sl_ex_add_rule(
			ex,
			(struct sl_ex_rule){
				.key = sl_key_info(SL_KEY_NET_ALLOW)->name,
				.subject = sl_ex_text(ex, "the name %s", pin->name),
				.effect = sl_ex_text(
					ex, "%s", addrs.data ? addrs.data : ""),
				.origin = sl_ex_origin(
					ex, sl_resolve_rule(ex->prepared->policy,
							    pin->name)),
				.note = "looked up at the start; /etc/hosts "
					"says the same, so opens are judged",
				.rung = SL_RUNG_SUPERVISOR,
				.allows = true,
				.source = pin,
			});
	}
}

static void list_remap(struct sl_explain *ex)
{
	const enum sl_key key = SL_KEY_PORT_REMAP;
	bool tables = ex->prepared->plan->filter.when & SL_WHEN_TABLES;
	const struct sl_item *item =
		sl_policy_get(ex->prepared->policy, key)->items;

	sl_ex_add_rule(ex,
		       (struct sl_ex_rule){
			       .key = sl_key_info(key)->name,
			       .subject = "ports of its own, on loopback",
			       .effect = "connect, send",
			       .origin = sl_ex_origin(ex, item),
			       .note = tables ? "bound elsewhere if they are "
						"taken; /proc/net shows its "
						"own sockets, so opens are "
						"judged"
					      : "bound elsewhere if they are "
						"taken",
			       .rung = SL_RUNG_SUPERVISOR,
			       .allows = true,
			       .source = item,
		       });
}

void sl_ex_list_network(struct sl_explain *ex)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;
	const enum sl_rung rung = SL_RUNG_LANDLOCK;
	const unsigned int when = ex->prepared->plan->filter.when;
	const struct sl_policy *policy = ex->prepared->policy;
	const struct sl_value *binds = sl_policy_get(policy,
						     SL_KEY_NET_ALLOW_BIND);
	struct sl_net_need need = { 0 };

	if (sl_net_need(policy, &need, NULL) < 0)
		return; /* such a policy has not come so far */
	if (when & SL_WHEN_NET) {
		list_destinations(ex);
	} else {
		list_items(ex, SL_KEY_NET_ALLOW, rung, true, "TCP to",
			   "connect", "by port alone: any address");
		list_items(ex, SL_KEY_NET_DENY, rung, false, "TCP to", "EACCES",
			   NULL);
	}
	if (ll->handled_net & SL_LL_NET_CONNECT_TCP)
		sl_ex_add_refusal(ex, rung, "TCP to any other port", "EACCES",
				  NULL);
	list_ports(ex, SL_KEY_NET_ALLOW_BIND, need.binds || need.remap, true);
	list_ports(ex, SL_KEY_NET_DENY_BIND, need.binds || need.remap, false);
	if (need.remap)
		list_remap(ex);
	if (ll->handled_net & SL_LL_NET_BIND_TCP)
		sl_ex_add_refusal(ex, rung, "binding any other TCP port",
				  "EACCES", NULL);
	if (when & SL_WHEN_LISTENS)
		sl_ex_add_refusal(
			ex, SL_RUNG_SUPERVISOR,
			"listening on a TCP port that may not be bound",
			"EACCES", NULL);
	if (need.udp_binds)
		sl_ex_add_refusal(
			ex, SL_RUNG_SUPERVISOR,
			"binding any other UDP port but a free one", "EACCES",
			sl_ports_items(binds, true)
				? NULL
				: "and those that rules about UDP name");
	list_names(ex);
}
