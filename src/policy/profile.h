/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles: files in ~/.config/sandlock/profiles, then $XDG_CONFIG_HOME, and
 * the built-in presets. Reads the named files and nothing else.
 */
#ifndef SL_POLICY_PROFILE_H
#define SL_POLICY_PROFILE_H

#include <stddef.h>

#include "base/error.h"
#include "policy/policy.h"

/* Merge TOML text / a file / a profile by name, `extends` first, over @policy. */
int sl_profile_parse(struct sl_policy *policy, const char *text, size_t len,
		     const char *name, struct sl_error *err);
int sl_profile_load_file(struct sl_policy *policy, const char *path,
			 struct sl_error *err);
int sl_profile_load(struct sl_policy *policy, const char *name,
		    struct sl_error *err);

int sl_profile_text(const char *name, char **ret_text, struct sl_error *err);
int sl_profile_list(char **ret_text, struct sl_error *err);
int sl_profile_path(const char *name, char **ret_path, struct sl_error *err);
int sl_profile_delete(const char *name, struct sl_error *err);

/* The built-in text of preset @name, or NULL. */
const char *sl_preset_text(const char *name);

#endif
