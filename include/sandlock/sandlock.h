/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsandlock: run a program under a policy that the Linux kernel enforces.
 * This file is long because it is the whole interface.
 *
 * Four nouns: a policy (a value), a sandbox (one run), a result, an error.
 * - A fallible call returns 0 (or a count) or a negative errno; the last
 *   parameter, which may be NULL, receives what was tried, on what, why it
 *   failed and what to do. Out parameters are untouched on failure.
 * - Paths, argv and environment are byte strings; no encoding is assumed.
 * - Distinct objects are independent. One object is used by one thread at a
 *   time, except that sandlock_sandbox_kill(), _signal() and _fd() may be
 *   called from any thread while the sandbox exists.
 * - In a forked child the library starts anew; of the parent's objects it may
 *   use policies, and free sandboxes, which does nothing to what runs in them.
 * - The library never prints, never exits, and changes neither signals, nor
 *   the working directory, nor anything else of the host process, except where
 *   SANDLOCK_SPAWN_INLINE, sandlock_exec() and sandlock_confine() say so.
 *
 * Linux only. C99, usable from C++.
 */
#ifndef SANDLOCK_H
#define SANDLOCK_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define SANDLOCK_VERSION_MAJOR 0
#define SANDLOCK_VERSION_MINOR 1
#define SANDLOCK_VERSION_PATCH 0
#define SANDLOCK_VERSION_STRING "0.1.0"

#if defined(__GNUC__)
#define SANDLOCK_API __attribute__((visibility("default")))
#else
#define SANDLOCK_API
#endif

/* "0.1.0", static. */
SANDLOCK_API const char *sandlock_version(void);

/* ---- errors ---------------------------------------------------------- */

enum sandlock_stage {
	SANDLOCK_STAGE_NONE = 0,
	SANDLOCK_STAGE_PARSE = 1, /* text of a value or a profile */
	SANDLOCK_STAGE_CHECK = 2, /* values contradict each other or the host */
	SANDLOCK_STAGE_COMPILE = 3,  /* policy to plan */
	SANDLOCK_STAGE_SPAWN = 4,    /* making the sandboxed process */
	SANDLOCK_STAGE_EXEC = 5,     /* its execve(2) */
	SANDLOCK_STAGE_SUPERVISE = 6 /* the running sandbox */
};

/* Flat, allocated by the caller (zero it first), 1,024 bytes for ever. */
typedef struct sandlock_error {
	int32_t code;	 /* negative errno, 0 = no error */
	uint32_t stage;	 /* enum sandlock_stage */
	uint32_t line;	 /* place in a profile, 1-based, or 0 */
	uint32_t column; /* in bytes, 1-based, or 0 */
	char message[1008];
} sandlock_error;

/*
 * The exit status a command-line tool should end with after @err:
 * 126 (found but not executable), 127 (not found), else 125.
 */
SANDLOCK_API int sandlock_error_exit_status(const sandlock_error *err);

/* ---- the keys of a policy -------------------------------------------- */

enum sandlock_key_type {
	SANDLOCK_TYPE_BOOL = 0,
	SANDLOCK_TYPE_INTEGER = 1,
	SANDLOCK_TYPE_SIZE = 2,	    /* bytes, or a number with K, M, G, T */
	SANDLOCK_TYPE_DURATION = 3, /* 90, 1.5s, 200ms, 2m, 1h */
	SANDLOCK_TYPE_STRING = 4,
	SANDLOCK_TYPE_PATH = 5,
	SANDLOCK_TYPE_LIST = 6, /* strings, one per set() */
	SANDLOCK_TYPE_MAP = 7	/* KEY=VALUE, one per set() */
};

enum sandlock_key_flags {
	SANDLOCK_KEY_AVAILABLE = 1,	/* else: known, refused by name */
	SANDLOCK_KEY_POLICY = 2,	/* part of a policy; else of one run */
	SANDLOCK_KEY_NO_SUPERVISOR = 4, /* may be combined with no_supervisor */
	SANDLOCK_KEY_CONFINE = 8	/* sandlock_confine() can apply it */
};

typedef struct sandlock_key {
	size_t size;		/* sizeof(sandlock_key), set by the caller */
	const char *name;	/* "filesystem.read"; a run option has no dot */
	const char *flag;	/* "--fs-read", or NULL */
	const char *short_flag; /* "-r", or NULL */
	const char *metavar;	/* "PATH", NULL for a switch */
	const char *group;	/* heading in --help */
	const char *help;	/* one line */
	uint32_t type;		/* enum sandlock_key_type */
	uint32_t flags;		/* enum sandlock_key_flags */
} sandlock_key;

