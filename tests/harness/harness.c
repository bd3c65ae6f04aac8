/* SPDX-License-Identifier: Apache-2.0 */
/* Runs registered tests, one forked child each, in its own process group. */
#include "harness/harness.h"

#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

struct shared {
	int failures;
	int skipped;
	char why[256];
};

static struct th_test *tests, **tail = &tests;
static struct shared *shared;

void th_register(struct th_test *test)
{
	if (!test->timeout)
		test->timeout = 120;
	*tail = test;
	tail = &test->next;
}

void th_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	__atomic_fetch_add(&shared->failures, 1, __ATOMIC_RELAXED);
	printf("# %s:%d: ", file, line);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf("\n");
	fflush(stdout);
}

void th_abort(void)
{
	fflush(NULL);
	_exit(1);
}

void th_skip(const char *missing_feature)
{
	shared->skipped = 1;
	snprintf(shared->why, sizeof(shared->why), "%s", missing_feature);
	_exit(0);
}

static bool selected(const struct th_test *test, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strstr(test->name, argv[i]))
			return true;
	return argc < 2;
}

/* A sanitizer or an emulator needs longer for the same work. */
static unsigned int timeout_of(const struct th_test *test)
{
	const char *text = getenv("TEST_TIMEOUT_SCALE");
	unsigned long scale = text ? strtoul(text, NULL, 10) : 1;

	return scale >= 1 && scale <= 20 ? test->timeout * (unsigned int)scale
					 : test->timeout;
}

static bool judge(const struct th_test *test, int status, bool late)
{
	if (late)
		printf("# still running after %u s\n", timeout_of(test));
	else if (test->signal)
		return WIFSIGNALED(status) && WTERMSIG(status) == test->signal;
	else if (WIFSIGNALED(status))
		printf("# died of signal %d\n", WTERMSIG(status));
	else
		return WEXITSTATUS(status) == 0 && shared->failures == 0;
	return false;
}

static bool run(const struct th_test *test, int number)
{
	struct pollfd pfd = { .events = POLLIN };
	int status = 0;
	bool late, ok;
	pid_t pid;

	memset(shared, 0, sizeof(*shared));
	fflush(NULL);
	pid = fork();
	if (pid == 0) {
		setpgid(0, 0);
		test->fn();
		fflush(NULL);
		exit(shared->failures != 0);
	}
	setpgid(pid, pid);
	pfd.fd = (int)syscall(SYS_pidfd_open, pid, 0);
	late = poll(&pfd, 1, (int)timeout_of(test) * 1000) == 0;
	kill(-pid, SIGKILL);
	if (late)
		kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	close(pfd.fd);
	if (shared->skipped) {
		printf("ok %d - %s # SKIP %s\n", number, test->name, shared->why);
		return true;
	}
	ok = judge(test, status, late);
	printf("%sok %d - %s\n", ok ? "" : "not ", number, test->name);
	return ok;
}

int main(int argc, char **argv)
{
	int count = 0, failed = 0;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		return 99;
	if (argc > 1 && strcmp(argv[1], "-l") == 0) {
		for (struct th_test *t = tests; t; t = t->next)
			puts(t->name);
		return 0;
	}
	for (struct th_test *t = tests; t; t = t->next)
		count += selected(t, argc, argv);
	printf("TAP version 13\n1..%d\n", count);
	count = 0;
	for (struct th_test *t = tests; t; t = t->next)
		if (selected(t, argc, argv))
			failed += !run(t, ++count);
	return failed != 0;
}
