/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Listening to one sandbox, or to all of this user, those that start later
 * included: they are noticed by their entry in the runtime directory. An end
 * without a word is told as such, since the guardian sees to it that nothing of
 * the sandbox is left then.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <time.h>

#include "run/control_client.h"
#include "run/run.h"

#define FIRST 0 /* data of the directory; a source is its index + 1 */

struct source {
	int sock;   /* -1: free */
	bool heard; /* it answered */
	bool ended;
	char name[SL_ENTRY_NAME_BYTES];
};

struct sl_watch {
	bool all;
	int dir, epoll, notify;
	struct source *sources;
	size_t count;
	char name[SL_ENTRY_NAME_BYTES]; /* of what was told last */
	char json[SL_MAX_EVENT_BYTES + 1];
};

/* ------------------------------------------------ sources */

static int add_fd(struct sl_watch *w, int fd, uint64_t data)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u64 = data };

	return epoll_ctl(w->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

static struct source *free_source(struct sl_watch *w)
{
	struct source *more;

	for (size_t i = 0; i < w->count; i++)
		if (w->sources[i].sock < 0)
			return &w->sources[i];
	more = reallocarray(w->sources, w->count + 1, sizeof(*more));
	if (!more)
		return NULL;
	w->sources = more;
	more[w->count].sock = -1;
	return &more[w->count++];
}

static bool is_listened_to(const struct sl_watch *w, const char *name)
{
	for (size_t i = 0; i < w->count; i++)
		if (w->sources[i].sock >= 0 && !w->sources[i].ended &&
		    strcmp(w->sources[i].name, name) == 0)
			return true;
	return false;
}

static int listen_to(struct sl_watch *w, const char *name, struct sl_error *err)
{
	struct sl_control_request request = { .version = SL_CONTROL_VERSION,
					      .verb = SL_CONTROL_EVENTS };
	struct source *source;
	sl_autoclose int sock = -1;
	pid_t pid;
	int r;

	if (is_listened_to(w, name))
		return 0;
	sock = sl_client_send(w->dir, name, &request, SL_CLIENT_WAIT, &pid, err);
	if (sock < 0)
		return sock;
	source = free_source(w);
	if (!source)
		return sl_err(err, -ENOMEM, SL_STAGE_SUPERVISE, "out of memory");
	r = add_fd(w, sock, (uint64_t)(source - w->sources) + 1);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_SUPERVISE, "%s", strerror(-r));
	*source = (struct source){ .sock = sl_take_fd(&sock) };
	snprintf(source->name, sizeof(source->name), "%s", name);
	return 0;
}

/* Of many, one that cannot be listened to does not matter. */
static int listen_to_found(void *ctx, const char *name)
{
	return listen_to(ctx, name, NULL) == -ENOMEM ? -ENOMEM : 0;
}

static int listen_to_all(struct sl_watch *w, struct sl_error *err)
{
	char path[40];
	int r;

	w->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->notify < 0)
		return sl_err(err, -errno, SL_STAGE_SUPERVISE,
			      "cannot watch for new sandboxes: %s",
			      strerror(errno));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", w->dir);
	r = inotify_add_watch(w->notify, path, IN_CREATE | IN_ONLYDIR) < 0
		    ? -errno
		    : add_fd(w, w->notify, FIRST);
	if (r == 0)
		r = sl_entry_each(w->dir, listen_to_found, w);
	return r < 0 ? sl_err(err, r, SL_STAGE_SUPERVISE,
			      "cannot watch the runtime directory: %s",
			      strerror(-r))
		     : 0;
}

int sl_watch_open(const char *name, struct sl_watch **ret_watch,
		  struct sl_error *err)
{
	struct sl_watch *w = calloc(1, sizeof(*w));
	int r;

	if (!w)
		return sl_err(err, -ENOMEM, SL_STAGE_SUPERVISE, "out of memory");
	w->all = !name;
	w->notify = w->epoll = -1;
	w->dir = r = sl_client_dir(err);
	if (r >= 0) {
		w->epoll = epoll_create1(EPOLL_CLOEXEC);
		r = w->epoll < 0 ? sl_err(err, -errno, SL_STAGE_SUPERVISE, "%s",
					  strerror(errno))
		    : name	 ? listen_to(w, name, err)
				 : listen_to_all(w, err);
	}
	if (r < 0) {
		sl_watch_free(w);
		return r;
	}
	*ret_watch = w;
	return 0;
}

