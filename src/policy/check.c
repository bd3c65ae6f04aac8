/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values that contradict each other, and what this version cannot enforce.
 * Pure: whether this kernel can, is plan/'s work.
 */
#include "policy/policy.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "policy/netmake.h"
#include "policy/ports.h"
#include "policy/value.h"
#include "policy/variable.h"

static bool in_effect(const struct sl_key_info *info, const struct sl_item *item)
{
	/* "= false" asks for nothing. What a preset wishes for gives way: the
	 * user did not ask for both, and less is granted without it. */
	return (info->type != SL_TYPE_BOOL || item->num) &&
	       item->origin.kind != SL_ORIGIN_PRESET &&
	       item->origin.kind != SL_ORIGIN_OWN;
}

/* "--net-allow" for a flag, "[network].allow" for a profile. */
static void add_offender(struct sl_buf *list, const struct sl_key_info *info,
			 bool from_file)
{
	const char *dot = strchr(info->name, '.');
	int section = dot ? (int)(dot - info->name) : 0;

	if (list->len)
		sl_buf_adds(list, ", ");
	if (from_file && dot)
		sl_buf_addf(list, "[%.*s].%s", section, info->name, dot + 1);
	else
		sl_buf_adds(list, info->flag ? info->flag : info->name);
}

static int check_no_supervisor(const struct sl_policy *policy,
			       struct sl_error *err)
{
	sl_autobuf list = SL_BUF_INIT(4096);

	if (!sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR))
		return 0;
	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);
		const struct sl_value *value = sl_policy_get(policy, info->id);
		bool seen[2] = { false, false };

		if (info->flags & SL_KF_NOSUP_OK)
			continue;
		for (size_t i = 0; i < value->count; i++) {
			const struct sl_item *item = &value->items[i];
			bool file = item->origin.kind == SL_ORIGIN_FILE;

			if (!in_effect(info, item) || seen[file])
				continue;
			seen[file] = true;
			add_offender(&list, info, file);
		}
	}
	if (!list.len)
		return list.failed;
	return sl_err(err, -EINVAL, SL_STAGE_CHECK,
		      "--no-supervisor is incompatible with: %s", list.data);
}

/*
 * SECURITY: what a preset wishes for gives way to --no-supervisor; what it
 * takes out of a grant may not, or the grant would be wider than was said.
 */
static int check_carves(const struct sl_policy *policy, struct sl_error *err)
{
	static const enum sl_key keys[] = { SL_KEY_FS_DENY, SL_KEY_FS_PROTECT };

	if (!sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR))
		return 0;
	for (size_t i = 0; i < SL_ARRAY_LEN(keys); i++) {
		const struct sl_value *value = sl_policy_get(policy, keys[i]);
		const char *name = sl_key_info(keys[i])->name;

		if (!value->count)
			continue;
		sl_err(err, -EINVAL, SL_STAGE_CHECK,
		       "'%s': without a supervisor nothing can be taken out of "
		       "a grant; hint: --set %s= goes without, and grants for "
		       "its neighbours alone need none",
		       SL_QUOTE(value->items[0].text), name);
		return sl_policy_blame(err, -EINVAL, keys[i],
				       &value->items[0].origin);
	}
	return 0;
}

/*
 * A preset wishes for what a run can give; what it grants in vain may go, what
 * it restricts may not.
 */
static bool refused_by_confine(const struct sl_key_info *info,
			       const struct sl_item *item)
{
	if (info->flags & SL_KF_CONFINE_OK)
		return false;
	if (info->flags & SL_KF_RESTRICTS)
		return info->type != SL_TYPE_BOOL || item->num;
	return in_effect(info, item);
}

/* Nobody is there to look at addresses. */
static int check_confined_network(const struct sl_policy *policy,
				  struct sl_error *err)
{
	struct sl_net_need need;
	int r = sl_net_need(policy, &need, err);

	if (r < 0 || (!need.judged && !need.binds))
		return r;
	if (need.binds) {
		struct sl_portset set;

		return sl_ports_bind(policy, &set, err);
	}
	sl_err(err, -EINVAL, SL_STAGE_CHECK,
	       "a thread that runs already can be held to TCP ports of any "
	       "host, at most %d of them, and not to hosts, UDP or ICMP",
	       SL_MAX_PORT_RULES);
	sl_error_hint(err, "as in tcp://:443; or start a program with it");
	return -EINVAL;
}

int sl_policy_check_confine(const struct sl_policy *policy, struct sl_error *err)
{
	sl_autobuf list = SL_BUF_INIT(SL_ERROR_MSG_MAX);
	char where[256];

	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);
		const struct sl_value *value = sl_policy_get(policy, info->id);

		for (size_t i = 0; i < value->count; i++) {
			const struct sl_item *item = &value->items[i];

			if (!refused_by_confine(info, item))
				continue;
			sl_origin_describe(&item->origin, where, sizeof(where));
			sl_buf_addf(&list, "%s%s", list.len ? ", " : "",
				    info->name);
			if (strcmp(where, info->name) != 0)
				sl_buf_addf(&list, " (%s)", where);
			break; /* once per key will do */
		}
	}
	if (!list.len)
		return check_confined_network(policy, err);
	return sl_err(err, -EINVAL, SL_STAGE_CHECK,
		      "a thread that runs already cannot be given: %s; hint: "
		      "clear the key, or start a program with it",
		      list.data);
}

