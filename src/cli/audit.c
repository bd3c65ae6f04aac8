// SPDX-License-Identifier: Apache-2.0
/*
 * --audit: each denial is one line of JSON, as it happens.
 *
 *	{"type":"denial","time":"2026-01-02T03:04:05.678901234Z","pid":7,"tid":7,
 *	 "program":"/usr/bin/chmod","call":"fchmodat","access":"change",
 *	 "object":"/etc/hostname","rule":"no write grant","errno":"EPERM",
 *	 "reason":"no grant covers it","origin":null,"fix":"-w /etc/hostname"}
 *	{"type":"lost","count":12}
 *
 * Nobody waits for a reader: what it has no room for is counted as lost, and so
 * is what came faster than it could be written, or after AUDIT_MAX_BYTES.
 */
#include "cli.h"
#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FINISH_MS 1000
/* Of one run. SECURITY: its subject decides how much there is to be written. */
#define AUDIT_MAX_BYTES (64u << 20)

/* ------------------------------------------------ where to */

/*
 * The same file, opened anew: O_NONBLOCK belongs to what is shared with others
 * who have the descriptor. A socket cannot be opened; it has a flag for that.
 */
static int reopen(struct cli_audit *audit, const char *text, sandlock_error *err)
{
	char path[32];
	struct stat st;
	int fd;

	if (fstat(audit->fd, &st) < 0)
		return cli_fail(err, -errno, "--audit %s: %s", text,
				strerror(errno));
	audit->is_socket = S_ISSOCK(st.st_mode);
	if (!S_ISFIFO(st.st_mode) && !S_ISCHR(st.st_mode))
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", audit->fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return cli_fail(err, -errno, "--audit: cannot open %s anew: %s",
				text, strerror(errno));
	close(audit->fd);
	audit->fd = fd;
	return 0;
}

/*
 * No link in the last place: whoever may write the folder, an earlier sandbox
 * for one, could have it append to another file.
 */
static int open_file(struct cli_audit *audit, const char *path,
		     sandlock_error *err)
{
	audit->fd = open(path,
			 O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW |
				 O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
			 0600);
	if (audit->fd >= 0)
		return 0;
	if (errno == ELOOP)
		return cli_fail(err, -ELOOP,
				"--audit: '%.300s' is a symbolic link; name "
				"the file itself, or a descriptor: fd:2",
				path);
	return cli_fail(err, -errno, "--audit: cannot open '%.300s': %s%s",
			path, strerror(errno),
			errno == ENXIO ? " (nobody reads from it)" : "");
}

/* SECURITY: a record that its subject can rewrite is none. Asked of the plan of
 * this very run, about the file that was opened. */
static int check_place(const struct cli_audit *audit, const struct cli_run *run,
		       sandlock_error *err)
{
	sandlock_explain_options options = { .size = sizeof(options),
					     .argv = run->argv };
	sandlock_answer answer = { .size = sizeof(answer) };
	sandlock_explanation *ex = NULL;
	char link[32], question[PATH_MAX + 8] = "path:";
	char *path = question + 5;
	struct stat st;
	ssize_t len;
	int r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", audit->fd);
	len = readlink(link, path, PATH_MAX);
	if (fstat(audit->fd, &st) < 0 || !S_ISREG(st.st_mode) || len <= 0 ||
	    path[0] != '/')
		return 0;
	path[len] = '\0';
	/* We ask about one of its names, and would know of no other. */
	if (st.st_nlink > 1)
		return cli_fail(err, -EINVAL,
				"--audit: '%.300s' has other names (hard "
				"links), by which the sandbox might write it; "
				"name another file",
				path);
	r = sandlock_explain(run->policy, &options, &ex, err);
	if (r < 0)
		return r;
	for (size_t i = 0;
	     r == 0 &&
	     sandlock_explanation_ask(ex, question, i, &answer, NULL) == 0;
	     i++)
		if (answer.verdict != SANDLOCK_VERDICT_REFUSED &&
		    strcmp(answer.access, "write") == 0)
			r = cli_fail(err, -EINVAL,
				     "--audit: the sandbox itself may write "
				     "'%.300s'%s%.100s%s; name a file outside "
				     "of what is granted",
				     path, answer.origin ? " (" : "",
				     answer.origin ? answer.origin : "",
				     answer.origin ? ")" : "");
	sandlock_explanation_free(ex);
	return r;
}

int cli_audit_open(struct cli_audit *audit, const struct cli_run *run,
		   sandlock_error *err)
{
	const char *text = run->audit;
	int r;

	audit->run = run;
	if (!text)
		return 0;
	if (strncmp(text, "fd:", 3) == 0) {
		r = cli_fd_open("--audit", text + 3, &audit->fd, err);
		if (r == 0)
			r = reopen(audit, text, err);
		/* The sandbox writes to the streams in any case. */
		if (text[3] >= '0' && text[3] <= '2' && !text[4])
			return r;
	} else {
		r = open_file(audit, text, err);
	}
	return r < 0 ? r : check_place(audit, run, err);
}

void cli_audit_fini(struct cli_audit *audit)
{
	if (audit->fd >= 0)
		close(audit->fd);
	free(audit->rest);
	*audit = (struct cli_audit){ .fd = -1 };
}

/* ------------------------------------------------ lines */

static void put_time(FILE *out, int64_t ns)
{
	time_t seconds = (time_t)(ns / 1000000000);
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&seconds, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &tm);
	fprintf(out, "\"time\":\"%s.%09lldZ\"", text,
		(long long)(ns % 1000000000));
}

