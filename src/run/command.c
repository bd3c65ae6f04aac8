/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Finds the program a command line means, follows "#!" lines and PT_INTERP to
 * all who take part in running it, and collects what preset base must grant for
 * that. Only looks: nothing is executed, and a race with a change of the files
 * costs no more than a grant that does not fit.
 */
#include "run/command.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "run/prefix.h"

#define DEFAULT_PATH "/bin:/usr/bin"

struct resolver {
	const char *path_env;
	const char *cwd;
	struct sl_prefix_context around;
	struct sl_pathlist grants;
};

/* 0, or why execve(2) would refuse @path. */
static int check_executable(const char *path)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return -errno;
	if (S_ISDIR(st.st_mode))
		return -EISDIR;
	if (!S_ISREG(st.st_mode))
		return -EACCES;
	if (faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) < 0)
		return -errno;
	return 0;
}

/* @dir/@name; relative ones start at @cwd. An empty @dir is @cwd. */
static char *join(const char *cwd, const char *dir, size_t dir_len,
		  const char *name)
{
	char *path = NULL;
	int n;

	while (dir_len >= 2 && dir[0] == '.' && dir[1] == '/') {
		dir += 2;
		dir_len -= 2;
	}
	if (dir_len == 1 && dir[0] == '.')
		dir_len = 0;
	while (dir_len > 1 && dir[dir_len - 1] == '/')
		dir_len--;
	while (name[0] == '.' && name[1] == '/')
		name += 2 + strspn(name + 2, "/");
	if (name[0] == '/')
		n = asprintf(&path, "%s", name);
	else if (dir_len == 0)
		n = asprintf(&path, "%s/%s", strcmp(cwd, "/") ? cwd : "", name);
	else if (dir[0] == '/')
		n = asprintf(&path, "%.*s/%s", (int)(dir_len > 1 ? dir_len : 0),
			     dir, name);
	else
		n = asprintf(&path, "%s/%.*s/%s", strcmp(cwd, "/") ? cwd : "",
			     (int)dir_len, dir, name);
	return n < 0 ? NULL : path;
}

/*
 * Searches PATH for @name. -ENOENT, or -EACCES with the first file that cannot
 * be executed in *ret_path.
 */
static int search(const struct resolver *rs, const char *name, char **ret_path)
{
	sl_autofree char *refused = NULL;
	const char *dir = rs->path_env;

	for (;;) {
		size_t len = strcspn(dir, ":");
		sl_autofree char *path = NULL;
		int r;

		path = len < PATH_MAX ? join(rs->cwd, dir, len, name) : NULL;
		if (!path && len < PATH_MAX)
			return -ENOMEM;
		r = path ? check_executable(path) : -ENAMETOOLONG;
		if (r == 0) {
			*ret_path = sl_take_ptr(&path);
			return 0;
		}
		/* A directory on the way that may not be searched says nothing
		 * about the command. */
		if (!refused && r == -EACCES && access(path, F_OK) == 0)
			refused = sl_take_ptr(&path);
		if (dir[len] == '\0')
			break;
		dir += len + 1;
	}
	if (!refused)
		return -ENOENT;
	*ret_path = sl_take_ptr(&refused);
	return -EACCES;
}

static int cannot_run(int r, const char *path, struct sl_error *err)
{
	struct stat st;

	switch (r) {
	case -EISDIR:
		return sl_err(err, -EACCES, SL_STAGE_EXEC,
			      "'%s' is a directory, not a command", path);
	case -EACCES:
		if (stat(path, &st) < 0)
			return sl_err(err, r, SL_STAGE_EXEC,
				      "'%s' cannot be reached: %m", path);
		if (!S_ISREG(st.st_mode))
			return sl_err(err, r, SL_STAGE_EXEC,
				      "'%s' is not a regular file, so it "
				      "cannot be executed",
				      path);
		return sl_err(err, r, SL_STAGE_EXEC,
			      "'%s' may not be executed by this user (mode "
			      "%04o, owner %u); hint: chmod +x, or name its "
			      "interpreter: sh '%s'",
			      path, st.st_mode & 07777, st.st_uid, path);
	default:
		errno = -r;
		return sl_err(err, r == -ENOTDIR ? -ENOENT : r, SL_STAGE_EXEC,
			      "command '%s': %m", path);
	}
}

