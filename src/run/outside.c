/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a supervisor does for a running sandbox outside of its domain: from the
 * thread that dispatches, once the program runs, so that no start waits for it.
 * Nothing here looks at anything the sandbox says.
 */
#include "run/run_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define OOM_RAISE 500
#define OOM_MAX 1000

static bool ended(int pidfd)
{
	struct pollfd pfd = { .fd = pidfd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

/*
 * The OOM killer takes all who share their victim's memory, the guardian and us
 * included: the tree shall be its first choice. After the exec, when the root
 * has memory of its own. A program that cannot be read keeps its score.
 */
static void raise_oom_score(struct sl_run *run)
{
	char path[40], text[16];
	ssize_t n;
	long value;

	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj",
		 (int)run->life->root_pid);
	sl_autoclose int fd = open(path, O_RDWR | O_CLOEXEC);
	/* Not reaped after the open: then it is the root's file. */
	if (fd < 0 || run->life->root_pidfd < 0 || ended(run->life->root_pidfd))
		return;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return;
	text[n] = '\0';
	value = strtol(text, NULL, 10) + OOM_RAISE;
	n = snprintf(text, sizeof(text), "%ld", SL_MIN(value, (long)OOM_MAX));
	if (pwrite(fd, text, (size_t)n, 0) < 0)
		return; /* no harm beyond a worse order of victims */
}

/* For a search without lists. */
static void read_pid_max(struct sl_life *life)
{
	char text[16];
	sl_autoclose int fd = open("/proc/sys/kernel/pid_max",
				   O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return;
	text[n] = '\0';
	SL_LIFE_SET(&life->pid_max, (int32_t)strtol(text, NULL, 10));
}

static int open_children(int pid)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", pid, pid);
	return open(path, O_RDONLY | O_CLOEXEC);
}

void sl_outside_started(struct sl_run *run)
{
	struct sl_life *life = run->life;

	if (run->launch->flags & SL_LAUNCH_OOM)
		raise_oom_score(run);
	read_pid_max(life);
	SL_LIFE_SET(&run->orphans_fd, open_children(getpid()));
	/* Where one kill(2) reaches all of a tree nobody needs the list. */
	if (!SL_LIFE_GET(&life->broadcast_ok))
		SL_LIFE_SET(&life->children_fd,
			    open_children(life->guardian_pid));
	sl_tmpdir_sweep(&run->tmp);
}

void sl_outside_over(struct sl_run *run)
{
	/* Emptied by the judge; what would not go is swept by a later start. */
	sl_tmpdir_remove(&run->tmp, NULL);
}
