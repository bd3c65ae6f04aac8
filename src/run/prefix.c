/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a program's path to what must be readable for it to work: X for
 * X/bin/prog where X is an installation, the file alone otherwise.
 *
 * SECURITY: this widens what the sandbox may read, and the names come in part
 * from files an attacker wrote ("#!" lines, links, pyvenv.cfg). So:
 *  - never the home directory or what contains it, never a system directory,
 *    never a directory known to hold secrets;
 *  - inside a home, below a mount of the user's or around the working
 *    directory, X must look like an installation, and if the user did not name
 *    it, like one of a known kind.
 * All judgements are made on canonical paths.
 */
#include "run/prefix.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

#define MAX_FOLLOWED 16 /* grants, after which no pyvenv.cfg is followed */

enum evidence {
	NEVER = 0,
	KNOWN_KIND, /* pyvenv.cfg, lib/node_modules, ... */
	LAYOUT,	    /* a lib, share, versions, ... beside the bin directory */
	NONE_NEEDED,
};

/* Path text */

/* The part of @path below @dir, "" if equal, NULL if not below. */
static const char *below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	if (n == 0 || strncmp(path, dir, n) != 0)
		return NULL;
	if (path[n] == '/')
		return path + n + 1;
	return path[n] ? NULL : path + n;
}

static unsigned int components(const char *rest)
{
	unsigned int n = *rest && *rest != '/';

	for (const char *p = rest; *p; p++)
		n += *p == '/' && p[1];
	return n;
}

/* The part of canonical @path below somebody's home, or NULL. */
static const char *below_home(const struct sl_prefix_context *ctx,
			      const char *path)
{
	static const char *const parents[] = { "/home", "/var/home" };
	const char *rest = below(path, ctx->home_real);

	if (!rest)
		rest = below(path, "/root");
	for (size_t i = 0; !rest && i < SL_ARRAY_LEN(parents); i++) {
		rest = below(path, parents[i]);
		if (rest)
			rest = strchrnul(rest, '/');
		if (rest && *rest)
			rest++;
	}
	return rest;
}

static char *join(const char *dir, const char *name)
{
	char *path = NULL;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return NULL;
	return path;
}

static bool has(const char *dir, const char *name)
{
	sl_autofree char *path = join(dir, name);

	return path && access(path, F_OK) == 0;
}

/* What is where */

/* Directories of the system: an installation starts that deep below them. */
static const struct {
	const char *dir;
	unsigned int depth;
} shared_dirs[] = {
	{ "/usr", 2 },
	{ "/var", 3 },
	{ "/run", 3 },
	{ "/mnt", 2 },
	{ "/media", 3 },
	{ "/etc", UINT_MAX },
	{ "/dev", UINT_MAX },
	{ "/proc", UINT_MAX },
	{ "/sys", UINT_MAX },
	{ "/boot", UINT_MAX },
	{ "", 2 },
};

/* In a home, at any depth. */
static const char *const secret_dirs[] = {
	".ssh",
	".gnupg",
	".aws",
	".azure",
	".kube",
	".docker",
	".mozilla",
	".thunderbird",
	".pki",
	".password-store",
	".secrets",
	".config/gcloud",
	".config/gh",
	".local/share/keyrings",
	".gem/credentials",
	".netrc",
	".npmrc",
	".pypirc",
	".git-credentials",
	".cargo/credentials",
	".cargo/credentials.toml",
};

/* In a home: never themselves; @kind is asked of their direct children. */
static const struct {
	const char *dir;
	enum evidence kind;
} shared_home_dirs[] = {
	{ ".config", KNOWN_KIND },
	{ ".local/share", LAYOUT },
	{ ".local/state", KNOWN_KIND },
	{ ".local", NEVER },
	{ ".cache", LAYOUT },
	{ ".var/app", KNOWN_KIND },
	{ ".var", NEVER },
	{ ".gem", LAYOUT },
	{ ".cargo", NEVER },
};

