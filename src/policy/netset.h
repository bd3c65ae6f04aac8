/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network rules as one decision: may this protocol reach this address and port.
 * Pure. Rules and destinations are brought to one form first, so that one
 * machine has one name: IPv4 in IPv6 clothes is IPv4, "any address" is the
 * loopback address that the kernel makes of it.
 */
#ifndef SL_POLICY_NETSET_H
#define SL_POLICY_NETSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum sl_net_proto {
	SL_NET_TCP = 1,
	SL_NET_UDP = 2,
	SL_NET_ICMP = 4,
	/* What happens to ports of ours; in entries alone, which are denies. */
	SL_NET_BIND = 8,      /* a TCP port that may not be bound */
	SL_NET_BIND_UDP = 16, /* the same of UDP */
	SL_NET_LISTEN = 32,   /* nor listened on, however it was got */
	/* Nor be had in place of another one, as a deny names it: TCP, UDP. */
	SL_NET_MOVE = 64,
	SL_NET_MOVE_UDP = 128,
};

/* Those that are about others. */
#define SL_NET_PEERS (SL_NET_TCP | SL_NET_UDP | SL_NET_ICMP)

/* In canonical form. Zero is no address and matches nothing. */
struct sl_net_addr {
	uint8_t family; /* 4 or 6 */
	uint8_t bytes[16];
};

/* 4 bytes, or 16, in network order, as a socket address holds them. */
struct sl_net_addr sl_net_addr4(const void *bytes);
struct sl_net_addr sl_net_addr6(const void *bytes);

/* Flat, so that it travels as it is. */
struct sl_net_entry {
	uint8_t protos; /* enum sl_net_proto */
	uint8_t deny;
	uint8_t family; /* 4, 6, or 0: any address of either */
	uint8_t prefix;
	uint8_t addr[16];
	uint16_t lo, hi; /* ports; of ICMP 0 to 65535 */
	uint16_t item;	 /* of network.allow or network.deny; or 0 */
};

struct sl_netset {
	const struct sl_net_entry *entries;
	uint32_t count;
	uint32_t open; /* of enum sl_net_proto what needs no allow: there are
			* only denies of it, or none */
};

/* Whether port @port may be bound, or listened on, as @kind says; 0 is any free
 * one. */
bool sl_netset_binds(const struct sl_netset *set, enum sl_net_proto kind,
		     uint16_t port);

/*
 * Whether @proto (one) may reach @addr. A deny wins, whatever stands before it.
 * *ret_entry is the one that decided; NULL: none allows it, or none is needed.
 */
bool sl_netset_judge(const struct sl_netset *set, enum sl_net_proto proto,
		     const struct sl_net_addr *addr, uint16_t port,
		     const struct sl_net_entry **ret_entry);

#endif
