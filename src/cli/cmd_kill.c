// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock kill NAME...`: end sandboxes, or send them a signal. All get the
 * order before any is waited for.
 */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "style.h"

#define DEFAULT_GRACE_MS 5000
/* What may take long behind SIGKILL is a disk, or a debugger. */
#define PATIENCE_MS 30000

struct kill_options {
	int sig; /* 0: end it */
	int64_t grace_ms;
	bool grace_given;
};

static const struct {
	const char *name;
	int number;
} signals[] = {
	{ "HUP", SIGHUP },     { "INT", SIGINT },   { "QUIT", SIGQUIT },
	{ "ABRT", SIGABRT },   { "KILL", SIGKILL }, { "USR1", SIGUSR1 },
	{ "USR2", SIGUSR2 },   { "PIPE", SIGPIPE }, { "ALRM", SIGALRM },
	{ "TERM", SIGTERM },   { "CONT", SIGCONT }, { "STOP", SIGSTOP },
	{ "TSTP", SIGTSTP },   { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU },
	{ "WINCH", SIGWINCH },
};

/* ---- options ----------------------------------------------------------- */

static int parse_signal(const char *text, int *ret_sig, sandlock_error *err)
{
	const char *name = strncmp(text, "SIG", 3) == 0 ? text + 3 : text;
	size_t digits = strspn(text, "0123456789");

	if (digits > 0 && digits <= 2 && !text[digits]) {
		*ret_sig = (int)strtol(text, NULL, 10);
		if (*ret_sig >= 1 && *ret_sig <= 64)
			return 0;
	}
	for (size_t i = 0; i < CLI_LEN(signals); i++) {
		if (strcmp(signals[i].name, name) == 0) {
			*ret_sig = signals[i].number;
			return 0;
		}
	}
	return cli_fail(err, -EINVAL, "-s: '%.64s' is not a signal (TERM, 15)",
			text);
}

/* The library knows what a duration looks like; here it becomes a number. */
static int parse_grace(const char *text, int64_t *ret_ms, sandlock_error *err)
{
	sandlock_policy *policy = NULL;
	double factor = 1000;
	char *unit;
	double value;
	int r = sandlock_policy_new(&policy, err);

	if (r == 0)
		r = sandlock_policy_set(policy, "limits.kill_after", text,
					"--grace", err);
	sandlock_policy_free(policy);
	if (r < 0)
		return r;
	value = strtod(text, &unit);
	if (strcmp(unit, "ms") == 0)
		factor = 1;
	else if (*unit == 'm')
		factor = 60 * 1000;
	else if (*unit == 'h')
		factor = 3600 * 1000;
	value *= factor;
	*ret_ms = value > 1e12 ? (int64_t)1e12 : (int64_t)value;
	return 0;
}

/* "-s X", "-sX", "--grace X" and "--grace=X"; NULL: it is not @flag. */
static const char *value_of(const char *flag, char **argv, int *at)
{
	size_t len = strlen(flag);
	const char *word = argv[*at];

	if (strncmp(word, flag, len) != 0)
		return NULL;
	if (word[len] == '=')
		return word + len + 1;
	if (word[len])
		return flag[1] == '-' ? NULL : word + len;
	return argv[*at + 1] ? argv[++*at] : "";
}

static int parse_options(int argc, char **argv, struct kill_options *options,
			 sandlock_error *err)
{
	int kept = 1, at = 1, r = 0;

	for (; r == 0 && argv[at] && strcmp(argv[at], "--") != 0; at++) {
		const char *value;

		if ((value = value_of("-s", argv, &at)) ||
		    (value = value_of("--signal", argv, &at))) {
			r = parse_signal(value, &options->sig, err);
		} else if ((value = value_of("--grace", argv, &at))) {
			r = parse_grace(value, &options->grace_ms, err);
			options->grace_given = true;
		} else if (argv[at][0] == '-') {
			return cli_fail(err, -EINVAL,
					"'sandlock kill' has no option '%.64s'",
					argv[at]);
		} else {
			argv[kept++] = argv[at];
		}
	}
	if (r < 0)
		return r;
	for (at++; at < argc; at++)
		argv[kept++] = argv[at];
	if (kept < 2 || (options->sig && options->grace_given))
		return cli_fail(
			err, -EINVAL,
			"usage: sandlock kill [-s SIGNAL | --grace TIME] "
			"NAME...");
	return kept;
}

/* ---- the end ----------------------------------------------------------- */

static int await_end(sandlock_events *events, const char *name, int64_t ms,
		     sandlock_error *err)
{
	sandlock_event event = { .size = sizeof(event) };
	int r;

	while ((r = sandlock_events_next(events, ms, &event, err)) == 0)
		;
	if (r == -ENODATA)
		return 0;
	if (r == -ETIMEDOUT)
		return cli_fail(err, r, "sandbox '%s' has not ended yet", name);
	return r;
}

/* Listened to first, so that it is this sandbox whose end is waited for, and
 * not the next one of that name. */
static int order_end(const char *name, int64_t grace_ms,
		     sandlock_events **events, sandlock_error *err)
{
	int r = sandlock_events_open(name, events, err);

	return r < 0 ? r : sandlock_kill(name, grace_ms, 0, err);
}

static int end_all(int count, char **names, int64_t grace_ms)
{
	sandlock_events **events = calloc((size_t)count,
					  sizeof(sandlock_events *));
	int status = 0;

	if (!events) {
		cli_say("out of memory");
		return CLI_EXIT_ERROR;
	}
	for (int i = 0; i < count; i++) {
		sandlock_error err = { 0 };

		if (order_end(names[i], grace_ms, &events[i], &err) == 0)
			continue;
		status = cli_report(&err);
		sandlock_events_free(events[i]);
		events[i] = NULL;
	}
	for (int i = 0; i < count; i++) {
		sandlock_error err = { 0 };

		if (events[i] && await_end(events[i], names[i],
					   grace_ms + PATIENCE_MS, &err) < 0)
			status = cli_report(&err);
		sandlock_events_free(events[i]);
	}
	free(events);
	return status;
}

static int signal_all(int count, char **names, int sig)
{
	int status = 0;

	for (int i = 0; i < count; i++) {
		sandlock_error err = { 0 };

		if (sandlock_signal(names[i], sig, &err) < 0)
			status = cli_report(&err);
	}
	return status;
}

/* ---- the command ------------------------------------------------------- */

void cli_help_kill(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:");
	puts("\n"
	     "  sandlock kill build              SIGTERM, SIGKILL after 5 "
	     "seconds\n"
	     "  sandlock kill --grace 1m build   the same with more patience\n"
	     "  sandlock kill --grace 0 a b      two of them, at once\n"
	     "  sandlock kill -s USR1 build      only a signal\n"
	     "\n"
	     "Waits until nothing of the sandbox is left; its 'sandlock run' "
	     "ends as after\nany other end. A signal by -s goes to the first "
	     "process group, and is not\nwaited for. 'sandlock ps' lists the "
	     "names.");
}

int cli_cmd_kill(int argc, char **argv)
{
	struct kill_options options = { .grace_ms = DEFAULT_GRACE_MS };
	sandlock_error err = { 0 };
	int r;

	for (int i = 1; i < argc; i++)
		if (cli_is_help(argv[i]))
			return cli_help_command(cli_command_find("kill"));
	r = parse_options(argc, argv, &options, &err);
	if (r < 0)
		return cli_report(&err);
	return options.sig ? signal_all(r - 1, argv + 1, options.sig)
			   : end_all(r - 1, argv + 1, options.grace_ms);
}
