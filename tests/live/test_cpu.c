/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The share of the processor: that a tree keeps within it whatever it does, and
 * that nobody inside sees it held back. spin.c does the using. Times are
 * compared with each other alone.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define ROUNDS 3 /* at the same time; the median counts */
#define LASTS (thorough() ? "6000" : "900")
#define NS_PER_SEC 1000000000ull

struct outcome {
	int reason, code, status;
	sandlock_usage usage;
	uint64_t elapsed_ns;
	int numbers[5]; /* what it printed, a line each; -1: nothing */
};

struct started {
	sandlock_sandbox *sandbox;
	uint64_t begun_ns;
};

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void set(sandlock_policy *policy, const char *key, const char *value)
{
	sandlock_error err = { 0 };

	if (value && sandlock_policy_set(policy, key, value, NULL, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
}

/* A short run may end when there is debt, and the longer the busier the machine
 * is; it is only to tell a share from none. */
static bool thorough(void)
{
	return getenv("SANDLOCK_THOROUGH");
}

static const char *spin(void)
{
	const char *path = getenv("SANDLOCK_SPIN");

	ASSERT_TRUE(path);
	return path;
}

static const char *most_processes;

static struct started begin(const char *const argv[], const char *percent,
			    const char *timeout, uint32_t flags)
{
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .stdio = { SANDLOCK_STDIO_NULL,
						SANDLOCK_STDIO_PIPE,
						SANDLOCK_STDIO_INHERIT },
				     .flags = flags };
	struct started started = { .begun_ns = now_ns() };
	sandlock_error err = { 0 };
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	set(policy, "filesystem.read", "/");
	set(policy, "limits.timeout", timeout);
	set(policy, "limits.cpu", percent);
	set(policy, "limits.processes", most_processes);
	if (sandlock_spawn(policy, &o, &started.sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	sandlock_policy_free(policy);
	return started;
}

static struct outcome finish(struct started started)
{
	struct outcome out = { .usage = { .size = sizeof(out.usage) } };
	const sandlock_result *result = NULL;
	const char *text;

	ASSERT_EQ(sandlock_sandbox_wait(started.sandbox, 100000, &result, NULL),
		  0);
	out.elapsed_ns = now_ns() - started.begun_ns;
	out.reason = sandlock_result_reason(result);
	out.code = sandlock_result_code(result);
	out.status = sandlock_result_exit_status(result);
	ASSERT_EQ(sandlock_result_usage(result, &out.usage), 0);
	text = sandlock_result_output(result, 1, NULL, NULL);
	for (int i = 0; i < 5; i++) {
		char *end;

		out.numbers[i] = (int)strtol(text, &end, 10);
		if (end == text)
			out.numbers[i] = -1;
		text = end;
	}
	sandlock_sandbox_free(started.sandbox);
	return out;
}

static struct outcome run(const char *way, const char *ms, const char *percent)
{
	const char *argv[] = { spin(), way, ms, NULL };

	return finish(begin(argv, percent, "90", SANDLOCK_SPAWN_INLINE));
}

/* ------------------------------------------------ the share */

/* In percent of what it may: the share, and what the bucket held at first. */
static int used(const struct outcome *out, unsigned int percent)
{
	uint64_t may = (out->elapsed_ns + NS_PER_SEC / 10) / 100 * percent;
	uint64_t ns = out->usage.cpu_ns;

	if (out->numbers[0] > 0)
		ns = (uint64_t)out->numbers[0] * 1000000;
	return (int)(ns * 100 / may);
}

static int by_value(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void keeps_to(const char *way, const char *percent)
{
	const char *argv[] = { spin(), way, LASTS, NULL };
	struct started started[ROUNDS];
	int values[ROUNDS];

	for (int i = 0; i < ROUNDS; i++)
		started[i] = begin(argv, percent, "90", SANDLOCK_SPAWN_INLINE);
	for (int i = 0; i < ROUNDS; i++) {
		struct outcome out = finish(started[i]);

		EXPECT_EQ(out.code, 0);
		EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_NONE);
		EXPECT_LT(out.usage.cpu_held_ns, out.elapsed_ns);
		/* How often it executed is no time. */
		if (strcmp(way, "execs") == 0) {
			EXPECT_GT(out.numbers[0], 0);
			out.numbers[0] = 0;
		}
		values[i] = used(&out, (unsigned int)strtoul(percent, NULL, 10));
	}
	qsort(values, ROUNDS, sizeof(values[0]), by_value);
	printf("# %s: %d %d %d percent of the share\n", way, values[0],
	       values[1], values[2]);
	EXPECT_LE(values[ROUNDS / 2], thorough() ? 115 : 150);
	/* It is a share, and no stop. */
	EXPECT_GT(values[ROUNDS / 2], 5);
}

TEST(one_loop_keeps_to_its_share)
{
	keeps_to("one", "12");
}

TEST(four_have_one_share)
{
	keeps_to("four", "12");
}

TEST(threads_have_one_share)
{
	keeps_to("threads", "12");
}

TEST(threads_without_a_first_one_have_it_too)
{
	keeps_to("headless", "12");
}

TEST(a_storm_of_short_lives_keeps_to_it)
{
	keeps_to("storm", "12");
}

TEST(those_that_nobody_waits_for_count)
{
	keeps_to("unwaited", "12");
}

TEST(a_session_of_its_own_is_no_way_out)
{
	keeps_to("sessions", "12");
}

TEST(sleeping_at_every_look_is_no_way_out)
{
	keeps_to("dodgers", "12");
}

TEST(to_work_seldom_is_no_way_out)
{
	keeps_to("swarm", "12");
}

TEST(to_know_when_somebody_looks_is_no_way_out)
{
	keeps_to("canaries", "12");
}

TEST(sigcont_is_no_way_out)
{
	keeps_to("continued", "12");
}

TEST(one_that_executes_is_not_stuck)
{
	keeps_to("execs", "12");
}

TEST(the_number_of_one_that_is_held_is_no_way_out)
{
	keeps_to("heirs", "12");
}

static uint64_t own_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
}

/* The supervisor is this process; it looks at what is held, too. Uncharged, the
 * judge alone uses half of a core. */
TEST(to_have_others_work_is_no_way_out)
{
	const char *argv[] = { spin(), "judged", "2000", NULL };
	uint64_t before = own_ns();
	struct outcome out = finish(begin(argv, "5", "90", SANDLOCK_SPAWN_INLINE));
	uint64_t all = own_ns() - before + out.usage.cpu_ns;
	int percent = (int)(all * 100 / out.elapsed_ns);

	EXPECT_EQ(out.code, 0);
	printf("# with the supervisor: %d percent of a core\n", percent);
	EXPECT_LE(percent, 25);
}

TEST(more_than_a_core_can_be_had)
{
	struct outcome out;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 2)
		SKIP("a second processor");
	out = run("four", LASTS, "130");
	EXPECT_LE(used(&out, 130), thorough() ? 115 : 150);
	EXPECT_GT(used(&out, 130), 5);
}

TEST(what_sleeps_a_lot_is_not_held)
{
	struct outcome out = run("sleeps", "600", "50");

	EXPECT_EQ(out.code, 0);
	EXPECT_EQ(out.usage.cpu_held_ns, 0);
}

TEST(without_a_limit_nothing_is_held)
{
	struct outcome out = run("one", "200", NULL);

	EXPECT_EQ(out.code, 0);
	EXPECT_EQ(out.usage.cpu_held_ns, 0);
}

/* ------------------------------------------------ what is seen of it */

TEST(only_own_stops_are_seen)
{
	struct outcome out = run("stops", "800", "10");

	EXPECT_EQ(out.code, 0);
	EXPECT_GT(out.usage.cpu_held_ns, 0);
	EXPECT_EQ(out.numbers[0], 1); /* it stopped once */
	EXPECT_EQ(out.numbers[1], 1); /* which was said once */
	EXPECT_EQ(out.numbers[2], 0);
	EXPECT_EQ(out.numbers[3], 1); /* it is stopped still */
	/* It goes on when told, and ends, which may be one with it. */
	EXPECT_GE(out.numbers[4], 1);
	EXPECT_LE(out.numbers[4], 2);
}

TEST(a_fork_longer_than_a_turn_is_done)
{
	struct outcome out = run("large-fork", "1", "2");

	EXPECT_EQ(out.reason, SANDLOCK_REASON_EXITED);
	EXPECT_EQ(out.code, 0);
	EXPECT_EQ(out.numbers[0], 1);
}

TEST(tracers_are_refused)
{
	struct outcome out = run("traces", "1", "50");

	EXPECT_EQ(out.numbers[0], EPERM);
	EXPECT_EQ(out.numbers[1], EPERM);
}

TEST(pipelines_do_their_work)
{
	const char *argv[] = {
		"/bin/sh", "-c",
		"n=0; i=0; while [ $i -lt 60 ]; do x=$(echo $i | cat | cat); "
		"[ \"$x\" = $i ] || n=$((n + 1)); i=$((i + 1)); done; echo $i; "
		"echo $n",
		NULL
	};
	struct outcome out =
		finish(begin(argv, "10", "90", SANDLOCK_SPAWN_INLINE));

	EXPECT_EQ(out.code, 0);
	EXPECT_EQ(out.numbers[0], 60);
	EXPECT_EQ(out.numbers[1], 0);
	EXPECT_GT(out.usage.cpu_held_ns, 0);
}

/* ------------------------------------------------ the end */

/* One percent: it is held nearly all of the time. */
TEST(time_is_over_also_for_what_is_held)
{
	const char *argv[] = { spin(), "four", "60000", NULL };

	for (uint32_t flags = 0; flags <= SANDLOCK_SPAWN_INLINE; flags++) {
		struct outcome out = finish(begin(argv, "1", "0.7", flags));

		EXPECT_EQ(out.reason, SANDLOCK_REASON_TIMEOUT);
		EXPECT_GT(out.usage.cpu_held_ns, 0);
	}
}

TEST(what_is_held_ends_with_the_run)
{
	struct outcome out = run("leave-burning", "500", "5");

	EXPECT_EQ(out.reason, SANDLOCK_REASON_EXITED);
	EXPECT_EQ(out.code, 0);
}

TEST(what_is_held_can_be_killed)
{
	const char *argv[] = { spin(), "four", "60000", NULL };
	struct started started = begin(argv, "1", "90", 0);
	struct outcome out;

	usleep(200000);
	ASSERT_EQ(sandlock_sandbox_kill(started.sandbox), 0);
	out = finish(started);
	EXPECT_EQ(out.reason, SANDLOCK_REASON_KILLED);
}

static void await_held(int64_t pid)
{
	uint64_t until = now_ns() + 60 * NS_PER_SEC;
	char path[40], text[512] = "", *at = NULL;

	snprintf(path, sizeof(path), "/proc/%lld/stat", (long long)pid);
	do {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		ssize_t n;

		ASSERT_GE(fd, 0);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
		text[n > 0 ? n : 0] = '\0';
		at = strrchr(text, ')');
		ASSERT_LT(now_ns(), until);
	} while (!at || at[1] != ' ' || at[2] != 't');
}

/* SECURITY: who cannot look any more is not to take it for nothing; and what it
 * holds at that time has to be let go of, or its end never comes. */
TEST(without_a_descriptor_to_look_with_it_is_ended)
{
	const char *argv[] = { spin(), "one", "60000", NULL };
	struct started started = begin(argv, "1", "90", SANDLOCK_SPAWN_INLINE);
	struct rlimit lim, none;
	struct outcome out;

	await_held(sandlock_sandbox_pid(started.sandbox));
	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &lim), 0);
	none = lim;
	none.rlim_cur = 3;
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
	out = finish(started);
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lim), 0);
	EXPECT_EQ(out.reason, SANDLOCK_REASON_LIMIT);
	EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_CPU);
}

