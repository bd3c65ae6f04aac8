/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See linger.h. A close that a signal interrupts has closed, and so has
 * whatever it closes along. Without a timer a thread takes a copy with it when
 * it exits, since who exits is not made to wait.
 */
#include "supervise/linger.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervise/judge.h"

#define STACK (32u << 10)

bool sl_linger_may(int fd)
{
	socklen_t len = sizeof(int);
	int domain;

	/* O_PATH, which is EBADF here, holds no socket. */
	return getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) == 0 ||
	       (errno != ENOTSOCK && errno != EBADF);
}

struct carrier {
	sem_t ready, closed;
	bool has_copies;
};

static void *carry(void *arg)
{
	struct carrier *carrier = arg;

	carrier->has_copies = unshare(CLONE_FILES) == 0;
	sem_post(&carrier->ready);
	while (sem_wait(&carrier->closed) < 0)
		;
	return NULL;
}

static bool close_by_exit(int fd)
{
	struct carrier carrier = { .has_copies = false };
	pthread_attr_t attr;
	pthread_t thread;
	bool started;

	if (pthread_attr_init(&attr) != 0)
		return false;
	pthread_attr_setstacksize(&attr, STACK);
	sem_init(&carrier.ready, 0, 0);
	sem_init(&carrier.closed, 0, 0);
	started = pthread_create(&thread, &attr, carry, &carrier) == 0;
	pthread_attr_destroy(&attr);
	if (!started)
		return false;
	while (sem_wait(&carrier.ready) < 0)
		;
	if (carrier.has_copies)
		close(fd);
	sem_post(&carrier.closed);
	pthread_join(thread, NULL);
	return carrier.has_copies;
}

bool sl_linger_close(struct sl_judge *judge, int fd)
{
	/* Never two: none is copied while one is kept. */
	if (fd >= 0)
		judge->kept = fd + 1;
	if (!judge->kept)
		return true;
	if (sl_hurry(&judge->hurry)) {
		close(judge->kept - 1);
		sl_hurry_over(&judge->hurry);
	} else if (!close_by_exit(judge->kept - 1)) {
		return false;
	}
	judge->kept = 0;
	return true;
}
