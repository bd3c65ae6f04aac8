/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who connects to a full queue waits alone. O_NONBLOCK is no promise: it
 * belongs to the description, and a sibling clears it at any moment, also
 * between the judge's look at it and the judge's call. Whatever it does, other
 * tasks' trapped calls go on being answered.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CLIENTS 3 /* each with somebody who flips its flag */
#define ROUNDS 400
#define ANSWER_MS 20000 /* far more than any load explains, and not for ever */

/* ------------------------------------------------ what runs inside */

#define NEED(expression)                            \
	do {                                        \
		if (!(expression))                  \
			_exit(__LINE__ % 200 + 20); \
	} while (0)

static struct sockaddr_un server = { .sun_family = AF_UNIX, .sun_path = "s" };
static int type;

struct client {
	_Atomic int fd;	   /* -1: none now */
	_Atomic long full; /* told that there is no room */
};

static struct client clients[CLIENTS];

/* The number may be another's, too, by then; that is one more socket flipped. */
static void *flip(void *arg)
{
	struct client *client = arg;

	for (;;) {
		int fd = atomic_load(&client->fd);

		if (fd < 0) {
			sched_yield();
			continue;
		}
		fcntl(fd, F_SETFL, O_NONBLOCK);
		fcntl(fd, F_SETFL, 0);
	}
	return NULL;
}

static void *connect_often(void *arg)
{
	struct client *client = arg;

	for (;;) {
		int fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

		NEED(fd >= 0);
		atomic_store(&client->fd, fd);
		if (connect(fd, (struct sockaddr *)&server, sizeof(server)) < 0) {
			NEED(errno == EAGAIN);
			atomic_fetch_add(&client->full, 1);
		}
		atomic_store(&client->fd, -1);
		close(fd);
	}
	return NULL;
}

/* A call that is trapped, of a task that waits for nobody; then one client is
 * let in, and the next one takes its place. */
static void race_inside(void)
{
	struct pollfd pfd = { .events = POLLIN };
	pthread_t thread;

	NEED(chdir(getenv("TMPDIR")) == 0);
	pfd.fd = socket(AF_UNIX, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	NEED(bind(pfd.fd, (struct sockaddr *)&server, sizeof(server)) == 0);
	NEED(listen(pfd.fd, 0) == 0);
	for (int i = 0; i < CLIENTS; i++) {
		clients[i].fd = -1;
		NEED(pthread_create(&thread, NULL, connect_often, &clients[i]) ==
		     0);
		NEED(pthread_create(&thread, NULL, flip, &clients[i]) == 0);
	}
	for (int i = 0; i < ROUNDS; i++) {
		NEED(poll(&pfd, 1, -1) == 1);
		NEED(chmod("s", i % 2 ? 0600 : 0700) == 0);
		NEED(write(1, ".", 1) == 1);
		close(accept4(pfd.fd, NULL, NULL, SOCK_CLOEXEC));
	}
	_exit(0);
}

__attribute__((constructor)) static void inside(int argc, char **argv)
{
	if (argc != 2)
		return;
	if (strcmp(argv[1], "--stream") == 0)
		type = SOCK_STREAM;
	else if (strcmp(argv[1], "--seqpacket") == 0)
		type = SOCK_SEQPACKET;
	if (type)
		race_inside();
}

/* ------------------------------------------------ the host */

static void race(const char *which)
{
	char self[PATH_MAX], buf[64];
	const char *argv[] = { self, which, NULL };
	sandlock_spawn_options o = { .size = sizeof(o),
				     .argv = argv,
				     .flags = SANDLOCK_SPAWN_INLINE };
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	sandlock_policy *policy;
	sandlock_error err = { 0 };
	int up[2], heard = 0;
	struct pollfd pfd;

	ASSERT_GT(n, 0);
	self[n] = '\0';
	ASSERT_EQ(pipe2(up, O_CLOEXEC), 0);
	o.stdio[1] = SANDLOCK_STDIO_FD;
	o.stdio_fd[1] = up[1];
	ASSERT_EQ(sandlock_policy_new(&policy, NULL), 0);
	ASSERT_EQ(sandlock_policy_load(policy, "base", NULL), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", self, NULL, NULL),
		  0);
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	close(up[1]);
	pfd = (struct pollfd){ .fd = up[0], .events = POLLIN };
	while (heard < ROUNDS) {
		if (poll(&pfd, 1, ANSWER_MS) != 1)
			break;
		n = read(up[0], buf, sizeof(buf));
		if (n <= 0)
			break;
		heard += (int)n;
	}
	EXPECT_EQ(heard, ROUNDS);
	if (heard < ROUNDS)
		sandlock_sandbox_kill(sandbox);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 60000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 0);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(a_stream_whose_flag_is_cleared_holds_up_nobody)
{
	race("--stream");
}

TEST(a_seqpacket_socket_whose_flag_is_cleared_holds_up_nobody)
{
	race("--seqpacket");
}
