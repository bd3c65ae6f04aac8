// SPDX-License-Identifier: Apache-2.0
/*
 * --status-fd: one line of JSON for every outcome, also for a run that never
 * started, so that a script need not guess from the exit status.
 *
 *	{"exit_code":0,"signal":null,"reason":"exited","status":0,"limit":null,
 *	 "memory_peak":null,"processes_peak":null,"cpu_seconds":0.012,
 *	 "cpu_held_seconds":0.000000}
 *	{"exit_code":-1,"signal":9,"reason":"limit","status":137,
 *	 "limit":"memory","memory_peak":70254592,...}
 *	{"exit_code":-1,"signal":null,"reason":"error","status":125,"error":"…"}
 */
#include "cli.h"
#include "json.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Every byte of a message may become six. */
#define NS_PER_SEC UINT64_C(1000000000)
#define LINE_MAX_BYTES (512 + 6 * sizeof(((sandlock_error *)0)->message))

int cli_fd_open(const char *flag, const char *text, int *ret_fd,
		sandlock_error *err)
{
	uint64_t number = 0;
	const char *c;
	int fd, mode;

	for (c = text; *c >= '0' && *c <= '9' && number <= INT32_MAX; c++)
		number = number * 10 + (uint64_t)(*c - '0');
	if (c == text || *c || number > INT32_MAX)
		return cli_fail(err, -EINVAL,
				"%s: '%.64s' is not the number of a "
				"descriptor",
				flag, text);
	mode = fcntl((int)number, F_GETFL);
	if (mode < 0)
		return cli_fail(err, -EBADF,
				"%s: descriptor %s is not open; open "
				"it as in 'sandlock run %s%s3 ... "
				"3>FILE'",
				flag, text, flag,
				strcmp(flag, "--audit") == 0 ? " fd:" : " ");
	if ((mode & O_ACCMODE) == O_RDONLY)
		return cli_fail(err, -EBADF,
				"%s: descriptor %s is open for "
				"reading only",
				flag, text);
	/*
	 * A copy of ours: the workload may inherit 0 to 2, which therefore keep
	 * their flags, but it never sees another.
	 */
	fd = fcntl((int)number, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return cli_fail(err, -errno, "%s %s: %s", flag, text,
				strerror(errno));
	if (number > STDERR_FILENO)
		fcntl((int)number, F_SETFD, FD_CLOEXEC);
	*ret_fd = fd;
	return 0;
}

static size_t describe(char *line, size_t size, const sandlock_result *result,
		       int exit_status)
{
	int sig = result ? sandlock_result_signal(result) : 0, len;
	char name[16] = "null";

	if (sig)
		snprintf(name, sizeof(name), "%d", sig);
	len = snprintf(line, size,
		       "{\"exit_code\":%d,\"signal\":%s,\"reason\":\"%s\","
		       "\"status\":%d",
		       result ? sandlock_result_code(result) : -1, name,
		       result ? sandlock_result_reason_name(result) : "error",
		       exit_status);
	return (size_t)len;
}

/* A number, or null: nobody looked. */
static size_t describe_peak(char *line, size_t size, const char *name,
			    uint64_t peak)
{
	int len = snprintf(line, size, ",\"%s\":null", name);

	if (peak)
		len = snprintf(line, size, ",\"%s\":%" PRIu64, name, peak);
	return (size_t)len;
}

static size_t describe_usage(char *line, size_t size,
			     const sandlock_result *result)
{
	sandlock_usage usage = { .size = sizeof(usage) };
	size_t len;

	if (sandlock_result_usage(result, &usage) < 0)
		return 0;
	len = (size_t)snprintf(line, size, ",\"limit\":%s%s%s",
			       usage.limit_name ? "\"" : "",
			       usage.limit_name ? usage.limit_name : "null",
			       usage.limit_name ? "\"" : "");
	len += describe_peak(line + len, size - len, "memory_peak",
			     usage.memory_peak);
	len += describe_peak(line + len, size - len, "processes_peak",
			     usage.processes_peak);
	len += (size_t)snprintf(line + len, size - len,
				",\"cpu_seconds\":%" PRIu64 ".%06" PRIu64
				",\"cpu_held_seconds\":%" PRIu64 ".%06" PRIu64,
				usage.cpu_ns / NS_PER_SEC,
				usage.cpu_ns % NS_PER_SEC / 1000,
				usage.cpu_held_ns / NS_PER_SEC,
				usage.cpu_held_ns % NS_PER_SEC / 1000);
	return len;
}

void cli_status_write(int fd, const sandlock_result *result,
		      const sandlock_error *err, int exit_status)
{
	char line[LINE_MAX_BYTES];
	size_t len = describe(line, sizeof(line), result, exit_status);
	const char *at = line;

	if (result)
		len += describe_usage(line + len, sizeof(line) - len, result);
	if (!result) {
		memcpy(line + len, ",\"error\":", 9);
		len += 9;
		len += cli_json_quote(line + len, err->message);
	}
	memcpy(line + len, "}\n", 2);
	len += 2;

	/* A reader that went away is its own affair. */
	signal(SIGPIPE, SIG_IGN);
	while (len > 0) {
		ssize_t n = write(fd, at, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		at += n;
		len -= (size_t)n;
	}
}
