/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See destination.h.
 *
 * SECURITY: the kernel reads one address in several ways, by the socket's family
 * and by the call. What is judged here is what our own call does with our copy,
 * whatever the caller makes of the socket meanwhile: IPV6_ADDRFORM turns an IPv6
 * socket into an IPv4 one, for which AF_UNSPEC in a send is an IPv4 address.
 */
#include "supervise/destination.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "plan/filter.h"
#include "policy/netset.h"
#include "supervise/event.h"
#include "supervise/judge.h"

/* sockaddr_in6 without its scope, which the kernel takes as well. */
#define IN6_LEN 24

struct destination {
	enum sl_net_proto proto;
	struct sl_net_addr addr;
	uint16_t port;
};

static int protocol_of(int fd, enum sl_net_proto *ret_proto)
{
	int protocol = 0;
	socklen_t len = sizeof(protocol);

	if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) < 0)
		return -errno;
	switch (protocol) {
	case IPPROTO_TCP:
		*ret_proto = SL_NET_TCP;
		return 0;
	case IPPROTO_UDP:
		*ret_proto = SL_NET_UDP;
		return 0;
	case IPPROTO_ICMP:
	case IPPROTO_ICMPV6:
		*ret_proto = SL_NET_ICMP;
		return 0;
	default:
		return -ECONNREFUSED;
	}
}

static int read_in(const struct sl_peer *peer, struct destination *to)
{
	if (peer->len < sizeof(peer->addr.in))
		return -EINVAL;
	to->addr = sl_net_addr4(&peer->addr.in.sin_addr);
	to->port = ntohs(peer->addr.in.sin_port);
	return 1;
}

static int read_in6(const struct sl_peer *peer, struct destination *to)
{
	if (peer->len < IN6_LEN)
		return -EINVAL;
	to->addr = sl_net_addr6(&peer->addr.in6.sin6_addr);
	to->port = ntohs(peer->addr.in6.sin6_port);
	return 1;
}

/* 1: it names one; 0: it names none; or a negative errno. */
static int read_address(const struct sl_sock *sock, struct sl_peer *peer,
			bool sends, struct destination *to)
{
	if (peer->len < sizeof(sa_family_t))
		return -EINVAL;
	switch (peer->addr.any.sa_family) {
	case AF_INET:
		return read_in(peer, to);
	case AF_INET6:
		return sock->domain == AF_INET6 ? read_in6(peer, to)
						: -EAFNOSUPPORT;
	case AF_UNSPEC:
		if (!sends)
			return 0; /* takes a peer away */
		if (sock->domain == AF_INET)
			return read_in(peer, to);
		peer->len = 0; /* the peer that it has */
		return 0;
	default:
		return -EAFNOSUPPORT;
	}
}

/*
 * SECURITY: where a destination of any address leads depends on the source,
 * which bind or IP_PKTINFO gives: IPv4 goes to that very address, and a "::" of
 * an IPv4 source to 127.0.0.1. So our copy says what was judged.
 */
static void be_definite(struct sl_peer *peer)
{
	struct in6_addr *in6 = &peer->addr.in6.sin6_addr;

	if (peer->addr.any.sa_family != AF_INET6) {
		if (peer->addr.in.sin_addr.s_addr == htonl(INADDR_ANY))
			peer->addr.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return;
	}
	/* A flow label may have a route of its own. */
	peer->addr.in6.sin6_flowinfo = 0;
	if (IN6_IS_ADDR_UNSPECIFIED(in6)) {
		*in6 = in6addr_loopback;
	} else if (IN6_IS_ADDR_V4MAPPED(in6) &&
		   in6->s6_addr32[3] == htonl(INADDR_ANY)) {
		in6->s6_addr32[3] = htonl(INADDR_LOOPBACK);
	}
}

void sl_destination_text(const struct sl_peer *peer, char *text, size_t size)
{
	char host[INET6_ADDRSTRLEN] = "?";

	if (peer->addr.any.sa_family == AF_INET6) {
		inet_ntop(AF_INET6, &peer->addr.in6.sin6_addr, host,
			  sizeof(host));
		snprintf(text, size, "[%s]:%u", host,
			 ntohs(peer->addr.in6.sin6_port));
		return;
	}
	inet_ntop(AF_INET, &peer->addr.in.sin_addr, host, sizeof(host));
	snprintf(text, size, "%s:%u", host, ntohs(peer->addr.in.sin_port));
}

