/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was refused, as a caller of the library sees it: every rule that the
 * supervisor refuses by, inline and through the supervisor process.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

static char place[64];

static void make_place(void)
{
	char name[] = "/tmp/sandlock-denials.XXXXXX", path[96];
	int fd;

	ASSERT_TRUE(mkdtemp(name) != NULL);
	snprintf(place, sizeof(place), "%s", name);
	snprintf(path, sizeof(path), "%s/file", place);
	fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);
	ASSERT_GE(fd, 0);
	close(fd);
}

static void remove_place(void)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/file", place);
	unlink(path);
	rmdir(place);
}

static const char *at(const char *name)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", place, name);
	return path;
}

/* What this program does inside. */
__attribute__((constructor)) static void inside(void)
{
	const char *path = getenv("DENIALS_INSIDE");

	if (!path)
		return;
	/* fchmodat2(2): of a link itself, which no file system knows. */
	_exit(syscall(452, AT_FDCWD, path, 0600, AT_SYMLINK_NOFOLLOW) < 0 ? errno
									  : 0);
}

static sandlock_policy *base_policy(void)
{
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", "/", "-r", NULL),
		  0);
	return policy;
}

static sandlock_sandbox *spawn_sh(const sandlock_policy *policy,
				  const char *script, uint32_t flags)
{
	const char *argv[] = { "/bin/sh", "-c", script, NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };

	o.stdio[0] = o.stdio[1] = o.stdio[2] = SANDLOCK_STDIO_NULL;
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	return sandbox;
}

/* Runs @script; what it ended with is borrowed from *ret_sandbox. */
static const sandlock_result *run_sh(const char *script, uint32_t flags,
				     sandlock_sandbox **ret_sandbox)
{
	sandlock_policy *policy = base_policy();
	const sandlock_result *result;

	*ret_sandbox = spawn_sh(policy, script, flags);
	sandlock_policy_free(policy); /* nothing of it is needed any more */
	ASSERT_EQ(sandlock_sandbox_wait(*ret_sandbox, 60000, &result, NULL), 0);
	return result;
}

/* The first denial by @rule. */
static bool find(const sandlock_result *result, const char *rule,
		 sandlock_denial *ret)
{
	for (size_t i = 0; sandlock_result_denial_at(result, i, ret) == 0; i++)
		if (strcmp(ret->rule, rule) == 0)
			return true;
	return false;
}

static void metadata(uint32_t flags)
{
	sandlock_denial d = { .size = sizeof(d) };
	sandlock_sandbox *sandbox;
	const sandlock_result *result;
	char script[256], fix[128];

	make_place();
	snprintf(script, sizeof(script),
		 "for i in 1 2 3; do chmod 600 %s; done", at("file"));
	result = run_sh(script, flags, &sandbox);
	ASSERT_EQ(sandlock_result_denial_at(result, 0, &d), 0);
	EXPECT_EQ(d.count, 3);
	EXPECT_EQ(sandlock_result_denials_total(result), 3);
	EXPECT_EQ(sandlock_result_denial_at(result, 1, &d), -ERANGE);
	ASSERT_EQ(sandlock_result_denial_at(result, 0, &d), 0);
	EXPECT_STREQ(d.object, at("file"));
	EXPECT_STREQ(d.rule, "no write grant");
	EXPECT_STREQ(d.access, "change");
	EXPECT_STREQ(d.error_name, "EPERM");
	EXPECT_EQ(d.error, EPERM);
	EXPECT_HAS(d.program, "chmod");
	EXPECT_HAS(d.call, "chmod");
	EXPECT_GT(d.pid, 1);
	EXPECT_GT(d.time_ns, 1600000000000000000);
	snprintf(fix, sizeof(fix), "-w %s", at("file"));
	ASSERT_TRUE(d.fix != NULL);
	EXPECT_STREQ(d.fix, fix);
	EXPECT_STREQ(d.fix_key, "filesystem.write");
	EXPECT_STREQ(d.fix_value, at("file"));
	EXPECT_TRUE(d.reason != NULL);
	sandlock_sandbox_free(sandbox);
	remove_place();
}

TEST(metadata_without_a_write_grant)
{
	metadata(SANDLOCK_SPAWN_INLINE);
	metadata(0);
}

