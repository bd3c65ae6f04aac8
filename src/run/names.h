/* SPDX-License-Identifier: Apache-2.0 */
/* Host names and their addresses as text: what sandlock-resolve says, and what
 * a sandbox finds in /etc/hosts. Pure. */
#ifndef SL_RUN_NAMES_H
#define SL_RUN_NAMES_H

#include "base/buf.h"
#include "base/error.h"
#include "policy/netmake.h"

/*
 * What sandlock-resolve said of @names, all of it, into pins in the same order.
 * -EBADMSG: it did not keep to its form (resolve_main.c). -ENOENT: a name has
 * no address: *ret_failed is its index, and @why, of @why_size bytes, the
 * reason. Fails without a message: the caller knows the rule.
 */
int sl_names_parse(const char *text, size_t len, char (*names)[254],
		   size_t count, struct sl_net_pins *ret_pins,
		   size_t *ret_failed, char *why, size_t why_size);

/* What this machine says of itself. */
struct sl_names_self {
	const char *hosts;		 /* the text of /etc/hosts */
	const char *name;		 /* its host name */
	const struct sl_net_addr *addrs; /* of its interfaces */
	size_t count;
};

/*
 * SECURITY: takes out of @pins the addresses of this machine and of its links
 * (those of its interfaces, 127.0.0.0/8, ::1, 169.254.0.0/16, fe80::/10), which
 * a name server is not to open for the name that it answers for. They stay
 * where this machine says so itself: "localhost" and below, its host name, and
 * the lines of /etc/hosts. The index + 1 of the first name that has no address
 * left, or 0; then @gone has the last one it had.
 */
size_t sl_names_drop_own(struct sl_net_pins *pins,
			 const struct sl_names_self *self,
			 struct sl_net_addr *gone);

/*
 * RFC 6761: "localhost", and what ends in ".localhost", is the loopback address
 * of either family. Adds what the system's resolver left out, which knows but
 * the lines of /etc/hosts; inside, the file has both. -EBADMSG: no room.
 */
int sl_names_add_loopback(struct sl_net_pins *pins);
bool sl_names_is_localhost(const char *name);

/* /etc/hosts of a sandbox: this host, and what is pinned, in rule order. */
int sl_hosts_text(const struct sl_net_pins *pins, struct sl_buf *text);

/* As it is written: "192.0.2.1", "2001:db8::1". */
#define SL_ADDR_TEXT 46
void sl_net_addr_text(const struct sl_net_addr *addr, char buf[SL_ADDR_TEXT]);

#endif
