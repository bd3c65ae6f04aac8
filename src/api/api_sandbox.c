/* SPDX-License-Identifier: Apache-2.0 */
/* The sandbox half of the public interface: argument checks, then run/. */
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "run/confine.h"
#include "run/sandbox.h"

#define DEFAULT_CAPTURE (64u << 20)
#define KNOWN_FLAGS                                          \
	(SANDLOCK_SPAWN_INLINE | SANDLOCK_SPAWN_FOREGROUND | \
	 SANDLOCK_SPAWN_DENIALS | SANDLOCK_SPAWN_WHY)

struct sandlock_sandbox; /* is a struct sl_sandbox */
struct sandlock_result;	 /* is a struct sl_result */

_Static_assert((int)SANDLOCK_STDIO_STREAM == (int)SL_STDIO_STREAM,
	       "stdio modes");
_Static_assert((int)SANDLOCK_REASON_LIMIT == (int)SL_REASON_LIMIT, "reasons");
_Static_assert((int)SANDLOCK_LIMIT_PROCESSES == (int)SL_LIMIT_PROCESSES,
	       "limits");

static struct sl_sandbox *ours(const sandlock_sandbox *sandbox)
{
	return (struct sl_sandbox *)(uintptr_t)sandbox;
}

static int bad(struct sl_error *err, const char *what)
{
	return sl_err(err, -EINVAL, SL_STAGE_SPAWN, "%s", what);
}

static int too_big(struct sl_error *err)
{
	return sl_err(err, -E2BIG, SL_STAGE_SPAWN,
		      "options ask for what version %s of the library does not "
		      "know, or options.size is wrong",
		      SANDLOCK_VERSION_STRING);
}

/* The caller's struct may be older (shorter) or newer: what is unknown here
 * must be zero, what is missing there is zero. */
static int read_options(const sandlock_spawn_options *options,
			struct sl_spawn *ret_spawn, struct sl_error *err)
{
	sandlock_spawn_options o = { 0 };
	const unsigned char *raw = (const unsigned char *)options;

	if (!options || options->size < offsetof(sandlock_spawn_options, flags))
		return bad(err, "options is NULL or options.size is not set");
	if (options->size > SL_API_MAX_STRUCT)
		return too_big(err);
	memcpy(&o, options, SL_MIN(options->size, sizeof(o)));
	for (size_t i = sizeof(o); i < options->size; i++)
		if (raw[i])
			return too_big(err);
	if (o.flags & ~KNOWN_FLAGS)
		return bad(err, "options.flags holds unknown flags");
	if (o.reserved)
		return bad(err, "options.reserved is not 0");
	if (!o.argv || !o.argv[0] || !o.argv[0][0])
		return bad(err, "no command to run: options.argv is empty");
	*ret_spawn = (struct sl_spawn){
		.argv = o.argv,
		.envp = o.envp,
		.inline_supervisor = o.flags & SANDLOCK_SPAWN_INLINE,
		.foreground = o.flags & SANDLOCK_SPAWN_FOREGROUND,
		.why = o.flags & SANDLOCK_SPAWN_WHY,
		.denials = o.flags & SANDLOCK_SPAWN_DENIALS,
		.capture_limit = o.capture_limit ? o.capture_limit
						 : DEFAULT_CAPTURE,
		.cwd = o.cwd,
		.timeout_ns = o.timeout_ns,
		.name = o.name,
	};
	for (int i = 0; i < 3; i++) {
		if (o.stdio[i] > SANDLOCK_STDIO_STREAM)
			return bad(err, "options.stdio holds an unknown mode");
		ret_spawn->stdio[i] = (enum sl_stdio)o.stdio[i];
		ret_spawn->stdio_fd[i] = o.stdio_fd[i];
	}
	return 0;
}

int sandlock_spawn(const sandlock_policy *policy,
		   const sandlock_spawn_options *options,
		   sandlock_sandbox **ret_sandbox, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	struct sl_sandbox *sandbox;
	struct sl_spawn spawn;
	int r;

	if (!policy || !ret_sandbox)
		return bad(e, "policy or ret_sandbox is NULL");
	r = read_options(options, &spawn, e);
	if (r < 0)
		return r;
	r = sl_sandbox_spawn(sl_api_policy(policy), &spawn, &sandbox, e);
	if (r < 0)
		return r;
	*ret_sandbox = (sandlock_sandbox *)sandbox;
	return 0;
}

int sandlock_exec(const sandlock_policy *policy,
		  const sandlock_spawn_options *options, sandlock_error *err)
{
	struct sl_error *e = sl_api_error(err);
	struct sl_spawn spawn;
	int r;

	if (!policy)
		return bad(e, "policy is NULL");
	r = read_options(options, &spawn, e);
	if (r < 0)
		return r;
	if (spawn.stdio[0] | spawn.stdio[1] | spawn.stdio[2])
		return bad(e, "sandlock_exec() leaves the standard streams as "
			      "they are");
	if (spawn.timeout_ns)
		return bad(e, "sandlock_exec() leaves nobody behind to keep "
			      "options.timeout_ns");
	if (spawn.name)
		return bad(e, "sandlock_exec() leaves nobody behind to answer "
			      "for options.name");
	if (spawn.why || spawn.denials)
		return bad(e, "sandlock_exec() leaves nobody behind to tell "
			      "what was refused");
	return sl_sandbox_exec(sl_api_policy(policy), &spawn, e);
}

int sandlock_confine(const sandlock_policy *policy, sandlock_error *err)
{
	if (!policy)
		return bad(sl_api_error(err), "policy is NULL");
	return sl_confine(sl_api_policy(policy), sl_api_error(err));
}

