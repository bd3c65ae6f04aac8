/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policy -> seccomp filter: which rules hold, what the names of
 * syscalls.extra_deny and .extra_allow stand for, and what to tell the user
 * about them. Pure; the instructions are made by filter_build.c.
 */
#include "plan/plan.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "plan/filter.h"
#include "policy/netmake.h"
#include "policy/ports.h"
#include "policy/suggest.h"
#include "policy/value.h"

/* What one name of the policy stands for: a call, or a group of them. */
struct named {
	const struct sl_sys_group *group;
	uint16_t call; /* if group is NULL */
};

static size_t named_count(const struct named *named)
{
	return named->group ? named->group->count : 1;
}

static enum sl_sys named_at(const struct named *named, size_t i)
{
	return (enum sl_sys)(named->group ? named->group->calls[i] : named->call);
}

static int look_up(const char *text, struct named *ret_named)
{
	int call = sl_sys_find(text);

	*ret_named = (struct named){ .group = sl_sys_group_find(text) };
	if (call >= 0)
		ret_named->call = (uint16_t)call;
	return ret_named->group || call >= 0 ? 0 : -EINVAL;
}

static int unknown(const char *text, struct sl_error *err)
{
	struct sl_suggest near = { .wanted = text };
	const char *offer;

	for (int i = 0; i < SL_SYS_COUNT; i++)
		sl_suggest_offer(&near, sl_sys_name((enum sl_sys)i));
	for (size_t i = 0; (offer = sl_sys_alias_at(i)); i++)
		sl_suggest_offer(&near, offer);
	for (size_t i = 0; sl_sys_group_at(i); i++)
		sl_suggest_offer(&near, sl_sys_group_at(i)->name);
	if (near.best)
		return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
			      "unknown system call or group '%s', did you mean "
			      "'%s'?",
			      SL_QUOTE(text), near.best);
	return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
		      "unknown system call or group '%s'", SL_QUOTE(text));
}

/* The sandbox would not even start: the filter is there before the command. */
static int check_deny(enum sl_sys call, struct sl_error *err)
{
	if (call != SL_SYS_execve)
		return 0;
	return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
		      "'execve' cannot be denied: the command itself is "
		      "started by it");
}

/* The item of @list that names @call; there is one. */
static const struct sl_item *item_with(const struct sl_value *list,
				       enum sl_sys call)
{
	struct named named;

	for (size_t i = 0; i < list->count; i++) {
		if (look_up(list->items[i].text, &named) < 0)
			continue;
		for (size_t n = 0; n < named_count(&named); n++)
			if (named_at(&named, n) == call)
				return &list->items[i];
	}
	return NULL;
}

const struct sl_item *sl_filter_item(const struct sl_policy *policy,
				     enum sl_key key, enum sl_sys call)
{
	return item_with(sl_policy_get(policy, key), call);
}

int sl_filter_find(const char *text, const struct sl_sys_group **ret_group,
		   struct sl_error *err)
{
	struct named named;

	if (look_up(text, &named) < 0)
		return unknown(text, err);
	*ret_group = named.group;
	return named.group ? -1 : (int)named.call;
}

static int contradiction(const struct sl_policy *policy,
			 const struct sl_item *item, enum sl_sys call,
			 struct sl_error *err)
{
	const struct sl_value *denied = sl_policy_get(policy, SL_KEY_EXTRA_DENY);
	const struct sl_item *other = item_with(denied, call);
	char where[256] = "", by[SL_QUOTE_MAX + 16] = "";

	if (other) {
		sl_origin_describe(&other->origin, where, sizeof(where));
		if (strcmp(other->text, item->text) != 0)
			snprintf(by, sizeof(by), " by '%s'",
				 SL_QUOTE(other->text));
	}
	return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
		      "'%s' cannot be allowed: %s is denied%s as well (%s)",
		      SL_QUOTE(item->text), sl_sys_name(call), by, where);
}

static int apply(const struct sl_policy *policy, const struct sl_item *item,
		 bool deny, struct sl_filter_spec *spec, struct sl_error *err)
{
	struct named named;
	int r;

	if (look_up(item->text, &named) < 0)
		return unknown(item->text, err);
	for (size_t n = 0; n < named_count(&named); n++) {
		enum sl_sys call = named_at(&named, n);

		r = deny ? check_deny(call, err) : 0;
		if (r < 0)
			return r;
		if (!deny && spec->list[call] == SL_LIST_DENY)
			return contradiction(policy, item, call, err);
		spec->list[call] = deny ? SL_LIST_DENY : SL_LIST_ALLOW;
	}
	/* Of these calls only some arguments are metadata. */
	if (deny && strcmp(item->text, "metadata") == 0)
		spec->when |= SL_WHEN_METADATA;
	return 0;
}

