/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One section of a profile. Which TOML type a row takes follows from its type
 * in the key table; program.uid and program.gid together are program.user.
 */
#include "policy/profile_value.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "policy/suggest.h"
#include "policy/value.h"
#include "policy/variable.h"

int sl_profile_place(const struct sl_profile_ctx *ctx,
		     const struct sl_toml *node, struct sl_error *err, int code)
{
	struct sl_origin origin = { .kind = ctx->kind, .source = ctx->source };
	char where[512];

	if (!err)
		return code;
	if (node) {
		err->line = node->line;
		err->col = node->col;
	}
	origin.line = err->line;
	origin.col = err->col;
	sl_origin_describe(&origin, where, sizeof(where));
	return sl_error_prefix(err, code, "%s", where);
}

int sl_profile_err(const struct sl_profile_ctx *ctx, const struct sl_toml *node,
		   struct sl_error *err, int code, const char *fmt, ...)
{
	char text[SL_ERROR_MSG_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	sl_err(err, code, SL_STAGE_PARSE, "%s", text);
	return sl_profile_place(ctx, node, err, code);
}

static const char *const type_names[] = {
	[SL_TOML_STRING] = "a string",
	[SL_TOML_INTEGER] = "an integer",
	[SL_TOML_FLOAT] = "a float",
	[SL_TOML_BOOL] = "a bool",
	[SL_TOML_OFFSET_DATETIME] = "a date and time",
	[SL_TOML_LOCAL_DATETIME] = "a date and time",
	[SL_TOML_LOCAL_DATE] = "a date",
	[SL_TOML_LOCAL_TIME] = "a time",
	[SL_TOML_ARRAY] = "an array",
	[SL_TOML_TABLE] = "a table",
};

struct expect {
	const char *words;
	unsigned int types; /* mask of 1 << enum sl_toml_type */
};

#define ONE(type) (1u << SL_TOML_##type)

/* What the value of a row is; for a list, what its elements are. */
static struct expect expected(enum sl_type type)
{
	switch (type) {
	case SL_TYPE_BOOL:
		return (struct expect){ "bool", ONE(BOOL) };
	case SL_TYPE_INT:
		return (struct expect){ "an integer", ONE(INTEGER) };
	case SL_TYPE_CORES:
		return (struct expect){ "an array of integers", ONE(INTEGER) };
	case SL_TYPE_SIZE:
		return (struct expect){ "a size as a string or an integer",
					ONE(STRING) | ONE(INTEGER) };
	case SL_TYPE_DURATION:
		return (struct expect){ "a duration as a string or a number",
					ONE(STRING) | ONE(INTEGER) | ONE(FLOAT) };
	case SL_TYPE_PORTS:
	case SL_TYPE_GPUS:
		return (struct expect){ "an array of integers or strings",
					ONE(STRING) | ONE(INTEGER) };
	case SL_TYPE_STRING:
	case SL_TYPE_PATH:
	case SL_TYPE_USER:
		return (struct expect){ "a string", ONE(STRING) };
	case SL_TYPE_ENV:
		return (struct expect){ "a table of strings", ONE(STRING) };
	case SL_TYPE_PATHS:
	case SL_TYPE_STRINGS:
	case SL_TYPE_NETRULES:
	case SL_TYPE_PROTECTIONS:
	case SL_TYPE_SYSCALLS:
		break;
	}
	return (struct expect){ "an array of strings", ONE(STRING) };
}

/* "[program].clean_env" of "program.clean_env" */
static const char *display(char buf[static 80], const struct sl_key_info *info)
{
	const char *dot = strchr(info->name, '.');

	snprintf(buf, 80, "[%.*s].%s", (int)(dot - info->name), info->name,
		 dot + 1);
	return buf;
}

static int wrong_type(const struct sl_profile_ctx *ctx,
		      const struct sl_key_info *info,
		      const struct sl_toml *node, struct sl_error *err)
{
	struct expect expect = expected(info->type);
	bool lone = sl_type_is_list(info->type) && info->type != SL_TYPE_ENV &&
		    expect.types & ONE(STRING) && node->type == SL_TOML_STRING;
	char name[80];

	sl_profile_err(ctx, node, err, -EINVAL, "%s expected %s, not %s",
		       display(name, info), expect.words, type_names[node->type]);
	if (lone)
		sl_error_hint(err, "put it in brackets: [\"%s\"]",
			      SL_QUOTE(node->str.ptr));
	return -EINVAL;
}

/* "KEY=VALUE" without the "$$" of VALUE, which is not worth keeping until the
 * start; NULL if variables are, or if there is nothing to do. */
static int unescape_env(const char *text, bool *ret_variables, char **ret_text,
			struct sl_error *err)
{
	const char *value = strchrnul(text, '=');
	sl_autofree char *plain = NULL;
	int r = sl_env_check(value, ret_variables, err);

