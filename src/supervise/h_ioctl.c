/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Flags, project and version of an inode, by ioctl(2): a descriptor that is
 * open for reading is enough. Only these commands are trapped (notify.def).
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "supervise/act.h"
#include "supervise/grants.h"
#include "supervise/handlers.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/raw.h"
#include "sys/uapi_seccomp.h"

#define FSXATTR_BYTES 28 /* struct fsxattr */

/* Those that the kernel itself decodes, before it looks at the object. */
static bool is_decoded(uint32_t cmd)
{
	return cmd == SL_FS_IOC_SETFLAGS || cmd == SL_FS_IOC_FSSETXATTR;
}

/* The others take an int, whatever the size in their number says. */
static size_t argument_size(uint32_t cmd)
{
	return cmd == SL_FS_IOC_FSSETXATTR ? FSXATTR_BYTES : sizeof(int);
}

static bool is_file_or_directory(int fd)
{
	struct sl_object object;

	return sl_object_look(fd, &object) == 0 &&
	       (S_ISREG(object.mode) || S_ISDIR(object.mode));
}

struct sl_answer sl_h_ioctl(struct sl_call *call)
{
	uint32_t cmd = (uint32_t)sl_call_arg(call, 1);
	sl_autoclose int fd = sl_remote_fd(call, sl_call_int(call, 0));
	/* A FUSE server is sent as much as the number says. */
	uint64_t argument[4] = { 0 };
	int fault, r;

	if (fd < 0)
		return sl_answer(fd);
	if (fcntl(fd, F_GETFL) & O_PATH)
		return sl_answer_fail(EBADF);
	fault = sl_remote_read(call, sl_call_arg(call, 2), argument,
			       argument_size(cmd));
	if (fault < 0 && (fault != -EFAULT || is_decoded(cmd)))
		return sl_answer(fault);
	if (!is_file_or_directory(fd))
		return sl_answer_fail(ENOTTY);
	r = sl_act_judge(call, fd, SL_RIGHT_WRITE, EPERM, true);
	if (r < 0)
		return sl_answer(r);
	/* Whether a bad address matters is the file system's to say. */
	return sl_answer(sl_raw3(SYS_ioctl, fd, cmd, fault ? NULL : argument));
}
