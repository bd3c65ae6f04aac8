/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a command as an older kernel, or a container, would:
 *
 *	older [RULE...] [--] COMMAND [ARG...]
 *
 *	CALL=ERRNO	the call fails so; ERRNO is a name or KILL
 *	CALL@N:V=ERRNO	only if argument N is V
 *	CALL@N&M=ERRNO	only if argument N has a bit of M
 *	abi=N		Landlock is of ABI N, without errata
 *
 * A filter cannot make up a number, so for "abi" the parent traces all that
 *runs and puts the answer into their registers. Not by a listener: the kernel
 *has one for a task, and sandlock wants it.
 */
#include <elf.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/syscalls.h"

#define MAX_INSNS 256
#define FAILED 99
#ifndef PTRACE_EVENT_STOP
#define PTRACE_EVENT_STOP 128
#endif

static struct sock_filter insns[MAX_INSNS];
static unsigned short used;
static int abi;

__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "older: %s: %s\n", what, strerror(errno));
	exit(FAILED);
}

static void add(unsigned int code, unsigned int k, unsigned int yes,
		unsigned int no)
{
	if (used == MAX_INSNS) {
		errno = E2BIG;
		die("rules");
	}
	insns[used++] = (struct sock_filter){ (unsigned short)code,
					      (unsigned char)yes,
					      (unsigned char)no, k };
}

static unsigned int answer(const char *name)
{
	static const struct {
		const char *name;
		int value;
	} errnos[] = {
		{ "EACCES", EACCES },	      { "EBUSY", EBUSY },
		{ "EINVAL", EINVAL },	      { "ENOSPC", ENOSPC },
		{ "ENOSYS", ENOSYS },	      { "EPERM", EPERM },
		{ "E2BIG", E2BIG },	      { "EAGAIN", EAGAIN },
		{ "EOPNOTSUPP", EOPNOTSUPP },
	};

	if (strcmp(name, "KILL") == 0)
		return SECCOMP_RET_KILL_PROCESS;
	for (size_t i = 0; i < sizeof(errnos) / sizeof(errnos[0]); i++)
		if (strcmp(errnos[i].name, name) == 0)
			return SECCOMP_RET_ERRNO | (unsigned int)errnos[i].value;
	errno = EINVAL;
	die(name);
}

/* CALL[@N:V|@N&M] and what to return; false if @word is no rule. */
static int rule(char *word)
{
	char *eq = strchr(word, '='), *at = strchr(word, '@'), *end;
	unsigned int arg, value = 0, jump;
	int call, bits = 0;

	if (!eq || word[0] == '/')
		return 0;
	*eq = '\0';
	if (strcmp(word, "abi") == 0) {
		abi = (int)strtol(eq + 1, NULL, 10);
		return 1;
	}
	if (at)
		*at = '\0';
	call = sl_sys_find(word);
	if (call < 0) {
		errno = EINVAL;
		die(word);
	}
	add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K,
	    (unsigned int)sl_sys_number((enum sl_sys)call, SL_ARCH_NATIVE), 0,
	    at ? 3 : 1);
	if (at) {
		arg = (unsigned int)strtoul(at + 1, &end, 10);
		bits = *end == '&';
		value = (unsigned int)strtoul(end + 1, NULL, 0);
		jump = bits ? BPF_JSET : BPF_JEQ;
		add(BPF_LD | BPF_W | BPF_ABS,
		    (unsigned int)offsetof(struct seccomp_data, args) + 8 * arg,
		    0, 0);
		add(BPF_JMP | jump | BPF_K, value, 0, 1);
	}
	add(BPF_RET | BPF_K, answer(eq + 1), 0, 0);
	return 1;
}

/* landlock_create_ruleset(NULL, 0, flags) asks for a number. */
static void add_abi(void)
{
	add(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr), 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, 444, 0, 3);
	add(BPF_LD | BPF_W | BPF_ABS,
	    (unsigned int)offsetof(struct seccomp_data, args[2]), 0, 0);
	add(BPF_JMP | BPF_JEQ | BPF_K, 0, 1, 0);
	add(BPF_RET | BPF_K, SECCOMP_RET_TRACE, 0, 0);
}

static void install(void)
{
	struct sock_fprog prog = { used, insns };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("no_new_privs");
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &prog) < 0)
		die("seccomp");
}

/* ABI for the question about it; errata came with ABI 7. */
static long made_up(unsigned long flags)
{
	return flags == 1 ? abi : -EINVAL;
}

/* In place of the call that task @pid is about to make. */
static void answer_call(pid_t pid)
{
	struct user_regs_struct regs;
	struct iovec iov = { &regs, sizeof(regs) };

	if (ptrace(PTRACE_GETREGSET, pid, (void *)NT_PRSTATUS, &iov) < 0)
		return;
#if defined(__x86_64__)
	regs.rax = (unsigned long)made_up(regs.rdx);
	regs.orig_rax = -1ul;
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov);
#else
	int none = -1;
	struct iovec nr = { &none, sizeof(none) };

	regs.regs[0] = (unsigned long)made_up(regs.regs[2]);
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_PRSTATUS, &iov);
	ptrace(PTRACE_SETREGSET, pid, (void *)NT_ARM_SYSTEM_CALL, &nr);
#endif
}

/* A stop of @pid: answered, or passed on as if nobody looked. */
static void go_on(pid_t pid, int status)
{
	int event = status >> 16, sig = WSTOPSIG(status);

	if (event == PTRACE_EVENT_SECCOMP)
		answer_call(pid);
	/* A group stop stays one. */
	if (event == PTRACE_EVENT_STOP && (sig == SIGSTOP || sig == SIGTSTP ||
					   sig == SIGTTIN || sig == SIGTTOU)) {
		ptrace(PTRACE_LISTEN, pid, 0, 0);
		return;
	}
	ptrace(PTRACE_CONT, pid, 0, event ? 0 : sig);
}

/* Until the command has ended; what it left behind goes with the tracer. */
static int trace(pid_t command)
{
	pid_t pid;
	int status;

	while ((pid = waitpid(-1, &status, __WALL)) > 0 || errno == EINTR) {
		if (pid > 0 && WIFSTOPPED(status))
			go_on(pid, status);
		else if (pid == command)
			return WIFEXITED(status) ? WEXITSTATUS(status)
						 : 128 + WTERMSIG(status);
	}
	die("waitpid");
}

static int run_traced(char **argv)
{
	const long options = PTRACE_O_TRACESECCOMP | PTRACE_O_TRACEFORK |
			     PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |
			     PTRACE_O_EXITKILL;
	pid_t pid;
	char byte;
	int go[2];

	if (pipe(go) < 0)
		die("pipe");
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		/* Until somebody looks; its end says so. */
		if (read(go[0], &byte, 1) < 0)
			die("read");
		close(go[0]);
		install();
		execv(argv[0], argv);
		die(argv[0]);
	}
	close(go[0]);
	if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0)
		die("ptrace");
	close(go[1]);
	return trace(pid);
}

int main(int argc, char **argv)
{
	int i;

	for (i = 1; i < argc && strcmp(argv[i], "--") != 0 && rule(argv[i]); i++)
		;
	if (i < argc && strcmp(argv[i], "--") == 0)
		i++;
	if (i >= argc) {
		errno = EINVAL;
		die("no command");
	}
	if (abi)
		add_abi();
	add(BPF_RET | BPF_K, SECCOMP_RET_ALLOW, 0, 0);
	if (abi)
		return run_traced(argv + i);
	install();
	execv(argv[i], argv + i);
	die(argv[i]);
}
