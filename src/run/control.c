/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Entry, listening socket and clients of one run. Served by whoever waits for
 * the run, between two things that happen to it, so nothing here may block: all
 * sockets are non-blocking, and a client that does not read loses its answer.
 */
#include "run/control.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>

#include "run/control_internal.h"
#include "run/peer.h"
#include "run/run_internal.h"
#include "run/rundir.h"

#define EVENTS 16
#define NAME_TRIES 100
#define ACCEPT_MOST 64
#define SEND_BYTES (64 << 10) /* what may wait for one reader */

int64_t sl_control_now(int clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

/* ------------------------------------------------ making */

static void copy_argv(struct sl_control *c, const char *const *argv)
{
	c->argv = SL_BUF_INIT(SL_MAX_COMMAND_SHOWN);
	for (; *argv && !c->argv.failed; argv++)
		sl_buf_add(&c->argv, *argv, strlen(*argv) + 1);
	c->argv_cut = c->argv.failed != 0;
}

static void control_free(struct sl_control *c)
{
	for (size_t i = 0; i < SL_MAX_CONTROL_CLIENTS; i++)
		sl_cleanup_close(&c->clients[i].fd);
	sl_entry_release(&c->entry);
	sl_cleanup_close(&c->epoll);
	sl_cleanup_close(&c->timer);
	sl_cleanup_close(&c->policy_fd);
	sl_buf_fini(&c->argv);
	free(c->xdg);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

struct sl_control *sl_control_prepare(const struct sl_control_info *info)
{
	struct sl_control *c = calloc(1, sizeof(*c));

	if (!c)
		return NULL;
	c->entry = SL_ENTRY_INIT;
	c->epoll = c->timer = c->policy_fd = -1;
	for (size_t i = 0; i < SL_MAX_CONTROL_CLIENTS; i++)
		c->clients[i].fd = -1;
	pthread_mutex_init(&c->lock, NULL);
	c->policy = info->policy;
	copy_argv(c, info->argv);
	c->xdg = info->xdg ? strdup(info->xdg) : NULL;
	if (info->xdg && !c->xdg) {
		control_free(c);
		return NULL;
	}
	return c;
}

/*
 * Without Unix sockets there is no control plane, and where we are inside a
 * sandbox that is as it should be: told apart by -EAFNOSUPPORT.
 */
static int check_sockets(struct sl_error *err)
{
	sl_autoclose int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

	if (fd >= 0)
		return 0;
	return sl_err(err, -EAFNOSUPPORT, SL_STAGE_SUPERVISE,
		      "there are no Unix sockets here: %s", strerror(errno));
}

static int open_dir(const char *xdg, struct sl_error *err)
{
	int r = check_sockets(err);

	return r < 0 ? r : sl_rundir_open(xdg, err);
}

int sl_control_claim(const struct sl_control_info *info,
		     struct sl_control **ret_control, struct sl_error *err)
{
	struct sl_control *c;
	int dir = open_dir(info->xdg, err), r;

	if (dir < 0)
		return dir;
	c = sl_control_prepare(info);
	if (!c) {
		close(dir);
		return sl_err(err, -ENOMEM, SL_STAGE_SUPERVISE, "out of memory");
	}
	r = sl_entry_claim(dir, info->name, &c->entry, err);
	if (r < 0) {
		control_free(c);
		return r;
	}
	*ret_control = c;
	return 0;
}

/* "/usr/bin/make" is "make"; what a name may not hold becomes '_'. */
static void default_name(char name[SL_ENTRY_NAME_BYTES], const char *command,
			 int pid, int try)
{
	const char *slash = strrchr(command, '/');
	char base[41], one[2] = "";
	size_t len = 0;

	for (const char *at = slash ? slash + 1 : command;
	     *at && len < sizeof(base) - 1; at++, len++) {
		one[0] = *at;
		/* Also '.' and '-' where they may not come first. */
		base[len] = sl_entry_name_ok(one) || (len && strchr(".-", *at))
				    ? *at
				    : '_';
	}
	base[len] = '\0';
	if (try)
		snprintf(name, SL_ENTRY_NAME_BYTES, "%s-%d-%d", base, pid, try);
	else
		snprintf(name, SL_ENTRY_NAME_BYTES, "%s-%d", base, pid);
}

/* A made-up name that is taken is no reason to go without one. */
static int claim_default(struct sl_control *c, int pid, struct sl_error *err)
{
	char name[SL_ENTRY_NAME_BYTES];
	struct sl_error why = { 0 };
	int dir = open_dir(c->xdg, err), r = -EEXIST;

	for (int try = 0; dir >= 0 && try < NAME_TRIES && r == -EEXIST; try++) {
		int copy = fcntl(dir, F_DUPFD_CLOEXEC, 3);

		sl_error_clear(&why);
		default_name(name, c->argv.data ? c->argv.data : "sandbox", pid,
			     try);
		r = copy < 0 ? -errno
			     : sl_entry_claim(copy, name, &c->entry, &why);
	}
	if (dir < 0)
		return dir;
	close(dir);
	return r < 0 ? sl_err(err, r, SL_STAGE_SUPERVISE, "%s",
			      why.msg[0] ? why.msg : strerror(-r))
		     : 0;
}

/* @mode: EPOLLET for what may stay ready, as when there is no descriptor for
 * one who knocks: the next one who does is a reason to try again. */
static int watch(struct sl_control *c, int fd, uint32_t mode)
{
	struct epoll_event event = { .events = EPOLLIN | mode, .data.fd = fd };

	return epoll_ctl(c->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static int begin(struct sl_control *c, struct sl_run *run, struct sl_error *err)
{
	int r = 0;

	if (c->entry.lock_fd < 0)
		r = claim_default(c, (int)sl_run_pid(run), err);
	if (r < 0)
		return r;
	c->epoll = epoll_create1(EPOLL_CLOEXEC);
	r = c->epoll < 0 ? -errno : sl_entry_listen(&c->entry, err);
	if (r == 0)
		r = watch(c, c->entry.listen_fd, EPOLLET);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_SUPERVISE, "%s", strerror(-r));
	c->started_ns = sl_control_now(CLOCK_REALTIME);
	c->started_boot_ns = sl_control_now(CLOCK_BOOTTIME);
	c->run = run;
	SL_LIFE_SET(&run->control, c);
	return 0;
}

int sl_control_open(struct sl_control **control, struct sl_run *run,
		    struct sl_error *err)
{
	struct sl_control *c = sl_take_ptr(control);
	int r = begin(c, run, err);

	if (r < 0) {
		control_free(c);
		return r;
	}
	*control = c;
	return 0;
}

/* ------------------------------------------------ serving */

static void hang_up(struct sl_control_client *client)
{
	close(client->fd);
	*client = (struct sl_control_client){ .fd = -1 };
}

static struct sl_control_client *find(struct sl_control *c, int fd)
{
	for (size_t i = 0; i < SL_MAX_CONTROL_CLIENTS; i++)
		if (c->clients[i].fd == fd)
			return &c->clients[i];
	return NULL;
}

static void greet(struct sl_control *c, int fd)
{
	struct sl_control_client *client = find(c, -1);
	struct sl_peer peer;

	if (sl_peer_check(fd, &peer) < 0) {
		/* SECURITY: not even who we are. */
		close(fd);
		return;
	}
	close(peer.pidfd);
	if (!client) {
		sl_control_refuse(fd, -EBUSY, "too many ask at the same time");
		close(fd);
		return;
	}
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ SEND_BYTES }, sizeof(int));
	*client = (struct sl_control_client){ .fd = fd };
	if (watch(c, fd, 0) < 0)
		hang_up(client);
}

/* So many at a time: who connects again and again must not hold the thread that
 * has other things to do. The rest is reported again. */
static void accept_some(struct sl_control *c)
{
	for (int i = 0; i < ACCEPT_MOST; i++) {
		int fd = accept4(c->entry.listen_fd, NULL, NULL,
				 SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd < 0)
			return;
		greet(c, fd);
	}
}

/* One request per connection; whatever else arrives is its end. */
static void receive(struct sl_control *c, struct sl_control_client *client)
{
	struct sl_control_request request;
	ssize_t n = recv(client->fd, &request, sizeof(request),
			 MSG_DONTWAIT | MSG_TRUNC);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0 || client->listens) {
		hang_up(client);
		return;
	}
	if (n != sizeof(request) || request.version != SL_CONTROL_VERSION)
		sl_control_refuse(client->fd, -EPROTO,
				  "it is of another version of sandlock");
	else if (strncmp(request.name, c->entry.name, sizeof(request.name)) != 0)
		sl_control_refuse(client->fd, -ESTALE,
				  "its entry leads to another sandbox");
	else
		sl_control_answer(c, client, &request);
	if (!client->listens)
		hang_up(client);
}

