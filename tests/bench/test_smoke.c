/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark as a whole, three rounds of each part: every row is there and
 * has figures, the JSON has them too. No figure is judged.
 */
#include "harness/harness.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEXT (1 << 18)

static char *slurp(int fd)
{
	char *text = calloc(1, TEXT);
	ssize_t n = text ? pread(fd, text, TEXT - 1, 0) : -1;

	ASSERT_GT(n, 0);
	return text;
}

/* Exit status; the table in *ret_table, the JSON in *ret_json. */
static int run_bench(char **ret_table, char **ret_json)
{
	int out = memfd_create("table", 0), json = memfd_create("json", 0);
	const char *bench = getenv("BENCH");
	char json_path[64];
	int status = -1;
	pid_t pid;

	ASSERT_TRUE(bench && out >= 0 && json >= 0);
	snprintf(json_path, sizeof(json_path), "/proc/self/fd/%d", json);
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		dup2(out, STDOUT_FILENO);
		dup2(out, STDERR_FILENO);
		unsetenv("SANDLOCK_REFERENCE");
		execl(bench, bench, "--rounds", "3", "--resident", "32",
		      "--json", json_path, "--source", getenv("SOURCE"), NULL);
		_exit(127);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	*ret_table = slurp(out);
	*ret_json = slurp(json);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The row of @what under @setup in the table, or NULL. */
static const char *row(const char *table, const char *what, const char *setup)
{
	char start[64];

	snprintf(start, sizeof(start), "\n  %-14s %-16s ", what, setup);
	return strstr(table, start);
}

static void expect_rows(const char *table, const char *const (*rows)[2])
{
	for (; (*rows)[0]; rows++) {
		const char *found = row(table, (*rows)[0], (*rows)[1]);
		int samples;

		if (!found) {
			th_fail(__FILE__, __LINE__, "no row '%s' '%s'",
				(*rows)[0], (*rows)[1]);
			continue;
		}
		/* Columns after the two names: how many samples it has. */
		if (sscanf(found + 1 + 2 + 14 + 1 + 16, "%d", &samples) != 1 ||
		    samples < 1)
			th_fail(__FILE__, __LINE__, "no figure: %.*s",
				(int)strcspn(found + 1, "\n"), found + 1);
	}
}

static const char *const always[][2] = {
	{ "true", "bare" },
	{ "true", "bare again" },
	{ "true", "floor" },
	{ "true", "sandlock" },
	{ "true", "sandlock ten" },
	{ "true", "host fork" },
	{ "true", "host vfork" },
	{ "true", "host library" },
	{ "true", "big host fork" },
	{ "true", "big host vfork" },
	{ "true", "big host library" },
	{ "getppid", "bare" },
	{ "getppid", "sandlock" },
	{ "stat", "bare" },
	{ "stat", "sandlock" },
	{ "close", "bare" },
	{ "close", "sandlock" },
	{ "read", "bare" },
	{ "read", "sandlock" },
	{ "write", "bare" },
	{ "write", "sandlock" },
	{ "recvmsg", "bare" },
	{ "recvmsg", "sandlock" },
	{ "wait4", "bare" },
	{ "wait4", "sandlock" },
	{ "mmap+munmap", "bare" },
	{ "mmap+munmap", "sandlock" },
	{ "open+close", "bare" },
	{ "open+close", "sandlock" },
	{ "start", "bare" },
	{ "start", "sandlock" },
	{ "first start", "sandlock" },
	{ "end all", "bare" },
	{ "end all", "sandlock" },
	{ "RSS with 1", "sandlock" },
	{ "RSS with 100", "sandlock" },
	{ "anon with 1", "sandlock" },
	{ "anon with 100", "sandlock" },
	{ "anon per more", "sandlock" },
	{ "RSS command", "sandlock" },
	{ "anon command", "sandlock" },
	{ "setpriority", "sandlock" },
	{ "chmod", "sandlock" },
	{ "unix connect", "sandlock" },
	{ "open to write", "sandlock" },
	{ "tcp connect", "bare" },
	{ "tcp connect", "sandlock" },
	{ "udp sendto", "bare" },
	{ "udp sendto", "sandlock" },
	{ "find", "bare" },
	{ "find", "sandlock" },
	{ "tar", "bare" },
	{ "tar", "sandlock" },
	{ "tar -x", "bare" },
	{ "tar -x", "sandlock" },
	{ "cp -a", "bare" },
	{ "cp -a", "sandlock" },
	{ "default", "sandlock" },
	{ "processes", "sandlock" },
	{ "listeners", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_bwrap[][2] = {
	{ "true", "bwrap" },	     { "true", "bwrap ro-bind" },
	{ "find", "bwrap" },	     { "tar -x", "bwrap" },
	{ "cp -a", "bwrap" },	     { "RSS command", "bwrap" },
	{ "anon command", "bwrap" }, { NULL, NULL },
};

static const char *const with_redis[][2] = {
	{ "SET", "bare" },     { "SET", "sandlock" },
	{ "GET", "bare" },     { "GET", "sandlock" },
	{ "SET p99", "bare" }, { "SET p99", "sandlock" },
	{ "GET p99", "bare" }, { "GET p99", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_wrk[][2] = {
	{ "python echo", "bare" },
	{ "python echo", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_nginx[][2] = {
	{ "nginx", "bare" },
	{ "nginx", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_git[][2] = {
	{ "git status", "bare" },
	{ "git status", "sandlock" },
	{ "git checkout", "bare" },
	{ "git checkout", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_npm[][2] = {
	{ "npm install", "bare" },
	{ "npm install", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_make[][2] = {
	{ "make -j2", "bare" },
	{ "make -j2", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_python[][2] = {
	{ "python", "bare" },
	{ "python", "sandlock" },
	{ NULL, NULL },
};

static const char *const with_package[][2] = {
	{ "true", "py subprocess" },
	{ "true", "py sandlock" },
	{ NULL, NULL },
};

static const char *const with_agent[][2] = {
	{ "true", "agent" },  { "find", "agent" }, { "tar -x", "agent" },
	{ "cp -a", "agent" }, { NULL, NULL },
};

static bool here(const char *program)
{
	return access(program, X_OK) == 0;
}

TEST_TIMEOUT(three_rounds_fill_every_row, 580)
{
	char *table, *json, path[4200];
	int status = run_bench(&table, &json);

	EXPECT_EQ(status, 0);
	EXPECT_HAS(table, "Linux ");
	expect_rows(table, always);
	if (here("/usr/bin/bwrap"))
		expect_rows(table, with_bwrap);
	if (here("/usr/bin/redis-server") && here("/usr/bin/redis-benchmark"))
		expect_rows(table, with_redis);
	if (here("/usr/bin/wrk") && here("/usr/bin/python3"))
		expect_rows(table, with_wrk);
	if (here("/usr/bin/wrk") && here("/usr/sbin/nginx"))
		expect_rows(table, with_nginx);
	if (here("/usr/bin/git"))
		expect_rows(table, with_git);
	if (here("/usr/bin/npm"))
		expect_rows(table, with_npm);
	if (here("/usr/bin/make"))
		expect_rows(table, with_make);
	if (here("/usr/bin/python3"))
		expect_rows(table, with_python);
	snprintf(path, sizeof(path), "%s/python/sandlock/__init__.py",
		 getenv("SOURCE"));
	if (here("/usr/bin/python3") && access(path, R_OK) == 0)
		expect_rows(table, with_package);
	snprintf(path, sizeof(path), "%s/profiles/agent.toml", getenv("SOURCE"));
	if (access(path, R_OK) == 0)
		expect_rows(table, with_agent);
	EXPECT_HAS(table, "base adds / bwrap adds");
	EXPECT_HAS(table, "seccomp listeners held in a run");
	EXPECT_HAS(table, "supervisor of one sandbox: KiB of RSS");
	EXPECT_HAS(table, "each further sandbox: KiB of anonymous memory");
	/* Printed without a budget. */
	EXPECT_FALSE(strstr(table, "tar -x against bare"));
	EXPECT_HAS(json, "\"kernel\": ");
	EXPECT_HAS(json, "\"what\": \"recvmsg\", \"setup\": \"sandlock\"");
	EXPECT_HAS(json, "\"name\": \"ten grants add / bwrap adds\"");
	/* As TAP comments: what it said is in the log, also when all is well. */
	for (char *rest = table, *line; (line = strsep(&rest, "\n"));)
		printf("# %s\n", line);
}
