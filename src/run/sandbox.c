/* SPDX-License-Identifier: Apache-2.0 */
/* See sandbox.h. The descriptor to poll is an epoll set of everything that can
 * happen: end or answer of the supervisor's side, output to drain. */
#include "run/sandbox_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "run/life.h"
#include "run/naming.h"
#include "run/prepare.h"
#include "run/proto.h"
#include "run/recipe.h"
#include "run/remote.h"
#include "run/stream.h"

int sl_sandbox_watch(struct sl_sandbox *s, int fd)
{
	struct epoll_event event = { .events = EPOLLIN };

	return epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event) < 0 ? -errno : 0;
}

/* ------------------------------------------------ the terminal */

static void set_foreground(pid_t group)
{
	sigset_t ttou, old;

	/* From a background group this would stop us. */
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	pthread_sigmask(SIG_BLOCK, &ttou, &old);
	tcsetpgrp(STDIN_FILENO, group);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
}

/* Takes the terminal back, if the sandbox's group still has it. */
static bool take_terminal(const struct sl_sandbox *s)
{
	if (!s->foreground || tcgetpgrp(STDIN_FILENO) != s->pid)
		return false;
	set_foreground(getpgrp());
	return true;
}

/*
 * The sandbox's group stopped (Ctrl-Z): stop as well, so that the shell above
 * shows a stopped job, and when it continues us hand on what it gave us.
 */
static void relay_stop(struct sl_sandbox *s)
{
	int sig = sl_run_stop_signal(s->run);

	/* Only what a terminal does: a program that stops itself must not stop
	 * whoever waits for us, with nobody there to say "fg". */
	if (!s->terminal || (sig != SIGTSTP && sig != SIGTTIN && sig != SIGTTOU))
		return;
	if (take_terminal(s))
		kill(0, SIGTSTP);
	else
		raise(SIGSTOP);
	/* Continued, by fg (the terminal is ours again) or bg. */
	if (tcgetpgrp(STDIN_FILENO) == getpgrp()) {
		s->foreground = true;
		set_foreground(s->pid);
	}
	sl_run_signal(s->run, SIGCONT);
}

/* ------------------------------------------------ advancing */

static void started(struct sl_sandbox *s, int pid)
{
	s->started = true;
	s->pid = pid;
	/* A pipe ends when its last writer does: not we. */
	sl_launch_close(&s->prepared->launch);
}

/* A job of an inner shell may have had the terminal when the tree ended. */
static void reclaim_terminal(const struct sl_sandbox *s)
{
	pid_t group;

	if (!s->foreground || take_terminal(s))
		return;
	group = tcgetpgrp(STDIN_FILENO);
	if (group > 0 && kill(-group, 0) < 0 && errno == ESRCH)
		set_foreground(getpgrp());
}

static void over(struct sl_sandbox *s)
{
	reclaim_terminal(s);
	for (int i = 0; i < 2; i++) {
		sl_capture_drain(&s->result.out[i], true);
		sl_capture_close(&s->result.out[i]);
	}
	/* Any thread asks for it: see sl_sandbox_signal(). */
	SL_LIFE_SET(&s->over, true);
}

/* What a thread of ours has written down. */
static void take_denials(struct sl_sandbox *s)
{
	struct sl_event event;

	while (sl_run_next_event(s->run, &event))
		sl_denials_add(&s->result.denials, &event);
	s->result.denials.dropped = sl_run_events_dropped(s->run);
}

static void advance_inline(struct sl_sandbox *s)
{
	enum sl_run_state state = sl_run_dispatch(s->run);

	sl_naming_dispatch(&s->naming, s->run);
	take_denials(s);
	if (state != SL_RUN_STARTING && state != SL_RUN_FAILED && !s->started)
		started(s, sl_run_pid(s->run));
	if (s->started && state == SL_RUN_RUNNING &&
	    sl_run_stops(s->run) != s->stops) {
		s->stops = sl_run_stops(s->run);
		relay_stop(s);
	}
	if (state < SL_RUN_FAILED)
		return;
	if (state == SL_RUN_FAILED) {
		s->failed = true;
		sl_report_explain(sl_run_report(s->run), &s->prepared->launch,
				  &s->error);
	} else {
		sl_run_outcome(s->run, &s->result.outcome);
	}
	over(s);
	sl_naming_close(&s->naming, s->failed ? NULL : &s->result.outcome);
}

union message {
	uint32_t kind;
	struct sl_proto_event event;
	struct sl_proto_denial denial;
};

