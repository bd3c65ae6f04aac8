/* SPDX-License-Identifier: Apache-2.0 */
/* Completion scripts: what the shells have in common. All print to stdout. */
#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H

#include "cli.h"

enum completion_filter {
	COMPLETION_ALL,
	COMPLETION_WITH_VALUE,
	COMPLETION_WITH_PATH
};

bool completion_passes(const sandlock_key *key, enum completion_filter filter);
/* The flags that pass, both spellings, with @separator between them. */
void completion_flags(enum completion_filter filter, char separator);
/* " NAME" each: commands that run; topics of help; actions of profile. */
void completion_commands(void);
void completion_topics(void);
void completion_actions(void);
/* A command beside `run` that reads the flags of `run`, and --json. */
bool completion_reads_flags(const struct cli_command *command);
/* @text within single quotes of zsh and fish: neither may end there. */
void completion_quoted(const char *text);

void completion_bash(void);
void completion_zsh(void);
void completion_fish(void);

#endif
