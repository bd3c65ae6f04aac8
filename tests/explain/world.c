/* SPDX-License-Identifier: Apache-2.0 */
/* See world.h. */
#include "explain/world.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "explain/tree.h"
#include "harness/harness.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

static void must(bool fine, const char *what)
{
	if (fine)
		return;
	th_fail(__FILE__, __LINE__, "%s: %s", what, strerror(errno));
	th_abort();
}

/* ---- what can be reached ------------------------------------------------ */

/* Every listener of the world, non-blocking. */
static int listeners[4];
static size_t listener_count;

static void keep_listening(int fd, const char *what)
{
	must(listener_count < LEN(listeners) && listen(fd, 128) == 0, what);
	listeners[listener_count++] = fd;
}

/* A full queue would keep the next connect() waiting, whatever the policy. */
static void hang_up(void)
{
	int fd;

	for (size_t i = 0; i < listener_count; i++)
		while ((fd = accept4(listeners[i], NULL, NULL, SOCK_CLOEXEC)) >= 0)
			close(fd);
}

/* The port that the kernel chose; the listener stays. */
static unsigned int bound_port(int family, bool listens)
{
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
	} at = { .any = { .sa_family = (sa_family_t)family } };
	socklen_t len = family == AF_INET ? sizeof(at.in) : sizeof(at.in6);
	int fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (family == AF_INET)
		at.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	else
		at.in6.sin6_addr = in6addr_loopback;
	if (fd < 0 || bind(fd, &at.any, len) < 0 ||
	    getsockname(fd, &at.any, &len) < 0)
		return 0;
	if (listens)
		keep_listening(fd, "listen");
	else
		close(fd);
	return ntohs(family == AF_INET ? at.in.sin_port : at.in6.sin6_port);
}

static void listen_unix(const char *name)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	socklen_t len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) +
				    strlen(name) + (name[0] != '@'));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	strcpy(at.sun_path, name);
	if (name[0] == '@')
		at.sun_path[0] = '\0';
	must(fd >= 0 && bind(fd, (struct sockaddr *)&at, len) == 0, name);
	keep_listening(fd, name);
}

static void copy_probe(const char *to)
{
	const char *from = getenv("EXPLAIN_PROBE");
	int in = open(from ? from : "", O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	char data[65536];
	ssize_t n;

	must(in >= 0, "EXPLAIN_PROBE");
	must(out >= 0, to);
	while ((n = read(in, data, sizeof(data))) > 0)
		must(write(out, data, (size_t)n) == n, to);
	close(in);
	close(out);
}

void world_make(struct world *world)
{
	const char *tmp = getenv("TMPDIR");

	memset(world, 0, sizeof(*world));
	snprintf(world->base, sizeof(world->base), "%s/explain.XXXXXX",
		 tmp && *tmp ? tmp : "/tmp");
	must(mkdtemp(world->base) != NULL, world->base);
	/* Compared with what the kernel calls it. */
	must(chmod(world->base, 0755) == 0 && chdir(world->base) == 0 &&
		     getcwd(world->base, sizeof(world->base)) != NULL,
	     world->base);
	snprintf(world->probe, sizeof(world->probe), "%.3000s/probe",
		 world->base);
	copy_probe(world->probe);
	world->port = bound_port(AF_INET, true);
	world->port6 = bound_port(AF_INET6, true);
	world->unused = bound_port(AF_INET, false);
	must(world->port && world->unused, "a port of 127.0.0.1");
	snprintf(world->abstract, sizeof(world->abstract), "@explain-%d",
		 (int)getpid());
	listen_unix(world->abstract);
	listen_unix("sock");
	must(chmod("sock", 0777) == 0, "sock");
	snprintf(world->path, sizeof(world->path), "../sock");
}

void world_remove(const struct world *world)
{
	if (chdir("/") == 0)
		tree_remove(world->base);
}

/* ---- trying ------------------------------------------------------------- */

static const char **command(const struct world *world,
			    const struct attempt *attempts, size_t count)
{
	const char **argv = calloc(2 * count + 3, sizeof(*argv));
	static char ops[256][2];
	size_t n = 0;

	must(argv != NULL, "memory");
	argv[n++] = world->probe;
	argv[n++] = "--try";
	for (size_t i = 0; i < count; i++) {
		unsigned char op = (unsigned char)attempts[i].op;

		ops[op][0] = attempts[i].op;
		argv[n++] = ops[op];
		argv[n++] = attempts[i].arg;
	}
	return argv;
}

static void read_errors(const char *output, struct attempt *attempts, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *end = strchr(output, '\n');

		if (!end) {
			th_fail(__FILE__, __LINE__,
				"the probe ended at %zu of %zu: %c '%s'", i,
				count, attempts[i].op, attempts[i].arg);
			th_abort();
		}
		attempts[i].error = (int)strtol(output, NULL, 10);
		output = end + 1;
	}
}

