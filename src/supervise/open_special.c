/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See opening.h. What an open means depends on who opens only for a few
 * objects: terminals, /proc; and only a few can make us wait.
 *
 * SECURITY: our domain bounds what can be opened here, by path. It does not
 * bound what procfs gives to a process that looks at itself: so an object of a
 * process that is not the sandbox's is left alone, unless procfs shows it to
 * everybody.
 */
#include "supervise/opening.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/clerk.h"
#include "supervise/judge.h"
#include "supervise/parked.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "supervise/tables.h"
#include "sys/object.h"
#include "sys/raw.h"

#define MAJOR_MEM 1
#define MAJOR_TTY_AUX 5 /* minor 0: /dev/tty */
#define MAJOR_PTS 136	/* to 143 */

int sl_take_umask(struct sl_call *call)
{
	int mask, r;

	/* Or it would be the host's. */
	if (!call->judge->own_fs)
		return -EPERM;
	mask = sl_clerk_umask(&call->judge->clerk, (int32_t)call->notif->pid);
	r = sl_call_alive(call);
	if (r < 0)
		return r;
	if (mask < 0)
		return -EPERM;
	umask((mode_t)mask);
	return 0;
}

/* By our own link to it. Neither a name nor a mode is of use here. */
static int reopen(struct sl_call *call, int fd, int flags)
{
	char number[12];

	flags &= ~(O_CREAT | O_EXCL | O_NOFOLLOW);
	flags |= O_CLOEXEC | O_NOCTTY;
	sl_object_number(number, (unsigned int)fd);
	return (int)sl_raw4(SYS_openat, call->judge->self_fd, number, flags, 0);
}

int sl_open_sealed(struct sl_call *call, int sealed, int flags)
{
	return reopen(call, sealed, flags & O_NONBLOCK);
}

/* ------------------------------------------------ devices and pipes */

/* Open at once, and wait later if the caller does. */
static int reopen_unblocked(struct sl_call *call, int fd, int flags)
{
	int new = reopen(call, fd, flags | O_NONBLOCK);
	int now;

	if (new < 0 || flags & O_NONBLOCK)
		return new;
	now = fcntl(new, F_GETFL);
	if (now >= 0 && fcntl(new, F_SETFL, now & ~O_NONBLOCK) == 0)
		return new;
	close(new);
	return -EIO;
}

/*
 * /dev/tty is the terminal of whoever opens it. Ours is the caller's if the two
 * are of one session. To one of a session of its own we have no way: as if it
 * had none.
 */
static int open_own_tty(struct sl_call *call, int fd, int flags)
{
	pid_t session = getsid((pid_t)call->notif->pid);

	if (session < 0 || session != getsid(0))
		return -ENXIO;
	return reopen_unblocked(call, fd, flags);
}

static int open_device(struct sl_call *call, int fd, int flags, dev_t dev)
{
	if (major(dev) == MAJOR_MEM)
		return reopen(call, fd, flags);
	if (major(dev) == MAJOR_TTY_AUX && minor(dev) == 0)
		return open_own_tty(call, fd, flags);
	return reopen_unblocked(call, fd, flags);
}

/*
 * A pipe with a name waits for its other end, and we may not. Who opens both
 * ends never waits.
 */
static int open_fifo(struct sl_call *call, int fd, int flags)
{
	if ((flags & O_ACCMODE) == O_RDWR || flags & O_NONBLOCK)
		return reopen(call, fd, flags);
	return sl_parked_open(call, fd, flags);
}

/* ------------------------------------------------ procfs */

/* Is @pid a task of the sandbox, by the word of the kernel: signals of this
 * thread reach those alone; and no keeper. */
static bool is_inside(const struct sl_call *call, pid_t pid)
{
	const struct sl_judge *judge = call->judge;

	if (pid == judge->supervisor_pid || pid == judge->guardian_pid)
		return false;
	/* A thread of ours: no signal scope holds within a process. */
	if (syscall(SYS_tgkill, getpid(), pid, 0) == 0)
		return false;
	return judge->scoped && kill(pid, 0) == 0;
}

/* What procfs lets everybody read, of any process. */
static bool is_public(const char *name)
{
	static const char *const names[] = { "stat", "statm", "status",
					     "cmdline", "comm" };

	for (size_t i = 0; i < SL_ARRAY_LEN(names); i++)
		if (strcmp(name, names[i]) == 0)
			return true;
	return false;
}

/* 0: may be opened as far as our domain permits. */
static int judge_proc(struct sl_call *call, int fd, int flags)
{
	bool writes = (flags & O_ACCMODE) != O_RDONLY || flags & O_TRUNC;
	char *text = call->judge->text[0], *end;
	int r = sl_pin_text(call, fd, text);
	long pid;

	if (r < 0)
		return r;
	if (strncmp(text, "/proc", 5) != 0 || (text[5] && text[5] != '/'))
		return -EACCES; /* another instance, or another place */
	if (!text[5] || text[6] < '1' || text[6] > '9')
		return 0;
	pid = strtol(text + 6, &end, 10);
	if (sl_remote_is_own(call, (pid_t)pid))
		return 0;
	if (writes)
		return -EACCES;
	if (is_inside(call, (pid_t)pid))
		return 0;
	/* "/proc/N" itself can be listed; what is in it is judged again. */
	return !*end || (*end == '/' && is_public(end + 1)) ? 0 : -EACCES;
}

/* Of /proc/net the kernel says so of a file that is there as well: whoever looks
 * one up takes it from those who looked before. No name in procfs ends so. */
static void cut_deleted(char *path)
{
	static const char end[] = " (deleted)";
	size_t len = strlen(path);

	if (len > strlen(end) && strcmp(path + len - strlen(end), end) == 0)
		path[len - strlen(end)] = '\0';
}

/* SECURITY: by the path that the kernel gives for what is held. */
static int open_proc(struct sl_call *call, int fd, int flags)
{
	char *path = call->judge->text[0];
	const char *name;
	int r = judge_proc(call, fd, flags);

	if (r < 0)
		return r;
	cut_deleted(path);
	if (call->judge->tables && sl_table_find(path, &name) != SL_TABLE_NONE)
		return sl_tables_open(call, path, flags);
	return reopen(call, fd, flags);
}

int sl_open_again(struct sl_call *call, int fd, int flags)
{
	struct stat st;
	int r;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (S_ISLNK(st.st_mode))
		return -ELOOP;
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		return open_device(call, fd, flags, st.st_rdev);
	if (S_ISFIFO(st.st_mode))
		return open_fifo(call, fd, flags);
	r = sl_object_is_proc(fd);
	if (r > 0)
		return open_proc(call, fd, flags);
	return r < 0 ? r : reopen(call, fd, flags);
}
