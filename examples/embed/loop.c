/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A sandbox among the other descriptors of an event loop: its output as it
 * comes, its end, and a timer of the host's, which goes on meanwhile.
 *
 *	cc -o loop loop.c $(pkg-config --cflags --libs libsandlock)
 *	./loop
 */
#include <poll.h>
#include <sandlock/sandlock.h>
#include <stdio.h>
#include <sys/timerfd.h>
#include <unistd.h>

enum { OUTPUT, SANDBOX, TIMER };

/* Returns how often the timer ticked, or -1. */
static int loop(sandlock_sandbox *sandbox, int output, int timer)
{
	int box = sandlock_sandbox_fd(sandbox), ticks = 0;
	struct pollfd fds[] = { { output, POLLIN, 0 },
				{ box, POLLIN, 0 },
				{ timer, POLLIN, 0 } };

	while (fds[SANDBOX].fd >= 0 || fds[OUTPUT].fd >= 0) {
		char text[4096];
		uint64_t times;
		ssize_t n;

		if (poll(fds, 3, -1) < 0)
			return -1;
		if (fds[OUTPUT].revents) {
			n = read(output, text, sizeof(text));
			if (n > 0)
				fwrite(text, 1, (size_t)n, stdout);
			else
				fds[OUTPUT].fd = -1; /* the end: look away */
		}
		if (fds[SANDBOX].revents &&
		    sandlock_sandbox_dispatch(sandbox, NULL))
			fds[SANDBOX].fd = -1; /* nothing is left of it */
		if (fds[TIMER].revents &&
		    read(timer, &times, sizeof(times)) == sizeof(times))
			ticks += (int)times;
	}
	return ticks;
}

int main(void)
{
	const char *argv[] = { "sh", "-c",
			       "for i in 1 2 3; do echo $i; sleep 0.1; done",
			       NULL };
	sandlock_spawn_options options = {
		.size = sizeof(options),
		.argv = argv,
		.stdio = { SANDLOCK_STDIO_NULL, SANDLOCK_STDIO_STREAM,
			   SANDLOCK_STDIO_INHERIT },
	};
	const struct itimerspec tick = { { 0, 20000000 }, { 0, 20000000 } };
	int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	sandlock_policy *policy = NULL;
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };
	int output, ticks = -1;

	timerfd_settime(timer, 0, &tick, NULL);
	if (sandlock_policy_new(&policy, &err) < 0 ||
	    sandlock_policy_load(policy, "base", &err) < 0 ||
	    sandlock_spawn(policy, &options, &sandbox, &err) < 0) {
		fprintf(stderr, "loop: %s\n", err.message);
	} else {
		output = sandlock_sandbox_stream(sandbox, 1); /* now ours */
		ticks = loop(sandbox, output, timer);
		printf("the timer went on: %s\n", ticks > 0 ? "yes" : "no");
	}
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	return ticks > 0 ? 0 : 1;
}