static int apply_list(const struct sl_policy *policy, enum sl_key key,
		      struct sl_filter_spec *spec, struct sl_error *err)
{
	const struct sl_value *list = sl_policy_get(policy, key);
	int r;

	for (size_t i = 0; i < list->count; i++) {
		const struct sl_item *item = &list->items[i];

		r = apply(policy, item, key == SL_KEY_EXTRA_DENY, spec, err);
		if (r < 0)
			return sl_policy_blame(err, r, key, &item->origin);
	}
	return 0;
}

/*
 * Unix sockets need somebody to judge who is connected to, and a place that
 * they may be in: what can be written (the private temporary directory too), or
 * what was named for it. Datagrams are asked for by name alone, since where one
 * can exist every sendmsg(2) is judged.
 */
static unsigned int unix_conditions(const struct sl_policy *policy)
{
	bool named = sl_policy_get(policy, SL_KEY_ALLOW_UNIX)->count;
	bool place = named || sl_policy_get(policy, SL_KEY_FS_WRITE)->count ||
		     sl_policy_bool(policy, SL_KEY_PRIVATE_TMP);

	if (sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR) || !place)
		return SL_WHEN_NO_UNIX | SL_WHEN_NO_UNIX_DGRAM;
	return SL_WHEN_UNIX |
	       (named ? SL_WHEN_UNIX_DGRAM : SL_WHEN_NO_UNIX_DGRAM);
}

static unsigned int datagram_kinds(unsigned int protos)
{
	switch (protos & (SL_NET_UDP | SL_NET_ICMP)) {
	case SL_NET_UDP:
		return SL_WHEN_INET_DGRAM | SL_WHEN_UDP_ONLY;
	case SL_NET_ICMP:
		return SL_WHEN_INET_DGRAM | SL_WHEN_ICMP_ONLY;
	case SL_NET_UDP | SL_NET_ICMP:
		return SL_WHEN_INET_DGRAM | SL_WHEN_UDP_AND_ICMP;
	default:
		return SL_WHEN_NO_INET_DGRAM;
	}
}

/* Nothing but TCP, and that by ports: then Landlock suffices. */
static unsigned int net_conditions(const struct sl_policy *policy)
{
	struct sl_net_need need;
	unsigned int when;

	/* An error is the other half's to report; here it means "nothing". */
	if (sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR) ||
	    sl_net_need(policy, &need, NULL) < 0)
		return SL_WHEN_NO_INET_DGRAM;
	when = need.binds || need.udp_binds ? SL_WHEN_BINDS : 0;
	when |= need.listens ? SL_WHEN_LISTENS : 0u;
	when |= need.udp_binds ? SL_WHEN_SOME_PORTS : 0u;
	if (need.remap)
		when |= SL_WHEN_REMAP | SL_WHEN_BINDS | SL_WHEN_NET;
	if (!need.judged && !need.remap)
		return when | SL_WHEN_NO_INET_DGRAM;
	when |= SL_WHEN_NET | (need.names ? SL_WHEN_HOSTS : 0u);
	/* By leave of the user there are sockets that no rule is about: whom
	 * they send to is judged as well. */
	if (sl_filter_item(policy, SL_KEY_EXTRA_ALLOW, SL_SYS_socket))
		return when | SL_WHEN_INET_DGRAM;
	return when | datagram_kinds(need.protos);
}

static unsigned int conditions(const struct sl_policy *policy)
{
	unsigned int when = SL_WHEN_ALWAYS;
	struct sl_portset bind;
	int r;

	if (!sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR))
		when |= SL_WHEN_SUPERVISED | SL_WHEN_JUDGED;
	else
		when |= SL_WHEN_UNSUPERVISED;
	if (when & SL_WHEN_JUDGED &&
	    sl_policy_get(policy, SL_KEY_FS_PROTECT)->count)
		when |= SL_WHEN_CARVED;
	if (when & SL_WHEN_JUDGED && sl_policy_get(policy, SL_KEY_FS_DENY)->count)
		when |= SL_WHEN_CARVED | SL_WHEN_DENIES;
	if (when & SL_WHEN_JUDGED &&
	    sl_policy_get(policy, SL_KEY_PROCESSES)->count)
		when |= SL_WHEN_COUNTED;
	if (when & SL_WHEN_JUDGED &&
	    !sl_filter_item(policy, SL_KEY_EXTRA_ALLOW, SL_SYS_socket) &&
	    !sl_filter_item(policy, SL_KEY_EXTRA_DENY, SL_SYS_socket))
		when |= SL_WHEN_NETLINK;
	if (sl_policy_get(policy, SL_KEY_MEMORY)->count)
		when |= SL_WHEN_WEIGHED;
	/* An error is the other half's to report; here it means "no port". */
	r = sl_ports_bind(policy, &bind, NULL);
	if ((r < 0 && r != -E2BIG) || (r == 0 && bind.none))
		when |= SL_WHEN_NO_BIND;
	else if (r == -E2BIG || !bind.all)
		when |= SL_WHEN_SOME_PORTS;
	if (sl_policy_get(policy, SL_KEY_CPU_CORES)->count)
		when |= SL_WHEN_PINNED;
	return when | unix_conditions(policy) | net_conditions(policy);
}

