/* SPDX-License-Identifier: Apache-2.0 */
/* See netset.h. */
#include "policy/netset.h"

#include <string.h>

/* ------------------------------------------------ addresses */

static bool all_zero(const uint8_t *bytes, size_t len)
{
	while (len && !bytes[len - 1])
		len--;
	return !len;
}

struct sl_net_addr sl_net_addr4(const void *bytes)
{
	static const uint8_t loopback[4] = { 127, 0, 0, 1 };
	struct sl_net_addr addr = { .family = 4 };

	memcpy(addr.bytes, bytes, 4);
	/* The kernel's: a destination of any address is this host. */
	if (all_zero(addr.bytes, 4))
		memcpy(addr.bytes, loopback, 4);
	return addr;
}

static bool is_mapped(const uint8_t *bytes)
{
	return all_zero(bytes, 10) && bytes[10] == 0xff && bytes[11] == 0xff;
}

struct sl_net_addr sl_net_addr6(const void *bytes)
{
	struct sl_net_addr addr = { .family = 6 };

	memcpy(addr.bytes, bytes, 16);
	if (is_mapped(addr.bytes))
		return sl_net_addr4(addr.bytes + 12);
	if (all_zero(addr.bytes, 16))
		addr.bytes[15] = 1;
	return addr;
}

/*
 * The IPv4 address that a gateway (NAT64, 6to4) or the kernel itself may carry
 * the packet to. Only a deny looks at it: it says who may not be reached.
 */
static bool embedded(const struct sl_net_addr *addr, struct sl_net_addr *ret)
{
	static const uint8_t nat64[12] = { 0x00, 0x64, 0xff, 0x9b };
	const uint8_t *b = addr->bytes;

	if (addr->family != 6)
		return false;
	if (memcmp(b, nat64, sizeof(nat64)) == 0 ||
	    (all_zero(b, 12) && !all_zero(b, 15)))
		*ret = sl_net_addr4(b + 12);
	else if (b[0] == 0x20 && b[1] == 0x02)
		*ret = sl_net_addr4(b + 2);
	else
		return false;
	return true;
}

/* ------------------------------------------------ judging */

static bool in_prefix(const uint8_t *a, const uint8_t *b, unsigned int bits)
{
	unsigned int rest = bits % 8;

	if (memcmp(a, b, bits / 8) != 0)
		return false;
	return !rest || !((a[bits / 8] ^ b[bits / 8]) >> (8 - rest));
}

static bool covers(const struct sl_net_entry *e, enum sl_net_proto proto,
		   const struct sl_net_addr *addr, uint16_t port)
{
	if (!(e->protos & proto) || port < e->lo || port > e->hi)
		return false;
	if (!e->family)
		return true;
	return e->family == addr->family &&
	       in_prefix(e->addr, addr->bytes, e->prefix);
}

bool sl_netset_binds(const struct sl_netset *set, enum sl_net_proto kind,
		     uint16_t port)
{
	for (uint32_t i = 0; i < set->count; i++) {
		const struct sl_net_entry *e = &set->entries[i];

		if (e->protos & kind && port >= e->lo && port <= e->hi)
			return false;
	}
	return set->open & kind;
}

bool sl_netset_judge(const struct sl_netset *set, enum sl_net_proto proto,
		     const struct sl_net_addr *addr, uint16_t port,
		     const struct sl_net_entry **ret_entry)
{
	const struct sl_net_entry *allow = NULL;
	struct sl_net_addr inner;
	bool has_inner;

	*ret_entry = NULL;
	if (addr->family != 4 && addr->family != 6)
		return false;
	has_inner = embedded(addr, &inner);
	for (uint32_t i = 0; i < set->count; i++) {
		const struct sl_net_entry *e = &set->entries[i];
		bool hit = covers(e, proto, addr, port);

		if (e->deny &&
		    (hit || (has_inner && covers(e, proto, &inner, port)))) {
			*ret_entry = e;
			return false;
		}
		if (hit && !e->deny && !allow)
			allow = e;
	}
	*ret_entry = allow;
	return allow || set->open & proto;
}
