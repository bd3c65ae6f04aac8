/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Why a denial happened and what would allow it: its object becomes a question
 * to the engine behind sandlock explain. Outside of the judge, and only for
 * entries that somebody looks at.
 *
 * SECURITY: the object is the sandbox's choice. What is explained looks at it
 * as the caller (O_PATH alone), prints nothing, decides nothing.
 */
#include "run/denials.h"

#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "policy/netrule.h"
#include "run/explain_internal.h"

/* ------------------------------------------------ the engine */

/*
 * The policy of the run holds already what its command needs. As the words of
 * the command are not kept, the search for it is left out.
 */
static struct sl_explain *engine(struct sl_denials *d)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_OWN, .source = "a denial" };
	SL_AUTO(sl_policy) policy = NULL;
	int r;

	if (d->explain || d->mute || !d->policy)
		return d->explain;
	r = sl_policy_clone(d->policy, &policy);
	if (r == 0)
		r = sl_policy_set(policy, SL_KEY_COMMAND, "false", &origin, NULL);
	if (r == 0)
		r = sl_ex_plan(policy, d->pins, NULL, NULL, &d->explain, NULL);
	d->mute = r < 0;
	return d->explain;
}

/* ------------------------------------------------ the question */

/* Making and removing a name takes a right on the directory. */
static const char *parent(struct sl_explain *ex, const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash || slash == path)
		return "/";
	return sl_ex_text(ex, "%.*s", (int)(slash - path), path);
}

static struct sl_ask ask_call(const struct sl_denial_entry *entry)
{
	struct sl_ask ask = { .kind = SL_PROBE_CALL,
			      .call = (enum sl_sys)entry->info.call };

	memcpy(ask.args, entry->info.args, sizeof(ask.args));
	if (entry->info.call != SL_SYS_socket)
		return ask;
	ask.family = (int)(uint32_t)ask.args[0];
	ask.type = (uint32_t)ask.args[1] & 0xf;
	ask.protocol = (uint32_t)ask.args[2];
	if (ask.family == AF_UNIX ||
	    ((ask.family == AF_INET || ask.family == AF_INET6) &&
	     ask.type != SOCK_STREAM))
		ask.kind = SL_PROBE_SOCKET;
	return ask;
}

/* "1.2.3.4:80" or "[::1]:80", as the judge wrote it. */
static void ask_destination(const struct sl_denial_entry *entry,
			    struct sl_ask *ask)
{
	uint64_t proto = entry->info.args[2];
	struct sl_netrule rule;

	ask->text = NULL;
	ask->proto = proto ? (enum sl_net_proto)proto : SL_NET_TCP;
	if (sl_netrule_parse(entry->object, true, &rule, NULL) < 0 ||
	    !rule.is_cidr)
		return;
	ask->addr = rule.family == AF_INET ? sl_net_addr4(rule.addr)
					   : sl_net_addr6(rule.addr);
}

static bool ask_for(struct sl_explain *ex, const struct sl_denial_entry *entry,
		    struct sl_ask *ret_ask)
{
	static const struct {
		bool known;
		enum sl_access access;
	} paths[SL_TRY_COUNT] = {
		[SL_TRY_READ] = { true, SL_ACCESS_READ },
		[SL_TRY_WRITE] = { true, SL_ACCESS_WRITE },
		[SL_TRY_EXECUTE] = { true, SL_ACCESS_EXECUTE },
		[SL_TRY_LIST] = { true, SL_ACCESS_LIST },
		[SL_TRY_CREATE] = { true, SL_ACCESS_CREATE },
		[SL_TRY_REMOVE] = { true, SL_ACCESS_CREATE },
		[SL_TRY_CHANGE] = { true, SL_ACCESS_CHANGE },
		[SL_TRY_WATCH] = { true, SL_ACCESS_WATCH },
	};
	unsigned int access = entry->info.access;

	*ret_ask = (struct sl_ask){ .kind = SL_PROBE_PATH, .text = entry->object };
	if (entry->info.rule == SL_RULE_FILTER &&
	    entry->info.call < SL_SYS_COUNT) {
		*ret_ask = ask_call(entry);
		return true;
	}
	if (access == SL_TRY_CONNECT || access == SL_TRY_BIND) {
		ret_ask->kind = access == SL_TRY_BIND ? SL_PROBE_BIND
						      : SL_PROBE_CONNECT;
		ret_ask->family = (int)entry->info.args[0];
		ret_ask->port = (uint16_t)entry->info.args[1];
		if (ret_ask->family == AF_UNIX)
			ret_ask->kind = SL_PROBE_SOCKET;
		else
			ask_destination(entry, ret_ask);
		return true;
	}
	if (access >= SL_TRY_COUNT || !paths[access].known ||
	    entry->object[0] != '/')
		return false;
	ret_ask->access = paths[access].access;
	if (access != SL_TRY_CREATE && access != SL_TRY_REMOVE)
		return true;
	/* Carve-outs are of names, grants of the directory. */
	if (entry->info.rule == SL_RULE_PROTECTED ||
	    entry->info.rule == SL_RULE_DENIED)
		ret_ask->moves = true;
	else
		ret_ask->text = parent(ex, entry->object);
	return true;
}

/* ------------------------------------------------ the answer */

/* What is true of every denial by that rule. */
static const char *general(unsigned int rule)
{
	switch (rule) {
	case SL_RULE_NO_GRANT:
	case SL_RULE_LANDLOCK:
		return "no grant covers it";
	case SL_RULE_NO_WRITE_GRANT:
		return "no write grant covers it";
	case SL_RULE_DENIED:
		return "the policy denies it";
	case SL_RULE_PROTECTED:
		return "the policy protects it from changes";
	case SL_RULE_OUTSIDE:
		return "the process is not of the sandbox";
	case SL_RULE_KEEPER:
		return "the process supervises the sandbox";
	case SL_RULE_UNREADABLE:
		return "the memory of the caller must not be read";
	case SL_RULE_FILTER:
		return "the seccomp filter refuses it";
	default:
		return NULL;
	}
}

static void origin_of_item(struct sl_explain *ex, const struct sl_denials *d,
			   struct sl_denial_entry *entry)
{
	bool net = entry->info.access == SL_TRY_CONNECT;
	const struct sl_value *list = sl_policy_get(
		d->policy, net ? SL_KEY_NET_DENY : SL_KEY_FS_DENY);

	if (entry->info.rule == SL_RULE_DENIED && entry->info.item >= 0 &&
	    (size_t)entry->info.item < list->count)
		entry->answer.origin =
			sl_ex_origin(ex, &list->items[entry->info.item]);
}

void sl_denials_explain(struct sl_denials *d, struct sl_denial_entry *entry)
{
	struct sl_explain *ex;
	struct sl_judgement judgement = { .answer = { .rule = -1 } };
	struct sl_ask ask;

	if (entry->explained)
		return;
	entry->explained = true;
	entry->answer.reason = general(entry->info.rule);
	/* Each costs a plan of its own. */
	if (d->explained == SL_MAX_DENIALS_EXPLAINED)
		return;
	ex = engine(d);
	if (!ex)
		return;
	d->explained++;
	if (ask_for(ex, entry, &ask)) {
		sl_ex_judge(ex, &ask, &judgement);
		/* It may be granted by now, or be another object. */
		if (judgement.answer.verdict == SL_VERDICT_REFUSED) {
			sl_ex_fix(ex, &ask, &judgement);
			entry->answer = judgement.answer;
		}
	}
	origin_of_item(ex, d, entry);
}