/*
 * Row @index (from 0) of the key table. Strings are static. -ERANGE past the
 * end, which ends an iteration.
 */
SANDLOCK_API int sandlock_key_at(size_t index, sandlock_key *ret_key);

/* ---- policy ---------------------------------------------------------- */

typedef struct sandlock_policy sandlock_policy;

/* An empty policy: it grants nothing. Owned by the caller. */
SANDLOCK_API int sandlock_policy_new(sandlock_policy **ret_policy,
				     sandlock_error *err);
SANDLOCK_API void sandlock_policy_free(sandlock_policy *policy);

SANDLOCK_API int sandlock_policy_clone(const sandlock_policy *policy,
				       sandlock_policy **ret_policy,
				       sandlock_error *err);

/*
 * Set @key ("filesystem.read") from the text @value: scalars are replaced,
 * lists and maps grow by one. Booleans take "true" and "false". @origin is
 * named in later errors ("--fs-read") and may be NULL. Copies everything.
 * -EINVAL for an unknown key.
 */
SANDLOCK_API int sandlock_policy_set(sandlock_policy *policy, const char *key,
				     const char *value, const char *origin,
				     sandlock_error *err);

/* Back to the default; what a preset or profile gave is forgotten. -EINVAL for
 * an unknown key. */
SANDLOCK_API int sandlock_policy_clear(sandlock_policy *policy, const char *key,
				       sandlock_error *err);

/*
 * Value @index (from 0) of @key as text that could be set again, borrowed from
 * @policy until it changes; a switch reads "true" or "false". -ENOENT past the
 * end, also of a key that was never set; -EINVAL for an unknown key.
 */
SANDLOCK_API int sandlock_policy_get(const sandlock_policy *policy,
				     const char *key, size_t index,
				     const char **ret_value);

/*
 * Add a profile by name (a preset such as "base", or NAME.toml of the profile
 * directories), by file, or from @len bytes of TOML; @name is named in errors.
 * What it says is merged over what @policy holds.
 */
SANDLOCK_API int sandlock_policy_load(sandlock_policy *policy,
				      const char *profile, sandlock_error *err);
SANDLOCK_API int sandlock_policy_load_file(sandlock_policy *policy,
					   const char *path, sandlock_error *err);
SANDLOCK_API int sandlock_policy_parse(sandlock_policy *policy,
				       const char *text, size_t len,
				       const char *name, sandlock_error *err);

/* Merge @over over @policy: scalars replace, lists append, maps merge. */
SANDLOCK_API int sandlock_policy_merge(sandlock_policy *policy,
				       const sandlock_policy *over,
				       sandlock_error *err);

/* The policy as TOML that parses back to an equal policy. Free with
 * sandlock_string_free(). */
SANDLOCK_API int sandlock_policy_dump(const sandlock_policy *policy,
				      char **ret_text, sandlock_error *err);

/* Everything that can be refused before a run: contradictions, values that
 * this version or this kernel cannot enforce. No side effect. */
SANDLOCK_API int sandlock_policy_check(const sandlock_policy *policy,
				       sandlock_error *err);

/* What deserves a word to the user before a run (a system call allowed by
 * name, a granted path that is missing), one line each; "" if nothing. Free
 * with sandlock_string_free(). */
SANDLOCK_API int sandlock_policy_warnings(const sandlock_policy *policy,
					  char **ret_text, sandlock_error *err);

SANDLOCK_API void sandlock_string_free(char *text);

/* ---- profiles -------------------------------------------------------- */

/*
 * Names of profiles and presets, sorted, one line each, ending in a newline.
 * Free with sandlock_string_free().
 */
SANDLOCK_API int sandlock_profile_list(char **ret_text, sandlock_error *err);

/* The TOML text of a profile or preset, as stored. */
SANDLOCK_API int sandlock_profile_text(const char *name, char **ret_text,
				       sandlock_error *err);

/* The file of profile @name; for a name without a file, where it would go.
 * -ENOENT for a preset, which has none. */
SANDLOCK_API int sandlock_profile_path(const char *name, char **ret_path,
				       sandlock_error *err);

/* 1 if a preset @name is built in, whether or not a file of that name takes
 * its place; 0 if none is. */
SANDLOCK_API int sandlock_profile_is_preset(const char *name);

/* Remove the file of profile @name. */
SANDLOCK_API int sandlock_profile_delete(const char *name, sandlock_error *err);

/* ---- sandbox --------------------------------------------------------- */

typedef struct sandlock_sandbox sandlock_sandbox;

