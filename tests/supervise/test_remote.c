/* SPDX-License-Identifier: Apache-2.0 */
/* Memory and descriptors of a caller: of a hostile, a blind and a dead one. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/linger.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/process.h"

#define PAGE 4096

/* Eight pages of which those from @readable on are gone. */
static char *pages(int readable)
{
	char *base = mmap(NULL, 8 * PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_TRUE(base != MAP_FAILED);
	memset(base, 'x', 8 * PAGE);
	munmap(base + readable * PAGE, (size_t)(8 - readable) * PAGE);
	return base;
}

static ssize_t string(struct caller *caller, const void *addr, size_t size)
{
	static char buf[2 * PATH_MAX];
	ssize_t r;

	memset(buf, 1, sizeof(buf));
	caller_trap(caller, ARGS(0));
	r = sl_remote_string(&caller->call, (uint64_t)(uintptr_t)addr, buf, size);
	EXPECT_TRUE(caller->call.read_memory);
	EXPECT_EQ(buf[size], 1);
	if (r >= 0)
		EXPECT_EQ(strlen(buf), r);
	caller_answer(caller, sl_answer(0));
	return r;
}

TEST(strings_at_every_border)
{
	static const int lengths[] = { 0,   1,	 254,  255,  256,
				       257, 511, 4094, 4095, 4096 };
	char *base = pages(2), *end = base + 2 * PAGE;
	char *copies[10];
	struct caller caller;

	/* Ends with the last byte of the last page. */
	for (int i = 0; i < 10; i++) {
		copies[i] = pages(2);
		copies[i][2 * PAGE - 1] = '\0';
	}
	caller_start(&caller, NULL);
	for (int i = 0; i < 10; i++) {
		const char *at = copies[i] + 2 * PAGE - 1 - lengths[i];
		ssize_t want = lengths[i] < PATH_MAX ? lengths[i] : -ENAMETOOLONG;

		EXPECT_EQ(string(&caller, at, PATH_MAX), want);
	}
	EXPECT_EQ(string(&caller, end - 1, PATH_MAX), -EFAULT);
	EXPECT_EQ(string(&caller, end - 300, PATH_MAX), -EFAULT);
	EXPECT_EQ(string(&caller, base + 1, PATH_MAX), -ENAMETOOLONG);
	EXPECT_EQ(string(&caller, base, PATH_MAX), -ENAMETOOLONG);
	EXPECT_EQ(string(&caller, end - PATH_MAX, PATH_MAX), -ENAMETOOLONG);
	EXPECT_EQ(string(&caller, end - PATH_MAX + 1, PATH_MAX), -EFAULT);
	EXPECT_EQ(string(&caller, end - 256, 256), -ENAMETOOLONG);
	EXPECT_EQ(string(&caller, end - 255, 256), -EFAULT);
	EXPECT_EQ(string(&caller, NULL, PATH_MAX), -EFAULT);
	EXPECT_EQ(string(&caller, (void *)-1, PATH_MAX), -EFAULT);
	EXPECT_EQ(string(&caller, (void *)-300, PATH_MAX), -EFAULT);
	EXPECT_EQ(string(&caller, (void *)(1ul << 63), PATH_MAX), -EFAULT);
	caller_end(&caller);
}

TEST(protection_is_respected)
{
	char *base = pages(3), got[8], zero[8] = { 0 };
	struct caller caller;

	mprotect(base, PAGE, PROT_READ);
	mprotect(base + PAGE, PAGE, PROT_NONE);
	caller_start(&caller, NULL);
	caller_trap(&caller, ARGS(ADDR(base)));
	uint64_t addr = sl_call_arg(&caller.call, 0);

	EXPECT_EQ(sl_remote_read(&caller.call, addr, got, 8), 0);
	EXPECT_EQ(sl_remote_read(&caller.call, addr + PAGE, got, 8), -EFAULT);
	EXPECT_EQ(sl_remote_read(&caller.call, addr + PAGE - 4, got, 8), -EFAULT);
	EXPECT_EQ(sl_remote_read(&caller.call, 0, got, 0), 0);
	EXPECT_EQ(sl_remote_write(&caller.call, addr, zero, 8), -EFAULT);
	EXPECT_EQ(sl_remote_read(&caller.call, addr, got, 8), 0);
	EXPECT_EQ(memcmp(got, "xxxxxxxx", 8), 0);
	EXPECT_EQ(sl_remote_write(&caller.call, addr + PAGE, zero, 8), -EFAULT);
	EXPECT_EQ(sl_remote_write(&caller.call, addr + 2 * PAGE, zero, 8), 0);
	EXPECT_EQ(sl_remote_read(&caller.call, addr + 2 * PAGE, got, 8), 0);
	EXPECT_EQ(memcmp(got, zero, 8), 0);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
}

TEST(structures_that_grew)
{
	char *base = pages(4);
	char got[16], want[16] = { 0 };
	struct caller caller;

	memset(base + 16, 0, PAGE);
	base[3 * PAGE] = 1;
	memset(base + 2 * PAGE, 0, PAGE);
	caller_start(&caller, NULL);
	caller_trap(&caller, ARGS(ADDR(base)));
	uint64_t at = sl_call_arg(&caller.call, 0);

	memset(want, 'x', 8);
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at, 8, got, 16), 0);
	EXPECT_EQ(memcmp(got, want, 16), 0);
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at, 16, got, 16), 0);
	EXPECT_EQ(got[15], 'x');
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at, 100, got, 16), 0);
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at, 4096, got, 16), 0);
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at, 4097, got, 16), -E2BIG);
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at, 17, got, 8), -E2BIG);
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at + 3 * PAGE - 100, 101,
					got, 16),
		  -E2BIG);
	EXPECT_EQ(sl_remote_read_struct(&caller.call, at + 4 * PAGE - 8, 16,
					got, 16),
		  -EFAULT);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
}

