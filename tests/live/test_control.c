/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finding, reading and ending sandboxes by the public interface: those of this
 * process, and those of its supervisor process. And events, which only the
 * inside can make many of.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"
#include "run/control.h"
#include "run/naming.h"
#include "run/run_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_MS 20000

/* A runtime directory of this test's own; removed with rm by end(). */
static char dir[64];

static void begin(void)
{
	snprintf(dir, sizeof(dir), "/tmp/sandlock-live.XXXXXX");
	ASSERT_TRUE(mkdtemp(dir) != NULL);
	setenv("XDG_RUNTIME_DIR", dir, 1);
}

static void end(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, NULL);
		_exit(1);
	}
	waitpid(pid, NULL, 0);
}

static sandlock_policy *open_policy(void)
{
	sandlock_error err = { 0 };
	sandlock_policy *policy;

	ASSERT_EQ(sandlock_policy_new(&policy, &err), 0);
	ASSERT_EQ(sandlock_policy_set(policy, "filesystem.read", "/", "-r", &err),
		  0);
	return policy;
}

/* A program that ends when its input does. */
static int spawn(const sandlock_policy *policy, const char *name, uint32_t flags,
		 sandlock_sandbox **ret_sandbox, sandlock_error *err)
{
	const char *argv[] = { "cat", "-", NULL };
	sandlock_spawn_options o = {
		.size = sizeof(o), .argv = argv, .flags = flags, .name = name
	};

	o.stdio[0] = SANDLOCK_STDIO_PIPE;
	memset(err, 0, sizeof(*err));
	return sandlock_spawn(policy, &o, ret_sandbox, err);
}

/* In a thread of its own the inline supervisor would answer; here a child asks,
 * while the caller dispatches. Its exit status. */
static int ask(sandlock_sandbox *sandbox, int (*question)(void))
{
	struct pollfd pfd = { .fd = sandlock_sandbox_fd(sandbox),
			      .events = POLLIN };
	int status, fds[2];
	pid_t pid;

	ASSERT_EQ(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		close(fds[0]);
		_exit(question());
	}
	close(fds[1]);
	for (;;) {
		struct pollfd pfds[2] = { pfd,
					  { .fd = fds[0], .events = POLLIN } };

		ASSERT_GT(poll(pfds, 2, LONG_MS), 0);
		if (pfds[1].revents)
			break;
		sandlock_sandbox_dispatch(sandbox, NULL);
	}
	close(fds[0]);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* It binds none; tests/ports has those that do. */
static int look_at_ports(void)
{
	sandlock_instance i = { .size = sizeof(i) };
	sandlock_port port = { .size = sizeof(port) };
	sandlock_listing *listing;

	if (sandlock_ports("one", &listing, NULL) < 0)
		return 10;
	if (sandlock_listing_at(listing, 0, &i) != 0 || i.policy)
		return 11;
	if (sandlock_listing_port(listing, 0, 0, &port) != -ERANGE ||
	    sandlock_listing_port(listing, 1, 0, &port) != -ERANGE)
		return 12;
	port.size = 1;
	if (sandlock_listing_port(listing, 0, 0, &port) != -EINVAL ||
	    sandlock_listing_port(NULL, 0, 0, &port) != -EINVAL ||
	    sandlock_listing_port(listing, 0, 0, NULL) != -EINVAL)
		return 13;
	sandlock_listing_free(listing);
	return 0;
}

static int look_at_one(void)
{
	sandlock_instance i = { .size = sizeof(i) };
	sandlock_listing *listing;
	sandlock_error err = { 0 };

	/* The host's word on the policy may still be on its way. */
	while (sandlock_inspect("one", &listing, &err) < 0)
		if (err.code != -ENODATA)
			return 1;
	if (sandlock_listing_at(listing, 0, &i) != 0)
		return 2;
	if (strcmp(i.name, "one") != 0 || i.state != SANDLOCK_INSTANCE_RUNNING)
		return 3;
	if (strcmp(i.argv[0], "cat") != 0 || strcmp(i.argv[1], "-") != 0 ||
	    i.argv[2] || i.argv_cut)
		return 4;
	if (strcmp(i.policy, "[filesystem]\nread = [\"/\"]\n") != 0)
		return 5;
	if (i.pid <= 1 || i.supervisor <= 1 || i.age_ns < 0 || i.started_ns <= 0)
		return 6;
	if (sandlock_listing_at(listing, 1, &i) != -ERANGE)
		return 7;
	sandlock_listing_free(listing);
	if (sandlock_list(&listing, &err) < 0)
		return 8;
	if (sandlock_listing_at(listing, 0, &i) != 0 || i.policy)
		return 9;
	sandlock_listing_free(listing);
	return look_at_ports();
}

static int end_it(void)
{
	return sandlock_kill("one", 5000, LONG_MS, NULL) == 0 ? 0 : 1;
}

static int signal_it(void)
{
	return sandlock_signal("one", SIGTERM, NULL) == 0 ? 0 : 1;
}

static void one(uint32_t flags, int (*by)(void))
{
	sandlock_policy *policy = open_policy();
	const sandlock_result *result;
	sandlock_sandbox *sandbox, *other;
	sandlock_error err;

	begin();
	ASSERT_EQ(spawn(policy, "one", flags, &sandbox, &err), 0);
	EXPECT_STREQ(sandlock_sandbox_name(sandbox), "one");
	EXPECT_TRUE(sandlock_sandbox_warning(sandbox) == NULL);
	EXPECT_EQ(ask(sandbox, look_at_one), 0);
	EXPECT_EQ(spawn(policy, "one", flags, &other, &err), -EEXIST);
	EXPECT_STREQ(err.message, "a sandbox named 'one' is running");
	EXPECT_EQ(ask(sandbox, by), 0);
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, LONG_MS, &result, &err), 0);
	EXPECT_EQ(sandlock_result_signal(result), SIGTERM);
	/* Free for the next one when the wait is over. */
	EXPECT_EQ(spawn(policy, "one", flags, &other, &err), 0);
	sandlock_sandbox_free(other);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	end();
}