enum sandlock_stdio {
	SANDLOCK_STDIO_INHERIT = 0,
	SANDLOCK_STDIO_PIPE = 1, /* stdin: see sandlock_sandbox_stdin() */
	SANDLOCK_STDIO_NULL = 2,
	SANDLOCK_STDIO_FD = 3,	  /* the descriptor in stdio_fd[], borrowed */
	SANDLOCK_STDIO_STREAM = 4 /* a pipe whose other end the caller takes
				   * with sandlock_sandbox_stream() */
};

enum sandlock_spawn_flags {
	/*
	 * The calling process is the supervisor itself: it becomes a child
	 * subreaper for good, gets a thread per sandbox, and loses one real-time
	 * signal that it did not handle (the highest). Meant for programs
	 * whose only work is the sandbox, such as the command line tool. Without
	 * it the library starts one sandlock-supervisor process on first use.
	 */
	SANDLOCK_SPAWN_INLINE = 1,
	/* Hand over the terminal on stdin while the sandbox runs, and stop with
	 * it on Ctrl-Z. Only with SANDLOCK_SPAWN_INLINE. */
	SANDLOCK_SPAWN_FOREGROUND = 2,
	/* Denials can be read one by one while the sandbox runs: see
	 * sandlock_sandbox_next_denial(). */
	SANDLOCK_SPAWN_DENIALS = 4,
	/*
	 * To find out what a program lacks: what Landlock and the filter refuse
	 * is listed among the denials, too. Nothing is allowed or refused that
	 * is not without; but each call that opens, executes, makes, moves or
	 * removes a file, connects, binds or signals is some ten times slower.
	 */
	SANDLOCK_SPAWN_WHY = 8
};

typedef struct sandlock_spawn_options {
	size_t size;		 /* sizeof(sandlock_spawn_options) */
	const char *const *argv; /* NULL-terminated, borrowed */
	const char *const *envp; /* NULL: the caller's environment */
	uint32_t stdio[3];	 /* enum sandlock_stdio */
	int32_t stdio_fd[3];	 /* with SANDLOCK_STDIO_FD */
	uint32_t flags;		 /* enum sandlock_spawn_flags */
	uint32_t reserved;	 /* 0 */
	uint64_t capture_limit;	 /* bytes kept per piped stream; 0 = 64 MiB */
	const char *cwd;	 /* instead of program.cwd; NULL: that one */
	uint64_t timeout_ns; /* end it sooner than limits.timeout; 0: that one */
	/* For sandlock_inspect(), _kill() and the like: 1 to 64 of letters,
	 * digits, '.', '_' and '-', no '.' or '-' first. -EEXIST: a running
	 * sandbox of this user has it. NULL: one is made up. */
	const char *name;
} sandlock_spawn_options;

/*
 * Start @options->argv under @policy. What lies in @options behind what this
 * version knows must be zero (-E2BIG). Returns after the program's execve(2)
 * succeeded, or with the first step that failed, on what and why; nothing is
 * left behind then. Borrows everything; *ret_sandbox belongs to the caller.
 */
SANDLOCK_API int sandlock_spawn(const sandlock_policy *policy,
				const sandlock_spawn_options *options,
				sandlock_sandbox **ret_sandbox,
				sandlock_error *err);

/*
 * Replace the calling process by argv under @policy with no supervisor at all
 * (key program.no_supervisor): returns only on failure. A step that fails late
 * leaves the calling thread confined and its descriptors close-on-exec: end the
 * process then.
 */
SANDLOCK_API int sandlock_exec(const sandlock_policy *policy,
			       const sandlock_spawn_options *options,
			       sandlock_error *err);

/*
 * Confine the calling thread, for good, by what the kernel enforces alone:
 * Landlock (files, TCP ports, signals and abstract Unix sockets), the seccomp
 * filter, no_new_privs, no capabilities. What the thread starts from then on,
 * threads, children and programs, inherits it; threads that run already stay
 * free, so call it before there are any to confine a process. Open descriptors
 * stay usable.
 *
 * Applies the keys with SANDLOCK_KEY_CONFINE; any other one that is set is
 * -EINVAL, by name, but for what a preset merely wishes for. Every call adds a
 * layer, which can only take away; the kernel has 16 (-E2BIG).
 *
 * Everything is built and tried on a throw-away task first: after any error
 * the thread is as it was, except after -ENOTRECOVERABLE, which says that the
 * kernel refused half-way and the thread must not go on.
 */
SANDLOCK_API int sandlock_confine(const sandlock_policy *policy,
				  sandlock_error *err);

/* One descriptor to poll for POLLIN; call sandlock_sandbox_dispatch() then.
 * Borrowed: it belongs to @sandbox. */
SANDLOCK_API int sandlock_sandbox_fd(const sandlock_sandbox *sandbox);

