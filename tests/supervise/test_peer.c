/* SPDX-License-Identifier: Apache-2.0 */
/* connect, listen and sends by the judge: every errno that the bare call has. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/handlers.h"
#include "supervise/patient.h"

#define PATH_AT offsetof(struct sockaddr_un, sun_path)
#define WHOLE sizeof(struct sockaddr_un)

enum fd {
	STREAM = 20,
	DGRAM,
	SEQ,
	TCP,
	TCP6,
	HANDLE, /* O_PATH of a socket's inode */
	PLAIN,	/* a regular file */
	PAIR,	/* connected */
	NONE = 99,
};

static void put(int fd, int at)
{
	if (fd < 0 || dup2(fd, at) < 0)
		_exit(90);
	close(fd);
}

static void make_sockets(void)
{
	int pair[2];

	put(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0), STREAM);
	put(socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0), DGRAM);
	put(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK, 0), SEQ);
	put(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), TCP);
	put(socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0), TCP6);
	put(open("w/s", O_PATH), HANDLE);
	put(open("w/file", O_RDONLY), PLAIN);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair) < 0)
		_exit(91);
	put(pair[0], PAIR);
}

static const struct {
	const char *path;
	int family;
	long len;    /* of the address */
	long denied; /* what is ours to say; 0: the same as bare */
} cells[] = {
	{ "w/none", AF_UNIX, WHOLE, 0 },
	{ "w/file", AF_UNIX, WHOLE, 0 },
	{ "w/file/x", AF_UNIX, WHOLE, 0 },
	{ "w", AF_UNIX, WHOLE, 0 },
	{ "w/loop", AF_UNIX, WHOLE, 0 },
	{ "w/dangling", AF_UNIX, WHOLE, 0 },
	{ "w/fifo", AF_UNIX, WHOLE, 0 },
	{ "w/s", AF_UNIX, WHOLE, 0 }, /* nobody listens */
	{ "w/d", AF_UNIX, WHOLE, 0 }, /* a datagram socket's */
	{ "w/s", AF_UNIX, PATH_AT + 2, 0 },
	{ "out/file", AF_UNIX, WHOLE, 0 },
	{ "out/s", AF_UNIX, WHOLE, -EACCES },
	{ "w/to-out", AF_UNIX, WHOLE, -EACCES },
	{ "out/s", AF_UNIX, PATH_AT + 5, -EACCES },
	{ "/", AF_UNIX, WHOLE, 0 },
	{ "/proc/self/fd/27", AF_UNIX, WHOLE, 0 },
	{ "", AF_UNIX, WHOLE, 0 },
	{ "", AF_UNIX, PATH_AT + 1, 0 },
	{ "w/s", AF_UNIX, PATH_AT, 0 },
	{ "w/s", AF_UNIX, 1, 0 },
	{ "w/s", AF_UNIX, 0, 0 },
	{ "w/s", AF_UNIX, WHOLE + 1, 0 },
	{ "out/s", AF_UNIX, WHOLE + 18, 0 },
	{ "w/s", AF_UNIX, 129, 0 },
	{ "w/s", AF_UNIX, -1, 0 },
	{ "w/s", AF_INET, WHOLE, 0 },
	{ "w/s", AF_INET6, WHOLE, 0 },
	{ "w/s", 77, WHOLE, 0 },
};

static int server; /* listens at "out/s", with room for two */

static void make_world(const char **ret_top)
{
	const char *top = place_make();
	int fd;

	ASSERT_EQ(mkdir("w", 0755), 0);
	ASSERT_EQ(mkdir("out", 0755), 0);
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "w/s", "w/d", "out/s" };
		struct sockaddr_un sun = { .sun_family = AF_UNIX };

		strcpy(sun.sun_path, names[i]);
		fd = socket(AF_UNIX, i == 1 ? SOCK_DGRAM : SOCK_STREAM, 0);
		ASSERT_EQ(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
		/* Of "d" and "out/s" somebody is there. */
		if (i == 2)
			listen(server = fd, 1);
		if (i == 0)
			close(fd);
	}
	close(open("w/file", O_CREAT | O_WRONLY, 0644));
	close(open("out/file", O_CREAT | O_WRONLY, 0644));
	ASSERT_EQ(mkfifo("w/fifo", 0644), 0);
	ASSERT_EQ(symlink("loop", "w/loop"), 0);
	ASSERT_EQ(symlink("nowhere", "w/dangling"), 0);
	ASSERT_EQ(symlink("../out/s", "w/to-out"), 0);
	*ret_top = top;
}