static int not_found(const struct resolver *rs, const char *argv0,
		     struct sl_error *err)
{
	sl_autofree char *here = join(rs->cwd, "", 0, argv0);

	sl_err(err, -ENOENT, SL_STAGE_EXEC,
	       "command '%s' not found in PATH (%.400s%s)", argv0, rs->path_env,
	       strlen(rs->path_env) > 400 ? "..." : "");
	if (here && check_executable(here) == 0)
		sl_error_hint(err, "'./%s' runs the one in this directory",
			      argv0);
	return -ENOENT;
}

static int find(const struct resolver *rs, const char *argv0, char **ret_path,
		struct sl_error *err)
{
	sl_autofree char *path = NULL;
	int r;

	if (!*argv0)
		return sl_err(err, -ENOENT, SL_STAGE_EXEC,
			      "the command is an empty word; hint: give a "
			      "command after --");
	if (strlen(argv0) >= PATH_MAX)
		return sl_err(err, -ENAMETOOLONG, SL_STAGE_EXEC,
			      "the command '%.60s...' is longer than a path "
			      "can be",
			      argv0);
	if (strchr(argv0, '/')) {
		path = join(rs->cwd, "", 0, argv0);
		r = path ? check_executable(path) : -ENOMEM;
	} else {
		r = search(rs, argv0, &path);
		if (r == -ENOENT)
			return not_found(rs, argv0, err);
	}
	if (r == -ENOMEM)
		return sl_err(err, r, SL_STAGE_EXEC, "out of memory");
	if (r < 0)
		return cannot_run(r, path, err);
	*ret_path = sl_take_ptr(&path);
	return 0;
}

/*
 * The command in the words of "#!/usr/bin/env ...": the kernel passes them as
 * one, so there is more than one only behind -S.
 */
static const char *env_target(char *arg)
{
	char *save = NULL, *word;

	if (strncmp(arg, "--split-string=", 15) == 0)
		arg += 15;
	else if (strncmp(arg, "-S", 2) == 0 || strncmp(arg, "-vS", 3) == 0)
		arg = strchr(arg, 'S') + 1;
	for (word = strtok_r(arg, " \t", &save); word;
	     word = strtok_r(NULL, " \t", &save)) {
		if (strcmp(word, "-u") == 0 || strcmp(word, "-C") == 0) {
			strtok_r(NULL, " \t", &save);
			continue;
		}
		if (word[0] != '-' && !strchr(word, '='))
			return word;
	}
	return NULL;
}

static int follow(struct resolver *rs, const char *path, unsigned int depth,
		  enum sl_exec_kind *ret_kind, struct sl_error *err);

/* env looks for its command itself; if it is not there, it will say so. */
static int follow_env(struct resolver *rs, char *arg, unsigned int depth,
		      struct sl_error *err)
{
	const char *word = env_target(arg);
	sl_autofree char *path = NULL;
	enum sl_exec_kind kind;
	int r;

	if (!word)
		return 0;
	if (strchr(word, '/')) {
		path = join(rs->cwd, "", 0, word);
		r = path ? check_executable(path) : -ENOMEM;
	} else {
		r = search(rs, word, &path);
	}
	if (r >= 0)
		r = follow(rs, path, depth + 1, &kind, NULL);
	return r == -ENOMEM ? sl_err(err, r, SL_STAGE_EXEC, "out of memory") : 0;
}

