/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --why against the kernel. This program runs itself inside: every call on
 * every kind of object in a place that may be read, one that may be written,
 * and one that may be neither. The results must be those of a run without, to
 * the last errno, and what is told must be what failed with EACCES, all of it
 * and nothing else.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/openat2.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char place[64]; /* with the folders read, write, none */
static const char *const areas[] = { "read", "write", "none" };
static const char *const kinds[] = { "file",  "dir",	 "missing", "link",
				     "loose", "private", "fifo" };

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ------------------------------------------------ the calls, inside */

static long op_open_read(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_NONBLOCK);
}

static long op_open_write(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_NONBLOCK);
}

static long op_open_both(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_NONBLOCK);
}

static long op_open_create(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path,
		       O_WRONLY | O_CREAT | O_NONBLOCK, 0644);
}

static long op_open_exclusive(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL,
		       0644);
}

static long op_open_truncate(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path,
		       O_RDONLY | O_TRUNC | O_NONBLOCK);
}

static long op_open_nofollow(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path,
		       O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
}

static long op_open_directory(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_RDONLY | O_DIRECTORY);
}

static long op_open_path(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_PATH);
}

static long op_open_tmpfile(const char *path)
{
	return syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_TMPFILE, 0600);
}

static long op_openat2(const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_NONBLOCK };

	return syscall(SYS_openat2, AT_FDCWD, path, &how, sizeof(how));
}

#ifdef SYS_open
static long op_open(const char *path)
{
	return syscall(SYS_open, path, O_RDONLY | O_NONBLOCK);
}

static long op_mkdir(const char *path)
{
	return syscall(SYS_mkdir, path, 0755);
}

static long op_rmdir(const char *path)
{
	return syscall(SYS_rmdir, path);
}
#endif

static long op_truncate(const char *path)
{
	return syscall(SYS_truncate, path, 3);
}

static long op_mkdirat(const char *path)
{
	return syscall(SYS_mkdirat, AT_FDCWD, path, 0755);
}

static long op_mknodat(const char *path)
{
	return syscall(SYS_mknodat, AT_FDCWD, path, S_IFIFO | 0644, 0);
}

static long op_symlinkat(const char *path)
{
	return syscall(SYS_symlinkat, "target", AT_FDCWD, path);
}

