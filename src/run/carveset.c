/* SPDX-License-Identifier: Apache-2.0 */
/* See carveset.h. */
#include "run/carveset.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/limits.h"
#include "policy/glob.h"
#include "policy/value.h"
#include "policy/variable.h"

struct making {
	struct sl_carve_set *set;
	/* A directory that is its own canonical name, or "": what most rules of
	 * a policy are in. */
	char plain[PATH_MAX];
};

static int add(struct sl_carve_set *set, uint32_t kind, const char *pattern,
	       const char *path)
{
	struct sl_carve_rule *rule = &set->rules[set->count];

	for (size_t i = 0; i < set->count; i++)
		if (set->rules[i].kind == kind &&
		    strcmp(set->rules[i].pattern, pattern) == 0)
			return 0;
	if (set->count == SL_MAX_CARVES)
		return -E2BIG;
	*rule = (struct sl_carve_rule){ strdup(pattern), strdup(path), kind, 0 };
	set->count++;
	return rule->pattern && rule->path ? 0 : -ENOMEM;
}

/*
 * As the kernel writes @path, which exists and has no links, and as the judge
 * will read it: a directory that folds case leads there by other spellings.
 */
static void respell(char path[PATH_MAX])
{
	sl_autoclose int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char link[40], text[PATH_MAX];
	ssize_t n;

	if (fd < 0)
		return;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, text, sizeof(text) - 1);
	/* Nothing but another spelling: it may have been moved meanwhile. */
	if (n <= 0 || (size_t)n != strlen(path))
		return;
	text[n] = '\0';
	if (strcasecmp(text, path) == 0)
		memcpy(path, text, (size_t)n);
}

/* @path exists, and is its own canonical name; it, or the directory it is in. */
static void remember(struct making *m, const char *path, bool itself)
{
	size_t len = itself ? strlen(path) : (size_t)(strrchr(path, '/') - path);

	memcpy(m->plain, path, len);
	m->plain[len] = '\0';
}

/*
 * @path, absolute, without symbolic links as far as it exists, the rest as it
 * is: into @buf. A ".." behind what does not exist leads nowhere: -ENOENT.
 */
static int resolve(struct making *m, const char *path, char buf[PATH_MAX])
{
	char head[PATH_MAX], *cut;
	const char *rest;
	size_t len = strlen(path);
	int n;

	if (len >= sizeof(head))
		return -ENAMETOOLONG;
	memcpy(head, path, len + 1);
	while (!realpath(*head ? head : "/", buf)) {
		if (errno != ENOENT && errno != ENOTDIR && errno != EACCES)
			return -errno;
		cut = strrchr(head, '/');
		if (!cut)
			return -ENOENT;
		*cut = '\0';
	}
	respell(buf);
	rest = path + strlen(head);
	if (strcmp(head, buf) == 0)
		remember(m, head, *rest != '\0');
	for (const char *at = rest; (at = strstr(at, "/..")); at += 3)
		if (at[3] == '/' || !at[3])
			return -ENOENT;
	len = strlen(buf);
	if (len == 1)
		len = 0; /* "/" */
	n = snprintf(buf + len, PATH_MAX - len, "%s", rest);
	return n < 0 || (size_t)n >= PATH_MAX - len ? -ENAMETOOLONG : 0;
}

/* Is some name of @path "." or ".."? */
static bool is_winding(const char *path)
{
	while (*path) {
		size_t len = strcspn(path, "/");

		if ((len == 1 && *path == '.') ||
		    (len == 2 && path[0] == '.' && path[1] == '.'))
			return true;
		path += len + strspn(path + len, "/");
	}
	return false;
}

/*
 * Is @path, below a directory that is known to be free of links, its own
 * canonical name, because the first name below it does not exist? Most of what
 * a policy protects does not, and all of it in one directory.
 */
static bool is_plain(const struct making *m, const char *path)
{
	size_t len = strlen(m->plain), end;
	char name[PATH_MAX];
	struct stat st;

	if (!len || strncmp(path, m->plain, len) != 0 || path[len] != '/' ||
	    strstr(path + len, "//") || is_winding(path + len))
		return false;
	end = len + 1 + strcspn(path + len + 1, "/");
	if (end == len + 1 || end >= sizeof(name))
		return false;
	memcpy(name, path, end);
	name[end] = '\0';
	/* What exists may fold case or be a link: ask the long way. */
	return lstat(name, &st) < 0 && errno == ENOENT;
}

static int canonical(struct making *m, const char *path, char buf[PATH_MAX])
{
	if (!is_plain(m, path))
		return resolve(m, path, buf);
	memcpy(buf, path, strlen(path) + 1);
	return 0;
}