static int check_network(const struct sl_policy *policy, struct sl_error *err)
{
	struct sl_net_need need;
	struct sl_portset set;
	int r = sl_net_need(policy, &need, err);

	if (r < 0 || need.binds)
		return r;
	return sl_ports_bind(policy, &set, err);
}

static int check_syscalls(const struct sl_policy *policy, struct sl_error *err)
{
	const struct sl_value *deny = sl_policy_get(policy, SL_KEY_EXTRA_DENY);
	const struct sl_value *allow = sl_policy_get(policy, SL_KEY_EXTRA_ALLOW);

	for (size_t i = 0; i < deny->count; i++)
		for (size_t j = 0; j < allow->count; j++) {
			const struct sl_item *item = &allow->items[j];

			if (strcmp(deny->items[i].text, item->text) != 0)
				continue;
			sl_err(err, -EINVAL, SL_STAGE_CHECK,
			       "'%s' is denied by syscalls.extra_deny as well",
			       SL_QUOTE(item->text));
			return sl_policy_blame(err, -EINVAL, SL_KEY_EXTRA_ALLOW,
					       &item->origin);
		}
	return 0;
}

static int check_protections(const struct sl_policy *policy, struct sl_error *err)
{
	const struct sl_value *off = sl_policy_get(policy, SL_KEY_DISABLE);

	for (size_t i = 0; i < off->count; i++) {
		if (off->items[i].num != SL_PROT_FS_REFER)
			continue;
		sl_err(err, -EINVAL, SL_STAGE_CHECK,
		       "fs-refer cannot be disabled: the kernel always refuses "
		       "to move files between directories that are not granted "
		       "alike");
		return sl_policy_blame(err, -EINVAL, SL_KEY_DISABLE,
				       &off->items[i].origin);
	}
	return 0;
}

static int check_gpus(const struct sl_policy *policy, struct sl_error *err)
{
	const struct sl_value *gpus = sl_policy_get(policy, SL_KEY_GPU);
	size_t all = 0;

	for (size_t i = 0; i < gpus->count; i++)
		all += gpus->items[i].num == SL_GPU_ALL;
	if (!all || all == gpus->count)
		return 0;
	sl_err(err, -EINVAL, SL_STAGE_CHECK,
	       "'all' cannot be combined with numbers");
	return sl_policy_blame(err, -EINVAL, SL_KEY_GPU,
			       &gpus->items[gpus->count - 1].origin);
}

static int check_timeout(const struct sl_policy *policy, struct sl_error *err)
{
	const struct sl_value *grace = sl_policy_get(policy, SL_KEY_KILL_AFTER);

	if (!grace->count || sl_policy_get(policy, SL_KEY_TIMEOUT)->count)
		return 0;
	sl_err(err, -EINVAL, SL_STAGE_CHECK,
	       "has no effect without a timeout; hint: add --timeout TIME");
	return sl_policy_blame(err, -EINVAL, SL_KEY_KILL_AFTER,
			       &grace->items[0].origin);
}

static int check_env(const struct sl_policy *policy, struct sl_error *err)
{
	const struct sl_value *env = sl_policy_get(policy, SL_KEY_ENV);
	bool bare = sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR);

	if (sl_policy_bool(policy, SL_KEY_PRIVATE_TMP) && !bare)
		return 0;
	for (size_t i = 0; i < env->count; i++) {
		const struct sl_item *item = &env->items[i];
		const char *value = strchr(item->text, '=') + 1;

		if (!item->origin.variables || !sl_env_uses_tmpdir(value))
			continue;
		/* Without a supervisor the wishes of presets give way. */
		if (bare && !in_effect(sl_key_info(SL_KEY_ENV), item))
			continue;
		sl_err(err, -EINVAL, SL_STAGE_CHECK,
		       "'%s': ${TMPDIR} is the private temporary directory, "
		       "and there is none; hint: %s",
		       SL_QUOTE(item->text),
		       bare ? "it needs a supervisor"
			    : "--private-tmp, or --no-env to go without");
		return sl_policy_blame(err, -EINVAL, SL_KEY_ENV, &item->origin);
	}
	return 0;
}

int sl_policy_check(const struct sl_policy *policy, struct sl_error *err)
{
	static int (*const checks[])(const struct sl_policy *policy,
				     struct sl_error *err) = {
		check_no_supervisor, check_carves,	check_network,
		check_syscalls,	     check_protections, check_gpus,
		check_timeout,	     check_env,
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(checks); i++) {
		int r = checks[i](policy, err);

		if (r < 0)
			return r;
	}
	return 0;
}
