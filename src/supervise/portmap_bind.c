/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See portmap.h: what a socket does that changes the table.
 *
 * SECURITY: who binds shares with nobody of outside, unless it asks to and the
 * others come later; what may be shared is known, as the calls that ask for it
 * are done here.
 */
#include "supervise/portmap_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/compiler.h"

#define SCOUTS 16

static int kernel_port(int fd, uint16_t *ret_port)
{
	struct sl_peer name = { .len = sizeof(name.addr) };

	if (getsockname(fd, &name.addr.any, &name.len) < 0)
		return -errno;
	*ret_port = ntohs(name.addr.in.sin_port);
	return 0;
}

static bool option_is_set(int fd, int name)
{
	int value = 0;
	socklen_t len = sizeof(value);

	return getsockopt(fd, SOL_SOCKET, name, &value, &len) == 0 && value;
}

static void set_option(int fd, int name, int value)
{
	setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value));
}

/* ------------------------------------------------ binding */

struct attempt {
	const struct sl_netset *rules;
	const struct sl_sock *sock;
	struct sl_peer *name;
	struct sl_bound *b;
	bool reuse_addr, reuse_port; /* as the caller set them */
};

/* A port that a rule denies is had in place of no other one. */
static bool may_move(const struct attempt *a, uint16_t real)
{
	enum sl_net_proto kind = a->b->proto == SL_NET_UDP ? SL_NET_MOVE_UDP
							   : SL_NET_MOVE;

	return real == a->b->port || sl_netset_binds(a->rules, kind, real);
}

static long bind_at(struct attempt *a, uint16_t real)
{
	if (!may_move(a, real))
		return -EADDRINUSE;
	sl_portmap_set_port(a->name, real);
	if (bind(a->sock->fd, &a->name->addr.any, a->name->len) < 0)
		return -errno;
	a->b->real = real;
	return 0;
}

/*
 * Where nobody else is. With both options cleared the kernel lets nobody in
 * beside another one, so two sandboxes never share a port. What is left of
 * former connections is no reason: a server that is started again says so by
 * SO_REUSEADDR.
 */
static long bind_alone(struct attempt *a, uint16_t real)
{
	long r = bind_at(a, real);

	if (r != -EADDRINUSE || !a->reuse_addr || a->b->proto != SL_NET_TCP)
		return r;
	set_option(a->sock->fd, SO_REUSEADDR, 1);
	r = bind_at(a, real);
	if (r < 0)
		set_option(a->sock->fd, SO_REUSEADDR, 0);
	else
		a->reuse_addr = false; /* as it should be already */
	return r;
}

/* A port that was free for an address like this one a moment ago. */
static int scout(const struct attempt *a, uint16_t *ret_port)
{
	struct sl_peer name = *a->name;
	sl_autoclose int fd = socket(a->sock->domain,
				     a->sock->type | SOCK_CLOEXEC, 0);
	int v6only = 0;
	socklen_t len = sizeof(v6only);

	if (fd < 0)
		return -errno;
	if (a->sock->domain == AF_INET6 &&
	    getsockopt(a->sock->fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len) == 0)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, len);
	sl_portmap_set_port(&name, 0);
	if (bind(fd, &name.addr.any, name.len) < 0)
		return -errno;
	return kernel_port(fd, ret_port);
}

/* By number, as the port was asked for: else the kernel would take it back as
 * soon as the socket no longer listens. */
static long bind_anywhere(struct attempt *a)
{
	long r = -EADDRINUSE;

	for (int i = 0; i < SCOUTS && r == -EADDRINUSE; i++) {
		uint16_t real;

		r = scout(a, &real);
		if (r == 0)
			r = bind_at(a, real);
	}
	return r;
}

static bool is_real(const struct sl_portmap *map, uint16_t port)
{
	for (size_t i = 0; i < map->used; i++) {
		const struct sl_bound *b = &map->bound[i];

		if (b->id && b->real == port && b->port != port)
			return true;
	}
	return false;
}

