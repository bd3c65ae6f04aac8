/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One sandbox as the caller sees it, whether this process supervises it
 * (inline) or a sandlock-supervisor does.
 */
#ifndef SL_RUN_SANDBOX_H
#define SL_RUN_SANDBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"
#include "policy/policy.h"
#include "run/capture.h"
#include "run/denials.h"
#include "run/run.h"

enum sl_stdio {
	SL_STDIO_INHERIT = 0,
	SL_STDIO_PIPE,
	SL_STDIO_NULL,
	SL_STDIO_FD,
	SL_STDIO_STREAM
};

struct sl_spawn {
	const char *const *argv;
	const char *const *envp;
	enum sl_stdio stdio[3];
	int stdio_fd[3];
	bool inline_supervisor;
	bool foreground;
	bool denials; /* one by one, while it runs */
	bool why;     /* also what the kernel refuses */
	size_t capture_limit;
	const char *cwd;     /* or NULL: the policy's */
	uint64_t timeout_ns; /* or 0: the policy's; else the sooner one */
	const char *name;    /* or NULL: made up */
};

struct sl_result {
	struct sl_outcome outcome;
	struct sl_capture out[2]; /* stdout, stderr */
	struct sl_denials denials;
};

struct sl_sandbox;

int sl_sandbox_spawn(const struct sl_policy *policy, const struct sl_spawn *spawn,
		     struct sl_sandbox **ret_sandbox, struct sl_error *err);
/* Confine and execute in place; returns only on failure. */
int sl_sandbox_exec(const struct sl_policy *policy,
		    const struct sl_spawn *spawn, struct sl_error *err);

int sl_sandbox_fd(const struct sl_sandbox *sandbox);
int64_t sl_sandbox_pid(const struct sl_sandbox *sandbox);
int sl_sandbox_take_stream(struct sl_sandbox *sandbox, int stream);
/* 1: over, result complete; 0: goes on. */
int sl_sandbox_dispatch(struct sl_sandbox *sandbox);
int sl_sandbox_wait(struct sl_sandbox *sandbox, int64_t timeout_ms,
		    const struct sl_result **ret_result, struct sl_error *err);
/* Of the result, which grows while the sandbox runs. */
struct sl_denials *sl_sandbox_denials(struct sl_sandbox *sandbox);
int sl_sandbox_signal(struct sl_sandbox *sandbox, int sig);
int sl_sandbox_kill(struct sl_sandbox *sandbox);
/* NULL: it has none, as there is no control plane. Borrowed. */
const char *sl_sandbox_name(struct sl_sandbox *sandbox);
/* Why there is no control plane, or NULL. Borrowed. */
const char *sl_sandbox_warning(struct sl_sandbox *sandbox);
void sl_sandbox_free(struct sl_sandbox *sandbox);

#endif