	if (r < 0 || *ret_variables || !strchr(value, '$'))
		return r;
	r = sl_env_expand(value, NULL, &plain, err);
	if (r < 0)
		return r;
	if (asprintf(ret_text, "%.*s%s", (int)(value - text), text, plain) >= 0)
		return 0;
	*ret_text = NULL;
	return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
}

static int set_text(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		    const struct sl_key_info *info, const struct sl_toml *node,
		    const char *text, struct sl_error *err)
{
	struct sl_origin origin = { .kind = ctx->kind,
				    .source = ctx->source,
				    .line = node->line,
				    .col = node->col };
	sl_autofree char *expanded = NULL;
	size_t cwd_len = 0;
	int r = 0;

	if (info->type == SL_TYPE_ENV) {
		r = unescape_env(text, &origin.variables, &expanded, err);
	} else if (sl_key_expands(info) && strpbrk(text, "~$")) {
		r = sl_key_carves(info->id)
			    ? sl_path_expand_glob(text, &expanded, err)
			    : sl_path_expand(text, &expanded, &cwd_len, err);
		origin.cwd_len = (uint32_t)cwd_len;
		/* A user without a home, as in a container, has no files in it:
		 * "?" means if it exists. */
		if (r == -ENXIO)
			return 0;
	}
	if (r < 0) {
		char name[80];

		sl_error_prefix(err, r, "%s", display(name, info));
		return sl_profile_place(ctx, node, err, r);
	}
	return sl_policy_set(policy, info->id, expanded ? expanded : text,
			     &origin, err);
}

/* "KEY=" + value for a table entry of strings, else the value alone. */
static int set_string(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		      const struct sl_key_info *info,
		      const struct sl_toml *node, struct sl_error *err)
{
	bool env = info->type == SL_TYPE_ENV;
	sl_autofree char *pair = NULL;
	char name[80];

	if (strlen(node->str.ptr) != node->str.len ||
	    (env && strlen(node->key) != node->key_len))
		return sl_profile_err(ctx, node, err, -EINVAL,
				      "%s: the string holds a NUL byte",
				      display(name, info));
	if (!env)
		return set_text(policy, ctx, info, node, node->str.ptr, err);
	if (strchr(node->key, '=') || !node->key_len)
		return sl_profile_err(ctx, node, err, -EINVAL,
				      "%s: '%s' is no name of a variable",
				      display(name, info), SL_QUOTE(node->key));
	if (asprintf(&pair, "%s=%s", node->key, node->str.ptr) < 0) {
		pair = NULL;
		return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
	}
	return set_text(policy, ctx, info, node, pair, err);
}

static int set_scalar(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		      const struct sl_key_info *info,
		      const struct sl_toml *node, struct sl_error *err)
{
	char text[64];

	if (!(expected(info->type).types & (1u << node->type)))
		return wrong_type(ctx, info, node, err);
	if (node->type == SL_TOML_STRING)
		return set_string(policy, ctx, info, node, err);
	if (node->type == SL_TOML_BOOL)
		return set_text(policy, ctx, info, node,
				node->boolean ? "true" : "false", err);
	if (node->type == SL_TOML_INTEGER)
		snprintf(text, sizeof(text), "%" PRId64, node->integer);
	else if (isfinite(node->real) && node->real < 1e10)
		snprintf(text, sizeof(text), "%.9f", node->real);
	else
		snprintf(text, sizeof(text), "%g", node->real);
	return set_text(policy, ctx, info, node, text, err);
}

static int set_value(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		     const struct sl_key_info *info, const struct sl_toml *node,
		     struct sl_error *err)
{
	enum sl_toml_type box = info->type == SL_TYPE_ENV ? SL_TOML_TABLE
							  : SL_TOML_ARRAY;
	bool gpus = info->id == SL_KEY_GPU;
	int r = 0;

	if (info->flags & SL_KF_LATER)
		return set_text(policy, ctx, info, node, "", err);
	if (!sl_type_is_list(info->type) ||
	    (gpus && node->type == SL_TOML_STRING))
		return set_scalar(policy, ctx, info, node, err);
	if (node->type != box)
		return wrong_type(ctx, info, node, err);
	/* As ever: no numbers means every GPU. */
	if (gpus && !node->child)
		return set_text(policy, ctx, info, node, "all", err);
	for (const struct sl_toml *at = node->child; r == 0 && at; at = at->next)
		r = set_scalar(policy, ctx, info, at, err);
	return r;
}

/* ---- names ---- */

static bool is_name(const struct sl_toml *node, const char *name)
{
	return strlen(name) == node->key_len &&
	       memcmp(name, node->key, node->key_len) == 0;
}

/* Length of the section in "section.key"; 0 for what profiles cannot hold. */
static size_t section_len(const struct sl_key_info *info)
{
	const char *dot = strchr(info->name, '.');

	if (!dot || info->flags & (SL_KF_RUN | SL_KF_NO_TOML))
		return 0;
	return (size_t)(dot - info->name);
}

static bool in_section(const struct sl_key_info *info,
		       const struct sl_toml *section)
{
	size_t len = section_len(info);

	return len && len == section->key_len &&
	       memcmp(info->name, section->key, len) == 0;
}

static int unknown_section(const struct sl_profile_ctx *ctx,
			   const struct sl_toml *node, struct sl_error *err)
{
	struct sl_suggest search = { .wanted = node->key };
	struct sl_toml place = { .line = node->key_line, .col = node->key_col };
	char names[SL_KEY_COUNT][24];

	sl_suggest_offer(&search, "extends");
	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);

