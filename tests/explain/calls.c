/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Calls with arguments that are wrong, or nobody's, so that none does anything;
 * what the kernel says of them differs from what a filter says.
 */
#include <linux/prctl.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>

#include "explain/world.h"

#define NOBODY "0x3fffffff" /* a process id beyond pid_max */

static const struct call_case cases[] = {
	{ "getppid", NULL, SYS_getppid, "" },
	{ "ptrace", NULL, SYS_ptrace, "16:" NOBODY },
	{ "add_key", NULL, SYS_add_key, "0:0:0:0:0" },
	{ "keyctl", NULL, SYS_keyctl, "-1" },
	{ "shmget", NULL, SYS_shmget, "0:0:0" },
	{ "msgget", NULL, SYS_msgget, "0x5a17d09:0" },
	{ "semget", NULL, SYS_semget, "0:-1:0" },
	{ "mq_unlink", NULL, SYS_mq_unlink, "0" },
	{ "unshare", NULL, SYS_unshare, "0" },
	{ "setns", NULL, SYS_setns, "-1:0" },
	{ "userfaultfd", NULL, SYS_userfaultfd, "-1" },
	{ "perf_event_open", NULL, SYS_perf_event_open, "0" },
	{ "process_vm_readv", NULL, SYS_process_vm_readv, NOBODY ":0:0:0:0:0" },
	{ "pidfd_getfd", NULL, SYS_pidfd_getfd, "-1:0:0" },
	{ "kcmp", NULL, SYS_kcmp, NOBODY ":" NOBODY ":0" },
	{ "name_to_handle_at", NULL, SYS_name_to_handle_at, "-1:0:0:0:0" },
	{ "inotify_init1", NULL, SYS_inotify_init1, "-1" },
	{ "inotify_add_watch", NULL, SYS_inotify_add_watch, "-1:0:1" },
	{ "fchmod", NULL, SYS_fchmod, "-1:0" },
	{ "fchown", NULL, SYS_fchown, "-1:0:0" },
	{ "fsetxattr", NULL, SYS_fsetxattr, "-1:0:0:0:0" },
	{ "utimensat", NULL, SYS_utimensat, "-1:0:0:0" },
	{ "clone3", NULL, SYS_clone3, "0:0" },
	{ "io_uring_enter", NULL, SYS_io_uring_enter, "-1:0:0:0:0:0" },
	{ "umount2", NULL, SYS_umount2, "0:-1" },
	{ "listen", NULL, SYS_listen, "-1:0" },
	{ "connect", NULL, SYS_connect, "-1:0:0" },
	{ "bind", NULL, SYS_bind, "-1:0:0" },
	{ "mkdirat", NULL, SYS_mkdirat, "-1:0:0" },
	{ "socket", "domain is neither", SYS_socket, "17:3:0" },
	{ "socket", "domain is AF_NETLINK", SYS_socket, "16:3:4" },
	{ "socket", "domain is AF_UNIX", SYS_socket, "1:2:0" },
	{ "socket", "SOCK_DGRAM, SOCK_RAW or", SYS_socket, "2:2:0" },
	{ "socket", "type is SOCK_RAW or", SYS_socket, "2:3:1" },
	{ "socket", "type is not SOCK_STREAM", SYS_socket, "2:5:0" },
	{ "socket", "SOCK_STREAM nor SOCK_DGRAM", SYS_socket, "2:5:0" },
	{ "socket", "neither 0 nor IPPROTO_TCP", SYS_socket, "2:1:17" },
	{ "socket", "neither 0 nor IPPROTO_UDP", SYS_socket, "2:2:136" },
	{ "socket", "neither IPPROTO_ICMP nor", SYS_socket, "2:2:17" },
	{ "socket", "neither 0, IPPROTO_UDP", SYS_socket, "2:2:136" },
	{ "socket", "with other arguments", SYS_socket, "2:1:0" },
	{ "socketpair", "domain is not", SYS_socketpair, "2:1:0:0" },
	{ "socketpair", "type is neither", SYS_socketpair, "1:2:0:0" },
	{ "socketpair", "with other arguments", SYS_socketpair, "1:1:0:0" },
	{ "prctl", "PR_SET_DUMPABLE", SYS_prctl, "4:9" },
	{ "prctl", "with other arguments", SYS_prctl, "3" },
	{ "setpriority", "which is not", SYS_setpriority, "9:0:0" },
	{ "setpriority", "who is not", SYS_setpriority, "0:" NOBODY ":0" },
	{ "sched_setaffinity", "pid is not", SYS_sched_setaffinity,
	  NOBODY ":0:0" },
	{ "sched_setaffinity", "with other arguments", SYS_sched_setaffinity,
	  "0:0:0" },
	{ "prlimit64", "pid is not", SYS_prlimit64, NOBODY ":0:1:0" },
	{ "prlimit64", "with other arguments", SYS_prlimit64, "0:0:0:0" },
	{ "ioctl", "TIOCSTI", SYS_ioctl, "-1:0x5412:0" },
	{ "ioctl", "SIOCETHTOOL", SYS_ioctl, "-1:0x8946:0" },
	{ "ioctl", "FIDEDUPERANGE", SYS_ioctl, "-1:0xc0189436:0" },
	{ "ioctl", "with other arguments", SYS_ioctl, "-1:0x5413:0" },
	{ "fcntl", "F_SETLEASE", SYS_fcntl, "-1:1024:0" },
	{ "fcntl", "with other arguments", SYS_fcntl, "-1:1:0" },
	{ "sendto", "MSG_FASTOPEN", SYS_sendto, "-1:0:0:0x20000000:0:0" },
	{ "sendto", "with other arguments", SYS_sendto, "-1:0:0:0:0:0" },
	{ "setsockopt", "TCP_FASTOPEN_CONNECT", SYS_setsockopt, "-1:6:30:0:0" },
	{ "setsockopt", "with other arguments", SYS_setsockopt, "-1:1:2:0:0" },
	{ "personality", "persona is neither", SYS_personality, "0x0040000" },
	{ "personality", "with other arguments", SYS_personality, "0xffffffff" },
};

const struct call_case *call_case_at(size_t index)
{
	return index < sizeof(cases) / sizeof(cases[0]) ? &cases[index] : NULL;
}

bool call_case_fits(const struct call_case *call, const char *object)
{
	return strcmp(object, call->call) == 0 ||
	       (call->when && strstr(object, call->when));
}
