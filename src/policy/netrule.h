/* SPDX-License-Identifier: Apache-2.0 */
/* Grammar of --net-allow/--net-deny and of port lists: text -> value. */
#ifndef SL_POLICY_NETRULE_H
#define SL_POLICY_NETRULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/netset.h"

#define SL_NETRULE_MAX_PORTS 256

struct sl_netrule {
	unsigned int protos; /* mask; scheme-less = TCP | UDP */
	bool any_host;	     /* "*" or empty */
	bool is_cidr;	     /* else host holds a validated lower-case name */
	int family;	     /* AF_INET or AF_INET6 with is_cidr */
	unsigned char addr[16];
	unsigned int prefix;
	char host[254];
	bool any_port;
	size_t port_count;
	uint16_t ports[SL_NETRULE_MAX_PORTS];
};

/* @deny: host names are refused. */
int sl_netrule_parse(const char *text, bool deny, struct sl_netrule *ret_rule,
		     struct sl_error *err);

struct sl_portrange {
	uint16_t lo, hi; /* inclusive */
	bool any;	 /* "*" */
	bool udp;	 /* "udp://" stands in front; else it is of TCP */
};

/* One item of a port list: "80", "8000-8010" or, unless @deny, "*". */
int sl_portrange_parse(const char *text, bool deny,
		       struct sl_portrange *ret_range, struct sl_error *err);

#endif
