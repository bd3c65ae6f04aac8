/* SPDX-License-Identifier: Apache-2.0 */
/* The policy half of the public interface: argument checks, then policy/. */
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "base/buf.h"
#include "base/limits.h"
#include "plan/plan.h"
#include "policy/policy.h"
#include "policy/profile.h"
#include "run/ruleset.h"

struct sandlock_policy {
	struct sl_policy *policy;
};

struct sl_policy *sl_api_policy(const sandlock_policy *policy)
{
	return policy->policy;
}

static int invalid(struct sl_error *err, const char *what)
{
	return sl_err(err, -EINVAL, SL_STAGE_CHECK, "%s is NULL", what);
}

static int out_of_memory(struct sl_error *err)
{
	return sl_err(err, -ENOMEM, SL_STAGE_CHECK, "out of memory");
}

/* ------------------------------------------------ keys */

static uint32_t public_type(enum sl_type type)
{
	switch (type) {
	case SL_TYPE_BOOL:
		return SANDLOCK_TYPE_BOOL;
	case SL_TYPE_INT:
		return SANDLOCK_TYPE_INTEGER;
	case SL_TYPE_SIZE:
		return SANDLOCK_TYPE_SIZE;
	case SL_TYPE_DURATION:
		return SANDLOCK_TYPE_DURATION;
	case SL_TYPE_STRING:
	case SL_TYPE_USER:
		return SANDLOCK_TYPE_STRING;
	case SL_TYPE_PATH:
		return SANDLOCK_TYPE_PATH;
	case SL_TYPE_ENV:
		return SANDLOCK_TYPE_MAP;
	case SL_TYPE_PATHS:
	case SL_TYPE_STRINGS:
	case SL_TYPE_PORTS:
	case SL_TYPE_NETRULES:
	case SL_TYPE_PROTECTIONS:
	case SL_TYPE_SYSCALLS:
	case SL_TYPE_CORES:
	case SL_TYPE_GPUS:
		break;
	}
	return SANDLOCK_TYPE_LIST;
}

int sandlock_key_at(size_t index, sandlock_key *ret_key)
{
	const struct sl_key_info *info;
	sandlock_key key = { 0 };
	size_t size;

	if (!ret_key || ret_key->size < offsetof(sandlock_key, flags) ||
	    ret_key->size > SL_API_MAX_STRUCT)
		return -EINVAL;
	if (index >= SL_KEY_COUNT)
		return -ERANGE;
	info = sl_key_info((enum sl_key)index);
	size = SL_MIN(ret_key->size, sizeof(key));
	key.size = ret_key->size;
	key.name = info->name;
	key.flag = info->flag;
	key.short_flag = info->short_flag;
	key.metavar = info->metavar;
	key.group = info->group;
	key.help = info->help;
	key.type = public_type(info->type);
	key.flags = (info->flags & SL_KF_LATER ? 0 : SANDLOCK_KEY_AVAILABLE) |
		    (info->flags & SL_KF_RUN ? 0 : SANDLOCK_KEY_POLICY) |
		    (info->flags & SL_KF_NOSUP_OK ? SANDLOCK_KEY_NO_SUPERVISOR
						  : 0) |
		    (info->flags & SL_KF_CONFINE_OK ? SANDLOCK_KEY_CONFINE : 0);
	/* A newer caller finds zero where this version knows nothing. */
	memset(ret_key, 0, key.size);
	memcpy(ret_key, &key, size);
	return 0;
}

static int find_key(const char *name, const struct sl_key_info **ret_info,
		    struct sl_error *err)
{
	const struct sl_key_info *info = sl_key_find(name);
	const char *near;

	if (info && !(info->flags & SL_KF_RUN)) {
		*ret_info = info;
		return 0;
	}
	if (info)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "'%s' belongs to one run, not to a policy", name);
	near = sl_key_suggest(name);
	return sl_err(err, -EINVAL, SL_STAGE_PARSE, "unknown key '%s'%s%s%s",
		      name, near ? "; did you mean '" : "", near ? near : "",
		      near ? "'?" : "");
}

/* ------------------------------------------------ objects */

static int adopt(struct sl_policy *inner, sandlock_policy **ret_policy,
		 struct sl_error *err)
{
	sandlock_policy *policy = calloc(1, sizeof(*policy));

	if (!policy) {
		sl_policy_free(inner);
		return out_of_memory(err);
	}
	policy->policy = inner;
	*ret_policy = policy;
	return 0;
}

int sandlock_policy_new(sandlock_policy **ret_policy, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	struct sl_policy *inner;

	if (!ret_policy)
		return invalid(e, "ret_policy");
	if (sl_policy_new(&inner) < 0)
		return out_of_memory(e);
	return adopt(inner, ret_policy, e);
}

void sandlock_policy_free(sandlock_policy *policy)
{
	if (!policy)
		return;
	sl_policy_free(policy->policy);
	free(policy);
}

int sandlock_policy_clone(const sandlock_policy *policy,
			  sandlock_policy **ret_policy, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	struct sl_policy *inner;

	if (!policy || !ret_policy)
		return invalid(e, "a policy");
	if (sl_policy_clone(policy->policy, &inner) < 0)
		return out_of_memory(e);
	return adopt(inner, ret_policy, e);
}

