/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See hosts.h, docs/design/names.md.
 *
 * SECURITY: asked of what is held, never of the text of a path. Somebody outside
 * may put a new file in place while we run, so the name is followed anew each
 * time, and what it led to at the start stays covered under every other name.
 */
#include "supervise/hosts.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/event.h"
#include "supervise/judge.h"
#include "supervise/opening.h"
#include "sys/process.h"
#include "sys/sealed.h"

int sl_hosts_make(struct sl_hosts *hosts, const char *text)
{
	hosts->fd = sl_sealed_text("hosts", text, strlen(text));
	if (hosts->fd < 0)
		return hosts->fd;
	hosts->held = sl_path_open(AT_FDCWD, "/etc/hosts", 0, 0);
	if (hosts->held < 0 || sl_object_look(hosts->held, &hosts->object) < 0 ||
	    !S_ISREG(hosts->object.mode))
		hosts->object = (struct sl_object){ 0 };
	return 0;
}

void sl_hosts_fini(struct sl_hosts *hosts)
{
	if (hosts->fd >= 0)
		close(hosts->fd);
	if (hosts->held >= 0)
		close(hosts->held);
}

/* ------------------------------------------------ is it that file */

static int look_now(const struct sl_call *call, struct stat *ret)
{
	return fstatat(call->judge->root_fd, "etc/hosts", ret, 0) < 0 ? -errno
								      : 0;
}

bool sl_hosts_is(const struct sl_call *call, int fd)
{
	const struct sl_hosts *hosts = &call->judge->hosts;
	struct stat here, now;

	if (hosts->fd < 0)
		return false;
	/* What cannot be looked at is not opened: that fails for itself. A link
	 * to a device is no file of names, and the device is for all. */
	if (fstat(fd, &here) < 0 || !S_ISREG(here.st_mode))
		return false;
	if (hosts->object.ino && hosts->object.ino == here.st_ino &&
	    hosts->object.dev == here.st_dev)
		return true;
	return look_now(call, &now) == 0 && now.st_ino == here.st_ino &&
	       now.st_dev == here.st_dev;
}

bool sl_hosts_is_missing(const struct sl_call *call)
{
	struct stat now;

	return call->judge->hosts.fd >= 0 && look_now(call, &now) == -ENOENT;
}

bool sl_hosts_is_name(const struct sl_call *call, int parent, const char *name)
{
	struct stat here, etc;

	return call->judge->hosts.fd >= 0 && strcmp(name, "hosts") == 0 &&
	       fstat(parent, &here) == 0 &&
	       fstatat(call->judge->root_fd, "etc", &etc, 0) == 0 &&
	       here.st_ino == etc.st_ino && here.st_dev == etc.st_dev;
}

/* ------------------------------------------------ in its place */

int sl_hosts_open(struct sl_call *call, int flags, int fd)
{
	if ((flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC) {
		sl_event_deny(call, SL_RULE_PROTECTED, SL_TRY_WRITE, EACCES, fd);
		return -EACCES;
	}
	return sl_open_sealed(call, call->judge->hosts.fd, flags);
}
