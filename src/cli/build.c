// SPDX-License-Identifier: Apache-2.0
/*
 * From the settings of the command line to a policy and a command. Profiles
 * first, wherever they stand on the line, then the settings in their order.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DEFAULT_PRESET "base"
#define ORIGIN_MAX 80

enum run_option {
	RUN_NONE, /* a row without a meaning here is refused */
	RUN_AUDIT,
	RUN_PROFILE,
	RUN_PROFILE_FILE,
	RUN_BARE,
	RUN_COLOR,
	RUN_SET,
	RUN_EXEC_SHELL,
	RUN_INTERACTIVE,
	RUN_QUIET,
	RUN_NAME,
	RUN_STATUS_FD,
	RUN_WHY
};

static const struct {
	const char *name;
	enum run_option option;
} run_options[] = {
	{ "audit", RUN_AUDIT },
	{ "bare", RUN_BARE },
	{ "color", RUN_COLOR },
	{ "exec-shell", RUN_EXEC_SHELL },
	{ "interactive", RUN_INTERACTIVE },
	{ "name", RUN_NAME },
	{ "profile", RUN_PROFILE },
	{ "profile-file", RUN_PROFILE_FILE },
	{ "quiet", RUN_QUIET },
	{ "set", RUN_SET },
	{ "status-fd", RUN_STATUS_FD },
	{ "why", RUN_WHY },
};

static enum run_option run_option(const sandlock_key *key)
{
	if (key->flags & SANDLOCK_KEY_POLICY)
		return RUN_NONE;
	for (size_t i = 0; i < CLI_LEN(run_options); i++)
		if (strcmp(run_options[i].name, key->name) == 0)
			return run_options[i].option;
	return RUN_NONE;
}

/* What the settings say before their values matter. */
struct survey {
	bool profile, profile_file, bare, grants;
};

static bool is_grant(const char *key)
{
	return strcmp(key, "filesystem.read") == 0 ||
	       strcmp(key, "filesystem.write") == 0;
}

/* Setting @i with its key; false behind the last. */
static bool setting_at(const struct cli_settings *settings, size_t i,
		       const struct cli_setting **ret_setting,
		       sandlock_key *ret_key)
{
	if (i >= settings->count)
		return false;
	*ret_setting = &settings->items[i];
	return cli_key((*ret_setting)->row, ret_key);
}

static struct survey survey(const struct cli_settings *settings)
{
	const struct cli_setting *setting;
	struct survey found = { 0 };
	sandlock_key key;

	for (size_t i = 0; setting_at(settings, i, &setting, &key); i++) {
		enum run_option option = run_option(&key);

		found.profile |= option == RUN_PROFILE;
		found.profile_file |= option == RUN_PROFILE_FILE;
		found.bare |= option == RUN_BARE;
		found.grants |= !setting->negated && is_grant(key.name);
		if (option == RUN_SET &&
		    (strncmp(setting->value, "filesystem.read=", 16) == 0 ||
		     strncmp(setting->value, "filesystem.write=", 17) == 0))
			found.grants = true;
	}
	return found;
}

const char *cli_fix_prefix(const struct cli_run *run, const char *fix)
{
	bool grants = strncmp(fix, "-r ", 3) == 0 ||
		      strncmp(fix, "-w ", 3) == 0 || strstr(fix, " -r ") ||
		      strstr(fix, " -w ");

	return grants && run->preset ? "-p " DEFAULT_PRESET " " : "";
}

int cli_take_run_options(const struct cli_settings *settings,
			 struct cli_run *run, sandlock_error *err)
{
	const struct cli_setting *setting;
	sandlock_key key;
	int r;

	for (size_t i = 0; setting_at(settings, i, &setting, &key); i++) {
		if (key.flags & SANDLOCK_KEY_POLICY)
			continue;
		switch (run_option(&key)) {
		case RUN_EXEC_SHELL:
			run->shell = setting->value;
			break;
		case RUN_QUIET:
			run->quiet = true;
			break;
		case RUN_NAME:
			run->name = setting->value;
			break;
		case RUN_STATUS_FD:
			r = cli_fd_open("--status-fd", setting->value,
					&run->status_fd, err);
			if (r < 0)
				return r;
			break;
		case RUN_WHY:
			run->why = true;
			break;
		case RUN_AUDIT:
			run->audit = setting->value;
			break;
		case RUN_PROFILE:
		case RUN_PROFILE_FILE:
		case RUN_BARE:
		case RUN_COLOR:
		case RUN_SET:
		case RUN_INTERACTIVE:
			break;
		case RUN_NONE:
		default:
			return cli_fail(err, -EOPNOTSUPP,
					"option '%s' is not available in this "
					"version",
					key.flag);
		}
	}
	return 0;
}

