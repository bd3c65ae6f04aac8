/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A peer outside that tries to get at a listener inside: it sends the canary to
 * one port, by TCP and UDP, IPv4 and IPv6, again and again, and to those that
 * the attacker tells it of, in a file, since it is in league with it.
 */
#include "stage.h"
#include "harness/harness.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

union address {
	struct sockaddr any;
	struct sockaddr_in in;
	struct sockaddr_in6 in6;
};

static socklen_t loopback(union address *a, int family, int port)
{
	memset(a, 0, sizeof(*a));
	a->any.sa_family = (sa_family_t)family;
	if (family == AF_INET) {
		a->in.sin_port = htons((uint16_t)port);
		a->in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return sizeof(a->in);
	}
	a->in6.sin6_port = htons((uint16_t)port);
	a->in6.sin6_addr = in6addr_loopback;
	return sizeof(a->in6);
}

/* Between the well-known ports and those that the kernel gives away. */
static bool is_free(int port)
{
	static const int families[] = { AF_INET, AF_INET6 };
	static const int types[] = { SOCK_STREAM, SOCK_DGRAM };
	bool ok = true;

	for (int i = 0; i < 4; i++) {
		int fd = socket(families[i / 2], types[i % 2] | SOCK_CLOEXEC, 0);
		union address a;
		socklen_t len = loopback(&a, families[i / 2], port);

		ok = ok && fd >= 0 && bind(fd, &a.any, len) == 0;
		close(fd);
	}
	return ok;
}

static void call(const struct stage *s, int family, int type, int port)
{
	int fd = socket(family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd event = { .fd = fd, .events = POLLOUT };
	union address a;
	socklen_t len = loopback(&a, family, port);

	if (connect(fd, &a.any, len) == 0 ||
	    (errno == EINPROGRESS && poll(&event, 1, 20) == 1))
		send(fd, s->canary, strlen(s->canary), MSG_NOSIGNAL);
	close(fd);
}

static void call_all(const struct stage *s, int port)
{
	call(s, AF_INET, SOCK_DGRAM, port);
	call(s, AF_INET6, SOCK_DGRAM, port);
	call(s, AF_INET, SOCK_STREAM, port);
	call(s, AF_INET6, SOCK_STREAM, port);
}

static void call_told(const struct stage *s)
{
	char path[128], text[256];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "%s/ports", s->work);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return;
	text[n] = '\0';
	for (char *at = text; *at;) {
		long port = strtol(at, &at, 10);

		if (port > 0 && port < 65536)
			call_all(s, (int)port);
		at += *at != '\0';
	}
}

void stage_call(struct stage *s)
{
	for (int i = 0; i < 1000 && !s->call_port; i++) {
		int port = 20000 + (int)((unsigned int)rand() % 12000);

		if (is_free(port))
			s->call_port = port;
	}
	if (!s->call_port) {
		th_fail(__FILE__, __LINE__, "stage: no free port");
		th_abort();
	}
	s->caller = fork();
	if (s->caller)
		return;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		call_all(s, s->call_port);
		call_told(s);
		poll(NULL, 0, 2);
	}
}

void stage_hang_up(struct stage *s)
{
	if (s->caller <= 0)
		return;
	kill(s->caller, SIGKILL);
	waitpid(s->caller, NULL, 0);
}
