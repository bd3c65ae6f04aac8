/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How output looks: colour and columns where a terminal shows it, plain text
 * with one record per line anywhere else.
 *
 *	cli_put(CLI_STYLE_HEADING, "Files:\n");
 *
 * Everything but cli_style() and cli_width() writes to stdout. Text that is
 * not ours (names, files, rules) passes cli_clean() first; a table does that
 * by itself.
 */
#ifndef CLI_STYLE_H
#define CLI_STYLE_H

#include <stdbool.h>
#include <stddef.h>

#include "cli.h"

enum cli_style {
	CLI_STYLE_NONE = 0,
	CLI_STYLE_HEADING,
	CLI_STYLE_NAME, /* what can be typed: a flag, a command, a profile */
	CLI_STYLE_FAINT,
	CLI_STYLE_GOOD,
	CLI_STYLE_WARNING,
	CLI_STYLE_ERROR,
	CLI_STYLE_COUNT
};

/* ---- colour: --color, NO_COLOR, TERM ----------------------------------- */

/* @when is the value of --color: auto, always or never. */
int cli_color_set(const char *when, sandlock_error *err);
/*
 * Obey and remove each --color of argv[1...], up to "--" or, with @leading, to
 * the first other word. Returns the new argc or a negative errno.
 */
int cli_color_take(int argc, char **argv, bool leading, sandlock_error *err);
/* What begins @style on @fd, CLI_STYLE_NONE what ends any; "" for no colour. */
const char *cli_style(int fd, enum cli_style style);

void cli_put(enum cli_style style, const char *fmt, ...) CLI_PRINTF(2, 3);

/* ---- columns ------------------------------------------------------------ */

/* Columns of the terminal on @fd; 0: it is none, lines are not broken. */
size_t cli_width(int fd);
/* Columns that @text takes, as far as one per UTF-8 character is true. */
size_t cli_columns(const char *text);
/*
 * @text and a newline, after @column columns of the line were written. On a
 * terminal it is broken between words, and goes on below its beginning.
 */
void cli_put_wrapped(size_t column, enum cli_style style, const char *text);

/* In place, '?' for each control, for what cli_unseen() says, and for each byte
 * that is not UTF-8: none may drive the terminal, or pass for a line of ours. */
void cli_clean(char *text);
/* The same, but for the characters @kept. */
void cli_clean_but(char *text, const char *kept);

/* ---- tables ------------------------------------------------------------- */

#define CLI_TABLE_MAX 9 /* columns */

struct cli_cell {
	const char *text; /* copied; NULL is "" */
	enum cli_style style;
};

/*
 * Rows of cells. A terminal shows headings (if any) and aligned columns, the
 * last one broken at its edge; otherwise a row is one line of cells with a tab
 * between. Zero it but for @columns and @headings; end with cli_table_fini().
 */
struct cli_table {
	size_t columns;
	const char *const *headings; /* borrowed, or NULL */
	struct cli_kept_cell {
		char *text;
		enum cli_style style;
	} * cells;
	size_t count, cap; /* in cells */
};

/* One row of @table->columns cells; -ENOMEM leaves the table as it was. */
int cli_table_add(struct cli_table *table, const struct cli_cell *row,
		  sandlock_error *err);
void cli_table_print(const struct cli_table *table);
void cli_table_fini(struct cli_table *table);

#endif