/* False: it is none. */
static bool take_denial(struct sl_sandbox *s, const union message *message,
			size_t len)
{
	const struct sl_event *event = &message->denial.event;
	const size_t head = offsetof(struct sl_proto_denial, event.object);

	if (len < head || message->kind != SL_PROTO_DENIAL)
		return false;
	if (event->info.program_len <= sizeof(event->program) &&
	    event->info.object_len == len - head)
		sl_denials_add(&s->result.denials, event);
	return true;
}

static void take_end(struct sl_sandbox *s, const struct sl_proto_event *event)
{
	if (event && event->kind == SL_PROTO_OVER) {
		s->result.outcome = event->outcome;
		s->result.denials.dropped = event->dropped;
	} else {
		/* FAILED, or the supervisor is gone and, since its guardian
		 * held the socket, the tree as well. */
		s->failed = !s->started;
		s->result.outcome.reason = SL_REASON_LOST;
		s->result.outcome.code = -1;
		if (event)
			s->error = event->error;
		else
			sl_err(&s->error, -ECONNRESET, SL_STAGE_SUPERVISE,
			       "the supervisor process died");
	}
	over(s);
}

static void advance_remote(struct sl_sandbox *s)
{
	union message message;
	ssize_t n;

	while (!s->over) {
		n = recv(s->sock, &message, sizeof(message), MSG_DONTWAIT);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		/* It went without reading all that we sent. Told once, and
		 * before what it sent itself. */
		if (n < 0 && errno == ECONNRESET)
			continue;
		if (n > 0 && take_denial(s, &message, (size_t)n))
			continue;
		if (n != sizeof(message.event))
			take_end(s, NULL);
		else if (message.kind == SL_PROTO_STARTED)
			started(s, message.event.pid);
		else if (message.kind == SL_PROTO_NAMED)
			sl_naming_told(&s->naming, message.event.name,
				       &message.event.error);
		else
			take_end(s, &message.event);
	}
}

int sl_sandbox_dispatch(struct sl_sandbox *s)
{
	if (s->over)
		return 1;
	for (int i = 0; i < 2; i++)
		sl_capture_drain(&s->result.out[i], false);
	if (s->run)
		advance_inline(s);
	else
		advance_remote(s);
	return s->over;
}

/* ------------------------------------------------ starting */

/* A program in a session of its own reads another's terminal unhindered, also
 * from the background: then job control must stay. */
static bool uses_terminal(const struct sl_spawn *spawn)
{
	for (int i = 0; i < 3; i++) {
		if (spawn->stdio[i] == SL_STDIO_INHERIT && isatty(i))
			return true;
		if (spawn->stdio[i] == SL_STDIO_FD && isatty(spawn->stdio_fd[i]))
			return true;
	}
	return false;
}

static int start_inline(struct sl_sandbox *s, const struct sl_spawn *spawn,
			const struct sl_control_info *info, struct sl_error *err)
{
	struct sl_launch *launch = &s->prepared->launch;
	int r = sl_naming_claim(&s->naming, info, err);

	if (r < 0)
		return r;
	launch->flags |= SL_LAUNCH_OOM;
	if (spawn->denials)
		launch->flags |= SL_LAUNCH_LIVE;
	s->terminal = spawn->stdio[0] == SL_STDIO_INHERIT && isatty(STDIN_FILENO);
	if (!uses_terminal(spawn))
		launch->flags |= SL_LAUNCH_SESSION;
	if (spawn->foreground && isatty(STDIN_FILENO) &&
	    spawn->stdio[0] == SL_STDIO_INHERIT) {
		s->foreground = true;
		/* A background job takes nothing; fg will hand it over. */
		if (tcgetpgrp(STDIN_FILENO) == getpgrp())
			launch->flags |= SL_LAUNCH_FOREGROUND;
	}
	r = sl_run_start(launch, &s->run, err);
	if (r < 0)
		return r;
	return sl_sandbox_watch(s, sl_run_fd(s->run));
}

