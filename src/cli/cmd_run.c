// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock run`: options to a policy, a policy to a sandbox, its end to an
 * exit status. Whatever goes wrong is told in one place, here.
 */
#include "cli.h"
#include "ear.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DENIALS_SAID 5

static int prepare(int argc, char **argv, struct cli_settings *settings,
		   struct cli_run *run, sandlock_error *err)
{
	sandlock_error later = { 0 };
	int r;

	r = cli_parse_settings(argc, argv, settings, err);
	if (settings->help)
		return 0;
	if (r < 0) {
		/* A --status-fd before the mistake still hears of it. */
		cli_take_run_options(settings, run, &later);
		return r;
	}
	r = cli_take_run_options(settings, run, err);
	if (r == 0)
		r = cli_build_policy(settings, run, err);
	if (r == 0)
		r = cli_choose_command(run, argv + settings->rest, err);
	return r;
}

/* Returns only on failure: the program takes the place of this process. */
static int exec_in_place(const struct cli_run *run, sandlock_error *err)
{
	sandlock_spawn_options options = { .size = sizeof(options),
					   .argv = run->argv };

	if (!run->quiet) {
		cli_warn_exposed(run->policy);
		cli_warn_no_gpu(run->policy);
	}
	return sandlock_exec(run->policy, &options, err);
}

static void say_timeout(const struct cli_run *run)
{
	const char *text = "";
	size_t len;

	if (sandlock_policy_get(run->policy, "limits.timeout", 0, &text) < 0)
		text = "";
	len = strlen(text);
	/* A bare number is seconds. */
	cli_say("timeout after %s%s", text,
		len && text[len - 1] >= '0' && text[len - 1] <= '9' ? "s" : "");
}

static const char *setting(const struct cli_run *run, const char *key)
{
	const char *text;

	return sandlock_policy_get(run->policy, key, 0, &text) < 0 ? "" : text;
}

/* Also where the run went on without what was ended or refused. */
static void say_limit(const struct cli_run *run, const sandlock_result *result,
		      int status)
{
	sandlock_usage usage = { .size = sizeof(usage) };

	if (run->quiet || sandlock_result_usage(result, &usage) < 0)
		return;
	if (usage.limit == SANDLOCK_LIMIT_MEMORY)
		cli_say("the limit of %s of memory was exceeded, and the "
			"largest "
			"process ended; hint: --max-memory, or --set "
			"limits.memory= for none",
			setting(run, "limits.memory"));
	else if (usage.limit == SANDLOCK_LIMIT_PROCESSES && status)
		cli_say("there were %s processes already, and another one was "
			"refused; hint: --max-processes, or --set "
			"limits.processes= for no limit",
			setting(run, "limits.processes"));
	else if (usage.limit == SANDLOCK_LIMIT_CPU)
		cli_say("what could not be held back to %s percent of a core, "
			"such as a program that may not be read, was ended; "
			"hint: --cpu, or --set limits.cpu= for no limit",
			setting(run, "limits.cpu"));
}

/* What is known goes before what may be: hints only where nothing was seen. */
static void say_refusals(const struct cli_run *run, const struct cli_ear *ear,
			 const sandlock_result *result, int status)
{
	if (run->why) {
		cli_denials_list(run, result);
		return;
	}
	if (!status || run->quiet)
		return;
	if (sandlock_result_denials_total(result))
		cli_denials_say(run, result, DENIALS_SAID);
	else if (sandlock_result_reason(result) != SANDLOCK_REASON_TIMEOUT &&
		 sandlock_result_reason(result) != SANDLOCK_REASON_LOST &&
		 sandlock_result_reason(result) != SANDLOCK_REASON_LIMIT)
		cli_hints(run, ear, status);
}

static int conclude(const struct cli_run *run, struct cli_ear *ear,
		    const sandlock_result *result)
{
	int status = sandlock_result_exit_status(result);

	/* First: a reader of stderr may take its time. */
	if (run->status_fd >= 0)
		cli_status_write(run->status_fd, result, NULL, status);
	cli_ear_finish(ear);
	switch (sandlock_result_reason(result)) {
	case SANDLOCK_REASON_TIMEOUT:
		say_timeout(run);
		break;
	case SANDLOCK_REASON_LOST:
		cli_say("the supervisor died; the sandbox was ended");
		break;
	default:
		break;
	}
	say_limit(run, result, status);
	say_refusals(run, ear, result, status);
	return status;
}

static void say_retry(int argc, char **argv, const struct cli_run *run,
		      const sandlock_error *err)
{
	char *command = NULL;

	if (err->code == -EOPNOTSUPP)
		command = cli_retry_command(err->message, argc - 1,
					    (const char *const *)argv + 1);
	if (command)
		cli_note("this would run here: %s", command);
	else if (!run->no_supervisor || err->stage == SANDLOCK_STAGE_CHECK)
		cli_note_missing(run->policy, err); /* else we are confined */
	free(command);
}

static int run_sandbox(const struct cli_run *run, struct cli_ear *ear,
		       sandlock_sandbox **ret_sandbox,
		       const sandlock_result **ret_result, sandlock_error *err)
{
	struct cli_audit audit = { .fd = -1 };
	int r = cli_audit_open(&audit, run, err);

	if (r == 0) {
		cli_ear_open(ear, !run->quiet, run->status_fd);
		r = cli_run_loop(run, ear, &audit, ret_sandbox, ret_result, err);
	}
	if (r == 0)
		cli_audit_finish(&audit, *ret_sandbox, *ret_result);
	cli_audit_fini(&audit);
	return r;
}

static int run_it(int argc, char **argv, struct cli_settings *settings,
		  struct cli_run *run)
{
	const sandlock_result *result = NULL;
	sandlock_sandbox *sandbox = NULL;
	struct cli_ear ear = { .mode = CLI_EAR_DEAF };
	sandlock_error err = { 0 };
	int r, status;

	r = prepare(argc, argv, settings, run, &err);
	if (settings->help)
		return cli_help_command(cli_command_find("run"));
	if (r == 0)
		r = run->no_supervisor
			    ? exec_in_place(run, &err)
			    : run_sandbox(run, &ear, &sandbox, &result, &err);
	if (r < 0) {
		cli_ear_finish(&ear);
		status = cli_report(&err);
		say_retry(argc, argv, run, &err);
		if (err.stage == SANDLOCK_STAGE_EXEC && err.code == -EACCES)
			cli_hints(run, &ear, status);
		if (run->status_fd >= 0)
			cli_status_write(run->status_fd, NULL, &err, status);
	} else {
		status = conclude(run, &ear, result);
	}
	sandlock_sandbox_free(sandbox);
	return status;
}

int cli_cmd_run(int argc, char **argv)
{
	struct cli_settings settings = { 0 };
	struct cli_run run = { .status_fd = -1 };
	int status = run_it(argc, argv, &settings, &run);

	sandlock_policy_free(run.policy);
	free(run.argv);
	cli_settings_fini(&settings);
	return status;
}
