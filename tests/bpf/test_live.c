/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The compiled filter in the kernel: a sample of real calls, and calls through
 * the other doors. Each test installs it in its own process.
 */
#include "bpf/compile.h"
#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define HIGH 0xdeadbeef00000000ul

/* The leak check at exit forks and traces, which the filter refuses. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "detect_leaks=0";
}

/* No signal, no core: a kill by the filter looks like SIGSYS. */
static void install(struct naive n)
{
	struct rlimit none = { 0, 0 };
	struct sl_error err = { 0 };
	struct sl_plan_filter filter;
	struct sock_fprog prog;

	n.arch = SL_ARCH_NATIVE;
	filter = compile_filter(&n, &err);
	ASSERT_STREQ(err.msg, "");
	prog = (struct sock_fprog){ (unsigned short)filter.count, filter.insns };
	setrlimit(RLIMIT_CORE, &none);
	ASSERT_EQ(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	ASSERT_EQ(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog), 0);
	free(filter.insns);
}

/* Trapped: without anybody who answers the kernel refuses it so. */
#define NOBODY (-2)

struct call {
	const char *name;
	unsigned long args[6];
	int error; /* 0: it works; ANY: not stopped, whatever it says */
};
#define ANY (-1)

/*
 * Where the filter answers, so does it for these arguments alone: bad pointers
 * and descriptors are errors of another kind.
 */
