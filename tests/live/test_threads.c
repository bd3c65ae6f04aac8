/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many sandboxes at once in one host, inline and below a supervisor, each busy
 * with all that crosses threads: calls judged, refused and told of, connects
 * that wait, signals and the end from other threads, and somebody who asks
 * what runs. For a thread sanitizer above all.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define HOSTS 4 /* threads, each with one sandbox after the other */
#define SANDBOXES 6
#define CALLS 300
#define CONNECTS 40
#define SIGNALS 20
#define DONE 7

/* ------------------------------------------------ what runs inside */

#define NEED(expression)                            \
	do {                                        \
		if (!(expression))                  \
			_exit(__LINE__ % 200 + 20); \
	} while (0)

static struct sockaddr_un server = { .sun_family = AF_UNIX };
static char one_name[] = "a", other_name[] = "b";

static void *change(void *arg)
{
	const char *name = arg;

	close(open(name, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	for (int i = 0; i < CALLS; i++) {
		NEED(chmod(name, 0600) == 0);
		NEED(chmod("/usr/bin/env", 0755) < 0);
	}
	return NULL;
}

/* The queue has room for one: the others wait. */
static void *call(void *arg)
{
	(void)arg;
	for (int i = 0; i < CONNECTS; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

		NEED(connect(fd, (struct sockaddr *)&server, sizeof(server)) == 0);
		close(fd);
	}
	return NULL;
}

static void *take(void *arg)
{
	for (int i = 0; i < 2 * CONNECTS; i++)
		close(accept4(*(int *)arg, NULL, NULL, SOCK_CLOEXEC));
	return NULL;
}

__attribute__((constructor)) static void inside(int argc, char **argv)
{
	pthread_t threads[5];
	int listener;

	if (argc != 2 || strcmp(argv[1], "--busy") != 0)
		return;
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	snprintf(server.sun_path, sizeof(server.sun_path), "%s/s",
		 getenv("TMPDIR"));
	NEED(bind(listener, (struct sockaddr *)&server, sizeof(server)) == 0);
	NEED(chdir(getenv("TMPDIR")) == 0 && listen(listener, 0) == 0);
	NEED(pthread_create(&threads[0], NULL, change, one_name) == 0);
	NEED(pthread_create(&threads[1], NULL, change, other_name) == 0);
	NEED(pthread_create(&threads[2], NULL, call, NULL) == 0);
	NEED(pthread_create(&threads[3], NULL, call, NULL) == 0);
	NEED(pthread_create(&threads[4], NULL, take, &listener) == 0);
	for (int i = 0; i < 5; i++)
		NEED(pthread_join(threads[i], NULL) == 0);
	_exit(DONE);
}

/* ------------------------------------------------ the host */

static char self[PATH_MAX];
static atomic_bool over;

struct hand {
	sandlock_sandbox *sandbox;
	bool kills;
};

/* What any thread may do while the sandbox exists. */
static void *hand_main(void *arg)
{
	struct hand *hand = arg;

	for (int i = 0; i < SIGNALS; i++)
		sandlock_sandbox_signal(hand->sandbox, SIGCONT);
	if (hand->kills)
		EXPECT_EQ(sandlock_sandbox_kill(hand->sandbox), 0);
	return NULL;
}

static void *list_main(void *arg)
{
	(void)arg;
	while (!atomic_load(&over)) {
		sandlock_listing *listing;

		if (sandlock_list(&listing, NULL) == 0)
			sandlock_listing_free(listing);
	}
	return NULL;
}

static uint64_t drain(sandlock_sandbox *sandbox)
{
	sandlock_denial denial = { .size = sizeof(denial) };
	uint64_t count = 0;

	while (sandlock_sandbox_next_denial(sandbox, &denial) == 0)
		count += denial.count;
	return count;
}

static void one(const sandlock_policy *policy, uint32_t flags, bool kills)
{
	const char *argv[] = { self, "--busy", NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = flags | SANDLOCK_SPAWN_DENIALS };
	const sandlock_result *result;
	struct hand hand = { .kills = kills };
	sandlock_error err = { 0 };
	pthread_t thread;
	uint64_t told = 0;
	int r;

	o.stdio[0] = o.stdio[1] = SANDLOCK_STDIO_NULL;
	if (sandlock_spawn(policy, &o, &hand.sandbox, &err) < 0) {
		th_fail(__FILE__, __LINE__, "%s", err.message);
		return;
	}
	ASSERT_EQ(pthread_create(&thread, NULL, hand_main, &hand), 0);
	while ((r = sandlock_sandbox_dispatch(hand.sandbox, NULL)) == 0) {
		struct pollfd pfd = { .fd = sandlock_sandbox_fd(hand.sandbox),
				      .events = POLLIN };

		told += drain(hand.sandbox);
		ASSERT_EQ(poll(&pfd, 1, 100000), 1);
	}
	told += drain(hand.sandbox);
	EXPECT_EQ(r, 1);
	pthread_join(thread, NULL);
	ASSERT_EQ(sandlock_sandbox_wait(hand.sandbox, 0, &result, NULL), 0);
	if (!kills || sandlock_result_reason(result) != SANDLOCK_REASON_KILLED) {
		EXPECT_EQ(sandlock_result_code(result), DONE);
		EXPECT_EQ(sandlock_result_denials_total(result), 2 * CALLS);
	}
	EXPECT_LE(told, sandlock_result_denials_total(result));
	sandlock_sandbox_free(hand.sandbox);
}

static void *host_main(void *arg)
{
	int number = *(int *)arg;
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_load(policy, "base", NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", self, NULL, NULL),
		  0);
	for (int i = 0; i < SANDBOXES; i++)
		one(policy, number % 2 ? SANDLOCK_SPAWN_INLINE : 0, i % 3 == 2);
	sandlock_policy_free(policy);
	return NULL;
}

TEST(many_at_once)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	pthread_t hosts[HOSTS], lister;
	int numbers[HOSTS];

	ASSERT_GT(n, 0);
	self[n] = '\0';
	ASSERT_EQ(pthread_create(&lister, NULL, list_main, NULL), 0);
	for (int i = 0; i < HOSTS; i++) {
		numbers[i] = i;
		ASSERT_EQ(pthread_create(&hosts[i], NULL, host_main, &numbers[i]),
			  0);
	}
	for (int i = 0; i < HOSTS; i++)
		pthread_join(hosts[i], NULL);
	atomic_store(&over, true);
	pthread_join(lister, NULL);
}
