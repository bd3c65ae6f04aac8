/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a program says on stderr, heard by the way: its last bytes are kept, all
 * of them go where they went without us.
 *
 * SECURITY: the bytes are hostile. They are passed on as they are, as they
 * would be without us, and never mixed with words of ours.
 */
#ifndef CLI_EAR_H
#define CLI_EAR_H

#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define CLI_EAR_KEPT 8192

enum cli_ear_mode {
	CLI_EAR_DEAF = 0, /* a terminal, a socket, or the same as stdout */
	CLI_EAR_PIPE,	  /* in between, with a pipe of our own */
	CLI_EAR_FILE	  /* read afterwards what it has become longer by */
};

struct cli_ear {
	enum cli_ear_mode mode;
	int in;	 /* what the program writes to, non-blocking; -1: over */
	int out; /* our stderr once more, non-blocking; -1: its reader left */
	/* Read but not yet written. Nothing is read while it is not empty: a
	 * slow reader slows the program, as it would without us. */
	char pending[PIPE_BUF];
	size_t at, len;
	off_t start; /* of a file */
	char kept[CLI_EAR_KEPT];
	size_t kept_len;
	bool cut; /* more than that was said */
};

/* Looks at stderr; @other is a descriptor whose file is left alone, or -1. */
void cli_ear_open(struct cli_ear *ear, bool wanted, int other);
/* @fd: the reading end of the program's stderr, taken; with CLI_EAR_PIPE. */
void cli_ear_attach(struct cli_ear *ear, int fd);
/* What to poll for: two entries, and what to do then. */
void cli_ear_poll(const struct cli_ear *ear, struct pollfd fds[2]);
void cli_ear_serve(struct cli_ear *ear, const struct pollfd fds[2]);
/* The program is gone: pass on the rest, however long its reader takes, unless
 * a signal ends us. */
void cli_ear_finish(struct cli_ear *ear);

#endif
