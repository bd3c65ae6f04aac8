/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See portmap.h, docs/design/ports.md.
 *
 * SECURITY: a port that is the sandbox's own may be connected to without a
 * rule. So what counts is who is there now, not who was: an entry whose socket
 * is closed is gone, a TCP socket counts while it listens, which keeps
 * everybody else away, and one that shares its port never does.
 */
#include "supervise/portmap_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/compiler.h"

int sl_portmap_new(struct sl_portmap **ret_map)
{
	struct sl_portmap *map;
	char path[48];
	int r;

	map = mmap(NULL, sizeof(*map), PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (map == MAP_FAILED)
		return -ENOMEM;
	pthread_mutex_init(&map->lock, NULL);
	map->info = -1;
	map->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (map->epoll >= 0) {
		snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", map->epoll);
		map->info = open(path, O_RDONLY | O_CLOEXEC);
	}
	if (map->info < 0) {
		r = -errno;
		sl_portmap_free(map);
		return r;
	}
	*ret_map = map;
	return 0;
}

void sl_portmap_free(struct sl_portmap *map)
{
	if (!map)
		return;
	if (map->epoll >= 0)
		close(map->epoll);
	if (map->info >= 0)
		close(map->info);
	pthread_mutex_destroy(&map->lock);
	munmap(map, sizeof(*map));
}

/* ------------------------------------------------ who is still there */

static void forget(struct sl_portmap *map, struct sl_bound *b)
{
	b->id = 0;
	map->count--;
	while (map->used && !map->bound[map->used - 1].id)
		map->used--;
}

static struct sl_bound *by_id(struct sl_portmap *map, uint64_t id)
{
	struct sl_bound *b = &map->bound[id % SL_MAX_PORTS_BOUND];

	return id && b->id == id ? b : NULL;
}

/* One for a slot that is free; there is one. */
uint64_t sl_portmap_next_id(const struct sl_portmap *map)
{
	size_t slot = 0;

	while (map->bound[slot].id)
		slot++;
	return (map->last + 1) * SL_MAX_PORTS_BOUND + slot;
}

/* What the set still watches: the kernel takes a file out of it when the last
 * descriptor of it is closed. False: it cannot be told. */
static bool mark_alive(struct sl_portmap *map)
{
	ssize_t n = pread(map->info, map->text, sizeof(map->text) - 1, 0);
	const char *at = map->text;

	if (n <= 0 || n == (ssize_t)sizeof(map->text) - 1)
		return false;
	map->text[n] = '\0';
	while ((at = strstr(at, "data:"))) {
		struct sl_bound *b;

		at += strlen("data:");
		b = by_id(map, strtoull(at, NULL, 16));
		if (b)
			b->alive = true;
	}
	return true;
}

/* A TCP socket that neither listens nor is connected says that it hung up. */
static void look_who_listens(struct sl_portmap *map)
{
	struct epoll_event events[SL_MAX_PORTS_BOUND];
	int n = epoll_wait(map->epoll, events, SL_MAX_PORTS_BOUND, 0);

	for (int i = 0; i < n; i++) {
		struct sl_bound *b = by_id(map, events[i].data.u64);

		if (b && events[i].events & EPOLLHUP)
			b->listens = false;
	}
}

/* 0, or -EIO: then nothing is known. */
int sl_portmap_sweep(struct sl_portmap *map)
{
	if (!map->count)
		return 0;
	for (size_t i = 0; i < map->used; i++)
		map->bound[i].alive = false;
	if (!mark_alive(map))
		return -EIO;
	for (size_t i = map->used; i-- > 0;)
		if (map->bound[i].id && !map->bound[i].alive)
			forget(map, &map->bound[i]);
	look_who_listens(map);
	return 0;
}

/* ------------------------------------------------ addresses */

static bool is_any(const uint8_t *addr)
{
	static const uint8_t none[16];

	return memcmp(addr, none, sizeof(none)) == 0;
}

/* Whether the kernel would refuse one where the other is. */
bool sl_portmap_overlap(const struct sl_bound *a, const struct sl_bound *b)
{
	if (a->proto != b->proto)
		return false;
	if (a->family == b->family)
		return is_any(a->addr) || is_any(b->addr) ||
		       memcmp(a->addr, b->addr, sizeof(a->addr)) == 0;
	return a->dual || b->dual;
}

bool sl_portmap_is_loopback(uint8_t family, const uint8_t *addr)
{
	static const uint8_t one[16] = { [15] = 1 };

	return family == 4 ? addr[0] == 127 : memcmp(addr, one, sizeof(one)) == 0;
}

static bool covers(const struct sl_bound *b, const struct sl_net_addr *addr)
{
	if (b->family != addr->family)
		return b->dual;
	return is_any(b->addr) ||
	       memcmp(b->addr, addr->bytes, sizeof(b->addr)) == 0;
}

/* @b's family, address and port of @name; false: none that the kernel takes. */
bool sl_portmap_read(const struct sl_sock *sock, const struct sl_peer *name,
		     struct sl_bound *b)
{
	const struct in6_addr *in6 = &name->addr.in6.sin6_addr;
	int v6only = 1;
	socklen_t len = sizeof(v6only);

	if (sock->domain == AF_INET) {
		/* AF_UNSPEC is one to bind, too. */
		if (name->len < sizeof(name->addr.in) ||
		    (name->addr.any.sa_family != AF_INET &&
		     name->addr.any.sa_family != AF_UNSPEC))
			return false;
		b->family = 4;
		memcpy(b->addr, &name->addr.in.sin_addr, 4);
		b->port = ntohs(name->addr.in.sin_port);
		return true;
	}
	if (name->len < 24 || name->addr.any.sa_family != AF_INET6)
		return false;
	b->port = ntohs(name->addr.in6.sin6_port);
	if (IN6_IS_ADDR_V4MAPPED(in6)) {
		b->family = 4;
		memcpy(b->addr, &in6->s6_addr[12], 4);
		return true;
	}
	b->family = 6;
	memcpy(b->addr, in6, 16);
	if (getsockopt(sock->fd, IPPROTO_IPV6, IPV6_V6ONLY, &v6only, &len) < 0)
		v6only = 1;
	b->dual = !v6only && is_any(b->addr);
	return true;
}

/*
 * SECURITY: what a socket takes and which family it is of can be changed by
 * whoever else has it, until it has a port; so this counts, and not what it was
 * before.
 */
bool sl_portmap_look(const struct sl_sock *sock, struct sl_bound *now)
{
	struct sl_peer name = { .len = sizeof(name.addr) };
	struct sl_sock self = *sock;
	socklen_t len = sizeof(self.domain);

	*now = (struct sl_bound){ .id = 0 };
	return getsockname(sock->fd, &name.addr.any, &name.len) == 0 &&
	       getsockopt(sock->fd, SOL_SOCKET, SO_DOMAIN, &self.domain, &len) ==
		       0 &&
	       sl_portmap_read(&self, &name, now) && now->port;
}

/* In the same place in either family. */
void sl_portmap_set_port(struct sl_peer *name, uint16_t port)
{
	name->addr.in.sin_port = htons(port);
}

/* ------------------------------------------------ entries */

uint64_t sl_portmap_cookie(int fd)
{
	uint64_t cookie = 0;
	socklen_t len = sizeof(cookie);

	if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &len) < 0)
		return 0;
	return cookie;
}