/* ------------------------------------------------ who cannot be read */

/* Capabilities would see through it. */
static void become_user(void)
{
	if (geteuid() == 0) {
		ASSERT_EQ(setresgid(65534, 65534, 65534), 0);
		ASSERT_EQ(setresuid(65534, 65534, 65534), 0);
		prctl(PR_SET_DUMPABLE, 1);
	}
}

static void expect_refused(struct caller *caller)
{
	char buf[16];
	int zero = 0;

	EXPECT_EQ(sl_remote_string(&caller->call, ADDR(caller->shared), buf, 16),
		  -EPERM);
	EXPECT_EQ(sl_remote_read(&caller->call, ADDR(caller->shared), buf, 16),
		  -EPERM);
	EXPECT_EQ(sl_remote_write(&caller->call, ADDR(caller->shared), &zero, 4),
		  -EPERM);
	EXPECT_EQ(sl_remote_fd(&caller->call, 0), -EPERM);
	EXPECT_EQ(sl_pin(&caller->call, AT_FDCWD, "x", 0), -EPERM);
	EXPECT_EQ(sl_pin(&caller->call, 0, "x", 0), -EPERM);
	EXPECT_EQ(sl_pin(&caller->call, AT_FDCWD, "/proc/self/fd/0", 0), -EPERM);
}

static void hide(void)
{
	prctl(PR_SET_DUMPABLE, 1);
}

static long become_undumpable(struct shared *shared)
{
	(void)shared;
	return prctl(PR_SET_DUMPABLE, 0);
}

TEST(an_undumpable_caller_is_refused)
{
	struct caller caller;

	become_user();
	caller_start(&caller, hide);
	EXPECT_EQ(caller_run(&caller, become_undumpable), 0);
	caller_trap(&caller, ARGS(0));
	expect_refused(&caller);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
}

/* This very program, without the right to be read. */
__attribute__((constructor)) static void trap_if_told(void)
{
	if (getenv("SL_TEST_TRAP")) {
		caller_trapped(0);
		_exit(0);
	}
}

static long run_unreadable(struct shared *shared)
{
	char name[] = "x", told[] = "SL_TEST_TRAP=1";
	char *argv[] = { name, NULL }, *envp[] = { told, NULL };

	execve(shared->name, argv, envp);
	return -errno;
}

static void copy_program(const char *to)
{
	char buf[65536];
	int in = open("/proc/self/exe", O_RDONLY), out;
	ssize_t n;

	out = open(to, O_CREAT | O_WRONLY, 0755);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		ASSERT_EQ(write(out, buf, (size_t)n), n);
	close(in);
	ASSERT_EQ(fchmod(out, 0111), 0);
	close(out);
}

TEST(a_program_of_mode_0111_is_refused)
{
	const char *place = place_make();
	struct caller caller;

	ASSERT_EQ(chmod(place, 0755), 0);
	copy_program("exec");
	if (geteuid() == 0)
		ASSERT_EQ(chown(place, 65534, 65534), 0);
	become_user();
	caller_start(&caller, NULL);
	snprintf(caller.shared->name, PATH_MAX, "%s/exec", place);
	caller_trap_in(&caller, run_unreadable);
	expect_refused(&caller);
	kill(caller.pid, SIGKILL);
	waitpid(caller.pid, NULL, 0);
	place_remove();
}

/* ------------------------------------------------ who is gone */

