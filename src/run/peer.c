/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SECURITY: the boundary between supervisors and whatever can connect to them.
 * The user alone does not decide: a sandbox is of the same user. It is told by
 * its seccomp filters, which can never be taken off: a process inside has those
 * of its supervisor and at least one more, and no_new_privs. Whoever has no
 * more filters than the thread that asks is not inside of what that supervises,
 * nor of a sibling's.
 */
#include "run/peer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "base/compiler.h"

#define SO_PEERPIDFD_ 77 /* KERNEL 6.5; the header may be older */

struct confinement {
	unsigned long no_new_privs, filters;
};

static bool read_field(const char *text, const char *name, unsigned long *ret)
{
	const char *line = strstr(text, name);

	if (!line)
		return false;
	*ret = strtoul(line + strlen(name), NULL, 10);
	return true;
}

/* KERNEL 5.9: Seccomp_filters. Landlock, which we need, is younger. */
static bool read_confinement(const char *path, struct confinement *ret)
{
	char text[4096];
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (n <= 0)
		return false;
	text[n] = '\0';
	return read_field(text, "\nNoNewPrivs:", &ret->no_new_privs) &&
	       read_field(text, "\nSeccomp_filters:", &ret->filters);
}

static int open_peer(int sock, pid_t pid)
{
	socklen_t len = sizeof(int);
	int fd = -1;

	if (getsockopt(sock, SOL_SOCKET, SO_PEERPIDFD_, &fd, &len) == 0)
		return fd;
	if (errno != ENOPROTOOPT)
		return -errno;
	/* KERNEL < 6.5: by number, which may have been taken anew. */
	fd = (int)syscall(SYS_pidfd_open, pid, 0);
	return fd < 0 ? -errno : fd;
}

/* Not reaped: then its number is nobody else's, nor was it a moment ago. */
static bool is_there(int pidfd)
{
	return syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0 ||
	       errno == EPERM;
}

int sl_peer_check(int sock, struct sl_peer *ret_peer)
{
	struct confinement theirs, ours;
	struct ucred cred;
	socklen_t len = sizeof(cred);
	sl_autoclose int pidfd = -1;
	char path[40];

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return -errno;
	if (cred.uid != geteuid() && cred.uid != 0)
		return -EPERM;
	if (cred.pid <= 0)
		return -EPERM; /* of a pid namespace that we do not see */
	pidfd = open_peer(sock, cred.pid);
	if (pidfd < 0)
		return -EPERM;
	snprintf(path, sizeof(path), "/proc/%d/status", (int)cred.pid);
	if (!read_confinement(path, &theirs) ||
	    !read_confinement("/proc/thread-self/status", &ours) ||
	    !is_there(pidfd))
		return -EPERM;
	if (theirs.no_new_privs && theirs.filters > ours.filters)
		return -EPERM;
	*ret_peer = (struct sl_peer){ cred.pid, sl_take_fd(&pidfd) };
	return 0;
}
