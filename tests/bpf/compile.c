/* SPDX-License-Identifier: Apache-2.0 */
#include "bpf/compile.h"

#include <stdlib.h>
#include <string.h>

#include "harness/harness.h"
#include "plan/filter.h"

static void set(struct sl_policy *policy, enum sl_key key, const char *text)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_API,
				    .source = sl_key_info(key)->flag };
	struct sl_error err = { 0 };

	if (sl_policy_set(policy, key, text, &origin, &err) < 0) {
		th_fail(__FILE__, __LINE__, "%s", err.msg);
		th_abort();
	}
}

static void set_words(struct sl_policy *policy, enum sl_key key, const char *words)
{
	sl_autofree char *copy = words ? strdup(words) : NULL;
	char *save = NULL, *word;

	if (!copy)
		return;
	for (word = strtok_r(copy, " ", &save); word;
	     word = strtok_r(NULL, " ", &save))
		set(policy, key, word);
}

struct sl_policy *compile_policy(const struct naive *n)
{
	struct sl_policy *policy = NULL;

	if (sl_policy_new(&policy) < 0)
		th_abort();
	if (n->no_supervisor)
		set(policy, SL_KEY_NO_SUPERVISOR, "true");
	if (n->bind)
		set(policy, SL_KEY_NET_ALLOW_BIND, "8080");
	if (n->protects)
		set(policy, SL_KEY_FS_PROTECT, ".git/hooks");
	if (n->denies)
		set(policy, SL_KEY_FS_DENY, "*.key");
	if (n->names)
		set(policy, SL_KEY_NET_ALLOW, "tcp://example.com:443");
	if (n->counted)
		set(policy, SL_KEY_PROCESSES, "7");
	if (n->weighed)
		set(policy, SL_KEY_MEMORY, "64M");
	if (n->pinned)
		set(policy, SL_KEY_CPU_CORES, "0");
	if (n->local)
		set(policy, SL_KEY_PRIVATE_TMP, "true");
	if (n->datagrams)
		set(policy, SL_KEY_ALLOW_UNIX, "/run/some/socket");
	if (n->hosts)
		set(policy, SL_KEY_NET_ALLOW, "tcp://10.0.0.0/8:443");
	if (n->binds)
		set(policy, SL_KEY_NET_DENY_BIND, "22");
	if (n->remap)
		set(policy, SL_KEY_PORT_REMAP, "true");
	if (n->udp)
		set(policy, SL_KEY_NET_ALLOW, "udp://:53");
	if (n->icmp)
		set(policy, SL_KEY_NET_ALLOW, "icmp://*");
	set_words(policy, SL_KEY_EXTRA_DENY, n->deny);
	set_words(policy, SL_KEY_EXTRA_ALLOW, n->allow);
	return policy;
}

struct sl_plan_filter compile_filter(const struct naive *n, struct sl_error *err)
{
	struct sl_plan_filter filter = { 0 };
	struct sl_filter_spec spec;
	SL_AUTO(sl_policy) policy = compile_policy(n);

	if (sl_filter_spec(policy, n->arch, &spec, err) == 0)
		sl_filter_build(&spec, &filter.insns, &filter.count, err);
	return filter;
}
