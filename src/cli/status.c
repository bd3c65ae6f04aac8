// SPDX-License-Identifier: Apache-2.0
/*
 * --status-fd: one line of JSON for every outcome, also for a run that never
 * started, so that a script need not guess from the exit status.
 *
 *	{"exit_code":0,"signal":null,"reason":"exited","status":0}
 *	{"exit_code":-1,"signal":9,"reason":"signaled","status":137}
 *	{"exit_code":-1,"signal":null,"reason":"error","status":125,"error":"…"}
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Every byte of a message may become six. */
#define LINE_MAX_BYTES (256 + 6 * sizeof(((sandlock_error *)0)->message))

int cli_status_open(const char *text, int *ret_fd, sandlock_error *err)
{
	uint64_t number = 0;
	const char *c;
	int fd, mode;

	for (c = text; *c >= '0' && *c <= '9' && number <= INT32_MAX; c++)
		number = number * 10 + (uint64_t)(*c - '0');
	if (c == text || *c || number > INT32_MAX)
		return cli_fail(err, -EINVAL,
				"--status-fd: '%.64s' is not the number of a "
				"descriptor",
				text);
	mode = fcntl((int)number, F_GETFL);
	if (mode < 0)
		return cli_fail(err, -EBADF,
				"--status-fd: descriptor %s is not open; open "
				"it as in 'sandlock run --status-fd 3 ... "
				"3>FILE'",
				text);
	if ((mode & O_ACCMODE) == O_RDONLY)
		return cli_fail(err, -EBADF,
				"--status-fd: descriptor %s is open for "
				"reading only",
				text);
	/*
	 * A copy of ours: the workload may inherit 0 to 2, which therefore keep
	 * their flags, but it never sees another.
	 */
	fd = fcntl((int)number, F_DUPFD_CLOEXEC, 3);
	if (fd < 0)
		return cli_fail(err, -errno, "--status-fd %s: %s", text,
				strerror(errno));
	if (number > STDERR_FILENO)
		fcntl((int)number, F_SETFD, FD_CLOEXEC);
	*ret_fd = fd;
	return 0;
}

/* Length of the well-formed UTF-8 sequence at @s, 0 if it is none. */
static size_t utf8_len(const unsigned char *s)
{
	static const struct {
		unsigned char first, last, min, max; /* of the second byte */
		size_t len;
	} forms[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 },
		{ 0xee, 0xef, 0x80, 0xbf, 3 }, { 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (s[0] < 0x80)
		return 1;
	for (size_t i = 0; i < CLI_LEN(forms); i++) {
		if (s[0] < forms[i].first || s[0] > forms[i].last)
			continue;
		if (s[1] < forms[i].min || s[1] > forms[i].max)
			return 0;
		for (size_t k = 2; k < forms[i].len; k++)
			if (s[k] < 0x80 || s[k] > 0xbf)
				return 0;
		return forms[i].len;
	}
	return 0;
}

/* @text as a JSON string; @out holds six bytes for each of it, and three. */
static size_t json_string(char *out, const char *text)
{
	const unsigned char *s = (const unsigned char *)text;
	char *o = out;

	*o++ = '"';
	while (*s) {
		size_t len = utf8_len(s);

		if (len == 0) {
			memcpy(o, "\\ufffd", 6);
			o += 6;
			s++;
		} else if (*s < ' ' || *s == 127) {
			o += snprintf(o, 7, "\\u%04x", *s);
			s++;
		} else {
			if (*s == '"' || *s == '\\')
				*o++ = '\\';
			memcpy(o, s, len);
			o += len;
			s += len;
		}
	}
	*o++ = '"';
	return (size_t)(o - out);
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

void cli_status_write(int fd, const sandlock_result *result,
		      const sandlock_error *err, int exit_status)
{
	char line[LINE_MAX_BYTES];
	size_t len = describe(line, sizeof(line), result, exit_status);
	const char *at = line;

	if (!result) {
		memcpy(line + len, ",\"error\":", 9);
		len += 9;
		len += json_string(line + len, err->message);
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
