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
 * A filter cannot make up a number, so "abi" takes a listener: the parent
 * answers, and nobody inside can have a listener of its own.
 */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sys/syscalls.h"

#define MAX_INSNS 256
#define FAILED 99

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
	add(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF, 0, 0);
}

static int install(void)
{
	struct sock_fprog prog = { used, insns };
	unsigned int flags = abi ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	int fd;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		die("no_new_privs");
	fd = (int)syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &prog);
	if (fd < 0)
		die("seccomp");
	return fd;
}

static void pass(int sock, int fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} space = { { 0 } };
	struct iovec iov = { (char[]){ 0 }, 1 };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &space,
			     .msg_controllen = sizeof(space) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);

	if (fd >= 0) {
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(int));
		if (sendmsg(sock, &mh, 0) < 0)
			die("sendmsg");
	}
}

static int receive(int sock)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} space = { { 0 } };
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &space,
			     .msg_controllen = sizeof(space) };
	struct cmsghdr *cm;
	int fd;

	if (recvmsg(sock, &mh, 0) <= 0)
		die("recvmsg");
	cm = CMSG_FIRSTHDR(&mh);
	if (!cm)
		die("no listener");
	memcpy(&fd, CMSG_DATA(cm), sizeof(fd));
	return fd;
}

/* Answers until nobody is left who could ask. */
static void serve(int listener)
{
	struct seccomp_notif ask;
	struct seccomp_notif_resp say;

	for (;;) {
		memset(&ask, 0, sizeof(ask));
		memset(&say, 0, sizeof(say));
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &ask) < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		say.id = ask.id;
		if (ask.data.args[2] == 1)
			say.val = abi;
		else
			say.error = -EINVAL; /* errata came with ABI 7 */
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &say);
	}
}

static int run_served(char **argv)
{
	int pair[2], status;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		die("socketpair");
	pid = fork();
	if (pid == 0) {
		int fd = install();

		pass(pair[1], fd);
		close(fd);
		execv(argv[0], argv);
		die(argv[0]);
	}
	close(pair[1]);
	serve(receive(pair[0]));
	if (waitpid(pid, &status, 0) < 0)
		die("waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
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
		return run_served(argv + i);
	install();
	execv(argv[i], argv + i);
	die(argv[i]);
}
