/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Clues are put to the explanation; what it refuses becomes a hint. Whether
 * something is refused, and what would allow it, is never decided here.
 */
#include "run/hint.h"

#include <errno.h>
#include <limits.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "run/exechead.h"
#include "run/explain_internal.h"
#include "run/hint_internal.h"
#include "run/walk.h"

/* ------------------------------------------------ asking */

static bool refused(struct sl_hint_finder *f, const struct sl_ask *ask,
		    struct sl_judgement *ret)
{
	sl_ex_judge(f->ex, ask, ret);
	return ret->answer.verdict == SL_VERDICT_REFUSED &&
	       (ret->answer.rung == SL_RUNG_LANDLOCK ||
		ret->answer.rung == SL_RUNG_SECCOMP);
}

static bool full(const struct sl_hint_finder *f)
{
	return f->hints->count == SL_MAX_HINTS;
}

static bool try_access(struct sl_hint_finder *f, const struct sl_clue *clue,
		       const char *path, enum sl_access access)
{
	struct sl_ask ask = { .kind = SL_PROBE_PATH,
			      .access = access,
			      .text = path };
	struct sl_judgement judgement;

	if (!refused(f, &ask, &judgement))
		return false;
	sl_hint_add_path(f, clue, &ask, &judgement);
	return true;
}

/* The directory that holds @path, which has no link in front of its name. */
static bool try_parent(struct sl_hint_finder *f, const struct sl_clue *clue,
		       const char *path)
{
	size_t len = strlen(path);
	sl_autofree char *dir = NULL;

	while (len > 1 && path[len - 1] == '/')
		len--;
	while (len > 0 && path[len - 1] != '/')
		len--;
	while (len > 1 && path[len - 1] == '/')
		len--;
	dir = len ? strndup(path, len) : strdup(".");
	return dir && try_access(f, clue, dir, SL_ACCESS_CREATE);
}

/* A message names what was refused; a command only what it may have read. */
static bool try_any(struct sl_hint_finder *f, const struct sl_clue *clue,
		    const char *path, mode_t mode)
{
	bool heard = clue->source == SL_HINT_MESSAGE;
	bool exec = f->status == 126 || f->status == 127;

	if (S_ISDIR(mode))
		return try_access(f, clue, path, SL_ACCESS_LIST) ||
		       (heard && try_access(f, clue, path, SL_ACCESS_CREATE));
	if (exec && S_ISREG(mode) && (mode & 0111) &&
	    try_access(f, clue, path, SL_ACCESS_EXECUTE))
		return true;
	return try_access(f, clue, path, SL_ACCESS_READ) ||
	       (heard && try_access(f, clue, path, SL_ACCESS_WRITE));
}

static bool try_existing(struct sl_hint_finder *f, const struct sl_clue *clue,
			 const char *path, mode_t mode)
{
	bool is_dir = S_ISDIR(mode);

	switch (clue->deed) {
	case SL_DEED_READ:
		return try_access(f, clue, path,
				  is_dir ? SL_ACCESS_LIST : SL_ACCESS_READ);
	case SL_DEED_WRITE:
		return try_access(f, clue, path,
				  is_dir ? SL_ACCESS_CREATE : SL_ACCESS_WRITE);
	case SL_DEED_CHANGE:
		return try_parent(f, clue, path);
	case SL_DEED_EXECUTE:
		return S_ISREG(mode) && (mode & 0111) &&
		       try_access(f, clue, path, SL_ACCESS_EXECUTE);
	case SL_DEED_CREATE:
		return false;
	case SL_DEED_ANY:
		break;
	}
	return try_any(f, clue, path, mode);
}

static bool try_path(struct sl_hint_finder *f, const struct sl_clue *clue,
		     const char *text)
{
	const char *cwd = f->ex->prepared->cwd;
	sl_autofree char *path = NULL;
	struct sl_walk walk;
	bool found = false;

	if (text[0] == '/' || !cwd)
		path = strdup(text);
	else if (asprintf(&path, "%s/%s", cwd, text) < 0)
		path = NULL;
	if (!path || sl_walk(path, &walk) < 0) {
		f->ex->failed = -ENOMEM;
		return false;
	}
	/* A name is followed by nothing: it may be a word like any other. */
	if (walk.exists && !walk.error)
		found = try_existing(f, clue, path, walk.mode);
	else if (!walk.error && walk.missing == 1 &&
		 (clue->deed == SL_DEED_WRITE || clue->deed == SL_DEED_CREATE))
		found = try_access(f, clue, path, SL_ACCESS_CREATE);
	else if (!walk.error && walk.missing == 1 &&
		 clue->deed == SL_DEED_CHANGE && clue->source == SL_HINT_MESSAGE)
		found = try_parent(f, clue, path);
	sl_walk_fini(&walk);
	return found;
}

