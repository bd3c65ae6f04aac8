/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about files. Landlock's rule: an access is granted if some rule for
 * the object or for a directory above it, across mounts, holds the right. The
 * rules are those that the preparation of the run has just opened, compared by
 * device and inode. (A file system that lies about these misleads the answer;
 * it does not mislead the kernel.)
 */
#include "run/explain_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "policy/glob.h"
#include "run/exechead.h"
#include "run/walk.h"
#include "supervise/tables.h"
#include "sys/process.h"
#include "sys/uapi.h"

static const struct {
	const char *name;
	uint64_t right;
	int mode; /* as in access(2) */
	enum sl_key key;
} accesses[] = {
	[SL_ACCESS_READ] = { "read", SL_LL_FS_READ_FILE, R_OK, SL_KEY_FS_READ },
	[SL_ACCESS_WRITE] = { "write", SL_LL_FS_WRITE_FILE, W_OK,
			      SL_KEY_FS_WRITE },
	[SL_ACCESS_EXECUTE] = { "execute", SL_LL_FS_EXECUTE, X_OK,
				SL_KEY_FS_READ },
	[SL_ACCESS_LIST] = { "list", SL_LL_FS_READ_DIR, R_OK, SL_KEY_FS_READ },
	[SL_ACCESS_CREATE] = { "create", SL_LL_FS_MAKE_REG, W_OK | X_OK,
			       SL_KEY_FS_WRITE },
	[SL_ACCESS_CHANGE] = { "change", SL_LL_FS_WRITE_FILE, F_OK,
			       SL_KEY_FS_WRITE },
	[SL_ACCESS_WATCH] = { "watch", SL_LL_FS_READ_FILE, F_OK, SL_KEY_FS_READ },
};

const struct sl_plan_path *sl_ex_rule_above(const struct sl_explain *ex,
					    const struct sl_walk *walk,
					    uint64_t right, bool unix_too)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;
	/* Without a supervisor the program is the process that was asked. */
	bool same = sl_policy_bool(ex->policy, SL_KEY_NO_SUPERVISOR);

	for (size_t n = 0; n < walk->node_count; n++) {
		const struct sl_node *node = &walk->nodes[n];

		for (size_t i = 0; (same || !node->own) && i < ll->path_count;
		     i++) {
			const struct sl_grant *grant = &ex->prepared->grants[i];

			if (grant->made &&
			    ((grant->access & right) ||
			     (unix_too && ll->paths[i].unix_only)) &&
			    grant->dev == node->dev && grant->ino == node->ino)
				return &ll->paths[i];
		}
	}
	return NULL;
}

/* What a creation takes: every right, each by some rule. */
static uint64_t rights(const struct sl_ask *ask, const struct sl_walk *walk)
{
	uint64_t right = accesses[ask->access].right;

	if (ask->access == SL_ACCESS_CREATE && !walk->exists) {
		right |= SL_LL_FS_WRITE_FILE;
		if (walk->missing > 1 || walk->as_dir)
			right |= SL_LL_FS_MAKE_DIR;
	}
	return right;
}

static const struct sl_plan_path *rule_for_all(const struct sl_explain *ex,
					       const struct sl_walk *walk,
					       uint64_t wanted)
{
	const struct sl_plan_path *rule = NULL;

	for (uint64_t bit = 1; bit && bit <= wanted; bit <<= 1) {
		if (!(wanted & bit))
			continue;
		rule = sl_ex_rule_above(ex, walk, bit, false);
		if (!rule)
			return NULL;
	}
	return rule;
}

static void system_refuses(struct sl_explain *ex, struct sl_judgement *j, int r,
			   const char *reason)
{
	(void)ex;
	j->answer.verdict = SL_VERDICT_REFUSED;
	j->answer.rung = SL_RUNG_SYSTEM;
	j->answer.error = -r;
	j->answer.reason = reason;
	j->answer.fix = NULL;
	j->want = (struct sl_want){ 0 };
}

