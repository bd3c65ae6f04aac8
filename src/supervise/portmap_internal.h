/* SPDX-License-Identifier: Apache-2.0 */
/* What portmap.c and portmap_bind.c share; with the lock held. */
#ifndef SL_SUPERVISE_PORTMAP_INTERNAL_H
#define SL_SUPERVISE_PORTMAP_INTERNAL_H

#include <pthread.h>

#include "supervise/peer.h"
#include "supervise/portmap.h"

/* "tfd: 12 events: 18 data: 7 pos:0 ino:1234 sdev:8", and its neighbours. */
#define SL_PORTMAP_LINE 128

struct sl_bound {
	uint64_t id; /* 0: free; else never used again, and its low bits the slot */
	uint64_t cookie;
	uint8_t proto;
	bool dual;     /* an IPv6 socket that takes IPv4 as well */
	bool listens;  /* TCP: by our call, and nothing took it back since */
	bool shared;   /* somebody outside may be let in beside it */
	bool withheld; /* SO_REUSEADDR is set as soon as it listens */
	bool floating; /* of bind(0): the kernel may take the port back */
	bool alive;
	uint8_t family;
	uint8_t addr[16];
	uint16_t port, real;
};

struct sl_portmap {
	pthread_mutex_t lock;
	int epoll;
	int info;      /* of the epoll set, in /proc */
	bool known;    /* between hold and release: who is there */
	uint64_t last; /* number of times a slot was taken */
	size_t used;   /* behind the last slot that is taken */
	size_t count;
	struct sl_bound bound[SL_MAX_PORTS_BOUND];
	char text[SL_MAX_PORTS_BOUND * SL_PORTMAP_LINE];
};

/* Forgets whom the kernel has: 0, or -EIO: then nothing is known. */
int sl_portmap_sweep(struct sl_portmap *map);

/* Whether the kernel would refuse one where the other is. */
bool sl_portmap_overlap(const struct sl_bound *a, const struct sl_bound *b);
/* @b's family, address and port of @name; false: none that the kernel takes. */
bool sl_portmap_read(const struct sl_sock *sock, const struct sl_peer *name,
		     struct sl_bound *b);
void sl_portmap_set_port(struct sl_peer *name, uint16_t port);
/* Where the kernel has it, now: @now's family, address, port and dual. */
bool sl_portmap_look(const struct sl_sock *sock, struct sl_bound *now);

int sl_portmap_protocol(int fd);
uint64_t sl_portmap_cookie(int fd);
struct sl_bound *sl_portmap_by_socket(struct sl_portmap *map, int fd);

/* One for a slot that is free; there is one. */
uint64_t sl_portmap_next_id(const struct sl_portmap *map);
int sl_portmap_watch(struct sl_portmap *map, int fd, uint64_t id);
void sl_portmap_unwatch(struct sl_portmap *map, int fd);
/* One that is watched. */
void sl_portmap_keep(struct sl_portmap *map, const struct sl_bound *b);

#endif
