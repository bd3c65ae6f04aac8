/* SPDX-License-Identifier: Apache-2.0 */
/* Tricks on other processes and on System V, POSIX and key objects: 5.4, 5.5. */
#include "attack.h"

#include <errno.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/msg.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* PID: read, trace, take from a process outside. 0 = the parent. */
static void a094(char **argv)
{
	int pid = number(argv[0]) ? number(argv[0]) : getppid();
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	char buf[16];
	struct iovec here = { buf, 16 }, there = { (void *)8, 16 };

	/* Nothing is mapped there: EFAULT comes after the right was given. */
	process_vm_readv(pid, &here, 1, &there, 1, 0);
	result("process_vm_readv", errno == EFAULT);
	process_vm_writev(pid, &here, 1, &there, 1, 0);
	result("process_vm_writev", errno == EFAULT);
	result("pidfd_getfd", syscall(SYS_pidfd_getfd, pidfd, 0, 0) >= 0);
	result_if_known("kcmp",
			syscall(SYS_kcmp, getpid(), pid, 1 /* VM */, 0, 0) >= 0);
	here.iov_len = 0;
	if (geteuid() == 0)
		result("process_madvise", syscall(SYS_process_madvise, pidfd,
						  &here, 1, 20, 0) >= 0);
	result("ptrace seize", ptrace(PTRACE_SEIZE, pid, 0, 0) == 0);
	ptrace(PTRACE_DETACH, pid, 0, 0);
	if (ptrace(PTRACE_ATTACH, pid, 0, 0) == 0 || errno != EPERM)
		dprintf(1, "ptrace attach: %s\n", strerrorname_np(errno));
}

/* PID: signals of every spelling. The effect is the victim's death. */
static void signals(char **argv)
{
	int pid = number(argv[0]) ? number(argv[0]) : getppid();
	int pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	siginfo_t info = { .si_code = SI_QUEUE };

	result("kill 0", kill(pid, 0) == 0);
	result("pidfd_send_signal 0",
	       syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0);
	result("tkill 0", syscall(SYS_tkill, pid, 0) == 0);
	result("tgkill STOP", syscall(SYS_tgkill, pid, pid, SIGSTOP) == 0);
	result("rt_sigqueueinfo 0",
	       syscall(SYS_rt_sigqueueinfo, pid, 0, &info) == 0);
	if (getpgid(pid) != getpgrp())
		result("kill the group", kill(-pid, 0) == 0);
	result("kill", kill(pid, SIGKILL) == 0);
	/* SIGIO by a pipe that belongs, they say, to somebody else. */
	int fds[2];

	if (pipe(fds) == 0 && fcntl(fds[0], F_SETOWN, pid) == 0 &&
	    fcntl(fds[0], F_SETSIG, SIGKILL) == 0)
		fcntl(fds[0], F_SETFL, O_ASYNC | O_NONBLOCK);
	if (write(fds[1], "x", 1) != 1)
		untried("SIGIO", errno);
}

/* PID [no-affinity]: limits, priority, affinity. 0 = the parent. */
static void a095(char **argv)
{
	int pid = number(argv[0]) ? number(argv[0]) : getppid();
	struct rlimit lim = { 64, 64 };
	struct sched_param param = { 0 };
	struct {
		unsigned int size, policy;
		unsigned long long flags;
		int nice;
		unsigned int prio;
		unsigned long long runtime, deadline, period;
	} attr = { .size = 48, .policy = SCHED_BATCH };
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(sched_getcpu(), &one);
	result("prlimit64",
	       syscall(SYS_prlimit64, pid, RLIMIT_NOFILE, &lim, NULL) == 0);
	result("prlimit64 CPU",
	       syscall(SYS_prlimit64, pid, RLIMIT_CPU, &lim, NULL) == 0);
	if (!argv[1][0])
		result("sched_setaffinity",
		       sched_setaffinity(pid, sizeof(one), &one) == 0);
	result("sched_setscheduler",
	       sched_setscheduler(pid, SCHED_BATCH, &param) == 0);
	result("sched_setattr", syscall(SYS_sched_setattr, pid, &attr, 0) == 0);
	result("sched_setparam", sched_setparam(pid, &param) == 0);
	result("setpriority", setpriority(PRIO_PROCESS, pid, 10) == 0);
	result("setpriority, group", setpriority(PRIO_PGRP, pid, 11) == 0);
	result("ioprio_set", syscall(SYS_ioprio_set, 1, pid, 2 << 13 | 7) == 0);
	if (geteuid() == 0) {
		result("migrate_pages",
		       syscall(SYS_migrate_pages, pid, 0, NULL, NULL) >= 0 ||
			       errno == EINVAL);
		result_if_known("move_pages", syscall(SYS_move_pages, pid, 0,
						      NULL, NULL, NULL, 0) >= 0);
	}
}

/* NAME: a POSIX queue that a process outside made. */
static void a124(char **argv)
{
	/* The raw call takes the name without its slash. */
	int mq = (int)syscall(SYS_mq_open, argv[0], O_RDWR | O_NONBLOCK);
	char buf[8192];
	long n = syscall(SYS_mq_timedreceive, mq, buf, sizeof(buf), NULL, NULL);

	if (n > 0 && write(1, buf, n) != n)
		n = 0;
	result_if_known("receive", n > 0);
	result_if_known("send",
			syscall(SYS_mq_timedsend, mq, "x", 1, 0, NULL) == 0);
	result_if_known("unlink", syscall(SYS_mq_unlink, argv[0]) == 0);
}

/* SHM-FILE KEY: memory that a process outside shares. */
static void a125(char **argv)
{
	int id = shmget((key_t)number(argv[1]), 0, 0600);
	const char *mem = id < 0 ? (void *)-1 : shmat(id, NULL, 0);

	leak("/dev/shm", open(argv[0], O_RDONLY));
	if (mem != (void *)-1)
		dprintf(1, "%.64s\n", mem);
	result("System V shared memory", mem != (void *)-1);
	id = msgget(IPC_PRIVATE, IPC_CREAT | 0600);
	result("System V queue", id >= 0);
	if (id >= 0)
		msgctl(id, IPC_RMID, NULL);
}

static void a126(char **argv)
{
	(void)argv;
	result_if_known("keyctl: session keyring",
			syscall(SYS_keyctl, 0, -3, 0) >= 0);
	result_if_known("keyctl: user keyring",
			syscall(SYS_keyctl, 0, -4, 1) >= 0);
	result_if_known("add_key", syscall(SYS_add_key, "user", "sl-escape",
					   "x", 1, -2 /* process */) >= 0);
	if (syscall(SYS_request_key, "user", "sl-escape-none", NULL, 0) < 0)
		result_if_known("request_key", errno == ENOKEY);
}

const struct attack attacks_ipc[] = {
	{ "A094", a094 }, { "signals", signals }, { "A095", a095 },
	{ "A124", a124 }, { "A125", a125 },	  { "A126", a126 },
	{ NULL, NULL },
};
