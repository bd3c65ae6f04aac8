/* SPDX-License-Identifier: Apache-2.0 */
/* Where profiles are: names -> files or presets. Reads what is named, no more. */
#ifndef SL_POLICY_PROFILE_DIR_H
#define SL_POLICY_PROFILE_DIR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/compiler.h"
#include "base/error.h"

struct sl_profile_source {
	char *path; /* NULL: a preset */
	char *text;
	size_t len;
};

void sl_profile_source_fini(struct sl_profile_source *source);

/* 1 to 64 bytes, no '/', no leading dot, no "..", nothing unprintable. */
int sl_profile_check_name(const char *name, struct sl_error *err);

/* The file of profile @name (unless @preset_only), else the preset; -ENOENT
 * with a suggestion. */
int sl_profile_find(const char *name, bool preset_only,
		    struct sl_profile_source *ret_source, struct sl_error *err);

int sl_profile_read(const char *path, struct sl_profile_source *ret_source,
		    struct sl_error *err);

struct sl_profile_dirs {
	char *path[2];
	size_t count;
};

/* Fails when there is none; @err says why there is no home. */
int sl_profile_dirs_init(struct sl_profile_dirs *dirs, struct sl_error *err);
void sl_profile_dirs_fini(struct sl_profile_dirs *dirs);
#define sl_autodirs \
	__attribute__((cleanup(sl_profile_dirs_fini))) struct sl_profile_dirs

/* "@dir/@name@suffix", heap; NULL without memory or when absurdly long. */
char *sl_profile_join(const char *dir, const char *name, const char *suffix);

/* Whether @error of opening something in @dir means that it is not there. */
bool sl_profile_absent(const char *dir, int error);

int sl_profile_cannot_read(struct sl_error *err, const char *path, int code);

#endif
