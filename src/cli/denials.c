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

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define COLUMNS 4     /* access, object, call, what allows it */
#define SHOWN_MAX 200 /* bytes of a name */
#define FIX_MAX 400
#define REASON_MAX 600

/* As much of @text as fits into @out of @size, other bytes, and quotes if it is
 * to stand in some, as \xNN. */
static void show_all(char *out, size_t size, const char *text, bool quoted)
{
	size_t len = 0;

	while (*text) {
		unsigned char c = (unsigned char)*text;
		size_t one = cli_utf8_len(text);
		bool plain = one && c >= ' ' && c != 127 && c != '\\' &&
			     !(quoted && c == '\'') && !cli_unseen(text, one);

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

static void show(char *out, size_t size, const char *text)
{
	show_all(out, size, text, true);
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

static void say(const struct cli_run *run, const sandlock_denial *d)
{
	char object[SHOWN_MAX + 8], program[SHOWN_MAX + 8], times[40] = "";
	char reason[REASON_MAX];
	bool is_process = strcmp(d->access, "process") == 0;
	const char *quote = d->object[0] && !is_process ? "'" : "";
	const char *fix = d->fix && can_be_shown(d->fix) ? d->fix : "";
	const char *no_fix = d->no_fix ? d->no_fix : "";

	show(object, sizeof(object), d->object);
	show(program, sizeof(program), d->program);
	/* It may quote what the sandbox wrote. */
	show_all(reason, sizeof(reason), d->reason ? d->reason : d->rule, false);
	if (d->count > 1)
		snprintf(times, sizeof(times), ", %llu times",
			 (unsigned long long)d->count);
	cli_note("refused %s%s%s%s%s%s%s%s (%s%s): %s%s%s%s",
		 program[0] ? "'" : "", program, program[0] ? "' " : "",
		 d->access,
		 is_process ? " "
		 : *quote   ? " "
			    : "",
		 quote, object, quote, d->call, times, reason,
		 fix[0]	     ? "; allowed by "
		 : no_fix[0] ? "; "
			     : "",
		 cli_fix_prefix(run, fix), fix[0] ? fix : no_fix);
}

void cli_denials_say(const struct cli_run *run, const sandlock_result *result,
		     size_t most)
{
	uint64_t total = sandlock_result_denials_total(result), said = 0;
	sandlock_denial d = { .size = sizeof(d) };

	for (size_t i = 0;
	     i < most && sandlock_result_denial_at(result, i, &d) == 0; i++) {
		say(run, &d);
		said += d.count;
	}
	if (said && total > said)
		cli_note("%llu more refused; --audit FILE lists them",
			 (unsigned long long)(total - said));
}

/* ------------------------------------------------ --why */

struct row {
	char *cells[COLUMNS];
};

struct list {
	struct row *rows;
	size_t count;
	size_t widths[COLUMNS]; /* of the widest cell */
};

static char *shown(const char *text)
{
	char buf[SHOWN_MAX + 8];

	show(buf, sizeof(buf), text);
	return strdup(buf);
}

/* What allows it, or why nothing does, or is offered. */
static char *cell_of_fix(const struct cli_run *run, const sandlock_denial *d)
{
	char reason[SHOWN_MAX + 8];
	char *text;

	if (d->fix && can_be_shown(d->fix))
		return asprintf(&text, "%s%s", cli_fix_prefix(run, d->fix),
				d->fix) < 0
			       ? NULL
			       : text;
	show(reason, sizeof(reason), d->reason ? d->reason : d->rule);
	if (asprintf(&text, "%s%s%s", reason, d->no_fix ? "; " : "",
		     d->no_fix ? d->no_fix : "") < 0)
		return NULL;
	return text;
}

static bool add(struct list *list, const struct cli_run *run,
		const sandlock_denial *d)
{
	struct row *rows, row;
	char why[80];

	rows = realloc(list->rows, (list->count + 1) * sizeof(*rows));
	if (!rows)
		return false;
	list->rows = rows;
	snprintf(why, sizeof(why), "%s %s", d->call,
		 d->error_name ? d->error_name : "");
	row.cells[0] = strdup(d->access);
	row.cells[1] = d->object[0] ? shown(d->object) : strdup("-");
	row.cells[2] = strdup(why);
	row.cells[3] = cell_of_fix(run, d);
	rows[list->count++] = row;
	for (size_t i = 0; i < COLUMNS; i++) {
		size_t width = row.cells[i] ? cli_columns(row.cells[i]) : 0;

		if (width > list->widths[i])
			list->widths[i] = width;
	}
	return true;
}

/* A record per line, its cells apart by tabs; columns on a terminal. */
static void print(const struct list *list)
{
	bool columns = cli_width(STDERR_FILENO) > 0;

	for (size_t i = 0; i < list->count; i++) {
		const struct row *row = &list->rows[i];

		for (size_t c = 0; c < COLUMNS; c++) {
			const char *cell = row->cells[c] ? row->cells[c] : "";
			size_t pad = list->widths[c] + 2 - cli_columns(cell);

			fputs(cell, stderr);
			if (c + 1 == COLUMNS)
				fputc('\n', stderr);
			else if (columns && pad <= INT_MAX)
				fprintf(stderr, "%*s", (int)pad, "");
			else
				fputc('\t', stderr);
		}
	}
}

/* The fixes, once each, as they can be put on one command line. */
static void say_together(const struct cli_run *run, const sandlock_result *result)
{
	sandlock_denial d = { .size = sizeof(d) }, e = { .size = sizeof(e) };
	char all[FIX_MAX + 1] = "";
	size_t len = 0;
	bool seen;

	for (size_t i = 0; sandlock_result_denial_at(result, i, &d) == 0; i++) {
		seen = !d.fix || !can_be_shown(d.fix);
		for (size_t k = 0; k < i && !seen; k++)
			seen = sandlock_result_denial_at(result, k, &e) == 0 &&
			       e.fix && strcmp(e.fix, d.fix) == 0;
		if (seen)
			continue;
		if (len + strlen(d.fix) + 2 > sizeof(all))
			return; /* each stands in its line */
		len += (size_t)snprintf(all + len, sizeof(all) - len, "%s%s",
					len ? " " : "", d.fix);
	}
	if (len)
		cli_note("allowed by: %s%s", cli_fix_prefix(run, all), all);
}

void cli_denials_list(const struct cli_run *run, const sandlock_result *result)
{
	uint64_t total = sandlock_result_denials_total(result), listed = 0;
	sandlock_denial d = { .size = sizeof(d) };
	struct list list = { 0 };

	for (size_t i = 0; sandlock_result_denial_at(result, i, &d) == 0; i++)
		if (add(&list, run, &d))
			listed += d.count;
	cli_note(total ? "%llu refused, %zu of them distinct:"
		       : "nothing was refused",
		 (unsigned long long)total, list.count);
	print(&list);
	if (total > listed)
		cli_note("%llu more are not listed; --audit FILE has them",
			 (unsigned long long)(total - listed));
	say_together(run, result);
	for (size_t i = 0; i < list.count; i++)
		for (size_t c = 0; c < COLUMNS; c++)
			free(list.rows[i].cells[c]);
	free(list.rows);
}
