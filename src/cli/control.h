/* SPDX-License-Identifier: Apache-2.0 */
/* What `ps`, `inspect`, `ports`, `kill` and `events` share. */
#ifndef CLI_CONTROL_H
#define CLI_CONTROL_H

#include <stdbool.h>
#include <stdint.h>

#include "cli.h"

/*
 * Take "--json" or "--toml" (those that are not NULL) out of argv[1...], up to
 * "--", which goes too. Any other option is refused. Returns the new argc or a
 * negative errno.
 */
int cli_take_formats(int argc, char **argv, bool *ret_json, bool *ret_toml,
		     sandlock_error *err);

/* A size-first struct of the library, filled; false past the end. */
bool cli_instance_at(const sandlock_listing *listing, size_t index,
		     sandlock_instance *ret_instance);
/* The command as a shell would take it. The caller frees. */
char *cli_instance_command(const sandlock_instance *instance);
const char *cli_instance_state(const sandlock_instance *instance);
/* "12s", "5m", "3h02m", "2d04h" */
void cli_format_age(char *text, size_t size, int64_t ns);
/* "2026-01-31T12:00:00.123Z" */
void cli_format_time(char *text, size_t size, int64_t ns);

struct cli_json;
/* Members of an open object. */
void cli_json_ports(struct cli_json *json, const sandlock_listing *listing);
void cli_json_instance(struct cli_json *json, const sandlock_instance *instance);

int cli_cmd_ps(int argc, char **argv);
int cli_cmd_inspect(int argc, char **argv);
int cli_cmd_ports(int argc, char **argv);
int cli_cmd_kill(int argc, char **argv);
int cli_cmd_events(int argc, char **argv);
void cli_help_ps(void);
void cli_help_inspect(void);
void cli_help_ports(void);
void cli_help_kill(void);
void cli_help_events(void);

#endif
