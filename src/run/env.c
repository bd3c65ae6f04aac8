/* SPDX-License-Identifier: Apache-2.0 */
/* The environment of the program. */
#include "run/prepare.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"

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

static int inherit(struct env *env, const char *const *base, bool clean)
{
	int r = 0;

	if (clean) {
		for (size_t i = 0; i < SL_ARRAY_LEN(clean_keeps); i++) {
			const char *value = sl_env_get(base, clean_keeps[i]);

			if (value && putf(env, clean_keeps[i], value) < 0)
				return -ENOMEM;
		}
		return 0;
	}
	for (; *base && r == 0; base++)
		r = put(env, strdup(*base));
	return r;
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
		 const char *const *base, const char *tmpdir)
{
	const struct sl_value *vars = sl_policy_get(policy, SL_KEY_ENV);
	int r = inherit(env, base, sl_policy_bool(policy, SL_KEY_CLEAN_ENV));

	if (r == 0 && tmpdir)
		r = putf(env, "TMPDIR", tmpdir);
	for (size_t i = 0; r == 0 && i < vars->count; i++)
		r = put(env, strdup(vars->items[i].text));
	if (r == 0)
		r = put_gpus(env, policy);
	return r;
}

char **sl_env_build(const struct sl_policy *policy, const char *const *base,
		    const char *tmpdir)
{
	struct env env = { 0 };

	if (!base)
		base = (const char *const *)environ;
	if (build(&env, policy, base, tmpdir) < 0) {
		for (size_t i = 0; i < env.count; i++)
			free(env.vars[i]);
		free(env.vars);
		return NULL;
	}
	return env.vars ? env.vars : calloc(1, sizeof(char *));
}
