// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock events [NAME]`: what happens to a sandbox until it ends, or to all
 * of this user for as long as somebody reads.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"
#include "style.h"

static const char *why_ended(const sandlock_event *event)
{
	if (event->reason == SANDLOCK_REASON_TIMEOUT)
		return ", when its time was over";
	if (event->reason == SANDLOCK_REASON_LIMIT)
		return ", for a limit";
	return "";
}

static void describe(const sandlock_event *event, char *text, size_t size)
{
	switch (event->kind) {
	case SANDLOCK_EVENT_STARTED:
		snprintf(text, size, "started as process %" PRId64, event->pid);
		break;
	case SANDLOCK_EVENT_STOPPED:
		snprintf(text, size, "stopped by signal %d", event->signal);
		break;
	case SANDLOCK_EVENT_LOST:
		snprintf(text, size, "%" PRIu64 " events were lost here",
			 event->count);
		break;
	case SANDLOCK_EVENT_ENDED:
		if (event->reason == SANDLOCK_REASON_LOST)
			snprintf(text, size, "ended with its supervisor");
		else if (event->code >= 0)
			snprintf(text, size, "ended with status %d%s",
				 event->code, why_ended(event));
		else
			snprintf(text, size, "ended by signal %d%s",
				 event->signal, why_ended(event));
		break;
	default:
		snprintf(text, size, "%s", event->json);
		break;
	}
}

static void print(const sandlock_event *event, bool json)
{
	char when[48], text[512];

	if (json) {
		puts(event->json);
		return;
	}
	cli_format_time(when, sizeof(when), event->time_ns);
	describe(event, text, sizeof(text));
	cli_clean(text);
	cli_put(CLI_STYLE_FAINT, "%s", when);
	putchar(' ');
	cli_put(CLI_STYLE_NAME, "%s", event->name);
	printf(" %s\n", text);
}

static int follow(const char *name, bool json, sandlock_error *err)
{
	sandlock_event event = { .size = sizeof(event) };
	sandlock_events *events = NULL;
	int r = sandlock_events_open(name, &events, err);

	while (r == 0) {
		r = sandlock_events_next(events, -1, &event, err);
		if (r < 0)
			break;
		print(&event, json);
		/* Each at once: somebody waits for it behind a pipe. */
		if (fflush(stdout) != 0)
			break;
	}
	sandlock_events_free(events);
	return r == -ENODATA ? 0 : r;
}

void cli_help_events(void)
{
	cli_put(CLI_STYLE_HEADING, "Examples:");
	puts("\n"
	     "  sandlock events build           until it ends\n"
	     "  sandlock events --json          of all, one JSON object per "
	     "line\n"
	     "\n"
	     "With a name it begins with the start of that sandbox, and ends "
	     "with it. Without\none, sandboxes that start later are included, "
	     "but not every run of a few\nmilliseconds: see sandlock(1).");
}

int cli_cmd_events(int argc, char **argv)
{
	sandlock_error err = { 0 };
	bool json = false;
	int r;

	for (int i = 1; i < argc; i++)
		if (cli_is_help(argv[i]))
			return cli_help_command(cli_command_find("events"));
	r = cli_take_formats(argc, argv, &json, NULL, &err);
	if (r > 2)
		r = cli_fail(&err, -EINVAL,
			     "usage: sandlock events [--json] [NAME]");
	if (r >= 0)
		r = follow(r > 1 ? argv[1] : NULL, json, &err);
	return r < 0 ? cli_report(&err) : cli_finish_stdout();
}
