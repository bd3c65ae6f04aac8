/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The pieces of the benchmark that could lie: percentiles, the comparison by
 * round, budgets, failures, the search for seccomp listeners, and memory.
 */
#include "bench.h"
#include "harness/harness.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static struct bench *new_bench(void)
{
	struct bench *b = calloc(1, sizeof(*b));

	b->rows = calloc(BENCH_ROWS, sizeof(b->rows[0]));
	b->rounds = 4;
	b->null_fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	b->out_fd = memfd_create("out", MFD_CLOEXEC);
	b->err_fd = memfd_create("err", MFD_CLOEXEC);
	return b;
}

static void free_bench(struct bench *b)
{
	free(b->rows);
	free(b);
}

TEST(percentiles_ignore_missing_samples)
{
	double v[] = { 5, NAN, 1, 4, 2, 3, NAN, 10, 9, 8, 7, 6, 11 };
	struct bench_stats st = bench_stats_of(v, 13);

	ASSERT_EQ(st.count, 11);
	ASSERT_EQ(st.p10, 2);
	ASSERT_EQ(st.median, 6);
	ASSERT_EQ(st.p90, 10);
	st = bench_stats_of(v, 0);
	ASSERT_EQ(st.count, 0);
	ASSERT_TRUE(isnan(st.median));
}

TEST(comparison_goes_round_by_round)
{
	struct bench *b = new_bench();
	int base = bench_row(b, "p", "w", "bare", "us", BENCH_NO_ROW);
	int row = bench_row(b, "p", "w", "inside", "us", base);
	/* The machine slows down fourfold; the row stays twice its base. */
	const double drift[] = { 1, 2, 3, 4 };

	for (size_t i = 0; i < 4; i++) {
		bench_sample(b, base, i, drift[i]);
		bench_sample(b, row, i, 2 * drift[i]);
	}
	/* Rounds without a partner do not count. */
	bench_sample(b, row, 4, 1000);
	bench_sample(b, base, 5, 1000);
	ASSERT_EQ(bench_ratio(b, row, base) * 10, 20);
	ASSERT_EQ(bench_added(b, row, base) * 10, 25);
	ASSERT_TRUE(isnan(bench_ratio(b, row, BENCH_NO_ROW)));
	free_bench(b);
}

TEST(budget_that_was_not_measured_is_missed)
{
	struct bench *b = new_bench();

	bench_check(b, "p", "below", 0.4, 0.5);
	bench_check(b, "p", "above", 0.6, 0.5);
	bench_check(b, "p", "none", NAN, 0.5);
	bench_check_at_least(b, "p", "enough", 1.0, 0.99);
	bench_check_at_least(b, "p", "short", 0.9, 0.99);
	bench_check_at_least(b, "p", "none", NAN, 0.99);
	ASSERT_TRUE(bench_check_met(&b->checks[0]));
	ASSERT_FALSE(bench_check_met(&b->checks[1]));
	ASSERT_FALSE(bench_check_met(&b->checks[2]));
	ASSERT_TRUE(bench_check_met(&b->checks[3]));
	ASSERT_FALSE(bench_check_met(&b->checks[4]));
	ASSERT_FALSE(bench_check_met(&b->checks[5]));
	free_bench(b);
}

TEST(failing_command_is_reported_and_left_alone)
{
	struct bench *b = new_bench();
	struct bench_act acts[2] = { 0 };

	acts[0].row = bench_row(b, "p", "w", "good", "us", BENCH_NO_ROW);
	acts[1].row = bench_row(b, "p", "w", "bad", "us", 0);
	for (int i = 0; i < 2; i++)
		acts[i].run = bench_act_command;
	bench_args(acts[0].args, "/bin/sh", "-c", "echo fine", NULL);
	bench_args(acts[1].args, "/bin/sh", "-c", "echo no way >&2; exit 3",
		   NULL);
	bench_interleave(b, acts, 2);
	ASSERT_EQ(bench_stats(b, 0).count, 4);
	ASSERT_EQ(bench_stats(b, 1).count, 0);
	ASSERT_EQ(b->rows[0].failures, 0);
	ASSERT_EQ(b->rows[1].failures, 2);
	ASSERT_STREQ(b->rows[1].why, "/bin/sh: exit status 3: no way");
	ASSERT_TRUE(b->incomplete);
	free_bench(b);
}

TEST(argument_list_has_an_end)
{
	const char *args[BENCH_ARGS] = { 0 };

	for (int i = 0; i + 1 < BENCH_ARGS; i++)
		ASSERT_TRUE(bench_args(args, "x", NULL));
	ASSERT_FALSE(bench_args(args, "one too many", NULL));
	ASSERT_TRUE(args[BENCH_ARGS - 1] == NULL);
}

/* In a child: hold a listener, if @wanted, say so, wait for the pipe's end. */
static void hold(bool wanted, int ready, int until)
{
	struct sock_filter allow = BPF_STMT(BPF_RET, SECCOMP_RET_ALLOW);
	struct sock_fprog prog = { .len = 1, .filter = &allow };
	char answer = '+', c;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    (wanted && syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			       SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog) < 0))
		answer = '-';
	if (write(ready, &answer, 1) != 1)
		_exit(1);
	while (read(until, &c, 1) > 0)
		;
	_exit(0);
}

