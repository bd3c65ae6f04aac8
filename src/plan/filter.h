/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between the names of a policy and the instructions of its filter: the rules
 * of filter.def, and a plain value that says which of them hold. Private to
 * plan/ and its tests.
 */
#ifndef SL_PLAN_FILTER_H
#define SL_PLAN_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"
#include "sys/syscalls.h"

struct sock_filter;

enum sl_arg_op {
	SL_OP_NONE = 0, /* behind the last test of a rule */
	SL_OP_IN,	/* one of the values */
	SL_OP_OUT,	/* none of the values */
	SL_OP_BITS,	/* some bit of the mask */
	SL_OP_SOME,	/* not null; the only test of all 64 bits */
};

/* About the low 32 bits of an argument, as the kernel truncates an int: what
 * is above them must not change the verdict. */
struct sl_arg_test {
	enum sl_arg_op op;
	uint8_t arg;
	uint8_t count; /* of values */
	uint32_t mask;
	const uint32_t *values;
};

/* A rule without a condition always holds. */
enum sl_when {
	SL_WHEN_ALWAYS = 0,
	SL_WHEN_SUPERVISED = 1,	   /* not with program.no_supervisor */
	SL_WHEN_NO_BIND = 2,	   /* no port may be bound */
	SL_WHEN_METADATA = 4,	   /* the group of that name is denied */
	SL_WHEN_PINNED = 8,	   /* limits.cpu_cores is set */
	SL_WHEN_UNSUPERVISED = 16, /* with program.no_supervisor */
	SL_WHEN_JUDGED = 32,	   /* somebody answers traps */
	/* Unix sockets exist: judged, and with somewhere to have them. */
	SL_WHEN_UNIX = 64,
	SL_WHEN_NO_UNIX = 128, /* they do not */
	/* Datagram ones, too: then every send that may name a peer is judged. */
	SL_WHEN_UNIX_DGRAM = 256,
	SL_WHEN_NO_UNIX_DGRAM = 512,
	SL_WHEN_NO_LISTEN = SL_WHEN_NO_BIND | SL_WHEN_NO_UNIX,
	SL_WHEN_UNIX_LISTEN = SL_WHEN_NO_BIND | SL_WHEN_UNIX,
	SL_WHEN_UNIX_STREAM = SL_WHEN_UNIX | SL_WHEN_NO_UNIX_DGRAM,
	/* What is refused shall be told, at any cost: the judge is asked about
	 * it, and gives the same answer. With JUDGED alone. */
	SL_WHEN_WHY = 1024,
	SL_WHEN_CARVED = 2048, /* judged, and a part of a grant is not granted */
	SL_WHEN_DENIES = 4096, /* judged, and a part of it for reading, too */
	/* Judged: destinations are told apart by more than a TCP port. */
	SL_WHEN_NET = 1u << 13,
	/* UDP or ICMP sockets exist: each send that may name a peer is judged. */
	SL_WHEN_INET_DGRAM = 1u << 14,
	SL_WHEN_NO_INET_DGRAM = 1u << 15,
	SL_WHEN_UDP_ONLY = 1u << 16,
	SL_WHEN_ICMP_ONLY = 1u << 17,
	SL_WHEN_UDP_AND_ICMP = 1u << 18,
	/* Judged, and a network rule has a host name: opens look for the file
	 * that says which address it has. */
	SL_WHEN_HOSTS = 1u << 19,
	SL_WHEN_BINDS = 1u << 20,   /* judged: ports to bind */
	SL_WHEN_COUNTED = 1u << 21, /* judged, and processes are limited */
	/* Judged: some TCP ports may be bound, and a listener might have another. */
	SL_WHEN_LISTENS = 1u << 22,
	/* Some ports may be bound, and not every one. */
	SL_WHEN_SOME_PORTS = 1u << 23,
	/* Judged: we answer for AF_NETLINK, as socket(2) is neither denied nor
	 * allowed by name. */
	SL_WHEN_NETLINK = 1u << 24,
	/* Judged: a port that is taken is bound elsewhere. With NET and BINDS. */
	SL_WHEN_REMAP = 1u << 25,
	SL_WHEN_WEIGHED = 1u << 26, /* memory is limited */
	/* With REMAP: a grant leads to /proc/net, so opens look for its tables,
	 * which we make. Known once the grants are opened. */
	SL_WHEN_TABLES = 1u << 27,
};

