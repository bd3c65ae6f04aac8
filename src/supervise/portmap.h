/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sandbox's own view of the ports it binds (docs/design/ports.md): which of
 * its sockets has which port, as it was asked for and as it is.
 *
 * An entry lives as long as the socket does: until the last copy of its
 * descriptor is closed, wherever that is. Nothing here keeps a socket alive.
 */
#ifndef SL_SUPERVISE_PORTMAP_H
#define SL_SUPERVISE_PORTMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/limits.h"
#include "policy/netset.h"

struct sl_portmap;
struct sl_sock;
struct sl_peer;

/* One that is bound, for who asks from outside; it travels as it is. */
struct sl_port {
	uint16_t proto;	 /* enum sl_net_proto: TCP or UDP */
	uint16_t family; /* 4 or 6 */
	uint8_t addr[16];
	uint16_t port, real; /* inside, and outside */
};
_Static_assert(sizeof(struct sl_port) == 24, "on the wire");

/* From outside of every domain, since it opens a file of /proc. */
int sl_portmap_new(struct sl_portmap **ret_map);
void sl_portmap_free(struct sl_portmap *map);

/* bind(2) of @sock, TCP or UDP and of no other protocol, to the address in
 * @name, our own copy, whose port the policy allows; @rules say which others it
 * may be moved to. */
long sl_portmap_bind(struct sl_portmap *map, const struct sl_netset *rules,
		     const struct sl_sock *sock, enum sl_net_proto proto,
		     struct sl_peer *name);
/* listen(2) of an internet socket. */
long sl_portmap_listen(struct sl_portmap *map, const struct sl_sock *sock,
		       int backlog);
/* SO_REUSEADDR or SO_REUSEPORT of any socket. */
long sl_portmap_reuse(struct sl_portmap *map, const struct sl_sock *sock,
		      int option, int value);
/* It is about to connect: what is bound is no server any more. */
void sl_portmap_connects(struct sl_portmap *map, const struct sl_sock *sock);

enum sl_port_holder {
	SL_PORT_NOBODY = 0, /* of the sandbox */
	SL_PORT_SILENT,	    /* TCP: bound by it, and it does not listen */
	SL_PORT_SHARED,	    /* somebody else may be there as well */
	SL_PORT_OWN,	    /* who goes there now reaches the sandbox alone */
};

/* Who has @port of @addr, a loopback address, inside; *ret_real: where it is,
 * if anybody. */
enum sl_port_holder sl_portmap_find(struct sl_portmap *map,
				    enum sl_net_proto proto,
				    const struct sl_net_addr *addr,
				    uint16_t port, uint16_t *ret_real);

/* 127.0.0.0/8 or ::1. */
bool sl_portmap_is_loopback(uint8_t family, const uint8_t *addr);

/* The address that the kernel gave for @sock or, with @peer, for whom it is
 * connected to: from outside to inside. */
void sl_portmap_translate(struct sl_portmap *map, const struct sl_sock *sock,
			  bool peer, struct sl_peer *name);

/* Between the two nobody else has the table, and it is as it was at the first;
 * of the calls here only sl_portmap_inside() may be made. */
void sl_portmap_hold(struct sl_portmap *map);
void sl_portmap_release(struct sl_portmap *map);
/* @port of @addr outside, which a socket of the sandbox's has: as inside. */
uint16_t sl_portmap_inside(struct sl_portmap *map, enum sl_net_proto proto,
			   const struct sl_net_addr *addr, uint16_t port);

/* All that are bound, from any thread: how many of them, at most @max. */
size_t sl_portmap_list(struct sl_portmap *map, struct sl_port *ports, size_t max);

#endif