/* SECURITY: ways to a file that nobody is asked about. */
static int check_carved(const struct sl_filter_spec *spec, struct sl_error *err)
{
	static const enum sl_sys ways[] = { SL_SYS_io_uring_setup,
					    SL_SYS_io_uring_enter,
					    SL_SYS_open_by_handle_at };

	const char *past = spec->when & SL_WHEN_CARVED
				   ? "--fs-deny and --fs-protect"
				   : "the names of --net-allow";

	for (size_t i = 0; i < SL_ARRAY_LEN(ways); i++)
		if (spec->when & (SL_WHEN_CARVED | SL_WHEN_HOSTS) &&
		    spec->list[ways[i]] == SL_LIST_ALLOW)
			return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
				      "syscalls.extra_allow: '%s' opens files "
				      "past %s; have one or the other",
				      sl_sys_name(ways[i]), past);
	return 0;
}

/* SECURITY: the same, to a destination. */
static int check_net(const struct sl_filter_spec *spec, struct sl_error *err)
{
	static const enum sl_sys ways[] = { SL_SYS_io_uring_setup,
					    SL_SYS_io_uring_enter };

	for (size_t i = 0; i < SL_ARRAY_LEN(ways); i++)
		if (spec->when & (SL_WHEN_NET | SL_WHEN_BINDS) &&
		    spec->list[ways[i]] == SL_LIST_ALLOW)
			return sl_err(
				err, -EINVAL, SL_STAGE_COMPILE,
				"syscalls.extra_allow: '%s' connects, sends "
				"and binds past the rules of the network; "
				"have one or the other",
				sl_sys_name(ways[i]));
	return 0;
}

/* SECURITY: its flags lie in memory, so nobody can tell a thread from a process. */
static int check_counted(const struct sl_filter_spec *spec, struct sl_error *err)
{
	if (!(spec->when & SL_WHEN_COUNTED) ||
	    spec->list[SL_SYS_clone3] != SL_LIST_ALLOW)
		return 0;
	return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
		      "syscalls.extra_allow: 'clone3' makes processes that "
		      "--max-processes cannot count; have one or the other");
}

/* SECURITY: a thread has one tracer, and what is held back is traced for it. */
static int check_held(const struct sl_policy *policy,
		      const struct sl_filter_spec *spec, struct sl_error *err)
{
	if (!sl_policy_get(policy, SL_KEY_CPU)->count ||
	    spec->list[SL_SYS_ptrace] != SL_LIST_ALLOW)
		return 0;
	return sl_err(err, -EINVAL, SL_STAGE_COMPILE,
		      "syscalls.extra_allow: 'ptrace' traces processes that "
		      "--cpu cannot hold back then; have one or the other");
}

int sl_filter_spec(const struct sl_policy *policy, enum sl_arch arch,
		   struct sl_filter_spec *ret_spec, struct sl_error *err)
{
	struct sl_filter_spec spec = { .arch = arch };
	int r;

	spec.when = conditions(policy);
	r = apply_list(policy, SL_KEY_EXTRA_DENY, &spec, err);
	if (r == 0)
		r = apply_list(policy, SL_KEY_EXTRA_ALLOW, &spec, err);
	if (r == 0)
		r = check_carved(&spec, err);
	if (r == 0)
		r = check_net(&spec, err);
	if (r == 0)
		r = check_counted(&spec, err);
	if (r == 0)
		r = check_held(policy, &spec, err);
	if (r < 0)
		return r;
	*ret_spec = spec;
	return 0;
}

/* With the conditions @added, and without @spared. */
static int compile(const struct sl_policy *policy, unsigned int added,
		   unsigned int spared, struct sl_plan_filter *ret_filter,
		   struct sl_error *err)
{
	struct sl_filter_spec spec;
	int r;

