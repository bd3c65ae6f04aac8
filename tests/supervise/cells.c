/* SPDX-License-Identifier: Apache-2.0 */
/* See cells.h. */
#include "supervise/cells.h"

#include <fcntl.h>
#include <stdint.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <utime.h>

#include "sys/uapi_seccomp.h"

#define L(p) ((long)(uintptr_t)(p))
#define BAD 8 /* an address where nothing is */
#define CWD AT_FDCWD
#define NOF AT_SYMLINK_NOFOLLOW
#define EMP AT_EMPTY_PATH

static const struct utimbuf ut = { 1000, 2000 };
static const struct timeval tv[2] = { { 3000, 4 }, { 5000, 6 } };
static const struct timeval tv_bad[2] = { { 3000, 1000000 }, { 5000, 6 } };
static const struct timespec ts[2] = { { 6000, 7 }, { 8000, 9 } };
static const struct timespec ts_bad[2] = { { 6000, 1000000000 }, { 8000, 9 } };
static const struct timespec ts_now[2] = { { 0, UTIME_NOW }, { 0, UTIME_NOW } };
static const struct timespec ts_mix[2] = { { 0, UTIME_NOW }, { 7, 0 } };
static const struct timespec ts_omit[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };
static const char user[] = "user.a", none[] = "user.none", empty[] = "";
static const char trusted[] = "trusted.a", security[] = "security.a";
static const char strange[] = "nothing", value[] = "value";
static const char long_name[] =
	"user."
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	"a";
static const struct sl_xattr_args xa = { 0 }, xa_bad = { 0, 0, 8 },
				  xa_fault = { BAD, 4, 0 };
static const uint64_t attr[8], attr_bad[8] = { 1ull << 60 },
			       attr_long[8] = { 0, 0, 0, 0, 1 };
static const long zero[8];
static const unsigned char bad_flags[8] = { 0, 0, 0, 0x80 };

#define CALL(name, path_arg, fd_arg, ...)                                  \
	{                                                                  \
#name " " #__VA_ARGS__, SYS_##name, sl_h_##name, path_arg, \
			fd_arg,                                            \
		{                                                          \
			__VA_ARGS__                                        \
		}                                                          \
	}
#define CALL_NR(name, path_arg, fd_arg, ...)                                 \
	{                                                                    \
#name " " #__VA_ARGS__, SL_NR_##name, sl_h_##name, path_arg, \
			fd_arg,                                              \
		{                                                            \
			__VA_ARGS__                                          \
		}                                                            \
	}

#define P 0
#define F 0

