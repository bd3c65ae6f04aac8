/* SPDX-License-Identifier: Apache-2.0 */
/* The caller's side of a trial: a child on a stack of its own, and its account. */
#include "sys/trial.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "base/compiler.h"
#include "sys/raw.h"

#define STACK_BYTES (32u << 10)

/*
 * No exit signal: the end of the child is nobody's SIGCHLD, and a wait(2) of
 * the host does not see it. ECHILD: a wait of the host that asked for such
 * children took it, so it is gone all the same.
 */
static void reap(pid_t pid)
{
	while (waitpid(pid, NULL, __WALL) < 0 && errno == EINTR)
		;
}

static void run(struct sl_trial *trial, char *stack)
{
	sigset_t all, old;
	long pid;

	/* No handler of the host may run in its copy. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = sl_raw_clone(0, stack + STACK_BYTES, NULL, NULL, sl_trial_main,
			   trial);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (pid < 0) {
		trial->tried = SL_TRY_FORK;
		trial->error = (int32_t)-pid;
	} else {
		reap((pid_t)pid);
		trial->killed = !trial->done;
	}
	trial->done = 1;
}

void sl_trial_run(enum sl_trial_id id, struct sl_trial *ret_trial)
{
	struct sl_trial *shared = mmap(NULL, sizeof(*shared),
				       PROT_READ | PROT_WRITE,
				       MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	char *stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);

	*ret_trial = (struct sl_trial){
		.id = id, .done = 1, .tried = SL_TRY_FORK, .error = ENOMEM
	};
	if (shared != MAP_FAILED && stack != MAP_FAILED) {
		*shared = (struct sl_trial){ .id = id };
		run(shared, stack);
		*ret_trial = *shared;
	}
	if (shared != MAP_FAILED)
		munmap(shared, sizeof(*shared));
	if (stack != MAP_FAILED)
		munmap(stack, STACK_BYTES);
}

const char *sl_try_name(uint32_t tried)
{
	static const char *const names[] = {
#define SL_TRY(id, text) text,
		SL_TRY_LIST
#undef SL_TRY
	};

	return tried < SL_ARRAY_LEN(names) ? names[tried] : "?";
}
