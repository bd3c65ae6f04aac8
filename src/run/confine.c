/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Confines the calling thread of a running program: the same steps as a
 * sandbox's first process takes, from dropped capabilities to the filter.
 *
 * None of them can be taken back, and a thread that is confined by half is of
 * no use to anybody. So the steps are rehearsed by a task that is thrown away,
 * with the caller's own credentials, domains and filters; what the kernel
 * refuses (a seventeenth layer, an outer filter) it refuses there. Only what
 * changes between the two, such as memory running out, can still stop the
 * thread half-way.
 */
#include "run/confine.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include "plan/plan.h"
#include "run/launch.h"
#include "run/ruleset.h"
#include "sys/raw.h"

#define REHEARSAL_STACK (32u << 10)

struct confine {
	struct sl_launch launch;
	struct sl_policy *policy; /* the caller's, as enforced without help */
	struct sl_plan *plan;
	cpu_set_t before;
	bool pinned;
};

static int out_of_memory(struct sl_error *err)
{
	return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
}

/* ------------------------------------------------ preparing */

/*
 * The filter is that of a run without a supervisor. What only a supervised run
 * is refused, a thread may need to start sandboxes of its own.
 */
static int prepare(struct confine *c, const struct sl_policy *policy,
		   struct sl_error *err)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_OWN, .source = "confine" };
	struct sl_probe probe;
	sl_autoclose int outer = -1;
	int r;

	r = sl_policy_check_confine(policy, err);
	if (r == 0)
		r = sl_policy_check(policy, err);
	if (r < 0)
		return r;
	if (sl_policy_clone(policy, &c->policy) < 0)
		return out_of_memory(err);
	r = sl_policy_set(c->policy, SL_KEY_NO_SUPERVISOR, "true", &origin, err);
	if (r < 0)
		return r;
	sl_probe(&probe);
	r = sl_plan_compile(c->policy, &probe, &c->plan, err);
	if (r < 0)
		return r;
	r = sl_ruleset_build(&c->plan->landlock, probe.landlock_abi,
			     &c->launch.fds[SL_FD_POLICY], &outer, err);
	if (r < 0)
		return r;
	c->launch.insns = c->plan->filter.insns;
	c->launch.insn_count = (uint32_t)c->plan->filter.count;
	return 0;
}

/* ------------------------------------------------ rehearsing */

struct rehearsal {
	const struct sl_launch *launch;
	struct sl_report *report;
	bool done; /* it was not killed on the way, by an outer filter say */
};

/* In the caller's memory: raw system calls only. */
static int rehearse_in_task(void *arg)
{
	struct rehearsal *r = arg;

	sl_child_confine(r->launch, r->report);
	r->done = true;
	return 0;
}