/* Process id of the sandbox's first process, for display. */
SANDLOCK_API int64_t sandlock_sandbox_pid(const sandlock_sandbox *sandbox);

/*
 * The name under which others find the sandbox (see "control" below); NULL if
 * it cannot be found, or was over before it had one. A name that is made up is
 * there when the program has run for 10 ms, or when this asks for it. Borrowed
 * from @sandbox.
 */
SANDLOCK_API const char *sandlock_sandbox_name(sandlock_sandbox *sandbox);

/*
 * Why the sandbox cannot be found by name, one line for the user: something is
 * wrong with the runtime directory. It runs all the same. NULL: nothing is.
 * Borrowed from @sandbox.
 */
SANDLOCK_API const char *sandlock_sandbox_warning(sandlock_sandbox *sandbox);

/*
 * With SANDLOCK_STDIO_PIPE on stdin: the writing end, which then belongs to
 * the caller, once; -EBADF otherwise. If never taken it is closed by
 * sandlock_sandbox_wait().
 */
SANDLOCK_API int sandlock_sandbox_stdin(sandlock_sandbox *sandbox);

/*
 * Our end of @stream (0, 1, 2) with SANDLOCK_STDIO_STREAM, to be written to or
 * read from while the sandbox runs; it then belongs to the caller, once;
 * -EBADF otherwise. Blocking and close-on-exec. The end of what the program
 * says is the end of file: read it before, or beside, waiting. If never taken
 * it is closed by sandlock_sandbox_wait().
 */
SANDLOCK_API int sandlock_sandbox_stream(sandlock_sandbox *sandbox, int stream);

/*
 * Do the work that is ready (drain pipes, note the end) without blocking.
 * 1 when the whole tree is gone and the result is complete, else 0.
 */
SANDLOCK_API int sandlock_sandbox_dispatch(sandlock_sandbox *sandbox,
					   sandlock_error *err);

/*
 * Wait until nothing of the tree is left and return the result, at most
 * @timeout_ms milliseconds (-1: for ever; 0: do not block). -ETIMEDOUT when
 * the time is over: the sandbox goes on. *ret_result is borrowed from @sandbox.
 */
typedef struct sandlock_result sandlock_result;
SANDLOCK_API int sandlock_sandbox_wait(sandlock_sandbox *sandbox,
				       int64_t timeout_ms,
				       const sandlock_result **ret_result,
				       sandlock_error *err);

/* Send @sig to the sandbox's first process group. -ESRCH when it is over. */
SANDLOCK_API int sandlock_sandbox_signal(sandlock_sandbox *sandbox, int sig);

/* End the whole tree with SIGKILL. 0 also when it is over. */
SANDLOCK_API int sandlock_sandbox_kill(sandlock_sandbox *sandbox);

/* Kills what still runs, waits for its end, frees. NULL is fine. */
SANDLOCK_API void sandlock_sandbox_free(sandlock_sandbox *sandbox);

/* ---- result ---------------------------------------------------------- */

enum sandlock_reason {
	SANDLOCK_REASON_NONE = 0,
	SANDLOCK_REASON_EXITED = 1,   /* code */
	SANDLOCK_REASON_SIGNALED = 2, /* signal */
	SANDLOCK_REASON_TIMEOUT = 3,  /* limits.timeout was over */
	SANDLOCK_REASON_KILLED = 4,   /* sandlock_sandbox_kill() */
	SANDLOCK_REASON_LOST = 5, /* the supervisor died; the tree is gone */
	SANDLOCK_REASON_LIMIT = 6 /* ended for its memory: limits.memory */
};

SANDLOCK_API int sandlock_result_reason(const sandlock_result *result);
/* "exited", "signaled", "timeout", "killed", "lost", "limit"; static. */
SANDLOCK_API const char *sandlock_result_reason_name(const sandlock_result *result);
/* Exit code of the first process, or -1 if it did not exit by itself. */
SANDLOCK_API int sandlock_result_code(const sandlock_result *result);
/* Signal that ended it, or 0. */
SANDLOCK_API int sandlock_result_signal(const sandlock_result *result);
/* What a shell would show: code, 128 + signal, 124 after a timeout. */
SANDLOCK_API int sandlock_result_exit_status(const sandlock_result *result);
/* What was captured of stream 1 or 2 (borrowed, also NUL-terminated), and
 * whether the limit cut it. */
SANDLOCK_API const char *sandlock_result_output(const sandlock_result *result,
						int stream, size_t *ret_len,
						int *ret_truncated);

