// SPDX-License-Identifier: Apache-2.0
/*
 * Tables: aligned columns for a person, tab-separated lines for a program.
 */
#include "style.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define GAP 2 /* blanks between two columns */

static char *clean_copy(const char *text)
{
	char *copy = strdup(text ? text : "");

	if (copy)
		cli_clean(copy);
	return copy;
}

static int grow(struct cli_table *table)
{
	size_t cap = table->cap ? table->cap * 2 : table->columns * 16;
	struct cli_kept_cell *cells;

	if (table->count + table->columns <= table->cap)
		return 0;
	cells = reallocarray(table->cells, cap, sizeof(*cells));
	if (!cells)
		return -ENOMEM;
	table->cells = cells;
	table->cap = cap;
	return 0;
}

int cli_table_add(struct cli_table *table, const struct cli_cell *row,
		  sandlock_error *err)
{
	size_t i = 0;
	int r = grow(table);

	for (; r == 0 && i < table->columns; i++) {
		char *text = clean_copy(row[i].text);

		if (!text) {
			r = -ENOMEM;
			break;
		}
		table->cells[table->count + i] =
			(struct cli_kept_cell){ text, row[i].style };
	}
	if (r == 0) {
		table->count += table->columns;
		return 0;
	}
	while (i--)
		free(table->cells[table->count + i].text);
	return cli_fail(err, -ENOMEM, "out of memory");
}

static void print_lines(const struct cli_table *table)
{
	for (size_t i = 0; i < table->count; i += table->columns)
		for (size_t c = 0; c < table->columns; c++) {
			cli_put(table->cells[i + c].style, "%s",
				table->cells[i + c].text);
			putchar(c + 1 < table->columns ? '\t' : '\n');
		}
}

static void measure(const struct cli_table *table, size_t *widths)
{
	for (size_t c = 0; c < table->columns; c++) {
		widths[c] = table->headings ? cli_columns(table->headings[c]) : 0;
		for (size_t i = c; i < table->count; i += table->columns) {
			size_t wide = cli_columns(table->cells[i].text);

			widths[c] = wide > widths[c] ? wide : widths[c];
		}
	}
}

/* The last column is not filled up: no line ends in blanks. */
static void print_row(const struct cli_table *table, const size_t *widths,
		      const struct cli_cell *row)
{
	size_t last = table->columns - 1, at = 0;

	while (last && !*row[last].text)
		last--;
	for (size_t c = 0; c < last; c++) {
		cli_put(row[c].style, "%s", row[c].text);
		printf("%*s", (int)(widths[c] - cli_columns(row[c].text) + GAP),
		       "");
		at += widths[c] + GAP;
	}
	cli_put_wrapped(at, row[last].style, row[last].text);
}

void cli_table_print(const struct cli_table *table)
{
	size_t widths[CLI_TABLE_MAX] = { 0 };
	struct cli_cell row[CLI_TABLE_MAX];

	if (!cli_width(STDOUT_FILENO)) {
		print_lines(table);
		return;
	}
	measure(table, widths);
	for (size_t c = 0; table->headings && c < table->columns; c++)
		row[c] = (struct cli_cell){ table->headings[c],
					    CLI_STYLE_HEADING };
	if (table->headings)
		print_row(table, widths, row);
	for (size_t i = 0; i < table->count; i += table->columns) {
		for (size_t c = 0; c < table->columns; c++)
			row[c] = (struct cli_cell){ table->cells[i + c].text,
						    table->cells[i + c].style };
		print_row(table, widths, row);
	}
}

void cli_table_fini(struct cli_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	table->cells = NULL;
	table->count = table->cap = 0;
}
