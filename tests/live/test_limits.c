/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Limits of memory and processes: what they hold back, what they leave alone,
 * and what the result says. hog.c does the taking.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/ipc.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <unistd.h>

#define MIB (1ull << 20)

struct outcome {
	int reason, code, status;
	sandlock_usage usage;
	int numbers[4]; /* what it printed, a line each; -1: nothing */
};

static void set(sandlock_policy *policy, const char *key, const char *value)
{
	sandlock_error err = { 0 };

	if (value && sandlock_policy_set(policy, key, value, NULL, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
}

static void read_numbers(const char *text, int numbers[4])
{
	for (int i = 0; i < 4; i++) {
		char *end;

		numbers[i] = (int)strtol(text, &end, 10);
		if (end == text)
			numbers[i] = -1;
		text = end;
	}
}

struct way {
	const char *name, *mib, *ms; /* as hog.c takes them */
	const char *memory, *processes, *syscalls, *script;
	uint32_t flags;
	bool starved; /* of descriptors, whoever looks */
};

/* This process, which looks itself with SANDLOCK_SPAWN_INLINE: none is left. */
static rlim_t starve(rlim_t soft)
{
	struct rlimit lim;
	rlim_t old;

	ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &lim), 0);
	old = lim.rlim_cur;
	lim.rlim_cur = soft;
	ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &lim), 0);
	return old;
}

/* Ends by itself, or by the limit, or fails after a minute. */
static struct outcome run(const struct way *way)
{
	const char *hog = getenv("SANDLOCK_HOG");
	const char *argv[] = { hog, way->name, way->mib, way->ms, NULL };
	const char *shell[] = { "/bin/sh", "-c", way->script, NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = way->script ? shell : argv,
				     .stdio = { SANDLOCK_STDIO_NULL,
						SANDLOCK_STDIO_PIPE,
						SANDLOCK_STDIO_INHERIT },
				     .flags = way->flags };
	struct outcome out = { .usage = { .size = sizeof(out.usage) } };
	const sandlock_result *result = NULL;
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };
	sandlock_policy *policy;
	rlim_t soft = 0;

	ASSERT_TRUE(hog);
	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	set(policy, "filesystem.read", "/");
	set(policy, "filesystem.write", "/dev/zero");
	set(policy, "limits.timeout", "60");
	set(policy, "limits.memory", way->memory);
	set(policy, "limits.processes", way->processes);
	set(policy, "syscalls.extra_allow", way->syscalls);
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	if (way->starved)
		soft = starve(3);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 90000, &result, NULL), 0);
	if (way->starved)
		starve(soft);
	out.reason = sandlock_result_reason(result);
	out.code = sandlock_result_code(result);
	out.status = sandlock_result_exit_status(result);
	ASSERT_EQ(sandlock_result_usage(result, &out.usage), 0);
	read_numbers(sandlock_result_output(result, 1, NULL, NULL), out.numbers);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	return out;
}

/* ------------------------------------------------ memory */

static void too_much(const char *name, uint32_t flags)
{
	/* The kernel ends a stack as large as the limit. */
	struct way way = { .name = name,
			   .mib = strcmp(name, "stack") == 0 ? "100" : "192",
			   .memory = "64M",
			   .flags = flags };
	struct outcome out = run(&way);

	if (out.usage.limit != SANDLOCK_LIMIT_MEMORY)
		th_fail(__FILE__, __LINE__,
			"%s went past the limit: reason %d, status %d", name,
			out.reason, out.status);
	EXPECT_STREQ(out.usage.limit_name, "memory");
	EXPECT_GT(out.usage.memory_peak, 64 * MIB);
}

TEST(one_that_takes_too_much_is_ended)
{
	static const char *const names[] = {
		"anon",		"shared", "memfd", "memfd-mapped",
		"memfd-halves", "stack",  "brk",   "protect",
		"pkey",		"zero",	  "remap"
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		too_much(names[i], SANDLOCK_SPAWN_INLINE);
}

TEST(the_result_says_so)
{
	for (uint32_t flags = 0; flags <= SANDLOCK_SPAWN_INLINE; flags++) {
		struct way way = { .name = "anon",
				   .mib = "192",
				   .memory = "64M",
				   .flags = flags };
		struct outcome out = run(&way);

		EXPECT_EQ(out.reason, SANDLOCK_REASON_LIMIT);
		EXPECT_EQ(out.status, 137);
		EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_MEMORY);
		EXPECT_GT(out.usage.cpu_ns, 0);
	}
}