TEST(the_fix_is_one)
{
	sandlock_policy *policy = base_policy();
	const sandlock_result *result;
	sandlock_denial d = { .size = sizeof(d) };
	sandlock_sandbox *sandbox;
	char script[256];

	make_place();
	snprintf(script, sizeof(script), "chmod 600 %s", at("file"));
	sandbox = spawn_sh(policy, script, SANDLOCK_SPAWN_INLINE);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 60000, &result, NULL), 0);
	EXPECT_NE(sandlock_result_code(result), 0);
	ASSERT_EQ(sandlock_result_denial_at(result, 0, &d), 0);
	ASSERT_TRUE(d.fix_key && d.fix_value);
	ASSERT_EQ(sandlock_policy_set(policy, d.fix_key, d.fix_value, "-w", NULL),
		  0);
	sandlock_sandbox_free(sandbox);
	sandbox = spawn_sh(policy, script, SANDLOCK_SPAWN_INLINE);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 60000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 0);
	EXPECT_EQ(sandlock_result_denials_total(result), 0);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	remove_place();
}

static void processes(uint32_t flags)
{
	sandlock_denial d = { .size = sizeof(d) };
	sandlock_sandbox *sandbox;
	const sandlock_result *result;
	char script[256];

	if (access("/usr/bin/prlimit", X_OK) < 0)
		SKIP("prlimit(1)");
	/* The parent of the first process is the guardian. */
	snprintf(
		script, sizeof(script),
		"prlimit --nofile=64 --pid %d; prlimit --nofile=64 --pid $PPID",
		getpid());
	result = run_sh(script, flags, &sandbox);
	ASSERT_TRUE(find(result, "process outside", &d) ||
		    (flags & SANDLOCK_SPAWN_INLINE));
	if (!(flags & SANDLOCK_SPAWN_INLINE)) {
		EXPECT_STREQ(d.access, "process");
		EXPECT_EQ(strtol(d.object, NULL, 10), getpid());
		EXPECT_TRUE(d.fix == NULL);
	}
	ASSERT_TRUE(find(result, "keeper", &d));
	EXPECT_STREQ(d.call, "prlimit64");
	EXPECT_GT(strtol(d.object, NULL, 10), 1);
	EXPECT_TRUE(d.fix == NULL);
	sandlock_sandbox_free(sandbox);
}

TEST(processes_outside_and_keepers)
{
	processes(SANDLOCK_SPAWN_INLINE);
	processes(0);
}

static void nothing(uint32_t flags)
{
	sandlock_denial d = { .size = sizeof(d) };
	sandlock_sandbox *sandbox;
	const sandlock_result *result =
		run_sh("chmod 600 /nonexistent/x; exit 3", flags, &sandbox);

	/* Errors of the kernel's are none of ours. */
	EXPECT_EQ(sandlock_result_denial_at(result, 0, &d), -ERANGE);
	EXPECT_EQ(sandlock_result_denials_total(result), 0);
	EXPECT_EQ(sandlock_sandbox_next_denial(sandbox, &d), -EAGAIN);
	sandlock_sandbox_free(sandbox);
}

TEST(an_error_of_the_call_is_no_denial)
{
	nothing(SANDLOCK_SPAWN_INLINE);
	nothing(0);
}

/* A rule would have refused it, and the kernel did before. */
TEST(the_error_is_that_of_the_rule)
{
	sandlock_policy *policy = base_policy();
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	char self[256], variable[128];
	const char *const argv[] = { self, NULL };
	const char *const envp[] = { variable, NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .envp = envp,
				     .flags = SANDLOCK_SPAWN_INLINE };
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ASSERT_GT(len, 0);
	self[len] = '\0';
	make_place();
	ASSERT_EQ(symlink("file", at("link")), 0);
	snprintf(variable, sizeof(variable), "DENIALS_INSIDE=%s", at("link"));
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 60000, &result, NULL), 0);
	EXPECT_TRUE(sandlock_result_code(result) == EOPNOTSUPP ||
		    sandlock_result_code(result) == ENOSYS);
	EXPECT_EQ(sandlock_result_denials_total(result), 0);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	unlink(at("link"));
	remove_place();
}