void sl_watch_free(struct sl_watch *w)
{
	if (!w)
		return;
	for (size_t i = 0; i < w->count; i++)
		sl_cleanup_close(&w->sources[i].sock);
	free(w->sources);
	sl_cleanup_close(&w->notify);
	sl_cleanup_close(&w->epoll);
	sl_cleanup_close(&w->dir);
	free(w);
}

int sl_watch_fd(const struct sl_watch *watch)
{
	return watch->epoll;
}

/* ------------------------------------------------ what happens */

/* "NAME.sock" was made: somebody is about to listen there. */
static void greet_new(struct sl_watch *w)
{
	char buf[4096] __attribute__((aligned(8)));
	ssize_t n;

	while ((n = read(w->notify, buf, sizeof(buf))) > 0) {
		const struct inotify_event *event;

		for (char *at = buf; at < buf + n;
		     at += sizeof(*event) + event->len) {
			char name[SL_ENTRY_NAME_BYTES];
			size_t len;

			event = (const struct inotify_event *)(void *)at;
			len = event->len ? strlen(event->name) : 0;
			if (event->mask & IN_Q_OVERFLOW)
				sl_entry_each(w->dir, listen_to_found, w);
			if (len < 6 || len - 5 > SL_MAX_SANDBOX_NAME ||
			    strcmp(event->name + len - 5, ".sock") != 0)
				continue;
			memcpy(name, event->name, len - 5);
			name[len - 5] = '\0';
			listen_to(w, name, NULL);
		}
	}
}

static void tell_lost(struct sl_watch *w, struct sl_happened *ret)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ret->head = (struct sl_control_head){
		.version = SL_CONTROL_VERSION,
		.kind = SL_EVENT_ENDED,
		.reason = SL_REASON_LOST,
		.code = -1,
		.time_ns = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec,
	};
	snprintf(w->json, sizeof(w->json),
		 "{\"event\":\"ended\",\"sandbox\":\"%s\",\"reason\":\"lost\","
		 "\"exit_code\":-1,\"signal\":0}",
		 w->name);
}

/* 1: something to tell; 0: nothing, look on; -ENODATA: the only one is gone. */
static int read_source(struct sl_watch *w, struct source *source,
		       struct sl_happened *ret, struct sl_error *err)
{
	int r = sl_client_receive(source->sock, &ret->head, w->json,
				  sizeof(w->json), NULL);

	memcpy(w->name, source->name, sizeof(w->name));
	if (r == -EAGAIN)
		return 0;
	if (r == 0 && ret->head.kind == SL_EVENT_REPLY) {
		source->heard = true;
		if (ret->head.error == 0 || w->all)
			return 0;
		return sl_err(err, ret->head.error, SL_STAGE_SUPERVISE,
			      "sandbox '%s': %s", source->name, w->json);
	}
	if (r == 0) {
		source->ended |= ret->head.kind == SL_EVENT_ENDED;
		return 1;
	}
	if (!source->heard && !w->all)
		return sl_client_hung_up(source->name, err);
	if (source->heard && !source->ended) {
		source->ended = true;
		tell_lost(w, ret);
		return 1;
	}
	close(sl_take_fd(&source->sock));
	return w->all ? 0 : -ENODATA;
}

int sl_watch_next(struct sl_watch *w, int64_t timeout_ms,
		  struct sl_happened *ret_event, struct sl_error *err)
{
	int64_t deadline = sl_client_deadline(timeout_ms);
	struct epoll_event event;
	int n, r;

	for (;;) {
		n = epoll_wait(w->epoll, &event, 1, sl_client_left(deadline));
		if (n < 0 && errno != EINTR)
			return sl_err(err, -errno, SL_STAGE_SUPERVISE, "%s",
				      strerror(errno));
		if (n == 0)
			return sl_err(err, -ETIMEDOUT, SL_STAGE_SUPERVISE,
				      "nothing happened");
		if (n < 0)
			continue;
		if (event.data.u64 == FIRST) {
			greet_new(w);
			continue;
		}
		r = read_source(w, &w->sources[event.data.u64 - 1], ret_event,
				err);
		if (r == -ENODATA)
			return sl_err(err, r, SL_STAGE_SUPERVISE,
				      "sandbox '%s' is gone", w->name);
		if (r < 0)
			return r;
		if (r > 0)
			break;
	}
	ret_event->name = w->name;
	ret_event->json = w->json;
	return 0;
}
