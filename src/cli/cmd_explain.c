// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock explain`: what a policy would do, without doing it. The policy is
 * put together as `run` does; the answers are the library's, printed by
 * explain_print.c.
 */
#include "explain.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "style.h"

#define EXIT_REFUSED 1

bool cli_rule_is_skipped(const sandlock_rule *rule)
{
	return !rule->allows && rule->key &&
	       strncmp(rule->key, "filesystem.", 11) == 0 &&
	       strcmp(rule->key, "filesystem.deny") != 0 &&
	       strcmp(rule->key, "filesystem.protect") != 0;
}

const char *cli_verdict_name(const sandlock_answer *answer)
{
	static const char *const names[] = {
		[SANDLOCK_VERDICT_REFUSED] = "refused",
		[SANDLOCK_VERDICT_ALLOWED] = "allowed",
		[SANDLOCK_VERDICT_DEPENDS] = "depends",
	};

	return answer->verdict < CLI_LEN(names) ? names[answer->verdict] : "?";
}

bool cli_explain_rule(const struct cli_explain *explain, size_t index,
		      sandlock_rule *ret_rule)
{
	*ret_rule = (sandlock_rule){ .size = sizeof(*ret_rule) };
	return sandlock_explanation_rule(explain->explanation, index,
					 ret_rule) == 0;
}

/* ---- what is asked ------------------------------------------------------ */

/* Options and questions in any order, up to "--", behind which the command is. */
static int read_words(int argc, char **argv, struct cli_explain *explain,
		      sandlock_error *err)
{
	int at = 0;

	explain->questions = calloc((size_t)argc, sizeof(*explain->questions));
	if (!explain->questions)
		return cli_fail(err, -ENOMEM, "out of memory");
	for (;;) {
		bool ended;
		int r = cli_parse_settings(argc - at, argv + at,
					   &explain->settings, err);

		if (r < 0 || explain->settings.help)
			return r;
		ended = explain->settings.rest > 1 &&
			strcmp(argv[at + explain->settings.rest - 1], "--") == 0;
		at += explain->settings.rest;
		if (ended && at == argc)
			return cli_fail(err, -EINVAL, "no command follows '--'");
		if (ended)
			explain->command = argv + at;
		if (ended || at == argc)
			return 0;
		explain->questions[explain->question_count++] = argv[at];
	}
}

/* The command decides about grants, so it is the one that would be run. */
static int choose_command(struct cli_explain *explain, sandlock_error *err)
{
	char *none[] = { NULL };
	const char *word;

	if (!explain->command && !explain->run.shell &&
	    sandlock_policy_get(explain->run.policy, "program.exec", 0, &word) < 0)
		return 0;
	return cli_choose_command(
		&explain->run, explain->command ? explain->command : none, err);
}

static int read_policy(int argc, char **argv, struct cli_explain *explain,
		       sandlock_error *err)
{
	int r = read_words(argc, argv, explain, err);

	if (r < 0 || explain->settings.help)
		return explain->settings.help ? 0 : r;
	r = cli_check_policy_options(&explain->settings, "explain", true, err);
	if (r == 0)
		r = cli_take_run_options(&explain->settings, &explain->run, err);
	if (r == 0)
		r = cli_build_policy(&explain->settings, &explain->run, err);
	return r < 0 ? r : choose_command(explain, err);
}

/* ---- the answers -------------------------------------------------------- */

static int write_fix(const struct cli_explain *explain,
		     struct cli_answer *answer, sandlock_error *err)
{
	const char *fix = answer->answer.fix;

	if (!fix || asprintf(&answer->fix, "%s%s",
			     cli_fix_prefix(&explain->run, fix), fix) >= 0)
		return 0;
	answer->fix = NULL;
	return cli_fail(err, -ENOMEM, "out of memory");
}

/* A word without a colon is a command more often than a question. */
static int check_question(const char *question, sandlock_error *err)
{
	if (strchr(question, ':') || question[0] == '/' || question[0] == '.')
		return 0;
	return cli_fail(err, -EINVAL,
			"'%.64s' is not a question, such as path:PATH, "
			"net:HOST:PORT, bind:PORT or syscall:NAME; a command "
			"follows '--'",
			question);
}

