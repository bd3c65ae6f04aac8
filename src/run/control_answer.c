/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests to a run and their replies. A body goes into a memfd, whole and
 * sealed, so that its size is no matter of a socket's buffer and nobody waits
 * for a reader.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>

#include "run/control_internal.h"
#include "run/run_internal.h"

#define NS_PER_SEC 1000000000ull
#define WHY_BYTES 256

/* ------------------------------------------------ replies */

/* @fd: of a body of @len bytes, or -1. */
static void reply(int sock, int error, const char *why, int fd, size_t len)
{
	struct sl_control_head head = { .version = SL_CONTROL_VERSION,
					.error = error,
					.count = len };
	union {
		char space[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { { 0 } };
	struct iovec iov[2] = { { &head, sizeof(head) },
				{ (void *)(uintptr_t)why, strlen(why) } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };
	struct cmsghdr *cm;

	if (fd >= 0) {
		mh.msg_control = &control;
		mh.msg_controllen = sizeof(control);
		cm = CMSG_FIRSTHDR(&mh);
		cm->cmsg_level = SOL_SOCKET;
		cm->cmsg_type = SCM_RIGHTS;
		cm->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(cm), &fd, sizeof(int));
	}
	/* Its end without a word is all that is left to say. */
	if (sendmsg(sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		shutdown(sock, SHUT_RDWR);
}

void sl_control_refuse(int sock, int error, const char *why)
{
	reply(sock, error, why, -1, 0);
}

static int make_body(const struct sl_buf *buf)
{
	sl_autoclose int fd = memfd_create("sandlock-answer",
					   MFD_CLOEXEC | MFD_ALLOW_SEALING);
	size_t done = 0;

	if (fd < 0)
		return -errno;
	while (done < buf->len) {
		ssize_t n = write(fd, buf->data + done, buf->len - done);

		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		done += (size_t)n;
	}
	if (fcntl(fd, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	return sl_take_fd(&fd);
}

/* ------------------------------------------------ what is told */

static void add_field(struct sl_buf *buf, uint32_t tag, const void *data,
		      size_t len)
{
	struct sl_control_field field = { tag, (uint32_t)len };

	sl_buf_add(buf, &field, sizeof(field));
	sl_buf_add(buf, data, len);
}

static void add_number(struct sl_buf *buf, uint32_t tag, int64_t number)
{
	add_field(buf, tag, &number, sizeof(number));
}

/* Of the first process, as long as its number is its own. */
static void add_cwd(struct sl_buf *buf, const struct sl_run *run)
{
	char path[32], cwd[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/cwd", (int)sl_run_pid(run));
	n = readlink(path, cwd, sizeof(cwd));
	if (n > 0 && !SL_LIFE_GET(&run->life->root_ended))
		add_field(buf, SL_TAG_CWD, cwd, (size_t)n);
}

/* SECURITY: a host may go on writing to its memfd; nothing here believes a
 * size. */
static int add_policy_fd(struct sl_buf *buf, int fd)
{
	sl_autofree char *text = NULL;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st) < 0)
		return -errno;
	if (st.st_size < 0 || st.st_size > SL_MAX_DUMP_BYTES)
		return -EFBIG;
	text = malloc((size_t)st.st_size + 1);
	if (!text)
		return -ENOMEM;
	n = pread(fd, text, (size_t)st.st_size, 0);
	if (n < 0)
		return -errno;
	add_field(buf, SL_TAG_POLICY, text, (size_t)n);
	return 0;
}

static void add_ports(struct sl_buf *buf, const struct sl_run *run)
{
	struct sl_port ports[SL_MAX_PORTS_BOUND];
	size_t count;

	if (!run->judge || !run->judge->ports)
		return;
	count = sl_portmap_list(run->judge->ports, ports, SL_MAX_PORTS_BOUND);
	for (size_t i = 0; i < count; i++)
		add_field(buf, SL_TAG_PORT, &ports[i], sizeof(ports[i]));
}

static int add_policy(struct sl_control *c, struct sl_buf *buf,
		      struct sl_error *err)
{
	sl_autofree char *text = NULL;
	int r;

	if (c->policy_fd >= 0)
		return add_policy_fd(buf, c->policy_fd);
	if (!c->policy)
		return sl_err(err, -ENODATA, SL_STAGE_SUPERVISE,
			      "its policy is not known yet");
	r = sl_policy_dump(c->policy, &text, err);
	if (r < 0)
		return r;
	add_field(buf, SL_TAG_POLICY, text, strlen(text));
	return 0;
}

static void add_argv(struct sl_control *c, struct sl_buf *buf)
{
	const char *word = c->argv.data;

	while (word && word < c->argv.data + c->argv.len) {
		size_t len = strlen(word);

		add_field(buf, SL_TAG_ARG, word, len);
		word += len + 1;
	}
	if (c->argv_cut)
		add_field(buf, SL_TAG_CUT, "", 0);
}

static void describe(struct sl_control *c, struct sl_control_client *client,
		     bool with_policy)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_CONTROL_BYTES);
	struct sl_error err = { 0 };
	sl_autoclose int fd = -1;
	int r = 0;

	add_field(&buf, SL_TAG_NAME, c->entry.name, strlen(c->entry.name));
	add_number(&buf, SL_TAG_PID, sl_run_pid(c->run));
	add_number(&buf, SL_TAG_SUPERVISOR, getpid());
	add_number(&buf, SL_TAG_STARTED, c->started_ns);
	add_number(&buf, SL_TAG_AGE,
		   sl_control_now(CLOCK_BOOTTIME) - c->started_boot_ns);
	add_argv(c, &buf);
	add_cwd(&buf, c->run);
	add_ports(&buf, c->run);
	if (with_policy)
		r = add_policy(c, &buf, &err);
	if (r == 0)
		r = buf.failed;
	if (r == 0) {
		fd = make_body(&buf);
		r = fd < 0 ? fd : 0;
	}
	if (r < 0)
		sl_control_refuse(client->fd, r,
				  err.msg[0] ? err.msg : strerror(-r));
	else
		reply(client->fd, 0, "", fd, buf.len);
}

/* ------------------------------------------------ what is obeyed */

/* The sooner end counts, whoever asked for it. */
static int arm(struct sl_control *c, uint64_t grace_ns)
{
	uint64_t now = (uint64_t)sl_control_now(CLOCK_MONOTONIC);
	uint64_t at = grace_ns > INT64_MAX - now ? INT64_MAX : now + grace_ns;
	struct itimerspec when = { .it_value = { (time_t)(at / NS_PER_SEC),
						 (long)(at % NS_PER_SEC) } };
	struct epoll_event event = { .events = EPOLLIN };

	if (c->kill_at && c->kill_at <= at)
		return 0;
	if (c->timer < 0) {
		c->timer = timerfd_create(CLOCK_MONOTONIC,
					  TFD_CLOEXEC | TFD_NONBLOCK);
		if (c->timer < 0)
			return -errno;
		event.data.fd = c->timer;
		if (epoll_ctl(c->epoll, EPOLL_CTL_ADD, c->timer, &event) < 0)
			return -errno;
	}
	if (timerfd_settime(c->timer, TFD_TIMER_ABSTIME, &when, NULL) < 0)
		return -errno;
	c->kill_at = at;
	return 0;
}

static void end(struct sl_control *c, struct sl_control_client *client,
		uint64_t grace_ns)
{
	/* Without a timer there is no grace, and an end all the same. */
	if (grace_ns == 0 || arm(c, grace_ns) < 0) {
		sl_run_kill(c->run);
	} else {
		/* What is stopped hears TERM when it goes on. */
		sl_run_signal(c->run, SIGTERM);
		sl_run_signal(c->run, SIGCONT);
	}
	client->listens = true;
	reply(client->fd, 0, "", -1, 0);
}

static void pass_signal(struct sl_control *c, struct sl_control_client *client,
			int sig)
{
	int r = sig > 0 ? sl_run_signal(c->run, sig) : -EINVAL;

	sl_control_refuse(client->fd, r, r < 0 ? strerror(-r) : "");
}

void sl_control_answer(struct sl_control *c, struct sl_control_client *client,
		       const struct sl_control_request *request)
{
	switch (request->verb) {
	case SL_CONTROL_INFO:
		describe(c, client, false);
		break;
	case SL_CONTROL_INSPECT:
		describe(c, client, true);
		break;
	case SL_CONTROL_SIGNAL:
		pass_signal(c, client, request->sig);
		break;
	case SL_CONTROL_KILL:
		end(c, client, request->grace_ns);
		break;
	case SL_CONTROL_EVENTS:
		client->listens = true;
		reply(client->fd, 0, "", -1, 0);
		sl_control_tell_started(c, client);
		break;
	default:
		sl_control_refuse(client->fd, -EPROTO,
				  "it does not know what is asked");
		break;
	}
}
