/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of `sandlock check`. */
#ifndef CLI_CHECK_H
#define CLI_CHECK_H

#include <sys/utsname.h>

#include "cli.h"

struct cli_check {
	bool json;
	bool given; /* a policy was named; else the default is judged */
	bool enforceable;
	sandlock_feature *features; /* owned */
	size_t count;
	int64_t landlock_abi;
	struct utsname kernel;
	char *verdict; /* owned: one sentence */
	char *next;    /* owned: what to do, or "" */
};

void cli_check_print_json(const struct cli_check *check);
/* Columns on a terminal, a record per line elsewhere. */
int cli_check_print_text(const struct cli_check *check, sandlock_error *err);

bool cli_feature_is_missing(const sandlock_feature *feature);
bool cli_feature_is_needed(const sandlock_feature *feature);
/* Needed and missing by itself, not because something else is. */
bool cli_feature_is_obstacle(const sandlock_feature *feature);

#endif
