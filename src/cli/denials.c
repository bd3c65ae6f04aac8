// SPDX-License-Identifier: Apache-2.0
/*
 * Denials for people, on stderr.
 *
 * SECURITY: program and object are the sandbox's words, and whoever reads them,
 * a person or a model, must not take them for ours: one line, quoted, nothing
 * that drives a terminal or turns the line around, and not long.
 */
#include "cli.h"
#include "json.h"
#include "style.h"

#include <stdio.h>
#include <string.h>

#define SHOWN_MAX 200 /* bytes of a name */
#define FIX_MAX 400

/* As much of @text as fits into @out of @size, other bytes as \xNN. */
static void show(char *out, size_t size, const char *text)
{
	size_t len = 0;

	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t one = cli_utf8_len(text);
		bool plain = one && c >= ' ' && c != 127 && c != '\\' &&
			     c != '\'' && !cli_unseen(text, one);

		if (!one)
			one = 1;
		if (len + 4 * one + 4 > size)
			break;
		if (plain)
			memcpy(out + len, text, one);
		else
			for (size_t i = 0; i < one; i++)
				snprintf(out + len + 4 * i, 5, "\\x%02x",
					 (unsigned char)text[i]);
		len += plain ? one : 4 * one;
		text += one;
	}
	snprintf(out + len, size - len, "%s", *text ? "..." : "");
}

/* An option that can be copied as it stands. */
static bool can_be_shown(const char *fix)
{
	size_t len = strlen(fix);

	if (len > FIX_MAX)
		return false;
	while (*fix) {
		size_t one = cli_utf8_len(fix);

		if (!one || (unsigned char)*fix < ' ' || *fix == 127 ||
		    cli_unseen(fix, one))
			return false;
		fix += one;
	}
	return true;
}

static void say(const sandlock_denial *d)
{
	char object[SHOWN_MAX + 8], program[SHOWN_MAX + 8], times[40] = "";
	bool is_process = strcmp(d->access, "process") == 0;
	const char *quote = d->object[0] && !is_process ? "'" : "";
	const char *fix = d->fix && can_be_shown(d->fix) ? d->fix : "";

	show(object, sizeof(object), d->object);
	show(program, sizeof(program), d->program);
	if (d->count > 1)
		snprintf(times, sizeof(times), ", %llu times",
			 (unsigned long long)d->count);
	cli_note("refused %s%s%s%s%s%s%s%s (%s%s): %s%s%s", program[0] ? "'" : "",
		 program, program[0] ? "' " : "", d->access,
		 is_process ? " "
		 : *quote   ? " "
			    : "",
		 quote, object, quote, d->call, times,
		 d->reason ? d->reason : d->rule, fix[0] ? "; allowed by " : "",
		 fix);
}

void cli_denials_say(const sandlock_result *result, size_t most)
{
	uint64_t total = sandlock_result_denials_total(result), said = 0;
	sandlock_denial d = { .size = sizeof(d) };

	for (size_t i = 0;
	     i < most && sandlock_result_denial_at(result, i, &d) == 0; i++) {
		say(&d);
		said += d.count;
	}
	if (said && total > said)
		cli_note("%llu more refused; --audit FILE lists them",
			 (unsigned long long)(total - said));
}
