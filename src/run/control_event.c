/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events of a run, to whoever listens. Each is one packet: what a program needs
 * to branch on, and a JSON object. A packet that finds no room is lost, and
 * counted; the count comes before the next one that does.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "run/control_internal.h"
#include "run/run_internal.h"

#define TEXT_BYTES 512
#define STAMP_BYTES 48

static int send_packet(int sock, const struct sl_control_head *head,
		       const char *json, size_t len)
{
	struct iovec iov[2] = { { (void *)(uintptr_t)head, sizeof(*head) },
				{ (void *)(uintptr_t)json, len } };
	struct msghdr mh = { .msg_iov = iov, .msg_iovlen = 2 };

	if (sendmsg(sock, &mh, MSG_DONTWAIT | MSG_NOSIGNAL) >= 0)
		return 0;
	/* Whoever went away is noticed by the loop. */
	return errno == EPIPE || errno == ECONNRESET ? 0 : -EAGAIN;
}

/*
 * "2026-01-31T12:00:00.123Z". By hand, since gmtime(3) reads the time zone of
 * the system. Years begin in March here, so that a leap day ends one.
 */
static void stamp(char text[STAMP_BYTES], int64_t ns)
{
	unsigned int ms = (unsigned int)(ns / 1000000 % 86400000);
	unsigned int days = (unsigned int)(ns / 1000000 / 86400000) + 719468;
	unsigned int era = days / 146097, day = days % 146097;
	unsigned int year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	unsigned int month;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	month = month < 10 ? month + 3 : month - 9;
	snprintf(text, STAMP_BYTES, "%04u-%02u-%02uT%02u:%02u:%02u.%03uZ",
		 era * 400 + year + (month <= 2), month, day + 1, ms / 3600000,
		 ms / 60000 % 60, ms / 1000 % 60, ms % 1000);
}

/* Nothing is made for nobody: the end of a run comes by here, too. */
static bool anybody_listens(const struct sl_control *c)
{
	for (size_t i = 0; i < SL_MAX_CONTROL_CLIENTS; i++)
		if (c->clients[i].fd >= 0 && c->clients[i].listens)
			return true;
	return false;
}

/* A name needs no escapes: see sl_entry_name_ok(). */
static size_t begin(char text[TEXT_BYTES], const struct sl_control *c,
		    const char *event, int64_t ns)
{
	char when[STAMP_BYTES];

	stamp(when, ns);
	return (size_t)snprintf(text, TEXT_BYTES,
				"{\"event\":\"%s\",\"sandbox\":\"%s\","
				"\"time\":\"%s\"",
				event, c->entry.name, when);
}

static struct sl_control_head head_of(const struct sl_control *c,
				      enum sl_event_kind kind, int64_t ns)
{
	return (struct sl_control_head){
		.version = SL_CONTROL_VERSION,
		.kind = kind,
		.time_ns = ns,
		.pid = (int32_t)sl_run_pid(c->run),
	};
}

static int tell_lost(struct sl_control *c, struct sl_control_client *client)
{
	int64_t now = sl_control_now(CLOCK_REALTIME);
	struct sl_control_head head = head_of(c, SL_EVENT_LOST, now);
	char text[TEXT_BYTES];
	size_t len = begin(text, c, "lost", now);
	int r;

	if (!client->lost)
		return 0;
	len += (size_t)snprintf(text + len, sizeof(text) - len,
				",\"count\":%llu}",
				(unsigned long long)client->lost);
	head.count = client->lost;
	r = send_packet(client->fd, &head, text, len);
	if (r == 0)
		client->lost = 0;
	return r;
}

static void tell_one(struct sl_control *c, struct sl_control_client *client,
		     const struct sl_control_head *head, const char *json,
		     size_t len)
{
	if (client->fd < 0 || !client->listens)
		return;
	if (tell_lost(c, client) < 0 ||
	    send_packet(client->fd, head, json, len) < 0)
		client->lost++;
}

void sl_control_tell(struct sl_control *c, struct sl_control_client *client,
		     const struct sl_control_head *head, const char *json,
		     size_t len)
{
	if (client) {
		tell_one(c, client, head, json, len);
		return;
	}
	for (size_t i = 0; i < SL_MAX_CONTROL_CLIENTS; i++)
		tell_one(c, &c->clients[i], head, json, len);
}

void sl_control_tell_started(struct sl_control *c,
			     struct sl_control_client *client)
{
	struct sl_control_head head = head_of(c, SL_EVENT_STARTED, c->started_ns);
	char text[TEXT_BYTES];
	size_t len = begin(text, c, "started", c->started_ns);

	len += (size_t)snprintf(text + len, sizeof(text) - len, ",\"pid\":%d}",
				head.pid);
	sl_control_tell(c, client, &head, text, len);
}

void sl_control_stopped(struct sl_control *c, int sig)
{
	int64_t now = sl_control_now(CLOCK_REALTIME);
	struct sl_control_head head = head_of(c, SL_EVENT_STOPPED, now);
	char text[TEXT_BYTES];
	size_t len = begin(text, c, "stopped", now);

	head.signal = sig;
	len += (size_t)snprintf(text + len, sizeof(text) - len,
				",\"signal\":%d}", sig);
	pthread_mutex_lock(&c->lock);
	sl_control_tell(c, NULL, &head, text, len);
	pthread_mutex_unlock(&c->lock);
}

void sl_control_tell_ended(struct sl_control *c, const struct sl_outcome *outcome)
{
	static const char *const reasons[] = {
		[SL_REASON_NONE] = "none",
		[SL_REASON_EXITED] = "exited",
		[SL_REASON_SIGNALED] = "signaled",
		[SL_REASON_TIMEOUT] = "timeout",
		[SL_REASON_KILLED] = "killed",
		[SL_REASON_LOST] = "lost",
		[SL_REASON_LIMIT] = "limit",
	};
	int64_t now = sl_control_now(CLOCK_REALTIME);
	struct sl_control_head head = head_of(c, SL_EVENT_ENDED, now);
	char text[TEXT_BYTES];
	size_t len;

	if (!anybody_listens(c))
		return;
	len = begin(text, c, "ended", now);
	head.reason = outcome->reason;
	head.code = outcome->code;
	head.signal = outcome->signal;
	len += (size_t)snprintf(
		text + len, sizeof(text) - len,
		",\"reason\":\"%s\",\"exit_code\":%d,\"signal\":%d}",
		reasons[outcome->reason], outcome->code, outcome->signal);
	sl_control_tell(c, NULL, &head, text, len);
}

void sl_control_event(struct sl_run *run, const char *json, size_t len)
{
	struct sl_control *c = SL_LIFE_GET(&run->control);
	struct sl_control_head head;

	if (!c || len > SL_MAX_EVENT_BYTES)
		return;
	head = head_of(c, SL_EVENT_OTHER, sl_control_now(CLOCK_REALTIME));
	pthread_mutex_lock(&c->lock);
	sl_control_tell(c, NULL, &head, json, len);
	pthread_mutex_unlock(&c->lock);
}
