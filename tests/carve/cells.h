/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One way to reach a carved-out file per row. A row's function gets a path and
 * says 0 (it was done), -1 with errno, or 1 (there is nothing to do here).
 */
#ifndef TESTS_CARVE_CELLS_H
#define TESTS_CARVE_CELLS_H

enum {
	CELL_WRITES = 1, /* on what is there: changes it or its name */
	CELL_READS = 2,	 /* on what is there */
	CELL_MAKES = 4,	 /* on what is not there */
	/* And, of these: */
	CELL_NAME = 8,	  /* is about the last name, does not follow a link */
	CELL_PARENT = 16, /* is about the directory */
	CELL_OBJECT = 32, /* the same for a second name; no link is followed */
	CELL_ABS = 64,	  /* takes a path as text for later */
	CELL_RULES = 128, /* follows no magic link */
};

struct cell {
	const char *name;
	int (*run)(const char *path);
	unsigned int kind;
};

extern const struct cell cells[];
extern const int cell_count;

/* Threads that swap what a call is about while it is made: race.c. */
int race_main(const char *which, const char *good, const char *bad, int ms);
/* What can be seen of files that are allowed: facts.c. */
int facts_main(void);

#endif
