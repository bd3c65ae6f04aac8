/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One escape test as a row: which trick, with which arguments, under which
 * grants, what it does to the world when nothing stops it. Each is run three
 * times, each time on a new stage:
 *
 * 1. bare: it must win and do its harm, which proves that the test can fail;
 * 2. inside: nothing may be won, nothing outside may have changed;
 * 3. inside with the flags of @off, which take the defence away: it must win
 *    again, which proves that it was this defence that held.
 *
 * In arguments and flags %-letters are replaced: x attacker, X sandlock, R the
 * stage, o out, s secret, r ro, w work, g program, S set-user-ID program,
 * a name, n and d Unix sockets, h shared memory file, k its key, t terminal,
 * p and u ports, q that of 127.0.0.2, b one to bind, v victim.
 */
#ifndef ESCAPE_TRICK_H
#define ESCAPE_TRICK_H

#include "harness/harness.h"
#include "stage.h"

enum bare {
	BARE_ALL = 0, /* every spelling wins */
	BARE_SOME,    /* at least one does */
	BARE_ROOT,    /* at least one does, as root */
	BARE_ANY,     /* run it, expect nothing: kernels differ */
	BARE_NEVER,   /* not run: it would hurt more than the stage */
};

struct trick {
	const char *id;
	const char *args[8];
	const char *flags[24]; /* besides -r attacker -r ro -w work */
	const char *off[20];
	void (*prepare)(const struct stage *s);
	unsigned int harm; /* what it does when it wins */
	enum bare bare;
	bool same;     /* instead: the same output inside as bare */
	bool refused;  /* the run itself: 125, nothing starts */
	bool may_win;  /* what it wins inside is allowed; no harm is */
	bool called;   /* a peer sends to a port inside: stage_call() */
	bool off_root; /* the control with @off needs root */
};

void trick_check(const struct trick *trick);

#define TRICK(tname, ...)                                      \
	TEST_OPTS(tname, .timeout = 120)                       \
	{                                                      \
		static const struct trick t = { __VA_ARGS__ }; \
		trick_check(&t);                               \
	}

#endif
