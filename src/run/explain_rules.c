/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a plan as a list, each with its origin and with who enforces it.
 * The list is read off the prepared plan and its policy; what this version
 * leaves open is in explain_open.c, the network in explain_rules_net.c.
 */
#include "run/explain_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "plan/notify.h"
#include "run/resolve.h"
#include "sys/uapi.h"
#include "sys/uapi_seccomp.h"

#define OURS "sandlock"

static const struct sl_policy *policy_of(const struct sl_explain *ex)
{
	return ex->prepared->policy;
}

static const struct sl_plan_landlock *landlock_of(const struct sl_explain *ex)
{
	return &ex->prepared->plan->landlock;
}

static const char *key_name(enum sl_key key)
{
	return sl_key_info(key)->name;
}

/* ------------------------------------------------ files */

static const char *rights_text(struct sl_explain *ex, uint64_t access)
{
	bool write = access & SL_LL_FS_WRITE_FILE;
	sl_autobuf out = SL_BUF_INIT(128);

	if (access & SL_LL_FS_READ_FILE)
		sl_buf_adds(&out, "read");
	if (write)
		sl_buf_adds(&out, ", write");
	if (access & SL_LL_FS_EXECUTE)
		sl_buf_adds(&out, ", execute");
	if (access & SL_LL_FS_READ_DIR)
		sl_buf_adds(&out, ", list");
	if (access & SL_LL_FS_MAKE_REG)
		sl_buf_adds(&out, ", create, remove");
	return sl_ex_text(ex, "%s", out.data ? out.data : "nothing");
}

static const char *grant_note(struct sl_explain *ex,
			      const struct sl_plan_path *path,
			      const struct sl_grant *grant)
{
	sl_autofree char *real = NULL;

	if (grant->made) {
		real = realpath(path->path, NULL);
		return real && strcmp(real, path->path) != 0
			       ? sl_ex_text(ex, "is %s", real)
			       : NULL;
	}
	if (!grant->error)
		return "no right of it fits this kind of file; skipped";
	errno = -grant->error;
	return grant->error == -ENOENT ? "does not exist; skipped"
				       : sl_ex_text(ex, "%m; skipped");
}

static void list_paths(struct sl_explain *ex)
{
	const struct sl_plan_landlock *ll = landlock_of(ex);

	for (size_t i = 0; i < ll->path_count; i++) {
		const struct sl_plan_path *path = &ll->paths[i];
		const struct sl_grant *grant = &ex->prepared->grants[i];
		enum sl_key key = path->unix_only ? SL_KEY_ALLOW_UNIX
				  : path->access & SL_LL_FS_WRITE_FILE
					  ? SL_KEY_FS_WRITE
					  : SL_KEY_FS_READ;
		const char *effect = rights_text(ex, grant->made ? grant->access
								 : path->access);
		bool gpu = !path->item ||
			   strcmp(path->item->text, path->path) != 0;

		/* The nodes of forty cards that are not there tell nobody. */
		if (!path->item && !grant->made)
			continue;
		sl_ex_add_rule(
			ex,
			(struct sl_ex_rule){
				.key = gpu ? key_name(SL_KEY_GPU) : key_name(key),
				.subject = path->path,
				.effect = path->unix_only ? "Unix sockets" : effect,
				.origin = path->item ? sl_ex_origin(ex, path->item)
						     : OURS ", for --gpu",
				.note = grant_note(ex, path, grant),
				.rung = path->unix_only ? SL_RUNG_SUPERVISOR
							: SL_RUNG_LANDLOCK,
				.allows = grant->made,
				.source = path,
			});
	}
}

static void list_carve(struct sl_explain *ex, enum sl_key key,
		       const struct sl_item *item)
{
	bool deny = key == SL_KEY_FS_DENY;
	bool landlock = deny && ex->prepared->denies_by_landlock;

	sl_ex_add_rule(
		ex,
		(struct sl_ex_rule){
			.key = key_name(key),
			.subject = item->text,
			.effect = deny ? "EACCES" : "EACCES for writing",
			.origin = sl_ex_origin(ex, item),
			.note = landlock ? "by granting what lies beside it "
					   "when a run starts"
					 : NULL,
			.rung = landlock ? SL_RUNG_LANDLOCK : SL_RUNG_SUPERVISOR,
			.source = item,
		});
}

/* Landlock cannot subtract: judged call by call, but where all that lies beside
 * what is denied can be granted. */
static void list_carves(struct sl_explain *ex)
{
	static const enum sl_key keys[] = { SL_KEY_FS_DENY, SL_KEY_FS_PROTECT };

	for (size_t k = 0; k < SL_ARRAY_LEN(keys); k++) {
		const struct sl_value *list = sl_policy_get(policy_of(ex),
							    keys[k]);

		for (size_t i = 0; i < list->count; i++)
			list_carve(ex, keys[k], &list->items[i]);
	}
}