static long bind_new(struct sl_portmap *map, struct attempt *a)
{
	long r = -EADDRINUSE;

	/* One real port for all addresses of a port, if it can be had. */
	for (size_t i = 0; r == -EADDRINUSE && i < map->used; i++) {
		const struct sl_bound *b = &map->bound[i];

		if (b->id && b->port == a->b->port && b->real != b->port)
			r = bind_alone(a, b->real);
	}
	if (r == -EADDRINUSE && !is_real(map, a->b->port))
		r = bind_alone(a, a->b->port);
	return r == -EADDRINUSE ? bind_anywhere(a) : r;
}

static const struct sl_bound *own_at(const struct sl_portmap *map,
				     const struct sl_bound *wanted)
{
	for (size_t i = 0; i < map->used; i++) {
		const struct sl_bound *b = &map->bound[i];

		if (b->id && b->port == wanted->port &&
		    sl_portmap_overlap(b, wanted))
			return b;
	}
	return NULL;
}

static long bind_port(struct sl_portmap *map, struct attempt *a)
{
	const struct sl_bound *own = own_at(map, a->b);
	int fd = a->sock->fd;
	long r;

	/* Beside one of its own it gets what the kernel says, bare. */
	if (own)
		return bind_at(a, own->real);
	if (a->reuse_addr)
		set_option(fd, SO_REUSEADDR, 0);
	if (a->reuse_port)
		set_option(fd, SO_REUSEPORT, 0);
	r = bind_new(map, a);
	if (a->reuse_port)
		set_option(fd, SO_REUSEPORT, 1);
	/* Else another one that is not listening either would be let in. */
	a->b->withheld = r == 0 && a->reuse_addr && a->b->proto == SL_NET_TCP;
	if (a->reuse_addr && !a->b->withheld)
		set_option(fd, SO_REUSEADDR, 1);
	return r;
}

static long bind_zero(struct attempt *a)
{
	a->b->floating = true;
	if (bind(a->sock->fd, &a->name->addr.any, a->name->len) < 0)
		return -errno;
	if (kernel_port(a->sock->fd, &a->b->port) < 0)
		a->b->port = 0;
	a->b->real = a->b->port;
	return 0;
}

/* False: it is not where it was bound to, so it is nobody's. */
static bool settle(const struct sl_sock *sock, struct sl_bound *b)
{
	struct sl_bound now;

	if (!sl_portmap_look(sock, &now) || now.port != b->real)
		return false;
	b->family = now.family;
	b->dual = now.dual;
	memcpy(b->addr, now.addr, sizeof(b->addr));
	return true;
}

static long bind_locked(struct sl_portmap *map, const struct sl_netset *rules,
			const struct sl_sock *sock, enum sl_net_proto proto,
			struct sl_peer *name)
{
	struct sl_bound b = { .proto = (uint8_t)proto };
	struct attempt a = { .rules = rules, .sock = sock, .name = name, .b = &b };
	bool watched;
	long r;

	if (!sl_portmap_read(sock, name, &b) ||
	    sl_portmap_by_socket(map, sock->fd))
		return bind(sock->fd, &name->addr.any, name->len) < 0 ? -errno
								      : 0;
	if (sl_portmap_sweep(map) < 0)
		return -ENOBUFS;
	/* Those of bind(0) are there by the thousand, or not at all, and nobody
	 * is told another number of theirs: half of the room is not for them. */
	if (map->count == SL_MAX_PORTS_BOUND && b.port)
		return -ENOBUFS;
	watched = b.port || map->count < SL_MAX_PORTS_BOUND / 2;
	b.id = watched ? sl_portmap_next_id(map) : 0;
	r = watched ? sl_portmap_watch(map, sock->fd, b.id) : 0;
	if (r < 0)
		return r;
	b.cookie = sl_portmap_cookie(sock->fd);
	a.reuse_addr = option_is_set(sock->fd, SO_REUSEADDR);
	a.reuse_port = option_is_set(sock->fd, SO_REUSEPORT);
	b.shared = a.reuse_port || (proto == SL_NET_UDP && a.reuse_addr);
	r = b.port ? bind_port(map, &a) : bind_zero(&a);
	if (watched && r == 0 && b.port && settle(sock, &b))
		sl_portmap_keep(map, &b);
	else if (watched)
		sl_portmap_unwatch(map, sock->fd);
	return r;
}

