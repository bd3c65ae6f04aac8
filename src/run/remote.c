/* SPDX-License-Identifier: Apache-2.0 */
/* See remote.h. Thread-safe; a forked child gets a supervisor of its own. */
#include "run/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/limits.h"
#include "run/identity.h"
#include "run/launcher.h"
#include "run/program.h"
#include "run/proto.h"
#include "run/recipe.h"

/* One supervisor per process: a fact of the process, not of an object. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int control = -1;
static pid_t server; /* its process id, as we see it */
static struct sl_identity served;

/* A thread may hold the lock while another one forks. */
static pthread_once_t fork_once = PTHREAD_ONCE_INIT;

static void lock_control(void)
{
	pthread_mutex_lock(&lock);
}

static void unlock_control(void)
{
	pthread_mutex_unlock(&lock);
}

/* The parent's supervisor is not ours, and its socket none of our business. */
static void forget_control(void)
{
	if (control >= 0)
		close(control);
	control = -1;
	pthread_mutex_unlock(&lock);
}

static void guard_fork(void)
{
	pthread_atfork(lock_control, unlock_control, forget_control);
}

/* ------------------------------------------------ starting it */

static int start_supervisor(struct sl_error *err)
{
	static const char *const argv[] = { "sandlock-supervisor", NULL };
	static const char *const envp[] = { NULL };
	char beside[PATH_MAX];
	struct sl_launcher l = { .path = sl_program_path(&sl_program_supervisor,
							 beside, sizeof(beside)),
				 .argv = argv,
				 .envp = envp };
	sl_autoclose int pidfd = (int)syscall(SYS_pidfd_open, getpid(), 0);
	sl_autoclose int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	sl_autoclose int ours = -1, theirs = -1;
	sl_autoclose int high_null = -1, high_pidfd = -1, high_theirs = -1;
	int pair[2], r;

	/* A confined host may not be allowed it. Nobody writes to either. */
	if (null < 0)
		null = memfd_create("sandlock-null", MFD_CLOEXEC);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "cannot make a socket for the supervisor: %s",
			      strerror(errno));
	ours = pair[0];
	theirs = pair[1];
	high_null = fcntl(null, F_DUPFD_CLOEXEC, SL_LAUNCHER_HIGH);
	high_pidfd = fcntl(pidfd, F_DUPFD_CLOEXEC, SL_LAUNCHER_HIGH);
	high_theirs = fcntl(theirs, F_DUPFD_CLOEXEC, SL_LAUNCHER_HIGH);
	if (high_null < 0 || high_pidfd < 0 || high_theirs < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "cannot prepare the supervisor's descriptors: %s",
			      strerror(errno));
	/* Every request then carries who sent it: see supervisor.c. */
	if (setsockopt(theirs, SOL_SOCKET, SO_PASSCRED, &(int){ 1 },
		       sizeof(int)) < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "cannot prepare the supervisor's socket: %s",
			      strerror(errno));
	l.fds[0] = l.fds[1] = l.fds[2] = high_null;
	l.fds[SL_SUPERVISOR_CONTROL_FD] = high_theirs;
	l.fds[SL_SUPERVISOR_HOST_FD] = high_pidfd;
	l.fd_count = SL_SUPERVISOR_HOST_FD + 1;
	r = sl_launcher_run(&l);
	if (r < 0) {
		sl_err(err, r, SL_STAGE_SPAWN,
		       "cannot start the supervisor '%s': %s", l.path,
		       strerror(-r));
		if (r == -EACCES)
			sl_error_hint(err,
				      "a confined thread can start it only "
				      "with a read grant for it");
		else
			sl_error_hint(err, "install sandlock, or name the "
					   "program in $SANDLOCK_SUPERVISOR");
		return r;
	}
	close(l.pidfd);
	control = sl_take_fd(&ours);
	server = l.pid;
	return 0;
}

/*
 * Call with the lock held. After a fork(2) the supervisor is the parent's;
 * after a change of identity, or for a thread that is more confined than the
 * one it was started by, it would act with rights that we do not have (or lack
 * such that we have). It serves its sandboxes to their end, and we start
 * another one, which inherits what binds this thread.
 */
static int ensure_supervisor(const struct sl_thread_status *status,
			     struct sl_error *err)
{
	struct sl_identity now;

	sl_identify(&now, status);
	if (control >= 0 && sl_identity_same(&now, &served) &&
	    sl_identity_covers(server))
		return 0;
	if (control >= 0)
		close(control);
	control = -1;
	served = now;
	return start_supervisor(err);
}

/* ------------------------------------------------ asking it */

static int add_context(struct sl_launch *launch,
		       const struct sl_thread_status *status)
{
	launch->flags |= SL_LAUNCH_UMASK;
	launch->umask = status->umask;
	for (uint32_t i = 0; i < SL_LAUNCH_LIMITS; i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)i, &limit) < 0)
			continue;
		launch->limit_mask |= 1u << i;
		launch->limits[i].cur = limit.rlim_cur;
		launch->limits[i].max = limit.rlim_max;
	}
	if (launch->fds[SL_FD_CWD] < 0)
		launch->fds[SL_FD_CWD] = open(".",
					      O_PATH | O_DIRECTORY | O_CLOEXEC);
	return launch->fds[SL_FD_CWD] < 0 ? -errno : 0;
}

