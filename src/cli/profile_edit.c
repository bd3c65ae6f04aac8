// SPDX-License-Identifier: Apache-2.0
/*
 * `sandlock profile new` and `edit`: from nothing to a checked profile.
 */
#include "cli.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

/* Each commented line is one that works when the "# " is taken away. */
static const char template[] =
	"# %s: one sentence, which 'sandlock profile list' shows.\n"
	"#\n"
	"# Without its '#' a line below takes effect; sandlock-profile(5) "
	"lists all keys.\n"
	"# 'sandlock profile check %s' says what is wrong.\n"
	"\n"
	"extends = \"base\"\n"
	"\n"
	"[filesystem]\n"
	"# read = [\"${HOME}/src\", \"?/opt/tools\"]\n"
	"# write = [\"${HOME}/src/project\"]\n"
	"\n"
	"[network]\n"
	"# allow = [\"tcp://:443\"]\n"
	"\n"
	"[program]\n"
	"# clean_env = true\n"
	"# env = { LANG = \"C.UTF-8\" }\n"
	"\n"
	"[limits]\n"
	"# timeout = \"20m\"\n"
	"# open_files = 1024\n";

/* Every directory above @path that is missing. Private, as what runs under a
 * policy is nobody else's business. */
static int make_parents(char *path, sandlock_error *err)
{
	for (char *slash = strchr(path + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		int r;

		*slash = '\0';
		r = mkdir(path, 0700) < 0 && errno != EEXIST ? -errno : 0;
		if (r < 0)
			cli_fail(err, r, "cannot make the directory '%s': %s",
				 path, strerror(-r));
		*slash = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

static int write_template(const char *path, const char *name, sandlock_error *err)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	int n, failed;

	if (fd < 0)
		return cli_fail(err, -errno,
				errno == EEXIST
					? "'%s' exists; 'sandlock profile edit "
					  "%s' changes it"
					: "cannot create '%s' for profile '%s'",
				path, name);
	n = dprintf(fd, template, name, name);
	failed = n < 0 ? errno : 0;
	if (close(fd) < 0 && !failed)
		failed = errno;
	if (!failed)
		return 0;
	unlink(path);
	return cli_fail(err, -failed, "cannot write '%s': %s", path,
			strerror(failed));
}

int cli_profile_new(const char *name, sandlock_error *err)
{
	char *path;
	int r = sandlock_profile_path(name, &path, err);

	if (r < 0)
		return r;
	r = make_parents(path, err);
	if (r == 0)
		r = write_template(path, name, err);
	if (r == 0)
		printf("%s\n", path);
	sandlock_string_free(path);
	return r;
}

static const char *editor(void)
{
	static const char *const names[] = { "VISUAL", "EDITOR" };

	for (size_t i = 0; i < CLI_LEN(names); i++) {
		const char *value = getenv(names[i]);

		if (value && *value)
			return value;
	}
	return "vi";
}

/* By the shell, as the variable may hold options: EDITOR="code --wait". */
static int run_editor(const char *path, sandlock_error *err)
{
	char *argv[] = { strdup("sh"), strdup("-c"), NULL,
			 strdup("sh"), strdup(path), NULL };
	int status = 0, r = -ENOMEM;
	pid_t pid;

	if (asprintf(&argv[2], "%s \"$@\"", editor()) < 0)
		argv[2] = NULL;
	if (argv[0] && argv[1] && argv[2] && argv[3] && argv[4])
		r = -posix_spawn(&pid, "/bin/sh", NULL, NULL, argv, environ);
	for (size_t i = 0; i + 1 < CLI_LEN(argv); i++)
		free(argv[i]);
	if (r < 0)
		return cli_fail(err, r, "cannot start the editor '%.200s': %s",
				editor(), strerror(-r));
	/* Ctrl-C is for the editor. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	signal(SIGINT, SIG_DFL);
	signal(SIGQUIT, SIG_DFL);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	return cli_fail(err, -ECANCELED,
			"the editor '%.200s' failed with status %d; set VISUAL "
			"or EDITOR to use another",
			editor(),
			WIFEXITED(status) ? WEXITSTATUS(status)
					  : 128 + WTERMSIG(status));
}

int cli_profile_edit(const char *name, sandlock_error *err)
{
	char *path;
	int r = sandlock_profile_path(name, &path, err);

	if (r < 0)
		return r;
	if (access(path, F_OK) < 0)
		r = cli_fail(err, -ENOENT,
			     "no profile '%.64s'; 'sandlock profile new %.64s' "
			     "makes one",
			     name, name);
	else
		r = run_editor(path, err);
	sandlock_string_free(path);
	return r < 0 ? r : cli_profile_check(name, err);
}