static int start_remote(struct sl_sandbox *s, const struct sl_spawn *spawn,
			const struct sl_policy *policy,
			const struct sl_control_info *info, struct sl_error *err)
{
	int r = sl_naming_check(info->name, err);

	if (r < 0)
		return r;
	if (spawn->foreground)
		return sl_err(err, -ENOTSUP, SL_STAGE_SPAWN,
			      "only an inline supervisor can hand over the "
			      "terminal");
	s->prepared->launch.flags |= SL_LAUNCH_OOM;
	s->prepared->launch.name = info->name;
	s->prepared->launch.xdg = info->xdg;
	s->naming.asked = info->name != NULL;
	if (spawn->denials)
		s->prepared->launch.flags |= SL_LAUNCH_LIVE;
	r = sl_remote_spawn(&s->prepared->launch, &s->sock, err);
	sl_prepared_drop_roots(s->prepared);
	if (r < 0)
		return r;
	/* While the supervisor is busy with the start. */
	sl_remote_tell_policy(s->sock, policy);
	return sl_sandbox_watch(s, s->sock);
}

/* Until the program runs or the start failed. */
static void await_start(struct sl_sandbox *s)
{
	struct pollfd pfd = { .fd = s->epoll, .events = POLLIN };

	while (!sl_sandbox_dispatch(s) && !s->started)
		poll(&pfd, 1, -1);
}

static int spawn_into(struct sl_sandbox *s, const struct sl_policy *policy,
		      const struct sl_spawn *spawn, struct sl_error *err)
{
	struct sl_request request = { .argv = spawn->argv,
				      .envp = spawn->envp,
				      .cwd = spawn->cwd,
				      .timeout_ns = spawn->timeout_ns,
				      .why = spawn->why };
	struct sl_control_info info = { spawn->name, getenv("XDG_RUNTIME_DIR"),
					spawn->argv, NULL };
	int r;

	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s->epoll < 0)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "cannot make an epoll set: %s", strerror(errno));
	r = sl_sandbox_check_streams(spawn, err);
	if (r == 0)
		r = sl_prepare(policy, &request, &s->prepared, err);
	if (r == 0)
		r = sl_sandbox_open_streams(s, spawn, err);
	if (r < 0)
		return r;
	s->result.denials.live = spawn->denials;
	s->result.denials.policy = s->prepared->policy;
	s->result.denials.pins = &s->prepared->pins;
	info.policy = s->prepared->policy;
	r = spawn->inline_supervisor
		    ? start_inline(s, spawn, &info, err)
		    : start_remote(s, spawn, policy, &info, err);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_SPAWN,
			      "cannot watch the sandbox: %s", strerror(-r));
	await_start(s);
	if (!s->failed) {
		/* The program runs meanwhile: this is no part of its start. */
		if (s->run && !s->over)
			sl_naming_open(&s->naming, &info, s->run, s->epoll);
		return 0;
	}
	if (err)
		*err = s->error;
	return s->error.code;
}

int sl_sandbox_spawn(const struct sl_policy *policy, const struct sl_spawn *spawn,
		     struct sl_sandbox **ret_sandbox, struct sl_error *err)
{
	struct sl_sandbox *s = calloc(1, sizeof(*s));
	int r;

	if (!s)
		return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
	for (int i = 0; i < 3; i++)
		s->open[i] = fcntl(i, F_GETFD) >= 0;
	s->owner = getpid();
	s->naming = SL_NAMING_INIT;
	s->epoll = s->sock = -1;
	s->ends[0] = s->ends[1] = s->ends[2] = -1;
	s->result.out[0].fd = s->result.out[1].fd = -1;
	if (sl_policy_bool(policy, SL_KEY_NO_SUPERVISOR))
		r = sl_err(err, -EINVAL, SL_STAGE_CHECK,
			   "a policy without a supervisor executes in place, "
			   "it cannot be spawned");
	else
		r = spawn_into(s, policy, spawn, err);
	if (r < 0) {
		sl_sandbox_free(s);
		return r;
	}
	*ret_sandbox = s;
	return 0;
}

int sl_sandbox_exec(const struct sl_policy *policy,
		    const struct sl_spawn *spawn, struct sl_error *err)
{
	struct sl_request request = { .argv = spawn->argv,
				      .envp = spawn->envp,
				      .cwd = spawn->cwd,
				      .timeout_ns = spawn->timeout_ns };
	struct sl_report report = { SL_STEP_NONE, 0, 0 };
	struct sl_prepared *prepared;
	int r = sl_sandbox_check_streams(spawn, err);

	if (r == 0)
		r = sl_prepare(policy, &request, &prepared, err);
	if (r < 0)
		return r;
	prepared->launch.flags |= SL_LAUNCH_DIRECT;
	sl_child_exec(&prepared->launch, NULL, &report);
	r = sl_report_explain(&report, &prepared->launch, err);
	sl_prepared_free(prepared, false);
	return r;
}