		snprintf(names[k], sizeof(names[k]), "%.*s",
			 (int)section_len(info), info->name);
		sl_suggest_offer(&search, names[k]);
	}
	return sl_profile_err(
		ctx, &place, err, -EINVAL, "unknown field '%s'%s%s%s",
		SL_QUOTE(node->key), search.best ? "; did you mean '" : "",
		search.best ? search.best : "", search.best ? "'?" : "");
}

static int unknown_key(const struct sl_profile_ctx *ctx,
		       const struct sl_toml *section,
		       const struct sl_toml *node, struct sl_error *err)
{
	struct sl_suggest search = { .wanted = node->key };
	struct sl_toml place = { .line = node->key_line, .col = node->key_col };
	const struct sl_key_info *elsewhere = NULL;
	char name[80];

	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);
		size_t len = section_len(info);

		if (in_section(info, section))
			sl_suggest_offer(&search, info->name + len + 1);
		else if (len && is_name(node, info->name + len + 1))
			elsewhere = info;
	}
	sl_err(err, -EINVAL, SL_STAGE_PARSE, "unknown field '%s' in [%s]",
	       SL_QUOTE(node->key), section->key);
	if (err && search.best)
		snprintf(err->msg + strlen(err->msg), 64,
			 "; did you mean '%.40s'?", search.best);
	else if (elsewhere)
		sl_error_hint(err, "there is %s", display(name, elsewhere));
	else if (is_name(node, "extends"))
		sl_error_hint(err, "extends goes before the first section");
	return sl_profile_place(ctx, &place, err, -EINVAL);
}

/* ---- program.uid and program.gid ---- */

static int set_user(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		    const struct sl_toml *uid, const struct sl_toml *gid,
		    bool has_user, struct sl_error *err)
{
	const struct sl_toml *one = uid ? uid : gid;
	char text[64];

	if (!one)
		return 0;
	if (!uid || !gid || has_user)
		return sl_profile_err(
			ctx, one, err, -EINVAL,
			has_user ? "[program].uid and gid say what "
				   "user says already"
				 : "[program].uid and gid go "
				   "together: both or neither");
	if (uid->type != SL_TOML_INTEGER || gid->type != SL_TOML_INTEGER)
		return sl_profile_err(ctx, one, err, -EINVAL,
				      "[program].uid and gid expected "
				      "integers");
	snprintf(text, sizeof(text), "%" PRId64 ":%" PRId64, uid->integer,
		 gid->integer);
	return set_text(policy, ctx, sl_key_info(SL_KEY_USER), one, text, err);
}

static const struct sl_key_info *find_key(const struct sl_toml *section,
					  const struct sl_toml *node)
{
	for (int k = 0; k < SL_KEY_COUNT; k++) {
		const struct sl_key_info *info = sl_key_info((enum sl_key)k);

		if (in_section(info, section) &&
		    is_name(node, info->name + section_len(info) + 1))
			return info;
	}
	return NULL;
}

int sl_profile_section(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		       const struct sl_toml *node, struct sl_error *err)
{
	const struct sl_toml *uid = NULL, *gid = NULL, *at;
	bool known = false, program = is_name(node, "program"), user = false;
	int r = 0;

	for (int k = 0; k < SL_KEY_COUNT; k++)
		known |= in_section(sl_key_info((enum sl_key)k), node);
	if (!known)
		return unknown_section(ctx, node, err);
	if (node->type != SL_TOML_TABLE)
		return sl_profile_err(ctx, node, err, -EINVAL,
				      "[%s] must be a TOML table, not %s",
				      node->key, type_names[node->type]);
	for (at = node->child; r == 0 && at; at = at->next) {
		const struct sl_key_info *info = find_key(node, at);

		if (info)
			r = set_value(policy, ctx, info, at, err);
		else if (program && is_name(at, "uid"))
			uid = at;
		else if (program && is_name(at, "gid"))
			gid = at;
		else
			r = unknown_key(ctx, node, at, err);
		user |= info && info->id == SL_KEY_USER;
	}
	return r < 0 ? r : set_user(policy, ctx, uid, gid, user, err);
}