/* ------------------------------------------------ names to look up */

/* In the colon-separated @dirs; "" is left out, as it depends on the moment. */
static bool try_dirs(struct sl_hint_finder *f, struct sl_clue clue,
		     const char *dirs, bool program)
{
	while (dirs && *dirs) {
		size_t len = strcspn(dirs, ":");
		sl_autofree char *path = NULL;

		if (len > 0 &&
		    asprintf(&path, "%.*s/%s", (int)len, dirs, clue.text) < 0)
			path = NULL;
		if (path && access(path, program ? X_OK : F_OK) == 0) {
			clue.deed = program ? SL_DEED_EXECUTE : SL_DEED_READ;
			return try_path(f, &clue, path);
		}
		dirs += len + (dirs[len] == ':');
	}
	return false;
}

static bool try_program(struct sl_hint_finder *f, const struct sl_clue *clue)
{
	struct sl_clue run = *clue;
	const char *const *envp =
		(const char *const *)f->ex->prepared->launch.envp;

	run.deed = SL_DEED_EXECUTE;
	if (strchr(clue->text, '/'))
		return try_path(f, &run, clue->text);
	return envp && try_dirs(f, run, sl_env_get(envp, "PATH"), true);
}

static bool try_library(struct sl_hint_finder *f, const struct sl_clue *clue)
{
	static const char usual[] =
		"/lib64:/usr/lib64:/lib/x86_64-linux-gnu:/lib/"
		"aarch64-linux-gnu:"
		"/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu:"
		"/usr/local/lib:/lib:/usr/lib";
	const char *const *envp =
		(const char *const *)f->ex->prepared->launch.envp;

	if (strchr(clue->text, '/'))
		return try_path(f, clue, clue->text);
	return (envp && try_dirs(f, *clue, sl_env_get(envp, "LD_LIBRARY_PATH"),
				 false)) ||
	       try_dirs(f, *clue, usual, false);
}

static bool try_file(struct sl_hint_finder *f, const struct sl_clue *clue)
{
	bool named = clue->deed == SL_DEED_EXECUTE || f->status == 126;

	if (named && !strchr(clue->text, '/') && try_program(f, clue))
		return true;
	return try_path(f, clue, clue->text);
}

/* ------------------------------------------------ the network */

/* The only word of the command that may be a port; 0 if there are more. */
static uint16_t port_of_command(const struct sl_explain *ex)
{
	unsigned long port = 0;

	for (size_t i = 1; ex->argv && ex->argv[0] && ex->argv[i]; i++) {
		const char *word = ex->argv[i];
		size_t len = strlen(word);

		if (len == 0 || len > 5 || strspn(word, "0123456789") != len)
			continue;
		if (port)
			return 0;
		port = strtoul(word, NULL, 10);
	}
	return port <= UINT16_MAX ? (uint16_t)port : 0;
}

/*
 * Not refused by the policy, and so in the way of nobody but who has the port.
 * A message without the port is believed if there are ports to bind at all.
 */
static void try_taken(struct sl_hint_finder *f, const struct sl_clue *clue)
{
	const struct sl_policy *policy = f->ex->prepared->policy;
	struct sl_ask ask = { .kind = SL_PROBE_BIND,
			      .family = AF_INET,
			      .port = clue->port };
	struct sl_judgement judgement;

	if (sl_policy_bool(policy, SL_KEY_PORT_REMAP))
		return;
	if (!ask.port)
		ask.port = port_of_command(f->ex);
	if (ask.port) {
		sl_ex_judge(f->ex, &ask, &judgement);
		if (judgement.answer.verdict == SL_VERDICT_ALLOWED)
			sl_hint_add_taken(f, clue, judgement.answer.object);
	} else if (sl_policy_get(policy, SL_KEY_NET_ALLOW_BIND)->count) {
		sl_hint_add_taken(f, clue, "a port");
	}
}

