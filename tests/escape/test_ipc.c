/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogue 5.4 and 5.5: other processes, objects and sockets of the host. */
#include "trick.h"

#include <sys/socket.h>
#include <unistd.h>

TRICK(A094_trace_a_process_outside, .id = "A094", .args = { "%v" },
      .bare = BARE_SOME)

TRICK(A094_trace_the_keeper, .id = "A094", .args = { "0" }, .bare = BARE_NEVER)

/* The calls alone are not the defence: the domain holds without the filter. */
TRICK(A094_trace_with_the_calls_allowed, .id = "A094", .args = { "%v" },
      .flags = { "--extra-allow-syscall", "ptrace", "--extra-allow-syscall",
		 "process_vm_readv", "--extra-allow-syscall",
		 "process_vm_writev", "--extra-allow-syscall", "pidfd_getfd" },
      .bare = BARE_SOME)

TRICK(signal_a_process_outside, .id = "signals", .args = { "%v" },
      .harm = HARM_VICTIM, .off = { "--disable", "signal-scope" },
      .bare = BARE_SOME)

TRICK(signal_the_keeper, .id = "signals", .args = { "0" }, .bare = BARE_NEVER)

TRICK(A095_limits_of_a_process_outside, .id = "A095", .args = { "%v" },
      .harm = HARM_VICTIM, .bare = BARE_SOME,
      .off = { "--no-supervisor", "--extra-allow-syscall", "prlimit64",
	       "--extra-allow-syscall", "setpriority", "--extra-allow-syscall",
	       "sched_setscheduler" })

TRICK(A095_limits_of_the_keeper, .id = "A095", .args = { "0" }, .bare = BARE_NEVER)

/* Affinity stays open there: a filter alone does not know one's own threads. */
TRICK(A095_without_a_supervisor, .id = "A095", .args = { "%v", "no-affinity" },
      .flags = { "--no-supervisor" }, .harm = HARM_VICTIM, .bare = BARE_SOME)

TRICK(A112_abstract_sockets, .id = "A112", .args = { "%a" }, .harm = HARM_UNIX)

/* Where Unix sockets can be made, the scope still holds. */
TRICK(A112_abstract_scope, .id = "A112", .args = { "%a" },
      .flags = { "--extra-allow-syscall", "socket" }, .harm = HARM_UNIX,
      .off = { "--disable", "abstract-unix-socket-scope" })

TRICK(A120_pathname_sockets, .id = "A120", .args = { "%n", "%d" },
      .flags = { "-r", "%o" }, .harm = HARM_UNIX,
      .off = { "--extra-allow-syscall", "socket" })

/* A stream is connected by the judge, or not: by the inode it leads to. */
TRICK(A120_whatever_the_spelling, .id = "A120ways", .args = { "%n" },
      .flags = { "-r", "%o", "-r", "/proc" }, .harm = HARM_UNIX,
      .bare = BARE_SOME, .off = { "--unix-allow", "%n" })

TRICK(A120_with_a_grant_to_read_alone, .id = "A120ways", .args = { "%n" },
      .flags = { "-r", "%o" }, .harm = HARM_UNIX, .bare = BARE_SOME,
      .off = { "-w", "%o" })

TRICK(A121_races_to_a_socket, .id = "A121", .args = { "%n" },
      .flags = { "-r", "%o", "--net-allow", "tcp://:9" }, .harm = HARM_UNIX,
      .off = { "--unix-allow", "%o" })

/* Datagrams exist with --unix-allow, for other sockets than these. */
TRICK(A112_abstract_datagrams, .id = "A112", .args = { "%a" },
      .flags = { "--unix-allow", "%w" }, .harm = HARM_UNIX,
      .off = { "--unix-allow", "%w", "--disable", "abstract-unix-socket-scope" })

TRICK(A120_pathname_datagrams, .id = "A120", .args = { "%n", "%d" },
      .flags = { "-r", "%o", "--unix-allow", "%w" }, .harm = HARM_UNIX,
      .off = { "--unix-allow", "%d" })

TRICK(A120_through_a_pair_that_may_be, .id = "A120pair", .args = { "%d", "%a" },
      .flags = { "-r", "%o", "--unix-allow", "%w" }, .harm = HARM_UNIX,
      .off = { "--unix-allow", "%o" }, .may_win = true)

TRICK(A086_races_in_a_message, .id = "A086", .args = { "%d" },
      .flags = { "-r", "%o", "--unix-allow", "%w" }, .harm = HARM_UNIX,
      .off = { "--unix-allow", "%d" })

TRICK(A120_through_a_socketpair, .id = "A120pair", .args = { "%d", "%a" },
      .flags = { "-r", "%o" }, .harm = HARM_UNIX,
      .off = { "--extra-allow-syscall", "socketpair" })

TRICK(A122_connected_pairs_work, .id = "A122", .same = true)

TRICK(A124_posix_queue, .id = "A124", .args = { "%a" },
      .harm = HARM_LEAK | HARM_QUEUE)

/* Opening alone is Landlock's: making and removing are the filter's. */
TRICK(A124_posix_queue_removed, .id = "A124", .args = { "%a" },
      .harm = HARM_QUEUE, .off = { "--extra-allow-syscall", "mq_unlink" })

TRICK(A125_shared_memory, .id = "A125", .args = { "%h", "%k" },
      .harm = HARM_LEAK, .off = { "--extra-allow-syscall", "sysv_ipc" })

TRICK(A126_keyrings, .id = "A126", .bare = BARE_ANY,
      .off = { "--extra-allow-syscall", "keyctl", "--extra-allow-syscall",
	       "add_key", "--extra-allow-syscall", "request_key" })

TRICK(A130_socket_families, .id = "A130", .bare = BARE_SOME,
      .off = { "--extra-allow-syscall", "socket" })

TRICK(A130_socket_families_with_a_net_rule, .id = "A130",
      .flags = { "--net-allow", "tcp://*", "--net-allow-bind", "*" },
      .bare = BARE_SOME)

TRICK(A131_interfaces, .id = "A131",
      .off = { "--extra-allow-syscall", "ioctl", "--extra-allow-syscall",
	       "socket" })

static void stdin_unix_datagram(const struct stage *s)
{
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)s;
	if (dup2(fd, 0) < 0)
		_exit(97);
}

TRICK(A159_inherited_unix_socket, .id = "A159unix", .args = { "%d" },
      .prepare = stdin_unix_datagram, .harm = HARM_UNIX, .refused = true)

/* A stream that has no peer yet could still choose one. */
static void stdin_unix_stream(const struct stage *s)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)s;
	if (dup2(fd, 0) < 0)
		_exit(97);
}

TRICK(A159_inherited_unix_stream, .id = "A159stream", .args = { "%n" },
      .prepare = stdin_unix_stream, .harm = HARM_UNIX, .refused = true)
