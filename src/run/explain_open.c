/* SPDX-License-Identifier: Apache-2.0 */
/* What is open under this policy, of what this version leaves open at all. */
#include "run/explain_internal.h"

#include "sys/uapi.h"

enum open_when {
	OPEN_ALWAYS,
	OPEN_METADATA,
	OPEN_WATCHES,
	OPEN_ANYWHERE,
	OPEN_UDP,
	OPEN_SOCKET,
	OPEN_BIND,
	OPEN_UNIX,
	OPEN_SUPERVISED,
	OPEN_GROUPS,
	OPEN_COREDUMP,
	OPEN_NO_MEMORY,
	OPEN_NO_PROCESSES,
	OPEN_NO_CPU,
	OPEN_ENVIRONMENT,
	OPEN_WRITES,
};

static const struct {
	const char *name;
	enum open_when when;
	const char *what, *helps;
} rows[] = {
#define SL_OPEN(name, when, what, helps) { name, OPEN_##when, what, helps },
#include "run/explain_open.def"
#undef SL_OPEN
};

/* Every call of @group is refused, whatever its arguments. */
bool sl_ex_denies_all(const struct sl_explain *ex, const char *group)
{
	const struct sl_sys_group *calls = sl_sys_group_find(group);
	static const uint64_t args[6];

	for (size_t i = 0; calls && i < calls->count; i++)
		if (sl_ex_filter(ex, (enum sl_sys)calls->calls[i], args) == 0)
			return false;
	return calls != NULL;
}

static bool watches_refused(const struct sl_explain *ex)
{
	static const uint64_t args[6];

	return sl_ex_filter(ex, SL_SYS_inotify_add_watch, args) != 0 ||
	       (sl_ex_filter(ex, SL_SYS_inotify_init, args) != 0 &&
		sl_ex_filter(ex, SL_SYS_inotify_init1, args) != 0);
}

static bool any_port(const struct sl_explain *ex, uint64_t right)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;

	if (!(ll->handled_net & right))
		return true;
	for (size_t i = 0; i < ll->port_count; i++)
		if (ll->ports[i].access & right)
			return true;
	return false;
}

/* One that the kernel chooses, by a rule. */
static bool free_port(const struct sl_explain *ex)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;

	if (!(ll->handled_net & SL_LL_NET_BIND_TCP))
		return true;
	for (size_t i = 0; i < ll->port_count; i++)
		if (!ll->ports[i].port)
			return ll->ports[i].access & SL_LL_NET_BIND_TCP;
	return false;
}

static bool any_host(const struct sl_explain *ex)
{
	const struct sl_netset *set = &ex->prepared->netset;

	if (!(ex->spec.when & SL_WHEN_NET))
		return any_port(ex, SL_LL_NET_CONNECT_TCP);
	for (uint32_t i = 0; i < set->count; i++)
		if (!set->entries[i].deny && !set->entries[i].family)
			return true;
	return set->open & SL_NET_PEERS;
}

static bool any_write(const struct sl_explain *ex)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;

	/* A device holds nothing that is run later. */
	for (size_t i = 0; i < ll->path_count; i++)
		if ((ex->prepared->grants[i].access & SL_LL_FS_WRITE_FILE) &&
		    (S_ISDIR(ex->prepared->grants[i].mode) ||
		     S_ISREG(ex->prepared->grants[i].mode)))
			return true;
	return false;
}

static bool is_open(const struct sl_explain *ex, enum open_when when)
{
	const struct sl_policy *policy = ex->prepared->policy;
	static const uint64_t no_args[6];

	switch (when) {
	case OPEN_ALWAYS:
		return true;
	case OPEN_METADATA:
		return !(ex->spec.when & SL_WHEN_JUDGED) &&
		       (!(ex->spec.when & SL_WHEN_METADATA) ||
			!sl_ex_denies_all(ex, "metadata"));
	case OPEN_WATCHES:
		return !watches_refused(ex);
	case OPEN_ANYWHERE:
		return any_host(ex);
	case OPEN_UDP:
		return ex->spec.when & (SL_WHEN_UDP_ONLY | SL_WHEN_UDP_AND_ICMP);
	case OPEN_SOCKET:
		return ex->spec.list[SL_SYS_socket] == SL_LIST_ALLOW;
	case OPEN_BIND:
		return any_port(ex, SL_LL_NET_BIND_TCP) && !free_port(ex) &&
		       sl_ex_filter(ex, SL_SYS_listen, no_args) == 0;
	case OPEN_UNIX:
		return ex->spec.when & SL_WHEN_UNIX;
	case OPEN_SUPERVISED:
		return !sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR);
	case OPEN_GROUPS:
		return !(ex->spec.when & SL_WHEN_JUDGED) ||
		       !(ex->prepared->plan->landlock.scoped & SL_LL_SCOPE_SIGNAL);
	case OPEN_NO_MEMORY:
		return !ex->prepared->launch.max_memory;
	case OPEN_NO_PROCESSES:
		return !ex->prepared->launch.max_processes;
	case OPEN_NO_CPU:
		return !ex->prepared->launch.cpu_percent;
	case OPEN_COREDUMP:
		return !sl_policy_bool(policy, SL_KEY_NO_COREDUMP) &&
		       !ex->prepared->launch.carve_count;
	case OPEN_ENVIRONMENT:
		return !sl_policy_bool(policy, SL_KEY_CLEAN_ENV);
	case OPEN_WRITES:
		return any_write(ex);
	}
	return true;
}

/* What is possible, in the words of the table if the policy limits nothing. */
static const char *extent(const struct sl_explain *ex, size_t row)
{
	if (rows[row].when == OPEN_ENVIRONMENT &&
	    sl_policy_get(ex->prepared->policy, SL_KEY_SCRUB_ENV)->count)
		return "what no pattern names is passed on, secrets included";
	return rows[row].what;
}

void sl_ex_list_open(struct sl_explain *ex)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(rows); i++)
		if (is_open(ex, rows[i].when))
			sl_ex_add_rule(ex, (struct sl_ex_rule){
						   .subject = rows[i].name,
						   .effect = extent(ex, i),
						   .origin = "sandlock",
						   .note = rows[i].helps,
						   .rung = SL_RUNG_NOTHING,
						   .allows = true,
					   });
}
