/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: `extends` first, then the profile itself, merged over a policy.
 * Which file a name means is profile_dir.c's work, what a key holds is
 * profile_value.c's.
 */
#include "policy/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/preset_tree.h"
#include "policy/profile_dir.h"
#include "policy/profile_value.h"
#include "policy/suggest.h"
#include "policy/toml.h"
#include "policy/value.h"

/* The profiles being read, outermost last. */
struct link {
	const struct link *outer;
	const char *name;
	bool preset;
	size_t depth;
};

static int parse(struct sl_policy *policy, const char *text, size_t len,
		 const struct sl_profile_ctx *ctx, const struct link *link,
		 struct sl_error *err);
static int apply(struct sl_policy *policy, const struct sl_toml *root,
		 const struct sl_profile_ctx *ctx, const struct link *link,
		 struct sl_error *err);

/* One that was read when this program was built. */
static int load_preset(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		       const struct link *link, struct sl_error *err)
{
	struct sl_toml *root;
	int r = sl_preset_tree(link->name, &root);

	if (r < 0)
		return sl_err(err, r, SL_STAGE_PARSE, "preset '%s': %s",
			      link->name, strerror(-r));
	r = apply(policy, root, ctx, link, err);
	sl_preset_tree_free(root);
	return r;
}

static int load(struct sl_policy *policy, const char *name,
		const struct link *outer, struct sl_error *err)
{
	__attribute__((cleanup(
		sl_profile_source_fini))) struct sl_profile_source source = { 0 };
	struct sl_profile_ctx ctx = { .kind = SL_ORIGIN_FILE };
	struct link link = { .outer = outer,
			     .name = name,
			     .depth = outer ? outer->depth + 1 : 0 };
	bool own = outer && !outer->preset && strcmp(outer->name, name) == 0;
	int r;

	/* A profile that extends its own name builds on the preset it hides. */
	r = sl_profile_find(name, own && sl_preset_text(name), &source, err);
	if (r < 0)
		return r;
	link.preset = !source.path;
	ctx.source = source.path;
	if (link.preset) {
		ctx.kind = SL_ORIGIN_PRESET;
		ctx.source = name;
		return load_preset(policy, &ctx, &link, err);
	}
	return parse(policy, source.text, source.len, &ctx, &link, err);
}

/* "a -> b -> a" */
static void add_chain(struct sl_buf *buf, const struct link *link)
{
	if (link->outer)
		add_chain(buf, link->outer);
	sl_buf_addf(buf, "%s -> ", link->name);
}

static int refuse_chain(const struct sl_profile_ctx *ctx,
			const struct sl_toml *node, const struct link *link,
			const char *name, const char *what, struct sl_error *err)
{
	sl_autobuf chain = SL_BUF_INIT(4096);

	add_chain(&chain, link);
	return sl_profile_err(ctx, node, err, -ELOOP, "extends %s: %s%s", what,
			      chain.data ? chain.data : "", name);
}

static int extend_one(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		      const struct sl_toml *node, const struct link *link,
		      struct sl_error *err)
{
	const char *name = node->str.ptr;
	int r;

	if (node->type != SL_TOML_STRING)
		return sl_profile_err(ctx, node, err, -EINVAL,
				      "extends expected the names of profiles, "
				      "as in extends = [\"base\"]");
	if (strlen(name) != node->str.len)
		return sl_profile_err(ctx, node, err, -EINVAL,
				      "extends: the name holds a NUL byte");
	for (const struct link *at = link; at; at = at->outer) {
		bool hidden = at == link && !at->preset && sl_preset_text(name);

		if (strcmp(at->name, name) == 0 && !hidden)
			return refuse_chain(ctx, node, link, name,
					    "goes round in circles", err);
	}
	if (link->depth + 1 >= SL_MAX_PROFILE_DEPTH)
		return refuse_chain(ctx, node, link, name, "is nested too deep",
				    err);
	r = load(policy, name, link, err);
	/* An error inside names its own place already. */
	if (r < 0 && err && !err->line)
		return sl_profile_place(ctx, node, err, r);
	return r;
}

static int extend(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		  const struct sl_toml *node, const struct link *link,
		  struct sl_error *err)
{
	if (node->type != SL_TOML_ARRAY)
		return extend_one(policy, ctx, node, link, err);
	for (const struct sl_toml *at = node->child; at; at = at->next) {
		int r = extend_one(policy, ctx, at, link, err);

		if (r < 0)
			return r;
	}
	return 0;
}

static bool is_extends(const struct sl_toml *node)
{
	return strcmp(node->key, "extends") == 0 && node->key_len == 7;
}

static int apply(struct sl_policy *policy, const struct sl_toml *root,
		 const struct sl_profile_ctx *ctx, const struct link *link,
		 struct sl_error *err)
{
	const struct sl_toml *node;
	int r = 0;

	for (node = root->child; r == 0 && node; node = node->next)
		if (is_extends(node))
			r = extend(policy, ctx, node, link, err);
	for (node = root->child; r == 0 && node; node = node->next)
		if (!is_extends(node))
			r = sl_profile_section(policy, ctx, node, err);
	return r;
}

static int parse(struct sl_policy *policy, const char *text, size_t len,
		 const struct sl_profile_ctx *ctx, const struct link *link,
		 struct sl_error *err)
{
	SL_AUTO(sl_toml) root = NULL;
	int r = sl_toml_parse(text, len, &root, err);

	if (r < 0)
		return sl_profile_place(ctx, NULL, err, r);
	return apply(policy, root, ctx, link, err);
}

/* All or nothing: what was read goes over @policy only when it is whole. */
static int finish(struct sl_policy *policy, struct sl_policy *fresh, int r,
		  struct sl_error *err)
{
	if (r == 0)
		r = sl_policy_absorb(policy, fresh);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_PARSE,
			      r == -E2BIG ? "too many values in one list"
					  : "out of memory");
	return 0;
}

int sl_profile_parse(struct sl_policy *policy, const char *text, size_t len,
		     const char *name, struct sl_error *err)
{
	SL_AUTO(sl_policy) fresh = NULL;
	struct sl_profile_ctx ctx = { .kind = SL_ORIGIN_FILE,
				      .source = name ? name : "profile" };
	struct link link = { .name = ctx.source };
	int r = sl_policy_new(&fresh);

	if (r == 0 && len > SL_MAX_PROFILE_BYTES)
		r = sl_err(err, -EOVERFLOW, SL_STAGE_PARSE,
			   "%s: larger than %u bytes", ctx.source,
			   SL_MAX_PROFILE_BYTES);
	if (r == 0)
		r = parse(fresh, text, len, &ctx, &link, err);
	return finish(policy, fresh, r, err);
}

int sl_profile_load_file(struct sl_policy *policy, const char *path,
			 struct sl_error *err)
{
	__attribute__((cleanup(
		sl_profile_source_fini))) struct sl_profile_source source = { 0 };
	int r = sl_profile_read(path, &source, err);

	if (r < 0)
		return r;
	return sl_profile_parse(policy, source.text, source.len, path, err);
}

int sl_profile_load(struct sl_policy *policy, const char *name,
		    struct sl_error *err)
{
	SL_AUTO(sl_policy) fresh = NULL;
	int r = sl_policy_new(&fresh);

	if (r == 0)
		r = load(fresh, name, NULL, err);
	return finish(policy, fresh, r, err);
}
