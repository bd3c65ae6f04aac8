/* SPDX-License-Identifier: Apache-2.0 */
/*
 * AF_NETLINK inside, seen from the process that judges: it holds no more after
 * thousands of sockets than after a few, and does nothing for whoever floods it
 * and does not read. And of what a program does with one, what a Unix socket
 * does not do by itself.
 */
#include "harness/harness.h"
#include "policy/policy.h"
#include "policy/profile.h"
#include "run/prepare.h"
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/rtnetlink.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define WARM 200
#define MANY 10000
#define WAIT_MS 100000
#define WINDOW 960

/* ------------------------------------------------ what runs inside */

#define NEED(expression)                            \
	do {                                        \
		if (!(expression))                  \
			_exit(__LINE__ % 200 + 20); \
	} while (0)

struct request {
	struct nlmsghdr head;
	struct rtgenmsg gen;
};

static struct request request(uint32_t seq)
{
	return (struct request){
		.head = { .nlmsg_len = sizeof(struct request),
			  .nlmsg_type = RTM_GETLINK,
			  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
			  .nlmsg_seq = seq },
	};
}

static int open_netlink(int flags)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | flags, NETLINK_ROUTE);

	NEED(fd >= 0);
	return fd;
}

/* An answer to @seq, in at most WAIT_MS if it need not be there at once. */
static void hear(int fd, uint32_t seq, uint32_t port, int ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	_Alignas(8) char buf[8192];
	const struct nlmsghdr *head = (const struct nlmsghdr *)buf;
	struct sockaddr_nl from = { .nl_pid = 1 };
	socklen_t len = sizeof(from);

	NEED(poll(&pfd, 1, ms) == 1);
	NEED(recvfrom(fd, buf, sizeof(buf), MSG_DONTWAIT,
		      (struct sockaddr *)&from, &len) > 0);
	NEED(len == sizeof(from) && from.nl_pid == 0);
	NEED(head->nlmsg_type == RTM_NEWLINK && head->nlmsg_seq == seq);
	NEED(head->nlmsg_pid == port);
}

static void ask(int fd, uint32_t seq)
{
	struct sockaddr_nl to = { .nl_family = AF_NETLINK };
	struct request r = request(seq);

	NEED(sendto(fd, &r, sizeof(r), 0, (struct sockaddr *)&to, sizeof(to)) ==
	     sizeof(r));
}

static uint32_t bound(int fd)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(nl);

	NEED(bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == 0);
	NEED(getsockname(fd, (struct sockaddr *)&nl, &len) == 0);
	NEED(len == sizeof(nl) && nl.nl_family == AF_NETLINK && nl.nl_pid);
	return nl.nl_pid;
}

static void cycle(uint32_t seq)
{
	int fd = open_netlink(SOCK_CLOEXEC);
	uint32_t port = bound(fd);

	ask(fd, seq);
	/* As with the kernel: it is there when the send is over. */
	hear(fd, seq, port, 0);
	close(fd);
}

/* A byte out, and one in: that the other side has looked. */
static void tell(void)
{
	char c = '.';

	NEED(write(1, &c, 1) == 1 && read(0, &c, 1) == 1);
}

static void many_inside(void)
{
	for (uint32_t i = 0; i < MANY; i++) {
		cycle(i);
		if (i == WARM)
			tell();
	}
	tell();
}

static void flood_inside(void)
{
	int fds[16];

	for (int i = 0; i < 16; i++) {
		struct request r = request(1);

		fds[i] = open_netlink(SOCK_NONBLOCK);
		/* The other way in, which is not answered in the call. */
		while (write(fds[i], &r, sizeof(r)) == sizeof(r))
			;
		NEED(errno == EAGAIN);
	}
	tell();
	/* And still there is a judge. */
	NEED(chmod(".", 0700) == 0);
	cycle(7);
}

static void *race(void *arg)
{
	for (uint32_t i = 0; i < 100; i++)
		cycle(i);
	return arg;
}