static struct bench_listeners held(bool wanted)
{
	struct bench_listeners found = { 0 };
	int ready[2], until[2];
	char answer = '?';
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(until, O_CLOEXEC) < 0)
		return found;
	pid = fork();
	if (pid == 0) {
		close(until[1]);
		hold(wanted, ready[1], until[0]);
	}
	close(ready[1]);
	if (read(ready[0], &answer, 1) == 1 && answer == '+')
		found = bench_listeners(getpid());
	close(until[1]);
	waitpid(pid, NULL, 0);
	if (answer == '-')
		SKIP("seccomp user notification");
	return found;
}

TEST(listener_held_by_a_child_is_found)
{
	struct bench_listeners found = held(true);

	ASSERT_EQ(found.processes, 2);
	ASSERT_EQ(found.unreadable, 0);
	ASSERT_EQ(found.listeners, 1);
	ASSERT_HAS(found.where, "/fd/");
}

TEST(no_listener_no_report)
{
	struct bench_listeners found = held(false);

	ASSERT_EQ(found.processes, 2);
	ASSERT_EQ(found.listeners, 0);
}

/* ---- memory ------------------------------------------------------------- */

#define LARGE (16u << 20)

struct holder {
	pid_t pid;
	int until; /* closed: it ends */
};

static void hold_memory(int ready, int until)
{
	char *p = mmap(NULL, LARGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char c = '+';

	prctl(PR_SET_NAME, "bench-holder");
	if (p == MAP_FAILED)
		_exit(1);
	memset(p, 1, LARGE);
	/* The waiting half is in a process of its own in the same memory: what
	 * a guardian is to its supervisor. */
	if (vfork() == 0) {
		if (write(ready, &c, 1) == 1)
			while (read(until, &c, 1) > 0)
				;
		_exit(0);
	}
	_exit(0);
}

static bool holder_open(struct holder *h)
{
	int ready[2], until[2];
	char c;

	if (pipe2(ready, O_CLOEXEC) < 0 || pipe2(until, O_CLOEXEC) < 0)
		return false;
	h->pid = fork();
	if (h->pid == 0) {
		close(until[1]);
		hold_memory(ready[1], until[0]);
	}
	close(ready[1]);
	close(until[0]);
	h->until = until[1];
	return read(ready[0], &c, 1) == 1;
}

static void holder_close(struct holder *h)
{
	close(h->until);
	waitpid(h->pid, NULL, 0);
}

TEST(shared_memory_is_counted_once)
{
	struct bench *b = new_bench();
	struct bench_memory m, without;
	struct holder h;

	ASSERT_TRUE(holder_open(&h));
	ASSERT_TRUE(bench_memory(b, h.pid, "nobody", &m));
	EXPECT_EQ(m.memories, 1);
	EXPECT_GT(m.rss, LARGE / 1024 - 1);
	EXPECT_GT(m.anonymous, LARGE / 1024 - 1);
	/* From above: this process is another memory. */
	ASSERT_TRUE(bench_memory(b, getpid(), "nobody", &m));
	EXPECT_EQ(m.memories, 2);
	ASSERT_TRUE(bench_memory(b, getpid(), "bench-holder", &without));
	EXPECT_EQ(without.memories, 1);
	EXPECT_GT(m.anonymous - without.anonymous, LARGE / 2048);
	holder_close(&h);
	free_bench(b);
}

TEST(ancestors_are_found_by_name)
{
	struct holder h;

	ASSERT_TRUE(holder_open(&h));
	EXPECT_EQ(bench_ancestor(h.pid, "bench-holder"), h.pid);
	prctl(PR_SET_NAME, "bench-parent");
	EXPECT_EQ(bench_ancestor(h.pid, "bench-parent"), getpid());
	EXPECT_EQ(bench_ancestor(h.pid, "bench-nobody"), -1);
	EXPECT_TRUE(bench_descends(h.pid, getpid()));
	EXPECT_FALSE(bench_descends(getpid(), h.pid));
	holder_close(&h);
}

TEST(memory_that_cannot_be_read_is_a_failure)
{
	struct bench *b = new_bench();
	struct bench_memory m;
	pid_t pid = fork();

	/* One that has ended and was not waited for has none. */
	if (pid == 0)
		_exit(0);
	ASSERT_EQ(waitid(P_PID, (id_t)pid, NULL, WEXITED | WNOWAIT), 0);
	EXPECT_FALSE(bench_memory(b, pid, "nobody", &m));
	EXPECT_HAS(b->why, "cannot read the memory of");
	waitpid(pid, NULL, 0);
	free_bench(b);
}

TEST(a_tree_is_removed)
{
	char dir[] = "/tmp/sandlock-bench-XXXXXX", path[64];

	ASSERT_TRUE(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/below", dir);
	ASSERT_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/below/link", dir);
	ASSERT_EQ(symlink("/", path), 0);
	bench_remove(dir);
	EXPECT_EQ(access(dir, F_OK), -1);
	bench_remove(dir);
}
