/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program that the tests of carve-outs run, bare and inside. Static, so
 *that it opens nothing but what it is told to.
 *
 *	carver cell NUMBER PATH		one row of cells.c: prints the errno or
 *0 carver race WHICH GOOD BAD MS	race.c carver facts
 *facts.c carver mark PATH		appends to PATH, for whoever executes it
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	int fd, r;

	if (argc == 4 && strcmp(argv[1], "cell") == 0) {
		r = cells[atoi(argv[2])].run(argv[3]);
		printf("%d\n", r < 0 ? errno : -r);
		return 0;
	}
	if (argc == 6 && strcmp(argv[1], "race") == 0)
		return race_main(argv[2], argv[3], argv[4], atoi(argv[5]));
	if (argc == 2 && strcmp(argv[1], "facts") == 0)
		return facts_main();
	if (argc == 3 && strcmp(argv[1], "mark") == 0) {
		fd = open(argv[2], O_WRONLY | O_APPEND);
		return fd >= 0 && write(fd, "x", 1) == 1 ? 0 : 1;
	}
	return 2;
}