static void put(FILE *out, const char *name, const char *text)
{
	fprintf(out, ",\"%s\":", name);
	cli_json_put(out, text);
}

static void put_fix(FILE *out, const struct cli_run *run, const char *fix)
{
	char *whole = NULL;

	if (fix && asprintf(&whole, "%s%s", cli_fix_prefix(run, fix), fix) < 0)
		whole = NULL;
	put(out, "fix", whole);
	free(whole);
}

/* A line on the heap, or NULL. */
static char *line_of(const struct cli_run *run, const sandlock_denial *d,
		     size_t *ret_len)
{
	char *line = NULL;
	FILE *out = open_memstream(&line, ret_len);

	if (!out)
		return NULL;
	fputs("{\"type\":\"denial\",", out);
	put_time(out, d->time_ns);
	fprintf(out, ",\"pid\":%lld,\"tid\":%lld", (long long)d->pid,
		(long long)d->tid);
	put(out, "program", d->program);
	put(out, "call", d->call);
	put(out, "access", d->access);
	put(out, "object", d->object);
	put(out, "rule", d->rule);
	put(out, "errno", d->error_name);
	fprintf(out, ",\"error\":%d", d->error);
	put(out, "reason", d->reason);
	put(out, "origin", d->origin);
	put_fix(out, run, d->fix);
	put(out, "no_fix", d->no_fix);
	fputs("}\n", out);
	if (fclose(out) == 0)
		return line;
	free(line);
	return NULL;
}

/* ------------------------------------------------ writing */

static void give_up(struct cli_audit *audit)
{
	if (!audit->failed)
		cli_warn("--audit: cannot write: %s; the run goes on",
			 strerror(errno));
	audit->failed = true;
}

/* How much of it was taken, without waiting. */
static size_t write_some(struct cli_audit *audit, const char *data, size_t len)
{
	size_t at = 0;

	while (at < len && !audit->failed) {
		ssize_t n = audit->is_socket
				    ? send(audit->fd, data + at, len - at,
					   MSG_DONTWAIT | MSG_NOSIGNAL)
				    : write(audit->fd, data + at, len - at);

		if (n > 0)
			at += (size_t)n;
		else if (n < 0 && errno == EAGAIN)
			break;
		else if (n == 0 || errno != EINTR)
			give_up(audit);
	}
	return at;
}

/* A line that was begun is finished before the next one: true if it is. */
static bool write_rest(struct cli_audit *audit)
{
	audit->rest_at += write_some(audit, audit->rest + audit->rest_at,
				     audit->rest_len - audit->rest_at);
	if (audit->rest_at < audit->rest_len && !audit->failed)
		return false;
	free(audit->rest);
	audit->rest = NULL;
	return true;
}

/* From the first line on that would be too much: no gap but at the end. */
static bool has_room(struct cli_audit *audit, size_t len)
{
	if (!audit->full && len > AUDIT_MAX_BYTES - audit->bytes) {
		audit->full = true;
		cli_warn("--audit: %u MiB are written, the most of one run; "
			 "further denials are counted",
			 AUDIT_MAX_BYTES >> 20);
	}
	return !audit->full;
}

/* Takes @line; false: there was no room for any of it. */
static bool write_line(struct cli_audit *audit, char *line, size_t len)
{
	size_t at = 0;

	if (line && !audit->failed)
		at = write_some(audit, line, len);
	if (at == 0 || at == len) {
		free(line);
		return at > 0;
	}
	audit->rest = line;
	audit->rest_len = len;
	audit->rest_at = at;
	return true;
}

void cli_audit_poll(const struct cli_audit *audit, struct pollfd *ret_pfd)
{
	ret_pfd->fd = audit->rest && !audit->failed ? audit->fd : -1;
	ret_pfd->events = POLLOUT;
}

void cli_audit_serve(struct cli_audit *audit, sandlock_sandbox *sandbox)
{
	sandlock_denial d = { .size = sizeof(d) };
	void (*before)(int);

	if (audit->fd < 0)
		return;
	before = signal(SIGPIPE, SIG_IGN);
	/* What waits while a line is stuck waits in the library, which has a
	 * limit and counts. */
	while ((!audit->rest || write_rest(audit)) &&
	       sandlock_sandbox_next_denial(sandbox, &d) == 0) {
		size_t len = 0;
		char *line = audit->full ? NULL : line_of(audit->run, &d, &len);

		if (!has_room(audit, len)) {
			free(line);
			continue;
		}
		if (!write_line(audit, line, len))
			continue;
		audit->lines++;
		audit->bytes += len;
	}
	signal(SIGPIPE, before);
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

void cli_audit_finish(struct cli_audit *audit, sandlock_sandbox *sandbox,
		      const sandlock_result *result)
{
	int64_t deadline = now_ms() + FINISH_MS, left;
	void (*before)(int);
	struct pollfd pfd;
	uint64_t total;
	char line[80];

	if (audit->fd < 0)
		return;
	cli_audit_serve(audit, sandbox);
	while (audit->rest && !audit->failed && (left = deadline - now_ms()) > 0) {
		cli_audit_poll(audit, &pfd);
		poll(&pfd, 1, (int)left);
		cli_audit_serve(audit, sandbox);
	}
	total = sandlock_result_denials_total(result);
	if (audit->rest || total == audit->lines)
		return;
	snprintf(line, sizeof(line), "{\"type\":\"lost\",\"count\":%llu}\n",
		 (unsigned long long)(total - audit->lines));
	before = signal(SIGPIPE, SIG_IGN);
	write_some(audit, line, strlen(line));
	signal(SIGPIPE, before);
}