/* ------------------------------------------------ using */

int sl_sandbox_fd(const struct sl_sandbox *s)
{
	return s->epoll;
}

int64_t sl_sandbox_pid(const struct sl_sandbox *s)
{
	return s->pid;
}

int sl_sandbox_take_stream(struct sl_sandbox *s, int stream)
{
	int fd = sl_take_fd(&s->ends[stream]);

	return fd < 0 ? -EBADF : fd;
}

/* Nobody will write to it, or read from it: it shall learn that. */
static void close_ends(struct sl_sandbox *s)
{
	for (int i = 0; i < 3; i++)
		if (s->ends[i] >= 0)
			close(sl_take_fd(&s->ends[i]));
}

static int64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int sl_sandbox_wait(struct sl_sandbox *s, int64_t timeout_ms,
		    const struct sl_result **ret_result, struct sl_error *err)
{
	int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
	struct pollfd pfd = { .fd = s->epoll, .events = POLLIN };
	int64_t left = -1;

	close_ends(s);
	while (!sl_sandbox_dispatch(s)) {
		if (deadline >= 0) {
			left = deadline - now_ms();
			if (left <= 0)
				return sl_err(err, -ETIMEDOUT, SL_STAGE_SUPERVISE,
					      "the sandbox still runs");
		}
		poll(&pfd, 1, (int)SL_MIN(left, (int64_t)1000000));
	}
	if (ret_result)
		*ret_result = &s->result;
	return 0;
}

struct sl_denials *sl_sandbox_denials(struct sl_sandbox *s)
{
	return &s->result.denials;
}

static int order(struct sl_sandbox *s, uint32_t kind, int sig)
{
	struct sl_proto_order msg = { kind, sig };

	if (send(s->sock, &msg, sizeof(msg), MSG_NOSIGNAL) < 0)
		return -ESRCH;
	return 0;
}

int sl_sandbox_signal(struct sl_sandbox *s, int sig)
{
	if (sig < 1 || sig > 64)
		return -EINVAL;
	if (SL_LIFE_GET(&s->over))
		return -ESRCH;
	return s->run ? sl_run_signal(s->run, sig)
		      : order(s, SL_PROTO_SIGNAL, sig);
}

int sl_sandbox_kill(struct sl_sandbox *s)
{
	if (SL_LIFE_GET(&s->over))
		return 0;
	if (s->run)
		sl_run_kill(s->run);
	else
		order(s, SL_PROTO_KILL, 0);
	return 0;
}

/* Told a moment after the start; an inline one needs none. */
static void await_name(struct sl_sandbox *s)
{
	struct pollfd pfd = { .fd = s->sock, .events = POLLIN };

	while (!s->run && !sl_sandbox_dispatch(s) && !s->naming.settled)
		poll(&pfd, 1, -1);
}

const char *sl_sandbox_name(struct sl_sandbox *s)
{
	if (s->run)
		sl_naming_hurry(&s->naming, s->run);
	await_name(s);
	return s->naming.name[0] ? s->naming.name : NULL;
}

const char *sl_sandbox_warning(struct sl_sandbox *s)
{
	const struct sl_error *warning;

	await_name(s);
	warning = sl_naming_warning(&s->naming);
	return warning ? warning->msg : NULL;
}

void sl_sandbox_free(struct sl_sandbox *s)
{
	bool ours;

	if (!s)
		return;
	/* In a forked child these are copies. The sandbox is the parent's, and
	 * what guards an inline one does not run here. */
	ours = s->owner == getpid();
	if (ours && (s->run || s->sock >= 0)) {
		sl_sandbox_kill(s);
		sl_sandbox_wait(s, -1, NULL, NULL);
	}
	/* Of a start that failed early, too. */
	if (ours)
		sl_naming_close(&s->naming, NULL);
	else
		sl_naming_forget(&s->naming);
	if (ours)
		sl_run_free(s->run);
	if (s->sock >= 0)
		close(s->sock);
	close_ends(s);
	for (int i = 0; i < 2; i++) {
		sl_capture_close(&s->result.out[i]);
		sl_buf_fini(&s->result.out[i].buf);
	}
	sl_denials_fini(&s->result.denials);
	/* The supervisor process removes the temporary directory it was given. */
	sl_prepared_free(s->prepared, !ours || s->sock >= 0);
	if (s->epoll >= 0)
		close(s->epoll);
	free(s);
}