TEST(a_dead_caller_is_refused)
{
	struct caller caller;
	char buf[16];

	caller_start(&caller, NULL);
	caller_trap(&caller, ARGS(0));
	EXPECT_EQ(sl_call_alive(&caller.call), 0);
	EXPECT_GE(sl_remote_pidfd(&caller.call), 0);
	kill(caller.pid, SIGKILL);
	waitpid(caller.pid, NULL, 0);
	EXPECT_EQ(sl_call_alive(&caller.call), -ENOENT);
	EXPECT_EQ(sl_remote_string(&caller.call, ADDR(caller.shared), buf, 16),
		  -ESRCH);
	EXPECT_EQ(sl_remote_fd(&caller.call, 0), -ESRCH);
	EXPECT_EQ(sl_remote_tgid(&caller.call), -ESRCH);
	/* The path is there; but it may be nobody's or another's question. */
	EXPECT_EQ(sl_pin(&caller.call, AT_FDCWD, "/", 0), -ENOENT);
	EXPECT_LT(sl_pin(&caller.call, AT_FDCWD, ".", 0), 0);
}

TEST(a_pidfd_of_an_earlier_task_is_replaced)
{
	struct caller caller;
	struct sl_judge_pidfd *slot;
	pid_t other = fork();
	int fd;

	if (other == 0)
		_exit(0);
	caller_start(&caller, NULL);
	slot = &caller.judge.pidfds[caller.pid % SL_JUDGE_PIDFDS];
	slot->tid = caller.pid;
	slot->fd = sl_pidfd_open(other, 0);
	ASSERT_GE(slot->fd, 0);
	waitpid(other, NULL, 0);
	caller_trap(&caller, ARGS(0));
	fd = sl_remote_fd(&caller.call, 0);
	EXPECT_GE(fd, 0);
	close(fd);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
}

/* ------------------------------------------------ sockets that linger */

#define LINGER_SECONDS 30

/* One whose last close waits: the other end, which stays, reads nothing. */
static int lingering(void)
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	struct linger linger = { 1, LINGER_SECONDS };
	static const char text[65536];
	socklen_t len = sizeof(addr);
	int server = socket(AF_INET, SOCK_STREAM, 0);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	ASSERT_EQ(bind(server, (struct sockaddr *)&addr, len), 0);
	ASSERT_EQ(listen(server, 1), 0);
	ASSERT_EQ(getsockname(server, (struct sockaddr *)&addr, &len), 0);
	ASSERT_EQ(connect(fd, (struct sockaddr *)&addr, len), 0);
	ASSERT_GE(accept(server, NULL, NULL), 0);
	close(server);
	ASSERT_EQ(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	while (write(fd, text, sizeof(text)) > 0)
		;
	ASSERT_EQ(setsockopt(fd, SOL_SOCKET, SO_LINGER, &linger, sizeof(linger)),
		  0);
	return fd;
}

static int own; /* what make_lingering() made, in the caller */

static long make_lingering(struct shared *shared)
{
	(void)shared;
	return own = lingering();
}

static int lowest(void)
{
	int fd = dup(0);

	close(fd);
	return fd;
}

static long drop_own(struct shared *shared)
{
	(void)shared;
	return close(own);
}

TEST(no_handler_closes_the_last_copy)
{
	struct caller caller;
	time_t start;
	int before, fd;
	long number;

	caller_start(&caller, NULL);
	number = caller_run(&caller, make_lingering);
	ASSERT_GE(number, 0);
	caller_trap(&caller, ARGS(0));
	close(sl_remote_fd(&caller.call, 0)); /* the pidfd is kept */
	before = lowest();
	fd = sl_remote_fd(&caller.call, (int)number);
	ASSERT_GE(fd, 0);
	caller_answer(&caller, sl_answer(0));
	ASSERT_EQ(caller_run(&caller, drop_own), 0);
	start = time(NULL);
	close(fd);
	sl_remote_release(&caller.judge);
	EXPECT_LT(time(NULL) - start, LINGER_SECONDS / 2);
	EXPECT_EQ(lowest(), before);
	caller_end(&caller);
}

/* As in the judge's thread. */
static void block_signals(void)
{
	sigset_t all;

	sigfillset(&all);
	ASSERT_EQ(pthread_sigmask(SIG_SETMASK, &all, NULL), 0);
}

TEST(the_last_close_does_not_wait)
{
	static struct sl_judge judge;
	int fd = lingering();
	time_t start = time(NULL);

	block_signals();
	EXPECT_TRUE(sl_linger_may(fd));
	EXPECT_TRUE(sl_linger_close(&judge, fd));
	EXPECT_LT(time(NULL) - start, LINGER_SECONDS / 2);
	EXPECT_LT(fcntl(fd, F_GETFD), 0);
	sl_hurry_fini(&judge.hurry);
}

static void send_fd(int to, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr head;
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
			      .msg_iovlen = 1,
			      .msg_control = &control,
			      .msg_controllen = sizeof(control) };

	memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
	ASSERT_EQ(sendmsg(to, &msg, 0), 1);
}