static bool is_secret(const struct sl_prefix_context *ctx, const char *path)
{
	const char *rest = below_home(ctx, path);

	for (size_t i = 0; rest && i < SL_ARRAY_LEN(secret_dirs); i++)
		if (below(rest, secret_dirs[i]))
			return true;
	return false;
}

static enum evidence asked_in_home(const char *rest)
{
	if (!*rest)
		return NEVER;
	for (size_t i = 0; i < SL_ARRAY_LEN(shared_home_dirs); i++) {
		const char *r = below(rest, shared_home_dirs[i].dir);

		if (r && !*r)
			return NEVER;
		if (r && components(r) == 1)
			return shared_home_dirs[i].kind;
		if (r)
			return LAYOUT;
	}
	return LAYOUT;
}

/* How much must speak for canonical directory @dir being an installation. */
static enum evidence asked_of(const struct sl_prefix_context *ctx,
			      const char *dir, bool named)
{
	const char *rest;
	enum evidence need = NONE_NEEDED;

	if (below(ctx->home_real, dir) || is_secret(ctx, dir))
		return NEVER;
	for (size_t i = 0; i < SL_ARRAY_LEN(shared_dirs); i++) {
		rest = *shared_dirs[i].dir ? below(dir, shared_dirs[i].dir)
					   : dir + 1;
		if (rest && components(rest) < shared_dirs[i].depth)
			return NEVER;
	}
	if (below(dir, "/opt") || below(dir, "/usr"))
		return NONE_NEEDED;
	rest = below_home(ctx, dir);
	if (rest)
		need = asked_in_home(rest);
	else if (below(dir, "/mnt") || below(dir, "/media") ||
		 below(ctx->cwd_real, dir))
		need = LAYOUT;
	return named ? need : SL_MIN(need, KNOWN_KIND);
}

/* @prog: canonical path of a program in @dir's @bin directory. */
static bool is_known_kind(const struct sl_prefix_context *ctx, const char *dir,
			  const char *bin, const char *prog)
{
	static const char *const signs[] = { "pyvenv.cfg", "conda-meta",
					     "lib/node_modules", "lib/ruby",
					     "lib/perl5" };
	const char *rest = below_home(ctx, dir);
	const char *name = strrchr(prog, '/') + 1;
	char lib[NAME_MAX + 8];

	for (size_t i = 0; i < SL_ARRAY_LEN(signs); i++)
		if (has(dir, signs[i]))
			return true;
	/* python3.11 beside lib/python3.11 */
	snprintf(lib, sizeof(lib), "lib/%s", name);
	if (strncmp(name, "python", 6) == 0 && has(dir, lib))
		return true;
	return strcmp(bin, "shims") == 0 && rest && *rest == '.';
}

static bool has_layout(const char *dir, const char *bin)
{
	static const char *const signs[] = { "lib",   "lib64",	   "libexec",
					     "share", "versions",  "installs",
					     "tools", "toolchains" };

	for (size_t i = 0; i < SL_ARRAY_LEN(signs); i++)
		if (has(dir, signs[i]))
			return true;
	return strcmp(bin, "shims") == 0;
}

/* Adding */

void sl_pathlist_fini(struct sl_pathlist *list)
{
	for (size_t i = 0; i < list->count; i++)
		free(list->items[i]);
	free(list->items);
	*list = (struct sl_pathlist){ 0 };
}

int sl_pathlist_add(struct sl_pathlist *list, const char *path)
{
	for (size_t i = 0; i < list->count; i++)
		if (strcmp(list->items[i], path) == 0)
			return 0;
	if (list->count == list->cap) {
		size_t cap = list->cap ? list->cap * 2 : 8;
		char **items = reallocarray(list->items, cap, sizeof(*items));

		if (!items)
			return -ENOMEM;
		list->items = items;
		list->cap = cap;
	}
	list->items[list->count] = strdup(path);
	if (!list->items[list->count])
		return -ENOMEM;
	list->count++;
	return 0;
}

