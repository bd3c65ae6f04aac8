/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Looking names up from a library's host: what the host sees of it, which is
 * nothing, and what a sandbox of its supervisor process gets.
 */
#include <sandlock/sandlock.h>

#include "base/limits.h"
#include "harness/harness.h"
#include "run/names.h"
#include "run/resolve.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH 400

static volatile sig_atomic_t signals;

static void count_signal(int sig)
{
	(void)sig;
	signals++;
}

static struct sl_policy *policy_with(const char *rule)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_API,
				    .source = "--net-allow" };
	struct sl_error err = { 0 };
	struct sl_policy *policy;

	ASSERT_EQ(sl_policy_new(&policy), 0);
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_NET_ALLOW, rule, &origin, &err),
		  0);
	return policy;
}

/* A helper of our own, in a directory that the test leaves to /tmp. */
static void use_helper(const char *script)
{
	char dir[] = "/tmp/sandlock-names.XXXXXX", path[64];
	FILE *file;

	ASSERT_TRUE(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/resolve", dir);
	file = fopen(path, "we");
	ASSERT_TRUE(file != NULL);
	fprintf(file, "#!/bin/sh\nrm -r %s\n%s\n", dir, script);
	fclose(file);
	ASSERT_EQ(chmod(path, 0755), 0);
	ASSERT_EQ(setenv("SANDLOCK_RESOLVE", path, 1), 0);
}

static int count(const char *path)
{
	DIR *dir = opendir(path);
	int n = 0;

	ASSERT_TRUE(dir != NULL);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Of the process as it is: descriptors, threads, children, signals. */
struct traces {
	int fds, threads;
};

static struct traces look(void)
{
	return (struct traces){ count("/proc/self/fd"),
				count("/proc/self/task") };
}

static void expect_none(const struct traces *before)
{
	struct traces now = look();

	EXPECT_EQ(now.fds, before->fds);
	EXPECT_EQ(now.threads, before->threads);
	EXPECT_EQ(waitpid(-1, NULL, __WALL | WNOHANG), -1);
	EXPECT_EQ(errno, ECHILD);
	EXPECT_EQ(signals, 0);
}

static struct traces begin(void)
{
	struct sigaction action = { .sa_handler = count_signal };

	for (int sig = 1; sig < 32; sig++)
		if (sig != SIGALRM)
			sigaction(sig, &action, NULL);
	return look();
}

static int resolve(const char *rule, struct sl_net_pins *ret_pins,
		   struct sl_error *err)
{
	struct sl_policy *policy = policy_with(rule);
	int r = sl_resolve(policy, NULL, ret_pins, err);

	sl_policy_free(policy);
	return r;
}

TEST(the_host_sees_nothing_of_it)
{
	struct traces before = begin();
	struct sl_net_pins pins;
	struct sl_error err = { 0 };

	for (int i = 0; i < 20; i++) {
		if (resolve("localhost:80", &pins, &err) < 0)
			printf("# %s\n", err.msg);
		ASSERT_EQ(pins.count, 1);
		EXPECT_STREQ(pins.pins[0].name, "localhost");
		EXPECT_GT(pins.pins[0].count, 0);
		sl_net_pins_fini(&pins);
	}
	expect_none(&before);
}

TEST(nothing_is_started_without_a_name)
{
	struct sl_net_pins pins;
	struct sl_error err = { 0 };

	setenv("SANDLOCK_RESOLVE", "/nonexistent", 1);
	EXPECT_EQ(resolve("192.0.2.1:80", &pins, &err), 0);
	EXPECT_EQ(pins.count, 0);
}

TEST(what_is_known_is_not_looked_up_again)
{
	struct sl_policy *policy = policy_with("localhost:80");
	struct sl_error err = { 0 };
	struct sl_net_pins pins, more;

	ASSERT_EQ(sl_resolve(policy, NULL, &pins, &err), 0);
	setenv("SANDLOCK_RESOLVE", "/nonexistent", 1);
	ASSERT_EQ(sl_resolve(policy, &pins, &more, &err), 0);
	ASSERT_EQ(more.count, 1);
	EXPECT_EQ(more.pins[0].count, pins.pins[0].count);
	sl_net_pins_fini(&more);
	use_helper("echo 'a.test 192.0.2.1'; echo .");
	ASSERT_EQ(sl_policy_set(policy, SL_KEY_NET_ALLOW, "a.test:1", NULL, &err),
		  0);
	ASSERT_EQ(sl_resolve(policy, &pins, &more, &err), 0);
	ASSERT_EQ(more.count, 2);
	EXPECT_STREQ(more.pins[0].name, "localhost");
	EXPECT_STREQ(more.pins[1].name, "a.test");
	EXPECT_EQ(more.pins[1].count, 1);
	sl_net_pins_fini(&more);
	sl_net_pins_fini(&pins);
	sl_policy_free(policy);
}

/* The file inside has both, so the rule has, whatever the resolver knows. */
TEST(localhost_is_both_loopback_addresses)
{
	static const struct {
		const char *rule, *helper;
		size_t count;
	} cases[] = {
		{ "localhost:80", "echo 'localhost 127.0.0.1'; echo .", 2 },
		{ "localhost:80", "echo 'localhost ::1'; echo .", 2 },
		{ "localhost:80",
		  "echo 'localhost ::1'; echo 'localhost 127.0.1.1'; echo .", 3 },
		{ "a.localhost:80", "echo 'a.localhost 127.0.0.1'; echo .", 2 },
		{ "a.test:80", "echo 'a.test 192.0.2.1'; echo .", 1 },
	};
	struct sl_net_pins pins;
	struct sl_error err = { 0 };

	for (size_t i = 0; i < SL_ARRAY_LEN(cases); i++) {
		use_helper(cases[i].helper);
		ASSERT_EQ(resolve(cases[i].rule, &pins, &err), 0);
		EXPECT_EQ(pins.pins[0].count, cases[i].count);
		sl_net_pins_fini(&pins);
	}
}

TEST(failures_leave_nothing_either)
{
	static const char *const scripts[] = {
		"exit 1",	"yes",
		"echo garbage", "echo 'a.test ! no'; echo .",
		"kill -9 $$",
	};
	struct traces before = begin();
	struct sl_net_pins pins;

	for (size_t i = 0; i < SL_ARRAY_LEN(scripts); i++) {
		struct sl_error err = { 0 };

		use_helper(scripts[i]);
		EXPECT_TRUE(resolve("a.test:1", &pins, &err) < 0);
		EXPECT_HAS(err.msg,
			   "--net-allow: 'a.test:1': cannot look up 'a.test'");
		EXPECT_TRUE(!pins.pins);
	}
	setenv("SANDLOCK_RESOLVE", "/nonexistent", 1);
	EXPECT_EQ(resolve("a.test:1", &pins, NULL), -ENOENT);
	expect_none(&before);
}

/* Somebody else's child may hold the pipe open for long. */
TEST(the_end_of_the_helper_is_enough)
{
	struct sl_net_pins pins;
	struct sl_error err = { 0 };

	use_helper("sleep 60 & echo 'a.test 192.0.2.1'; echo .");
	ASSERT_EQ(resolve("a.test:1", &pins, &err), 0);
	EXPECT_EQ(pins.count, 1);
	sl_net_pins_fini(&pins);
}

TEST(a_helper_that_hangs_has_its_time)
{
	struct traces before = begin();
	struct sl_net_pins pins;
	struct sl_error err = { 0 };

	use_helper("exec sleep 300");
	EXPECT_EQ(resolve("a.test:1", &pins, &err), -ETIMEDOUT);
	EXPECT_HAS(err.msg, "no answer within 10 seconds");
	expect_none(&before);
}

/* Whatever the host has open, or closed. */
TEST(any_descriptors_of_the_host_do)
{
	struct sl_net_pins pins;
	struct sl_error err = { 0 };

	close(0);
	close(2);
	EXPECT_EQ(resolve("localhost:1", &pins, &err), 0);
	sl_net_pins_fini(&pins);
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) < HIGH)
		;
	EXPECT_EQ(resolve("localhost:1", &pins, &err), 0);
	sl_net_pins_fini(&pins);
}