TEST(many_that_take_too_much_together_are_ended)
{
	too_much("many", SANDLOCK_SPAWN_INLINE);
	too_much("family-writes", SANDLOCK_SPAWN_INLINE);
}

/* Whoever looks is neither held up by what is stopped nor by what is dead. */
TEST(stopped_and_dead_processes_hide_nothing)
{
	too_much("stopped", SANDLOCK_SPAWN_INLINE);
	too_much("zombies", SANDLOCK_SPAWN_INLINE);
}

/* Nor is what only some of its threads have. */
TEST(a_thread_hides_nothing)
{
	too_much("relay", SANDLOCK_SPAWN_INLINE);
	too_much("own-table", SANDLOCK_SPAWN_INLINE);
}

/* Nor is what no process has for long, since it leaves it to the next one. */
TEST(nothing_is_hidden_by_handing_it_on)
{
	too_much("heirs-vm", SANDLOCK_SPAWN_INLINE);
	too_much("heirs-threads", SANDLOCK_SPAWN_INLINE);
	too_much("heirs-fork", SANDLOCK_SPAWN_INLINE);
}

/* A byte of it keeps 2 MiB, if that is how large its page is. */
TEST(no_page_is_lent_to_the_kernel)
{
	struct outcome out = run(&(struct way){ .name = "lend", .memory = "64M" });

	EXPECT_EQ(out.numbers[0], EPERM);
	EXPECT_EQ(out.numbers[1], EOPNOTSUPP);
	out = run(&(struct way){ .name = "lend" });
	EXPECT_EQ(out.numbers[0], 0);
	EXPECT_EQ(out.numbers[1], EBADF);
}

/* Nor what it takes long to look at: nobody waits for it, nothing is forgotten. */
TEST(many_descriptors_hide_nothing)
{
	too_much("same-table", SANDLOCK_SPAWN_INLINE);
	too_much("far-table", SANDLOCK_SPAWN_INLINE);
}

/*
 * A run that is let be, once it was seen with at least @least: how long that
 * takes is not ours to know.
 */
static void let_be(struct way way, uint64_t least)
{
	char ms[16];

	for (int stay = 200; stay < 30000; stay *= 2) {
		struct outcome out;

		snprintf(ms, sizeof(ms), "%d", stay);
		way.ms = ms;
		out = run(&way);
		if (out.usage.limit || out.code != 0) {
			th_fail(__FILE__, __LINE__, "%s was ended: peak %llu",
				way.name,
				(unsigned long long)out.usage.memory_peak);
			return;
		}
		if (out.usage.memory_peak >= least)
			return;
	}
	th_fail(__FILE__, __LINE__, "%s was never looked at", way.name);
}

TEST(what_is_shared_counts_once)
{
	let_be((struct way){ .name = "family", .mib = "40", .memory = "64M" },
	       40 * MIB);
	let_be((struct way){ .name = "memfd-shared", .mib = "40", .memory = "64M" },
	       40 * MIB);
}

TEST(what_has_one_address_space_counts_once)
{
	let_be((struct way){ .name = "vfork-shared", .mib = "40", .memory = "64M" },
	       40 * MIB);
}

TEST(what_takes_several_looks_is_let_be)
{
	let_be((struct way){ .name = "far-table", .mib = "40", .memory = "64M" },
	       40 * MIB);
}

TEST(what_is_only_reserved_does_not_count)
{
	let_be((struct way){ .name = "reserve", .mib = "64", .memory = "64M" },
	       1);
}

TEST(half_of_it_is_let_be)
{
	let_be((struct way){ .name = "memfd-halves", .mib = "40", .memory = "64M" },
	       1);
	let_be((struct way){ .name = "anon", .mib = "40", .memory = "64M" },
	       40 * MIB);
}

