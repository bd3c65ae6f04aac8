/* SPDX-License-Identifier: Apache-2.0 */
/* See carveset.h. */
#include "run/carveset.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/limits.h"
#include "policy/glob.h"
#include "policy/value.h"
#include "policy/variable.h"

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
	*rule = (struct sl_carve_rule){ strdup(pattern), strdup(path), kind };
	set->count++;
	return rule->pattern && rule->path ? 0 : -ENOMEM;
}

/*
 * @path, absolute, without symbolic links as far as it exists, the rest as it
 * is: into @buf. A ".." behind what does not exist leads nowhere: -ENOENT.
 */
static int canonical(const char *path, char buf[PATH_MAX])
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
	rest = path + strlen(head);
	for (const char *at = rest; (at = strstr(at, "/..")); at += 3)
		if (at[3] == '/' || !at[3])
			return -ENOENT;
	len = strlen(buf);
	if (len == 1)
		len = 0; /* "/" */
	n = snprintf(buf + len, PATH_MAX - len, "%s", rest);
	return n < 0 || (size_t)n >= PATH_MAX - len ? -ENAMETOOLONG : 0;
}

static int add_path(struct sl_carve_set *set, uint32_t kind, const char *path)
{
	char pattern[3 * PATH_MAX];
	int r = sl_glob_escape(path, strlen(path), pattern, sizeof(pattern));

	return r < 0 ? r : add(set, kind, pattern, path);
}

/*
 * A path, by its own name and, where that is a symbolic link now, by what it
 * leads to: neither the link nor its object may be changed.
 */
static int add_literal(struct sl_carve_set *set, uint32_t kind, const char *path)
{
	char own[PATH_MAX], parent[PATH_MAX], name[NAME_MAX + 2];
	size_t end = strlen(path), start;
	int r;

	while (end > 1 && path[end - 1] == '/')
		end--;
	for (start = end; start > 0 && path[start - 1] != '/'; start--)
		;
	if (end - start && end - start <= NAME_MAX && start < PATH_MAX &&
	    strcmp(path + start, "..") != 0 && strcmp(path + start, ".") != 0) {
		memcpy(parent, path, start);
		parent[start] = '\0';
		snprintf(name, sizeof(name), "%.*s", (int)(end - start),
			 path + start);
		r = canonical(parent, own);
		if (r < 0)
			return r;
		start = strlen(own);
		if (start && own[start - 1] == '/')
			start--;
		if (start + strlen(name) + 2 > sizeof(own))
			return -ENAMETOOLONG;
		snprintf(own + start, sizeof(own) - start, "/%s", name);
		r = add_path(set, kind, own);
		if (r < 0)
			return r;
	}
	r = canonical(path, own);
	return r < 0 ? r : add_path(set, kind, own);
}

/* What stands before the first wildcard is a directory like any other. */
static int add_pattern(struct sl_carve_set *set, uint32_t kind, const char *text)
{
	char head[PATH_MAX], real[PATH_MAX], out[4 * PATH_MAX];
	size_t cut = strcspn(text, "*?[");
	int n;

	while (cut > 0 && text[cut - 1] != '/')
		cut--;
	if (cut <= 1 || cut >= sizeof(head))
		return add(set, kind, text, "");
	memcpy(head, text, cut - 1);
	head[cut - 1] = '\0';
	n = canonical(head, real);
	if (n == 0)
		n = sl_glob_escape(real, strlen(real), out, sizeof(out));
	if (n < 0)
		return n;
	if ((size_t)n + strlen(text + cut - 1) + 1 > sizeof(out))
		return -ENAMETOOLONG;
	snprintf(out + n, sizeof(out) - (size_t)n, "%s", text + cut - 1);
	return add(set, kind, out, "");
}

static int add_item(struct sl_carve_set *set, uint32_t kind, const char *text,
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
	return wild ? add_pattern(set, kind, whole)
		    : add_literal(set, kind, whole);
}

static int add_key(struct sl_carve_set *set, const struct sl_policy *policy,
		   enum sl_key key, uint32_t kind, struct sl_error *err)
{
	const struct sl_value *value = sl_policy_get(policy, key);
	struct sl_glob glob;

	for (size_t i = 0; i < value->count; i++) {
		const struct sl_item *item = &value->items[i];
		size_t first = set->count;
		struct sl_error none = { 0 };
		int r = add_item(set, kind, item->text, &none);

		for (size_t k = first; r == 0 && k < set->count; k++)
			r = sl_glob_compile(set->rules[k].pattern, &glob);
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
	int r;

	if (!sl_policy_get(policy, SL_KEY_FS_DENY)->count &&
	    !sl_policy_get(policy, SL_KEY_FS_PROTECT)->count)
		return 0;
	set->rules = calloc(SL_MAX_CARVES, sizeof(*set->rules));
	if (!set->rules)
		return sl_err(err, -ENOMEM, SL_STAGE_SPAWN, "out of memory");
	r = add_key(set, policy, SL_KEY_FS_DENY, SL_CARVE_DENY, err);
	if (r == 0)
		r = add_key(set, policy, SL_KEY_FS_PROTECT, SL_CARVE_PROTECT,
			    err);
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
