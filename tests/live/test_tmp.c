/* SPDX-License-Identifier: Apache-2.0 */
/* The private temporary directory at the end of a run: gone when the end is
 * reported, and nobody else waits for its removal. */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MANY 30000 /* takes some hundred times as long as a short run */

static char top[64];

/* TMPDIR is a directory of this test's own. */
static sandlock_policy *begin(void)
{
	sandlock_policy *policy;

	snprintf(top, sizeof(top), "/tmp/sandlock-test-tmp-XXXXXX");
	ASSERT_TRUE(mkdtemp(top) != NULL);
	setenv("TMPDIR", top, 1);
	unsetenv("XDG_RUNTIME_DIR");
	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", "/", NULL, NULL),
		  0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.private_tmp", "true",
				      NULL, NULL),
		  0);
	return policy;
}

static const char *base(void)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/sandlock-%u", top, geteuid());
	return path;
}

static int entries(const char *path)
{
	DIR *d = opendir(path);
	int n = -2;

	ASSERT_TRUE(d != NULL);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

static void finish(sandlock_policy *policy)
{
	EXPECT_EQ(entries(base()), 0);
	EXPECT_EQ(rmdir(base()), 0);
	EXPECT_EQ(rmdir(top), 0);
	sandlock_policy_free(policy);
}

static void gone_at_the_end(uint32_t flags)
{
	static const char *const argv[] = { "/bin/sh", "-c",
					    "mkdir -p $TMPDIR/a/b; >$TMPDIR/f; "
					    "chmod 0 $TMPDIR/a $TMPDIR",
					    NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	sandlock_policy *policy = begin();
	const sandlock_result *result;
	sandlock_sandbox *sandbox;

	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 0);
	EXPECT_EQ(entries(base()), 0);
	sandlock_sandbox_free(sandbox);
	finish(policy);
}

TEST(inline_removed_when_over)
{
	gone_at_the_end(SANDLOCK_SPAWN_INLINE);
}

TEST(supervised_removed_when_over)
{
	gone_at_the_end(0);
}

static void failed_start(uint32_t flags)
{
	static const char *const argv[] = { "/etc/passwd", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags };
	sandlock_policy *policy = begin();
	sandlock_sandbox *sandbox;

	EXPECT_LT(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	EXPECT_EQ(entries(base()), 0);
	/* The program is there and refused by the domain: fails at the exec. */
	ASSERT_EQ(sandlock_policy_clear(policy, "filesystem.read", NULL), 0);
	o.argv = (const char *const[]){ "/bin/true", NULL };
	EXPECT_LT(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	finish(policy);
}

TEST(nothing_is_left_of_a_failed_start)
{
	failed_start(SANDLOCK_SPAWN_INLINE);
	failed_start(0);
}

/* A program that prints its TMPDIR and waits for the end of its input. */
static sandlock_sandbox *start_waiting(const sandlock_policy *policy,
				       int *ret_out, char *tmp, size_t size)
{
	static const char *const argv[] = { "/bin/sh", "-c",
					    "echo $TMPDIR; read x", NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_sandbox *sandbox;
	size_t len = 0;
	int pair[2];

	ASSERT_EQ(pipe2(pair, O_CLOEXEC), 0);
	o.stdio[0] = SANDLOCK_STDIO_PIPE;
	o.stdio[1] = SANDLOCK_STDIO_FD;
	o.stdio_fd[1] = pair[1];
	ASSERT_EQ(sandlock_spawn(policy, &o, &sandbox, NULL), 0);
	close(pair[1]);
	while (len + 1 < size && read(pair[0], tmp + len, 1) == 1 &&
	       tmp[len] != '\n')
		len++;
	tmp[len] = '\0';
	*ret_out = pair[0];
	return sandbox;
}

static void fill(const char *dir)
{
	char name[32];
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ASSERT_GE(fd, 0);
	close(openat(fd, "f", O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	for (int i = 0; i < MANY; i++) {
		snprintf(name, sizeof(name), "f%d", i);
		/* Names are what counts, and links are cheap. */
		ASSERT_EQ(linkat(fd, "f", fd, name, 0), 0);
	}
	close(fd);
}

TEST_TIMEOUT(removal_delays_no_other_sandbox, 60)
{
	static const char *const argv[] = { "/bin/true", NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_policy *policy = begin();
	sandlock_sandbox *first, *second;
	char tmp[256], c;
	int out;

	first = start_waiting(policy, &out, tmp, sizeof(tmp));
	fill(tmp);
	close(sandlock_sandbox_stdin(first));
	/* Its end: from now on the files are being removed. */
	ASSERT_EQ(read(out, &c, 1), 0);
	ASSERT_EQ(sandlock_spawn(policy, &o, &second, NULL), 0);
	ASSERT_EQ(sandlock_sandbox_wait(second, 20000, NULL, NULL), 0);
	/* The order of the two ends is what is judged, not a time. */
	EXPECT_EQ(sandlock_sandbox_wait(first, 0, NULL, NULL), -ETIMEDOUT);
	EXPECT_EQ(sandlock_sandbox_wait(first, 50000, NULL, NULL), 0);
	close(out);
	sandlock_sandbox_free(first);
	sandlock_sandbox_free(second);
	finish(policy);
}