static const struct sl_item *first_item(const struct sl_explain *ex,
					enum sl_key key)
{
	const struct sl_value *value = sl_policy_get(policy_of(ex), key);

	return value->count ? &value->items[value->count - 1] : NULL;
}

static void list_made_at_start(struct sl_explain *ex)
{
	if (sl_prepare_has_tmp(policy_of(ex)))
		sl_ex_add_rule(
			ex,
			(struct sl_ex_rule){
				.key = key_name(SL_KEY_PRIVATE_TMP),
				.subject = "$TMPDIR",
				.effect = rights_text(
					ex, landlock_of(ex)->write_access),
				.origin = sl_ex_origin(
					ex, first_item(ex, SL_KEY_PRIVATE_TMP)),
				.note = "made at the start, removed at the end",
				.rung = SL_RUNG_LANDLOCK,
				.allows = true,
			});
	if (!ex->argv && sl_policy_bool(policy_of(ex), SL_KEY_COMMAND))
		sl_ex_add_rule(
			ex,
			(struct sl_ex_rule){
				.key = key_name(SL_KEY_COMMAND),
				.subject = "the command, its interpreter, the "
					   "installations of both",
				.effect = "read, execute, list",
				.origin = sl_ex_origin(
					ex, first_item(ex, SL_KEY_COMMAND)),
				.note = "depends on the command; name it "
					"behind --",
				.rung = SL_RUNG_LANDLOCK,
				.allows = true,
			});
}

/* ------------------------------------------------ Landlock beside files */

static void list_borders(struct sl_explain *ex)
{
	const struct sl_plan_landlock *ll = landlock_of(ex);

	sl_ex_add_refusal(ex, SL_RUNG_LANDLOCK,
			  "every other file and directory", "EACCES",
			  "opening, executing, creating, removing, renaming");
	sl_ex_add_refusal(ex, SL_RUNG_LANDLOCK, "making device nodes", "EACCES",
			  NULL);
	if (ll->handled_fs & SL_LL_FS_IOCTL_DEV)
		sl_ex_add_refusal(ex, SL_RUNG_LANDLOCK,
				  "ioctl on other devices", "EACCES", NULL);
	if (ll->scoped & SL_LL_SCOPE_SIGNAL)
		sl_ex_add_refusal(ex, SL_RUNG_LANDLOCK,
				  "signals to processes outside", "EPERM", NULL);
	sl_ex_add_refusal(ex, SL_RUNG_LANDLOCK, "tracing processes outside",
			  "EPERM", "their memory, environment and descriptors");
	if (ll->scoped & SL_LL_SCOPE_ABSTRACT_UNIX)
		sl_ex_add_refusal(ex, SL_RUNG_LANDLOCK,
				  "abstract sockets outside", "EPERM", NULL);
}

/* A protection that was given up, on request. */
static void list_given_up(struct sl_explain *ex)
{
	static const enum sl_key keys[] = { SL_KEY_DISABLE,
					    SL_KEY_ALLOW_DEGRADED };

	for (size_t k = 0; k < SL_ARRAY_LEN(keys); k++) {
		const struct sl_value *list = sl_policy_get(policy_of(ex),
							    keys[k]);

		for (size_t i = 0; i < list->count; i++)
			sl_ex_add_rule(
				ex, (struct sl_ex_rule){
					    .key = key_name(keys[k]),
					    .subject = sl_ex_text(
						    ex, "protection %s",
						    list->items[i].text),
					    .effect = keys[k] == SL_KEY_DISABLE
							      ? "switched off"
							      : "not needed",
					    .origin = sl_ex_origin(
						    ex, &list->items[i]),
					    .note = keys[k] == SL_KEY_DISABLE ? NULL
									      : "enforced where the kernel "
										"has it",
					    .rung = SL_RUNG_NOTHING,
					    .allows = true,
					    .source = &list->items[i],
				    });
	}
}

/* ------------------------------------------------ system calls */

static bool in_table(const struct sl_explain *ex,
		     const struct sl_filter_rule *rule)
{
	return ex->spec.list[rule->call] == SL_LIST_TABLE &&
	       sl_filter_rule_holds(rule, ex->spec.when) &&
	       sl_sys_number(rule->call, SL_ARCH_NATIVE) >= 0;
}

/* Told in one row: the same answer for the same reason, or of one call. */
static bool same_row(const struct sl_filter_rule *a,
		     const struct sl_filter_rule *b)
{
	return a->error == b->error && strcmp(a->opens, b->opens) == 0 &&
	       strcmp(a->text, b->text) == 0 &&
	       (a->call == b->call || sl_filter_rule_plain(a));
}