/* Addresses are made here before the child is forked, or in shared memory. */
static void address(struct caller *caller, size_t i)
{
	struct sockaddr_un *sun = (void *)caller->shared->path;

	memset(caller->shared->path, 0, 256);
	sun->sun_family = (sa_family_t)cells[i].family;
	memcpy(sun->sun_path, cells[i].path, strlen(cells[i].path));
}

static long expected(long bare, long denied, int fd)
{
	/* Only a Unix socket that the kernel would let look. */
	if (!denied || (fd != STREAM && fd != DGRAM && fd != SEQ && fd != PAIR))
		return bare;
	return denied;
}

static void check_cells(struct caller *caller, int fd)
{
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		long args[6] = { fd, ADDR(caller->shared->path), cells[i].len };
		long bare, got;

		/* That would begin, and be another call the second time. */
		if (cells[i].family != AF_UNIX && (fd == TCP || fd == TCP6))
			continue;
		address(caller, i);
		got = caller_judged(caller, sl_h_connect, args);
		bare = caller_bare(caller, SYS_connect, args);
		if (got != expected(bare, cells[i].denied, fd))
			th_fail(__FILE__, __LINE__, "%d, %s, %ld: %ld, bare %ld",
				fd, cells[i].path, cells[i].len, got, bare);
	}
}

TEST(connect_fails_as_the_bare_call_does)
{
	struct caller caller;
	struct sl_root root;
	const char *top;
	char path[128];

	make_world(&top);
	snprintf(path, sizeof(path), "%s/w", top);
	caller_start(&caller, make_sockets);
	root = root_of(path, SL_RIGHT_READ | SL_RIGHT_WRITE);
	caller_roots(&caller, &root, 1);
	caller.judge.abstract = true;
	for (int fd = STREAM; fd <= PAIR; fd++)
		check_cells(&caller, fd);
	check_cells(&caller, NONE);
	check_cells(&caller, -1);
	EXPECT_EQ(caller_judged(&caller, sl_h_connect, ARGS(STREAM, 8, 16)),
		  -EFAULT);
	caller_end(&caller);
	place_remove();
}

static long connect_to(struct caller *caller, int fd, const char *name,
		       socklen_t len)
{
	struct sockaddr_un *sun = (void *)caller->shared->path;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	if (len == WHOLE)
		strcpy(sun->sun_path, name);
	else
		memcpy(sun->sun_path, name, len - PATH_AT);
	return caller_judged(caller, sl_h_connect, ARGS(fd, ADDR(sun), len));
}

/* KERNEL 6.12: without Landlock's scope all abstract names are refused. */
TEST(abstract_names_are_refused_where_nobody_scopes_them)
{
	struct caller caller;
	const char *top;
	const char name[] = "\0sandlock-no-such-name";

	make_world(&top);
	caller_start(&caller, make_sockets);
	caller_roots(&caller, NULL, 0);
	EXPECT_EQ(connect_to(&caller, STREAM, name, PATH_AT + sizeof(name)),
		  -EPERM);
	EXPECT_EQ(connect_to(&caller, DGRAM, "", PATH_AT + 1), -EPERM);
	caller.judge.abstract = true;
	EXPECT_EQ(connect_to(&caller, STREAM, name, PATH_AT + sizeof(name)),
		  -ECONNREFUSED);
	caller_end(&caller);
	place_remove();
}

/* A stream's socket "out/s" listens, and may be connected to. */
static void start_with_socket(struct caller *caller)
{
	static struct sl_root root; /* borrowed until the end */
	const char *top;
	static char path[128];

	make_world(&top);
	snprintf(path, sizeof(path), "%s/out/s", top);
	caller_start(caller, make_sockets);
	root = root_of(path, SL_RIGHT_UNIX);
	caller_roots(caller, &root, 1);
}

static long make_blocking(struct shared *shared)
{
	(void)shared;
	return fcntl(STREAM, F_SETFL, 0);
}

static long make_another(struct shared *shared)
{
	(void)shared;
	put(socket(AF_UNIX, SOCK_STREAM, 0), STREAM);
	return 0;
}