const struct cell_call path_calls[] = {
#ifdef SYS_chmod
	CALL(chmod, 0, -1, P, 0755),
	CALL(chmod, 0, -1, P, 06711),
	CALL(chown, 0, -1, P, -1, -1),
	CALL(chown, 0, -1, P, 12345, 12345),
	CALL(lchown, 0, -1, P, -1, -1),
	CALL(lchown, 0, -1, P, 12345, -1),
	CALL(utime, 0, -1, P, 0),
	CALL(utime, 0, -1, P, L(&ut)),
	CALL(utime, 0, -1, P, BAD),
	CALL(utimes, 0, -1, P, 0),
	CALL(utimes, 0, -1, P, L(tv)),
	CALL(utimes, 0, -1, P, L(tv_bad)),
	CALL(utimes, 0, -1, P, BAD),
	CALL(futimesat, 1, -1, CWD, P, 0),
	CALL(futimesat, 1, -1, CWD, P, L(tv)),
	CALL(futimesat, 1, -1, CWD, P, L(tv_bad)),
	CALL(futimesat, 1, -1, 99, P, L(tv)),
#endif
	CALL(fchmodat, 1, -1, CWD, P, 0755),
	CALL(fchmodat, 1, -1, 99, P, 0755),
	CALL(fchmodat, 1, -1, CWD | (0x5l << 32), P, 0755),
	CALL_NR(fchmodat2, 1, -1, CWD, P, 0700, 0),
	CALL_NR(fchmodat2, 1, -1, CWD, P, 0700, NOF),
	CALL_NR(fchmodat2, 1, -1, CWD, P, 0700, EMP),
	CALL_NR(fchmodat2, 1, -1, CWD, P, 0700, NOF | EMP),
	CALL_NR(fchmodat2, 1, -1, CWD, P, 0700, 1),
	CALL(fchownat, 1, -1, CWD, P, -1, -1, 0),
	CALL(fchownat, 1, -1, CWD, P, -1, -1, NOF),
	CALL(fchownat, 1, -1, CWD, P, 12345, -1, EMP),
	CALL(fchownat, 1, -1, CWD, P, -1, -1, 1),
	CALL(fchownat, 1, -1, 99, P, -1, -1, 0),
	CALL(utimensat, 1, -1, CWD, P, 0, 0),
	CALL(utimensat, 1, -1, CWD, P, L(ts), 0),
	CALL(utimensat, 1, -1, CWD, P, L(ts), NOF),
	CALL(utimensat, 1, -1, CWD, P, L(ts), EMP),
	CALL(utimensat, 1, -1, CWD, P, L(ts), 1),
	CALL(utimensat, 1, -1, CWD, P, L(ts_bad), 0),
	CALL(utimensat, 1, -1, CWD, P, L(ts_now), 0),
	CALL(utimensat, 1, -1, CWD, P, L(ts_mix), 0),
	CALL(utimensat, 1, -1, CWD, P, L(ts_omit), 0),
	CALL(utimensat, 1, -1, CWD, P, L(ts_omit), 1),
	CALL(utimensat, 1, -1, CWD, P, BAD, 0),
	CALL(utimensat, 1, -1, 99, P, L(ts), 0),
	CALL(setxattr, 0, -1, P, L(user), L(value), 5, 0),
	CALL(setxattr, 0, -1, P, L(user), L(value), 5, 1),
	CALL(setxattr, 0, -1, P, L(none), L(value), 5, 2),
	CALL(setxattr, 0, -1, P, L(user), L(value), 5, 8),
	CALL(setxattr, 0, -1, P, L(user), 0, 0, 0),
	CALL(setxattr, 0, -1, P, L(user), 0, 4, 0),
	CALL(setxattr, 0, -1, P, L(user), L(value), 65537, 0),
	CALL(setxattr, 0, -1, P, L(user), L(value), -1, 0),
	CALL(setxattr, 0, -1, P, L(empty), L(value), 5, 0),
	CALL(setxattr, 0, -1, P, L(long_name), L(value), 5, 0),
	CALL(setxattr, 0, -1, P, BAD, L(value), 5, 0),
	CALL(setxattr, 0, -1, P, L(trusted), L(value), 5, 0),
	CALL(setxattr, 0, -1, P, L(strange), L(value), 5, 0),
	CALL(lsetxattr, 0, -1, P, L(user), L(value), 4, 0),
	CALL(lsetxattr, 0, -1, P, L(security), L(value), 4, 0),
	CALL_NR(setxattrat, 1, -1, CWD, P, 0, L(user), L(&xa), 16),
	CALL_NR(setxattrat, 1, -1, CWD, P, NOF, L(user), L(&xa), 16),
	CALL_NR(setxattrat, 1, -1, CWD, P, EMP, L(user), L(&xa), 16),
	CALL_NR(setxattrat, 1, -1, CWD, P, 1, L(user), L(&xa), 16),
	CALL_NR(setxattrat, 1, -1, CWD, P, 0, L(user), L(&xa_bad), 16),
	CALL_NR(setxattrat, 1, -1, CWD, P, 0, L(user), L(&xa_fault), 16),
	CALL_NR(setxattrat, 1, -1, CWD, P, 0, L(user), L(&xa), 8),
	CALL_NR(setxattrat, 1, -1, CWD, P, 0, L(user), L(&xa), 5000),
	CALL_NR(setxattrat, 1, -1, CWD, P, 0, L(user), BAD, 16),
	CALL(removexattr, 0, -1, P, L(user)),
	CALL(removexattr, 0, -1, P, L(none)),
	CALL(removexattr, 0, -1, P, L(empty)),
	CALL(removexattr, 0, -1, P, L(trusted)),
	CALL(removexattr, 0, -1, P, BAD),
	CALL(lremovexattr, 0, -1, P, L(user)),
	CALL_NR(removexattrat, 1, -1, CWD, P, NOF, L(user)),
	CALL_NR(removexattrat, 1, -1, CWD, P, EMP, L(user)),
	CALL_NR(removexattrat, 1, -1, CWD, P, 1, L(user)),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr), 24, 0),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr), 24, NOF),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr), 24, EMP),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr), 24, 1),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr), 64, 0),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr_long), 64, 0),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr), 8, 0),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr), 5000, 0),
	CALL_NR(file_setattr, 1, -1, CWD, P, L(attr_bad), 24, 0),
	CALL_NR(file_setattr, 1, -1, CWD, P, BAD, 24, 0),
	CALL(inotify_add_watch, 1, -1, 35, P, IN_MODIFY),
	CALL(inotify_add_watch, 1, -1, 35, P, IN_ALL_EVENTS | IN_ONLYDIR),
	CALL(inotify_add_watch, 1, -1, 35, P, IN_OPEN | IN_DONT_FOLLOW),
	CALL(inotify_add_watch, 1, -1, 35, P,
	     IN_OPEN | IN_DONT_FOLLOW | IN_ONLYDIR),
	CALL(inotify_add_watch, 1, -1, 35, P, 0),
	CALL(inotify_add_watch, 1, -1, 35, P,
	     IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE),
	CALL(inotify_add_watch, 1, -1, 99, P, IN_OPEN),
	CALL(inotify_add_watch, 1, -1, 99, P, 0),
	CALL(inotify_add_watch, 1, -1, 20, P, IN_OPEN),
};