static int make_recipe(const struct sl_launch *launch, uint32_t *ret_len)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_RECIPE_BYTES);
	sl_autoclose int fd = memfd_create("sandlock-recipe", MFD_CLOEXEC);
	int r = sl_recipe_encode(launch, &buf);

	if (r < 0)
		return r;
	if (fd < 0)
		return -errno;
	if (write(fd, buf.data, buf.len) != (ssize_t)buf.len)
		return -ENOSPC;
	*ret_len = (uint32_t)buf.len;
	return sl_take_fd(&fd);
}

static int send_with_fds(int sock, const void *msg, size_t len, const int *fds,
			 size_t count)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * SL_PROTO_MAX_FDS)];
		struct cmsghdr align;
	} space = { { 0 } };
	struct iovec iov = { (void *)(uintptr_t)msg, len };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &space,
			     .msg_controllen = CMSG_SPACE(sizeof(int) * count) };
	struct cmsghdr *cm = CMSG_FIRSTHDR(&mh);

	cm->cmsg_level = SOL_SOCKET;
	cm->cmsg_type = SCM_RIGHTS;
	cm->cmsg_len = CMSG_LEN(sizeof(int) * count);
	memcpy(CMSG_DATA(cm), fds, sizeof(int) * count);
	while (sendmsg(sock, &mh, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

static int ask(const struct sl_proto_spawn *msg, const int *fds, size_t count,
	       const struct sl_thread_status *status, struct sl_error *err)
{
	int r;

	pthread_once(&fork_once, guard_fork);
	pthread_mutex_lock(&lock);
	r = ensure_supervisor(status, err);
	if (r == 0) {
		r = send_with_fds(control, msg, sizeof(*msg), fds, count);
		if (r == -EPIPE || r == -ECONNRESET) {
			/* It was killed: a new one, once. */
			close(control);
			control = -1;
			r = ensure_supervisor(status, err);
			if (r == 0)
				r = send_with_fds(control, msg, sizeof(*msg),
						  fds, count);
		}
		if (r < 0)
			sl_err(err, r, SL_STAGE_SPAWN,
			       "cannot reach the supervisor: %s", strerror(-r));
	}
	pthread_mutex_unlock(&lock);
	return r;
}

static int check_roots(const struct sl_launch *launch, struct sl_error *err)
{
	unsigned int held = 0;

	for (uint32_t i = 0; i < launch->root_count; i++)
		held += launch->roots[i].fd >= 0;
	if (held <= SL_PROTO_MAX_ROOT_FDS)
		return 0;
	return sl_err(err, -E2BIG, SL_STAGE_SPAWN,
		      "%u grants for writing, or of relative paths, and a "
		      "program that uses the library may have %d; hint: grant "
		      "a directory above them",
		      held, SL_PROTO_MAX_ROOT_FDS);
}

int sl_remote_spawn(struct sl_launch *launch, int *ret_sock, struct sl_error *err)
{
	struct sl_proto_spawn msg = { 0, 0 };
	struct sl_thread_status status;
	int fds[SL_PROTO_MAX_FDS];
	size_t count = 2;
	sl_autoclose int recipe = -1, ours = -1, theirs = -1;
	int pair[2], r;

	sl_thread_status(&status);
	r = add_context(launch, &status);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_SPAWN,
			      "cannot open the working directory: %s",
			      strerror(-r));
	r = check_roots(launch, err);
	if (r < 0)
		return r;
	recipe = make_recipe(launch, &msg.recipe_len);
	if (recipe < 0)
		return sl_err(err, recipe, SL_STAGE_SPAWN,
			      "cannot write the start down: %s",
			      strerror(-recipe));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "cannot make a socket: %s", strerror(errno));
	ours = pair[0];
	theirs = pair[1];
	fds[0] = theirs;
	fds[1] = recipe;
	for (int i = 0; i < SL_FD_COUNT; i++) {
		if (launch->fds[i] < 0)
			continue;
		msg.fd_mask |= 1u << i;
		fds[count++] = launch->fds[i];
	}
	for (uint32_t i = 0; i < launch->root_count; i++)
		if (launch->roots[i].fd >= 0)
			fds[count++] = launch->roots[i].fd;
	r = ask(&msg, fds, count, &status, err);
	if (r < 0)
		return r;
	*ret_sock = sl_take_fd(&ours);
	return 0;
}

void sl_remote_tell_policy(int sock, const struct sl_policy *policy)
{
	struct sl_proto_order msg = { .kind = SL_PROTO_POLICY };
	sl_autoclose int fd = -1;
	sl_autofree char *text = NULL;

	if (sl_policy_dump(policy, &text, NULL) < 0)
		return;
	fd = memfd_create("sandlock-policy", MFD_CLOEXEC);
	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		return;
	send_with_fds(sock, &msg, sizeof(msg), &fd, 1);
}
