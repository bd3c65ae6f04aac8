/* SPDX-License-Identifier: Apache-2.0 */
/*
 * inotify_add_watch(2): what happens below a directory is known to whoever may
 * read it, and Landlock does not ask. Added to the caller's own inotify object,
 * so that number and events are as if it had done so itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/inotify.h>
#include <sys/syscall.h>

#include "base/compiler.h"
#include "supervise/act.h"
#include "supervise/handlers.h"
#include "supervise/judge.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/object.h"
#include "sys/raw.h"

static int pin_watched(struct sl_call *call, uint32_t mask)
{
	char *path = call->judge->path[0];
	ssize_t len = sl_remote_string(call, sl_call_arg(call, 1), path,
				       PATH_MAX);

	if (len < 0)
		return (int)len;
	return sl_pin(call, AT_FDCWD, path,
		      (mask & IN_DONT_FOLLOW ? SL_PIN_NOFOLLOW : 0) |
			      (mask & IN_ONLYDIR ? SL_PIN_DIRECTORY : 0));
}

struct sl_answer sl_h_inotify_add_watch(struct sl_call *call)
{
	uint32_t mask = (uint32_t)sl_call_arg(call, 2);
	sl_autoclose int notify = sl_remote_fd(call, sl_call_int(call, 0));
	sl_autoclose int fd = -1;
	char link[SL_OBJECT_LINK_MAX];
	long r;

	/* A mask without events, or with a contradiction, is an error also of
	 * a descriptor that is none. */
	r = sl_raw3(SYS_inotify_add_watch, notify, NULL, mask);
	if (notify < 0 && notify != -EBADF)
		return sl_answer(notify);
	if (r != -EFAULT)
		return r < 0 ? sl_answer(r) : sl_answer_fail(EFAULT);
	fd = pin_watched(call, mask);
	if (fd < 0)
		return sl_answer(fd);
	r = sl_act_judge(call, fd,
			 SL_RIGHT_READ | SL_RIGHT_WRITE | SL_RIGHT_TIMES,
			 EACCES, false);
	if (r < 0)
		return sl_answer(r);
	return sl_answer(sl_raw3(SYS_inotify_add_watch, notify,
				 sl_object_link(fd, link),
				 mask & ~(uint32_t)IN_DONT_FOLLOW));
}