/* What lies in its queue is closed with it, and may linger. */
TEST(the_last_close_of_a_queue_does_not_wait)
{
	static struct sl_judge judge;
	time_t start = time(NULL);
	int pair[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 20; i++) {
		int fd = lingering();

		send_fd(pair[0], fd);
		close(fd);
	}
	close(pair[0]);
	block_signals();
	EXPECT_TRUE(sl_linger_may(pair[1]));
	EXPECT_TRUE(sl_linger_close(&judge, pair[1]));
	EXPECT_LT(time(NULL) - start, LINGER_SECONDS / 2);
	sl_hurry_fini(&judge.hurry);
}

/* RLIMIT_SIGPENDING, RLIMIT_NPROC: what the user may have, others used up. */
TEST(what_cannot_be_closed_is_kept)
{
	static struct sl_judge judge;
	struct rlimit limit, none;
	int fd = lingering();

	become_user();
	block_signals();
	ASSERT_EQ(setrlimit(RLIMIT_SIGPENDING, &(struct rlimit){ 0, 0 }), 0);
	ASSERT_EQ(getrlimit(RLIMIT_NPROC, &limit), 0);
	none = (struct rlimit){ 0, limit.rlim_max };
	ASSERT_EQ(setrlimit(RLIMIT_NPROC, &none), 0);
	EXPECT_FALSE(sl_linger_close(&judge, fd));
	EXPECT_GE(fcntl(fd, F_GETFD), 0);
	EXPECT_FALSE(sl_linger_close(&judge, -1));
	/* A thread does it as well. */
	ASSERT_EQ(setrlimit(RLIMIT_NPROC, &limit), 0);
	EXPECT_TRUE(sl_linger_close(&judge, -1));
	EXPECT_LT(fcntl(fd, F_GETFD), 0);
}

/* A timer that was made early does not ask what the user may still have. */
TEST(a_call_that_would_wait_is_interrupted)
{
	struct sockaddr_un name = { .sun_family = AF_UNIX };
	const struct rlimit none = { 0, 0 };
	struct sl_hurry hurry = { 0 };
	int server = socket(AF_UNIX, SOCK_STREAM, 0);
	int first = socket(AF_UNIX, SOCK_STREAM, 0);
	int second = socket(AF_UNIX, SOCK_STREAM, 0);
	socklen_t len = sizeof(name);

	/* An abstract name of the kernel's choice, and room for one. */
	ASSERT_EQ(bind(server, (struct sockaddr *)&name, sizeof(sa_family_t)), 0);
	ASSERT_EQ(getsockname(server, (struct sockaddr *)&name, &len), 0);
	ASSERT_EQ(listen(server, 0), 0);
	ASSERT_EQ(connect(first, (struct sockaddr *)&name, len), 0);
	block_signals();
	ASSERT_TRUE(sl_hurry_prepare(&hurry));
	ASSERT_EQ(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	for (int i = 0; i < 3; i++) {
		EXPECT_TRUE(sl_hurry(&hurry));
		EXPECT_LT(connect(second, (struct sockaddr *)&name, len), 0);
		EXPECT_EQ(errno, EINTR);
		sl_hurry_over(&hurry);
	}
	sl_hurry_fini(&hurry);
}

/* ------------------------------------------------ threads */

static void *thread_main(void *arg)
{
	int *number = arg;

	/* A table of its own: /proc/self/fd is not its own then. */
	if (unshare(CLONE_FILES) == 0) {
		*number = open("/", O_PATH);
		caller_trapped(*number);
	}
	return NULL;
}

static long trap_in_thread(struct shared *shared)
{
	pthread_t thread;
	int number = 0;

	(void)shared;
	pthread_create(&thread, NULL, thread_main, &number);
	pthread_join(thread, NULL);
	return number;
}

TEST(a_thread_with_its_own_descriptors)
{
	struct caller caller;
	int fd;

	caller_start(&caller, NULL);
	caller_trap_in(&caller, trap_in_thread);
	EXPECT_NE(caller.notif.pid, caller.pid);
	EXPECT_EQ(sl_remote_tgid(&caller.call), caller.pid);
	EXPECT_TRUE(sl_remote_is_own(&caller.call, caller.pid));
	EXPECT_TRUE(sl_remote_is_own(&caller.call, (pid_t)caller.notif.pid));
	EXPECT_FALSE(sl_remote_is_own(&caller.call, getpid()));
	EXPECT_FALSE(sl_remote_is_own(&caller.call, 1));
	EXPECT_FALSE(sl_remote_is_own(&caller.call, 0));
	EXPECT_FALSE(sl_remote_is_own(&caller.call, -1));
	fd = sl_remote_fd(&caller.call, sl_call_int(&caller.call, 0));
	EXPECT_GE(fd, 0);
	close(fd);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
}
