// SPDX-License-Identifier: Apache-2.0
/*
 * While the sandbox runs: pass signals on, stop and go with it, note its end,
 * and leave the terminal as it was found.
 *
 * The signals are blocked before the spawn and read from a descriptor, so that
 * none is lost in between and no handler exists. One that was ignored when we
 * were started (nohup, a shell's background job) stays ignored.
 */
#include "cli.h"
#include "ear.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

static const int relayed[] = { SIGTERM,	 SIGINT,  SIGHUP,  SIGQUIT,
			       SIGWINCH, SIGUSR1, SIGUSR2, SIGTSTP };

struct terminal {
	bool present; /* stdin is a terminal of ours */
	bool saved;
	struct termios settings;
	int flags[3]; /* of the open file descriptions, which are shared */
};

struct loop {
	sandlock_sandbox *sandbox;
	struct cli_ear *ear;
	struct cli_audit *audit;
	int signals;
	bool asked;  /* to end, once */
	bool warned; /* that nobody will find it */
};

static struct terminal terminal_save(void)
{
	struct terminal terminal = { .present = false };
	pid_t owner = tcgetpgrp(STDIN_FILENO);

	for (int i = 0; i < 3; i++)
		terminal.flags[i] = fcntl(i, F_GETFL);
	terminal.present = owner >= 0;
	terminal.saved = owner == getpgrp() &&
			 tcgetattr(STDIN_FILENO, &terminal.settings) == 0;
	return terminal;
}

/* Also after a kill: a program that died in raw mode cannot do it itself. */
static void terminal_restore(const struct terminal *terminal)
{
	sigset_t ttou, before;

	/* O_NONBLOCK left behind would break the caller's own reads. */
	for (int i = 0; i < 3; i++)
		if (terminal->flags[i] >= 0)
			fcntl(i, F_SETFL, terminal->flags[i]);
	if (!terminal->saved || tcgetpgrp(STDIN_FILENO) != getpgrp())
		return;
	/* Should the foreground be lost now, this must not stop us. */
	sigemptyset(&ttou);
	sigaddset(&ttou, SIGTTOU);
	sigprocmask(SIG_BLOCK, &ttou, &before);
	tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->settings);
	sigprocmask(SIG_SETMASK, &before, NULL);
}

/*
 * Ctrl-Z: with a terminal on stdin the sandbox gets the signal, and the library
 * stops us by the default action once it has stopped. Otherwise we get it and
 * pass it on; again the library stops us when the sandbox did stop.
 */
static bool is_relayed(int sig, const struct terminal *terminal)
{
	struct sigaction action;

	if (sig == SIGTSTP && terminal->present)
		return false;
	return sigaction(sig, NULL, &action) == 0 && action.sa_handler != SIG_IGN;
}

static int block_signals(const struct terminal *terminal, sandlock_error *err)
{
	sigset_t set;
	int fd;

	sigemptyset(&set);
	for (size_t i = 0; i < CLI_LEN(relayed); i++)
		if (is_relayed(relayed[i], terminal))
			sigaddset(&set, relayed[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (fd < 0)
		return cli_fail(err, -errno, "cannot receive signals: %s",
				strerror(errno));
	return fd;
}

static void handle_signal(struct loop *loop, int sig)
{
	if (sig == SIGTERM || sig == SIGINT) {
		if (loop->asked) {
			sandlock_sandbox_kill(loop->sandbox);
			return;
		}
		loop->asked = true;
	}
	sandlock_sandbox_signal(loop->sandbox, sig);
}

static void read_signals(struct loop *loop)
{
	struct signalfd_siginfo infos[8];
	ssize_t n = read(loop->signals, infos, sizeof(infos));

	for (size_t i = 0; n > 0 && i < (size_t)n / sizeof(infos[0]); i++)
		handle_signal(loop, (int)infos[i].ssi_signo);
}

static void warn_of_control(struct loop *loop)
{
	const char *warning = sandlock_sandbox_warning(loop->sandbox);

	if (!warning || loop->warned)
		return;
	loop->warned = true;
	cli_warn("'sandlock ps' and 'kill' will not find this run: %s", warning);
}

/*
 * 0 when the whole tree is gone. A short program may be over before the spawn
 * returns, so ask first and wait then.
 */
static int serve(struct loop *loop, sandlock_error *err)
{
	struct pollfd fds[] = {
		{ .fd = loop->signals, .events = POLLIN },
		{ .fd = sandlock_sandbox_fd(loop->sandbox), .events = POLLIN },
		{ .fd = -1 }, /* the ear's two */
		{ .fd = -1 },
		{ .fd = -1 }, /* the audit's */
	};
	int r;

	while ((r = sandlock_sandbox_dispatch(loop->sandbox, err)) == 0) {
		warn_of_control(loop);
		cli_audit_serve(loop->audit, loop->sandbox);
		cli_ear_poll(loop->ear, fds + 2);
		cli_audit_poll(loop->audit, &fds[4]);
		if (poll(fds, CLI_LEN(fds), -1) < 0) {
			if (errno == EINTR)
				continue;
			return cli_fail(err, -errno, "poll: %s", strerror(errno));
		}
		if (fds[0].revents)
			read_signals(loop);
		cli_ear_serve(loop->ear, fds + 2);
	}
	warn_of_control(loop); /* it may have been over at once */
	return r < 0 ? r : 0;
}

/*
 * What answers the sandbox's calls is in this process and needs descriptors for
 * it. Once it has started: the sandbox has the limit that we were started with.
 */
static void raise_nofile(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
		return;
	limit.rlim_cur = limit.rlim_max;
	setrlimit(RLIMIT_NOFILE, &limit);
}

int cli_run_loop(const struct cli_run *run, struct cli_ear *ear,
		 struct cli_audit *audit, sandlock_sandbox **ret_sandbox,
		 const sandlock_result **ret_result, sandlock_error *err)
{
	struct terminal terminal = terminal_save();
	sandlock_spawn_options options = {
		.size = sizeof(options),
		.argv = run->argv,
		.flags = SANDLOCK_SPAWN_INLINE |
			 (terminal.present ? SANDLOCK_SPAWN_FOREGROUND : 0) |
			 (audit->fd >= 0 ? SANDLOCK_SPAWN_DENIALS : 0) |
			 (run->why ? SANDLOCK_SPAWN_WHY : 0),
		.name = run->name,
	};
	struct loop loop = { .signals = block_signals(&terminal, err),
			     .ear = ear,
			     .audit = audit };
	int r;

	if (loop.signals < 0)
		return loop.signals;
	if (ear->mode == CLI_EAR_PIPE)
		options.stdio[STDERR_FILENO] = SANDLOCK_STDIO_STREAM;
	r = sandlock_spawn(run->policy, &options, &loop.sandbox, err);
	if (r == 0) {
		raise_nofile();
		/* What is refused has one message. */
		if (!run->quiet) {
			cli_warn_exposed(run->policy);
			cli_warn_no_gpu(run->policy);
		}
		*ret_sandbox = loop.sandbox;
		if (ear->mode == CLI_EAR_PIPE)
			cli_ear_attach(ear, sandlock_sandbox_stream(
						    loop.sandbox, STDERR_FILENO));
		r = serve(&loop, err);
		if (r < 0)
			sandlock_sandbox_kill(loop.sandbox);
		else
			r = sandlock_sandbox_wait(loop.sandbox, 0, ret_result,
						  err);
	}
	terminal_restore(&terminal);
	close(loop.signals);
	return r;
}
