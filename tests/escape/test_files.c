/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogue 5.1: path resolution and file rules. */
#include "trick.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

TRICK(A001_read_outside_the_grants, .id = "A001", .args = { "%s" },
      .harm = HARM_LEAK)

TRICK(A001_read_with_proc_granted, .id = "A001", .args = { "%s" },
      .flags = { "-r", "/proc", "-r", "/dev" }, .harm = HARM_LEAK)

TRICK(A001_read_under_base, .id = "A001", .args = { "%s" },
      .flags = { "-p", "base" }, .harm = HARM_LEAK)

TRICK(A001_read_granted_after_all, .id = "A001", .args = { "%s" },
      .off = { "-r", "%o" }, .harm = HARM_LEAK)

TRICK(A002_every_change_of_a_name, .id = "A002", .args = { "%o", "%w" },
      .off = { "-w", "%o" }, .harm = HARM_OUT)

/* A read grant is no write grant. */
TRICK(A002_changes_in_a_read_grant, .id = "A002", .args = { "%o", "%w" },
      .flags = { "-r", "%o" }, .harm = HARM_OUT)

TRICK(A004_symlink_in_the_workdir, .id = "A004", .args = { "%o", "%w" },
      .off = { "-w", "%o" }, .harm = HARM_LEAK | HARM_OUT)

TRICK(A005_symlinked_directory, .id = "A005", .args = { "%o", "%w" },
      .off = { "-w", "%o" }, .harm = HARM_LEAK | HARM_OUT)

TRICK(A006_chains_loops_dangling, .id = "A006", .args = { "%o", "%w" },
      .off = { "-w", "%o" }, .harm = HARM_LEAK | HARM_OUT)

TRICK(A009_own_magic_links, .id = "A009", .args = { "%s" }, .harm = HARM_LEAK)

TRICK(A009_own_magic_links_with_proc, .id = "A009", .args = { "%s" },
      .flags = { "-r", "/proc", "-r", "/dev" }, .harm = HARM_LEAK)

TRICK(A010_magic_links_of_others, .id = "A010", .args = { "%v", "%s" },
      .flags = { "-r", "/proc" }, .harm = HARM_LEAK)

TRICK(A010_without_proc, .id = "A010", .args = { "%v", "%s" }, .harm = HARM_LEAK)

TRICK(A011_openat2_by_hand, .id = "A011", .args = { "%o" },
      .off = { "-w", "%o" }, .harm = HARM_LEAK | HARM_OUT)

TRICK(A012_every_spelling, .id = "A012", .args = { "%o" },
      .off = { "-w", "%o" }, .harm = HARM_LEAK | HARM_OUT)

TRICK(A014_open_by_handle, .id = "A014", .args = { "%s", "%o" },
      .harm = HARM_LEAK, .bare = BARE_ROOT)

TRICK(A014_open_by_handle_calls_allowed, .id = "A014", .args = { "%s", "%o" },
      .flags = { "--extra-allow-syscall", "name_to_handle_at",
		 "--extra-allow-syscall", "open_by_handle_at" },
      .harm = HARM_LEAK, .bare = BARE_ROOT)

TRICK(A015_hard_link_of_a_read_only_file, .id = "A015", .args = { "%r", "%w" },
      .harm = HARM_RO, .off = { "-w", "%r" })

TRICK(A029_truncate, .id = "A029", .args = { "%s", "%r" }, .harm = HARM_RO,
      .off = { "--disable", "fs-truncate" })

TRICK(A030_change_by_a_reading_descriptor, .id = "A030", .args = { "%r" },
      .harm = HARM_RO, .off = { "--disable", "fs-truncate" })

/* The judge of a later version decides by file; today the group closes it. */
TRICK(A034_inode_flags, .id = "A034", .args = { "%r" },
      .flags = { "--extra-deny-syscall", "metadata" }, .harm = HARM_RO,
      .bare = BARE_ANY)

TRICK(A034_ioctls_that_write, .id = "A034b", .args = { "%r" },
      .bare = BARE_SOME, .off = { "--extra-allow-syscall", "ioctl" })

TRICK(A035_tmpfile_named_outside, .id = "A035", .args = { "%o", "%r", "%w" },
      .harm = HARM_OUT | HARM_RO, .off = { "-w", "%o", "-w", "%r" })

TRICK(A036_execute_outside, .id = "A036", .args = { "%g" }, .off = { "-r", "%o" })

static void leave_descriptors(const struct stage *s)
{
	int dir = open(s->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	int file = open(s->secret, O_RDONLY | O_CLOEXEC);

	if (dup2(dir, 7) < 0 || dup2(file, 8) < 0 || dup2(dir, 999) < 0)
		_exit(97);
}

TRICK(A037_inherited_descriptors, .id = "A037", .prepare = leave_descriptors,
      .harm = HARM_LEAK, .bare = BARE_SOME)

static void stdin_is_out(const struct stage *s)
{
	int dir = open(s->out, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dup2(dir, 0) < 0)
		_exit(97);
}

TRICK(A037_stdin_is_a_directory, .id = "A037", .prepare = stdin_is_out,
      .harm = HARM_LEAK | HARM_OUT, .bare = BARE_SOME)

TRICK(A042_by_the_working_directory, .id = "A042", .args = { "%o" },
      .off = { "-w", "%o" }, .harm = HARM_LEAK | HARM_OUT)

TRICK(A044_odd_names, .id = "A044", .same = true)

TRICK(A045_edges_of_memory, .id = "A045", .same = true)