static const struct call calls[] = {
	{ "getppid", { 0 }, 0 },
	{ "mount", { 0 }, EPERM },
	{ "umount2", { 0 }, EPERM },
	{ "fsopen", { 0 }, EPERM },
	{ "fsconfig", { -1ul, 99 }, EPERM },
	{ "open_tree", { -1ul, 0, 0 }, EPERM },
	{ "mount_setattr", { -1ul, 8, 0, 8, 4 }, EPERM },
	{ "unshare", { 0 }, EPERM },
	{ "setns", { -1ul, 0 }, EPERM },
	{ "chroot", { 0 }, EPERM },
	{ "ptrace", { 0x4200, 99999999 }, EPERM },
	{ "process_vm_readv", { 1, 8, 1, 8, 1 }, EPERM },
	{ "pidfd_getfd", { -1ul }, EPERM },
	{ "kcmp", { 99999999, 99999999, 0 }, EPERM },
	{ "process_madvise", { -1ul, 8, 1, 20 }, EPERM },
	{ "process_mrelease", { -1ul }, EPERM },
	{ "move_pages", { 0, 1, 8 }, EPERM },
	{ "migrate_pages", { 99999999 }, EPERM },
	{ "bpf", { 999, 8, 8 }, EPERM },
	{ "perf_event_open", { 8, 0, -1ul, -1ul }, EPERM },
	{ "userfaultfd", { 1 }, EPERM },
	{ "memfd_secret", { 0 }, EPERM },
	{ "keyctl", { 0, -3ul, 0 }, EPERM },
	{ "add_key", { 8, 8, 8, 1 }, EPERM },
	{ "io_uring_setup", { 1, 8 }, EPERM },
	{ "io_uring_enter", { -1ul, 1 }, EPERM },
	{ "name_to_handle_at", { -1ul, 8, 8, 8 }, EPERM },
	{ "fanotify_init", { -1ul, -1ul }, EPERM },
	{ "adjtimex", { 8 }, EPERM },
	{ "syslog", { 10 }, EPERM },
	{ "shmget", { 0, 4096, 0600 }, EPERM },
	{ "semget", { 0, 1, 0600 }, EPERM },
	{ "msgget", { 0, 0600 }, EPERM },
	{ "mq_open", { 8 }, EACCES },
	{ "mq_unlink", { 8 }, EACCES },
	{ "clone3", { 0, 0 }, ENOSYS },
	{ "clone", { CLONE_NEWUSER | SIGCHLD }, EPERM },
	{ "clone", { HIGH | CLONE_NEWNET | SIGCHLD }, EPERM },
	{ "clone", { CLONE_UNTRACED | SIGCHLD }, EPERM },
	{ "clone", { CLONE_PARENT | SIGCHLD }, EPERM },
	{ "personality", { 0xffffffff }, 0 },
	{ "personality", { HIGH | 0x40000 }, EPERM },
	{ "prctl", { PR_GET_DUMPABLE }, 0 },
	{ "prctl", { PR_SET_DUMPABLE, 1 }, EPERM },
	{ "prctl", { HIGH | PR_SET_DUMPABLE, 1 }, EPERM },
	{ "prctl", { PR_SET_PTRACER, 1 }, EPERM },
	{ "socket", { AF_INET, SOCK_STREAM, 0 }, 0 },
	{ "socket", { HIGH | AF_INET, HIGH | SOCK_STREAM, HIGH | 6 }, 0 },
	{ "socket", { AF_INET, SOCK_DGRAM, 0 }, EPERM },
	{ "socket", { HIGH | AF_INET, HIGH | SOCK_DGRAM, 0 }, EPERM },
	{ "socket", { AF_INET, SOCK_RAW, 1 }, EPERM },
	{ "socket", { AF_INET, SOCK_DGRAM, 1 }, EPERM },
	{ "socket", { AF_INET, SOCK_STREAM, 262 }, EPROTONOSUPPORT },
	{ "socket", { AF_INET, SOCK_STREAM, HIGH | 262 }, EPROTONOSUPPORT },
	{ "socket", { AF_UNIX, SOCK_STREAM, 0 }, EAFNOSUPPORT },
	{ "socket", { HIGH | AF_UNIX, SOCK_STREAM, 0 }, EAFNOSUPPORT },
	{ "socket", { AF_NETLINK, SOCK_RAW, 4 }, EAFNOSUPPORT },
	{ "getsockname", { -1ul, 0, 0 }, EBADF },
	{ "socket", { AF_VSOCK, SOCK_STREAM, 0 }, EAFNOSUPPORT },
	{ "socket", { AF_ALG, SOCK_SEQPACKET, 0 }, EAFNOSUPPORT },
	{ "socket", { AF_PACKET, SOCK_RAW, 0 }, EAFNOSUPPORT },
	{ "sendto", { -1ul, 0, 0, MSG_FASTOPEN }, EOPNOTSUPP },
	{ "sendto", { -1ul, 0, 0, HIGH }, EBADF },
	{ "sendmsg", { -1ul, 8, HIGH | MSG_FASTOPEN }, EOPNOTSUPP },
	{ "sendmmsg", { -1ul, 8, 1, MSG_FASTOPEN }, EOPNOTSUPP },
	{ "listen", { -1ul, 1 }, EACCES },
	{ "setsockopt", { -1ul, 6, 30, 8, 4 }, EOPNOTSUPP },
	{ "setsockopt", { -1ul, HIGH | 6, HIGH | 31, 8, 4 }, EPERM },
	{ "setsockopt", { -1ul, 1, 25, 8, 4 }, EPERM },
	{ "setsockopt", { -1ul, 1, 2, 8, 4 }, EBADF },
	{ "ioctl", { -1ul, 0x5401, 8 }, EBADF },
	{ "ioctl", { -1ul, 0x5412, 8 }, EPERM },
	{ "ioctl", { -1ul, HIGH | 0x5412, 8 }, EPERM },
	{ "ioctl", { -1ul, 0x8912, 8 }, EPERM },
	{ "ioctl", { -1ul, 0xC0189436, 8 }, EOPNOTSUPP },
	{ "ioctl", { -1ul, 0x5000940E, 8 }, EPERM },
	{ "ioctl", { -1ul, 0x40049409, 8 }, EBADF },
	{ "fcntl", { -1ul, 1024, 1 }, EACCES },
	{ "fcntl", { -1ul, 1024, 2 }, EBADF },
	{ "prlimit64", { 0, 7, 0, 0 }, 0 },
	{ "prlimit64", { 1, 7, 8, 0 }, NOBODY },
	{ "prlimit64", { HIGH | 1, 7, 0x800000000, 0 }, NOBODY },
	{ "setpriority", { 0, 0, 19 }, 0 },
	{ "setpriority", { 0, 99999999, 0 }, NOBODY },
	{ "setpriority", { 2, 0, 0 }, EPERM },
	{ "ioprio_set", { 2, 0, 0 }, EPERM },
	{ "sched_setaffinity", { 99999999, 0, 8 }, NOBODY },
	{ "sched_setscheduler", { 99999999, 0, 8 }, NOBODY },
	{ "seccomp", { 2, 0, 8 }, EFAULT },
	{ "landlock_restrict_self", { -1ul, 99 }, ANY },
};

