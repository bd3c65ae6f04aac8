/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that embeds the library: `bench_host LIBRARY MIB`. It touches MIB
 * of memory in small pages, then answers one command per byte on stdin with the
 * nanoseconds it took, or with "-" and why not:
 *   f  fork, exec /bin/true, wait      v  the same by vfork
 *   l  sandlock_spawn of /bin/true under `base`, wait for its end
 *   w  vfork, exec one more cat, which waits    W  end all of them
 *   s  sandlock_spawn of one more               S  end all of them
 *   p  not a time: process id of the first sandbox that waits
 * The library is loaded by path, so that an installed one can be measured too.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sandlock/sandlock.h>

#define WAITING 128 /* at most, of each kind */
#define DEADLINE_MS 20000

#define FUNCTIONS(X)              \
	X(sandlock_policy_new)    \
	X(sandlock_policy_load)   \
	X(sandlock_policy_free)   \
	X(sandlock_spawn)         \
	X(sandlock_sandbox_wait)  \
	X(sandlock_sandbox_kill)  \
	X(sandlock_sandbox_name)  \
	X(sandlock_sandbox_pid)   \
	X(sandlock_sandbox_free)  \
	X(sandlock_result_reason) \
	X(sandlock_result_exit_status)

struct host {
#define X(name) __typeof__(name) *name;
	FUNCTIONS(X)
#undef X
	sandlock_policy *policy;
	sandlock_sandbox *sandboxes[WAITING];
	size_t sandbox_count;
	pid_t pids[WAITING];
	size_t pid_count;
	int until[2];	   /* what those that wait read from: ends with us */
	char broken[1200]; /* "" = the library can be used */
	char why[1200];	   /* the last command failed */
};

static const char *const target[] = { "/bin/true", NULL };
static const char *const waiting[] = { "/bin/cat", NULL };

static long long now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000LL + ts.tv_nsec;
}

