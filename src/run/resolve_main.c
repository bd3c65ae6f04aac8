/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sandlock-resolve NAME...: what the system's resolver says of host names, a
 * program of its own because that resolver loads modules (nsswitch.conf), and
 * sandlock is static. Several names at a time; told in the order of the
 * arguments, so that the same answers are the same text:
 *
 *	NAME ADDRESS     one line per address, or
 *	NAME ! REASON    why there is none
 *	.                the last line: nothing was cut off
 *
 * Needs nothing of the library, and is trusted by nobody: see resolve.c.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"

#define THREADS 8

struct answer {
	char addrs[SL_MAX_NAME_ADDRS][INET6_ADDRSTRLEN];
	int count;
	int error; /* EAI_*, or 0 */
	int cause; /* errno of EAI_SYSTEM */
};

static char **names;
static struct answer *answers;
static int name_count;
static atomic_int next;

/* "Any address" is no machine, but how some name servers say that a name is
 * blocked; a connection to it would reach this host. */
static bool is_any(const void *bytes, int family)
{
	static const char zero[16];

	return memcmp(bytes, zero, family == AF_INET ? 4 : 16) == 0;
}

static void add(struct answer *answer, const struct sockaddr *addr)
{
	char text[INET6_ADDRSTRLEN];
	const void *bytes;

	if (addr->sa_family == AF_INET)
		bytes = &((const struct sockaddr_in *)(const void *)addr)->sin_addr;
	else if (addr->sa_family == AF_INET6)
		bytes = &((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;
	else
		return;
	if (is_any(bytes, addr->sa_family) ||
	    !inet_ntop(addr->sa_family, bytes, text, sizeof(text)))
		return;
	for (int i = 0; i < answer->count; i++)
		if (strcmp(answer->addrs[i], text) == 0)
			return;
	if (answer->count < SL_MAX_NAME_ADDRS)
		memcpy(answer->addrs[answer->count++], text, sizeof(text));
}

/* Of both families, whatever this host has now: what it cannot reach does no
 * harm in a rule. */
static void look_up(const char *name, struct answer *answer)
{
	const struct addrinfo hints = { .ai_family = AF_UNSPEC,
					.ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;

	answer->error = getaddrinfo(name, NULL, &hints, &list);
	answer->cause = errno;
	if (answer->error)
		return;
	for (const struct addrinfo *at = list; at; at = at->ai_next)
		add(answer, at->ai_addr);
	freeaddrinfo(list);
	if (!answer->count)
		answer->error = EAI_NONAME;
}

static void *work(void *arg)
{
	int i;

	while ((i = atomic_fetch_add(&next, 1)) < name_count)
		look_up(names[i], &answers[i]);
	return arg;
}

static void work_together(void)
{
	pthread_t threads[THREADS];
	int started = 0;

	while (started < THREADS && started < name_count - 1 &&
	       pthread_create(&threads[started], NULL, work, NULL) == 0)
		started++;
	work(NULL);
	for (int i = 0; i < started; i++)
		pthread_join(threads[i], NULL);
}

static const char *reason(const struct answer *answer)
{
	return answer->error == EAI_SYSTEM ? strerror(answer->cause)
					   : gai_strerror(answer->error);
}

int main(int argc, char **argv)
{
	names = argv + 1;
	name_count = argc - 1;
	if (name_count < 1 || name_count > SL_MAX_NAMES) {
		fprintf(stderr,
			"usage: sandlock-resolve NAME...  (1 to %d names); "
			"this program is started by sandlock(1)\n",
			SL_MAX_NAMES);
		return 125;
	}
	answers = calloc((size_t)name_count, sizeof(*answers));
	if (!answers) {
		fputs("sandlock-resolve: out of memory\n", stderr);
		return 125;
	}
	work_together();
	for (int i = 0; i < name_count; i++) {
		for (int k = 0; k < answers[i].count; k++)
			printf("%s %s\n", names[i], answers[i].addrs[k]);
		if (answers[i].error)
			printf("%s ! %s\n", names[i], reason(&answers[i]));
	}
	puts(".");
	free(answers);
	return fflush(stdout) == 0 ? 0 : 125;
}
