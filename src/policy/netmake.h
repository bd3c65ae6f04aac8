/* SPDX-License-Identifier: Apache-2.0 */
/* From the network rules of a policy to a set that judges. Pure. */
#ifndef SL_POLICY_NETMAKE_H
#define SL_POLICY_NETMAKE_H

#include "base/error.h"
#include "policy/netset.h"
#include "policy/policy.h"

/* A host name of a rule, and what it led to at the start. */
struct sl_net_pin {
	char *name; /* as in struct sl_netrule: lower case */
	struct sl_net_addr *addrs;
	size_t count;
};
struct sl_net_pins {
	struct sl_net_pin *pins;
	size_t count;
};
void sl_net_pins_fini(struct sl_net_pins *pins);

/* The host names that rules have, once each, borrowed from *ret_names, which is
 * the caller's to free. Nearly always none. */
int sl_net_names(const struct sl_policy *policy, char (**ret_names)[254],
		 size_t *ret_count, struct sl_error *err);

/* What a policy asks for. */
struct sl_net_need {
	unsigned int protos; /* that can reach anything: enum sl_net_proto */
	/* Ports of ours, judged: */
	bool binds;	/* more of TCP to bind than the kernel has rules */
	bool udp_binds; /* there is UDP, and not every port of it */
	bool listens;	/* the kernel, asked to choose one, might err */
	bool judged; /* not to be said in TCP ports alone, so somebody judges */
	bool names;
	bool remap; /* ports are bound, and reached, elsewhere: judged as well */
};

/* Errors are of the grammar, and name their rule. */
int sl_net_need(const struct sl_policy *policy, struct sl_net_need *ret_need,
		struct sl_error *err);

/* @pins has all of sl_net_names(); a name without an address matches nothing. */
int sl_netset_make(const struct sl_policy *policy, const struct sl_net_pins *pins,
		   struct sl_netset *ret_set, struct sl_error *err);
void sl_netset_fini(struct sl_netset *set);

#endif