const struct sl_filter_rule *sl_ex_row(const struct sl_explain *ex,
				       const struct sl_filter_rule *rule)
{
	const struct sl_filter_rule *first;

	for (size_t i = 0; rule && (first = sl_filter_rule_at(i)); i++)
		if (in_table(ex, first) && same_row(first, rule))
			return first;
	return rule;
}

static const char *row_calls(struct sl_explain *ex,
			     const struct sl_filter_rule *row)
{
	sl_autobuf out = SL_BUF_INIT(4096);
	const struct sl_filter_rule *rule;
	char text[512];

	if (!sl_filter_rule_plain(row)) {
		sl_filter_rule_text(row, text, sizeof(text));
		return sl_ex_text(ex, "%s if %s", sl_sys_name(row->call), text);
	}
	for (size_t i = 0; (rule = sl_filter_rule_at(i)); i++)
		if (in_table(ex, rule) && same_row(row, rule))
			sl_buf_addf(&out, "%s%s", out.len ? ", " : "",
				    sl_sys_name(rule->call));
	return sl_ex_text(ex, "%s", out.data ? out.data : "");
}

static void list_extra(struct sl_explain *ex, enum sl_key key, const char *effect)
{
	const struct sl_value *list = sl_policy_get(policy_of(ex), key);

	for (size_t i = 0; i < list->count; i++) {
		const struct sl_sys_group *group =
			sl_sys_group_find(list->items[i].text);

		sl_ex_add_rule(
			ex, (struct sl_ex_rule){
				    .key = key_name(key),
				    .subject = list->items[i].text,
				    .effect = effect,
				    .origin = sl_ex_origin(ex, &list->items[i]),
				    .note = group ? sl_ex_text(ex, "group: %s",
							       group->help)
						  : NULL,
				    .rung = SL_RUNG_SECCOMP,
				    .allows = key == SL_KEY_EXTRA_ALLOW,
				    .source = &list->items[i],
			    });
	}
}

static void list_filter(struct sl_explain *ex)
{
	const struct sl_filter_rule *rule;

	list_extra(ex, SL_KEY_EXTRA_ALLOW, "allowed");
	list_extra(ex, SL_KEY_EXTRA_DENY, "EPERM");
	for (size_t i = 0; (rule = sl_filter_rule_at(i)); i++)
		if (in_table(ex, rule) && sl_ex_row(ex, rule) == rule)
			sl_ex_add_rule(
				ex, (struct sl_ex_rule){
					    .subject = row_calls(ex, rule),
					    .effect = sl_errno_name(rule->error),
					    .origin = OURS,
					    .note = rule->opens,
					    .rung = SL_RUNG_SECCOMP,
					    .source = rule,
				    });
	sl_ex_add_refusal(ex, SL_RUNG_SECCOMP,
			  "system calls newer than this version", "ENOSYS", NULL);
	sl_ex_add_refusal(ex, SL_RUNG_SECCOMP,
			  "entry points of other architectures", "killed",
			  "32-bit and x32: the rules would not fit them");
}

/* ------------------------------------------------ the process */

static void list_key(struct sl_explain *ex, enum sl_key key, enum sl_rung rung,
		     const char *subject, const char *effect)
{
	const struct sl_item *item = first_item(ex, key);

	if (!item)
		return;
	if (sl_key_info(key)->type == SL_TYPE_BOOL && !item->num)
		return;
	sl_ex_add_rule(ex, (struct sl_ex_rule){
				   .key = key_name(key),
				   .subject = subject,
				   .effect = effect ? effect : item->text,
				   .origin = sl_ex_origin(ex, item),
				   .rung = rung,
				   .source = item,
			   });
}

/* One row for all patterns: a preset has a hundred. */
static void list_scrubbed(struct sl_explain *ex)
{
	const struct sl_value *list = sl_policy_get(policy_of(ex),
						    SL_KEY_SCRUB_ENV);

	if (list->count)
		sl_ex_add_rule(
			ex,
			(struct sl_ex_rule){
				.key = key_name(SL_KEY_SCRUB_ENV),
				.subject = "environment",
				.effect = sl_ex_text(ex,
						     "without the names of %zu "
						     "pattern%s",
						     list->count,
						     list->count > 1 ? "s" : ""),
				.origin = sl_ex_origin(ex, &list->items[0]),
				.rung = SL_RUNG_ATTRIBUTE,
				.source = &list->items[0],
			});
}

