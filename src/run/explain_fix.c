/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The smallest change that turns a refusal into "allowed", found by doing it:
 * the judge says what it lacks, a copy of the policy gets that, is planned as
 * for a run, and is asked the same again; until it says yes or wants nothing
 * more. So what is offered does work, and together with the rest of the policy.
 */
#include "run/explain_internal.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/netrule.h"
#include "policy/ports.h"
#include "policy/value.h"
#include "run/names.h"

#define MAX_STEPS 6
#define MAX_KEPT_BYTES 200

struct fix {
	struct sl_policy *policy;
	struct sl_buf text;
	unsigned int steps;
	enum sl_key key; /* of a fix of one step */
	bool single;
	const char *no_fix; /* a step is not to be offered */
};

/* ------------------------------------------------ for a shell */

static bool needs_escape(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 127)
			return true;
	return false;
}

static void put_quoted(struct sl_buf *out, const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_-+=./:,@%^";
	bool escape = needs_escape(text);

	if (*text && !text[strspn(text, plain)]) {
		sl_buf_adds(out, text);
		return;
	}
	/* $'...' keeps control characters out of the terminal. */
	sl_buf_adds(out, escape ? "$'" : "'");
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (escape && (c < ' ' || c == 127))
			sl_buf_addf(out, "\\%03o", c);
		else if (escape && (c == '\'' || c == '\\'))
			sl_buf_addf(out, "\\%c", c);
		else if (c == '\'')
			sl_buf_adds(out, "'\\''");
		else
			sl_buf_addc(out, (char)c);
	}
	sl_buf_addc(out, '\'');
}

static void put_option(struct fix *fix, enum sl_key key, const char *value)
{
	const struct sl_key_info *info = sl_key_info(key);

	sl_buf_addf(&fix->text, "%s%s ", fix->text.len ? " " : "",
		    info->short_flag ? info->short_flag : info->flag);
	put_quoted(&fix->text, value);
}

static void put_negated(struct fix *fix, enum sl_key key)
{
	sl_buf_addf(&fix->text, "%s--no-%s", fix->text.len ? " " : "",
		    sl_key_info(key)->flag + 2);
}

/* ------------------------------------------------ one step */

static int add(struct fix *fix, enum sl_key key, const char *value)
{
	struct sl_origin origin = { .kind = SL_ORIGIN_API, .source = "fix" };
	bool alone = sl_policy_bool(fix->policy, SL_KEY_NO_SUPERVISOR);
	int r = 0;

	if (alone && !(sl_key_info(key)->flags & SL_KF_NOSUP_OK)) {
		r = sl_policy_set(fix->policy, SL_KEY_NO_SUPERVISOR, "false",
				  &origin, NULL);
		put_negated(fix, SL_KEY_NO_SUPERVISOR);
		fix->single = false;
	}
	put_option(fix, key, value);
	return r < 0 ? r : sl_policy_set(fix->policy, key, value, &origin, NULL);
}

/* What is left of the port rule @item without @port, as values of its key. */
static int keep_other_ports(struct fix *fix, const struct sl_item *item,
			    uint16_t port)
{
	const char *scheme = sl_port_is_udp(item->num) ? "udp://" : "";
	unsigned int lo = item->num >> 16 & 0xffff;
	unsigned int hi = item->num & 0xffff;
	char text[32];
	int r = 0;

	if (item->num == SL_PORT_ANY)
		lo = 0;
	if (lo < port) {
		snprintf(text, sizeof(text), "%s%u-%u", scheme, lo, port - 1u);
		r = add(fix, SL_KEY_NET_DENY_BIND, text);
	}
	if (r == 0 && hi > port) {
		snprintf(text, sizeof(text), "%s%u-%u", scheme, port + 1u, hi);
		r = add(fix, SL_KEY_NET_DENY_BIND, text);
	}
	return r;
}

static int keep_other_targets(struct fix *fix, const struct sl_item *item,
			      uint16_t port)
{
	sl_autofree struct sl_netrule *rule = malloc(sizeof(*rule));
	int r = 0;

	if (!rule || sl_netrule_parse(item->text, true, rule, NULL) < 0)
		return -ENOMEM;
	for (size_t i = 0; r == 0 && i < rule->port_count; i++) {
		char text[32];

		if (rule->ports[i] == port)
			continue;
		snprintf(text, sizeof(text), "tcp://:%u", rule->ports[i]);
		r = add(fix, SL_KEY_NET_DENY, text);
	}
	return r;
}

/*
 * A command line has no word for "all but this one". A list that is too long to
 * be written once more, as that of preset agent, is lifted whole: of what is
 * protected, which is to be read as ever, but not of what is denied.
 */
static bool is_lifted_whole(const struct sl_value *list, enum sl_key key)
{
	size_t len = 0;

	for (size_t i = 0; i < list->count; i++)
		len += strlen(list->items[i].text);
	return key == SL_KEY_FS_PROTECT && len > MAX_KEPT_BYTES;
}