enum sandlock_limit {
	SANDLOCK_LIMIT_NONE = 0,
	SANDLOCK_LIMIT_MEMORY = 1, /* processes were ended for their memory */
	SANDLOCK_LIMIT_PROCESSES = 2, /* new processes were refused (EAGAIN) */
	SANDLOCK_LIMIT_CPU = 3	      /* ended: they could not be held back */
};

typedef struct sandlock_usage {
	size_t size; /* sizeof(sandlock_usage), set by the caller */
	/* Most at a time, of all processes together, as far as was looked: with
	 * limits.memory; with that or limits.processes. Else 0. */
	uint64_t memory_peak; /* bytes */
	uint64_t processes_peak;
	uint64_t cpu_ns;  /* processor time of all that somebody waited for */
	uint64_t refused; /* processes that the limit did not let be made */
	uint32_t limit; /* enum sandlock_limit that the run met, whether or not
			 * it ended it */
	uint32_t reserved;
	const char *limit_name; /* "memory", "processes", "cpu", NULL; static */
	uint64_t cpu_held_ns;	/* how long limits.cpu held something back */
} sandlock_usage;

/* What the run used. -EINVAL: ret_usage.size is not set. */
SANDLOCK_API int sandlock_result_usage(const sandlock_result *result,
				       sandlock_usage *ret_usage);

/* ---- this host -------------------------------------------------------- */

enum sandlock_feature_state {
	SANDLOCK_FEATURE_MISSING = 0,
	SANDLOCK_FEATURE_PRESENT = 1,
	SANDLOCK_FEATURE_LIMITED = 2 /* there; detail says what it lacks */
};

enum sandlock_feature_flags {
	SANDLOCK_FEATURE_NEEDED = 1, /* without it the policy is not started */
	/* --allow-degraded NAME (protections.allow_degraded) goes without. */
	SANDLOCK_FEATURE_PROTECTION = 2,
	/* Programs that use the library need it; the command does not. */
	SANDLOCK_FEATURE_LIBRARY = 4
};

typedef struct sandlock_feature {
	size_t size;	   /* sizeof(sandlock_feature), set by the caller */
	const char *name;  /* "landlock", "net-tcp"; static */
	const char *gives; /* what it gives the user, a few words; static */
	uint32_t state;	   /* enum sandlock_feature_state */
	uint32_t flags;	   /* enum sandlock_feature_flags */
	int64_t number;	  /* of some: an ABI, a mask, a count; libsandlock(3) */
	char detail[256]; /* what was found, or "" */
	char remedy[768]; /* what to do where it is missing, or "" */
} sandlock_feature;

/*
 * Row @index (from 0) of what sandlock asks of a kernel and of the place it
 * runs in, found out by trying in a child that is thrown away; the caller is
 * neither confined nor signalled, and sees no child. Needed is what the preset
 * "base" needs. -ERANGE past the end, which ends an iteration.
 */
SANDLOCK_API int sandlock_feature_at(size_t index, sandlock_feature *ret_feature);

/* The same for @policy; fails with what makes @policy fail on any kernel. */
SANDLOCK_API int sandlock_policy_feature_at(const sandlock_policy *policy,
					    size_t index,
					    sandlock_feature *ret_feature,
					    sandlock_error *err);

/* ---- control --------------------------------------------------------- */

/*
 * Running sandboxes of the calling user, whoever started them, by name. None of
 * this works from inside a sandbox, nor on another user's.
 */
typedef struct sandlock_listing sandlock_listing;

enum sandlock_instance_state {
	SANDLOCK_INSTANCE_SILENT = 0, /* its supervisor does not answer */
	SANDLOCK_INSTANCE_RUNNING = 1,
	SANDLOCK_INSTANCE_SUSPENDED = 2, /* its supervisor is stopped (Ctrl-Z) */
	SANDLOCK_INSTANCE_STARTING = 3,	 /* or ending */
	/* What answers is of another user, or inside a sandbox itself. */
	SANDLOCK_INSTANCE_UNTRUSTED = 4
};

typedef struct sandlock_instance {
	size_t size;	    /* sizeof(sandlock_instance), set by the caller */
	const char *name;   /* the rest but the name: only while running */
	int64_t pid;	    /* of its first process */
	int64_t supervisor; /* of the process that supervises it, or 0 */
	int64_t started_ns; /* since 1970 */
	int64_t age_ns;	    /* including time that the machine slept */
	const char *const *argv; /* NULL-terminated */
	const char *cwd;	 /* of its first process, now; or NULL */
	const char *policy;	 /* as TOML; NULL: see sandlock_inspect() */
	uint32_t state;		 /* enum sandlock_instance_state */
	uint32_t argv_cut;	 /* 1: there were more words */
} sandlock_instance;

