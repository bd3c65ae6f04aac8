/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a run may have failed: what its last message and its command line name
 * is put to the explanation of its policy, and what that refuses is told.
 *
 *	message, command line  ->  clues  ->  explanation  ->  hints
 *
 * Whatever knows better than a message (a supervisor that refused the access
 * itself) adds clues of its own in front.
 *
 * SECURITY: the message is the program's, so a clue is a claim and nothing
 * else. A hint never says what the policy does not refuse; its text is one
 * line of printable characters; and it offers no secret, no directory that
 * holds half of a home, and nothing that cannot be shown whole.
 */
#ifndef SL_RUN_HINT_H
#define SL_RUN_HINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"
#include "base/limits.h"
#include "run/explain.h"

enum sl_clue_kind {
	SL_CLUE_FILE = 0, /* text: a path, or the name of a program */
	SL_CLUE_PROGRAM,  /* text: a name to look up in PATH, or a path */
	SL_CLUE_LIBRARY,  /* text: the name that the loader misses */
	SL_CLUE_CONNECT,  /* port; text: a host, or NULL */
	SL_CLUE_BIND,	  /* port, or 0: look at the command */
	SL_CLUE_LOOKUP,	  /* of a host name */
	SL_CLUE_SOCKET,	  /* of some kind that is not TCP */
	SL_CLUE_TAKEN,	  /* port, or 0: look at the command */
};

enum sl_deed {
	SL_DEED_ANY = 0,
	SL_DEED_READ,
	SL_DEED_WRITE,
	SL_DEED_CREATE, /* nothing if it exists */
	SL_DEED_CHANGE, /* the directory that holds it */
	SL_DEED_EXECUTE,
};

enum sl_hint_source {
	SL_HINT_NOTHING = 0,
	SL_HINT_MESSAGE, /* of the program */
	SL_HINT_COMMAND, /* the command line */
};

struct sl_clue {
	enum sl_clue_kind kind;
	enum sl_deed deed;
	enum sl_hint_source source;
	uint16_t port;
	char *text; /* or NULL */
};

struct sl_clues {
	struct sl_clue items[SL_MAX_CLUES];
	size_t count;
};

void sl_clues_fini(struct sl_clues *clues);
/* Copies @len bytes of @text, which may be NULL. What is there already, is too
 * long, holds a NUL or comes after the limit is left out. */
void sl_clues_add(struct sl_clues *clues, struct sl_clue clue, const char *text,
		  size_t len);

/* hint_scan.c: the last lines first. @len bytes of anything. */
void sl_clues_of_message(struct sl_clues *clues, const char *text, size_t len);
/* hint_command.c: the words of a command, and of the text of a sh -c. */
void sl_clues_of_command(struct sl_clues *clues, const char *const *argv);

struct sl_hint {
	const char *text;   /* "reading '/x' was refused: no grant covers it" */
	const char *object; /* "/x", "TCP port 443"; escaped */
	const char *access; /* as in an answer: "read", "connect" */
	const char *fix;    /* options that would allow it, or NULL */
	const char *fix_key; /* the same as one key and value, or NULL */
	const char *fix_value;
	enum sl_hint_source source;
};

struct sl_hints {
	struct sl_hint items[SL_MAX_HINTS]; /* strings are the explanation's */
	size_t count;
};

struct sl_hint_input {
	const char *message; /* or NULL */
	size_t len;
	int status; /* as a shell shows it; 0: it succeeded, so nothing */
};

/* The hints of @ex are made anew. -ENOMEM or 0; no hint is no failure. */
int sl_hints_make(struct sl_explain *ex, const struct sl_hint_input *input,
		  struct sl_error *err);
/* NULL past the end. */
const struct sl_hint *sl_hints_at(const struct sl_explain *ex, size_t i);

/* ---- hint_show.c: what may be shown, and what may be offered ------------ */

/* Valid UTF-8 without anything that moves, hides or turns text around. */
bool sl_hint_is_plain(const char *text);
/* @text with every other byte, quotes and backslashes as \xNN, cut at @max. */
void sl_hint_put(struct sl_buf *out, const char *text, size_t max);
/* NULL, or why @path is offered to nobody. @home may be NULL. */
const char *sl_hint_why_not(const char *path, bool is_dir, const char *home);

#endif