static void list_attributes(struct sl_explain *ex)
{
	enum sl_rung rung = SL_RUNG_ATTRIBUTE;

	sl_ex_add_refusal(ex, rung, "privileges", "none gained",
			  "no_new_privs: set-user-ID bits do nothing");
	if (geteuid() == 0)
		sl_ex_add_refusal(
			ex, rung, "capabilities",
			"none kept", "root inside is an ordinary user that owns root's files");
	sl_ex_add_refusal(ex, rung, "descriptors above 2", "closed",
			  "those of the caller, before the program starts");
	list_key(ex, SL_KEY_USER, rung, "user and group", NULL);
	list_key(ex, SL_KEY_CLEAN_ENV, rung, "environment",
		 "PATH, HOME, USER, TERM and LANG only");
	list_scrubbed(ex);
	list_key(ex, SL_KEY_OPEN_FILES, rung, "open files per process", NULL);
	list_key(ex, SL_KEY_CPU_CORES, rung, "processor cores", NULL);
	list_key(ex, SL_KEY_NO_COREDUMP, rung, "core dumps", "none");
	if (ex->prepared->launch.carve_count &&
	    !sl_policy_bool(ex->prepared->policy, SL_KEY_NO_COREDUMP))
		sl_ex_add_refusal(
			ex, rung, "core dumps", "none",
			"the kernel would write them over what is carved out");
	list_key(ex, SL_KEY_NO_HUGE_PAGES, rung, "transparent huge pages",
		 "none");
	list_key(ex, SL_KEY_NO_RANDOMIZE_MEMORY, rung, "addresses",
		 "the same in every run");
}

static bool judges(const struct sl_explain *ex, const struct sl_notify_row *row)
{
	/* Limits have rows of their own. */
	return sl_filter_rule_holds(&row->rule, ex->spec.when) &&
	       !(row->rule.when & SL_WHEN_COUNTED) &&
	       ex->spec.list[row->rule.call] != SL_LIST_DENY &&
	       sl_sys_number(row->rule.call, SL_ARCH_NATIVE) >= 0;
}

/* One row for all calls about the same. */
static void list_judged(struct sl_explain *ex)
{
	const struct sl_notify_row *first, *row;

	for (size_t i = 0; (first = sl_notify_row_at(i)); i++) {
		sl_autobuf calls = SL_BUF_INIT(4096);
		bool told = false;

		for (size_t n = 0; n < i && !told; n++)
			told = judges(ex, sl_notify_row_at(n)) &&
			       strcmp(sl_notify_row_at(n)->rule.opens,
				      first->rule.opens) == 0;
		if (told || !judges(ex, first))
			continue;
		for (size_t n = i; (row = sl_notify_row_at(n)); n++)
			if (judges(ex, row) &&
			    strcmp(row->rule.opens, first->rule.opens) == 0)
				sl_buf_addf(&calls, "%s%s", calls.len ? ", " : "",
					    sl_sys_name(row->rule.call));
		sl_ex_add_refusal(
			ex, SL_RUNG_SUPERVISOR, first->rule.opens,
			"judged by its object",
			sl_ex_text(ex, "%s", calls.data ? calls.data : ""));
	}
}

static void list_supervisor(struct sl_explain *ex)
{
	const struct sl_item *alone = first_item(ex, SL_KEY_NO_SUPERVISOR);

	if (sl_policy_bool(policy_of(ex), SL_KEY_NO_SUPERVISOR)) {
		sl_ex_add_rule(ex, (struct sl_ex_rule){
					   .key = key_name(SL_KEY_NO_SUPERVISOR),
					   .subject = "processes left running",
					   .effect = "stay",
					   .origin = sl_ex_origin(ex, alone),
					   .note = "nobody ends them and "
						   "nothing keeps time",
					   .rung = SL_RUNG_NOTHING,
					   .allows = true,
					   .source = alone,
				   });
		return;
	}
	list_judged(ex);
	sl_ex_add_refusal(ex, SL_RUNG_SUPERVISOR, "processes left running",
			  "ended", "when the program ends or sandlock is killed");
	list_key(ex, SL_KEY_TIMEOUT, SL_RUNG_SUPERVISOR, "time", NULL);
	list_key(ex, SL_KEY_MEMORY, SL_RUNG_SUPERVISOR,
		 "memory of all processes together", NULL);
	list_key(ex, SL_KEY_PROCESSES, SL_RUNG_SUPERVISOR,
		 "processes at the same time", NULL);
	list_key(ex, SL_KEY_CPU, SL_RUNG_SUPERVISOR,
		 "processor time, in percent of one core", NULL);
	list_key(ex, SL_KEY_KILL_AFTER, SL_RUNG_SUPERVISOR,
		 "time from SIGTERM to SIGKILL", NULL);
}

void sl_ex_list_rules(struct sl_explain *ex)
{
	list_paths(ex);
	list_carves(ex);
	list_made_at_start(ex);
	list_borders(ex);
	sl_ex_list_network(ex);
	list_filter(ex);
	list_attributes(ex);
	list_supervisor(ex);
	list_given_up(ex);
}