static int add_existing(const struct sl_prefix_context *ctx, const char *dir,
			const char *name, struct sl_pathlist *list)
{
	sl_autofree char *path = join(dir, name);
	sl_autofree char *real = path ? realpath(path, NULL) : NULL;

	if (!path || (!real && errno == ENOMEM))
		return -ENOMEM;
	if (!real || is_secret(ctx, real) || below(ctx->home_real, real))
		return 0;
	return sl_pathlist_add(list, real);
}

/* ~/.cargo holds the registry's token; its programs are proxies that run the
 * ones in ~/.rustup. */
static int add_cargo(const struct sl_prefix_context *ctx, const char *cargo,
		     struct sl_pathlist *list)
{
	static const char *const parts[] = { "bin",	    "registry",
					     "git",	    "config",
					     "config.toml", "../.rustup" };
	int r = 0;

	for (size_t i = 0; r >= 0 && i < SL_ARRAY_LEN(parts); i++)
		r = add_existing(ctx, cargo, parts[i], list);
	return r;
}

/* /opt/NAME, or a whole store whose packages use each other. True if @file
 * is in one and it was put into @ret (PATH_MAX bytes). */
static bool package_root(const char *file, char *ret)
{
	static const char *const stores[] = { "/nix/store", "/gnu/store" };
	const char *rest = below(file, "/opt");

	if (rest && strchr(rest, '/')) {
		snprintf(ret, PATH_MAX, "/opt/%.*s",
			 (int)(strchr(rest, '/') - rest), rest);
		return true;
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(stores); i++)
		if (below(file, stores[i])) {
			snprintf(ret, PATH_MAX, "%s", stores[i]);
			return true;
		}
	return false;
}

/* `home = DIR` of a virtual environment: the bin directory it was made from. */
static int add_venv_home(const struct sl_prefix_context *ctx, const char *dir,
			 struct sl_pathlist *list)
{
	sl_autofree char *path = join(dir, "pyvenv.cfg");
	sl_autofree char *python = NULL;
	sl_autoclose int fd = -1;
	char text[4096], *value, *end;
	ssize_t n;

	if (!path)
		return -ENOMEM;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return 0;
	n = pread(fd, text, sizeof(text) - 1, 0);
	if (n <= 0)
		return 0;
	text[n] = '\0';
	value = strncmp(text, "home", 4) == 0 ? text : strstr(text, "\nhome");
	if (!value)
		return 0;
	value += *value == '\n' ? 5 : 4;
	value += strspn(value, " \t=");
	end = value + strcspn(value, "\r\n");
	while (end > value && end[-1] == ' ')
		end--;
	*end = '\0';
	if (*value != '/')
		return 0;
	python = join(value, "python3");
	if (!python)
		return -ENOMEM;
	/* Virtual environments may be chained on purpose: a circle ends because
	 * nothing is added twice, a long chain because it fills the list. */
	if (list->count >= MAX_FOLLOWED || access(python, X_OK) < 0)
		return 0;
	return sl_prefix_add(ctx, python, false, list);
}

static bool is_bin(const char *name)
{
	return strcmp(name, "bin") == 0 || strcmp(name, "sbin") == 0 ||
	       strcmp(name, "shims") == 0 || strcmp(name, "libexec") == 0;
}

