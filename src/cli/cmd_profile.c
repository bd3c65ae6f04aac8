// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock profile`: its actions and the small ones of them.
 */
#include "cli.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int profile_show(const char *name, sandlock_error *err)
{
	char *text;
	int r = sandlock_profile_text(name, &text, err);

	if (r < 0)
		return r;
	fputs(text, stdout);
	sandlock_string_free(text);
	return 0;
}

static int profile_path(const char *name, sandlock_error *err)
{
	char *path;
	int r = sandlock_profile_path(name, &path, err);

	if (r < 0)
		return r;
	puts(path);
	sandlock_string_free(path);
	return 0;
}

static bool is_file_name(const char *name)
{
	size_t len = strlen(name);

	return strchr(name, '/') ||
	       (len > 5 && strcmp(name + len - 5, ".toml") == 0);
}

/* Number of warnings, or a negative errno. */
static int say_warnings(const sandlock_policy *policy, sandlock_error *err)
{
	char *text, *at, *line;
	int count = 0, r = sandlock_policy_warnings(policy, &text, err);

	if (r < 0)
		return r;
	at = text;
	while ((line = strsep(&at, "\n"))) {
		if (!*line)
			continue;
		cli_warn("%s", line);
		count++;
	}
	sandlock_string_free(text);
	return count;
}

int cli_profile_check(const char *name, sandlock_error *err)
{
	sandlock_policy *policy;
	int r = sandlock_policy_new(&policy, err);

	if (r < 0)
		return r;
	r = is_file_name(name) ? sandlock_policy_load_file(policy, name, err)
			       : sandlock_policy_load(policy, name, err);
	if (r == 0)
		r = sandlock_policy_check(policy, err);
	if (r == 0)
		r = say_warnings(policy, err);
	sandlock_policy_free(policy);
	if (r == 0)
		printf("%s: ok\n", name);
	else if (r > 0)
		printf("%s: ok, %d warning%s\n", name, r, r == 1 ? "" : "s");
	return r;
}

static int profile_delete(const char *name, sandlock_error *err)
{
	int r = sandlock_profile_delete(name, err);

	if (r == 0)
		printf("Deleted profile '%s'\n", name);
	return r;
}

static const struct {
	const char *name;
	const char *args; /* NULL: takes none */
	const char *summary;
	int (*run)(const char *name, sandlock_error *err);
} actions[] = {
	{ "list", NULL, "all profiles and presets, with what they are for",
	  cli_profile_list },
	{ "show", "NAME", "its text, as stored", profile_show },
	{ "check", "NAME|FILE", "read it and say what is wrong with it",
	  cli_profile_check },
	{ "new", "NAME", "make one from a template with comments",
	  cli_profile_new },
	{ "edit", "NAME", "open it in $VISUAL or $EDITOR, then check it",
	  cli_profile_edit },
	{ "path", "NAME", "its file, or where it would go", profile_path },
	{ "delete", "NAME", "remove its file", profile_delete },
};

const char *cli_profile_action_at(size_t index)
{
	return index < CLI_LEN(actions) ? actions[index].name : NULL;
}

void cli_help_profile(void)
{
	puts("Actions:");
	for (size_t i = 0; i < CLI_LEN(actions); i++)
		printf("  %-6s %-10s  %s\n", actions[i].name,
		       actions[i].args ? actions[i].args : "",
		       actions[i].summary);
}

static int run_action(size_t i, int argc, char **argv)
{
	sandlock_error err = { 0 };
	int wanted = actions[i].args ? 1 : 0;

	if (argc - 2 != wanted) {
		cli_fail(
			&err, -EINVAL,
			"'profile %s' takes %s; usage: sandlock profile %s%s%s",
			actions[i].name, wanted ? "one name" : "no argument",
			actions[i].name, wanted ? " " : "",
			wanted ? actions[i].args : "");
		return cli_report(&err);
	}
	if (wanted && argv[2][0] == '-') {
		cli_fail(&err, -EINVAL, "'profile %s' has no option '%.64s'",
			 actions[i].name, argv[2]);
		return cli_report(&err);
	}
	if (actions[i].run(argv[2], &err) < 0)
		return cli_report(&err);
	return cli_finish_stdout();
}

int cli_cmd_profile(int argc, char **argv)
{
	struct cli_guess guess;

	for (int i = 1; i < argc; i++)
		if (cli_is_help(argv[i]))
			return cli_help_command(cli_command_find("profile"));
	if (argc < 2) {
		cli_say("profile: which action? list, show, check, new, edit, "
			"path or delete");
		return CLI_EXIT_ERROR;
	}
	cli_guess_init(&guess, argv[1]);
	for (size_t i = 0; i < CLI_LEN(actions); i++) {
		if (strcmp(argv[1], actions[i].name) == 0)
			return run_action(i, argc, argv);
		cli_guess_try(&guess, actions[i].name);
	}
	if (guess.best)
		cli_say("unknown action 'profile %.64s'; did you mean '%s'?",
			argv[1], guess.best);
	else
		cli_say("unknown action 'profile %.64s'; there are list, show, "
			"check, new, edit, path and delete",
			argv[1]);
	return CLI_EXIT_ERROR;
}