static void try_net(struct sl_hint_finder *f, const struct sl_clue *heard)
{
	struct sl_clue guess = *heard, *clue = &guess;
	struct sl_ask ask = { .family = AF_INET, .port = clue->port };
	struct sl_judgement judgement;
	const char *what = NULL;

	switch (clue->kind) {
	case SL_CLUE_CONNECT:
		ask.kind = SL_PROBE_CONNECT;
		ask.proto = SL_NET_TCP;
		if (clue->text)
			sl_ex_ask_host(f->ex, clue->text, &ask);
		break;
	case SL_CLUE_BIND:
		ask.kind = SL_PROBE_BIND;
		if (ask.port)
			break;
		ask.port = port_of_command(f->ex);
		guess.source = SL_HINT_COMMAND;
		if (!ask.port)
			return;
		break;
	case SL_CLUE_LOOKUP:
		what = "looking up a host name, by UDP,";
		ask.kind = SL_PROBE_SOCKET;
		ask.type = SOCK_DGRAM;
		break;
	case SL_CLUE_SOCKET:
		what = "making a socket that is not TCP";
		ask.kind = SL_PROBE_SOCKET;
		ask.type = SOCK_DGRAM;
		break;
	case SL_CLUE_TAKEN:
		try_taken(f, clue);
		return;
	case SL_CLUE_FILE:
	case SL_CLUE_PROGRAM:
	case SL_CLUE_LIBRARY:
		return;
	}
	if (refused(f, &ask, &judgement))
		sl_hint_add_net(f, clue, &ask, &judgement, what);
}

/* ------------------------------------------------ all of it */

static void follow(struct sl_hint_finder *f, const struct sl_clues *clues)
{
	for (size_t i = 0; i < clues->count && !full(f); i++) {
		const struct sl_clue *clue = &clues->items[i];

		switch (clue->kind) {
		case SL_CLUE_FILE:
			try_file(f, clue);
			break;
		case SL_CLUE_PROGRAM:
			try_program(f, clue);
			break;
		case SL_CLUE_LIBRARY:
			try_library(f, clue);
			break;
		case SL_CLUE_CONNECT:
		case SL_CLUE_BIND:
		case SL_CLUE_LOOKUP:
		case SL_CLUE_SOCKET:
		case SL_CLUE_TAKEN:
			try_net(f, clue);
			break;
		}
	}
}

/* Somebody ended it, or its reader went away: nothing that a grant changes. */
static bool was_ended(int status)
{
	static const int signals[] = { SIGHUP,	SIGINT,	 SIGQUIT,
				       SIGKILL, SIGPIPE, SIGTERM };

	for (size_t i = 0; i < SL_ARRAY_LEN(signals); i++)
		if (status == 128 + signals[i])
			return true;
	return status == 124; /* a timeout, ours or that of timeout(1) */
}

static void find(struct sl_hint_finder *f, const struct sl_hint_input *input,
		 struct sl_clues *clues)
{
	const struct sl_launch *launch = &f->ex->prepared->launch;
	struct sl_clue program = { .deed = SL_DEED_EXECUTE,
				   .source = SL_HINT_COMMAND };

	/* It was not even started. */
	if (launch->path && (f->status == 126 || f->status == 127))
		sl_clues_add(clues, program, launch->path, strlen(launch->path));
	if (input->message)
		sl_clues_of_message(clues, input->message, input->len);
	follow(f, clues);
	if (f->hints->count || !f->ex->argv)
		return;
	sl_clues_fini(clues);
	sl_clues_of_command(clues, (const char *const *)f->ex->argv);
	follow(f, clues);
}

int sl_hints_make(struct sl_explain *ex, const struct sl_hint_input *input,
		  struct sl_error *err)
{
	struct sl_hint_finder finder = { .ex = ex,
					 .hints = &ex->hints,
					 .status = input->status };
	struct sl_clues *clues;

	ex->hints.count = 0;
	if (input->status == 0 || was_ended(input->status))
		return 0;
	clues = calloc(1, sizeof(*clues));
	if (clues) {
		find(&finder, input, clues);
		sl_clues_fini(clues);
		free(clues);
	}
	if (!clues || ex->failed)
		return sl_err(err, -ENOMEM, SL_STAGE_CHECK, "out of memory");
	return 0;
}

const struct sl_hint *sl_hints_at(const struct sl_explain *ex, size_t i)
{
	return i < ex->hints.count ? &ex->hints.items[i] : NULL;
}
