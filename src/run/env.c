/* SPDX-License-Identifier: Apache-2.0 */
/* SECURITY: the environment of the program, which holds its caller's secrets. */
#include "run/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "policy/pattern.h"
#include "policy/variable.h"

/* What --clean-env leaves: enough for a shell and a terminal. */
static const char *const clean_keeps[] = { "PATH", "HOME", "USER", "TERM",
					   "LANG" };

struct env {
	char **vars; /* owned strings */
	size_t count, cap;
};

static size_t name_len(const char *var)
{
	const char *eq = strchr(var, '=');

	return eq ? (size_t)(eq - var) : strlen(var);
}

const char *sl_env_get(const char *const *envp, const char *name)
{
	size_t len = strlen(name);

	for (; *envp; envp++)
		if (strncmp(*envp, name, len) == 0 && (*envp)[len] == '=')
			return *envp + len + 1;
	return NULL;
}

/* Takes @var (may be NULL: out of memory). Replaces an equal name. */
static int put(struct env *env, char *var)
{
	size_t len;

	if (!var)
		return -ENOMEM;
	len = name_len(var);
	for (size_t i = 0; i < env->count; i++) {
		if (name_len(env->vars[i]) == len &&
		    memcmp(env->vars[i], var, len) == 0) {
			free(env->vars[i]);
			env->vars[i] = var;
			return 0;
		}
	}
	if (env->count + 1 >= env->cap) {
		size_t cap = SL_MAX(env->cap * 2, (size_t)64);
		char **vars = realloc(env->vars, cap * sizeof(*vars));

		if (!vars) {
			free(var);
			return -ENOMEM;
		}
		env->vars = vars;
		env->cap = cap;
	}
	env->vars[env->count++] = var;
	env->vars[env->count] = NULL;
	return 0;
}

static int putf(struct env *env, const char *name, const char *value)
{
	char *var;

	if (asprintf(&var, "%s=%s", name, value) < 0)
		return -ENOMEM;
	return put(env, var);
}

static bool scrubbed(const struct sl_value *patterns, const char *var)
{
	size_t len = name_len(var);

	for (size_t i = 0; i < patterns->count; i++)
		if (sl_pattern_match(patterns->items[i].text, var, len))
			return true;
	/* Without a name it is no variable, and nobody can say what it is. */
	return patterns->count && (!len || !var[len]);
}

static bool is_clean(const char *var)
{
	size_t len = name_len(var);

	for (size_t i = 0; i < SL_ARRAY_LEN(clean_keeps); i++)
		if (strlen(clean_keeps[i]) == len && var[len] &&
		    memcmp(clean_keeps[i], var, len) == 0)
			return true;
	return false;
}

static int inherit(struct env *env, const struct sl_policy *policy,
		   const char *const *base)
{
	const struct sl_value *scrub = sl_policy_get(policy, SL_KEY_SCRUB_ENV);
	bool clean = sl_policy_bool(policy, SL_KEY_CLEAN_ENV);
	int r = 0;

	for (; *base && r == 0; base++)
		if ((!clean || is_clean(*base)) && !scrubbed(scrub, *base))
			r = put(env, strdup(*base));
	return r;
}

/* A variable of the policy. */
static int put_own(struct env *env, const struct sl_item *item,
		   const char *tmpdir, struct sl_error *err)
{
	const char *value = strchr(item->text, '=') + 1;
	sl_autofree char *expanded = NULL;
	char *var;
	int r;

	if (!item->origin.variables)
		return put(env, strdup(item->text));
	/* Only what a preset wishes for comes here without (sl_policy_check). */
	if (!tmpdir && sl_env_uses_tmpdir(value))
		return 0;
	r = sl_env_expand(value, tmpdir, &expanded, err);
	/* A preset does not insist on a home. */
	if (r == -ENOENT && item->origin.kind == SL_ORIGIN_PRESET) {
		sl_error_clear(err);
		return 0;
	}
	if (r < 0)
		return sl_policy_blame(err, r, SL_KEY_ENV, &item->origin);
	if (asprintf(&var, "%.*s=%s", (int)(value - 1 - item->text), item->text,
		     expanded) < 0)
		return -ENOMEM;
	return put(env, var);
}

/* An index list hides the other cards from the runtimes as well. */
static int put_gpus(struct env *env, const struct sl_policy *policy)
{
	const struct sl_value *gpus = sl_policy_get(policy, SL_KEY_GPU);
	sl_autobuf list = SL_BUF_INIT(4096);

	for (size_t i = 0; i < gpus->count; i++) {
		if (strcmp(gpus->items[i].text, "all") == 0)
			return 0;
		sl_buf_addf(&list, "%s%s", i ? "," : "", gpus->items[i].text);
	}
	if (!gpus->count)
		return 0;
	if (list.failed)
		return list.failed;
	if (putf(env, "CUDA_VISIBLE_DEVICES", list.data) < 0)
		return -ENOMEM;
	return putf(env, "ROCR_VISIBLE_DEVICES", list.data);
}

static int build(struct env *env, const struct sl_policy *policy,
		 const char *const *base, const char *tmpdir,
		 struct sl_error *err)
{
	const struct sl_value *vars = sl_policy_get(policy, SL_KEY_ENV);
	int r = inherit(env, policy, base);

	if (r == 0 && tmpdir)
		r = putf(env, "TMPDIR", tmpdir);
	for (size_t i = 0; r == 0 && i < vars->count; i++)
		r = put_own(env, &vars->items[i], tmpdir, err);
	if (r == 0)
		r = put_gpus(env, policy);
	return r < 0 ? sl_err(err, r, SL_STAGE_SPAWN, "out of memory") : 0;
}

int sl_env_build(const struct sl_policy *policy, const char *const *base,
		 const char *tmpdir, char ***ret_env, struct sl_error *err)
{
	struct env env = { 0 };
	int r;

	if (!base)
		base = (const char *const *)environ;
	r = build(&env, policy, base, tmpdir, err);
	if (r == 0 && !env.vars) {
		env.vars = calloc(1, sizeof(char *));
		r = env.vars ? 0
			     : sl_err(err, -ENOMEM, SL_STAGE_SPAWN,
				      "out of memory");
	}
	if (r < 0) {
		for (size_t i = 0; i < env.count; i++)
			free(env.vars[i]);
		free(env.vars);
		return r;
	}
	*ret_env = env.vars;
	return 0;
}