static void uses_inside(void)
{
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	struct sockaddr_un un = { .sun_family = AF_UNIX };
	const socklen_t at = offsetof(struct sockaddr_un, sun_path);
	int fd = open_netlink(SOCK_NONBLOCK | SOCK_CLOEXEC), copy, pair[2];
	uint32_t port = bound(fd);
	pthread_t threads[4];
	struct request r = request(3);
	struct stat st;
	char buf[64];
	int status;

	NEED(fcntl(fd, F_GETFD) == FD_CLOEXEC && fcntl(fd, F_GETFL) & O_NONBLOCK);
	NEED(recv(fd, buf, sizeof(buf), 0) < 0 && errno == EAGAIN);
	NEED(connect(fd, (struct sockaddr *)&nl, sizeof(nl)) == 0);
	nl.nl_pid = port + 1;
	NEED(connect(fd, (struct sockaddr *)&nl, sizeof(nl)) < 0);
	NEED(errno == EPERM);
	/* By another number, whose calls nobody sees, and from a child. */
	copy = dup(fd);
	NEED(write(copy, &r, sizeof(r)) == sizeof(r));
	hear(copy, 3, port, WAIT_MS);
	if (fork() == 0) {
		ask(fd, 4);
		hear(copy, 4, port, WAIT_MS);
		_exit(0);
	}
	NEED(wait(&status) > 0 && status == 0);
	close(fd);
	ask(copy, 5);
	hear(copy, 5, port, WAIT_MS);
	close(copy);
	/* The number is somebody else's then. */
	fd = open_netlink(0);
	NEED(fcntl(fd, F_GETFD) == 0 && !(fcntl(fd, F_GETFL) & O_NONBLOCK));
	NEED(fd >= WINDOW && socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	NEED(dup2(pair[0], fd) == fd);
	{
		struct sockaddr_storage name;
		socklen_t len = sizeof(name);

		NEED(getsockname(fd, (struct sockaddr *)&name, &len) == 0);
		NEED(name.ss_family == AF_UNIX);
		NEED(send(fd, "x", 1, 0) == 1 && recv(pair[1], buf, 1, 0) == 1);
	}
	/* Other protocols and types have what they had. */
	NEED(socket(AF_NETLINK, SOCK_RAW, NETLINK_USERSOCK) < 0);
	NEED(errno == EAFNOSUPPORT);
	NEED(socket(AF_NETLINK, SOCK_STREAM, NETLINK_ROUTE) < 0);
	NEED(errno == ESOCKTNOSUPPORT);
	NEED(socket(AF_NETLINK, SOCK_RAW | 0x100, NETLINK_ROUTE) < 0);
	NEED(errno == EINVAL);
	/* A path of twelve bytes is a path. */
	memcpy(un.sun_path, "a-socket-1", 10);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	NEED(fd >= 0 && bind(fd, (struct sockaddr *)&un, at + 10) == 0);
	NEED(stat("a-socket-1", &st) == 0 && S_ISSOCK(st.st_mode));
	memcpy(un.sun_path, "/a-socket1", 10);
	fd = socket(AF_UNIX, SOCK_STREAM, 0);
	NEED(bind(fd, (struct sockaddr *)&un, at + 10) < 0 && errno == EACCES);
	for (int i = 0; i < 4; i++)
		NEED(pthread_create(&threads[i], NULL, race, NULL) == 0);
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
}

/* Few numbers are no reason not to have one. */
static void few_inside(void)
{
	struct rlimit few = { 64, 64 };
	struct sockaddr_nl nl = { .nl_family = AF_NETLINK };
	socklen_t len = sizeof(nl);
	struct request r = request(9);
	int fd;

	NEED(setrlimit(RLIMIT_NOFILE, &few) == 0);
	fd = open_netlink(0);
	NEED(fd < 64 && bind(fd, (struct sockaddr *)&nl, sizeof(nl)) == 0);
	NEED(getsockname(fd, (struct sockaddr *)&nl, &len) == 0);
	NEED(len == sizeof(nl) && (int)nl.nl_pid == getpid());
	NEED(send(fd, &r, sizeof(r), 0) == sizeof(r));
	hear(fd, 9, nl.nl_pid, WAIT_MS);
}

__attribute__((constructor)) static void inside(int argc, char **argv)
{
	if (argc != 2 || argv[1][0] != '-')
		return;
	if (strcmp(argv[1], "--many") == 0)
		many_inside();
	else if (strcmp(argv[1], "--flood") == 0)
		flood_inside();
	else if (strcmp(argv[1], "--uses") == 0)
		uses_inside();
	else if (strcmp(argv[1], "--few") == 0)
		few_inside();
	else
		return;
	_exit(0);
}

/* ------------------------------------------------ a run */

static char self[PATH_MAX], place[] = "/var/tmp/sl-netlink-XXXXXX";

struct running {
	struct sl_policy *policy;
	struct sl_prepared *prepared;
	struct sl_run *run;
	int to, from;
};

static void place_remove(void)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s/a-socket-1", place);
	unlink(path);
	rmdir(place);
}

