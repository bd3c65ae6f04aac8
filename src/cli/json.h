/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON on stdout, for every command with --json:
 *
 *	struct cli_json json = { .out = stdout };
 *
 *	cli_json_open(&json, NULL, '{');
 *	cli_json_string(&json, "path", path);
 *	cli_json_open(&json, "rules", '[');
 *	...
 *	cli_json_close(&json);
 *	cli_json_close(&json);
 *
 * Text is bytes here. What is well-formed UTF-8 stands as it is; any other byte
 * XX is written as the escape \udcXX, which no UTF-8 can contain, so nothing is
 * lost: it is how Python spells such bytes in names (json.loads() and then
 * os.fsencode() give the bytes back).
 */
#ifndef CLI_JSON_H
#define CLI_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define CLI_JSON_DEPTH 16

/* Zero all but @out. Failures of @out are found by cli_finish_stdout(). */
struct cli_json {
	FILE *out;
	unsigned int depth;
	char closing[CLI_JSON_DEPTH];
	bool filled[CLI_JSON_DEPTH]; /* something stands at this depth */
};

/* @name: of the member of an object; NULL in an array and at the top. */
void cli_json_open(struct cli_json *json, const char *name, char bracket);
/* Ends the innermost; the outermost with a newline. */
void cli_json_close(struct cli_json *json);
/* NULL becomes null. */
void cli_json_string(struct cli_json *json, const char *name, const char *text);
void cli_json_number(struct cli_json *json, const char *name, int64_t number);
void cli_json_bool(struct cli_json *json, const char *name, bool value);

/* Length of the well-formed UTF-8 sequence at @s, 0 if it is none. */
size_t cli_utf8_len(const char *s);

/* One string, or null, and nothing around it. */
void cli_json_put(FILE *out, const char *text);

/* Whether the character of @len bytes at @text shows nothing, and changes how
 * what follows is shown. */
bool cli_unseen(const char *text, size_t len);

/*
 * @text with its quotes into @out, no NUL behind it: at most six bytes for each
 * of it, and two. Returns the length.
 */
size_t cli_json_quote(char *out, const char *text);

#endif