/* @dir/@bin/prog was found; @dir is canonical, @prog the canonical program. */
static int add_installation(const struct sl_prefix_context *ctx,
			    const char *dir, const char *bin, const char *prog,
			    bool named, struct sl_pathlist *list)
{
	const char *rest = below_home(ctx, dir);
	bool known, ok = false;
	size_t before = list->count;
	int r;

	if (rest && strcmp(rest, ".cargo") == 0 && strcmp(bin, "bin") == 0)
		return add_cargo(ctx, dir, list);
	known = is_known_kind(ctx, dir, bin, prog);
	switch (asked_of(ctx, dir, named)) {
	case NEVER:
		break;
	case KNOWN_KIND:
		ok = known;
		break;
	case LAYOUT:
		ok = known || has_layout(dir, bin);
		break;
	case NONE_NEEDED:
		ok = true;
		break;
	}
	if (!ok)
		return 0;
	r = sl_pathlist_add(list, dir);
	if (r < 0 || list->count == before)
		return r;
	return add_venv_home(ctx, dir, list);
}

/* The installation around the bin directory that @path (absolute) lies in. */
static int add_around(const struct sl_prefix_context *ctx, const char *path,
		      const char *prog, bool named, struct sl_pathlist *list)
{
	sl_autofree char *dir = strdup(path);
	sl_autofree char *real = NULL;
	char *slash, *bin;

	if (!dir)
		return -ENOMEM;
	slash = strrchr(dir, '/');
	*slash = '\0';
	bin = strrchr(dir, '/');
	if (!bin || !is_bin(bin + 1))
		return 0;
	*bin++ = '\0';
	real = realpath(*dir ? dir : "/", NULL);
	if (!real)
		return errno == ENOMEM ? -ENOMEM : 0;
	return add_installation(ctx, real, bin, prog, named, list);
}

/* Did no symbolic link lead from @path to @real, those above home aside? */
static bool is_direct(const struct sl_prefix_context *ctx, const char *path,
		      const char *real)
{
	const char *a, *b;

	if (strcmp(path, real) == 0)
		return true;
	a = below(path, ctx->home);
	b = below(real, ctx->home_real);
	return a && b && strcmp(a, b) == 0;
}

int sl_prefix_add(const struct sl_prefix_context *ctx, const char *path,
		  bool named, struct sl_pathlist *list)
{
	sl_autofree char *real = realpath(path, NULL);
	sl_autofree char *dir = strdup(path);
	sl_autofree char *real_dir = NULL;
	char root[PATH_MAX];
	int r;

	if (!dir || (!real && errno == ENOMEM))
		return -ENOMEM;
	if (!real)
		return -errno;
	/* A link or a text that leads to a secret is not the user's word. */
	if ((!named || !is_direct(ctx, path, real)) && is_secret(ctx, real))
		return 0;
	r = sl_pathlist_add(list, real);
	if (r < 0)
		return r;
	if (package_root(real, root) && !below(ctx->home_real, root)) {
		r = sl_pathlist_add(list, root);
		if (r < 0)
			return r;
	}
	*strrchr(dir, '/') = '\0';
	real_dir = realpath(*dir ? dir : "/", NULL);
	if (!real_dir)
		return -errno;
	r = add_around(ctx, path, real,
		       named && is_direct(ctx, *dir ? dir : "/", real_dir), list);
	if (r < 0)
		return r;
	return add_around(ctx, real, real, named && is_direct(ctx, path, real),
			  list);
}

int sl_prefix_context_init(struct sl_prefix_context *ctx, const char *cwd)
{
	const char *home = getenv("HOME");

	if (!home || home[0] != '/' || home[strspn(home, "/")] == '\0')
		home = "";
	ctx->home = strdup(home);
	ctx->home_real = *home ? realpath(home, NULL) : strdup("");
	if (!ctx->home_real)
		ctx->home_real = strdup(home);
	ctx->cwd_real = realpath(cwd, NULL);
	if (!ctx->cwd_real)
		ctx->cwd_real = strdup("");
	if (ctx->home && ctx->home_real && ctx->cwd_real)
		return 0;
	sl_prefix_context_fini(ctx);
	return -ENOMEM;
}

void sl_prefix_context_fini(struct sl_prefix_context *ctx)
{
	free(ctx->home);
	free(ctx->home_real);
	free(ctx->cwd_real);
	*ctx = (struct sl_prefix_context){ 0 };
}
