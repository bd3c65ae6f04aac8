/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asking side: connect, check who answers, send, wait with a deadline.
 * SECURITY: an entry is a name in a directory that a sandbox may have been
 * granted. What it leads to is believed after sl_peer_check() only, and every
 * size in an answer is checked.
 */
#include "run/control_client.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>

#include "base/buf.h"
#include "policy/value.h"
#include "run/peer.h"
#include "run/rundir.h"
#include "sys/control_name.h"

#define ANSWER_MS 2000
#define TRIES 50
#define TRY_NS 2000000

int64_t sl_client_deadline(int64_t timeout_ms)
{
	struct timespec ts;

	if (timeout_ms < 0)
		return INT64_MAX;
	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000 +
	       SL_MIN(timeout_ms, (int64_t)INT32_MAX);
}

int sl_client_left(int64_t deadline)
{
	int64_t left;

	if (deadline == INT64_MAX)
		return -1;
	left = deadline - sl_client_deadline(0);
	return left < 0 ? 0 : (int)left;
}

int sl_client_dir(struct sl_error *err)
{
	return sl_rundir_open(getenv("XDG_RUNTIME_DIR"), err);
}

/* ------------------------------------------------ asking */

/* An entry that is about to listen, or to go, is waited for. */
static int connect_patiently(int dir_fd, const char *name)
{
	struct timespec pause = { .tv_nsec = TRY_NS };
	int fd = -EAGAIN;

	for (int i = 0; i < TRIES; i++) {
		fd = sl_entry_connect(dir_fd, name);
		if (fd != -EAGAIN)
			break;
		nanosleep(&pause, NULL);
	}
	return fd;
}

bool sl_client_is_stopped(pid_t pid)
{
	char path[40], text[512];
	sl_autoclose int fd = -1;
	const char *paren;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return false;
	text[n] = '\0';
	/* The name in parentheses may hold anything. */
	paren = strrchr(text, ')');
	return paren && paren[1] && (paren[2] == 'T' || paren[2] == 't');
}

static int explain_connect(int r, const char *name, struct sl_error *err)
{
	if (r == -ENOENT) {
		sl_err(err, r, SL_STAGE_SUPERVISE,
		       "no sandbox named '%s' is running", SL_QUOTE(name));
		sl_error_hint(err, "'sandlock ps' lists what runs");
		return r;
	}
	if (r == -EAGAIN)
		return sl_err(err, r, SL_STAGE_SUPERVISE,
			      "sandbox '%s' is just starting or ending", name);
	return sl_err(err, r, SL_STAGE_SUPERVISE,
		      "cannot reach sandbox '%s': %s", name, strerror(-r));
}

int sl_client_hung_up(const char *name, struct sl_error *err)
{
	return sl_err(err, -ENOENT, SL_STAGE_SUPERVISE,
		      "sandbox '%s' does not talk to us, or ended", name);
}

int sl_client_check_name(const char *name, struct sl_error *err)
{
	return sl_entry_name_ok(name) ? 0 : explain_connect(-ENOENT, name, err);
}

/*
 * SECURITY: of a listening socket inside a sandbox the judge may be who listens,
 * and so is taken for a supervisor; but not by the name of an entry. Nor is
 * another supervisor, whose socket was moved there, the one that is meant.
 */
static int check_server(int sock, const char *name, struct sl_peer *ret_peer,
			struct sl_error *err)
{
	int r = sl_sock_is_control(sock, true) ? sl_peer_check(sock, ret_peer)
					       : -EPERM;

	if (r < 0)
		return sl_err(
			err, r, SL_STAGE_SUPERVISE,
			"what answers for sandbox '%s' cannot be trusted: "
			"it is of another user, or inside a sandbox "
			"itself",
			name);
	if (sl_entry_reached(sock, name))
		return 0;
	close(ret_peer->pidfd);
	return sl_err(err, -EPERM, SL_STAGE_SUPERVISE,
		      "what answers for sandbox '%s' is another sandbox: "
		      "somebody moved its entry",
		      name);
}

int sl_client_send(int dir_fd, const char *name,
		   const struct sl_control_request *request,
		   enum sl_client_mode mode, pid_t *ret_pid, struct sl_error *err)
{
	sl_autoclose int sock = -1, pidfd = -1;
	struct sl_control_request named = *request;
	struct sl_peer peer;
	int r;

	r = sl_client_check_name(name, err);
	if (r < 0)
		return r;
	snprintf(named.name, sizeof(named.name), "%s", name);
	sock = mode == SL_CLIENT_ONCE ? sl_entry_connect(dir_fd, name)
				      : connect_patiently(dir_fd, name);
	if (sock < 0)
		return explain_connect(sl_take_fd(&sock), name, err);
	r = check_server(sock, name, &peer, err);
	if (r < 0)
		return r;
	pidfd = peer.pidfd;
	*ret_pid = peer.pid;
	r = send(sock, &named, sizeof(named), MSG_NOSIGNAL | MSG_DONTWAIT) < 0
		    ? -errno
		    : 0;
	if (r == -EPIPE || r == -ECONNRESET)
		return sl_client_hung_up(name, err);
	if (r < 0)
		return explain_connect(r, name, err);
	if (mode == SL_CLIENT_WAKE && sl_client_is_stopped(peer.pid))
		syscall(SYS_pidfd_send_signal, pidfd, SIGCONT, NULL, 0);
	return sl_take_fd(&sock);
}