/* All that run. *ret_listing belongs to the caller. */
SANDLOCK_API int sandlock_list(sandlock_listing **ret_listing,
			       sandlock_error *err);

/* One, with its policy. -ENOENT: no sandbox @name is running; -ETIMEDOUT: its
 * supervisor does not answer. */
SANDLOCK_API int sandlock_inspect(const char *name,
				  sandlock_listing **ret_listing,
				  sandlock_error *err);

/* Number @index (from 0), by name; borrowed from @listing. -ERANGE past the
 * end, which ends an iteration. */
SANDLOCK_API int sandlock_listing_at(const sandlock_listing *listing,
				     size_t index,
				     sandlock_instance *ret_instance);
SANDLOCK_API void sandlock_listing_free(sandlock_listing *listing);

/*
 * With network.port_remap: a port that a sandbox has bound. @address is text,
 * as 127.0.0.1 or ::1; @real is what @port is outside of the sandbox.
 */
typedef struct sandlock_port {
	size_t size;	      /* sizeof(sandlock_port), set by the caller */
	const char *protocol; /* "tcp" or "udp" */
	char address[48];
	uint32_t port;
	uint32_t real;
} sandlock_port;

/* Sandbox @name with its ports, and without its policy; fails as
 * sandlock_inspect(), which has them, too. */
SANDLOCK_API int sandlock_ports(const char *name, sandlock_listing **ret_listing,
				sandlock_error *err);

/* Number @port (from 0) of the ports of number @index. -ERANGE past the end,
 * which ends an iteration. */
SANDLOCK_API int sandlock_listing_port(const sandlock_listing *listing,
				       size_t index, size_t port,
				       sandlock_port *ret_port);

/* Send @sig to the first process group of sandbox @name. */
SANDLOCK_API int sandlock_signal(const char *name, int sig, sandlock_error *err);

/*
 * End sandbox @name: SIGTERM to its first process group, SIGKILL to everything
 * @grace_ms milliseconds later (0: at once), whether or not the caller is still
 * there. Waits at most @timeout_ms (-1: for ever, 0: not at all) until nothing
 * is left of it; -ETIMEDOUT: something is, yet.
 */
SANDLOCK_API int sandlock_kill(const char *name, int64_t grace_ms,
			       int64_t timeout_ms, sandlock_error *err);

typedef struct sandlock_events sandlock_events;

enum sandlock_event_kind {
	SANDLOCK_EVENT_STARTED = 1, /* pid; also of what ran already */
	SANDLOCK_EVENT_STOPPED = 2, /* signal */
	SANDLOCK_EVENT_ENDED = 3,   /* reason, code, signal; the last one */
	SANDLOCK_EVENT_LOST = 4,    /* count: the caller did not keep up */
	SANDLOCK_EVENT_OTHER = 5    /* json says what */
};

typedef struct sandlock_event {
	size_t size;	  /* sizeof(sandlock_event), set by the caller */
	const char *name; /* of the sandbox */
	const char *json; /* all of it, one object on one line */
	int64_t time_ns;  /* since 1970 */
	int64_t pid;
	uint64_t count;
	uint32_t kind;	 /* enum sandlock_event_kind; may be a later one */
	uint32_t reason; /* enum sandlock_reason */
	int32_t code;
	int32_t signal;
} sandlock_event;

/*
 * Listen to sandbox @name, or with NULL to all, also those that start later;
 * but not to a run without a name that is over within 10 ms, nor to one with a
 * name that is over before it is noticed, some 5 ms.
 */
SANDLOCK_API int sandlock_events_open(const char *name,
				      sandlock_events **ret_events,
				      sandlock_error *err);
/* To poll for POLLIN; call sandlock_events_next() then. Borrowed. */
SANDLOCK_API int sandlock_events_fd(const sandlock_events *events);
/*
 * The next event, waited for at most @timeout_ms (-1: for ever); borrowed until
 * the next call. -ETIMEDOUT: none; -ENODATA: the sandbox is gone, and no event
 * will come.
 */
SANDLOCK_API int sandlock_events_next(sandlock_events *events, int64_t timeout_ms,
				      sandlock_event *ret_event,
				      sandlock_error *err);
SANDLOCK_API void sandlock_events_free(sandlock_events *events);

/* ---- explain ---------------------------------------------------------- */

/*
 * What a policy would do, by the very plan that a spawn would load. Nothing is
 * started, made or changed.
 */
typedef struct sandlock_explanation sandlock_explanation;