static int follow_interp(struct resolver *rs, const char *path,
			 struct sl_exec_head *head, unsigned int depth,
			 struct sl_error *err)
{
	bool script = head->kind == SL_EXEC_SCRIPT;
	sl_autofree char *interp = join(rs->cwd, "", 0, head->interp);
	enum sl_exec_kind kind;
	int r;

	if (!interp)
		return sl_err(err, -ENOMEM, SL_STAGE_EXEC, "out of memory");
	r = check_executable(interp);
	if (r < 0) {
		errno = -r;
		return sl_err(err,
			      r == -ENOENT || r == -ENOTDIR ? -ENOENT : -EACCES,
			      SL_STAGE_EXEC, "'%s' needs the %s '%s': %m", path,
			      script ? "interpreter" : "loader", head->interp);
	}
	r = follow(rs, interp, depth + 1, &kind, err);
	if (r < 0)
		return r;
	if (script && strcmp(strrchr(interp, '/'), "/env") == 0)
		return follow_env(rs, head->arg, depth, err);
	return 0;
}

/*
 * Collects @path and what runs it. SECURITY: below depth 0 names come from
 * files, so a file that cannot take part in an execution is not granted: else
 * "#!/home/u/photo.jpg" on a file system where all is executable would be one.
 */
static int follow(struct resolver *rs, const char *path, unsigned int depth,
		  enum sl_exec_kind *ret_kind, struct sl_error *err)
{
	sl_autofree struct sl_exec_head *head = malloc(sizeof(*head));
	int r;

	if (!head)
		return sl_err(err, -ENOMEM, SL_STAGE_EXEC, "out of memory");
	r = sl_exec_head_read(path, head);
	if (r < 0) {
		errno = -r;
		return sl_err(err, r, SL_STAGE_EXEC, "command '%s': %m", path);
	}
	*ret_kind = head->kind;
	if (depth == 0 || head->kind != SL_EXEC_OTHER) {
		r = sl_prefix_add(&rs->around, path, depth == 0, &rs->grants);
		if (r < 0) {
			errno = -r;
			return sl_err(err, r, SL_STAGE_EXEC,
				      "looking around '%s': %m", path);
		}
	}
	if (!head->interp[0])
		return 0;
	if (depth >= SL_MAX_INTERPRETERS)
		return head->kind == SL_EXEC_SCRIPT
			       ? sl_err(err, -ELOOP, SL_STAGE_EXEC,
					"'%s': too many interpreters that are "
					"scripts themselves",
					path)
			       : 0;
	return follow_interp(rs, path, head, depth, err);
}

int sl_command_resolve(const char *argv0, const char *path_env, const char *cwd,
		       struct sl_command *ret_command, struct sl_error *err)
{
	struct resolver rs = { .path_env = path_env ? path_env : DEFAULT_PATH };
	sl_autofree char *here = cwd ? strdup(cwd) : getcwd(NULL, 0);
	sl_autofree char *path = NULL;
	enum sl_exec_kind kind;
	int r;

	if (!here)
		return sl_err(err, -errno, SL_STAGE_SPAWN,
			      "cannot find out the working directory: %m; "
			      "hint: change to one that exists");
	rs.cwd = here;
	r = sl_prefix_context_init(&rs.around, here);
	if (r < 0)
		return sl_err(err, r, SL_STAGE_EXEC, "out of memory");
	r = find(&rs, argv0, &path, err);
	if (r >= 0)
		r = follow(&rs, path, 0, &kind, err);
	sl_prefix_context_fini(&rs.around);
	if (r < 0) {
		sl_pathlist_fini(&rs.grants);
		return r;
	}
	*ret_command = (struct sl_command){
		.path = sl_take_ptr(&path),
		.kind = kind,
		.grants = rs.grants.items,
		.grant_count = rs.grants.count,
	};
	return 0;
}

void sl_command_fini(struct sl_command *command)
{
	struct sl_pathlist grants = { .items = command->grants,
				      .count = command->grant_count };

	sl_pathlist_fini(&grants);
	free(command->path);
	*command = (struct sl_command){ 0 };
}
