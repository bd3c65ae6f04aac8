/* SPDX-License-Identifier: Apache-2.0 */
/* Catalogue 5.2 and 5.3: /proc, /sys, /dev, terminals, execution. */
#include "trick.h"

#include <stdlib.h>

static void secret_environment(const struct stage *s)
{
	setenv("TOKEN", s->canary, 1);
}

TRICK(A051_environment_of_the_keeper, .id = "A051",
      .flags = { "-r", "/proc", "--clean-env" }, .prepare = secret_environment,
      .harm = HARM_LEAK, .bare = BARE_SOME)

TRICK(A051_environment_under_base, .id = "A051",
      .flags = { "-p", "base", "--clean-env" }, .prepare = secret_environment,
      .harm = HARM_LEAK, .bare = BARE_SOME)

TRICK(A052_other_processes, .id = "A052", .args = { "%v" },
      .flags = { "-r", "/proc" }, .harm = HARM_LEAK, .bare = BARE_SOME)

TRICK(A052_other_processes_no_grant, .id = "A052", .args = { "%v" },
      .harm = HARM_LEAK, .bare = BARE_SOME)

TRICK(A054_kernel_settings, .id = "A054",
      .flags = { "-r", "/proc", "-r", "/sys" }, .bare = BARE_ROOT)

TRICK(A054_kernel_settings_under_base, .id = "A054", .flags = { "-p", "base" },
      .bare = BARE_ROOT)

TRICK(A055_kernel_secrets_under_base, .id = "A055", .flags = { "-p", "base" },
      .bare = BARE_SOME)

TRICK(A057_own_maps_and_memory, .id = "A057", .flags = { "-r", "/proc" },
      .bare = BARE_SOME)

TRICK(A057_own_maps_under_base, .id = "A057", .flags = { "-p", "base" },
      .bare = BARE_SOME)

TRICK(A061_devices, .id = "A061", .bare = BARE_ANY)

TRICK(A061_devices_under_base, .id = "A061", .flags = { "-p", "base" },
      .bare = BARE_ANY)

TRICK(A062_foreign_terminal, .id = "A062", .args = { "%t" }, .harm = HARM_TTY,
      .bare = BARE_SOME)

TRICK(A062_foreign_terminal_under_base, .id = "A062", .args = { "%t" },
      .flags = { "-p", "base" }, .harm = HARM_TTY, .bare = BARE_SOME)

TRICK(A064_device_nodes, .id = "A064", .args = { "%w" }, .bare = BARE_SOME)

TRICK(A065_fifo, .id = "A065", .args = { "%w" }, .same = true)

TRICK(A069_privileges, .id = "A069", .bare = BARE_SOME)

/* As root the copy belongs to nobody; a user's own copy changes nothing. */
TRICK(A069_set_user_id, .id = "A069", .args = { "%S" }, .bare = BARE_ROOT)

TRICK(A072_memfd_is_bound_too, .id = "A072", .args = { "%s" },
      .flags = { "-r", "/proc" }, .harm = HARM_LEAK, .bare = BARE_SOME)