/*
 * The shell writes the home for '~' only where an unquoted word begins with
 * it. A literal '~' is nearly always a slip, and with '?' it would be passed
 * over in silence.
 */
static int check_tilde(const char *flag, const char *value, sandlock_error *err)
{
	const char *path = value[0] == '?' ? value + 1 : value;
	const char *rest = path + strcspn(path, "/");

	if (path[0] != '~')
		return 0;
	if (rest == path + 1)
		return cli_fail(err, -EINVAL,
				"%s: '%.200s': the shell did not expand '~'; "
				"write \"%s$HOME%.200s\", or './%.200s' for a "
				"file of that name",
				flag, value, path == value ? "" : "?", rest,
				path);
	return cli_fail(err, -EINVAL,
			"%s: '%.200s': the shell did not expand '~'; write the "
			"path in full, or './%.200s' for a file of that name",
			flag, value, path);
}

static int load_file(sandlock_policy *policy, const char *flag,
		     const char *path, sandlock_error *err)
{
	int r = check_tilde(flag, path, err);

	return r < 0 ? r : sandlock_policy_load_file(policy, path, err);
}

static int load_profiles(const struct cli_settings *settings,
			 struct cli_run *run, sandlock_error *err)
{
	sandlock_policy *policy = run->policy;
	struct survey found = survey(settings);
	const struct cli_setting *setting;
	sandlock_key key;
	int r = 0;

	if (found.profile && found.profile_file)
		return cli_fail(err, -EINVAL,
				"--profile and --profile-file exclude each "
				"other");
	if (found.bare && (found.profile || found.profile_file))
		return cli_fail(err, -EINVAL,
				"--bare and --profile%s exclude each other",
				found.profile ? "" : "-file");
	if (!found.profile && !found.profile_file && !found.bare &&
	    !found.grants) {
		run->preset = DEFAULT_PRESET;
		return sandlock_policy_load(policy, run->preset, err);
	}

	for (size_t i = 0; r == 0 && setting_at(settings, i, &setting, &key);
	     i++) {
		enum run_option option = run_option(&key);

		if (option == RUN_PROFILE)
			r = sandlock_policy_load(policy, setting->value, err);
		else if (option == RUN_PROFILE_FILE)
			r = load_file(policy, key.flag, setting->value, err);
	}
	return r;
}

static bool takes_path(const sandlock_key *key)
{
	return key->metavar && strcmp(key->metavar, "PATH") == 0;
}

static bool find_key(const char *name, sandlock_key *ret_key)
{
	for (size_t row = 0; cli_key(row, ret_key); row++)
		if (strcmp(ret_key->name, name) == 0)
			return true;
	return false;
}

/* --set KEY=VALUE: replaces; an empty VALUE goes back to the default. */
static int apply_set(sandlock_policy *policy, const char *text,
		     sandlock_error *err)
{
	const char *eq = strchr(text, '=');
	char key[64], origin[ORIGIN_MAX];
	sandlock_key info;
	int r;

	if (!eq || eq == text)
		return cli_fail(err, -EINVAL,
				"--set: '%.64s' is not KEY=VALUE (such as "
				"limits.timeout=2m)",
				text);
	if ((size_t)(eq - text) >= sizeof(key))
		return cli_fail(err, -EINVAL, "--set: unknown key '%.64s...'",
				text);
	memcpy(key, text, (size_t)(eq - text));
	key[eq - text] = '\0';
	r = sandlock_policy_clear(policy, key, err);
	if (r < 0 || !eq[1])
		return r;
	snprintf(origin, sizeof(origin), "--set %s", key);
	if (find_key(key, &info) && takes_path(&info)) {
		r = check_tilde(origin, eq + 1, err);
		if (r < 0)
			return r;
	}
	return sandlock_policy_set(policy, key, eq + 1, origin, err);
}