static void try_call(const struct call *call)
{
	int id = sl_sys_find(call->name), got;
	const unsigned long *a = call->args;
	int want = call->error == NOBODY ? ENOSYS : call->error;
	long r;

	ASSERT_GE(id, 0);
	errno = 0;
	r = syscall(sl_sys_number((enum sl_sys)id, SL_ARCH_NATIVE), a[0], a[1],
		    a[2], a[3], a[4], a[5]);
	got = r < 0 ? errno : 0;
	if (call->error == ANY ? got != EPERM : got == want)
		return;
	th_fail(__FILE__, __LINE__, "%s(%lx, %lx, %lx, %lx): %s, not %s",
		call->name, a[0], a[1], a[2], a[3], strerror(got),
		strerror(want));
}

TEST(real_calls)
{
	install((struct naive){ 0 });
	for (size_t i = 0; i < COUNT(calls); i++)
		try_call(&calls[i]);
}

TEST(unknown_numbers_do_not_exist)
{
	static const long numbers[] = { 345,  400,  472,    600,      1023,
					1024, 5000, 0x7fff, 0x100000, 0x3fffffff };

	install((struct naive){ 0 });
	for (size_t i = 0; i < COUNT(numbers); i++) {
		if (sl_sys_find_number(numbers[i], SL_ARCH_NATIVE) >= 0)
			continue;
		EXPECT_EQ(syscall(numbers[i]), -1);
		EXPECT_EQ(errno, ENOSYS);
	}
}

#ifdef __x86_64__
TEST_SIGNAL(x32_is_killed, SIGSYS)
{
	install((struct naive){ 0 });
	syscall(0x40000000 | SYS_getpid);
}

TEST_SIGNAL(x32_only_number_is_killed, SIGSYS)
{
	install((struct naive){ .no_supervisor = true });
	syscall(0x40000000 | 520 /* execve of x32 */, 8, 8, 8);
}

static long int80(long nr, long b)
{
	__asm__ volatile("int $0x80"
			 : "+a"(nr)
			 : "b"(b), "c"(0), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return nr;
}

TEST_SIGNAL(i386_is_killed, SIGSYS)
{
	if (int80(20, 0) == -ENOSYS) {
		kill(getpid(), SIGSYS); /* no such door in this kernel */
		return;
	}
	install((struct naive){ 0 });
	int80(20, 0);
}
#endif

static void *thread(void *arg)
{
	*(int *)arg = 7;
	return NULL;
}

TEST(ordinary_work_goes_on)
{
	pthread_t t;
	int pair[2], value = 0, status = 0;
	struct rlimit limit;
	char c = 'x';
	pid_t pid;

	install((struct naive){ 0 });
	ASSERT_EQ(pthread_create(&t, NULL, thread, &value), 0);
	pthread_join(t, NULL);
	EXPECT_EQ(value, 7);
	ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	EXPECT_EQ(send(pair[0], &c, 1, MSG_NOSIGNAL), 1);
	EXPECT_EQ(recv(pair[1], &c, 1, 0), 1);
	EXPECT_EQ(getrlimit(RLIMIT_NOFILE, &limit), 0);
	EXPECT_EQ(setrlimit(RLIMIT_NOFILE, &limit), 0);
	EXPECT_EQ(setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0)), 0);
	pid = fork();
	if (pid == 0) {
		execl("/bin/true", "true", NULL);
		_exit(99);
	}
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	EXPECT_EQ(status, 0);
}

/* A datagram end would reach any Unix datagram socket by path; the ends that
 * are left must not. */
