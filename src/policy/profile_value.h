/* SPDX-License-Identifier: Apache-2.0 */
/* One section of a profile: TOML values -> sl_policy_set(). */
#ifndef SL_POLICY_PROFILE_VALUE_H
#define SL_POLICY_PROFILE_VALUE_H

#include "base/error.h"
#include "policy/policy.h"
#include "policy/toml.h"

/* Who speaks: SL_ORIGIN_FILE with a path or SL_ORIGIN_PRESET with a name. */
struct sl_profile_ctx {
	enum sl_origin_kind kind;
	const char *source;
};

/* @node is a top-level entry. */
int sl_profile_section(struct sl_policy *policy, const struct sl_profile_ctx *ctx,
		       const struct sl_toml *node, struct sl_error *err);

/* An error at @node: "x.toml:3:9: message". */
int sl_profile_err(const struct sl_profile_ctx *ctx, const struct sl_toml *node,
		   struct sl_error *err, int code, const char *fmt, ...)
	SL_PRINTF(5, 6);

/* Puts the place of @node (NULL: the one in @err) before what @err says. */
int sl_profile_place(const struct sl_profile_ctx *ctx,
		     const struct sl_toml *node, struct sl_error *err, int code);

#endif