/* Take the item of @want out of its list: empty the list, put the others back. */
static int drop(struct fix *fix, const struct sl_want *want, uint16_t port)
{
	struct sl_policy *before;
	const struct sl_value *list;
	bool whole;
	int r = sl_policy_clone(fix->policy, &before);

	if (r < 0)
		return r;
	list = sl_policy_get(before, want->key);
	sl_policy_clear(fix->policy, want->key);
	put_negated(fix, want->key);
	whole = is_lifted_whole(list, want->key);
	for (size_t i = 0; r == 0 && !whole && i < list->count; i++) {
		const struct sl_item *item = &list->items[i];

		if (strcmp(item->text, want->item->text) != 0)
			r = add(fix, want->key, item->text);
		else if (want->key == SL_KEY_NET_DENY_BIND)
			r = keep_other_ports(fix, item, port);
		else if (want->key == SL_KEY_NET_DENY)
			r = keep_other_targets(fix, item, port);
	}
	/* "Everything but" has become "nothing". */
	if (r == 0 && want->key == SL_KEY_NET_DENY_BIND &&
	    !sl_port_is_udp(want->item->num) &&
	    !sl_ports_items(sl_policy_get(fix->policy, want->key), false) &&
	    !sl_ports_items(sl_policy_get(fix->policy, SL_KEY_NET_ALLOW_BIND),
			    false))
		r = add(fix, SL_KEY_NET_ALLOW_BIND, "*");
	sl_policy_free(before);
	return r;
}

static int take_step(struct fix *fix, const struct sl_want *want, uint16_t port)
{
	fix->steps++;
	fix->single = fix->steps == 1 && want->how == SL_WANT_ADD;
	fix->key = want->key;
	if (want->how == SL_WANT_ADD)
		return add(fix, want->key, want->value);
	return drop(fix, want, port);
}

/* ------------------------------------------------ until it is allowed */

/*
 * A name that is asked about is not looked up for that: in the search it leads
 * to an address that nobody has. The rule is for the name, wherever it leads;
 * of localhost that is known.
 */
static bool add_stand_in(const struct sl_explain *ex, const struct sl_ask *ask,
			 struct sl_net_pins *ret_pins)
{
	static struct sl_net_addr nobody = { 4, { 192, 0, 2, 1 } };
	static struct sl_net_addr loopback[] = {
		{ 4, { 127, 0, 0, 1 } },
		{ 6, { [15] = 1 } },
	};
	const struct sl_net_pins *pins = &ex->prepared->pins;
	bool named = ask->kind == SL_PROBE_CONNECT && ask->text;

	*ret_pins = (struct sl_net_pins){
		calloc(pins->count + 1, sizeof(*pins->pins)), pins->count
	};
	if (!ret_pins->pins)
		return false;
	for (size_t i = 0; i < pins->count; i++) {
		ret_pins->pins[i] = pins->pins[i];
		if (named && strcmp(pins->pins[i].name, ask->text) == 0)
			named = false;
	}
	if (named && sl_names_is_localhost(ask->text))
		ret_pins->pins[ret_pins->count++] =
			(struct sl_net_pin){ (char *)(uintptr_t)ask->text,
					     loopback, SL_ARRAY_LEN(loopback) };
	else if (named)
		ret_pins->pins[ret_pins->count++] = (struct sl_net_pin){
			(char *)(uintptr_t)ask->text, &nobody, 1
		};
	return true;
}

static bool search(struct sl_explain *ex, const struct sl_ask *ask,
		   const struct sl_net_pins *pins, struct sl_want want,
		   struct fix *fix)
{
	SL_AUTO(sl_explain) now = NULL;

	while (fix->steps < MAX_STEPS) {
		struct sl_judgement judgement;
		struct sl_explain *next;

		fix->no_fix = sl_ex_step_objection(ex, &want);
		if (fix->no_fix)
			return false;
		/* @want may borrow from @now. */
		if (take_step(fix, &want, ask->port) < 0 ||
		    sl_ex_plan(fix->policy, pins, ex->argv, ex->envp, &next,
			       NULL) < 0)
			return false;
		sl_explain_free(now);
		now = next;
		sl_ex_judge(now, ask, &judgement);
		if (now->failed)
			return false;
		if (judgement.answer.verdict == SL_VERDICT_ALLOWED)
			return true;
		if (judgement.want.how == SL_WANT_NOTHING)
			return false;
		want = judgement.want;
	}
	return false;
}

void sl_ex_fix(struct sl_explain *ex, const struct sl_ask *ask,
	       struct sl_judgement *judgement)
{
	struct fix fix = { .text = SL_BUF_INIT(8 * SL_MAX_VALUE_BYTES) };
	struct sl_ex_answer *answer = &judgement->answer;
	struct sl_net_pins pins;

	if (judgement->want.how == SL_WANT_NOTHING)
		return;
	/* The search plans anew: spare it for what is not offered. */
	answer->no_fix = sl_ex_object_objection(ex, ask, answer);
	if (answer->no_fix)
		return;
	if (sl_policy_clone(ex->policy, &fix.policy) < 0) {
		ex->failed = -ENOMEM;
		return;
	}
	if (!add_stand_in(ex, ask, &pins))
		ex->failed = -ENOMEM;
	else if (search(ex, ask, &pins, judgement->want, &fix) &&
		 !fix.text.failed) {
		answer->fix = sl_ex_text(ex, "%s", fix.text.data);
		if (fix.single) {
			answer->fix_key = sl_key_info(fix.key)->name;
			answer->fix_value = sl_ex_text(ex, "%s",
						       judgement->want.value);
		}
	}
	answer->no_fix = fix.no_fix;
	free(pins.pins);
	sl_buf_fini(&fix.text);
	sl_policy_free(fix.policy);
}
