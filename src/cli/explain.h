/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of `sandlock explain`. */
#ifndef CLI_EXPLAIN_H
#define CLI_EXPLAIN_H

#include "cli.h"

struct cli_answer {
	const char *question; /* borrowed from argv */
	sandlock_answer answer;
	char *fix; /* owned: options that allow it here, or NULL */
};

struct cli_explain {
	bool json;
	struct cli_settings settings;
	struct cli_run run;
	const char **questions; /* owned array of borrowed words */
	size_t question_count;
	char **command;			   /* the words behind "--", or NULL */
	sandlock_explanation *explanation; /* owned */
	struct cli_answer *answers;	   /* owned */
	size_t answer_count;
};

/* A grant of what is not there. */
bool cli_rule_is_skipped(const sandlock_rule *rule);
const char *cli_verdict_name(const sandlock_answer *answer);
/* Rule @index, or the end. */
bool cli_explain_rule(const struct cli_explain *explain, size_t index,
		      sandlock_rule *ret_rule);

void cli_explain_print_json(const struct cli_explain *explain);
/* Columns on a terminal, a record per line elsewhere. */
int cli_explain_print_rules(const struct cli_explain *explain,
			    sandlock_error *err);
int cli_explain_print_answers(const struct cli_explain *explain,
			      sandlock_error *err);

#endif
