/* SPDX-License-Identifier: Apache-2.0 */
/* Which ports the network rules leave: policy -> set of ports. Pure. */
#ifndef SL_POLICY_PORTS_H
#define SL_POLICY_PORTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"

/* One kernel rule per port: 4,096 of them cost 4 ms at every start, all 65,536
 * would cost 60 ms. */
#define SL_MAX_PORT_RULES 4096

/* Exactly one of: all, none, or the bits that are set (1..4096 of them). */
struct sl_portset {
	bool all;
	bool none;
	uint8_t bits[8192];
};

static inline bool sl_portset_has(const struct sl_portset *set, uint16_t port)
{
	return set->all || (set->bits[port / 8] >> (port % 8) & 1);
}

size_t sl_portset_count(const struct sl_portset *set);

/* TCP connect(2): ports that some address may be reached at. -E2BIG: too many
 * rules for the kernel. */
int sl_ports_connect(const struct sl_policy *policy, struct sl_portset *ret,
		     struct sl_error *err);

/* TCP bind(2); the bit of port 0 is "any free port". */
int sl_ports_bind(const struct sl_policy *policy, struct sl_portset *ret,
		  struct sl_error *err);

/* The same, however many there are; for a policy that is in order. */
void sl_ports_bind_all(const struct sl_policy *policy, struct sl_portset *ret);

/* UDP bind(2), where there are UDP sockets; a free port always. */
void sl_ports_bind_udp(const struct sl_policy *policy, struct sl_portset *ret);

/* How many items of a list of ports to bind are of UDP, or of TCP. */
size_t sl_ports_items(const struct sl_value *list, bool udp);

/* The first port from @port on that is in the set; 65536: none. */
unsigned int sl_portset_next(const struct sl_portset *set, unsigned int port);

#endif
