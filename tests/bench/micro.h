/* SPDX-License-Identifier: Apache-2.0 */
/* What micro measures, in batches. */
#ifndef TESTS_BENCH_MICRO_H
#define TESTS_BENCH_MICRO_H

#define MICRO_BATCH 128 /* a socket holds that many small messages */

struct micro;

struct op {
	const char *name;
	/* Each returns 0, or a positive errno; @m is what micro_measure() got. */
	int (*prepare)(struct micro *m); /* not timed, before each batch */
	int (*call)(struct micro *m);
	int (*finish)(struct micro *m); /* not timed, after each batch */
};

/* Prints "NAME NS", or the reason to stderr: 1. */
int micro_measure(const struct op *op, struct micro *m);

/* Sockets of 127.0.0.1; @port: of its own listener. 0, or 1. */
int micro_net(const char *port);

#endif