static void host_open(struct host *h, const char *library)
{
	sandlock_error err = { 0 };
	void *lib = dlopen(library, RTLD_NOW);

	if (!lib) {
		snprintf(h->broken, sizeof(h->broken), "%s", dlerror());
		return;
	}
#define X(name)                                                                \
	*(void **)&h->name = dlsym(lib, #name);                                \
	if (!h->name) {                                                        \
		snprintf(h->broken, sizeof(h->broken), "%s lacks %s", library, \
			 #name);                                               \
		return;                                                        \
	}
	FUNCTIONS(X)
#undef X
	if (h->sandlock_policy_new(&h->policy, &err) < 0 ||
	    h->sandlock_policy_load(h->policy, "base", &err) < 0)
		snprintf(h->broken, sizeof(h->broken), "%s", err.message);
}

static int by_exec(struct host *h, int command)
{
	int status = -1;
	pid_t pid = command == 'v' ? vfork() : fork();

	if (pid == 0) {
		execve(target[0], (char *const *)(uintptr_t)target, environ);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
		snprintf(h->why, sizeof(h->why), "wait status %d", status);
		return -1;
	}
	return 0;
}

static int by_library(struct host *h)
{
	sandlock_spawn_options options = { .size = sizeof(options),
					   .argv = target };
	const sandlock_result *result = NULL;
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };
	int status = -1;

	if (h->broken[0]) {
		snprintf(h->why, sizeof(h->why), "%s", h->broken);
		return -1;
	}
	if (h->sandlock_spawn(h->policy, &options, &sandbox, &err) == 0 &&
	    h->sandlock_sandbox_wait(sandbox, DEADLINE_MS, &result, &err) == 0)
		status = h->sandlock_result_exit_status(result);
	if (sandbox)
		h->sandlock_sandbox_free(sandbox);
	if (status == 0)
		return 0;
	if (err.code)
		snprintf(h->why, sizeof(h->why), "%s", err.message);
	else
		snprintf(h->why, sizeof(h->why), "exit status %d", status);
	return -1;
}

/* ---- those that wait ----------------------------------------------------- */

static int no_room(struct host *h)
{
	snprintf(h->why, sizeof(h->why), "more than %d", WAITING);
	return -1;
}

static int wait_by_exec(struct host *h)
{
	pid_t pid;

	if (h->pid_count == WAITING)
		return no_room(h);
	pid = vfork();
	if (pid == 0) {
		if (dup2(h->until[0], 0) == 0)
			execve(waiting[0], (char *const *)(uintptr_t)waiting,
			       environ);
		_exit(127);
	}
	if (pid < 0) {
		snprintf(h->why, sizeof(h->why), "vfork: %m");
		return -1;
	}
	h->pids[h->pid_count++] = pid;
	return 0;
}

static int end_executed(struct host *h)
{
	int r = 0;

	for (size_t i = 0; i < h->pid_count; i++)
		kill(h->pids[i], SIGKILL);
	for (; h->pid_count > 0; h->pid_count--) {
		int status = 0;

		waitpid(h->pids[h->pid_count - 1], &status, 0);
		if (WIFSIGNALED(status))
			continue;
		snprintf(h->why, sizeof(h->why), "one did not wait");
		r = -1;
	}
	return r;
}

static int wait_by_library(struct host *h)
{
	sandlock_spawn_options options = {
		.size = sizeof(options),
		.argv = waiting,
		.stdio = { SANDLOCK_STDIO_FD, SANDLOCK_STDIO_NULL,
			   SANDLOCK_STDIO_NULL },
		.stdio_fd = { h->until[0], -1, -1 },
	};
	sandlock_error err = { 0 };

	if (h->broken[0]) {
		snprintf(h->why, sizeof(h->why), "%s", h->broken);
		return -1;
	}
	if (h->sandbox_count == WAITING)
		return no_room(h);
	if (h->sandlock_spawn(h->policy, &options,
			      &h->sandboxes[h->sandbox_count], &err) < 0) {
		snprintf(h->why, sizeof(h->why), "%s", err.message);
		return -1;
	}
	h->sandbox_count++;
	return 0;
}

static int end_sandboxes(struct host *h)
{
	int r = 0;

	for (size_t i = 0; i < h->sandbox_count; i++)
		h->sandlock_sandbox_kill(h->sandboxes[i]);
	for (; h->sandbox_count > 0; h->sandbox_count--) {
		sandlock_sandbox *sandbox = h->sandboxes[h->sandbox_count - 1];
		const sandlock_result *result = NULL;
		sandlock_error err = { 0 };

		if (h->sandlock_sandbox_wait(sandbox, DEADLINE_MS, &result,
					     &err) < 0) {
			snprintf(h->why, sizeof(h->why), "%s", err.message);
			r = -1;
		} else if (h->sandlock_result_reason(result) !=
			   SANDLOCK_REASON_KILLED) {
			snprintf(h->why, sizeof(h->why), "one did not wait");
			r = -1;
		}
		h->sandlock_sandbox_free(sandbox);
	}
	return r;
}

/* Each has its name by then, which it would be given a little later: what it
 * holds is all there. */
static long long first_sandbox(struct host *h)
{
	if (h->sandbox_count == 0) {
		snprintf(h->why, sizeof(h->why), "no sandbox waits");
		return -1;
	}
	for (size_t i = 0; i < h->sandbox_count; i++)
		h->sandlock_sandbox_name(h->sandboxes[i]);
	return h->sandlock_sandbox_pid(h->sandboxes[0]);
}

/* What is to be printed; 0: the time it took; below: it failed. */
static long long act(struct host *h, char command)
{
	switch (command) {
	case 'l':
		return by_library(h);
	case 'w':
		return wait_by_exec(h);
	case 'W':
		return end_executed(h);
	case 's':
		return wait_by_library(h);
	case 'S':
		return end_sandboxes(h);
	case 'p':
		return first_sandbox(h);
	default:
		return by_exec(h, command);
	}
}

static int touch(const char *mib)
{
	size_t len = (size_t)strtoul(mib, NULL, 10) << 20;
	char *p;

	if (len == 0)
		return 0;
	p = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		 -1, 0);
	if (p == MAP_FAILED)
		return -1;
	/* Small pages: the page tables that a fork must copy are the point. */
	madvise(p, len, MADV_NOHUGEPAGE);
	memset(p, 1, len);
	return 0;
}

int main(int argc, char **argv)
{
	struct host h = { 0 };
	long long start, r;
	char command;

	if (argc != 3 || touch(argv[2]) < 0 || pipe2(h.until, O_CLOEXEC) < 0) {
		fprintf(stderr, "bench_host: LIBRARY MIB, and the memory\n");
		return 1;
	}
	host_open(&h, argv[1]);
	while (read(STDIN_FILENO, &command, 1) == 1) {
		start = now_ns();
		r = act(&h, command);
		if (r >= 0)
			printf("%lld\n", r ? r : now_ns() - start);
		else
			printf("-%s\n", h.why);
		fflush(stdout);
	}
	if (h.policy)
		h.sandlock_policy_free(h.policy);
	return 0;
}
