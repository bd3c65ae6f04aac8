/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy of the filter written a second time, plainly: lists of names and
 * conditions in C, no table of the product but the numbers. What the compiled
 * filter is compared with.
 */
#ifndef TESTS_BPF_NAIVE_H
#define TESTS_BPF_NAIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "sys/syscalls.h"
#include "sys/uapi_seccomp.h"

struct naive {
	enum sl_arch arch;
	bool no_supervisor, bind, pinned, protects, denies, counted;
	bool weighed;	  /* memory is limited */
	bool local;	  /* Unix sockets exist */
	bool datagrams;	  /* and datagram ones */
	bool hosts;	  /* TCP to some address */
	bool names;	  /* TCP to a host of some name */
	bool udp, icmp;	  /* UDP to one port, so not every port of ours */
	bool binds;	  /* all TCP ports but one */
	bool remap;	  /* ports that are taken are others */
	const char *deny; /* names and groups, blank-separated */
	const char *allow;
};

/* SECCOMP_RET_*, with the errno. */
uint32_t naive_action(const struct naive *n, const struct sl_seccomp_data *data);

/* Whether some argument could matter for @name in some policy. */
bool naive_judges(const char *name);
/* The same for the policy of @n. */
bool naive_judges_under(const struct naive *n, const char *name);

#endif
