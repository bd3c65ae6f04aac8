/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting and ending one sandbox inside its supervisor process: the page it
 * shares with its guardian, the stacks, and the states. The judge thread's own
 * work is in judge.c.
 */
#include "run/run.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "run/recipe.h"
#include "run/run_internal.h"
#include "supervise/tables.h"

#define STACK_BYTES (64u << 10)
#define PID_MAX_LIMIT 4194304

/* ------------------------------------------------ resources */

static int map_memory(struct sl_run *run)
{
	size_t stacks = 2 * STACK_BYTES;

	run->life = mmap(NULL, sizeof(*run->life), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (run->life == MAP_FAILED) {
		run->life = NULL;
		return -ENOMEM;
	}
	run->stacks = mmap(NULL, stacks, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (run->stacks == MAP_FAILED) {
		run->stacks = NULL;
		return -ENOMEM;
	}
	run->guardian_stack_top = (char *)run->stacks + STACK_BYTES;
	run->life->root_stack_top = (char *)run->stacks + stacks;
	return 0;
}

/* A start that failed after the filter was there: on the fast path the listener
 * is in our table. */
static void close_lost_listener(const struct sl_run *run)
{
	int fd = (int)run->life->over.listener - 1;

	if (fd >= 0 && run->listener < 0 && !(run->launch->flags & SL_LAUNCH_FORK))
		close(fd);
}

static void release(struct sl_run *run)
{
	sl_tmpdir_remove(&run->tmp, NULL); /* never begun, else long gone */
	if (run->event_fd >= 0)
		close(run->event_fd);
	if (run->guardian_fd >= 0)
		close(run->guardian_fd);
	if (run->exec_read >= 0)
		close(run->exec_read);
	if (run->listener >= 0)
		close(run->listener);
	if (run->orphans_fd >= 0)
		close(run->orphans_fd);
	sl_judge_free(run->judge);
	sl_event_ring_free(run->events);
	if (run->life) {
		if (run->life->exec_pipe > 0)
			close(run->life->exec_pipe);
		if (run->life->root_pidfd > 0)
			close(run->life->root_pidfd);
		if (run->life->over.userns > 0)
			close(run->life->over.userns);
		if (run->life->children_fd > 0)
			close(run->life->children_fd);
		close_lost_listener(run);
		munmap(run->life, sizeof(*run->life));
	}
	if (run->stacks)
		munmap(run->stacks, 2 * STACK_BYTES);
	free(run);
}

/* What the sandbox gets of the caller's: it may use it, and not change what the
 * caller's other processes see of it. */
static void note_inherited(struct sl_judge *judge, int fd)
{
	struct sl_inherited *to = &judge->inherited[judge->inherited_count];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return;
	*to = (struct sl_inherited){ st.st_dev, st.st_ino };
	judge->inherited_count++;
}

static int prepare(struct sl_run *run, const struct sl_launch *launch)
{
	int pipe_fds[2] = { -1, -1 };
	int r;

	run->launch = launch;
	run->event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (run->event_fd < 0)
		return -errno;
	r = map_memory(run);
	if (r < 0)
		return r;
	if (launch->flags & SL_LAUNCH_FORK) {
		if (pipe2(pipe_fds, O_CLOEXEC) < 0)
			return -errno;
	}
	run->exec_read = pipe_fds[0];
	run->life->exec_pipe = pipe_fds[1];
	run->life->launch = launch;
	run->life->root_word = 1;
	run->life->root_pidfd = -1;
	run->life->supervisor_pid = getpid();
	run->life->event_fd = run->event_fd;
	run->life->pid_max = PID_MAX_LIMIT;
	run->life->children_fd = -1;
	run->life->over.userns = -1;
	run->life->over.pipe = pipe_fds[1];
	run->life->over.wake = &run->life->root_word;
	if (launch->flags & SL_LAUNCH_JUDGED) {
		run->judge = sl_judge_new(launch->roots, launch->root_count);
		if (!run->judge)
			return -ENOMEM;
		run->events = sl_event_ring_new();
		if (!run->events)
			return -ENOMEM;
		sl_event_ring_wake(run->events, run->event_fd,
				   launch->flags & SL_LAUNCH_LIVE);
		run->judge->events = run->events;
		if (launch->carve_count)
			r = sl_carves_new(launch->carves, launch->carve_count,
					  &run->judge->carves);
		if (r == 0 && launch->when & SL_WHEN_REMAP)
			r = sl_portmap_new(&run->judge->ports);
		if (r == 0 && launch->when & SL_WHEN_TABLES)
			r = sl_tables_new(getpid(), &run->judge->tables);
		if (r == 0 && launch->hosts)
			r = sl_hosts_make(&run->judge->hosts, launch->hosts);
		if (r < 0)
			return r;
		run->judge->supervisor_pid = getpid();
		run->judge->net = (struct sl_netset){
			.entries = launch->net,
			.count = launch->net_count,
			.open = launch->net_open,
		};
		run->judge->when = launch->when;
		run->judge->list = launch->list;
		for (int i = 0; i < 3; i++)
			note_inherited(run->judge,
				       launch->fds[i] < 0 ? i : launch->fds[i]);
		note_inherited(run->judge, run->judge->hosts.fd);
		if (launch->flags & SL_LAUNCH_USER)
			run->judge->ids = (struct sl_judge_ids){
				.mapped = true,
				.inside_uid = launch->uid,
				.inside_gid = launch->gid,
				.outside_uid = geteuid(),
				.outside_gid = getegid(),
			};
		run->judge->scoped = launch->flags & SL_LAUNCH_SCOPED;
		run->judge->abstract = launch->flags & SL_LAUNCH_ABSTRACT;
	}
	return 0;
}

int sl_run_start(struct sl_launch *launch, struct sl_run **ret_run,
		 struct sl_error *err)
{
	struct sl_run *run = calloc(1, sizeof(*run));
	int r;

	if (!run) {
		sl_launch_remove_tmp(launch);
		return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
	}
	run->event_fd = run->guardian_fd = run->exec_read = -1;
	run->listener = run->orphans_fd = -1;
	sl_launch_take_tmp(launch, &run->tmp);
	r = prepare(run, launch);
	if (r < 0) {
		bool remap = launch->when & SL_WHEN_REMAP && run->judge &&
			     !run->judge->ports;

		release(run);
		return sl_err(err, r, SL_STAGE_SPAWN,
			      remap ? "--port-remap: cannot read "
				      "/proc/self/fdinfo, which tells what "
				      "is closed: %s"
				    : "cannot set up a sandbox: %s",
			      strerror(-r));
	}
	/* Orphans of a guardian that was killed come to us. */
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		r = -errno;
	if (r == 0)
		r = sl_judge_start(run);
	if (r < 0) {
		release(run);
		return sl_err(err, r, SL_STAGE_SPAWN,
			      "cannot start the sandbox's thread: %s",
			      strerror(-r));
	}
	*ret_run = run;
	return 0;
}

void sl_run_free(struct sl_run *run)
{
	if (!run)
		return;
	sl_judge_join(run);
	release(run);
}

/* ------------------------------------------------ states */

int sl_run_fd(const struct sl_run *run)
{
	return run->event_fd;
}

/* From now on the descriptor stays readable: whoever polls next must learn
 * that there is nothing to wait for. */
static void settle(struct sl_run *run)
{
	uint64_t one = 1;

	run->state = run->life->report.step ? SL_RUN_FAILED : SL_RUN_OVER;
	if (write(run->event_fd, &one, sizeof(one)) < 0)
		return; /* only if it is readable already */
}

enum sl_run_state sl_run_dispatch(struct sl_run *run)
{
	uint64_t count;
	uint32_t phase;

	if (run->state == SL_RUN_FAILED || run->state == SL_RUN_OVER)
		return run->state;
	if (read(run->event_fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return run->state; /* cannot happen on a live eventfd */
	phase = SL_LIFE_GET(&run->phase);
	if (phase == SL_JUDGE_STARTING)
		return run->state;
	if (run->state == SL_RUN_STARTING && SL_LIFE_GET(&run->life->request))
		sl_run_kill(run); /* asked for before there was a guardian */
	if (run->state == SL_RUN_STARTING && !run->life->report.step) {
		run->state = SL_RUN_RUNNING;
		if (phase != SL_JUDGE_OVER)
			sl_outside_started(run);
	}
	if (phase != SL_JUDGE_OVER)
		return run->state;
	sl_outside_over(run);
	settle(run);
	return run->state;
}

const struct sl_report *sl_run_report(const struct sl_run *run)
{
	return &run->life->report;
}

static void add_usage(const struct sl_run *run, struct sl_outcome *out)
{
	const struct sl_usage *usage = &run->warden.usage;
	const struct sl_brake *brake = &run->brake;
	const struct sl_forks *forks = run->judge ? &run->judge->forks : NULL;

	out->cpu_ns = run->life->cpu_ns;
	out->cpu_held_ns = brake->held_ns;
	out->memory_peak = usage->memory_peak;
	out->processes_peak = usage->processes_peak;
	if (forks && forks->peak > out->processes_peak)
		out->processes_peak = forks->peak;
	/* The warden's look is not one moment: what ends and what begins during
	 * it both count. There were no more than the judge let be made. */
	if (forks && forks->limit && out->processes_peak > forks->limit)
		out->processes_peak = forks->limit;
	if (forks)
		out->refused = forks->refused;
	/* What ended somebody before what refused him something. */
	if (usage->ended)
		out->limit = SL_LIMIT_MEMORY;
	else if (brake->ended || brake->given_up)
		out->limit = SL_LIMIT_CPU;
	else if (out->refused)
		out->limit = SL_LIMIT_PROCESSES;
}

void sl_run_outcome(const struct sl_run *run, struct sl_outcome *ret_outcome)
{
	const struct sl_life *life = run->life;
	struct sl_outcome out = { .reason = SL_REASON_LOST, .code = -1 };

	if (life->root_ended) {
		if (life->root_code == CLD_EXITED) {
			out.reason = SL_REASON_EXITED;
			out.code = life->root_status;
		} else {
			out.reason = SL_REASON_SIGNALED;
			out.signal = life->root_status;
		}
	}
	add_usage(run, &out);
	if (life->timed_out)
		out.reason = SL_REASON_TIMEOUT;
	else if ((run->warden.usage.root_ended || run->brake.root_ended ||
		  run->brake.given_up) &&
		 out.code < 0)
		out.reason = SL_REASON_LIMIT;
	else if (SL_LIFE_GET(&life->request) & SL_LIFE_KILL && out.code < 0)
		out.reason = SL_REASON_KILLED;
	*ret_outcome = out;
}

bool sl_run_next_event(struct sl_run *run, struct sl_event *ret_event)
{
	return run->events && sl_event_pop(run->events, ret_event);
}

uint64_t sl_run_events_dropped(const struct sl_run *run)
{
	return run->events ? sl_event_dropped(run->events) : 0;
}

uint32_t sl_run_asked(const struct sl_run *run, enum sl_sys call)
{
	int nr = sl_sys_number(call, SL_ARCH_NATIVE);

	return run->judge && nr >= 0 ? run->judge->asked[nr] : 0;
}

pid_t sl_run_pid(const struct sl_run *run)
{
	return run->life->root_pid;
}

int sl_run_stop_signal(const struct sl_run *run)
{
	return run->life->stop_signal;
}

uint32_t sl_run_stops(const struct sl_run *run)
{
	return SL_LIFE_GET(&run->life->stop_count);
}

int sl_run_signal(struct sl_run *run, int sig)
{
	int fd = run->life->root_pidfd;
	int r;

	if (sig < 0 || sig > 64)
		return -EINVAL;
	if (fd < 0 || SL_LIFE_GET(&run->life->root_ended))
		return -ESRCH;
	r = (int)syscall(SYS_pidfd_send_signal, fd, sig, NULL,
			 4 /* PIDFD_SIGNAL_PROCESS_GROUP */);
	if (r < 0 && errno == EINVAL) {
		/*
		 * KERNEL < 6.9: no group signals by pidfd. The pidfd proves
		 * that the leader is not reaped, so its group has not been
		 * reused (but for the moment between the two calls).
		 */
		r = (int)syscall(SYS_pidfd_send_signal, fd, 0, NULL, 0);
		if (r == 0)
			r = kill(-run->life->root_pid, sig);
	}
	return r < 0 ? -errno : 0;
}

void sl_run_kill(struct sl_run *run)
{
	__atomic_fetch_or(&run->life->request, SL_LIFE_KILL, __ATOMIC_RELEASE);
	if (SL_LIFE_GET(&run->phase) > SL_JUDGE_STARTING && run->guardian_fd >= 0)
		syscall(SYS_pidfd_send_signal, run->guardian_fd, SIGTERM, NULL,
			0);
}
