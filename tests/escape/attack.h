/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The attacker: one static program, `attack ID ARGS`, that performs one trick
 * and says what it achieved. A line per spelling tried:
 *
 *	won SPELLING			it had its effect
 *	lost SPELLING: ERRNO		it was refused
 *	untried SPELLING: ERRNO		not offered here, proves nothing
 *
 * Exit: 10 when anything was won, else 0 when anything was lost, else 11.
 * It runs bare too (as the control), so nothing here may harm more than the
 * stage that the driver made.
 */
#ifndef ESCAPE_ATTACK_H
#define ESCAPE_ATTACK_H

#include <stdbool.h>
#include <stddef.h>

enum { ATTACK_LOST = 0, ATTACK_WON = 10, ATTACK_UNTRIED = 11 };

struct attack {
	const char *id;
	void (*run)(char **argv); /* the arguments after the ID */
};

/* Each topic's table ends with a NULL id. */
extern const struct attack attacks_path[];
extern const struct attack attacks_alias[];
extern const struct attack attacks_proc[];
extern const struct attack attacks_exec[];
extern const struct attack attacks_ipc[];
extern const struct attack attacks_unix[];
extern const struct attack attacks_peer[];
extern const struct attack attacks_net[];
extern const struct attack attacks_netlink[];
extern const struct attack attacks_dest[];
extern const struct attack attacks_bind[];
extern const struct attack attacks_flip[];
extern const struct attack attacks_same[];
extern const struct attack attacks_seccomp[];
extern const struct attack attacks_calls[];
extern const struct attack attacks_life[];

void won(const char *what);
void lost(const char *what, int err);
void untried(const char *what, int err);
/* won or, with errno, lost. Returns @ok. */
bool result(const char *what, bool ok);
/* Like result(), but a kernel that lacks the thing proves nothing. */
bool result_if_known(const char *what, bool ok);
/* Copy what @fd yields to stdout, where the driver looks for its canary. */
bool leak(const char *what, int fd);
/* Run @fn in a child: won when it says true, lost when it dies or says no. */
bool in_child(const char *what, bool (*fn)(void *), void *arg);
/* "DIR/NAME"; a ring of 32 static buffers. */
const char *at(const char *dir, const char *name);
int number(const char *text);

#endif