static int ask(struct cli_explain *explain, const char *question,
	       sandlock_error *err)
{
	int r = check_question(question, err);

	for (size_t i = 0; r == 0; i++) {
		struct cli_answer *more = reallocarray(explain->answers,
						       explain->answer_count + 1,
						       sizeof(*more));
		struct cli_answer *answer;

		if (!more)
			return cli_fail(err, -ENOMEM, "out of memory");
		explain->answers = more;
		answer = &more[explain->answer_count];
		*answer = (struct cli_answer){
			.question = question,
			.answer = { .size = sizeof(answer->answer) },
		};
		r = sandlock_explanation_ask(explain->explanation, question, i,
					     &answer->answer, err);
		if (r == -ERANGE)
			return 0;
		if (r == 0)
			r = write_fix(explain, answer, err);
		if (r == 0)
			explain->answer_count++;
	}
	return r;
}

static int judge(struct cli_explain *explain, sandlock_error *err)
{
	sandlock_explain_options options = { .size = sizeof(options),
					     .argv = explain->run.argv };
	int r = sandlock_explain(explain->run.policy, &options,
				 &explain->explanation, err);

	for (size_t i = 0; r == 0 && i < explain->question_count; i++)
		r = ask(explain, explain->questions[i], err);
	return r;
}

/* ---- the command -------------------------------------------------------- */

void cli_help_explain(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:");
	puts("\n"
	     "  sandlock explain                          the rules of a plain "
	     "run\n"
	     "  sandlock explain -p agent -- make         those of this one\n"
	     "  sandlock explain path:/etc/shadow         is it read, written, "
	     "executed\n"
	     "  sandlock explain -p base -w . path:out    or created here\n"
	     "  sandlock explain net:example.com:443 bind:8080\n"
	     "  sandlock explain --json syscall:ptrace    for a program\n"
	     "\n"
	     "Nothing is started and nothing changed. Takes the options of a "
	     "policy and\nthe command as 'sandlock run' does. Without a "
	     "question: each rule, where it\ncomes from and what enforces it, "
	     "and what nothing enforces.");
	cli_put(CLI_STYLE_HEADING, "\nQuestions:");
	puts("\n"
	     "  path:PATH        read, write, execute it; list it, create in "
	     "it\n"
	     "  net:HOST:PORT    connect; also net:udp://HOST:PORT, "
	     "net:icmp://HOST,\n"
	     "                   net:unix:PATH\n"
	     "  bind:PORT        listen on it, 0 for a free one; "
	     "bind:udp://PORT\n"
	     "  syscall:NAME     make the call, or those of a group; each case "
	     "of it\n"
	     "\n"
	     "Exit status: 0 if all that was asked is allowed, 1 if some of it "
	     "is not,\n125 if sandlock failed.");
}

static int answer(struct cli_explain *explain, sandlock_error *err)
{
	int r = 0;

	if (explain->json)
		cli_explain_print_json(explain);
	else if (explain->question_count)
		r = cli_explain_print_answers(explain, err);
	else
		r = cli_explain_print_rules(explain, err);
	if (r < 0)
		return cli_report(err);
	r = cli_finish_stdout();
	for (size_t i = 0; r == 0 && i < explain->answer_count; i++)
		if (explain->answers[i].answer.verdict != SANDLOCK_VERDICT_ALLOWED)
			return EXIT_REFUSED;
	return r;
}

static int explain_it(int argc, char **argv, struct cli_explain *explain)
{
	sandlock_error err = { 0 };
	int r;

	argc = cli_take_json(argc, argv, &explain->json);
	r = read_policy(argc, argv, explain, &err);
	if (explain->settings.help)
		return cli_help_command(cli_command_find("explain"));
	if (r == 0)
		r = judge(explain, &err);
	if (r == 0)
		return answer(explain, &err);
	/* Nothing is run, so 126 and 127 would say nothing here. */
	cli_report(&err);
	return CLI_EXIT_ERROR;
}

int cli_cmd_explain(int argc, char **argv)
{
	struct cli_explain explain = { .run = { .status_fd = -1 } };
	int status = explain_it(argc, argv, &explain);

	for (size_t i = 0; i < explain.answer_count; i++)
		free(explain.answers[i].fix);
	free(explain.answers);
	sandlock_explanation_free(explain.explanation);
	free(explain.questions);
	sandlock_policy_free(explain.run.policy);
	free(explain.run.argv);
	cli_settings_fini(&explain.settings);
	return status;
}