TEST(socketpair_ends_reach_no_socket_by_path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	char dir[] = "/tmp/sl-bpf-XXXXXX";
	static const int types[] = { SOCK_STREAM, SOCK_SEQPACKET };
	int host[2], datagram, pair[2];

	ASSERT_TRUE(mkdtemp(dir) != NULL);
	for (int i = 0; i < 3; i++) {
		int fd = socket(AF_UNIX, i < 2 ? types[i] : SOCK_DGRAM, 0);

		snprintf(to.sun_path, sizeof(to.sun_path), "%s/%d", dir, i);
		ASSERT_EQ(bind(fd, (void *)&to, sizeof(to)), 0);
		if (i == 2)
			datagram = fd;
		else
			host[i] = fd;
		if (i < 2)
			ASSERT_EQ(listen(fd, 1), 0);
	}
	install((struct naive){ 0 });
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), -1);
	EXPECT_EQ(errno, ESOCKTNOSUPPORT);
	EXPECT_EQ(socketpair(AF_UNIX, SOCK_RAW, 0, pair), -1);
	for (int i = 0; i < 2; i++) {
		ASSERT_EQ(socketpair(AF_UNIX, types[i], 0, pair), 0);
		snprintf(to.sun_path, sizeof(to.sun_path), "%s/%d", dir, i);
		for (int round = 0; round < 2; round++) {
			EXPECT_LT(connect(pair[0], (void *)&to, sizeof(to)), 0);
			to.sun_family = AF_UNSPEC;
			EXPECT_LT(connect(pair[0], (void *)&to, 2), 0);
			to.sun_family = AF_UNIX;
			close(pair[1]); /* and again with the peer gone */
		}
		EXPECT_LT(fcntl(host[i], F_SETFL, O_NONBLOCK), 1);
		EXPECT_LT(accept(host[i], NULL, NULL), 0);
		unlink(to.sun_path);
	}
	snprintf(to.sun_path, sizeof(to.sun_path), "%s/2", dir);
	EXPECT_LT(recv(datagram, &(char){ 0 }, 1, MSG_DONTWAIT), 0);
	unlink(to.sun_path);
	rmdir(dir);
}

TEST(bind_rule_lets_listen)
{
	struct sockaddr_in any = { .sin_family = AF_INET,
				   .sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd;

	/* With a supervisor somebody would have to answer. */
	install((struct naive){ .no_supervisor = true, .bind = true });
	fd = socket(AF_INET, SOCK_STREAM, 0);
	ASSERT_EQ(bind(fd, (void *)&any, sizeof(any)), 0);
	EXPECT_EQ(listen(fd, 1), 0);
}

TEST(without_supervisor)
{
	static const struct call some[] = {
		{ "ptrace", { 0x4200, 99999999 }, ESRCH },
		{ "unshare", { 0 }, 0 },
		{ "bpf", { 999, 8, 8 }, EPERM },
		{ "io_uring_setup", { 1, 8 }, EPERM },
		{ "shmget", { 0, 4096, 0600 }, EPERM },
		{ "clone3", { 0, 0 }, ENOSYS },
		{ "clone", { CLONE_NEWUSER | SIGCHLD }, EPERM },
		{ "socket", { AF_UNIX, SOCK_STREAM, 0 }, EAFNOSUPPORT },
		{ "prlimit64", { 1, 7, 8, 0 }, EPERM },
		{ "sched_setaffinity", { 99999999, 0, 8 }, ANY },
	};

	install((struct naive){ .no_supervisor = true });
	for (size_t i = 0; i < COUNT(some); i++)
		try_call(&some[i]);
}

TEST(extra_lists_hold)
{
	static const struct call some[] = {
		{ "getppid", { 0 }, EPERM },
		{ "fchmod", { -1ul, 0 }, EPERM },
		{ "ioctl", { -1ul, 0x40086602, 8 }, EPERM },
		{ "semget", { 0, 1, -1ul }, ANY },
		{ "ptrace", { 0x4200, 99999999 }, ESRCH },
	};

	install((struct naive){ .deny = "getppid metadata",
				.allow = "sysv_ipc ptrace" });
	for (size_t i = 0; i + 2 < COUNT(some); i++)
		try_call(&some[i]);
	try_call(&some[4]);
	/* A group lifted: the kernel itself answers. */
	errno = 0;
	EXPECT_EQ(syscall(SYS_shmctl, -1, 99, 0), -1);
	EXPECT_NE(errno, EPERM);
}

/* Two filters of ours on top of each other: a sandbox in a sandbox. */
TEST(stacks)
{
	install((struct naive){ .no_supervisor = true });
	install((struct naive){ 0 });
	for (size_t i = 0; i < COUNT(calls); i++) {
		struct call call = calls[i];

		/* The outer one has no need to ask. */
		if (call.error == NOBODY &&
		    strcmp(call.name, "sched_setaffinity"))
			call.error = EPERM;
		try_call(&call);
	}
}

TEST(install_time)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	install((struct naive){ 0 });
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("# compile and install: %ld us\n",
	       (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000);
}
