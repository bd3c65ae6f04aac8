/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark's driver. Every figure belongs to a row; a row has one sample
 * per round, and every round takes one sample of each row in a new order, so
 * that rows are compared under the same noise: ratio and difference are the
 * medians of the round-by-round comparison with the row's base.
 */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

/* Comfortable: one that is not used costs no memory, its page is never touched. */
#define BENCH_ROWS 512
#define BENCH_CHECKS 64
#define BENCH_ROUNDS 1000
#define BENCH_ARGS 48
#define BENCH_OWNED 40
#define BENCH_NO_ROW -1

struct bench_row {
	char part[16];	/* "spawn" */
	char what[24];	/* "getppid" */
	char setup[24]; /* "bare", "sandlock", "bwrap" ... */
	char unit[8];
	int base; /* row compared with, or BENCH_NO_ROW */
	size_t failures;
	char why[240];		      /* of the last failure */
	double samples[BENCH_ROUNDS]; /* by round, NAN = none */
};

struct bench_stats {
	size_t count;
	double p10, median, p90;
};

struct bench_check {
	char part[16];
	char name[64];
	double value, limit; /* a NAN value: could not be measured */
	bool at_least;	     /* else: at most */
};

struct bench {
	/* What to run; NULL = not here. */
	const char *sandlock, *library, *bwrap, *reference;
	const char *redis_server, *redis_benchmark, *nginx, *wrk, *git, *make,
		*python, *npm;
	const char *package; /* folder of our Python package, and a script */
	const char *python_host, *python_echo; /* scripts */
	const char *tools; /* folder of our helper programs */
	size_t rounds;	   /* per part; 0 = as many as fit in @seconds */
	double seconds;
	const char *resident_mib;
	const char *only; /* comma-separated parts, NULL = all */
	const char *json;

	char *owned[BENCH_OWNED]; /* heap behind the names above, freed at the end */
	size_t owned_count;
	char dir[64]; /* ours, writable, removed at the end */
	char floor[256], micro[256], host[256], filter[256];
	int null_fd, out_fd, err_fd;
	char why[240];	 /* why the last action failed */
	bool incomplete; /* something that is here could not be run */

	struct bench_row *rows;
	size_t row_count;
	struct bench_check checks[BENCH_CHECKS];
	size_t check_count;
};

/* ---- stats.c: rows, samples, what follows from them ------------------- */

int bench_row(struct bench *b, const char *part, const char *what,
	      const char *setup, const char *unit, int base);
void bench_sample(struct bench *b, int row, size_t round, double value);
void bench_fail(struct bench *b, int row, const char *why);

/* Percentiles of the finite ones among @v; the median of none is NAN. */
struct bench_stats bench_stats_of(const double *v, size_t n);
struct bench_stats bench_stats(const struct bench *b, int row);
/* Medians over the rounds in which both rows have a sample. */
double bench_ratio(const struct bench *b, int row, int base);
double bench_added(const struct bench *b, int row, int base);

void bench_check(struct bench *b, const char *part, const char *name,
		 double value, double limit);
void bench_check_at_least(struct bench *b, const char *part, const char *name,
			  double value, double limit);
bool bench_check_met(const struct bench_check *check);

/* ---- run.c: processes and rounds -------------------------------------- */

struct bench_act {
	int row;
	size_t every; /* once in so many rounds; 0 = each */
	bool (*run)(struct bench *b, const struct bench_act *act, size_t round);
	const char *args[BENCH_ARGS]; /* of a command, NULL-terminated */
	const char *cwd;	      /* of a command, NULL = ours */
	void *with;
	char letter;
};

/* Runs each of @acts once per round, shuffled, for the rounds asked for. */
void bench_interleave(struct bench *b, const struct bench_act *acts,
		      size_t count);

/*
 * Run a command to its end; its stdout goes to b->out_fd (emptied first), its
 * stderr to b->err_fd. False, with b->why, if it did not exit with 0.
 */
bool bench_command(struct bench *b, const char *const *args, const char *cwd,
		   double *ret_us);
/* The same as an act: one sample in microseconds. */
bool bench_act_command(struct bench *b, const struct bench_act *act,
		       size_t round);
/* Removes @path and all that is below it; not there is fine. */
void bench_remove(const char *path);
/* Output of the last command; truncated to @size. */
char *bench_output(struct bench *b, char *buf, size_t size);

/* A command that goes on, connected by two pipes; dies with the driver. */
struct bench_peer {
	pid_t pid;
	int to, from;
};
bool bench_peer_open(struct bench *b, struct bench_peer *peer,
		     const char *const *args);
/* The next line, without its newline; waits for it at most 30 s. */
bool bench_peer_line(struct bench *b, struct bench_peer *peer, char *buf,
		     size_t size);
/* A bench_host's answer to one of its commands. */
bool bench_peer_ask(struct bench *b, struct bench_peer *host, char command,
		    double *ret);
/* Closes its stdin, sends SIGTERM if @term, waits for its end. */
void bench_peer_close(struct bench_peer *peer, bool term);

/* Appends to a NULL-terminated argument list; false when it is full. */
bool bench_args(const char **args, ...) __attribute__((sentinel));
bool bench_all_args(const char **args, const char *const *more, size_t count);
/* A TCP port of 127.0.0.1 that nobody uses now, as text. */
bool bench_free_port(char *ret_port, size_t size);
/* Appends "-r PATH" for each of @paths that exists, at most @max of them. */
void bench_grants(const char **args, const char *const *paths, size_t max);
/* Whether our program knows profile or preset @name. */
bool bench_has_profile(struct bench *b, const char *name);
/* sandlock run + what the reference needs for an ordinary program. */
void bench_reference(struct bench *b, const char **args);

/* ---- proc.c: what the processes of a run hold -------------------------- */

struct bench_listeners {
	size_t processes, listeners, unreadable;
	char where[120]; /* the first one found */
};
/* All descendants of @root and @root itself. */
struct bench_listeners bench_listeners(pid_t root);
/* Parent of @pid, or -1. */
pid_t bench_parent(pid_t pid);
/* Whether @pid is @root or below it. */
bool bench_descends(pid_t pid, pid_t root);

/* ---- memory.c ----------------------------------------------------------- */

struct bench_memory {
	size_t memories;  /* address spaces */
	double rss;	  /* KiB, the sum of them */
	double anonymous; /* the same; what n of them share counts once */
};
/*
 * What @root and its descendants hold, without those named @except: each
 * address space once, since a guardian lives in that of its supervisor. False,
 * with b->why, if one cannot be read.
 */
bool bench_memory(struct bench *b, pid_t root, const char *except,
		  struct bench_memory *ret);
/* The nearest ancestor of @pid that is called @name, or -1. */
pid_t bench_ancestor(pid_t pid, const char *name);

/* ---- report.c ---------------------------------------------------------- */

void bench_print_head(const struct bench *b);
void bench_print_part(struct bench *b, const char *part);
bool bench_write_json(const struct bench *b, const char *path);

/* ---- the parts --------------------------------------------------------- */

void bench_spawn(struct bench *b);
void bench_calls(struct bench *b);
void bench_judged(struct bench *b);
void bench_carved(struct bench *b);
void bench_net(struct bench *b);
void bench_redis(struct bench *b);
void bench_serve(struct bench *b);
void bench_work(struct bench *b);
void bench_many(struct bench *b);
void bench_filter(struct bench *b);

#endif