static void begin(struct running *r, const char *what, const char *protect)
{
	const char *argv[] = { self, what, NULL };
	struct sl_request req = { .argv = argv };
	struct sl_error err = { 0 };
	int in[2], out[2], own = fcntl(1, F_DUPFD_CLOEXEC, 3);
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	ASSERT_GT(n, 0);
	self[n] = '\0';
	ASSERT_TRUE(mkdtemp(place) && chdir(place) == 0);
	atexit(place_remove);
	ASSERT_TRUE(pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0);
	ASSERT_TRUE(dup2(in[0], 0) == 0 && dup2(out[1], 1) == 1);
	close(in[0]);
	close(out[1]);
	r->to = in[1];
	r->from = out[0];
	ASSERT_EQ(sl_policy_new(&r->policy), 0);
	ASSERT_EQ(sl_profile_load(r->policy, "base", &err), 0);
	ASSERT_EQ(sl_policy_set(r->policy, SL_KEY_FS_WRITE, ".", NULL, &err), 0);
	ASSERT_EQ(sl_policy_set(r->policy, SL_KEY_FS_READ, self, NULL, &err), 0);
	if (protect)
		ASSERT_EQ(sl_policy_set(r->policy, SL_KEY_FS_PROTECT, protect,
					NULL, &err),
			  0);
	ASSERT_EQ(sl_prepare(r->policy, &req, &r->prepared, &err), 0);
	ASSERT_EQ(sl_run_start(&r->prepared->launch, &r->run, &err), 0);
	/* While it starts, these and @argv are lent to it. */
	while (sl_run_dispatch(r->run) < SL_RUN_RUNNING) {
		struct pollfd pfd = { .fd = sl_run_fd(r->run), .events = POLLIN };

		ASSERT_EQ(poll(&pfd, 1, WAIT_MS), 1);
	}
	ASSERT_EQ(dup2(own, 1), 1);
}

/* Until the sandbox tells, or, with @let, is let go on. */
static void listen_to(struct running *r, bool let)
{
	struct pollfd pfd = { .fd = r->from, .events = POLLIN };
	char c;

	if (let)
		ASSERT_EQ(write(r->to, ".", 1), 1);
	ASSERT_EQ(poll(&pfd, 1, WAIT_MS), 1);
	ASSERT_EQ(read(r->from, &c, 1), 1);
}

static void finish(struct running *r)
{
	struct sl_outcome out;

	while (sl_run_dispatch(r->run) < SL_RUN_FAILED) {
		struct pollfd pfd = { .fd = sl_run_fd(r->run), .events = POLLIN };

		ASSERT_EQ(poll(&pfd, 1, WAIT_MS), 1);
	}
	sl_run_outcome(r->run, &out);
	EXPECT_EQ(out.code, 0); /* 20 + the line of a NEED */
	sl_run_free(r->run);
	sl_prepared_free(r->prepared, true);
	sl_policy_free(r->policy);
}

static int count_open(void)
{
	int n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static long resident(void)
{
	long pages = 0;
	FILE *f = fopen("/proc/self/statm", "re");

	ASSERT_TRUE(f && fscanf(f, "%*d %ld", &pages) == 1);
	fclose(f);
	return pages;
}

static int64_t spent_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ------------------------------------------------ the tests */

TEST_OPTS(thousands_leave_nothing_behind, .timeout = 120)
{
	struct running r;
	long pages;
	int fds;

	begin(&r, "--many", NULL);
	listen_to(&r, false);
	fds = count_open();
	pages = resident();
	listen_to(&r, true);
	/* One that is just closed may not have been let go of. */
	EXPECT_LE(count_open(), fds + 1);
	EXPECT_LE(resident(), pages + 64);
	ASSERT_EQ(write(r.to, ".", 1), 1);
	finish(&r);
}

/* Whoever does not read has the judge do nothing: by its own clock. */
TEST(a_flood_costs_nothing_once_it_is_full)
{
	struct timespec pause = { .tv_nsec = 200000000 };
	struct running r;
	int64_t before;

	begin(&r, "--flood", NULL);
	listen_to(&r, false);
	before = spent_ns();
	nanosleep(&pause, NULL);
	EXPECT_LT(spent_ns() - before, pause.tv_nsec / 4);
	ASSERT_EQ(write(r.to, ".", 1), 1);
	finish(&r);
}

TEST(what_programs_do_with_one)
{
	struct running r;

	begin(&r, "--uses", NULL);
	finish(&r);
}

/* Every bind comes to the judge then. */
TEST(the_same_where_a_part_is_protected)
{
	struct running r;

	begin(&r, "--uses", "./none");
	finish(&r);
}

TEST(few_descriptors_suffice)
{
	struct running r;

	begin(&r, "--few", NULL);
	finish(&r);
}