struct sl_bound *sl_portmap_by_socket(struct sl_portmap *map, int fd)
{
	uint64_t cookie = map->count ? sl_portmap_cookie(fd) : 0;

	for (size_t i = 0; cookie && i < map->used; i++)
		if (map->bound[i].id && map->bound[i].cookie == cookie)
			return &map->bound[i];
	return NULL;
}

int sl_portmap_watch(struct sl_portmap *map, int fd, uint64_t id)
{
	struct epoll_event event = { .data.u64 = id };

	if (epoll_ctl(map->epoll, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	/* Its number served for one that is not ours to forget. */
	return errno == EEXIST ? -EINVAL : -ENOBUFS;
}

void sl_portmap_unwatch(struct sl_portmap *map, int fd)
{
	epoll_ctl(map->epoll, EPOLL_CTL_DEL, fd, NULL);
}

/* One that is watched. */
void sl_portmap_keep(struct sl_portmap *map, const struct sl_bound *b)
{
	size_t slot = (size_t)(b->id % SL_MAX_PORTS_BOUND);

	map->bound[slot] = *b;
	map->last++;
	map->count++;
	map->used = SL_MAX(map->used, slot + 1);
}

int sl_portmap_protocol(int fd)
{
	int protocol = -1;
	socklen_t len = sizeof(protocol);

	getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len);
	return protocol;
}

/* ------------------------------------------------ questions */

static enum sl_port_holder holder(const struct sl_bound *b)
{
	if (b->proto == SL_NET_TCP && !b->listens)
		return SL_PORT_SILENT;
	return b->shared ? SL_PORT_SHARED : SL_PORT_OWN;
}

enum sl_port_holder sl_portmap_find(struct sl_portmap *map,
				    enum sl_net_proto proto,
				    const struct sl_net_addr *addr,
				    uint16_t port, uint16_t *ret_real)
{
	const struct sl_bound *best = NULL;
	enum sl_port_holder who = SL_PORT_NOBODY;

	pthread_mutex_lock(&map->lock);
	/* What cannot be known is nobody's. */
	if (sl_portmap_sweep(map) < 0)
		goto out;
	for (size_t i = 0; i < map->used; i++) {
		const struct sl_bound *b = &map->bound[i];

		if (!b->id || b->proto != proto || b->port != port ||
		    !covers(b, addr))
			continue;
		/* As in the kernel: who listens, then who names the address. */
		if (!best || (b->listens && !best->listens) ||
		    (b->listens == best->listens && is_any(best->addr)))
			best = b;
	}
	if (best) {
		*ret_real = best->real;
		who = holder(best);
	}
out:
	pthread_mutex_unlock(&map->lock);
	return who;
}

/* Who has the port that @at has outside, if it is another one inside. */
static const struct sl_bound *by_real(const struct sl_portmap *map,
				      const struct sl_bound *at)
{
	for (size_t i = 0; i < map->used; i++) {
		const struct sl_bound *b = &map->bound[i];

		if (b->id && b->real == at->port && b->port != b->real &&
		    sl_portmap_overlap(b, at))
			return b;
	}
	return NULL;
}

void sl_portmap_translate(struct sl_portmap *map, const struct sl_sock *sock,
			  bool peer, struct sl_peer *name)
{
	const struct sl_bound *own;
	struct sl_bound at = { .id = 0 };
	int protocol;

	if ((sock->domain != AF_INET && sock->domain != AF_INET6) ||
	    !sl_portmap_read(sock, name, &at) || !at.port ||
	    (peer && !sl_portmap_is_loopback(at.family, at.addr)))
		return;
	protocol = sl_portmap_protocol(sock->fd);
	if (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP)
		return;
	at.proto = protocol == IPPROTO_TCP ? SL_NET_TCP : SL_NET_UDP;
	pthread_mutex_lock(&map->lock);
	own = peer ? NULL : sl_portmap_by_socket(map, sock->fd);
	/* What it accepted has its port, too, as long as it is there. */
	if (!own && by_real(map, &at) && sl_portmap_sweep(map) == 0)
		own = by_real(map, &at);
	/* One that it may have lost is known to the kernel alone. */
	if (own && own->port)
		sl_portmap_set_port(name, own->port);
	pthread_mutex_unlock(&map->lock);
}

void sl_portmap_hold(struct sl_portmap *map)
{
	pthread_mutex_lock(&map->lock);
	map->known = sl_portmap_sweep(map) == 0;
}

void sl_portmap_release(struct sl_portmap *map)
{
	pthread_mutex_unlock(&map->lock);
}

uint16_t sl_portmap_inside(struct sl_portmap *map, enum sl_net_proto proto,
			   const struct sl_net_addr *addr, uint16_t port)
{
	struct sl_bound at = { .proto = (uint8_t)proto,
			       .family = addr->family,
			       .port = port };
	const struct sl_bound *b;

	memcpy(at.addr, addr->bytes, sizeof(at.addr));
	b = map->known ? by_real(map, &at) : NULL;
	return b ? b->port : port;
}

size_t sl_portmap_list(struct sl_portmap *map, struct sl_port *ports, size_t max)
{
	size_t count = 0;

	pthread_mutex_lock(&map->lock);
	if (sl_portmap_sweep(map) < 0)
		max = 0;
	for (size_t i = 0; count < max && i < map->used; i++) {
		const struct sl_bound *b = &map->bound[i];

		if (!b->id || !b->port)
			continue;
		ports[count] = (struct sl_port){ .proto = b->proto,
						 .family = b->family,
						 .port = b->port,
						 .real = b->real };
		memcpy(ports[count++].addr, b->addr, sizeof(b->addr));
	}
	pthread_mutex_unlock(&map->lock);
	return count;
}