TEST(inline_is_found_and_ended)
{
	one(SANDLOCK_SPAWN_INLINE, end_it);
}

TEST(remote_is_found_and_ended)
{
	one(0, end_it);
}

TEST(inline_is_signalled)
{
	one(SANDLOCK_SPAWN_INLINE, signal_it);
}

TEST(remote_is_signalled)
{
	one(0, signal_it);
}

TEST(a_name_is_made_up)
{
	sandlock_policy *policy = open_policy();
	sandlock_sandbox *a, *b;
	sandlock_error err;
	char name[32];

	begin();
	ASSERT_EQ(spawn(policy, NULL, 0, &a, &err), 0);
	ASSERT_EQ(spawn(policy, NULL, 0, &b, &err), 0);
	snprintf(name, sizeof(name), "cat-%lld",
		 (long long)sandlock_sandbox_pid(a));
	EXPECT_STREQ(sandlock_sandbox_name(a), name);
	EXPECT_TRUE(strcmp(sandlock_sandbox_name(b), name) != 0);
	EXPECT_EQ(sandlock_kill(name, 0, LONG_MS, &err), 0);
	EXPECT_EQ(sandlock_kill(name, 0, LONG_MS, &err), -ENOENT);
	sandlock_sandbox_free(a);
	sandlock_sandbox_free(b);
	sandlock_policy_free(policy);
	end();
}

TEST(what_is_wrong_is_a_warning)
{
	sandlock_policy *policy = open_policy();
	sandlock_sandbox *sandbox;
	sandlock_error err;
	char path[96];

	begin();
	snprintf(path, sizeof(path), "%s/sandlock", dir);
	ASSERT_EQ(symlink("/tmp", path), 0);
	for (uint32_t flags = 0; flags <= SANDLOCK_SPAWN_INLINE; flags++) {
		ASSERT_EQ(spawn(policy, "one", flags, &sandbox, &err), 0);
		EXPECT_HAS(sandlock_sandbox_warning(sandbox), path);
		EXPECT_TRUE(sandlock_sandbox_name(sandbox) == NULL);
		sandlock_sandbox_free(sandbox);
	}
	sandlock_policy_free(policy);
	end();
}