/* Nobody may trace what nobody may read. */
static struct outcome run_unreadable(const char *way)
{
	char path[] = "/tmp/spin-XXXXXX", block[65536];
	int from = open(spin(), O_RDONLY | O_CLOEXEC);
	int to = mkostemp(path, O_CLOEXEC);
	const char *argv[] = { path, way, "20000", NULL };
	struct outcome out;
	ssize_t n;

	ASSERT_GE(from, 0);
	ASSERT_GE(to, 0);
	while ((n = read(from, block, sizeof(block))) > 0)
		ASSERT_EQ(write(to, block, (size_t)n), n);
	ASSERT_EQ(fchmod(to, 0111), 0);
	close(to);
	close(from);
	out = finish(begin(argv, "2", "90", SANDLOCK_SPAWN_INLINE));
	unlink(path);
	return out;
}

TEST(what_cannot_be_held_is_ended)
{
	struct outcome out = run_unreadable("one");

	EXPECT_EQ(out.reason, SANDLOCK_REASON_LIMIT);
	EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_CPU);
	EXPECT_STREQ(out.usage.limit_name, "cpu");
}

/* What it was ended for, and not what it was refused before. */
TEST(the_limit_that_ended_it_is_named)
{
	struct outcome out;

	most_processes = "1";
	out = run_unreadable("refused");
	EXPECT_EQ(out.reason, SANDLOCK_REASON_LIMIT);
	EXPECT_GE(out.usage.refused, 1);
	EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_CPU);
}

/* ------------------------------------------------ misuse */

TEST(no_share_at_all_is_refused)
{
	static const char *const values[] = { "0", "-1",      "half", "50%",
					      "",  "1000001", "1.5" };
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		sandlock_error err = { 0 };

		if (sandlock_policy_set(policy, "limits.cpu", values[i], NULL,
					&err) >= 0)
			th_fail(__FILE__, __LINE__, "'%s' was taken", values[i]);
	}
	EXPECT_EQ(sandlock_policy_set(policy, "limits.cpu", "101", NULL, NULL),
		  0);
	sandlock_policy_free(policy);
}

static void refused(const char *key, const char *value, const char *says)
{
	const char *argv[] = { "/bin/true", NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	set(policy, "filesystem.read", "/");
	set(policy, "limits.cpu", "50");
	set(policy, key, value);
	EXPECT_LT(sandlock_spawn(policy, &o, &sandbox, &err), 0);
	EXPECT_HAS(err.message, says);
	sandlock_policy_free(policy);
}

TEST(what_cannot_be_enforced_is_refused)
{
	refused("syscalls.extra_allow", "ptrace", "cannot hold back");
	refused("protections.disable", "signal-scope", "limits.cpu");
}
