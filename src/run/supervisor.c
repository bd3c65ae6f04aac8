/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The supervisor process of a library: one per host process, many sandboxes.
 * One loop, which never waits for a sandbox: starts are seen through by judge
 * threads. Ends when its host is gone, taking every tree with it.
 */
#include "run/proto.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sockios.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "run/naming.h"
#include "run/recipe.h"

#define EVENTS 32

struct box {
	int sock;
	bool started;
	bool named; /* and the host was told so */
	bool deaf;  /* the host closed its end */
	int room;   /* bytes that denials may take up in its socket */
	bool waits; /* until the host has read some */
	uint64_t dropped;
	struct sl_run *run;
	struct sl_recipe *recipe;
	struct sl_naming naming;
	struct box *next;
};

struct server {
	int epoll;
	int control; /* -1: no further spawns */
	bool host_gone;
	bool host_known;
	pid_t host; /* who sent the first request */
	struct box *boxes;
};

static int watch(struct server *s, int fd, void *what)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event);
}

static void tell(const struct box *box, const struct sl_proto_event *event)
{
	/* A host that is gone hears nothing; its socket's end says the rest. */
	if (send(box->sock, event, sizeof(*event), MSG_NOSIGNAL) < 0)
		return;
}

/*
 * SECURITY: the sandbox decides how much there is to tell, and the host may not
 * listen. Nobody waits: denials stay in their ring until the host has read, or
 * are counted where the ring is full, and half of the socket is kept free for
 * what has to be said. True: there is none left to tell.
 */