TEST(segments_that_nobody_has_attached_count)
{
	struct way way = { .name = "sysv",
			   .mib = "192",
			   .memory = "64M",
			   .syscalls = "sysv_ipc" };
	struct outcome out = run(&way);

	EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_MEMORY);
	for (int i = 0; i < 4; i++)
		if (out.numbers[i] >= 0)
			EXPECT_EQ(shmctl(out.numbers[i], IPC_RMID, NULL), 0);
}

TEST(what_grows_again_is_ended_as_a_whole)
{
	struct way way = { .name = "hydra", .mib = "240", .memory = "64M" };
	struct outcome out = run(&way);

	EXPECT_EQ(out.reason, SANDLOCK_REASON_LIMIT);
	EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_MEMORY);
}

/* SECURITY: who cannot look is not to take it for nothing. */
TEST(without_a_descriptor_to_look_with_it_is_ended)
{
	struct way way = { .script = "while :; do sleep 0.1; done",
			   .memory = "64M",
			   .flags = SANDLOCK_SPAWN_INLINE,
			   .starved = true };
	struct outcome out = run(&way);

	EXPECT_EQ(out.reason, SANDLOCK_REASON_LIMIT);
	EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_MEMORY);
}

/* Between two looks. */
TEST(the_kernel_bounds_each_process)
{
	struct way way = { .name = "kernel-limits", .memory = "64M" };
	struct outcome out;

	for (uint32_t flags = 0; flags <= SANDLOCK_SPAWN_INLINE; flags++) {
		way.flags = flags;
		out = run(&way);
		EXPECT_EQ(out.code, 0);
		/* Twice the limit and a GiB, less what it has. */
		EXPECT_EQ(out.numbers[0], 1024);
		EXPECT_EQ(out.numbers[1], 64);
		EXPECT_EQ(out.numbers[2], EPERM);
	}
}

/* ------------------------------------------------ processes */

static struct outcome with(const char *name, const char *processes, uint32_t flags)
{
	struct way way = { .name = name, .processes = processes, .flags = flags };
	struct outcome out = run(&way);

	EXPECT_EQ(out.reason, SANDLOCK_REASON_EXITED);
	EXPECT_EQ(out.code, 0);
	return out;
}

TEST(as_many_as_the_limit_and_no_more)
{
	for (uint32_t flags = 0; flags <= SANDLOCK_SPAWN_INLINE; flags++) {
		struct outcome out = with("fill", "10", flags);

		EXPECT_EQ(out.numbers[0], 9);
		EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_PROCESSES);
		EXPECT_STREQ(out.usage.limit_name, "processes");
		EXPECT_EQ(out.usage.processes_peak, 10);
		EXPECT_EQ(out.usage.refused, 1);
	}
	EXPECT_EQ(with("fill", "1", 0).numbers[0], 0);
}

TEST(no_slot_is_lost)
{
	EXPECT_EQ(with("killed-early", "10", 0).numbers[0], 9);
	EXPECT_EQ(with("unwaited", "10", 0).numbers[0], 9);
}

TEST(signals_in_the_middle_of_a_fork_lose_nothing)
{
	struct outcome out = with("pipelines", "4", SANDLOCK_SPAWN_INLINE);

	EXPECT_EQ(out.numbers[0], 0);
	EXPECT_EQ(out.numbers[1], 3);
}

TEST(the_end_of_a_child_fails_no_fork)
{
	struct outcome out = with("children-end", "10", SANDLOCK_SPAWN_INLINE);

	EXPECT_EQ(out.numbers[0], 0);
	EXPECT_EQ(out.numbers[1], 9);
}

TEST(shells_make_their_pipelines)
{
	struct way way = { .script = "n=0; i=0; while [ $i -lt 300 ]; do "
				     "(: | : | :) || n=$((n + 1)); "
				     "i=$((i + 1)); done; echo $n $i",
			   .processes = "10",
			   .flags = SANDLOCK_SPAWN_INLINE };
	struct outcome out = run(&way);

	EXPECT_EQ(out.code, 0);
	EXPECT_EQ(out.numbers[0], 0);
	EXPECT_EQ(out.numbers[1], 300);
	EXPECT_EQ(out.usage.refused, 0);
}