long sl_portmap_bind(struct sl_portmap *map, const struct sl_netset *rules,
		     const struct sl_sock *sock, enum sl_net_proto proto,
		     struct sl_peer *name)
{
	long r;

	pthread_mutex_lock(&map->lock);
	r = bind_locked(map, rules, sock, proto, name);
	pthread_mutex_unlock(&map->lock);
	return r;
}

/* ------------------------------------------------ what becomes of it */

/* The kernel chose a port for it, as for bind(0). */
static void keep_listener(struct sl_portmap *map, const struct sl_sock *sock)
{
	struct sl_bound b;

	if (sl_portmap_protocol(sock->fd) != IPPROTO_TCP ||
	    !sl_portmap_look(sock, &b) || sl_portmap_sweep(map) < 0 ||
	    map->count == SL_MAX_PORTS_BOUND)
		return;
	b.proto = SL_NET_TCP;
	b.floating = true;
	b.listens = true;
	b.id = sl_portmap_next_id(map);
	if (sl_portmap_watch(map, sock->fd, b.id) < 0)
		return;
	b.real = b.port;
	b.cookie = sl_portmap_cookie(sock->fd);
	b.shared = option_is_set(sock->fd, SO_REUSEPORT);
	sl_portmap_keep(map, &b);
}

/*
 * SECURITY: it listens where it is, and that is where it was bound to; but one
 * of the kernel's choice was given up when it was shut down, and is a new one.
 */
static bool listens_there(const struct sl_sock *sock, struct sl_bound *b)
{
	struct sl_bound now;

	if (!sl_portmap_look(sock, &now))
		return false;
	if (!b->floating)
		return now.port == b->real && now.family == b->family &&
		       now.dual == b->dual &&
		       memcmp(now.addr, b->addr, sizeof(b->addr)) == 0;
	b->family = now.family;
	b->dual = now.dual;
	memcpy(b->addr, now.addr, sizeof(b->addr));
	b->port = b->real = now.port;
	return true;
}

long sl_portmap_listen(struct sl_portmap *map, const struct sl_sock *sock,
		       int backlog)
{
	struct sl_bound *b;
	long r;

	pthread_mutex_lock(&map->lock);
	r = listen(sock->fd, backlog) < 0 ? -errno : 0;
	b = sl_portmap_by_socket(map, sock->fd);
	if (r == 0 && b) {
		b->listens = listens_there(sock, b);
		if (b->withheld)
			set_option(sock->fd, SO_REUSEADDR, 1);
		b->withheld = false;
	} else if (r == 0) {
		keep_listener(map, sock);
	}
	pthread_mutex_unlock(&map->lock);
	return r;
}

long sl_portmap_reuse(struct sl_portmap *map, const struct sl_sock *sock,
		      int option, int value)
{
	struct sl_bound *b;
	long r = 0;

	pthread_mutex_lock(&map->lock);
	b = sl_portmap_by_socket(map, sock->fd);
	if (b && b->withheld && option == SO_REUSEADDR)
		b->withheld = value;
	else if (setsockopt(sock->fd, SOL_SOCKET, option, &value,
			    sizeof(value)) < 0)
		r = -errno;
	if (b && value && (option == SO_REUSEPORT || b->proto == SL_NET_UDP))
		b->shared = true;
	pthread_mutex_unlock(&map->lock);
	return r;
}

void sl_portmap_connects(struct sl_portmap *map, const struct sl_sock *sock)
{
	struct sl_bound *b;

	pthread_mutex_lock(&map->lock);
	b = sl_portmap_by_socket(map, sock->fd);
	if (b) {
		b->listens = false;
		/* It hears one peer only, and at one address; and there may be
		 * room for another one then. */
		b->shared |= b->proto == SL_NET_UDP;
		if (b->withheld)
			set_option(sock->fd, SO_REUSEADDR, 1);
		b->withheld = false;
		/* The kernel may take it back. It is watched still. */
		if (b->floating)
			b->port = b->real = 0;
	}
	pthread_mutex_unlock(&map->lock);
}