static void tell(struct sl_call *call, const struct sl_peer *peer,
		 enum sl_net_proto proto, const struct sl_net_entry *entry)
{
	char *text = call->judge->object;

	sl_event_deny(call, entry ? SL_RULE_DENIED : SL_RULE_NO_GRANT,
		      SL_TRY_CONNECT, ECONNREFUSED, -1);
	sl_destination_text(peer, text, sizeof(call->judge->object));
	call->denied.object = text;
	call->denied.object_len = strlen(text);
	call->denied.args[0] = peer->addr.any.sa_family == AF_INET6 ? AF_INET6
								    : AF_INET;
	call->denied.args[1] = ntohs(peer->addr.in.sin_port); /* in either */
	call->denied.args[2] = proto;
	if (entry)
		call->denied.item = entry->item;
}

/* Who of the sandbox has it, and by which number outside. */
static enum sl_port_holder find_inside(struct sl_call *call,
				       const struct destination *to,
				       uint16_t *ret_real)
{
	if (!(call->judge->when & SL_WHEN_REMAP) || to->proto == SL_NET_ICMP ||
	    !sl_portmap_is_loopback(to->addr.family, to->addr.bytes))
		return SL_PORT_NOBODY;
	return sl_portmap_find(call->judge->ports, to->proto, &to->addr,
			       to->port, ret_real);
}

/*
 * To a port of the sandbox's own, if the rules for the number inside, or that
 * it is its own alone, allow it (@allowed).
 *
 * SECURITY: what the rules would allow by the number outside as well may stay
 * for as long as it likes. Else it must not outlast the look: a UDP socket that
 * is connected sends without asking to whoever is there then, what is corked
 * goes out later, and a TCP socket that gets no answer tries again. And where
 * others may be as well (@holder) the rules are asked of what they know of,
 * which is the number outside.
 */
static int go_inside(struct sl_call *call, const struct destination *to,
		     enum sl_port_holder holder, uint16_t real, bool sends,
		     struct sl_peer *peer)
{
	const struct sl_net_entry *entry;

	peer->addr.in.sin_port = htons(real); /* in either */
	be_definite(peer);
	if (sl_netset_judge(&call->judge->net, to->proto, &to->addr, real, &entry))
		return 0;
	if (holder != SL_PORT_OWN || (to->proto != SL_NET_TCP && !sends))
		return -ECONNREFUSED;
	peer->at_once = true;
	return 0;
}

int sl_destination_judge(struct sl_call *call, const struct sl_sock *sock,
			 struct sl_peer *peer, bool sends)
{
	const struct sl_net_entry *entry;
	enum sl_port_holder holder;
	struct destination to;
	uint16_t real = 0;
	bool allowed;
	int r = protocol_of(sock->fd, &to.proto);

	if (r < 0)
		return r;
	/* A stream that is connected looks at no name, another one sends none:
	 * the filter refuses the flag by which a send connects. */
	if (sends && to.proto == SL_NET_TCP) {
		peer->len = 0;
		return 0;
	}
	r = read_address(sock, peer, sends, &to);
	if (r <= 0)
		return r;
	holder = find_inside(call, &to, &real);
	if (holder == SL_PORT_SILENT)
		return -ECONNREFUSED; /* as bare */
	allowed = sl_netset_judge(&call->judge->net, to.proto, &to.addr,
				  to.port, &entry);
	/* What is the sandbox's own it may reach, unless a rule denies it. */
	if (!allowed && !entry && holder == SL_PORT_OWN)
		allowed = true;
	if (allowed && holder != SL_PORT_NOBODY) {
		r = go_inside(call, &to, holder, real, sends, peer);
		if (r == 0)
			return 0;
		allowed = false;
		entry = NULL;
	}
	if (allowed) {
		be_definite(peer);
		return 0;
	}
	tell(call, peer, to.proto, entry);
	return -ECONNREFUSED;
}