int sl_client_receive(int sock, struct sl_control_head *ret_head, char *buf,
		      size_t size, int *ret_fd)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov[2] = { { ret_head, sizeof(*ret_head) },
				{ buf, size - 1 } };
	struct msghdr mh = { .msg_iov = iov,
			     .msg_iovlen = 2,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *cm;
	int fd = -1;

	/* That it went without reading is told before what it said. */
	if (n < 0 && errno == ECONNRESET)
		n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	cm = n > 0 ? CMSG_FIRSTHDR(&mh) : NULL;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return -EAGAIN;
	if (n <= 0)
		return -ECONNRESET;
	if (cm && cm->cmsg_level == SOL_SOCKET && cm->cmsg_type == SCM_RIGHTS)
		memcpy(&fd, CMSG_DATA(cm), sizeof(fd));
	if (ret_fd)
		*ret_fd = fd;
	else
		sl_cleanup_close(&fd);
	if (n < (ssize_t)sizeof(*ret_head) ||
	    ret_head->version != SL_CONTROL_VERSION)
		return -EPROTO;
	buf[n - (ssize_t)sizeof(*ret_head)] = '\0';
	return 0;
}

/* ------------------------------------------------ orders */

static int silent(const char *name, pid_t pid, struct sl_error *err)
{
	return sl_err(err, -ETIMEDOUT, SL_STAGE_SUPERVISE,
		      "sandbox '%s' does not answer; hint: its supervisor is "
		      "process %d, and the sandbox ends with it",
		      name, (int)pid);
}

/* The reply to what was sent. */
static int await_reply(int sock, const char *name, pid_t pid, int *ret_fd,
		       struct sl_error *err)
{
	int64_t deadline = sl_client_deadline(ANSWER_MS);
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	struct sl_control_head head;
	char why[512];
	int r;

	while ((r = sl_client_receive(sock, &head, why, sizeof(why), ret_fd)) ==
	       -EAGAIN) {
		int left = sl_client_left(deadline);

		if (left == 0)
			return silent(name, pid, err);
		poll(&pfd, 1, left);
	}
	if (r == -ECONNRESET)
		return sl_client_hung_up(name, err);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_SUPERVISE,
			      "sandbox '%s' is of another version of sandlock",
			      name);
	if (head.error < 0)
		return sl_err(err, head.error, SL_STAGE_SUPERVISE,
			      "sandbox '%s': %s", name, why);
	return 0;
}

static int give_order(const char *name, const struct sl_control_request *request,
		      int *ret_sock, struct sl_error *err)
{
	sl_autoclose int dir = sl_client_dir(err);
	sl_autoclose int sock = -1;
	pid_t pid;
	int r;

	if (dir < 0)
		return dir;
	sock = sl_client_send(dir, name, request, SL_CLIENT_WAKE, &pid, err);
	if (sock < 0)
		return sock;
	r = await_reply(sock, name, pid, NULL, err);
	if (r < 0)
		return r;
	*ret_sock = sl_take_fd(&sock);
	return 0;
}

int sl_control_signal(const char *name, int sig, struct sl_error *err)
{
	struct sl_control_request request = { .version = SL_CONTROL_VERSION,
					      .verb = SL_CONTROL_SIGNAL,
					      .sig = sig };
	sl_autoclose int sock = -1;

	return give_order(name, &request, &sock, err);
}

/* Events come, and are not of interest, until the supervisor hangs up. */
static int await_end(int sock, const char *name, int64_t timeout_ms,
		     struct sl_error *err)
{
	int64_t deadline = sl_client_deadline(timeout_ms);
	struct pollfd pfd = { .fd = sock, .events = POLLIN };
	struct sl_control_head head;
	char json[16];
	int r;

	while ((r = sl_client_receive(sock, &head, json, sizeof(json), NULL)) !=
	       -ECONNRESET) {
		int left = sl_client_left(deadline);

		if (left == 0)
			return sl_err(err, -ETIMEDOUT, SL_STAGE_SUPERVISE,
				      "sandbox '%s' has not ended yet", name);
		if (r == -EAGAIN)
			poll(&pfd, 1, left);
	}
	return 0;
}

int sl_control_kill(const char *name, int64_t grace_ms, int64_t timeout_ms,
		    struct sl_error *err)
{
	struct sl_control_request request = {
		.version = SL_CONTROL_VERSION,
		.verb = SL_CONTROL_KILL,
		.grace_ns = (uint64_t)SL_MIN(grace_ms, INT64_MAX / 1000000) *
			    1000000,
	};
	sl_autoclose int sock = -1;
	int r = give_order(name, &request, &sock, err);

	if (r < 0 || timeout_ms == 0)
		return r;
	return await_end(sock, name, timeout_ms, err);
}
