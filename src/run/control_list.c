/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking all sandboxes, or one, what they are. All are asked first and waited
 * for together, so that one that hangs costs its own time once.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "run/control_client.h"

#define ANSWER_MS 2000
#define AT_ONCE 128 /* descriptors are few */

struct question {
	int sock; /* -1: no longer waited for */
	struct sl_found *found;
};

/* ------------------------------------------------ a listing */

static void found_fini(struct sl_found *found)
{
	for (size_t i = 0; i < found->argc; i++)
		free(found->argv[i]);
	free(found->argv);
	free(found->cwd);
	free(found->policy);
	free(found->ports);
}

void sl_listing_free(struct sl_listing *listing)
{
	if (!listing)
		return;
	for (size_t i = 0; i < listing->count; i++)
		found_fini(&listing->items[i]);
	free(listing->items);
	free(listing);
}

static int add_name(void *ctx, const char *name)
{
	struct sl_listing *listing = ctx;
	struct sl_found *items;

	if (listing->count == SL_MAX_LISTED)
		return 0;
	items = reallocarray(listing->items, listing->count + 1, sizeof(*items));
	if (!items)
		return -ENOMEM;
	listing->items = items;
	items[listing->count] = (struct sl_found){ 0 };
	snprintf(items[listing->count].name, sizeof(items->name), "%s", name);
	listing->count++;
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(((const struct sl_found *)a)->name,
		      ((const struct sl_found *)b)->name);
}

/* ------------------------------------------------ an answer */

static int take_text(char **to, const char *data, size_t len)
{
	free(*to);
	*to = strndup(data, len);
	return *to ? 0 : -ENOMEM;
}

static int take_number(int64_t *to, const char *data, size_t len)
{
	if (len != sizeof(*to))
		return -EPROTO;
	memcpy(to, data, len);
	return 0;
}

static int take_word(struct sl_found *found, const char *data, size_t len)
{
	char **argv;

	if (found->argc >= SL_MAX_ARGS)
		return -EPROTO;
	/* Grown by powers of two. */
	if ((found->argc & (found->argc + 1)) == 0) {
		argv = reallocarray(found->argv, 2 * found->argc + 2,
				    sizeof(*argv));
		if (!argv)
			return -ENOMEM;
		found->argv = argv;
	}
	found->argv[found->argc + 1] = NULL;
	found->argv[found->argc] = strndup(data, len);
	if (!found->argv[found->argc])
		return -ENOMEM;
	found->argc++;
	return 0;
}

static int take_port(struct sl_found *found, const char *data, size_t len)
{
	struct sl_port *ports;

	if (len != sizeof(*ports) || found->port_count == SL_MAX_PORTS_BOUND)
		return -EPROTO;
	ports = reallocarray(found->ports, found->port_count + 1, sizeof(*ports));
	if (!ports)
		return -ENOMEM;
	found->ports = ports;
	memcpy(&ports[found->port_count++], data, len);
	return 0;
}

static int take_field(struct sl_found *found, uint32_t tag, const char *data,
		      size_t len)
{
	switch (tag) {
	case SL_TAG_NAME:
		/* Who answered was asked by name: see sl_client_send(). */
		return len == strlen(found->name) &&
				       memcmp(data, found->name, len) == 0
			       ? 0
			       : -EPROTO;
	case SL_TAG_PID:
		return take_number(&found->pid, data, len);
	case SL_TAG_SUPERVISOR:
		return take_number(&found->supervisor, data, len);
	case SL_TAG_STARTED:
		return take_number(&found->started_ns, data, len);
	case SL_TAG_AGE:
		return take_number(&found->age_ns, data, len);
	case SL_TAG_ARG:
		return take_word(found, data, len);
	case SL_TAG_CUT:
		found->argv_cut = true;
		return 0;
	case SL_TAG_CWD:
		return take_text(&found->cwd, data, len);
	case SL_TAG_POLICY:
		return take_text(&found->policy, data, len);
	case SL_TAG_PORT:
		return take_port(found, data, len);
	default:
		return 0; /* of a later version */
	}
}

