// SPDX-License-Identifier: Apache-2.0
/*
 * After a run that failed: what the library makes of the program's last words
 * and of the command line, printed. Nothing is recognised here.
 */
#include "cli.h"
#include "ear.h"

#include <stdio.h>
#include <string.h>

#define MAX_LINES 3
/* As much as cli_note() says whole: half of an option is another option. */
#define MAX_LINE_BYTES 960

/*
 * Without the loader nothing can be started, and with it alone next to nothing:
 * who names a few paths and forgets the system wants the preset.
 */
static bool lacks_system(const sandlock_hint *hint)
{
	return strcmp(hint->access, "execute") == 0 && hint->fix &&
	       (strstr(hint->fix, "/ld-") || strstr(hint->fix, "/ld64"));
}

static void say(const struct cli_run *run, const sandlock_hint *hint)
{
	if (lacks_system(hint))
		cli_note("hint: %s; to allow it: -p base", hint->text);
	else if (hint->fix &&
		 strlen(hint->text) + strlen(hint->fix) < MAX_LINE_BYTES)
		cli_note("hint: %s; to allow it: %s%s", hint->text,
			 cli_fix_prefix(run, hint->fix), hint->fix);
	else
		cli_note("hint: %s", hint->text);
}

/* What was said, from the first whole line on. */
static void hear(const struct cli_ear *ear, sandlock_hint_options *options)
{
	const char *text = ear->kept, *end = text + ear->kept_len;

	if (ear->mode == CLI_EAR_DEAF)
		return;
	if (ear->cut) {
		const char *line = memchr(text, '\n', ear->kept_len);

		text = line ? line : end;
	}
	options->message = text;
	options->message_len = (size_t)(end - text);
}

void cli_hints(const struct cli_run *run, const struct cli_ear *ear,
	       int exit_status)
{
	sandlock_explain_options about = { .size = sizeof(about),
					   .argv = run->argv };
	sandlock_hint_options options = { .size = sizeof(options),
					  .exit_status = exit_status };
	sandlock_hint hint = { .size = sizeof(hint) };
	sandlock_explanation *explanation;

	if (run->quiet || exit_status == 0 || !run->argv || run->no_supervisor ||
	    sandlock_explain(run->policy, &about, &explanation, NULL) < 0)
		return;
	hear(ear, &options);
	for (size_t i = 0; i < MAX_LINES; i++) {
		if (sandlock_explanation_hint(explanation, &options, i, &hint,
					      NULL) < 0)
			break;
		say(run, &hint);
	}
	sandlock_explanation_free(explanation);
}
