/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Giving privileges up, and taking other ids on, by raw system calls alone: for
 * code that shares its memory with another process. What a start does and what
 * the doctor tries is the same code.
 */
#ifndef SL_SYS_PRIVILEGE_H
#define SL_SYS_PRIVILEGE_H

#include <stdint.h>

/* Which call of sl_raw_drop_capabilities() failed. */
enum sl_caps_call { SL_CAPS_GET = 0, SL_CAPS_BOUND, SL_CAPS_SET };

/*
 * All capabilities go, also the bounding set, so that no file capability and no
 * set-user-ID root program brings one back (no_new_privs says so as well).
 * Negative errno, and in *ret_call an enum sl_caps_call.
 */
long sl_raw_drop_capabilities(uint32_t *ret_call);

/* Which file sl_raw_map_ids() could not write. */
enum sl_map_file { SL_MAP_UID = 0, SL_MAP_SETGROUPS, SL_MAP_GID };

/*
 * In a user namespace that the calling process has just entered: look like
 * @uid:@gid, being @outer_uid:@outer_gid outside. Negative errno, and in
 * *ret_file an enum sl_map_file.
 */
long sl_raw_map_ids(uint32_t uid, uint32_t gid, uint32_t outer_uid,
		    uint32_t outer_gid, uint32_t *ret_file);

#endif