/* Where a rule is enforced. */
enum sandlock_rung {
	SANDLOCK_RUNG_NOTHING = 0,    /* nothing in this version enforces it */
	SANDLOCK_RUNG_LANDLOCK = 1,   /* the file, port, process itself */
	SANDLOCK_RUNG_SECCOMP = 2,    /* system call and register arguments */
	SANDLOCK_RUNG_ATTRIBUTE = 3,  /* of the process: limits, privileges */
	SANDLOCK_RUNG_SUPERVISOR = 5, /* a process beside the sandbox */
	SANDLOCK_RUNG_SYSTEM = 6 /* not the policy: file permissions, no file */
};

enum sandlock_verdict {
	SANDLOCK_VERDICT_REFUSED = 0,
	SANDLOCK_VERDICT_ALLOWED = 1,
	SANDLOCK_VERDICT_DEPENDS = 2 /* on what is not known before the run */
};

typedef struct sandlock_rule {
	size_t size;	     /* sizeof(sandlock_rule), set by the caller */
	const char *key;     /* "filesystem.read"; NULL: our own addition */
	const char *subject; /* "/usr/lib", "tcp connect 443", "ptrace" */
	const char *effect;  /* "read, execute, list", "EPERM" */
	const char *origin;  /* "--fs-read", "p.toml:3:9", "sandlock" */
	const char *note; /* why, or what became of it ("missing"), or NULL */
	const char *enforced_by; /* "Landlock"; static */
	uint32_t rung;		 /* enum sandlock_rung */
	uint32_t allows;	 /* 1: a grant, 0: a refusal or a limit */
} sandlock_rule;

typedef struct sandlock_answer {
	size_t size;	     /* sizeof(sandlock_answer), set by the caller */
	const char *access;  /* "read", "create", "connect", "call"... */
	const char *object;  /* what the question leads to: "/usr/bin/env" */
	const char *reason;  /* one sentence */
	const char *origin;  /* of the deciding rule, or NULL */
	const char *fix;     /* options that allow it, quoted for a shell; NULL:
			      * it is allowed, nothing in this version would
			      * allow it, or see no_fix. A command line without
			      * a profile needs "-p base" in front of -r and
			      * -w. */
	const char *fix_key; /* the same as one sandlock_policy_set(); NULL if
			      * it needs more than that */
	const char *fix_value;
	const char *enforced_by; /* "Landlock"; static */
	const char *error_name;	 /* "EACCES", or NULL; static */
	uint32_t rung;		 /* enum sandlock_rung, of what decides */
	uint32_t verdict;	 /* enum sandlock_verdict */
	int32_t error;		 /* errno that the program sees, or 0 */
	uint32_t reserved;
	int64_t rule;	    /* index of the deciding rule, or -1 */
	const char *no_fix; /* why an option that would allow it is not offered:
			     * a secret, half of a home; or NULL */
} sandlock_answer;

typedef struct sandlock_explain_options {
	size_t size; /* sizeof(sandlock_explain_options) */
	/* The command, borrowed; NULL: what depends on it is named as such. */
	const char *const *argv;
	const char *const *envp; /* NULL: the caller's environment */
} sandlock_explain_options;

/*
 * Prepare a run of @policy and keep what it would load; @options may be NULL.
 * Fails where the run would fail before it starts. Borrows nothing;
 * *ret_explanation belongs to the caller.
 */
SANDLOCK_API int sandlock_explain(const sandlock_policy *policy,
				  const sandlock_explain_options *options,
				  sandlock_explanation **ret_explanation,
				  sandlock_error *err);
SANDLOCK_API void sandlock_explanation_free(sandlock_explanation *explanation);

/*
 * Rule @index (from 0), grants first, what nothing enforces last. Strings are
 * borrowed from @explanation, until it is freed. -ERANGE past the end.
 */
SANDLOCK_API int sandlock_explanation_rule(const sandlock_explanation *explanation,
					   size_t index, sandlock_rule *ret_rule);

/*
 * Answer @index (from 0) of @question, which is one of
 * - path:PATH, about read, write, execute, or list and create in a directory
 * - net:HOST:PORT, net:udp://HOST:PORT, net:icmp://HOST, net:unix:PATH; no
 *   name is looked up
 * - bind:PORT, 0 for any free port
 * - syscall:NAME, a call, a group or a number; one answer per case
 *
 * -ERANGE past the last answer; -EINVAL: that is no question. With index 0 the
 * system is looked at anew, a further index belongs to that look. Strings are
 * borrowed from @explanation, until it is freed.
 */
SANDLOCK_API int sandlock_explanation_ask(sandlock_explanation *explanation,
					  const char *question, size_t index,
					  sandlock_answer *ret_answer,
					  sandlock_error *err);

/* ---- hints after a failed run ------------------------------------------ */

