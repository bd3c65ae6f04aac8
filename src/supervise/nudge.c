/* SPDX-License-Identifier: Apache-2.0 */
/* See nudge.h. */
#include "supervise/nudge.h"

#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>

static pthread_once_t once = PTHREAD_ONCE_INIT;
static int number; /* 0: none is free */

static void nothing(int sig)
{
	(void)sig;
}

/* The process may be a host's, so one that it makes no use of. Without
 * SA_RESTART; on the other stack, as runtimes want all handlers to be. */
static void prepare(void)
{
	struct sigaction act = { .sa_handler = nothing, .sa_flags = SA_ONSTACK };
	struct sigaction old;

	for (int sig = SIGRTMAX; sig >= SIGRTMIN; sig--)
		if (sigaction(sig, NULL, &old) == 0 &&
		    !(old.sa_flags & SA_SIGINFO) && old.sa_handler == SIG_DFL &&
		    sigaction(sig, &act, NULL) == 0) {
			number = sig;
			return;
		}
}

int sl_nudge_signal(void)
{
	pthread_once(&once, prepare);
	return number;
}

void sl_nudge(int tid)
{
	syscall(SYS_tgkill, getpid(), tid, sl_nudge_signal());
}

void sl_nudge_allow(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, sl_nudge_signal());
	pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}