int sandlock_sandbox_fd(const sandlock_sandbox *sandbox)
{
	return sandbox ? sl_sandbox_fd(ours(sandbox)) : -EINVAL;
}

int64_t sandlock_sandbox_pid(const sandlock_sandbox *sandbox)
{
	return sandbox ? sl_sandbox_pid(ours(sandbox)) : -EINVAL;
}

const char *sandlock_sandbox_name(sandlock_sandbox *sandbox)
{
	return sandbox ? sl_sandbox_name(ours(sandbox)) : NULL;
}

const char *sandlock_sandbox_warning(sandlock_sandbox *sandbox)
{
	return sandbox ? sl_sandbox_warning(ours(sandbox)) : NULL;
}

int sandlock_sandbox_stdin(sandlock_sandbox *sandbox)
{
	return sandlock_sandbox_stream(sandbox, 0);
}

int sandlock_sandbox_stream(sandlock_sandbox *sandbox, int stream)
{
	if (!sandbox || stream < 0 || stream > 2)
		return -EINVAL;
	return sl_sandbox_take_stream(ours(sandbox), stream);
}

int sandlock_sandbox_dispatch(sandlock_sandbox *sandbox, sandlock_error *err)
{
	if (!sandbox)
		return bad(sl_api_error(err), "sandbox is NULL");
	return sl_sandbox_dispatch(ours(sandbox));
}

int sandlock_sandbox_wait(sandlock_sandbox *sandbox, int64_t timeout_ms,
			  const sandlock_result **ret_result, sandlock_error *err)
{
	const struct sl_result *result;
	int r;

	if (!sandbox)
		return bad(sl_api_error(err), "sandbox is NULL");
	r = sl_sandbox_wait(ours(sandbox), timeout_ms, &result,
			    sl_api_error(err));
	if (r < 0)
		return r;
	if (ret_result)
		*ret_result = (const sandlock_result *)result;
	return 0;
}

int sandlock_sandbox_signal(sandlock_sandbox *sandbox, int sig)
{
	return sandbox ? sl_sandbox_signal(ours(sandbox), sig) : -EINVAL;
}

int sandlock_sandbox_kill(sandlock_sandbox *sandbox)
{
	return sandbox ? sl_sandbox_kill(ours(sandbox)) : -EINVAL;
}

void sandlock_sandbox_free(sandlock_sandbox *sandbox)
{
	sl_sandbox_free(ours(sandbox));
}

/* ------------------------------------------------ result */

static const struct sl_outcome *outcome(const sandlock_result *result)
{
	return &((const struct sl_result *)result)->outcome;
}

int sandlock_result_reason(const sandlock_result *result)
{
	return (int)outcome(result)->reason;
}

const char *sandlock_result_reason_name(const sandlock_result *result)
{
	static const char *const names[] = {
		[SL_REASON_NONE] = "none",
		[SL_REASON_EXITED] = "exited",
		[SL_REASON_SIGNALED] = "signaled",
		[SL_REASON_TIMEOUT] = "timeout",
		[SL_REASON_KILLED] = "killed",
		[SL_REASON_LOST] = "lost",
		[SL_REASON_LIMIT] = "limit",
	};
	uint32_t reason = outcome(result)->reason;

	return reason < SL_ARRAY_LEN(names) ? names[reason] : "unknown";
}

int sandlock_result_code(const sandlock_result *result)
{
	return outcome(result)->code;
}

int sandlock_result_signal(const sandlock_result *result)
{
	return outcome(result)->signal;
}

int sandlock_result_exit_status(const sandlock_result *result)
{
	const struct sl_outcome *out = outcome(result);

	if (out->reason == SL_REASON_TIMEOUT)
		return 124;
	if (out->code >= 0)
		return out->code;
	return 128 + (out->signal ? out->signal : 9);
}

int sandlock_result_usage(const sandlock_result *result, sandlock_usage *ret_usage)
{
	static const char *const names[] = {
		[SL_LIMIT_MEMORY] = "memory",
		[SL_LIMIT_PROCESSES] = "processes",
		[SL_LIMIT_CPU] = "cpu",
	};
	const struct sl_outcome *out;
	sandlock_usage usage;

	if (!result || !ret_usage || ret_usage->size < sizeof(ret_usage->size) ||
	    ret_usage->size > SL_API_MAX_STRUCT)
		return -EINVAL;
	out = outcome(result);
	usage = (sandlock_usage){ .size = ret_usage->size,
				  .memory_peak = out->memory_peak,
				  .processes_peak = out->processes_peak,
				  .cpu_ns = out->cpu_ns,
				  .refused = out->refused,
				  .limit = out->limit,
				  .cpu_held_ns = out->cpu_held_ns };
	if (out->limit < SL_ARRAY_LEN(names))
		usage.limit_name = names[out->limit];
	memset(ret_usage, 0, usage.size);
	memcpy(ret_usage, &usage, SL_MIN(usage.size, sizeof(usage)));
	return 0;
}

const char *sandlock_result_output(const sandlock_result *result, int stream,
				   size_t *ret_len, int *ret_truncated)
{
	const struct sl_capture *capture;

	if (stream != 1 && stream != 2)
		return NULL;
	capture = &((const struct sl_result *)result)->out[stream - 1];
	if (ret_len)
		*ret_len = capture->buf.len;
	if (ret_truncated)
		*ret_truncated = capture->truncated;
	return capture->buf.data ? capture->buf.data : "";
}