/* Where a hint comes from. */
enum sandlock_hint_source {
	SANDLOCK_HINT_NOTHING = 0,
	SANDLOCK_HINT_MESSAGE = 1, /* the program said so: a claim */
	SANDLOCK_HINT_COMMAND = 2  /* a word of the command line */
};

typedef struct sandlock_hint_options {
	size_t size;	     /* sizeof(sandlock_hint_options) */
	const char *message; /* what the program said, any bytes; borrowed; the
			      * last 8 KiB count; NULL: it was not heard */
	size_t message_len;
	int32_t exit_status; /* sandlock_result_exit_status(), or of an error:
			      * sandlock_error_exit_status() */
	uint32_t reserved;   /* 0 */
} sandlock_hint_options;

typedef struct sandlock_hint {
	size_t size;	    /* sizeof(sandlock_hint), set by the caller */
	const char *text;   /* "reading '/x' was refused: no grant covers it";
			     * one line of printable characters */
	const char *object; /* "/x"; other characters as \xNN */
	const char *access; /* as in sandlock_answer */
	const char *fix;    /* as in sandlock_answer, or NULL: nothing allows
			     * it, or it is not offered, and text says why */
	const char *fix_key;
	const char *fix_value;
	uint32_t source; /* enum sandlock_hint_source */
	uint32_t reserved;
} sandlock_hint;

/*
 * Hint @index (from 0, at most 3, likeliest first): which refusal may have made
 * the run fail that @explanation is about (its argv was that of the run). -ERANGE
 * past the end, at once after a success, a timeout, or a signal that asks for
 * the end. With index 0 the hints are made anew from @options; a further index
 * belongs to them. Strings are borrowed from @explanation, until it is freed.
 *
 * A program may say what it likes: what its message names is refused indeed,
 * but whether it was tried is its word. Do not grant by hints without a person.
 */
SANDLOCK_API int sandlock_explanation_hint(sandlock_explanation *explanation,
					   const sandlock_hint_options *options,
					   size_t index, sandlock_hint *ret_hint,
					   sandlock_error *err);
/* ---- denials ----------------------------------------------------------- */

/*
 * What the supervisor refused in a run, and with SANDLOCK_SPAWN_WHY what the
 * kernel did by its rules. Strings are bytes with a NUL behind
 * them; program and object are the sandbox's words: escape them before showing
 * them to anybody.
 */
typedef struct sandlock_denial {
	size_t size;	  /* sizeof(sandlock_denial), set by the caller */
	int64_t time_ns;  /* since 1970, of the first one */
	int64_t pid, tid; /* that asked, the first time; pid 0: it was gone */
	uint64_t count;	  /* how often */
	const char *program; /* its executable, at most 256 bytes; "": unknown */
	const char *call;    /* "chmod" */
	const char *access;  /* "read", "write", "execute", "list", "create",
			      * "remove", "change" (metadata), "watch",
			      * "connect", "bind", "process", "call" */
	const char *object;  /* "/etc/passwd"; "": none, or unknown */
	const char *rule;    /* "no grant", "no write grant", "denied",
			      * "protected", "process outside", "keeper",
			      * "caller unreadable", "filter", "landlock" */
	const char *reason;  /* one sentence; or NULL */
	const char *origin;  /* of the rule: "p.toml:3:9"; or NULL */
	const char *fix;     /* smallest change that would allow it, as in
			      * sandlock_answer; NULL: none, or not looked for */
	const char *fix_key;
	const char *fix_value;
	const char *error_name; /* "EACCES", or NULL for a rare one */
	int32_t error;		/* errno that the program saw */
	uint32_t reserved;
	const char *no_fix; /* as in sandlock_answer */
} sandlock_denial;

/*
 * Denial @index (from 0) of @result, in the order of their first occurrence;
 * equal ones are one, with a count. At most 1,024 are kept, the first 128 that
 * are asked for are explained. -ERANGE past the end. Borrowed from the sandbox.
 */
SANDLOCK_API int sandlock_result_denial_at(const sandlock_result *result,
					   size_t index,
					   sandlock_denial *ret_denial);

/* How many there were, with those that are not kept. */
SANDLOCK_API uint64_t sandlock_result_denials_total(const sandlock_result *result);

/*
 * With SANDLOCK_SPAWN_DENIALS: the next single denial, with a count of 1;
 * -EAGAIN: none now. Ask until then after each sandlock_sandbox_dispatch(),
 * also the last one. Who does not keep up loses some, which the total still
 * counts. Borrowed from @sandbox until the next call.
 */
SANDLOCK_API int sandlock_sandbox_next_denial(sandlock_sandbox *sandbox,
					      sandlock_denial *ret_denial);

#ifdef __cplusplus
}
#endif

#endif
