/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The calls that test_cells.c makes, each over every target: "P" is the path,
 * "F" the descriptor. Arguments that are addresses are those of objects below,
 * which the forked caller has at the same place.
 */
#ifndef TESTS_SUPERVISE_CELLS_H
#define TESTS_SUPERVISE_CELLS_H

#include <sys/syscall.h>

#include "supervise/handlers.h"
#include "sys/uapi_task.h"

struct cell_call {
	const char *text;
	long nr;
	struct sl_answer (*handler)(struct sl_call *);
	int path; /* argument that is the path, or -1 */
	int fd;	  /* argument that is the descriptor, or -1 */
	long args[6];
};

extern const struct cell_call path_calls[], fd_calls[];
extern const int path_call_count, fd_call_count;

#endif