static int parse(struct sl_found *found, const char *body, size_t len)
{
	while (len > 0) {
		struct sl_control_field field;
		int r;

		if (len < sizeof(field))
			return -EPROTO;
		memcpy(&field, body, sizeof(field));
		body += sizeof(field);
		len -= sizeof(field);
		if (field.len > len)
			return -EPROTO;
		r = take_field(found, field.tag, body, field.len);
		if (r < 0)
			return r;
		body += field.len;
		len -= field.len;
	}
	return found->argc ? 0 : -EPROTO;
}

static int read_body(struct sl_found *found, int fd)
{
	sl_autofree char *body = NULL;
	struct stat st;
	ssize_t n;

	if (fd < 0 || fstat(fd, &st) < 0)
		return -EPROTO;
	if (st.st_size < 0 || st.st_size > SL_MAX_CONTROL_BYTES)
		return -EPROTO;
	body = malloc((size_t)st.st_size + 1);
	if (!body)
		return -ENOMEM;
	n = pread(fd, body, (size_t)st.st_size, 0);
	return n < 0 ? -errno : parse(found, body, (size_t)n);
}

/* 0: answered; -EAGAIN: not yet. @err: of one that is asked alone. */
static int take_answer(struct sl_found *found, int sock, struct sl_error *err)
{
	struct sl_control_head head;
	sl_autoclose int fd = -1;
	char why[512];
	int r = sl_client_receive(sock, &head, why, sizeof(why), &fd);

	if (r == 0 && head.error < 0)
		return sl_err(err, head.error, SL_STAGE_SUPERVISE,
			      "sandbox '%s': %s", found->name, why);
	if (r == 0)
		r = read_body(found, fd);
	if (r == 0) {
		found->state = SL_FOUND_RUNNING;
		return 0;
	}
	if (r == -ECONNRESET)
		return sl_client_hung_up(found->name, err);
	if (r != -EAGAIN)
		sl_err(err, r, SL_STAGE_SUPERVISE,
		       "the answer of sandbox '%s' cannot be read: %s",
		       found->name, strerror(-r));
	return r;
}

/* ------------------------------------------------ asking */

static int ask(int dir, enum sl_control_verb verb, enum sl_client_mode mode,
	       struct question *q, struct sl_error *err)
{
	struct sl_control_request request = { .version = SL_CONTROL_VERSION,
					      .verb = verb };
	pid_t pid = 0;

	q->sock = sl_client_send(dir, q->found->name, &request, mode, &pid, err);
	q->found->supervisor = pid;
	if (q->sock == -EAGAIN)
		q->found->state = SL_FOUND_STARTING;
	else if (q->sock < 0)
		q->found->state = SL_FOUND_UNTRUSTED;
	if (q->sock < 0)
		return q->sock;
	/* By Ctrl-Z: no reason to wait for it. */
	if (sl_client_is_stopped(pid)) {
		q->found->state = SL_FOUND_SUSPENDED;
		close(sl_take_fd(&q->sock));
	}
	return 0;
}

/* Waits for all of @questions; those that stay silent keep their state. */
static void await_all(struct question *questions, size_t count,
		      struct sl_error *err)
{
	int64_t deadline = sl_client_deadline(ANSWER_MS);
	struct pollfd pfds[AT_ONCE];
	size_t left = 0;

	for (size_t i = 0; i < count; i++) {
		pfds[i] = (struct pollfd){ questions[i].sock, POLLIN, 0 };
		left += questions[i].sock >= 0;
	}
	while (left > 0 && poll(pfds, count, sl_client_left(deadline)) > 0) {
		for (size_t i = 0; i < count; i++) {
			struct question *q = &questions[i];
			int r;

			if (q->sock < 0 || !pfds[i].revents)
				continue;
			r = take_answer(q->found, q->sock, err);
			if (r == -EAGAIN)
				continue;
			/* Ended between the question and the answer. */
			if (r == -ENOENT)
				q->found->name[0] = '\0';
			close(sl_take_fd(&q->sock));
			pfds[i].fd = -1;
			left--;
		}
	}
	for (size_t i = 0; i < count; i++)
		sl_cleanup_close(&questions[i].sock);
}

