/* SPDX-License-Identifier: Apache-2.0 */
/* Tricks on the filter itself, catalogue 5.4: other ABIs, garbage, filters. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#define HIGH 0xdead000000000000UL

static bool unshare_works(void *arg)
{
	(void)arg;
	return syscall(SYS_unshare, CLONE_FS | CLONE_NEWUSER) == 0;
}

/* Garbage above bit 31 of arguments that the kernel takes as int. */
static void a097(char **argv)
{
	(void)argv;
	result("socket AF_UNIX",
	       syscall(SYS_socket, HIGH | AF_UNIX, HIGH | SOCK_DGRAM, 0) >= 0);
	result("socket AF_NETLINK, sock_diag",
	       syscall(SYS_socket, HIGH | AF_NETLINK, HIGH | SOCK_RAW,
		       HIGH | 4) >= 0);
	result("socket UDP", syscall(SYS_socket, HIGH | AF_INET,
				     HIGH | SOCK_DGRAM, HIGH) >= 0);
	result("socket ping",
	       syscall(SYS_socket, AF_INET, SOCK_DGRAM, HIGH | 1) >= 0);
	result("prctl PR_SET_DUMPABLE",
	       syscall(SYS_prctl, HIGH | PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
	result("personality", (int)syscall(SYS_personality, HIGH | 0x40000) >= 0);
	errno = 0;
	syscall(SYS_ioctl, 0, HIGH | 0x5412 /* TIOCSTI */, "x");
	result("ioctl TIOCSTI", errno != EPERM);
	syscall(SYS_prlimit64, HIGH | (unsigned int)getppid(), RLIMIT_NPROC,
		NULL, NULL);
}

#ifdef __x86_64__
static bool x32_getpid(void *arg)
{
	(void)arg;
	syscall(0x40000000 | SYS_getpid);
	return true;
}

static bool i386_getpid(void *arg)
{
	int nr = 20;

	(void)arg;
	__asm__ volatile("int $0x80"
			 : "+a"(nr)
			 :
			 : "memory", "r8", "r9", "r10", "r11");
	return true;
}

static bool i386_socketcall(void *arg)
{
	int nr = 359; /* socket(AF_UNIX, SOCK_STREAM, 0) */

	(void)arg;
	__asm__ volatile("int $0x80"
			 : "+a"(nr)
			 : "b"(1), "c"(1), "d"(0)
			 : "memory", "r8", "r9", "r10", "r11");
	return nr >= 0;
}
#endif

/* The other doors into the kernel. */
static void abi(char **argv)
{
	(void)argv;
#ifdef __x86_64__
	in_child("x32", x32_getpid, NULL);
	in_child("int 0x80", i386_getpid, NULL);
	in_child("int 0x80 socket", i386_socketcall, NULL);
#else
	untried("another ABI", ENOSYS);
#endif
}

static int add_filter(unsigned int op, unsigned int flags, uint32_t action)
{
	struct sock_filter insns[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_unshare, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, action),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { 4, insns };

	return (int)syscall(SYS_seccomp, op, flags, &prog);
}

static bool after_action(void *arg)
{
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	if (add_filter(SECCOMP_SET_MODE_FILTER, 0, *(uint32_t *)arg) < 0)
		return false;
	return unshare_works(NULL);
}

/* A listener of one's own says CONTINUE to its own forbidden call. */
static bool after_listener(void *arg)
{
	struct seccomp_notif req = { 0 };
	struct seccomp_notif_resp resp = { 0 };
	int fd, status;
	pid_t pid;

	(void)arg;
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	fd = add_filter(SECCOMP_SET_MODE_FILTER,
			SECCOMP_FILTER_FLAG_NEW_LISTENER, SECCOMP_RET_USER_NOTIF);
	if (fd < 0)
		return false;
	pid = fork();
	if (pid == 0) {
		errno = 0;
		_exit(unshare_works(NULL) ? 200 : errno & 0x7f);
	}
	/* The outer filter answers first, and then nothing arrives here. */
	struct pollfd pfd[2] = {
		{ .fd = fd, .events = POLLIN },
		{ .fd = (int)syscall(SYS_pidfd_open, pid, 0), .events = POLLIN },
	};

	poll(pfd, 2, 20000);
	if (pfd[0].revents & POLLIN &&
	    ioctl(fd, SECCOMP_IOCTL_NOTIF_RECV, &req) == 0) {
		resp.id = req.id;
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(fd, SECCOMP_IOCTL_NOTIF_SEND, &resp);
	}
	close(fd);
	waitpid(pid, &status, 0);
	errno = WEXITSTATUS(status);
	return WEXITSTATUS(status) == 200;
}

/* Filters of one's own cannot give back what was taken. */
static void a099(char **argv)
{
	static uint32_t allow = SECCOMP_RET_ALLOW, log = SECCOMP_RET_LOG;
	(void)argv;

	in_child("unshare", unshare_works, NULL);
	in_child("after RET_ALLOW", after_action, &allow);
	in_child("after RET_LOG", after_action, &log);
	in_child("after a listener that continues", after_listener, NULL);
}

#ifdef __x86_64__
static bool rewrite(pid_t pid)
{
	struct user_regs_struct regs;
	int status;

	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		return false;
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_EXITKILL);
	ptrace(PTRACE_SYSCALL, pid, 0, 0);
	while (waitpid(pid, &status, 0) == pid && WIFSTOPPED(status)) {
		if (ptrace(PTRACE_GETREGS, pid, 0, &regs) < 0)
			return false;
		if (regs.orig_rax == SYS_getppid) {
			regs.orig_rax = SYS_unshare;
			regs.rdi = CLONE_NEWUSER;
			ptrace(PTRACE_SETREGS, pid, 0, &regs);
		}
		ptrace(PTRACE_SYSCALL, pid, 0, 0);
	}
	errno = WIFEXITED(status) ? WEXITSTATUS(status) : EINTR;
	return WIFEXITED(status) && WEXITSTATUS(status) == 200;
}

static bool tracer(void *arg)
{
	pid_t pid = fork();

	(void)arg;
	if (pid == 0) {
		long r;

		if (ptrace(PTRACE_TRACEME, 0, 0, 0) < 0)
			_exit(errno & 0x7f);
		raise(SIGSTOP);
		r = syscall(SYS_getppid);
		_exit(r == 0 ? 200 : errno & 0x7f);
	}
	return rewrite(pid);
}
#endif

/* A tracer turns a harmless call of its child into a forbidden one. */
static void a096(char **argv)
{
	(void)argv;
#ifdef __x86_64__
	in_child("unshare written into a tracee", tracer, NULL);
#else
	untried("registers", ENOSYS);
#endif
}

static bool trace_me(void *arg)
{
	(void)arg;
	return ptrace(PTRACE_TRACEME, 0, 0, 0) == 0;
}

static void ptrace_own(char **argv)
{
	(void)argv;
	in_child("PTRACE_TRACEME", trace_me, NULL);
}

/* Attributes of a process that our guarantees rest on. */
static void a106(char **argv)
{
	(void)argv;
	result("PR_SET_DUMPABLE", prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0);
	result("PR_SET_PTRACER",
	       prctl(PR_SET_PTRACER, -1, 0, 0, 0) == 0 || errno == EINVAL);
	if (geteuid() == 0) {
		result("PR_SET_SECUREBITS",
		       prctl(PR_SET_SECUREBITS, 1, 0, 0, 0) == 0);
		result("PR_SET_MM", prctl(PR_SET_MM, 0x7fff, 8, 0, 0) == 0 ||
					    errno != EPERM);
	}
}

static bool crash(void *arg)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int status;
	pid_t pid;

	(void)arg;
	setrlimit(RLIMIT_CORE, &all);
	pid = fork();
	if (pid == 0)
		abort();
	waitpid(pid, &status, 0);
	errno = EPERM;
	return WCOREDUMP(status);
}