/* The path leads nowhere at all. */
static void nowhere(struct sl_explain *ex, const struct sl_ask *ask,
		    const struct sl_walk *walk, struct sl_judgement *j)
{
	j->answer.object = sl_ex_text(ex, "%s", ask->text);
	if (walk->magic) {
		j->answer.verdict = SL_VERDICT_DEPENDS;
		j->answer.rung = SL_RUNG_LANDLOCK;
		j->answer.reason =
			"the link leads to whatever the process that "
			"follows it has there, and that is judged";
		return;
	}
	errno = -walk->error;
	system_refuses(ex, j, walk->error,
		       walk->error == -EACCES
			       ? "file permissions refuse the way there"
			       : sl_ex_text(ex, "the path leads nowhere: %m"));
}

/* Every way of opening, by whatever spelling. */
static bool open_refused(struct sl_explain *ex, struct sl_judgement *j)
{
	static const enum sl_sys calls[] = { SL_SYS_open, SL_SYS_openat2,
					     SL_SYS_openat };
	static const uint64_t args[6];

	for (size_t i = 0; i < SL_ARRAY_LEN(calls); i++) {
		int r = sl_ex_filter(ex, calls[i], args);

		/* What is asked about is not refused by that. */
		if (sl_sys_number(calls[i], SL_ARCH_NATIVE) >= 0 &&
		    (r == 0 || r == SL_EX_JUDGED))
			return false;
	}
	sl_ex_blame_filter(ex, SL_SYS_openat, args, j);
	return true;
}

static const char *no_grant(struct sl_explain *ex, const struct sl_ask *ask,
			    const struct sl_walk *walk)
{
	bool may_be_command = !ex->argv &&
			      (ask->access == SL_ACCESS_READ ||
			       ask->access == SL_ACCESS_EXECUTE) &&
			      sl_policy_bool(ex->policy, SL_KEY_COMMAND);

	if (walk->by_self)
		return "no grant covers it; one of /proc/self itself would be "
		       "for the process that makes it, not for the one inside";
	if (may_be_command)
		return "no grant covers it, unless it belongs to the command, "
		       "which is not named here";
	return "no grant covers it";
}

static void refused(struct sl_explain *ex, const struct sl_ask *ask,
		    const struct sl_walk *walk, int permits,
		    struct sl_judgement *j)
{
	const char *value = walk->exists ? walk->path : walk->dir;

	j->answer.rung = SL_RUNG_LANDLOCK;
	j->answer.error = EACCES;
	j->answer.reason = no_grant(ex, ask, walk);
	if (permits < 0) {
		/* No flag would help. */
		j->answer.reason = sl_ex_text(
			ex, "%s, and file permissions refuse it as well",
			j->answer.reason);
		return;
	}
	if (walk->by_self)
		value = "/proc";
	j->want = (struct sl_want){ .how = SL_WANT_ADD,
				    .key = accesses[ask->access].key,
				    .value = sl_ex_text(ex, "%s", value) };
}

static void allowed(struct sl_explain *ex, const struct sl_walk *walk,
		    const struct sl_plan_path *rule, int permits,
		    struct sl_judgement *j)
{
	j->answer.rung = SL_RUNG_LANDLOCK;
	if (!rule)
		return;
	j->answer.rule = sl_ex_find(ex, rule);
	j->answer.origin = sl_ex_origin(ex, rule->item);
	if (permits < 0) {
		system_refuses(ex, j, permits,
			       permits == -EROFS
				       ? "the policy grants it, but the file "
					 "system is mounted read-only"
				       : "the policy grants it, but the file "
					 "permissions of this user refuse it");
		return;
	}
	if (S_ISSOCK(walk->mode)) {
		system_refuses(
			ex, j, -ENXIO,
			"the policy grants it, but a socket is connected "
			"to, not opened");
		return;
	}
	j->answer.verdict = SL_VERDICT_ALLOWED;
	j->answer.reason =
		sl_ex_text(ex, "the grant of %s covers it%s", rule->path,
			   walk->missing > 1 ? "; directories on the way have "
					       "to be made"
					     : "");
}