static void time_over(struct sl_control *c)
{
	uint64_t count;

	if (read(c->timer, &count, sizeof(count)) < 0)
		return;
	sl_run_kill(c->run);
}

void sl_control_dispatch(struct sl_control *c)
{
	struct epoll_event events[EVENTS];
	int n = epoll_wait(c->epoll, events, EVENTS, 0);

	if (n <= 0)
		return;
	pthread_mutex_lock(&c->lock);
	for (int i = 0; i < n; i++) {
		struct sl_control_client *client = find(c, events[i].data.fd);

		if (events[i].data.fd == c->entry.listen_fd)
			accept_some(c);
		else if (events[i].data.fd == c->timer)
			time_over(c);
		else if (client)
			receive(c, client);
	}
	pthread_mutex_unlock(&c->lock);
}

int sl_control_fd(const struct sl_control *control)
{
	return control->epoll;
}

const char *sl_control_name(const struct sl_control *control)
{
	return control->entry.name;
}

void sl_control_take_policy(struct sl_control *control, int fd)
{
	sl_cleanup_close(&control->policy_fd);
	control->policy_fd = fd;
}

/* ------------------------------------------------ ending */

void sl_control_close(struct sl_control *c, const struct sl_outcome *outcome)
{
	char name[SL_ENTRY_NAME_BYTES];

	if (!c)
		return;
	/* First the entry, then the clients: who waited for the end may use the
	 * name at once. They are told it. */
	memcpy(name, c->entry.name, sizeof(name));
	sl_entry_release(&c->entry);
	memcpy(c->entry.name, name, sizeof(name));
	if (c->run && outcome) {
		pthread_mutex_lock(&c->lock);
		sl_control_tell_ended(c, outcome);
		pthread_mutex_unlock(&c->lock);
	}
	/* No thread of the run is left that could tell events. */
	if (c->run)
		SL_LIFE_SET(&c->run->control, NULL);
	control_free(c);
}

void sl_control_forget(struct sl_control *c)
{
	if (!c)
		return;
	/* What has no lock removes no files. */
	sl_cleanup_close(&c->entry.lock_fd);
	c->entry.lock_fd = -1;
	control_free(c);
}