static int run_rehearsal(struct rehearsal *rehearsal)
{
	char *stack = mmap(NULL, REHEARSAL_STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	sigset_t all, old;
	int status = 0;
	long pid;

	if (stack == MAP_FAILED)
		return -ENOMEM;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	/* No exit signal: neither wait(-1) nor SIGCHLD of the host sees it. */
	pid = sl_raw_clone(CLONE_VM | CLONE_VFORK | CLONE_FILES,
			   stack + REHEARSAL_STACK, NULL, NULL,
			   rehearse_in_task, rehearsal);
	if (pid > 0)
		while (waitpid((pid_t)pid, &status, __WCLONE) < 0 &&
		       errno == EINTR)
			;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	munmap(stack, REHEARSAL_STACK);
	if (pid < 0)
		return (int)pid;
	/* Another thread's wait may have got the status, not the flag. */
	return rehearsal->done && WIFEXITED(status) ? 0 : -ECANCELED;
}

static const char *step_name(uint32_t step)
{
	switch (step) {
	case SL_STEP_CAPS:
		return "drop its capabilities";
	case SL_STEP_NNP:
		return "set no_new_privs";
	case SL_STEP_LANDLOCK:
		return "enter a Landlock domain";
	case SL_STEP_SECCOMP:
		return "install a seccomp filter";
	default:
		return "start";
	}
}

static int rehearse(const struct sl_launch *launch, struct sl_error *err)
{
	sl_autofree struct sock_filter *insns = calloc(launch->insn_count,
						       sizeof(*insns));
	struct sl_report report = { SL_STEP_NONE, 0, 0 };
	struct sl_launch copy = *launch;
	int r;

	if (!insns)
		return out_of_memory(err);
	/* As long as the real filter, but the task must be able to end, which
	 * a policy may deny (syscalls.extra_deny). */
	for (uint32_t i = 0; i < launch->insn_count; i++)
		insns[i] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							SECCOMP_RET_ALLOW);
	copy.insns = insns;
	r = run_rehearsal(&(struct rehearsal){ &copy, &report, false });
	if (r == -ECANCELED)
		return sl_err(err, r, SL_STAGE_SPAWN,
			      "this thread cannot be confined and stays as it "
			      "was: a task that tried it was killed; hint: an "
			      "outer seccomp filter may kill whoever calls "
			      "landlock_restrict_self or seccomp");
	if (r < 0)
		return sl_err(
			err, r, SL_STAGE_SPAWN,
			"cannot try the confinement of this thread, which "
			"stays as it was: %s",
			strerror(-r));
	if (!report.step)
		return 0;
	sl_err(err, -report.error, SL_STAGE_SPAWN,
	       "this thread cannot %s and stays as it was: %s",
	       step_name(report.step), strerror(report.error));
	if (report.step == SL_STEP_LANDLOCK && report.error == E2BIG)
		sl_error_hint(err, "it is confined 16 times already, and the "
				   "kernel keeps no more layers");
	return -report.error;
}

/* ------------------------------------------------ the thread itself */

/* Comes first since it can be taken back. */
static int pin(struct confine *c, struct sl_error *err)
{
	const struct sl_value *cores = sl_policy_get(c->policy, SL_KEY_CPU_CORES);
	cpu_set_t set;

	if (!cores->count)
		return 0;
	CPU_ZERO(&set);
	for (size_t i = 0; i < cores->count; i++)
		CPU_SET(cores->items[i].num, &set);
	if (sched_getaffinity(0, sizeof(c->before), &c->before) < 0 ||
	    sched_setaffinity(0, sizeof(set), &set) < 0) {
		int r = -errno;

		sl_err(err, r, SL_STAGE_SPAWN,
		       "this thread cannot be kept on the cores of "
		       "limits.cpu_cores and stays as it was: %s",
		       strerror(-r));
		sl_error_hint(err,
			      "name a CPU that is online and allowed here");
		return r;
	}
	c->pinned = true;
	return 0;
}

static int apply(const struct sl_launch *launch, struct sl_error *err)
{
	struct sl_report report = { SL_STEP_NONE, 0, 0 };

	sl_child_confine(launch, &report);
	if (!report.step)
		return 0;
	sl_err(err, -ENOTRECOVERABLE, SL_STAGE_SPAWN,
	       "this thread is confined in part: it could not %s, which had "
	       "worked in the rehearsal: %s",
	       step_name(report.step), strerror(report.error));
	sl_error_hint(err, "end it, and what it started meanwhile");
	return -ENOTRECOVERABLE;
}

int sl_confine(const struct sl_policy *policy, struct sl_error *err)
{
	struct confine c = { .launch = { 0 } };
	int r;

	for (int i = 0; i < SL_FD_COUNT; i++)
		c.launch.fds[i] = -1;
	r = prepare(&c, policy, err);
	if (r == 0)
		r = pin(&c, err);
	if (r == 0)
		r = rehearse(&c.launch, err);
	if (r < 0 && c.pinned)
		sched_setaffinity(0, sizeof(c.before), &c.before);
	if (r == 0)
		r = apply(&c.launch, err);
	if (c.launch.fds[SL_FD_POLICY] >= 0)
		close(c.launch.fds[SL_FD_POLICY]);
	sl_plan_free(c.plan);
	sl_policy_free(c.policy);
	return r;
}