TEST(misuse)
{
	static const char *const bad[] = { "",	  ".a",	      "-a", "a/b",
					   "a b", "\xc3\xa4", "..", "a\n" };
	sandlock_policy *policy = open_policy();
	sandlock_instance i = { .size = 4 };
	sandlock_event e = { .size = 4 };
	sandlock_listing *listing;
	sandlock_events *events;
	sandlock_sandbox *s;
	sandlock_error err;
	char name[66];

	begin();
	memset(name, 'n', 65);
	name[65] = '\0';
	for (uint32_t flags = 0; flags <= SANDLOCK_SPAWN_INLINE; flags++) {
		for (size_t k = 0; k < sizeof(bad) / sizeof(*bad); k++)
			EXPECT_EQ(spawn(policy, bad[k], flags, &s, &err),
				  -EINVAL);
		EXPECT_EQ(spawn(policy, name, flags, &s, &err), -EINVAL);
		ASSERT_EQ(spawn(policy, name + 1, flags, &s, &err), 0);
		sandlock_sandbox_free(s);
	}
	EXPECT_EQ(sandlock_inspect("../x", &listing, &err), -ENOENT);
	EXPECT_EQ(sandlock_inspect(NULL, &listing, &err), -EINVAL);
	EXPECT_EQ(sandlock_list(NULL, &err), -EINVAL);
	EXPECT_EQ(sandlock_ports("../x", &listing, &err), -ENOENT);
	EXPECT_EQ(sandlock_ports(NULL, &listing, &err), -EINVAL);
	EXPECT_EQ(sandlock_ports("none", NULL, &err), -EINVAL);
	EXPECT_EQ(sandlock_kill("none", -1, 0, &err), -EINVAL);
	EXPECT_EQ(sandlock_kill("none", 0, 0, &err), -ENOENT);
	EXPECT_EQ(sandlock_kill(NULL, 0, 0, &err), -EINVAL);
	EXPECT_EQ(sandlock_signal("none", 65, &err), -EINVAL);
	EXPECT_EQ(sandlock_signal("none", SIGTERM, &err), -ENOENT);
	EXPECT_EQ(sandlock_events_open("none", &events, &err), -ENOENT);
	EXPECT_EQ(sandlock_events_fd(NULL), -EINVAL);
	ASSERT_EQ(sandlock_list(&listing, &err), 0);
	EXPECT_EQ(sandlock_listing_at(listing, 0, &i), -EINVAL);
	sandlock_listing_free(listing);
	sandlock_listing_free(NULL);
	ASSERT_EQ(sandlock_events_open(NULL, &events, &err), 0);
	EXPECT_EQ(sandlock_events_next(events, 0, &e, &err), -EINVAL);
	e.size = sizeof(e);
	EXPECT_EQ(sandlock_events_next(events, 0, &e, &err), -ETIMEDOUT);
	sandlock_events_free(events);
	sandlock_events_free(NULL);
	sandlock_policy_free(policy);
	end();
}

TEST(events_arrive)
{
	sandlock_policy *policy = open_policy();
	sandlock_event e = { .size = sizeof(e) };
	sandlock_events *events;
	sandlock_sandbox *s;
	sandlock_error err;

	begin();
	ASSERT_EQ(spawn(policy, "ev", 0, &s, &err), 0);
	EXPECT_STREQ(sandlock_sandbox_name(s), "ev");
	ASSERT_EQ(sandlock_events_open("ev", &events, &err), 0);
	EXPECT_GE(sandlock_events_fd(events), 0);
	ASSERT_EQ(sandlock_events_next(events, LONG_MS, &e, &err), 0);
	EXPECT_EQ(e.kind, SANDLOCK_EVENT_STARTED);
	EXPECT_EQ(e.pid, sandlock_sandbox_pid(s));
	EXPECT_STREQ(e.name, "ev");
	EXPECT_HAS(e.json, "{\"event\":\"started\",\"sandbox\":\"ev\",");
	ASSERT_EQ(sandlock_signal("ev", SIGSTOP, &err), 0);
	ASSERT_EQ(sandlock_events_next(events, LONG_MS, &e, &err), 0);
	EXPECT_EQ(e.kind, SANDLOCK_EVENT_STOPPED);
	EXPECT_EQ(e.signal, SIGSTOP);
	/* TERM reaches also what is stopped. */
	EXPECT_EQ(sandlock_kill("ev", LONG_MS, LONG_MS, &err), 0);
	ASSERT_EQ(sandlock_events_next(events, LONG_MS, &e, &err), 0);
	EXPECT_EQ(e.kind, SANDLOCK_EVENT_ENDED);
	EXPECT_EQ(e.reason, SANDLOCK_REASON_SIGNALED);
	EXPECT_EQ(e.code, -1);
	EXPECT_EQ(e.signal, SIGTERM);
	EXPECT_EQ(sandlock_events_next(events, LONG_MS, &e, &err), -ENODATA);
	sandlock_events_free(events);
	sandlock_sandbox_free(s);
	sandlock_policy_free(policy);
	end();
}