static int apply_setting(sandlock_policy *policy, const sandlock_key *key,
			 const struct cli_setting *setting, sandlock_error *err)
{
	char origin[ORIGIN_MAX];
	const char *value = setting->value;
	int r = 0;

	if (!setting->negated) {
		if (takes_path(key))
			r = check_tilde(key->flag, value, err);
		if (r < 0)
			return r;
		/* A switch without a value is on. */
		return sandlock_policy_set(policy, key->name,
					   value ? value : "true", key->flag,
					   err);
	}
	if (key->type != SANDLOCK_TYPE_BOOL)
		return sandlock_policy_clear(policy, key->name, err);
	snprintf(origin, sizeof(origin), "--no-%s", key->flag + 2);
	return sandlock_policy_set(policy, key->name, "false", origin, err);
}

static int apply_settings(const struct cli_settings *settings,
			  sandlock_policy *policy, sandlock_error *err)
{
	const struct cli_setting *setting;
	sandlock_key key;
	int r = 0;

	for (size_t i = 0; r == 0 && setting_at(settings, i, &setting, &key);
	     i++) {
		if (key.flags & SANDLOCK_KEY_POLICY)
			r = apply_setting(policy, &key, setting, err);
		else if (run_option(&key) == RUN_SET)
			r = apply_set(policy, setting->value, err);
	}
	return r;
}

/*
 * The run options that need a supervisor. The library says the same of the
 * keys of a policy.
 */
static int check_no_supervisor(const struct cli_settings *settings,
			       sandlock_error *err)
{
	const struct cli_setting *setting;
	sandlock_key key;

	for (size_t i = 0; setting_at(settings, i, &setting, &key); i++)
		if (!(key.flags &
		      (SANDLOCK_KEY_POLICY | SANDLOCK_KEY_NO_SUPERVISOR)))
			return cli_fail(err, -EINVAL,
					"--no-supervisor is incompatible "
					"with: %s",
					key.flag);
	return 0;
}

int cli_build_policy(const struct cli_settings *settings, struct cli_run *run,
		     sandlock_error *err)
{
	const char *text;
	int r;

	r = sandlock_policy_new(&run->policy, err);
	if (r == 0)
		r = load_profiles(settings, run, err);
	if (r == 0)
		r = apply_settings(settings, run->policy, err);
	if (r < 0)
		return r;
	run->no_supervisor = sandlock_policy_get(run->policy,
						 "program.no_supervisor", 0,
						 &text) == 0 &&
			     strcmp(text, "true") == 0;
	return run->no_supervisor ? check_no_supervisor(settings, err) : 0;
}

/* The words of program.exec and program.args, borrowed from the policy. */
static int profile_command(struct cli_run *run, sandlock_error *err)
{
	const char *word;
	size_t count = 0;

	if (sandlock_policy_get(run->policy, "program.exec", 0, &word) < 0)
		return cli_fail(err, -EINVAL,
				"no command: write it after the options, or "
				"give one with -e or [program] exec of a "
				"profile");
	while (sandlock_policy_get(run->policy, "program.args", count, &word) == 0)
		count++;
	run->argv = calloc(count + 2, sizeof(*run->argv));
	if (!run->argv)
		return cli_fail(err, -ENOMEM, "out of memory");
	sandlock_policy_get(run->policy, "program.exec", 0, &run->argv[0]);
	for (size_t i = 0; i < count; i++)
		sandlock_policy_get(run->policy, "program.args", i,
				    &run->argv[i + 1]);
	return 0;
}

int cli_choose_command(struct cli_run *run, char **argv, sandlock_error *err)
{
	size_t count = 0;

	if (!run->shell && !argv[0])
		return profile_command(run, err);
	if (run->shell && argv[0])
		return cli_fail(err, -EINVAL,
				"-e '%.64s' and the command '%.64s' exclude "
				"each other",
				run->shell, argv[0]);
	while (argv[count])
		count++;
	run->argv = calloc(run->shell ? 4 : count + 1, sizeof(*run->argv));
	if (!run->argv)
		return cli_fail(err, -ENOMEM, "out of memory");
	if (run->shell) {
		run->argv[0] = "/bin/sh";
		run->argv[1] = "-c";
		run->argv[2] = run->shell;
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		run->argv[i] = argv[i];
	return 0;
}