static long op_unlinkat(const char *path)
{
	return syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

static long op_rename(const char *path)
{
	char to[256];

	snprintf(to, sizeof(to), "%s.moved", path);
	return syscall(SYS_renameat2, AT_FDCWD, path, AT_FDCWD, to, 0);
}

static long op_execve(const char *path)
{
	static char *const none[] = { NULL };

	return syscall(SYS_execve, path, none, none);
}

static const struct {
	const char *name;
	long (*call)(const char *path);
} ops[] = {
#define OP(name)                 \
	{                        \
#name, op_##name \
	}
	OP(open_read),	   OP(open_write),     OP(open_both),
	OP(open_create),   OP(open_exclusive), OP(open_truncate),
	OP(open_nofollow), OP(open_directory), OP(open_path),
	OP(open_tmpfile),  OP(openat2),	       OP(truncate),
	OP(mkdirat),	   OP(mknodat),	       OP(symlinkat),
	OP(unlinkat),	   OP(rename),	       OP(execve),
#ifdef SYS_open
	OP(open),	   OP(mkdir),	       OP(rmdir),
#endif
};

static void try(const char *area, const char *op, const char *kind,
		long (*call)(const char *path))
{
	char path[192];
	long r;

	snprintf(path, sizeof(path), "%s/%s/%s.%s", place, area, op, kind);
	errno = 0;
	r = call(path);
	printf("%s.%s.%s %d\n", area, op, kind, r < 0 ? errno : 0);
	fflush(stdout);
	if (r > 2)
		close((int)r);
}

static void try_port(const char *name, int family, bool binds, int port)
{
	struct sockaddr_in6 six = { .sin6_family = AF_INET6,
				    .sin6_port = htons((uint16_t)port),
				    .sin6_addr = IN6ADDR_LOOPBACK_INIT };
	struct sockaddr_in four = { .sin_family = AF_INET,
				    .sin_port = htons((uint16_t)port),
				    .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const void *to = family == AF_INET6 ? (void *)&six : (void *)&four;
	socklen_t len = family == AF_INET6 ? sizeof(six) : sizeof(four);
	int fd = socket(family, SOCK_STREAM, 0);

	errno = 0;
	if (binds)
		bind(fd, to, len);
	else
		connect(fd, to, len);
	printf("%s.%d.%d %d\n", name, family, port, errno);
	close(fd);
}

static void try_others(void)
{
	errno = 0;
	kill(1, 0);
	printf("kill.1 %d\n", errno);
	errno = 0;
	kill(getpid(), 0);
	printf("kill.self %d\n", errno);
	errno = 0;
	kill(getppid(), 0);
	printf("kill.guardian %d\n", errno);
	for (int family = 0; family < 44; family++)
		for (int type = 0; type < 7; type++) {
			errno = 0;
			close(socket(family, type, 0));
			printf("socket.%d.%d %d\n", family, type, errno);
		}
	for (long nr = 154; nr < 183; nr++) {
		errno = 0;
		if (nr != SYS_exit && nr != SYS_prctl)
			syscall(nr, -1l, -1l, -1l, -1l, -1l, -1l);
		printf("syscall.%ld %d\n", nr, errno);
	}
	errno = 0;
	syscall(SYS_bpf, 0, 0, 0);
	printf("bpf %d\n", errno);
	errno = 0;
	syscall(1022);
	printf("unknown %d\n", errno);
}

__attribute__((constructor)) static void inside(void)
{
	const char *where = getenv("WHY_INSIDE");

	if (!where)
		return;
	snprintf(place, sizeof(place), "%s", where);
	for (size_t a = 0; a < LEN(areas); a++)
		for (size_t o = 0; o < LEN(ops); o++)
			for (size_t k = 0; k < LEN(kinds); k++)
				try(areas[a], ops[o].name, kinds[k], ops[o].call);
	for (int port = 1; port < 65536; port += 13107) {
		try_port("connect", AF_INET, false, port);
		try_port("connect", AF_INET6, false, port);
		try_port("bind", AF_INET, true, port);
	}
	try_others();
	fflush(stdout);
	_exit(0);
}

/* ------------------------------------------------ outside */

static void make_object(const char *area, const char *op, const char *kind)
{
	char path[192], target[208];

	snprintf(path, sizeof(path), "%s/%s/%s.%s", place, area, op, kind);
	snprintf(target, sizeof(target), "%s.target", path);
	if (strcmp(kind, "dir") == 0)
		ASSERT_EQ(mkdir(path, 0755), 0);
	else if (strcmp(kind, "fifo") == 0)
		ASSERT_EQ(mkfifo(path, 0644), 0);
	else if (strcmp(kind, "loose") == 0)
		ASSERT_EQ(symlink("nowhere", path), 0);
	else if (strcmp(kind, "link") == 0)
		ASSERT_EQ(symlink(target, path), 0);
	if (strcmp(kind, "link") && strcmp(kind, "file") &&
	    strcmp(kind, "private"))
		return;
	int fd = open(strcmp(kind, "link") ? path : target,
		      O_WRONLY | O_CREAT | O_CLOEXEC,
		      strcmp(kind, "private") ? 0755 : 0);

	ASSERT_GE(fd, 0);
	ASSERT_EQ(write(fd, "text\n", 5), 5);
	close(fd);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void make_place(void)
{
	char name[] = "/tmp/sandlock-why.XXXXXX", path[96];

	ASSERT_TRUE(mkdtemp(name) != NULL);
	snprintf(place, sizeof(place), "%s", name);
	for (size_t a = 0; a < LEN(areas); a++) {
		snprintf(path, sizeof(path), "%s/%s", place, areas[a]);
		ASSERT_EQ(mkdir(path, 0755), 0);
		for (size_t o = 0; o < LEN(ops); o++)
			for (size_t k = 0; k < LEN(kinds); k++)
				make_object(areas[a], ops[o].name, kinds[k]);
	}
}

static void remove_place(void)
{
	nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static void grant(sandlock_policy *policy, const char *key, const char *value)
{
	sandlock_error err = { 0 };

	if (sandlock_policy_set(policy, key, value, key, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
}

static sandlock_policy *policy_for(void)
{
	sandlock_policy *policy;
	char path[96];

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_load(policy, "base", NULL), 0);
	snprintf(path, sizeof(path), "%s/read", place);
	grant(policy, "filesystem.read", path);
	snprintf(path, sizeof(path), "%s/write", place);
	grant(policy, "filesystem.write", path);
	grant(policy, "network.allow", "tcp://:13108");
	grant(policy, "network.allow_bind", "26215");
	grant(policy, "syscalls.extra_deny", "getpriority");
	return policy;
}

/* Runs this program inside a fresh place. */
static sandlock_sandbox *run_inside(uint32_t flags,
				    const sandlock_result **ret_result)
{
	char inside_env[96];
	const char *const argv[] = { "/proc/self/exe", NULL };
	const char *envp[] = { inside_env, NULL };
	char self[256];
	const char *const words[] = { self, NULL };
	sandlock_spawn_options o = {
		.size = sizeof(o), .argv = words, .envp = envp, .flags = flags
	};
	sandlock_policy *policy;
	sandlock_sandbox *sandbox;
	sandlock_error err = { 0 };
	ssize_t len = readlink(argv[0], self, sizeof(self) - 1);

	ASSERT_GT(len, 0);
	self[len] = '\0';
	make_place();
	policy = policy_for();
	snprintf(inside_env, sizeof(inside_env), "WHY_INSIDE=%s", place);
	o.stdio[0] = o.stdio[2] = SANDLOCK_STDIO_NULL;
	o.stdio[1] = SANDLOCK_STDIO_PIPE;
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 60000, ret_result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(*ret_result), 0);
	sandlock_policy_free(policy);
	return sandbox;
}

static void same_results(uint32_t flags)
{
	const sandlock_result *with, *without;
	sandlock_sandbox *a, *b;
	const char *one, *other;
	size_t lines = 0;

	a = run_inside(flags, &without);
	remove_place();
	b = run_inside(flags | SANDLOCK_SPAWN_WHY, &with);
	remove_place();
	one = sandlock_result_output(without, 1, NULL, NULL);
	other = sandlock_result_output(with, 1, NULL, NULL);
	while (*one && *other) {
		size_t n = strcspn(one, "\n") + 1, m = strcspn(other, "\n") + 1;

		if (n != m || memcmp(one, other, n) != 0)
			th_fail(__FILE__, __LINE__, "'%.*s' became '%.*s'",
				(int)n - 1, one, (int)m - 1, other);
		one += n;
		other += m;
		lines++;
	}
	EXPECT_EQ(*one, *other);
	EXPECT_GT(lines, 700);
	sandlock_sandbox_free(a);
	sandlock_sandbox_free(b);
}

TEST(nothing_else_is_allowed_or_refused)
{
	same_results(SANDLOCK_SPAWN_INLINE);
	same_results(0);
}

/* "read.open_write.file" failed with EACCES: is there a denial of its object,
 * ".../read/open_write.file", or of what its link leads to? */
static bool is_told(const sandlock_result *result, const char *cell)
{
	sandlock_denial d = { .size = sizeof(d) };
	char name[160];
	size_t area = strcspn(cell, ".");

	snprintf(name, sizeof(name), "/%.*s/%s", (int)area, cell,
		 cell + area + 1);
	for (size_t i = 0; sandlock_result_denial_at(result, i, &d) == 0; i++) {
		const char *at = strstr(d.object, name);

		if (at && (!at[strlen(name)] || at[strlen(name)] == '.') &&
		    strcmp(d.rule, "landlock") == 0)
			return true;
	}
	return false;
}

/* The file permissions say no before Landlock is asked. */
static bool is_private(const char *cell)
{
	const char *op = strchr(cell, '.') + 1;

	return strstr(cell, ".private") && (strncmp(op, "open", 4) == 0 ||
					    strncmp(op, "truncate", 8) == 0 ||
					    strncmp(op, "execve", 6) == 0);
}

TEST(what_is_told_is_what_fails)
{
	const sandlock_result *result;
	sandlock_sandbox *sandbox =
		run_inside(SANDLOCK_SPAWN_INLINE | SANDLOCK_SPAWN_WHY, &result);
	const char *line = sandlock_result_output(result, 1, NULL, NULL);
	size_t refused = 0;

	for (; strncmp(line, "connect", 7) != 0; line += strcspn(line, "\n") + 1) {
		char cell[128];
		int error = 0;

		ASSERT_EQ(sscanf(line, "%127s %d", cell, &error), 2);
		bool told = error == EACCES && !is_private(cell);

		/* What is no file is not executed, whatever the rules, and a
		 * link that leads nowhere is told by where it would lead. */
		if (strstr(cell, ".loose") || strstr(cell, "execve.dir") ||
		    strstr(cell, "execve.fifo"))
			continue;
		if (is_told(result, cell) != told)
			th_fail(__FILE__, __LINE__, "%s: error %d is %s", cell,
				error, told ? "not told" : "told");
		refused += error == EACCES;
	}
	EXPECT_GT(refused, 80);
	sandlock_sandbox_free(sandbox);
	remove_place();
}

static bool has(const sandlock_result *result, const char *rule,
		const char *access, const char *object)
{
	sandlock_denial d = { .size = sizeof(d) };

	for (size_t i = 0; sandlock_result_denial_at(result, i, &d) == 0; i++)
		if (strcmp(d.rule, rule) == 0 && strcmp(d.access, access) == 0 &&
		    strcmp(d.object, object) == 0)
			return true;
	return false;
}

static void other_rules(uint32_t flags)
{
	const sandlock_result *result;
	sandlock_sandbox *sandbox = run_inside(flags | SANDLOCK_SPAWN_WHY,
					       &result);
	sandlock_denial d = { .size = sizeof(d) };
	size_t filter = 0;

	EXPECT_TRUE(has(result, "landlock", "connect", "127.0.0.1:1"));
	EXPECT_TRUE(has(result, "landlock", "connect", "[::1]:39322"));
	EXPECT_FALSE(has(result, "landlock", "connect", "127.0.0.1:13108"));
	EXPECT_TRUE(has(result, "landlock", "bind", "127.0.0.1:13108"));
	EXPECT_FALSE(has(result, "landlock", "bind", "127.0.0.1:26215"));
	EXPECT_TRUE(has(result, "process outside", "process", "1"));
	for (size_t i = 0; sandlock_result_denial_at(result, i, &d) == 0; i++) {
		if (strcmp(d.rule, "filter") != 0)
			continue;
		filter++;
		if (strcmp(d.call, "bpf") == 0 && d.fix)
			EXPECT_STREQ(d.fix, "--extra-allow-syscall bpf");
	}
	EXPECT_GT(filter, 20);
	sandlock_sandbox_free(sandbox);
	remove_place();
}

TEST(ports_signals_and_the_filter)
{
	other_rules(SANDLOCK_SPAWN_INLINE);
	other_rules(0);
}

TEST(it_needs_a_supervisor)
{
	sandlock_policy *policy;
	const char *const argv[] = { "/bin/true", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = SANDLOCK_SPAWN_WHY };
	sandlock_error err = { 0 };

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	grant(policy, "program.no_supervisor", "true");
	EXPECT_EQ(sandlock_exec(policy, &o, &err), -EINVAL);
	EXPECT_HAS(err.message, "refused");
	sandlock_policy_free(policy);
}
