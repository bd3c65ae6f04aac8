/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy + command -> a complete launch, in the caller's context: its working
 * directory, its mount namespace, its rights.
 */
#ifndef SL_RUN_PREPARE_H
#define SL_RUN_PREPARE_H

#include <stdbool.h>

#include "base/compiler.h"
#include "base/error.h"
#include "plan/plan.h"
#include "policy/netmake.h"
#include "policy/policy.h"
#include "run/carveset.h"
#include "run/launch.h"
#include "run/tmpdir.h"

struct sl_prepared {
	struct sl_launch launch;  /* points into the rest */
	struct sl_policy *policy; /* the caller's plus what the command needs */
	struct sl_plan *plan;
	char **envp;
	const char **argv_shell;
	char *path;
	char *tmp_dir;		 /* what TMPDIR says, or NULL */
	char *cwd;		 /* absolute, or NULL: unchanged */
	struct sl_grant *grants; /* what became of each path of the plan */
	struct sl_root *roots;	 /* of them what the judge knows */
	struct sl_netset netset;
	struct sl_carve_set carves; /* and what is taken out of them */
	bool denies_by_landlock;    /* none of these is trapped for */
	struct sl_net_pins pins;    /* the host names of its network rules */
	char *hosts; /* and what /etc/hosts shows of them, or NULL */
	char tmp_name[16];
};

/* What the caller wants of this run; everything is borrowed. */
struct sl_request {
	const char *const *argv;
	const char *const *envp; /* NULL: the caller's own */
	const char *cwd;	 /* NULL: the policy's */
	uint64_t timeout_ns;	 /* 0: the policy's; else the sooner one */
	/* Only to look at: argv may be NULL, no temporary directory is made,
	 * and what became of each grant is noted. */
	bool dry;
	/* Of another run or question: not looked up again. NULL: none. */
	const struct sl_net_pins *pins;
	bool why; /* trap what the kernel is going to refuse, to tell of it */
};

/*
 * Nothing is left behind on failure. launch.fds[0..2] are left at -1 for the
 * caller to fill.
 */
int sl_prepare(const struct sl_policy *policy, const struct sl_request *request,
	       struct sl_prepared **ret_prepared, struct sl_error *err);

/* Whether a run of @policy has a private temporary directory. */
bool sl_prepare_has_tmp(const struct sl_policy *policy);

/* What only a judge in this process needs. */
void sl_prepared_drop_roots(struct sl_prepared *prepared);

/* Closes and frees; removes the private temporary directory unless @keep_tmp
 * (somebody else removes it). */
void sl_prepared_free(struct sl_prepared *prepared, bool keep_tmp);

/* The program's environment: @base (or environ) after clean_env and scrub_env,
 * TMPDIR, env, GPU variables. One heap array with its strings. */
int sl_env_build(const struct sl_policy *policy, const char *const *base,
		 const char *tmpdir, char ***ret_env, struct sl_error *err);
/* Value of NAME in a NULL-terminated environment, or NULL. */
const char *sl_env_get(const char *const *envp, const char *name);

#endif