/* Is what the rule leads to the object itself, or above it? */
static bool is_object_of(const struct sl_carve_rule *rule,
			 const struct sl_walk *walk)
{
	sl_autoclose int fd = -1;
	struct stat st;

	if (!rule->path[0])
		return false;
	fd = sl_path_open(AT_FDCWD, rule->path, O_NOFOLLOW,
			  RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (fd < 0 || fstat(fd, &st) < 0)
		return false;
	for (size_t n = 0; n < walk->node_count; n++)
		if (walk->nodes[n].dev == st.st_dev &&
		    walk->nodes[n].ino == st.st_ino)
			return n == 0 || S_ISDIR(st.st_mode);
	return false;
}

/* A directory on the way to what the rule names keeps its name. */
static bool leads(const struct sl_carve_rule *rule, const struct sl_walk *walk)
{
	size_t len = strlen(walk->path);

	return strncmp(rule->pattern, walk->path, len) == 0 &&
	       rule->pattern[len] == '/';
}

/* The rule that takes the path out of its grant, for this access, or NULL. */
static const struct sl_carve_rule *carve_for(const struct sl_explain *ex,
					     const struct sl_ask *ask,
					     const struct sl_walk *walk)
{
	const struct sl_carve_set *set = &ex->prepared->carves;
	bool writes = ask->access == SL_ACCESS_WRITE ||
		      ask->access == SL_ACCESS_CREATE ||
		      ask->access == SL_ACCESS_CHANGE;
	struct sl_glob glob;

	for (size_t i = 0; i < set->count; i++) {
		const struct sl_carve_rule *rule = &set->rules[i];

		if (!writes && rule->kind != SL_CARVE_DENY)
			continue;
		if (sl_glob_compile(rule->pattern, &glob) == 0 &&
		    sl_glob_walk(&glob, walk->path) == SL_GLOB_COVERED)
			return rule;
		if (is_object_of(rule, walk) || (ask->moves && leads(rule, walk)))
			return rule;
	}
	return NULL;
}

static void carved_out(struct sl_explain *ex, const struct sl_carve_rule *rule,
		       struct sl_judgement *j)
{
	enum sl_key key = rule->kind == SL_CARVE_DENY ? SL_KEY_FS_DENY
						      : SL_KEY_FS_PROTECT;
	const struct sl_value *list = sl_policy_get(ex->prepared->policy, key);

	j->answer.verdict = SL_VERDICT_REFUSED;
	j->answer.rung = ex->prepared->denies_by_landlock &&
					 rule->kind == SL_CARVE_DENY
				 ? SL_RUNG_LANDLOCK
				 : SL_RUNG_SUPERVISOR;
	j->answer.error = EACCES;
	j->answer.reason = sl_ex_text(ex, "%s takes '%s' out of the grant",
				      sl_key_info(key)->name, rule->pattern);
	if (rule->item >= list->count)
		return;
	j->answer.origin = sl_ex_origin(ex, &list->items[rule->item]);
	j->want = (struct sl_want){ .how = SL_WANT_DROP,
				    .key = key,
				    .item = &list->items[rule->item] };
}

/* Does the path lead to what /etc/hosts leads to, or to where it would be? */
static bool is_hosts(const struct sl_explain *ex, const struct sl_walk *walk)
{
	struct stat here, hosts;
	int r;

	if (!(ex->spec.when & SL_WHEN_HOSTS))
		return false;
	r = stat("/etc/hosts", &hosts);
	if (r < 0 || !walk->exists)
		return r < 0 && strcmp(walk->path, "/etc/hosts") == 0;
	return S_ISREG(hosts.st_mode) && stat(walk->path, &here) == 0 &&
	       here.st_ino == hosts.st_ino && here.st_dev == hosts.st_dev;
}

/* Answered by the supervisor, whatever is granted. */
static bool judge_hosts(const struct sl_explain *ex, const struct sl_ask *ask,
			const struct sl_walk *walk, struct sl_judgement *j)
{
	bool reads = ask->access == SL_ACCESS_READ;

	if ((!reads && ask->access != SL_ACCESS_WRITE &&
	     ask->access != SL_ACCESS_CREATE) ||
	    !is_hosts(ex, walk))
		return false;
	j->answer.rung = SL_RUNG_SUPERVISOR;
	j->answer.verdict = reads ? SL_VERDICT_ALLOWED : SL_VERDICT_REFUSED;
	j->answer.error = reads ? 0 : EACCES;
	j->answer.reason = "it shows the names of network.allow, and their "
			   "addresses, in place of the file";
	return true;
}

/* The same, for what is granted of /proc/net. */
static bool judge_tables(const struct sl_explain *ex, const struct sl_ask *ask,
			 const struct sl_walk *walk, struct sl_judgement *j)
{
	const char *name;
	enum sl_table table;

	if (!(ex->spec.when & SL_WHEN_TABLES) || ask->access != SL_ACCESS_READ)
		return false;
	table = sl_table_find(walk->path, &name);
	if (table == SL_TABLE_NONE)
		return false;
	j->answer.rung = SL_RUNG_SUPERVISOR;
	j->answer.verdict = table == SL_TABLE_HIDDEN ? SL_VERDICT_REFUSED
						     : SL_VERDICT_ALLOWED;
	j->answer.error = table == SL_TABLE_HIDDEN ? ENOENT : 0;
	j->answer.reason = table == SL_TABLE_OWN
				   ? "it shows the sandbox's own sockets, by "
				     "their ports inside"
			   : table == SL_TABLE_FIXED
				   ? "it shows the loopback interface alone"
				   : "with --port-remap it is the host's, and "
				     "not shown";
	return true;
}

static void judge_object(struct sl_explain *ex, const struct sl_ask *ask,
			 const struct sl_walk *walk, struct sl_judgement *j)
{
	const struct sl_plan_path *rule;
	const struct sl_carve_rule *carve;
	uint64_t wanted = rights(ask, walk);
	/* Those of the directory decide about a name, and did already. */
	int permits = sl_walk_permits(
		walk, ask->moves ? F_OK : accesses[ask->access].mode);

	j->answer.object = sl_ex_text(ex, "%s", walk->path);
	if (ask->access != SL_ACCESS_EXECUTE &&
	    ask->access < SL_ACCESS_CHANGE && open_refused(ex, j))
		return;
	if (!carve_for(ex, ask, walk) && judge_hosts(ex, ask, walk, j))
		return;
	if (!walk->exists && ask->access != SL_ACCESS_CREATE) {
		system_refuses(ex, j, -ENOENT, "it does not exist");
		return;
	}
	/* Its look-up of a name fails before anybody judges. */
	if (ask->access == SL_ACCESS_CREATE && walk->on_proc) {
		system_refuses(ex, j, -ENOENT, "nothing can be made in procfs");
		return;
	}
	/* An interpreter may be anything. */
	if (ask->access == SL_ACCESS_EXECUTE && !S_ISREG(walk->mode)) {
		system_refuses(ex, j, -EACCES, "it is not a regular file");
		return;
	}
	rule = rule_for_all(ex, walk, wanted);
	carve = rule ? carve_for(ex, ask, walk) : NULL;
	if (carve)
		carved_out(ex, carve, j);
	else if (rule && judge_tables(ex, ask, walk, j))
		return;
	else if (rule)
		allowed(ex, walk, rule, permits, j);
	else
		refused(ex, ask, walk, permits, j);
}

static void judge_program(struct sl_explain *ex, const char *path,
			  unsigned int depth, struct sl_judgement *j);

/* A program is executed if whatever runs it is, too. */
static void judge_interpreter(struct sl_explain *ex, const char *path,
			      unsigned int depth, struct sl_judgement *j)
{
	sl_autofree struct sl_exec_head *head = malloc(sizeof(*head));
	struct sl_judgement inner = { .answer = { .rule = -1 } };

	if (!head) {
		ex->failed = -ENOMEM;
		return;
	}
	if (depth >= SL_MAX_INTERPRETERS || sl_exec_head_read(path, head) < 0)
		return;
	if (head->kind == SL_EXEC_UNREADABLE) {
		j->answer.verdict = SL_VERDICT_DEPENDS;
		j->answer.reason = sl_ex_text(ex,
					      "%s, if what runs it may be "
					      "executed; this user may not "
					      "read it to tell",
					      j->answer.reason);
	}
	if (!head->interp[0])
		return;
	judge_program(ex, head->interp, depth + 1, &inner);
	if (inner.answer.verdict == SL_VERDICT_ALLOWED)
		return;
	inner.answer.reason =
		sl_ex_text(ex, "it is run by '%s', which %s: %s", head->interp,
			   inner.answer.verdict == SL_VERDICT_REFUSED
				   ? "cannot be executed"
				   : "may be executed",
			   inner.answer.reason);
	inner.answer.object = j->answer.object;
	*j = inner;
}

static void judge_program(struct sl_explain *ex, const char *path,
			  unsigned int depth, struct sl_judgement *j)
{
	struct sl_ask ask = { .kind = SL_PROBE_PATH,
			      .access = SL_ACCESS_EXECUTE,
			      .text = path };
	struct sl_walk walk;

	if (sl_walk(path, &walk) < 0) {
		ex->failed = -ENOMEM;
		return;
	}
	if (walk.error)
		nowhere(ex, &ask, &walk, j);
	else
		judge_object(ex, &ask, &walk, j);
	if (j->answer.verdict == SL_VERDICT_ALLOWED)
		judge_interpreter(ex, walk.path, depth, j);
	sl_walk_fini(&walk);
}

void sl_ex_judge_path(struct sl_explain *ex, const struct sl_ask *ask,
		      struct sl_judgement *ret)
{
	struct sl_walk walk;

	if (ask->access == SL_ACCESS_EXECUTE) {
		judge_program(ex, ask->text, 0, ret);
	} else if (sl_walk(ask->text, &walk) < 0) {
		ex->failed = -ENOMEM;
	} else {
		if (walk.error)
			nowhere(ex, ask, &walk, ret);
		else
			judge_object(ex, ask, &walk, ret);
		sl_walk_fini(&walk);
	}
	ret->answer.access = accesses[ask->access].name;
}

int sl_ex_ask_path(struct sl_explain *ex, const char *text,
		   sl_ex_answer_fn *answer, struct sl_error *err)
{
	static const enum sl_access of_file[] = { SL_ACCESS_READ, SL_ACCESS_WRITE,
						  SL_ACCESS_EXECUTE };
	static const enum sl_access of_dir[] = { SL_ACCESS_LIST,
						 SL_ACCESS_CREATE };
	struct sl_ask ask = { .kind = SL_PROBE_PATH, .text = text };
	struct sl_walk walk;
	int r = sl_walk(text, &walk);
	bool is_file, is_dir;

	(void)err;
	if (r < 0)
		return r;
	is_dir = walk.exists && S_ISDIR(walk.mode);
	is_file = walk.error || (walk.exists && !is_dir);
	/* A device or a pipe is read and written, not executed. */
	for (size_t i = 0; is_file && r == 0 && i < SL_ARRAY_LEN(of_file); i++) {
		ask.access = of_file[i];
		if (ask.access == SL_ACCESS_EXECUTE && walk.exists &&
		    !S_ISREG(walk.mode))
			continue;
		r = answer(ex, &ask);
	}
	for (size_t i = 0; is_dir && r == 0 && i < SL_ARRAY_LEN(of_dir); i++) {
		ask.access = of_dir[i];
		r = answer(ex, &ask);
	}
	ask.access = SL_ACCESS_CREATE;
	if (!is_file && !is_dir)
		r = answer(ex, &ask);
	sl_walk_fini(&walk);
	return r;
}