#define SL_RULE_TESTS 4

/* All tests hold: @call fails with @error. Rules of one call are neighbours
 * and the first that holds decides; if none does, the call is allowed. */
struct sl_filter_rule {
	enum sl_sys call;
	uint16_t error;
	uint32_t when;	   /* enum sl_when bits, all needed */
	const char *opens; /* what a program gets that is spared this rule */
	const char *text;  /* the tests as filter.def spells them */
	struct sl_arg_test tests[SL_RULE_TESTS];
};

/* In place of an errno: the judge is asked. */
#define SL_FILTER_TRAP 0x7ffe

/* NULL behind the last one; refusals only. */
const struct sl_filter_rule *sl_filter_rule_at(size_t i);
/* The rules for @call, one by one; NULL behind the last one. */
const struct sl_filter_rule *sl_filter_rule_first(enum sl_sys call);
const struct sl_filter_rule *sl_filter_rule_next(const struct sl_filter_rule *rule);
bool sl_filter_rule_holds(const struct sl_filter_rule *rule, unsigned int when);
/* It looks at no argument. */
static inline bool sl_filter_rule_plain(const struct sl_filter_rule *rule)
{
	return rule->tests[0].op == SL_OP_NONE;
}

enum sl_filter_list {
	SL_LIST_TABLE = 0, /* as filter.def says */
	SL_LIST_DENY,
	SL_LIST_ALLOW,
};

struct sl_filter_spec {
	enum sl_arch arch;
	unsigned int when;	    /* enum sl_when bits that hold */
	uint8_t list[SL_SYS_COUNT]; /* enum sl_filter_list */
};

/*
 * By which errno the filter refuses @call with these arguments, were it built
 * without SL_WHEN_WHY; 0: it does not. @list as in struct sl_filter_spec.
 */
int sl_filter_refusal(enum sl_sys call, unsigned int when, const uint8_t *list,
		      const uint64_t args[6]);
/* Whether some rule that holds looks at argument @arg of @call. */
bool sl_filter_looks_at(enum sl_sys call, unsigned int when, unsigned int arg);

/* Spec -> program, from malloc. */
int sl_filter_build(const struct sl_filter_spec *spec,
		    struct sock_filter **ret_insns, size_t *ret_count,
		    struct sl_error *err);

/* The errno by which @rule refuses a call with these arguments, or 0. */
int sl_filter_rule_judge(const struct sl_filter_rule *rule,
			 const uint64_t args[6]);

/*
 * Arguments that @rule is the first to refuse, of all that hold under @when;
 * with @rule NULL: arguments that none refuses. False if there are none.
 */
bool sl_filter_witness(enum sl_sys call, const struct sl_filter_rule *rule,
		       unsigned int when, uint64_t ret_args[6]);

/* The tests for people: "domain is neither AF_INET nor AF_INET6"; "" if none. */
void sl_filter_rule_text(const struct sl_filter_rule *rule, char *buf,
			 size_t len);

/* The item of @key (syscalls.extra_*) that names @call, or NULL. */
const struct sl_item *sl_filter_item(const struct sl_policy *policy,
				     enum sl_key key, enum sl_sys call);

/* A call (>= 0, an enum sl_sys), or -1 and *ret_group; -EINVAL is no name of
 * either, told with the nearest one. */
int sl_filter_find(const char *text, const struct sl_sys_group **ret_group,
		   struct sl_error *err);

/* Policy -> spec for @arch; errors name the origin of a bad name. */
int sl_filter_spec(const struct sl_policy *policy, enum sl_arch arch,
		   struct sl_filter_spec *ret_spec, struct sl_error *err);

#endif