static void ask_some(int dir, struct sl_found *items, size_t count)
{
	struct question questions[AT_ONCE];

	for (size_t i = 0; i < count; i++) {
		questions[i] = (struct question){ -1, &items[i] };
		if (ask(dir, SL_CONTROL_INFO, SL_CLIENT_ONCE, &questions[i],
			NULL) == -ENOENT)
			items[i].name[0] = '\0';
	}
	await_all(questions, count, NULL);
}

static void drop_ended(struct sl_listing *listing)
{
	size_t kept = 0;

	for (size_t i = 0; i < listing->count; i++) {
		if (listing->items[i].name[0])
			listing->items[kept++] = listing->items[i];
		else
			found_fini(&listing->items[i]);
	}
	listing->count = kept;
}

int sl_control_list(struct sl_listing **ret_listing, struct sl_error *err)
{
	sl_autoclose int dir = sl_client_dir(err);
	struct sl_listing *listing;
	int r;

	if (dir < 0)
		return dir;
	listing = calloc(1, sizeof(*listing));
	if (!listing)
		return sl_err(err, -ENOMEM, SL_STAGE_SUPERVISE, "out of memory");
	r = sl_entry_each(dir, add_name, listing);
	if (r < 0) {
		sl_listing_free(listing);
		return sl_err(err, r, SL_STAGE_SUPERVISE,
			      "cannot read the runtime directory: %s",
			      strerror(-r));
	}
	for (size_t i = 0; i < listing->count; i += AT_ONCE)
		ask_some(dir, listing->items + i,
			 SL_MIN(listing->count - i, (size_t)AT_ONCE));
	drop_ended(listing);
	if (listing->count)
		qsort(listing->items, listing->count, sizeof(*listing->items),
		      by_name);
	*ret_listing = listing;
	return 0;
}

static int inspect(int dir, const char *name, enum sl_control_verb verb,
		   struct sl_listing *listing, struct sl_error *err)
{
	struct question q;
	int r = add_name(listing, name);

	if (r < 0)
		return sl_err(err, r, SL_STAGE_SUPERVISE, "out of memory");
	q = (struct question){ -1, &listing->items[0] };
	r = ask(dir, verb, SL_CLIENT_WAIT, &q, err);
	if (r < 0)
		return r;
	await_all(&q, 1, err);
	if (q.found->state == SL_FOUND_RUNNING)
		return 0;
	return sl_err(err, -ETIMEDOUT, SL_STAGE_SUPERVISE,
		      "sandbox '%s' %s; its supervisor is process %d", name,
		      q.found->state == SL_FOUND_SUSPENDED
			      ? "is stopped and cannot answer"
			      : "does not answer",
		      (int)q.found->supervisor);
}

static int ask_one(const char *name, enum sl_control_verb verb,
		   struct sl_listing **ret_listing, struct sl_error *err)
{
	sl_autoclose int dir = sl_client_dir(err);
	struct sl_listing *listing;
	struct sl_error own = { 0 };
	int r;

	if (dir < 0)
		return dir;
	r = sl_client_check_name(name, err);
	if (r < 0)
		return r;
	listing = calloc(1, sizeof(*listing));
	if (!listing)
		return sl_err(err, -ENOMEM, SL_STAGE_SUPERVISE, "out of memory");
	r = inspect(dir, name, verb, listing, &own);
	if (r < 0 || own.code < 0) {
		sl_listing_free(listing);
		if (err)
			*err = own;
		return own.code ? own.code : r;
	}
	*ret_listing = listing;
	return 0;
}

int sl_control_inspect(const char *name, struct sl_listing **ret_listing,
		       struct sl_error *err)
{
	return ask_one(name, SL_CONTROL_INSPECT, ret_listing, err);
}

int sl_control_ports(const char *name, struct sl_listing **ret_listing,
		     struct sl_error *err)
{
	return ask_one(name, SL_CONTROL_INFO, ret_listing, err);
}