	r = sl_filter_spec(policy, SL_ARCH_NATIVE, &spec, err);
	if (r < 0)
		return r;
	spec.when = (spec.when | added) & ~spared;
	ret_filter->when = spec.when;
	ret_filter->added = added;
	ret_filter->spared = spared;
	ret_filter->traps = spec.when & SL_WHEN_JUDGED;
	ret_filter->hinders = added & SL_WHEN_WHY ||
			      spec.list[SL_SYS_close_range] == SL_LIST_DENY ||
			      spec.list[SL_SYS_dup3] == SL_LIST_DENY ||
			      spec.list[SL_SYS_ioctl] == SL_LIST_DENY;
	memcpy(ret_filter->list, spec.list, sizeof(spec.list));
	return sl_filter_build(&spec, &ret_filter->insns, &ret_filter->count,
			       err);
}

int sl_plan_compile_filter(const struct sl_policy *policy,
			   const struct sl_probe *probe,
			   struct sl_plan_filter *ret_filter,
			   struct sl_error *err)
{
	(void)probe; /* every kernel with Landlock has all that is used here */
	return compile(policy, 0, 0, ret_filter, err);
}

/* One more condition, or one less, that the policy alone does not tell. */
static int change(struct sl_plan *plan, unsigned int add, unsigned int spare,
		  struct sl_error *err)
{
	struct sl_plan_filter filter = { 0 };
	int r = compile(plan->policy, plan->filter.added | add,
			plan->filter.spared | spare, &filter, err);

	if (r < 0)
		return r;
	free(plan->filter.insns);
	plan->filter = filter;
	return 0;
}

int sl_plan_add_why(struct sl_plan *plan, struct sl_error *err)
{
	if (!plan->filter.traps)
		return sl_err(err, -EINVAL, SL_STAGE_CHECK,
			      "nobody is there to tell why: "
			      "--no-supervisor and --why exclude each other");
	return change(plan, SL_WHEN_WHY, 0, err);
}

int sl_plan_spare_denies(struct sl_plan *plan, struct sl_error *err)
{
	unsigned int spared = SL_WHEN_DENIES;

	if (!sl_policy_get(plan->policy, SL_KEY_FS_PROTECT)->count)
		spared |= SL_WHEN_CARVED;
	return change(plan, 0, spared, err);
}

int sl_plan_make_tables(struct sl_plan *plan, struct sl_error *err)
{
	return change(plan, SL_WHEN_TABLES, 0, err);
}

/* What the rules for @call open, once each; false if there is no rule. */
static bool add_opens(struct sl_buf *text, enum sl_sys call, unsigned int when)
{
	const struct sl_filter_rule *rule = sl_filter_rule_first(call);
	const char *last = "";
	bool any = false;

	for (; rule; rule = sl_filter_rule_next(rule)) {
		if (!sl_filter_rule_holds(rule, when))
			continue;
		if (strcmp(rule->opens, last) != 0)
			sl_buf_addf(text, "%s%s", any ? ", " : "", rule->opens);
		last = rule->opens;
		any = true;
	}
	return any;
}

static void warn_allow(struct sl_buf *text, const struct sl_item *item,
		       unsigned int when)
{
	sl_autobuf opens = SL_BUF_INIT(4096);
	struct named named;
	char where[512];

	if (look_up(item->text, &named) < 0)
		return;
	sl_origin_describe(&item->origin, where, sizeof(where));
	/* These groups are there to be allowed; the manual tells of them. */
	if (named.group && (strcmp(item->text, "sysv_ipc") == 0 ||
			    strcmp(item->text, "posix_mqueue") == 0))
		return;
	if (named.group)
		sl_buf_adds(&opens, named.group->help);
	else if (!add_opens(&opens, (enum sl_sys)named.call, when)) {
		sl_buf_addf(text,
			    "%s: '%s' is allowed anyway; this entry changes "
			    "nothing\n",
			    where, item->text);
		return;
	}
	sl_buf_addf(text, "%s: allowing '%s' opens: %s\n", where, item->text,
		    opens.data ? opens.data : "");
}

int sl_plan_warnings(const struct sl_policy *policy, struct sl_buf *text)
{
	const struct sl_value *allow = sl_policy_get(policy, SL_KEY_EXTRA_ALLOW);
	unsigned int when = conditions(policy);

	for (size_t i = 0; i < allow->count; i++)
		warn_allow(text, &allow->items[i], when);
	return text->failed;
}