/* ------------------------------------------------ through the supervisor */

static sandlock_sandbox *run_sh(const char *script,
				const sandlock_result **ret_result)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_sandbox *sandbox = NULL;
	sandlock_policy *policy;
	sandlock_error err = { 0 };

	o.stdio[0] = SANDLOCK_STDIO_NULL;
	o.stdio[1] = o.stdio[2] = SANDLOCK_STDIO_PIPE;
	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", "/", NULL, NULL),
		  0);
	ASSERT_EQ(sandlock_policy_set(policy, "network.allow", "a.test:1", NULL,
				      NULL),
		  0);
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, ret_result, NULL), 0);
	sandlock_policy_free(policy);
	return sandbox;
}

TEST(a_supervisor_shows_the_pins_as_well)
{
	const sandlock_result *result;
	sandlock_sandbox *sandbox;

	use_helper("echo 'a.test 192.0.2.1'; echo .");
	sandbox = run_sh("cat /etc/hosts /proc/self/root/etc/hosts", &result);
	EXPECT_STREQ(sandlock_result_output(result, 1, NULL, NULL),
		     "127.0.0.1 localhost\n::1 localhost\n192.0.2.1 a.test\n"
		     "127.0.0.1 localhost\n::1 localhost\n192.0.2.1 a.test\n");
	EXPECT_EQ(sandlock_result_code(result), 0);
	sandlock_sandbox_free(sandbox);
}
