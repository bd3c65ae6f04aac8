/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the files of the command line tool share. The tool is a user of the
 * public header only, so that whatever it can do, any program can.
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sandlock/sandlock.h>

#define CLI_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#define CLI_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* What an own failure ends with; 126 and 127 come from the library. */
#define CLI_EXIT_ERROR 125

/* ---- main.c: the commands -------------------------------------------- */

struct cli_command {
	const char *name;
	const char *args;    /* of the usage line */
	const char *summary; /* one line; NULL hides the command */
	int (*run)(int argc, char **argv); /* NULL: not in this version */
	void (*help)(void); /* after usage and summary, or NULL */
};

/* Row @index, or NULL past the end. */
const struct cli_command *cli_command_at(size_t index);
const struct cli_command *cli_command_find(const char *name);

/* ---- msg.c: what is said on stderr ------------------------------------ */

/* Fill @err and return @code, a negative errno. */
int cli_fail(sandlock_error *err, int code, const char *fmt, ...)
	CLI_PRINTF(3, 4);
/*
 * One line on stderr behind "sandlock: ", in one write(2). Control bytes are
 * shown as '?': names come from anywhere and must not drive the terminal.
 */
void cli_say(const char *fmt, ...) CLI_PRINTF(1, 2);
/* The same for what is no failure: a hint. */
void cli_note(const char *fmt, ...) CLI_PRINTF(1, 2);
/* "warning: ", for what goes on nevertheless. */
void cli_warn(const char *fmt, ...) CLI_PRINTF(1, 2);
/* Say it; the exit status that belongs to @err. */
int cli_report(const sandlock_error *err);
/* End of a command that wrote to stdout: 0, or says why writing failed. */
int cli_finish_stdout(void);

/* ---- suggest.c: "did you mean" ---------------------------------------- */

struct cli_guess {
	const char *name;
	const char *best;
	size_t distance;
};
void cli_guess_init(struct cli_guess *guess, const char *name);
/* @candidate is borrowed until the guess is used. */
void cli_guess_try(struct cli_guess *guess, const char *candidate);

/* unknown.c: @len bytes of @flag are none; says what was meant. -EINVAL. */
int cli_unknown_flag(const char *flag, size_t len, sandlock_error *err);

/* ---- opts.c: the flags of `run`, read by the key table ----------------- */

struct cli_setting {
	size_t row;	   /* of sandlock_key_at() */
	const char *value; /* borrowed from argv; NULL: a switch */
	bool negated;	   /* --no-KEY */
};

struct cli_settings {
	struct cli_setting *items;
	size_t count, cap;
	bool help; /* -h or --help was met */
	int rest;  /* index of the first word of the command */
};

/*
 * Read argv[1...] up to the first word that is no option, and add it to @out.
 * On failure @out holds what came before. Free with cli_settings_fini() either
 * way.
 */
int cli_parse_settings(int argc, char **argv, struct cli_settings *out,
		       sandlock_error *err);
void cli_settings_fini(struct cli_settings *settings);

/* Remove each "--json" of argv[1...] up to "--", as it is in no key table;
 * returns the new argc. */
int cli_take_json(int argc, char **argv, bool *ret_json);
/* Refuse what is of one run and says nothing of a policy. @command reads these
 * settings; -e is fine if @shell. */
int cli_check_policy_options(const struct cli_settings *settings,
			     const char *command, bool shell,
			     sandlock_error *err);

/* The key of row @row; false past the end of the table. */
bool cli_key(size_t row, sandlock_key *ret_key);
bool cli_key_is_list(const sandlock_key *key);

/* ---- build.c: from settings to a policy -------------------------------- */

struct cli_run {
	const char *shell; /* -e */
	const char *name;  /* --name */
	int status_fd;	   /* -1: none */
	const char *audit; /* FILE or fd:N */
	bool why;	   /* what the kernel refuses is told, too */
	bool no_supervisor;
	bool quiet;		 /* no hints */
	const char *preset;	 /* which nobody named; else NULL */
	sandlock_policy *policy; /* owned */
	const char **argv;	 /* owned array of borrowed words */
};

/* The run options; also what can be seen of them after a parse error. */
int cli_take_run_options(const struct cli_settings *settings,
			 struct cli_run *run, sandlock_error *err);
/* Default, then profiles or the preset, then the command line. */
int cli_build_policy(const struct cli_settings *settings, struct cli_run *run,
		     sandlock_error *err);
/*
 * What stands before the options @fix on the command line of @run: "", or the
 * preset that nobody named and the first grant would take the place of.
 */
const char *cli_fix_prefix(const struct cli_run *run, const char *fix);
/* -e, or the words @argv, or what the profile names. */
int cli_choose_command(struct cli_run *run, char **argv, sandlock_error *err);

/* ---- audit.c: --audit -------------------------------------------------- */

struct cli_audit {
	const struct cli_run *run; /* borrowed: whose options a fix is beside */
	int fd;			   /* -1: nobody asked */
	bool is_socket;
	bool failed; /* it was said */
	bool full;   /* the same */
	size_t bytes;
	uint64_t lines;
	char *rest; /* of a line that the reader had no room for */
	size_t rest_len, rest_at;
};