/* Read while it runs: the script goes on only when its denial was seen. */
static void live(uint32_t flags)
{
	sandlock_policy *policy = base_policy();
	sandlock_denial d = { .size = sizeof(d) };
	struct pollfd pfd = { .events = POLLIN };
	sandlock_sandbox *sandbox;
	const sandlock_result *result;
	char script[256];
	int seen = 0;

	make_place();
	snprintf(script, sizeof(script),
		 "chmod 600 %s; trap 'exit 7' TERM; while :; do :; done",
		 at("file"));
	sandbox = spawn_sh(policy, script, flags | SANDLOCK_SPAWN_DENIALS);
	pfd.fd = sandlock_sandbox_fd(sandbox);
	while (sandlock_sandbox_dispatch(sandbox, NULL) == 0) {
		while (sandlock_sandbox_next_denial(sandbox, &d) == 0) {
			EXPECT_STREQ(d.object, at("file"));
			EXPECT_EQ(d.count, 1);
			EXPECT_TRUE(d.fix != NULL);
			seen++;
			sandlock_sandbox_kill(sandbox);
		}
		ASSERT_GE(poll(&pfd, 1, 30000), 1);
	}
	EXPECT_EQ(seen, 1);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 0, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_denials_total(result), 1);
	EXPECT_EQ(sandlock_result_denial_at(result, 0, &d), 0);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	remove_place();
}

TEST(denials_can_be_read_while_it_runs)
{
	live(SANDLOCK_SPAWN_INLINE);
	live(0);
}

/* Nobody reads until the end: the sandbox does not wait for anybody. */
static void flood(uint32_t flags)
{
	sandlock_policy *policy = base_policy();
	sandlock_denial d = { .size = sizeof(d) };
	sandlock_sandbox *sandbox;
	const sandlock_result *result;
	char script[320];
	uint64_t kept = 0;

	if (access("/usr/bin/python3", X_OK) < 0)
		SKIP("python3");
	make_place();
	snprintf(script, sizeof(script),
		 "exec python3 -c '\nimport os\n"
		 "for i in range(20000):\n"
		 "  try: os.chmod(\"%s\", 0o600)\n"
		 "  except PermissionError: pass\n'",
		 at("file"));
	sandbox = spawn_sh(policy, script, flags | SANDLOCK_SPAWN_DENIALS);
	/* Without a look at the sandbox in between, as long as it runs. */
	while (kill((pid_t)sandlock_sandbox_pid(sandbox), 0) == 0)
		usleep(10000);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 60000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 0);
	EXPECT_EQ(sandlock_result_denials_total(result), 20000);
	for (size_t i = 0; sandlock_result_denial_at(result, i, &d) == 0; i++)
		kept += d.count;
	EXPECT_GT(kept, 300); /* what ring and socket hold */
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	remove_place();
}

TEST(a_flood_is_counted_to_the_last_one)
{
	flood(SANDLOCK_SPAWN_INLINE);
	flood(0);
}

TEST(sizes_and_null)
{
	struct {
		sandlock_denial d;
		unsigned char guard[16];
	} row;
	sandlock_sandbox *sandbox;
	const sandlock_result *result;
	char script[256];

	make_place();
	snprintf(script, sizeof(script), "chmod 600 %s", at("file"));
	result = run_sh(script, SANDLOCK_SPAWN_INLINE, &sandbox);
	memset(&row, 0x5a, sizeof(row));
	EXPECT_EQ(sandlock_result_denial_at(result, 0, &row.d), -EINVAL);
	row.d.size = 8;
	EXPECT_EQ(sandlock_result_denial_at(result, 0, &row.d), -EINVAL);
	EXPECT_EQ(sandlock_sandbox_next_denial(sandbox, &row.d), -EINVAL);
	EXPECT_EQ(sandlock_sandbox_next_denial(NULL, &row.d), -EINVAL);
	EXPECT_EQ(sandlock_result_denial_at(NULL, 0, &row.d), -EINVAL);
	row.d.size = offsetof(sandlock_denial, reserved);
	EXPECT_EQ(sandlock_result_denial_at(result, 0, &row.d), 0);
	EXPECT_EQ(row.d.size, offsetof(sandlock_denial, reserved));
	EXPECT_EQ(row.d.reserved, 0x5a5a5a5au);
	row.d.size = sizeof(row);
	EXPECT_EQ(sandlock_result_denial_at(result, 0, &row.d), 0);
	EXPECT_EQ(row.guard[0], 0);
	sandlock_sandbox_free(sandbox);
	remove_place();
}
