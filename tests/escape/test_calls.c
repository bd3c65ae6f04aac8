/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogue 5.4 and 5.8: the system call filter and what it must refuse. */
#include "trick.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

TRICK(A096_rewrite_a_tracee, .id = "A096", .bare = BARE_ANY)

TRICK(A096_rewrite_a_tracee_with_ptrace, .id = "A096",
      .flags = { "--extra-allow-syscall", "ptrace" }, .bare = BARE_ANY,
      .off = { "--extra-allow-syscall", "unshare" })

TRICK(A096_ptrace_is_refused, .id = "ptrace-own",
      .off = { "--extra-allow-syscall", "ptrace" })

TRICK(A097_garbage_in_high_halves, .id = "A097", .bare = BARE_SOME)

TRICK(A097_other_architectures, .id = "abi", .bare = BARE_SOME)

TRICK(A099_filters_of_ones_own, .id = "A099", .bare = BARE_ANY,
      .off = { "--extra-allow-syscall", "unshare" })

TRICK(A104_namespaces_and_mounts, .id = "A104", .bare = BARE_SOME,
      .off = { "--extra-allow-syscall", "unshare", "--extra-allow-syscall",
	       "clone" })

TRICK(A105_dangerous_calls, .id = "A105", .bare = BARE_SOME)

#define CALL_TRICK(call_name, ...)                                    \
	TRICK(A105_##call_name, .id = "call", .args = { #call_name }, \
	      .off = { "--extra-allow-syscall", #call_name }, __VA_ARGS__)

CALL_TRICK(personality)
CALL_TRICK(kcmp)
CALL_TRICK(bpf)
CALL_TRICK(perf_event_open)
CALL_TRICK(keyctl)
CALL_TRICK(adjtimex)

TRICK(A106_attributes, .id = "A106", .bare = BARE_SOME,
      .off = { "--extra-allow-syscall", "prctl" })

static void allow_cores(const struct stage *s)
{
	struct rlimit lim;

	(void)s;
	getrlimit(RLIMIT_CORE, &lim);
	lim.rlim_cur = lim.rlim_max;
	setrlimit(RLIMIT_CORE, &lim);
}

TRICK(A107_core_dump, .id = "A107", .flags = { "--no-coredump" },
      .prepare = allow_cores, .bare = BARE_ANY)

static void leave_descriptors(const struct stage *s)
{
	int file = open(s->secret, O_RDONLY | O_CLOEXEC);

	if (dup2(file, 5) < 0 || dup2(file, 777) < 0)
		_exit(97);
}

TRICK(A109_descriptors, .id = "A109", .prepare = leave_descriptors,
      .bare = BARE_SOME)

TRICK(A186_more_descriptors, .id = "A186", .args = { "64" },
      .flags = { "--max-open-files", "64" }, .bare = BARE_SOME)