static char *read_all(int fd)
{
	size_t size = 1 << 16, len = 0;
	char *text = calloc(1, size);
	ssize_t n;

	must(text != NULL, "memory");
	while ((n = read(fd, text + len, size - len - 1)) > 0)
		len += (size_t)n;
	close(fd);
	return text;
}

/*
 * In a child, with @policy in place of it, or free. What went wrong before
 * comes over a second pipe, which a successful start closes.
 */
static bool try_in_child(const struct world *world,
			 const sandlock_policy *policy, struct attempt *attempts,
			 size_t count, sandlock_error *err)
{
	const char **argv = command(world, attempts, count);
	sandlock_spawn_options options = { .size = sizeof(options), .argv = argv };
	sandlock_error failed = { 0 };
	int out[2], status[2];
	ssize_t got;
	pid_t pid;
	char *text;

	must(pipe2(out, O_CLOEXEC) == 0 && pipe2(status, O_CLOEXEC) == 0,
	     "pipe");
	pid = fork();
	must(pid >= 0, "fork");
	if (pid == 0) {
		dup2(out[1], STDOUT_FILENO);
		if (policy)
			sandlock_exec(policy, &options, &failed);
		else
			execv(argv[0], (char **)(uintptr_t)argv);
		got = write(status[1], &failed, sizeof(failed));
		_exit(got == sizeof(failed) ? 1 : 2);
	}
	close(out[1]);
	close(status[1]);
	got = read(status[0], &failed, sizeof(failed));
	close(status[0]);
	text = read_all(out[0]);
	waitpid(pid, NULL, 0);
	if (got == 0)
		read_errors(text, attempts, count);
	else if (err)
		*err = failed;
	free(text);
	free(argv);
	return got == 0;
}

static bool try_in_sandbox(const struct world *world,
			   const sandlock_policy *policy,
			   struct attempt *attempts, size_t count,
			   sandlock_error *err)
{
	const char **argv = command(world, attempts, count);
	sandlock_spawn_options options = {
		.size = sizeof(options),
		.argv = argv,
		.stdio = { SANDLOCK_STDIO_NULL, SANDLOCK_STDIO_PIPE,
			   SANDLOCK_STDIO_NULL },
		.flags = SANDLOCK_SPAWN_INLINE,
	};
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	size_t len;
	int r = sandlock_spawn(policy, &options, &sandbox, err);

	free(argv);
	if (r < 0)
		return false;
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, -1, &result, err), 0);
	read_errors(sandlock_result_output(result, 1, &len, NULL), attempts,
		    count);
	sandlock_sandbox_free(sandbox);
	return true;
}

bool world_try(const struct world *world, const sandlock_policy *policy,
	       struct attempt *attempts, size_t count, sandlock_error *err)
{
	const char *alone;

	hang_up();
	if (sandlock_policy_get(policy, "program.no_supervisor", 0, &alone) == 0 &&
	    strcmp(alone, "true") == 0)
		return try_in_child(world, policy, attempts, count, err);
	return try_in_sandbox(world, policy, attempts, count, err);
}

void world_try_free(const struct world *world, struct attempt *attempts,
		    size_t count)
{
	if (!try_in_child(world, NULL, attempts, count, NULL))
		must(false, world->probe);
}
