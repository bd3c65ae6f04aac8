/* SPDX-License-Identifier: Apache-2.0 */
/* See act.h. */
#include "supervise/act.h"

#include <errno.h>
#include <fcntl.h>

#include "supervise/judge.h"
#include "supervise/pin.h"
#include "supervise/remote.h"

int sl_act_pin(struct sl_call *call, int dirfd, int n, int at_flags)
{
	char *path = call->judge->path[0];
	ssize_t len = sl_remote_string(call, sl_call_arg(call, n), path,
				       PATH_MAX);
	unsigned int flags = 0;

	if (len < 0)
		return (int)len;
	if (at_flags & AT_SYMLINK_NOFOLLOW)
		flags |= SL_PIN_NOFOLLOW;
	if (at_flags & AT_EMPTY_PATH)
		flags |= SL_PIN_EMPTY;
	return sl_pin(call, dirfd, path, flags);
}

int sl_act_judge(struct sl_call *call, int fd, uint32_t rights, int error,
		 bool as_file)
{
	int r = sl_grants_judge_for(call, fd, rights);

	if (r > 0 && (uint32_t)r & rights)
		/* Where a descriptor was copied and nothing pinned, nobody has
		 * looked since. */
		return as_file ? sl_call_alive(call) : 0;
	/* Looked at only now: an allowed call says it itself. */
	if (as_file && fcntl(fd, F_GETFL) & O_PATH)
		return -EBADF;
	if (rights & SL_RIGHT_READ)
		sl_event_deny(call, SL_RULE_NO_GRANT, SL_TRY_WATCH, error, fd);
	else
		sl_event_deny(call, SL_RULE_NO_WRITE_GRANT, SL_TRY_CHANGE,
			      error, fd);
	return -error;
}