static void a107(char **argv)
{
	(void)argv;
	in_child("core dump", crash, NULL);
}

/* Descriptors besides the three. */
static void a109(char **argv)
{
	char name[32];
	(void)argv;

	for (int fd = 3; fd < 4096; fd++) {
		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(name, sizeof(name), "descriptor %d", fd);
		won(name);
	}
	lost("scan", EBADF);
}

/* LIMIT: more descriptors than were granted. */
static void a186(char **argv)
{
	rlim_t limit = (rlim_t)number(argv[0]);
	struct rlimit lim = { limit + 1, limit + 1 };
	int fds = 3;

	result("setrlimit", setrlimit(RLIMIT_NOFILE, &lim) == 0);
	result("prlimit64", prlimit(0, RLIMIT_NOFILE, &lim, NULL) == 0);
	while (dup(0) >= 0)
		if (++fds > number(argv[0]))
			break;
	result("open more", fds > number(argv[0]));
}

/* What a program may expect of its start: no signal blocked or ignored. */
static void clean(char **argv)
{
	struct sigaction act;
	sigset_t mask;
	char name[32];
	(void)argv;

	sigemptyset(&mask);
	sigprocmask(SIG_SETMASK, NULL, &mask);
	for (int sig = 1; sig < 65; sig++) {
		/* 32 and 33 are libc's own, and no call tells of them. */
		bool ignored = sigaction(sig, NULL, &act) == 0 &&
			       act.sa_handler == SIG_IGN;

		snprintf(name, sizeof(name), "signal %d", sig);
		if (sigismember(&mask, sig) == 1 || ignored)
			won(name);
	}
	lost("signals", EPERM);
}

const struct attack attacks_seccomp[] = {
	{ "clean", clean }, { "A096", a096 },
	{ "A097", a097 },   { "A099", a099 },
	{ "A106", a106 },   { "A107", a107 },
	{ "A109", a109 },   { "A186", a186 },
	{ "abi", abi },	    { "ptrace-own", ptrace_own },
	{ NULL, NULL },
};
