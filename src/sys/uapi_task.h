/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Kernel ABI about other tasks and held files that the build host's headers may
 * be too old to know.
 */
#ifndef SL_SYS_UAPI_TASK_H
#define SL_SYS_UAPI_TASK_H

#include <stdint.h>

/* pidfd_open(2): this thread, not its process. O_EXCL; Linux 6.9. */
#define SL_PIDFD_THREAD 0200u

/* ioctl of a pidfd, Linux 6.13; the first version of the structure. */
#define SL_PIDFD_GET_INFO 0xC040FF0Bu
#define SL_PIDFD_INFO_PID 1u

struct sl_pidfd_info {
	uint64_t mask;
	uint64_t cgroup;
	uint32_t pid;
	uint32_t tgid;
	uint32_t ppid;
	uint32_t ids[8];
	uint32_t exit_code;
};

#define SL_NR_faccessat2 439   /* Linux 5.8 */
#define SL_NR_fchmodat2 452    /* Linux 6.6 */
#define SL_NR_file_setattr 469 /* Linux 6.17 */
#define SL_NR_setxattrat 463   /* Linux 6.13 */
#define SL_NR_removexattrat 466

#define SL_FS_IOC_GETFLAGS 0x80086601u
#define SL_FS_CASEFOLD_FL 0x40000000u /* Linux 5.2 */
#define SL_STATFS_NOSYMFOLLOW 0x2000  /* f_flags, Linux 5.10 */

/* setxattrat(2), first version */
struct sl_xattr_args {
	uint64_t value;
	uint32_t size;
	uint32_t flags;
};

/* sched_setattr(2), as of Linux 5.3; 48 bytes in its first version */
#define SL_SCHED_ATTR_SIZE_VER0 48u
struct sl_sched_attr {
	uint32_t size;
	uint32_t policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime;
	uint64_t deadline;
	uint64_t period;
	uint32_t util_min;
	uint32_t util_max;
};

#endif
