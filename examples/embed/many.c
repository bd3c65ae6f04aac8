/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fifty sandboxes at once, by one thread. They know nothing of one another,
 * and the loop takes them as they end.
 *
 *	cc -o many many.c $(pkg-config --cflags --libs libsandlock)
 *	./many
 */
#include <sandlock/sandlock.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <unistd.h>

#define COUNT 50

static sandlock_sandbox *start(const sandlock_policy *policy, int number,
			       sandlock_error *err)
{
	char text[16];
	const char *argv[] = { "sh", "-c", "exit $1", "sh", text, NULL };
	sandlock_spawn_options options = { .size = sizeof(options), .argv = argv };
	sandlock_sandbox *sandbox = NULL;

	snprintf(text, sizeof(text), "%d", number);
	sandlock_spawn(policy, &options, &sandbox, err);
	return sandbox;
}

/* Returns the sum of the exit codes. */
static int collect(int epoll, int left)
{
	int sum = 0;

	while (left > 0) {
		const sandlock_result *result;
		struct epoll_event event;
		sandlock_sandbox *sandbox;

		if (epoll_wait(epoll, &event, 1, -1) < 0)
			return -1;
		sandbox = event.data.ptr;
		if (!sandlock_sandbox_dispatch(sandbox, NULL))
			continue; /* something happened, but not its end */
		if (sandlock_sandbox_wait(sandbox, 0, &result, NULL) == 0)
			sum += sandlock_result_code(result);
		sandlock_sandbox_free(sandbox); /* and out of the epoll set */
		left--;
	}
	return sum;
}

int main(void)
{
	int epoll = epoll_create1(EPOLL_CLOEXEC), started = 0, sum;
	sandlock_policy *policy = NULL;
	sandlock_error err = { 0 };

	if (sandlock_policy_new(&policy, &err) == 0 &&
	    sandlock_policy_load(policy, "base", &err) == 0) {
		for (int i = 0; i < COUNT; i++) {
			struct epoll_event event = { .events = EPOLLIN };

			event.data.ptr = start(policy, i, &err);
			if (!event.data.ptr)
				break;
			epoll_ctl(epoll, EPOLL_CTL_ADD,
				  sandlock_sandbox_fd(event.data.ptr), &event);
			started++;
		}
	}
	if (started < COUNT)
		fprintf(stderr, "many: %s\n", err.message);
	sum = collect(epoll, started);
	printf("%d sandboxes, sum of codes %d\n", started, sum);
	sandlock_policy_free(policy);
	close(epoll);
	return started == COUNT && sum == COUNT * (COUNT - 1) / 2 ? 0 : 1;
}