TEST(a_storm_of_forks_stays_below)
{
	struct outcome out = with("storm", "20", SANDLOCK_SPAWN_INLINE);

	EXPECT_LE(out.numbers[0], 20);
	EXPECT_GT(out.numbers[1], 8);
	EXPECT_EQ(out.numbers[2], 19);
	EXPECT_LE(out.usage.processes_peak, 20);
}

/* One that was let run and does not show yet is counted. */
TEST(of_two_slow_forks_one_is_too_many)
{
	for (int i = 0; i < 3; i++)
		EXPECT_EQ(with("slow", "4", SANDLOCK_SPAWN_INLINE).numbers[0], 1);
}

TEST(the_dead_count_until_somebody_waits)
{
	struct outcome out = with("zombies-count", "10", 0);

	EXPECT_EQ(out.numbers[0], 9);
	EXPECT_EQ(out.numbers[1], 9);
}

TEST(threads_do_not_count)
{
	struct outcome out = with("threads", "3", 0);

	EXPECT_EQ(out.numbers[0], 50);
	EXPECT_EQ(out.numbers[1], 2);
}

TEST(one_that_waits_in_vfork_counts_once)
{
	struct outcome out = with("vforks", "14", 0);

	EXPECT_EQ(out.numbers[0], 4);
	/* Itself, four that wait, four they wait for. */
	EXPECT_EQ(out.numbers[1], 14 - 9);
	EXPECT_EQ(out.numbers[2], 14 - 9);
}

TEST(a_bomb_ends_with_its_run)
{
	struct outcome out = with("bomb", "32", SANDLOCK_SPAWN_INLINE);

	EXPECT_LE(out.usage.processes_peak, 32);
	EXPECT_GT(out.usage.refused, 0);
}

TEST(children_that_are_nobodys_are_refused)
{
	struct outcome out = with("hidden", "5", 0);

	EXPECT_EQ(out.numbers[0], EPERM);
	EXPECT_EQ(out.numbers[1], EPERM);
	EXPECT_EQ(out.numbers[2], 4);
}

/* ------------------------------------------------ misuse */

TEST(without_a_limit_nobody_looks)
{
	struct outcome out = run(&(struct way){ .name = "threads" });

	EXPECT_EQ(out.code, 0);
	EXPECT_EQ(out.usage.memory_peak, 0);
	EXPECT_EQ(out.usage.processes_peak, 0);
	EXPECT_EQ(out.usage.limit, SANDLOCK_LIMIT_NONE);
	EXPECT_TRUE(!out.usage.limit_name);
	EXPECT_GT(out.usage.cpu_ns, 0);
}

static void refused(const char *key, const char *value, const char *more,
		    const char *with_it, const char *says)
{
	const char *argv[] = { "/bin/true", NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	set(policy, "filesystem.read", "/");
	set(policy, key, value);
	set(policy, more, with_it);
	EXPECT_LT(sandlock_spawn(policy, &o, &sandbox, &err), 0);
	EXPECT_HAS(err.message, says);
	sandlock_policy_free(policy);
}

TEST(what_cannot_be_enforced_is_refused)
{
	refused("limits.processes", "5", "syscalls.extra_allow", "clone3",
		"cannot count");
	refused("limits.processes", "5", "protections.disable", "signal-scope",
		"signal-scope");
	refused("limits.memory", "64M", "protections.disable", "signal-scope",
		"limits.memory");
}

TEST(usage_minds_the_size)
{
	const char *argv[] = { "/bin/true", NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_usage usage = { .size = 0 };
	const sandlock_result *result = NULL;
	sandlock_sandbox *sandbox = NULL;
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	set(policy, "filesystem.read", "/");
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 60000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_usage(result, &usage), -EINVAL);
	EXPECT_EQ(sandlock_result_usage(NULL, &usage), -EINVAL);
	EXPECT_EQ(sandlock_result_usage(result, NULL), -EINVAL);
	usage.size = offsetof(sandlock_usage, cpu_ns);
	usage.limit = 77;
	EXPECT_EQ(sandlock_result_usage(result, &usage), 0);
	EXPECT_EQ(usage.limit, 77); /* behind the caller's size */
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}
