/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel ABI that the build host's headers may be too old to know. Values are
 * from the kernel's uapi headers; structures are fixed for ever.
 */
#ifndef SL_SYS_UAPI_H
#define SL_SYS_UAPI_H

#include <stdint.h>

/* landlock(7) */
#define SL_NR_landlock_create_ruleset 444
#define SL_NR_landlock_add_rule 445
#define SL_NR_landlock_restrict_self 446

#define SL_LL_FS_EXECUTE (1ULL << 0)
#define SL_LL_FS_WRITE_FILE (1ULL << 1)
#define SL_LL_FS_READ_FILE (1ULL << 2)
#define SL_LL_FS_READ_DIR (1ULL << 3)
#define SL_LL_FS_REMOVE_DIR (1ULL << 4)
#define SL_LL_FS_REMOVE_FILE (1ULL << 5)
#define SL_LL_FS_MAKE_CHAR (1ULL << 6)
#define SL_LL_FS_MAKE_DIR (1ULL << 7)
#define SL_LL_FS_MAKE_REG (1ULL << 8)
#define SL_LL_FS_MAKE_SOCK (1ULL << 9)
#define SL_LL_FS_MAKE_FIFO (1ULL << 10)
#define SL_LL_FS_MAKE_BLOCK (1ULL << 11)
#define SL_LL_FS_MAKE_SYM (1ULL << 12)
#define SL_LL_FS_REFER (1ULL << 13)	   /* ABI 2, Linux 5.19 */
#define SL_LL_FS_TRUNCATE (1ULL << 14)	   /* ABI 3, Linux 6.2 */
#define SL_LL_FS_IOCTL_DEV (1ULL << 15)	   /* ABI 5, Linux 6.10 */
#define SL_LL_FS_RESOLVE_UNIX (1ULL << 16) /* ABI 9, Linux 7.1 */

#define SL_LL_NET_BIND_TCP (1ULL << 0)	       /* ABI 4, Linux 6.7 */
#define SL_LL_NET_CONNECT_TCP (1ULL << 1)      /* ABI 4 */
#define SL_LL_NET_BIND_UDP (1ULL << 2)	       /* ABI 10, Linux 7.2 */
#define SL_LL_NET_CONNECT_SEND_UDP (1ULL << 3) /* ABI 10 */

#define SL_LL_SCOPE_ABSTRACT_UNIX (1ULL << 0) /* ABI 6, Linux 6.12 */
#define SL_LL_SCOPE_SIGNAL (1ULL << 1)	      /* ABI 6 */

#define SL_LL_CREATE_VERSION 1u
#define SL_LL_CREATE_ERRATA 2u
#define SL_LL_RULE_PATH_BENEATH 1
#define SL_LL_RULE_NET_PORT 2

struct sl_ll_ruleset_attr {
	uint64_t handled_fs;
	uint64_t handled_net;
	uint64_t scoped;
};

struct sl_ll_path_attr {
	uint64_t allowed;
	int32_t parent_fd;
} __attribute__((packed));

struct sl_ll_port_attr {
	uint64_t allowed;
	uint64_t port; /* host byte order */
};

#endif