int sandlock_policy_set(sandlock_policy *policy, const char *key,
			const char *value, const char *origin,
			sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	struct sl_origin from = { .kind = SL_ORIGIN_API,
				  .source = origin ? origin : key };
	const struct sl_key_info *info;
	int r;

	if (!policy || !key || !value)
		return invalid(e, "policy, key or value");
	r = find_key(key, &info, e);
	if (r < 0)
		return r;
	return sl_policy_set(policy->policy, info->id, value, &from, e);
}

int sandlock_policy_get(const sandlock_policy *policy, const char *key,
			size_t index, const char **ret_value)
{
	const struct sl_key_info *info;
	const struct sl_value *value;

	if (!policy || !key || !ret_value)
		return -EINVAL;
	if (find_key(key, &info, NULL) < 0)
		return -EINVAL;
	value = sl_policy_get(policy->policy, info->id);
	if (!value->set || index >= value->count)
		return -ENOENT;
	*ret_value = value->items[index].given;
	return 0;
}

int sandlock_policy_clear(sandlock_policy *policy, const char *key,
			  sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	const struct sl_key_info *info;
	int r;

	if (!policy || !key)
		return invalid(e, "policy or key");
	r = find_key(key, &info, e);
	if (r < 0)
		return r;
	sl_policy_clear(policy->policy, info->id);
	return 0;
}

int sandlock_policy_merge(sandlock_policy *policy, const sandlock_policy *over,
			  sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	int r;

	if (!policy || !over)
		return invalid(e, "a policy");
	r = sl_policy_merge(policy->policy, over->policy);
	if (r == -E2BIG)
		return sl_err(e, r, SL_STAGE_CHECK,
			      "the merged policy has too many values");
	return r < 0 ? out_of_memory(e) : 0;
}

int sandlock_policy_dump(const sandlock_policy *policy, char **ret_text,
			 sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);

	if (!policy || !ret_text)
		return invalid(e, "policy or ret_text");
	return sl_policy_dump(policy->policy, ret_text, e);
}

int sandlock_policy_check(const sandlock_policy *policy, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	SL_AUTO(sl_plan) plan = NULL;
	struct sl_probe probe;
	int r;

	if (!policy)
		return invalid(e, "policy");
	r = sl_policy_check(policy->policy, e);
	if (r < 0)
		return r;
	sl_probe(&probe);
	return sl_plan_compile(policy->policy, &probe, &plan, e);
}

int sandlock_policy_warnings(const sandlock_policy *policy, char **ret_text,
			     sandlock_error *err)
{
	sl_autobuf text = SL_BUF_INIT(SL_MAX_DUMP_BYTES);
	struct sl_error *e = sl_api_error(err);
	char *taken;

	if (!policy || !ret_text)
		return invalid(e, "policy or ret_text");
	if (sl_plan_warnings(policy->policy, &text) < 0 ||
	    sl_ruleset_warnings(policy->policy, &text) < 0)
		return out_of_memory(e);
	taken = sl_buf_take(&text);
	if (!taken)
		return out_of_memory(e);
	*ret_text = taken;
	return 0;
}

/* ------------------------------------------------ profiles */

int sandlock_policy_load(sandlock_policy *policy, const char *profile,
			 sandlock_error *err)
{
	if (!policy || !profile)
		return invalid(sl_api_error(err), "policy or profile");
	return sl_profile_load(policy->policy, profile, sl_api_error(err));
}

int sandlock_policy_load_file(sandlock_policy *policy, const char *path,
			      sandlock_error *err)
{
	if (!policy || !path)
		return invalid(sl_api_error(err), "policy or path");
	return sl_profile_load_file(policy->policy, path, sl_api_error(err));
}

int sandlock_policy_parse(sandlock_policy *policy, const char *text, size_t len,
			  const char *name, sandlock_error *err)
{
	if (!policy || (!text && len))
		return invalid(sl_api_error(err), "policy or text");
	return sl_profile_parse(policy->policy, text ? text : "", len,
				name ? name : "policy", sl_api_error(err));
}

int sandlock_profile_list(char **ret_text, sandlock_error *err)
{
	if (!ret_text)
		return invalid(sl_api_error(err), "ret_text");
	return sl_profile_list(ret_text, sl_api_error(err));
}

int sandlock_profile_text(const char *name, char **ret_text, sandlock_error *err)
{
	if (!name || !ret_text)
		return invalid(sl_api_error(err), "name or ret_text");
	return sl_profile_text(name, ret_text, sl_api_error(err));
}

int sandlock_profile_path(const char *name, char **ret_path, sandlock_error *err)
{
	if (!name || !ret_path)
		return invalid(sl_api_error(err), "name or ret_path");
	return sl_profile_path(name, ret_path, sl_api_error(err));
}

int sandlock_profile_is_preset(const char *name)
{
	return name && sl_preset_text(name);
}

int sandlock_profile_delete(const char *name, sandlock_error *err)
{
	if (!name)
		return invalid(sl_api_error(err), "name");
	return sl_profile_delete(name, sl_api_error(err));
}