static struct sl_answer trap_connect(struct caller *caller)
{
	struct sockaddr_un *sun = (void *)caller->shared->path;

	memset(sun, 0, sizeof(*sun));
	sun->sun_family = AF_UNIX;
	strcpy(sun->sun_path, "out/s");
	caller_trap(caller, ARGS(STREAM, ADDR(sun), sizeof(*sun)));
	return sl_h_connect(&caller->call);
}

static void fill_queue(void)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX, .sun_path = "out/s" };
	int fd;

	do
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
	while (connect(fd, (struct sockaddr *)&to, sizeof(to)) == 0);
	ASSERT_EQ(errno, EAGAIN);
	close(fd);
}

/* SECURITY: nor where O_NONBLOCK was set when it looked. */
TEST(the_thread_that_judges_waits_for_no_room)
{
	struct caller caller;
	struct sl_answer how;

	start_with_socket(&caller);
	fill_queue();
	how = trap_connect(&caller);
	EXPECT_EQ(how.kind, SL_ANSWER_FAIL);
	EXPECT_EQ(caller_answer(&caller, how), -EAGAIN);
	ASSERT_EQ(caller_run(&caller, make_blocking), 0);
	how = trap_connect(&caller);
	EXPECT_EQ(how.kind, SL_ANSWER_LATER);
	ASSERT_GE(accept(server, NULL, NULL), 0);
	EXPECT_EQ(caller_answer(&caller, how), 0);
	caller_end(&caller);
	place_remove();
}

/* SECURITY: another sandbox of the user can use up the signals that may wait. */
TEST(who_waits_is_interrupted_whatever_is_pending)
{
	const struct rlimit none = { 0, 0 };
	struct caller caller;
	struct sl_answer how;

	start_with_socket(&caller);
	ASSERT_EQ(caller_run(&caller, make_blocking), 0);
	fill_queue();
	how = trap_connect(&caller);
	EXPECT_EQ(how.kind, SL_ANSWER_LATER);
	ASSERT_GE(accept(server, NULL, NULL), 0);
	EXPECT_EQ(caller_answer(&caller, how), 0);
	/* The thread is there, and has what it needs. */
	ASSERT_EQ(caller_run(&caller, make_another), 0);
	fill_queue();
	how = trap_connect(&caller);
	EXPECT_EQ(how.kind, SL_ANSWER_LATER);
	ASSERT_EQ(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	sl_patient_free(caller.judge.patient);
	caller.judge.patient = NULL;
	EXPECT_EQ(caller_answer(&caller, how), -EINTR);
	caller_end(&caller);
	place_remove();
}

TEST(a_grant_for_sockets_is_no_grant_to_write)
{
	struct caller caller;

	start_with_socket(&caller);
	EXPECT_EQ(connect_to(&caller, SEQ, "out/s", WHOLE), -EPROTOTYPE);
	EXPECT_EQ(connect_to(&caller, STREAM, "out/s", WHOLE), 0);
	EXPECT_EQ(connect_to(&caller, STREAM, "out/s", WHOLE), -EISCONN);
	strcpy(caller.shared->path, "out/s");
	EXPECT_EQ(caller_judged(&caller, sl_h_chmod,
				ARGS(ADDR(caller.shared->path), 0600)),
		  -EPERM);
	caller_end(&caller);
	place_remove();
}

/* A TCP socket without a port must not get one; others have none to get. */
TEST(listening_is_for_unix_sockets)
{
	struct caller caller;
	const char *top;

	make_world(&top);
	caller_start(&caller, make_sockets);
	caller_roots(&caller, NULL, 0);
	EXPECT_EQ(caller_judged(&caller, sl_h_listen, ARGS(TCP, 1)), -EACCES);
	EXPECT_EQ(caller_judged(&caller, sl_h_listen, ARGS(TCP6, 1)), -EACCES);
	for (int fd = STREAM; fd <= PAIR; fd++) {
		if (fd == TCP || fd == TCP6)
			continue;
		EXPECT_EQ(caller_judged(&caller, sl_h_listen, ARGS(fd, 1)),
			  caller_bare(&caller, SYS_listen, ARGS(fd, 1)));
	}
	EXPECT_EQ(caller_judged(&caller, sl_h_listen, ARGS(NONE, 1)), -EBADF);
	caller_end(&caller);
	place_remove();
}