/* ------------------------------------------------ a slow reader */

#define EVENTS 20000

/* The inside alone, with a run that is none, and one who listens. */
struct slow {
	struct sl_life life;
	struct sl_run run;
	struct sl_naming naming;
	sandlock_events *events;
	sandlock_event event;
	int epoll;
};

static struct slow *open_slow(void)
{
	const char *argv[] = { "x", NULL };
	struct sl_control_info info = { "slow", dir, argv, NULL };
	struct slow *s = calloc(1, sizeof(*s));
	sandlock_error err = { 0 };

	ASSERT_TRUE(s != NULL);
	s->run.life = &s->life;
	s->naming = SL_NAMING_INIT;
	s->event.size = sizeof(s->event);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	ASSERT_EQ(sl_naming_claim(&s->naming, &info, NULL), 0);
	sl_naming_open(&s->naming, &info, &s->run, s->epoll);
	ASSERT_TRUE(s->naming.control != NULL);
	/* Nobody listens: nothing to do. */
	sl_control_event(&s->run, "{}", 2);
	ASSERT_EQ(sandlock_events_open("slow", &s->events, &err), 0);
	/* One who knocks, then what it wants. */
	sl_naming_dispatch(&s->naming, &s->run);
	sl_naming_dispatch(&s->naming, &s->run);
	return s;
}

static void expect(struct slow *s, uint32_t kind)
{
	ASSERT_EQ(sandlock_events_next(s->events, LONG_MS, &s->event, NULL), 0);
	ASSERT_EQ(s->event.kind, kind);
}

static void tell(struct slow *s, uint64_t number)
{
	char json[32];

	snprintf(json, sizeof(json), "{\"n\":%llu}", (unsigned long long)number);
	sl_control_event(&s->run, json, strlen(json));
}

/* All that is there: an unbroken row from 0. Its length. */
static uint64_t hear(struct slow *s)
{
	uint64_t heard = 0;
	char json[32];

	while (sandlock_events_next(s->events, 0, &s->event, NULL) == 0) {
		snprintf(json, sizeof(json), "{\"n\":%llu}",
			 (unsigned long long)heard++);
		ASSERT_EQ(s->event.kind, SANDLOCK_EVENT_OTHER);
		ASSERT_STREQ(s->event.json, json);
	}
	return heard;
}

TEST(a_slow_reader_loses_events_and_is_told)
{
	struct sl_outcome outcome = { SL_REASON_EXITED, 0, 0 };
	struct slow *s;
	uint64_t heard;

	begin();
	s = open_slow();
	for (uint64_t i = 0; i < EVENTS; i++)
		tell(s, i);
	/* What is longer than promised is not an event. */
	sl_control_event(&s->run, "{}", SL_MAX_EVENT_BYTES + 1);
	expect(s, SANDLOCK_EVENT_STARTED);
	heard = hear(s);
	EXPECT_LT(heard, EVENTS);
	EXPECT_GT(heard, 10);
	/* With room again, first what is missing, then what is new. */
	tell(s, EVENTS);
	expect(s, SANDLOCK_EVENT_LOST);
	EXPECT_EQ(heard + s->event.count, EVENTS);
	EXPECT_HAS(s->event.json, "\"count\":");
	expect(s, SANDLOCK_EVENT_OTHER);
	EXPECT_STREQ(s->event.json, "{\"n\":20000}");
	sl_naming_close(&s->naming, &outcome);
	expect(s, SANDLOCK_EVENT_ENDED);
	EXPECT_EQ(sandlock_events_next(s->events, LONG_MS, &s->event, NULL),
		  -ENODATA);
	EXPECT_TRUE(s->run.control == NULL);
	sandlock_events_free(s->events);
	close(s->epoll);
	free(s);
	end();
}