/* exposed.c: one warning, if a write grant covers what is other sandboxes'. */
void cli_warn_exposed(const sandlock_policy *policy);
/* gpu.c: one warning, if GPUs are granted where there are none. */
void cli_warn_no_gpu(const sandlock_policy *policy);

struct pollfd;

/* Before the start: @run->audit, where the sandbox may not write. */
int cli_audit_open(struct cli_audit *audit, const struct cli_run *run,
		   sandlock_error *err);
/* What to poll for next to the sandbox. */
void cli_audit_poll(const struct cli_audit *audit, struct pollfd *ret_pfd);
/* Write what there is, as far as the reader takes it: never waits. */
void cli_audit_serve(struct cli_audit *audit, sandlock_sandbox *sandbox);
/* After the end: the rest, for which a slow reader gets a second. */
void cli_audit_finish(struct cli_audit *audit, sandlock_sandbox *sandbox,
		      const sandlock_result *result);
void cli_audit_fini(struct cli_audit *audit);

/* ---- denials.c: denials for people ------------------------------------- */

/* The first @most of them on stderr, one line each. */
void cli_denials_say(const struct cli_run *run, const sandlock_result *result,
		     size_t most);
/* All distinct ones on stderr, and the options that would allow them. */
void cli_denials_list(const struct cli_run *run, const sandlock_result *result);

/* ---- run_loop.c: while the sandbox runs -------------------------------- */

struct cli_ear;

/*
 * Spawn, forward signals, wait. On success *ret_sandbox (owned by the caller)
 * holds *ret_result. @ear is open and hears what the program says.
 */
int cli_run_loop(const struct cli_run *run, struct cli_ear *ear,
		 struct cli_audit *audit, sandlock_sandbox **ret_sandbox,
		 const sandlock_result **ret_result, sandlock_error *err);

/* ---- hint.c: which refusal may have made the run fail ------------------- */

/* At most three lines on stderr, none if nothing of it was refused. */
void cli_hints(const struct cli_run *run, const struct cli_ear *ear,
	       int exit_status);

/* ---- status.c: --status-fd --------------------------------------------- */

/* @text, of option @flag, is the number of a descriptor to write to: a copy of
 * it; either is made CLOEXEC. */
int cli_fd_open(const char *flag, const char *text, int *ret_fd,
		sandlock_error *err);
/* One line of JSON; @result, or @err when nothing ran. */
void cli_status_write(int fd, const sandlock_result *result,
		      const sandlock_error *err, int exit_status);

/* ---- the commands ------------------------------------------------------ */

/*
 * For the @message of an -EOPNOTSUPP that names options to go without: the
 * command line that would run here, after "run" the words @argv. NULL if it
 * names none. The caller frees.
 */
char *cli_retry_command(const char *message, int argc, const char *const *argv);
/* @head and the words @argv, quoted for a shell. The caller frees. */
char *cli_shell_line(const char *head, int argc, const char *const *argv);

/* profile_list.c; the first argument is of every action, NULL for this one. */
int cli_profile_list(const char *unused, sandlock_error *err);
/* cmd_profile.c; the number of warnings, or a negative errno. */
int cli_profile_check(const char *name, sandlock_error *err);
/* profile_edit.c */
int cli_profile_new(const char *name, sandlock_error *err);
int cli_profile_edit(const char *name, sandlock_error *err);
/* The name of action @index of `profile`, or NULL past the end. */
const char *cli_profile_action_at(size_t index);

int cli_cmd_run(int argc, char **argv);
int cli_cmd_profile(int argc, char **argv);
/* check_hint.c: after a start that failed with @err, whether the host lacks what
 * @policy (or NULL) needs. */
void cli_note_missing(const sandlock_policy *policy, const sandlock_error *err);

int cli_cmd_check(int argc, char **argv);
int cli_cmd_completion(int argc, char **argv);
int cli_cmd_explain(int argc, char **argv);
int cli_cmd_help(int argc, char **argv);

/* ---- help ---------------------------------------------------------------- */

/* Usage, summary and what the command adds, on stdout. */
int cli_help_command(const struct cli_command *command);
/* The flags of `run`, grouped. */
void cli_help_run(void);
void cli_help_profile(void);
void cli_help_check(void);
void cli_help_completion(void);
void cli_help_explain(void);
bool cli_is_help(const char *word);
/* A flag that `run` accepts; rows without a flag exist in profiles only. */
bool cli_key_is_usable(const sandlock_key *key);

struct cli_topic {
	const char *name;
	const char *summary;
	const char *text;
};

/* topics.c; NULL past the end. */
const struct cli_topic *cli_topic_at(size_t index);
void cli_topic_print(const struct cli_topic *topic);

/* help_build.c: the key table as tab-separated text, and for the manual. */
int cli_help_keys(void);
int cli_help_mdoc(void);

#endif
