/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What will be done: policy + what this kernel offers -> a value that spawn
 * carries out. Pure: opens nothing, asks nobody.
 */
#ifndef SL_PLAN_PLAN_H
#define SL_PLAN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "policy/policy.h"
#include "sys/probe.h"
#include "sys/syscalls.h"

struct sock_filter;

/* A path grant; the rights are for a directory, masked for other files when
 * the path is opened. @path is borrowed from the policy. */
struct sl_plan_path {
	const char *path;
	uint64_t access; /* SL_LL_FS_* */
	bool optional;
	bool unix_only; /* of --unix-allow: a socket, or a directory of some */
	const struct sl_item *item; /* origin for errors; NULL = our own */
};

struct sl_plan_port {
	uint16_t port;
	uint64_t access; /* SL_LL_NET_* */
};

struct sl_plan_landlock {
	uint64_t handled_fs, handled_net, scoped; /* the policy's domain, D1 */
	uint64_t read_access;  /* what a read grant of a directory gives */
	uint64_t write_access; /* and a write grant */
	uint64_t border_fs, border_scoped; /* D2, the root's: REFER, SIGNAL */
	/* And TCP, where the judge, in D1, binds and connects elsewhere than
	 * the sandbox asks it to: then the rules for ports are D2's. */
	uint64_t border_net;
	bool border_refer; /* REFER is granted on / */
	struct sl_plan_path *paths;
	size_t path_count;
	/* Nobody but Landlock need judge abstract Unix sockets: it does, or the
	 * user has switched that off. */
	bool abstract_settled;
	struct sl_plan_port *ports;
	size_t port_count;
};

struct sl_plan_filter {
	struct sock_filter *insns;
	size_t count;
	unsigned int when; /* enum sl_when bits (filter.h) it was built for */
	/* Of these, what the policy alone does not tell. */
	unsigned int added, spared;
	bool traps; /* it needs somebody to answer */
	/* It refuses, or traps, a call that the start needs once the filter is
	 * there, unless it does without (SL_LAUNCH_FORK). */
	bool hinders;
	uint8_t list[SL_SYS_COUNT]; /* enum sl_filter_list */
};

struct sl_plan {
	const struct sl_policy *policy; /* borrowed */
	struct sl_plan_landlock landlock;
	struct sl_plan_filter filter;
};

void sl_plan_free(struct sl_plan *plan);
SL_DEFINE_AUTO(sl_plan, sl_plan_free);

/* Borrows @policy, which must outlive the plan. */
int sl_plan_compile(const struct sl_policy *policy, const struct sl_probe *probe,
		    struct sl_plan **ret_plan, struct sl_error *err);

/* The two halves, in files of their own. */
int sl_plan_compile_landlock(const struct sl_policy *policy,
			     const struct sl_probe *probe,
			     struct sl_plan_landlock *ret_ll,
			     struct sl_error *err);
void sl_plan_landlock_fini(struct sl_plan_landlock *ll);
int sl_plan_compile_filter(const struct sl_policy *policy,
			   const struct sl_probe *probe,
			   struct sl_plan_filter *ret_filter,
			   struct sl_error *err);

/* Another filter for the same policy, which asks the judge about what it
 * refuses and about what Landlock refuses. Only where the plan traps at all. */
int sl_plan_add_why(struct sl_plan *plan, struct sl_error *err);

/* Another filter for the same policy, for where Landlock refuses what is
 * denied: nothing is asked because of a deny. */
int sl_plan_spare_denies(struct sl_plan *plan, struct sl_error *err);

/* Another filter for the same policy, for where a grant leads to /proc/net and
 * its tables are of our making. */
int sl_plan_make_tables(struct sl_plan *plan, struct sl_error *err);

/* Must the kernel have @prot for @policy, or would it go without. */
bool sl_plan_demands(const struct sl_policy *policy, enum sl_protection prot);
/* The Landlock ABI that brought @prot, and the Linux release: "6.7". */
int sl_plan_protection_abi(enum sl_protection prot, const char **ret_kernel);

/* Names in syscalls.extra_* that deserve a word to the user, one line each
 * (heap; "" if none). */
int sl_plan_warnings(const struct sl_policy *policy, struct sl_buf *text);

#endif