/* @dir, free of links, and @rest below it, either a path or a pattern. */
static int add_below(struct sl_carve_set *set, uint32_t kind, const char *dir,
		     const char *rest, bool wild)
{
	char path[2 * PATH_MAX], pattern[6 * PATH_MAX];
	int n, r;

	n = snprintf(path, sizeof(path), "%s%s%s", strcmp(dir, "/") ? dir : "",
		     *rest ? "/" : "", rest);
	if (n < 0 || n >= PATH_MAX)
		return -ENAMETOOLONG;
	if (!wild) {
		r = sl_glob_escape(path, (size_t)n, pattern, sizeof(pattern));
		return r < 0 ? r : add(set, kind, *path ? pattern : "/", path);
	}
	r = sl_glob_escape(dir, strlen(dir), pattern, sizeof(pattern));
	if (r < 0)
		return r;
	snprintf(pattern + r, sizeof(pattern) - (size_t)r, "/%s", rest);
	return add(set, kind, pattern, "");
}

/*
 * A rule for each way to write @text that has no link in its first names: what
 * a link on the way leads to is covered, and what stands in its place if the
 * link is taken away. Without links all of these are one.
 */
static int add_text(struct making *m, uint32_t kind, const char *text, bool wild)
{
	size_t end = wild ? strcspn(text, "*?[") : strlen(text);
	char head[PATH_MAX], real[PATH_MAX];
	const char *rest;
	bool found = false;
	int r = 0;

	while (wild && text[end - 1] != '/')
		end--;
	if (end >= PATH_MAX)
		return -ENAMETOOLONG;
	/* Nearly always: no link, nothing else to resolve. */
	memcpy(head, text, end);
	head[end - (end > 1 && text[end - 1] == '/')] = '\0';
	if (canonical(m, head, real) == 0 && strcmp(head, real) == 0)
		return add_below(m->set, kind, real, wild ? text + end : "",
				 wild);
	for (size_t i = 0; r == 0 && i <= end; i++) {
		if (text[i] != '/' && i < end)
			continue;
		rest = text + i + strspn(text + i, "/");
		if (is_winding(rest))
			continue;
		memcpy(head, text, i);
		head[i] = '\0';
		r = canonical(m, head, real);
		if (r == 0)
			r = add_below(m->set, kind, real, rest, wild);
		found = true;
	}
	return r < 0 || found ? r : -EINVAL;
}

static int add_item(struct making *m, uint32_t kind, const char *text,
		    struct sl_error *err)
{
	bool wild = sl_glob_is_pattern(text);
	sl_autofree char *whole = NULL, *cwd = NULL;
	int r;

	if (*text != '/' && !wild) {
		r = sl_cwd(&cwd, err);
		if (r < 0)
			return r;
	}
	/* A pattern that begins nowhere holds wherever it fits. */
	if (asprintf(&whole, "%s%s%s", cwd ? cwd : "",
		     *text == '/' ? ""
		     : wild	  ? "/**/"
				  : "/",
		     text) < 0) {
		whole = NULL;
		return -ENOMEM;
	}
	return add_text(m, kind, whole, wild);
}

static int add_key(struct making *m, const struct sl_policy *policy,
		   enum sl_key key, uint32_t kind, struct sl_error *err)
{
	const struct sl_value *value = sl_policy_get(policy, key);
	struct sl_glob glob;

	for (size_t i = 0; i < value->count; i++) {
		const struct sl_item *item = &value->items[i];
		size_t first = m->set->count;
		struct sl_error none = { 0 };
		int r = add_item(m, kind, item->text, &none);

		for (size_t k = first; r == 0 && k < m->set->count; k++) {
			m->set->rules[k].item = (uint32_t)i;
			r = sl_glob_compile(m->set->rules[k].pattern, &glob);
		}
		if (r == 0)
			continue;
		errno = -r;
		if (none.msg[0])
			sl_err(err, r, SL_STAGE_SPAWN, "%s", none.msg);
		else if (r == -E2BIG)
			sl_err(err, r, SL_STAGE_SPAWN,
			       "'%s': more than %d carve-outs, or more than %d "
			       "names in one",
			       SL_QUOTE(item->text), SL_MAX_CARVES,
			       SL_GLOB_PARTS);
		else
			sl_err(err, r, SL_STAGE_SPAWN, "'%s': %m",
			       SL_QUOTE(item->text));
		return sl_policy_blame(err, r, key, &item->origin);
	}
	return 0;
}

int sl_carve_set_make(const struct sl_policy *policy, struct sl_carve_set *set,
		      struct sl_error *err)
{
	struct making m = { .set = set };
	int r;

	if (!sl_policy_get(policy, SL_KEY_FS_DENY)->count &&
	    !sl_policy_get(policy, SL_KEY_FS_PROTECT)->count)
		return 0;
	set->rules = calloc(SL_MAX_CARVES, sizeof(*set->rules));
	if (!set->rules)
		return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
	r = add_key(&m, policy, SL_KEY_FS_DENY, SL_CARVE_DENY, err);
	if (r == 0)
		r = add_key(&m, policy, SL_KEY_FS_PROTECT, SL_CARVE_PROTECT, err);
	return r;
}

void sl_carve_set_fini(struct sl_carve_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		free((char *)(uintptr_t)set->rules[i].pattern);
		free((char *)(uintptr_t)set->rules[i].path);
	}
	free(set->rules);
	*set = (struct sl_carve_set){ NULL, 0 };
}
