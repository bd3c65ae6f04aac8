/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A program that embeds the library: `bench_host LIBRARY MIB`. It touches MIB
 * of memory in small pages, then answers one command per byte on stdin with the
 * nanoseconds it took, or with "-" and why not:
 *   f  fork, exec /bin/true, wait      v  the same by vfork
 *   l  sandlock_spawn of /bin/true under `base`, wait for its end
 * The library is loaded by path, so that an installed one can be measured too.
 */
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sandlock/sandlock.h>

#define FUNCTIONS(X)             \
	X(sandlock_policy_new)   \
	X(sandlock_policy_load)  \
	X(sandlock_policy_free)  \
	X(sandlock_spawn)        \
	X(sandlock_sandbox_wait) \
	X(sandlock_sandbox_free) \
	X(sandlock_result_exit_status)

struct host {
#define X(name) __typeof__(name) *name;
	FUNCTIONS(X)
#undef X
	sandlock_policy *policy;
	char broken[1200]; /* "" = the library can be used */
	char why[1200];	   /* the last command failed */
};

static const char *const target[] = { "/bin/true", NULL };

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
	    h->sandlock_sandbox_wait(sandbox, 30000, &result, &err) == 0)
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
	long long start;
	char command;
	int r;

	if (argc != 3 || touch(argv[2]) < 0) {
		fprintf(stderr, "bench_host: LIBRARY MIB, and the memory\n");
		return 1;
	}
	host_open(&h, argv[1]);
	while (read(STDIN_FILENO, &command, 1) == 1) {
		start = now_ns();
		r = command == 'l' ? by_library(&h) : by_exec(&h, command);
		if (r == 0)
			printf("%lld\n", now_ns() - start);
		else
			printf("-%s\n", h.why);
		fflush(stdout);
	}
	if (h.policy)
		h.sandlock_policy_free(h.policy);
	return 0;
}