static bool tell_denials(struct server *s, struct box *box)
{
	struct sl_proto_denial message = { .kind = SL_PROTO_DENIAL };
	struct sl_event *event = &message.event;
	struct epoll_event wait = { .events = EPOLLIN, .data.ptr = box };
	int used = 0;

	if (box->deaf)
		return true;
	while (ioctl(box->sock, SIOCOUTQ, &used) == 0 && used <= box->room) {
		size_t len = offsetof(struct sl_proto_denial, event.object);

		if (!sl_run_next_event(box->run, event)) {
			if (box->waits)
				epoll_ctl(s->epoll, EPOLL_CTL_MOD, box->sock,
					  &wait);
			box->waits = false;
			return true;
		}
		if (send(box->sock, &message, len + event->info.object_len,
			 MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
			box->dropped++;
	}
	wait.events |= EPOLLOUT;
	if (!box->waits)
		epoll_ctl(s->epoll, EPOLL_CTL_MOD, box->sock, &wait);
	box->waits = true;
	return false;
}

static void measure_room(struct box *box)
{
	socklen_t len = sizeof(box->room);

	if (getsockopt(box->sock, SOL_SOCKET, SO_SNDBUF, &box->room, &len) < 0)
		box->room = 0;
	box->room /= 2;
}

/* ------------------------------------------------ spawning */

static void close_fds(const int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		close(fds[i]);
}

static ssize_t receive(int sock, struct sl_proto_spawn *msg, int *fds,
		       size_t *ret_count, pid_t *ret_sender)
{
	union {
		char space[CMSG_SPACE(sizeof(int) * SL_PROTO_MAX_FDS) +
			   CMSG_SPACE(sizeof(struct ucred))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { msg, sizeof(*msg) };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(sock, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *cm = n > 0 ? CMSG_FIRSTHDR(&mh) : NULL;
	struct ucred cred = { .pid = -1 };

	*ret_count = 0;
	/* Cut short is as good as not sent: descriptors did not fit. */
	if (n > 0 && (mh.msg_flags & MSG_CTRUNC))
		n = 1;
	for (; cm; cm = CMSG_NXTHDR(&mh, cm)) {
		if (cm->cmsg_type == SCM_CREDENTIALS)
			memcpy(&cred, CMSG_DATA(cm), sizeof(cred));
		if (cm->cmsg_type != SCM_RIGHTS)
			continue;
		*ret_count = (cm->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		memcpy(fds, CMSG_DATA(cm), *ret_count * sizeof(int));
	}
	*ret_sender = cred.pid;
	return n;
}

static char *read_recipe(int fd, uint32_t len)
{
	char *data;

	if (len > SL_MAX_RECIPE_BYTES)
		return NULL;
	data = malloc(len ? len : 1);
	if (data && pread(fd, data, len, 0) != (ssize_t)len) {
		free(data);
		return NULL;
	}
	return data;
}

static struct sl_control_info control_info(const struct box *box)
{
	const struct sl_launch *launch = &box->recipe->launch;

	return (struct sl_control_info){ launch->name, launch->xdg,
					 launch->argv, NULL };
}

static int begin(struct server *s, struct box *box,
		 const struct sl_proto_spawn *msg, const int *fds, size_t count,
		 struct sl_error *err)
{
	char *data = read_recipe(fds[1], msg->recipe_len);
	struct sl_control_info info;
	size_t next = 2;
	int r;

	if (!data)
		return sl_err(err, -EBADMSG, SL_STAGE_SPAWN,
			      "the supervisor got an unreadable request");
	r = sl_recipe_decode(data, msg->recipe_len, &box->recipe);
	if (r == 0 && (box->recipe->launch.flags & SL_LAUNCH_UNCONFINED))
		r = -EBADMSG; /* for tests inside one process only */
	if (r < 0)
		return sl_err(err, r, SL_STAGE_SPAWN,
			      "the supervisor and the library are of different "
			      "versions; hint: install both from one release");
	for (int i = 0; i < SL_FD_COUNT; i++) {
		if (!(msg->fd_mask & (1u << i)))
			continue;
		if (next == count)
			return sl_err(err, -EMFILE, SL_STAGE_SPAWN,
				      "the supervisor ran out of descriptors");
		/* Above the standard streams that they may replace. SECURITY:
		 * -1 would mean "there is none": no domain, for one. */
		box->recipe->launch.fds[i] = fcntl(fds[next++], F_DUPFD_CLOEXEC,
						   3);
		if (box->recipe->launch.fds[i] < 0)
			return sl_err(err, -errno, SL_STAGE_SPAWN,
				      "the supervisor ran out of descriptors");
	}
	for (uint32_t i = 0; i < box->recipe->launch.root_count; i++) {
		struct sl_root *root = &box->recipe->roots[i];

		if (root->fd < 0)
			continue;
		if (next == count)
			return sl_err(err, -EMFILE, SL_STAGE_SPAWN,
				      "the supervisor ran out of descriptors");
		root->fd = fcntl(fds[next++], F_DUPFD_CLOEXEC, 3);
		if (root->fd < 0)
			return sl_err(err, -errno, SL_STAGE_SPAWN,
				      "the supervisor ran out of descriptors");
	}
	info = control_info(box);
	r = sl_naming_claim(&box->naming, &info, err);
	if (r == 0)
		r = sl_run_start(&box->recipe->launch, &box->run, err);
	if (r < 0)
		return r;
	if (watch(s, box->sock, box) < 0 || watch(s, sl_run_fd(box->run), box) < 0)
		sl_run_kill(box->run); /* remembered until it can be obeyed */
	return 0;
}

/*
 * SECURITY: a child of the host holds its socket until it executes something,
 * and may be one that the host confined, or that was taken over. The kernel
 * says who sends; only the host may, as who it was when it started us.
 */
static bool is_host(struct server *s, pid_t sender)
{
	if (sender < 0)
		return false;
	if (!s->host_known) {
		s->host_known = true;
		s->host = sender;
	}
	return sender == s->host;
}

static void accept_spawn(struct server *s)
{
	struct sl_proto_event event = { .kind = SL_PROTO_FAILED };
	struct sl_proto_spawn msg;
	int fds[SL_PROTO_MAX_FDS];
	size_t count;
	struct box *box;
	pid_t sender;
	ssize_t n = receive(s->control, &msg, fds, &count, &sender);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		/* The host wants no more, or is gone (its pidfd tells). */
		close(s->control);
		s->control = -1;
		return;
	}
	if (n != sizeof(msg) || count < 2 || !is_host(s, sender)) {
		close_fds(fds, count);
		return;
	}
	box = calloc(1, sizeof(*box));
	if (!box) {
		close_fds(fds, count);
		return;
	}
	box->naming = SL_NAMING_INIT;
	box->sock = fcntl(fds[0], F_DUPFD_CLOEXEC, 3);
	if (box->sock < 0) {
		/* Its end without a word is all that can be said. */
		free(box);
		close_fds(fds, count);
		return;
	}
	measure_room(box);
	if (begin(s, box, &msg, fds, count, &event.error) < 0) {
		if (box->recipe)
			sl_launch_remove_tmp(&box->recipe->launch);
		sl_naming_close(&box->naming, NULL);
		tell(box, &event);
		close(box->sock);
		sl_recipe_free(box->recipe);
		free(box);
	} else {
		box->next = s->boxes;
		s->boxes = box;
	}
	close_fds(fds, count);
}

/* ------------------------------------------------ running */

/* The descriptor that came along, if any, is kept as the policy's text. */
static ssize_t receive_order(struct box *box, struct sl_proto_order *order)
{
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = { order, sizeof(*order) };
	struct msghdr mh = { .msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = &control,
			     .msg_controllen = sizeof(control) };
	ssize_t n = recvmsg(box->sock, &mh, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	struct cmsghdr *cm = n > 0 ? CMSG_FIRSTHDR(&mh) : NULL;

	if (cm && cm->cmsg_type == SCM_RIGHTS) {
		sl_cleanup_close(&box->naming.policy_fd);
		memcpy(&box->naming.policy_fd, CMSG_DATA(cm), sizeof(int));
	}
	return n;
}

static void obey(struct server *s, struct box *box)
{
	struct sl_proto_order order;
	ssize_t n;

	while (!box->deaf) {
		n = receive_order(box, &order);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			/* Nobody waits for this sandbox any more. */
			epoll_ctl(s->epoll, EPOLL_CTL_DEL, box->sock, NULL);
			box->deaf = true;
			sl_run_kill(box->run);
		} else if (n != sizeof(order) || order.kind == SL_PROTO_KILL) {
			sl_run_kill(box->run);
		} else if (order.kind == SL_PROTO_SIGNAL) {
			sl_run_signal(box->run, order.sig);
		}
	}
}

static void tell_name(struct box *box)
{
	struct sl_proto_event event = { .kind = SL_PROTO_NAMED };

	if (box->named || !box->naming.settled)
		return;
	box->named = true;
	event.error = box->naming.error;
	memcpy(event.name, box->naming.name, sizeof(event.name));
	tell(box, &event);
}

/* The program runs meanwhile, and the host knows that it does. */
static void open_control(struct server *s, struct box *box)
{
	struct sl_control_info info = control_info(box);

	sl_naming_open(&box->naming, &info, box->run, s->epoll);
}

/* True when the box is over and may be freed. */
static bool advance(struct server *s, struct box *box)
{
	struct sl_proto_event event = { 0 };
	enum sl_run_state state = sl_run_dispatch(box->run);
	bool told;

	sl_naming_dispatch(&box->naming, box->run);

	if (state == SL_RUN_RUNNING && !box->started) {
		box->started = true;
		/* A pipe ends when its last writer does: not we. */
		sl_launch_close(&box->recipe->launch);
		event.kind = SL_PROTO_STARTED;
		event.pid = sl_run_pid(box->run);
		tell(box, &event);
		open_control(s, box);
	}
	if (box->started)
		tell_name(box);
	told = tell_denials(s, box);
	if (state < SL_RUN_FAILED)
		return false;
	if (!told && !s->host_gone) {
		/* It would say that it is over again and again. */
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, sl_run_fd(box->run), NULL);
		return false;
	}
	if (state == SL_RUN_FAILED) {
		event.kind = SL_PROTO_FAILED;
		sl_report_explain(sl_run_report(box->run), &box->recipe->launch,
				  &event.error);
	} else {
		if (!box->started) {
			event.kind = SL_PROTO_STARTED;
			event.pid = sl_run_pid(box->run);
			tell(box, &event);
		}
		event.kind = SL_PROTO_OVER;
		event.dropped = box->dropped + sl_run_events_dropped(box->run);
		sl_run_outcome(box->run, &event.outcome);
	}
	/* Whoever is told that it is over finds no end of a pipe with us. */
	sl_launch_close(&box->recipe->launch);
	sl_naming_close(&box->naming,
			state == SL_RUN_FAILED ? NULL : &event.outcome);
	tell(box, &event);
	return true;
}

static void advance_all(struct server *s)
{
	struct box **p = &s->boxes;

	while (*p) {
		struct box *box = *p;

		obey(s, box);
		if (s->host_gone)
			sl_run_kill(box->run);
		if (!advance(s, box)) {
			p = &box->next;
			continue;
		}
		*p = box->next;
		sl_run_free(box->run);
		close(box->sock);
		sl_recipe_free(box->recipe);
		free(box);
	}
}

/* The caller's own limits travel with each spawn; ours is for many sandboxes. */
static void raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int sl_supervisor_main(void)
{
	struct epoll_event events[EVENTS];
	struct server s = { .epoll = epoll_create1(EPOLL_CLOEXEC),
			    .control = SL_SUPERVISOR_CONTROL_FD };
	int host_tag;

	if (s.epoll < 0)
		return 1;
	fcntl(SL_SUPERVISOR_CONTROL_FD, F_SETFD, FD_CLOEXEC);
	fcntl(SL_SUPERVISOR_HOST_FD, F_SETFD, FD_CLOEXEC);
	prctl(PR_SET_NAME, "sandlock-superv");
	signal(SIGPIPE, SIG_IGN);
	raise_nofile();
	if (watch(&s, s.control, &s) < 0 ||
	    watch(&s, SL_SUPERVISOR_HOST_FD, &host_tag) < 0)
		return 1;
	while (s.boxes || (s.control >= 0 && !s.host_gone)) {
		int n = epoll_wait(s.epoll, events, EVENTS, -1);

		if (n < 0 && errno != EINTR)
			return 1; /* every tree ends with us */
		for (int i = 0; i < n; i++) {
			if (events[i].data.ptr == &host_tag) {
				epoll_ctl(s.epoll, EPOLL_CTL_DEL,
					  SL_SUPERVISOR_HOST_FD, NULL);
				s.host_gone = true;
			} else if (events[i].data.ptr == &s && s.control >= 0) {
				accept_spawn(&s);
			}
		}
		advance_all(&s);
	}
	return 0;
}