const struct cell_call fd_calls[] = {
	CALL(fchmod, -1, 0, F, 0755),
	CALL(fchown, -1, 0, F, -1, -1),
	CALL(fchown, -1, 0, F, 12345, -1),
	CALL(utimensat, -1, 0, F, 0, L(ts), 0),
	CALL(utimensat, -1, 0, F, 0, 0, 0),
	CALL(utimensat, -1, 0, F, 0, L(ts), EMP),
	CALL(utimensat, -1, 0, F, 0, L(ts_bad), 0),
	CALL(utimensat, -1, 0, F, L(empty), L(ts), EMP),
	CALL(utimensat, -1, 0, F, L(empty), L(ts), 0),
#ifdef SYS_futimesat
	CALL(futimesat, -1, 0, F, 0, L(tv)),
	CALL(futimesat, -1, 0, F, 0, L(tv_bad)),
#endif
	CALL_NR(fchmodat2, -1, 0, F, L(empty), 0755, EMP),
	CALL_NR(fchmodat2, -1, 0, F, 0, 0755, EMP),
	CALL(fchmodat, -1, 0, F, L(empty), 0755),
	CALL(fchownat, -1, 0, F, L(empty), -1, -1, EMP),
	CALL(fchownat, -1, 0, F, L(empty), -1, -1, EMP | NOF),
	CALL(fsetxattr, -1, 0, F, L(user), L(value), 5, 0),
	CALL(fsetxattr, -1, 0, F, L(user), L(value), 5, 8),
	CALL(fsetxattr, -1, 0, F, L(trusted), L(value), 5, 0),
	CALL(fsetxattr, -1, 0, F, BAD, L(value), 5, 0),
	CALL_NR(setxattrat, -1, 0, F, L(empty), EMP, L(user), L(&xa), 16),
	CALL_NR(setxattrat, -1, 0, F, 0, EMP, L(user), L(&xa), 16),
	CALL_NR(setxattrat, -1, 0, F, 0, 0, L(user), L(&xa), 16),
	CALL(fremovexattr, -1, 0, F, L(user)),
	CALL(fremovexattr, -1, 0, F, L(none)),
	CALL_NR(removexattrat, -1, 0, F, L(empty), EMP, L(none)),
	CALL_NR(file_setattr, -1, 0, F, L(empty), L(attr), 24, EMP),
	CALL_NR(file_setattr, -1, 0, F, 0, L(attr), 24, EMP),
	CALL(ioctl, -1, 0, F, SL_FS_IOC_SETFLAGS, L(zero)),
	CALL(ioctl, -1, 0, F, SL_FS_IOC_SETFLAGS, L(bad_flags)),
	CALL(ioctl, -1, 0, F, SL_FS_IOC_SETFLAGS, BAD),
	CALL(ioctl, -1, 0, F, SL_FS_IOC_SETFLAGS | (1l << 32), L(zero)),
	CALL(ioctl, -1, 0, F, SL_FS_IOC32_SETFLAGS, L(zero)),
	CALL(ioctl, -1, 0, F, SL_FS_IOC_FSSETXATTR, L(zero)),
	CALL(ioctl, -1, 0, F, SL_FS_IOC_FSSETXATTR, BAD),
	CALL(ioctl, -1, 0, F, SL_FS_IOC_SETVERSION, L(zero)),
	CALL(ioctl, -1, 0, F, SL_FS_IOC32_SETVERSION, L(zero)),
	CALL(ioctl, -1, 0, F, SL_EXT4_IOC_SETVERSION, L(zero)),
};

const int path_call_count = sizeof(path_calls) / sizeof(path_calls[0]);
const int fd_call_count = sizeof(fd_calls) / sizeof(fd_calls[0]);
