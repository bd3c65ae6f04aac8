/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Questions about the network. Three judges in a row, as in the kernel: the
 * filter on socket(2), the filter on connect(2) or bind(2), Landlock on the
 * port; or, where rules know more than ports, the supervisor on the destination
 * (explain_dest.c).
 */
#include "run/explain_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "policy/netrule.h"
#include "policy/ports.h"
#include "policy/value.h"
#include "sys/uapi.h"

static const char *protocol_name(const struct sl_ask *ask)
{
	if (ask->family == AF_UNIX)
		return "a Unix socket";
	return ask->protocol || ask->proto == SL_NET_ICMP ? "ICMP" : "UDP";
}

/* ------------------------------------------------ which item says so */

static bool names_port(const struct sl_item *item, bool connect, uint16_t port)
{
	struct sl_netrule rule;

	if (!connect)
		return sl_port_covers(item->num, false, port);
	if (sl_netrule_parse(item->text, false, &rule, NULL) < 0 ||
	    !(rule.protos & SL_NET_TCP))
		return false;
	for (size_t i = 0; i < rule.port_count; i++)
		if (rule.ports[i] == port)
			return true;
	return rule.any_port;
}

static const struct sl_item *item_for(const struct sl_explain *ex,
				      enum sl_key key, bool connect,
				      uint16_t port)
{
	const struct sl_value *list = sl_policy_get(ex->prepared->policy, key);

	for (size_t i = 0; i < list->count; i++)
		if (names_port(&list->items[i], connect, port))
			return &list->items[i];
	return NULL;
}

/* ------------------------------------------------ TCP */

static bool granted(const struct sl_explain *ex, uint16_t port, uint64_t right)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;

	if (!(ll->handled_net & right))
		return true;
	for (size_t i = 0; i < ll->port_count; i++)
		if (ll->ports[i].port == port)
			return (ll->ports[i].access & right) != 0;
	return false;
}

static bool read_setting(const char *path, char *text, size_t size)
{
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, size - 1);

	text[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* Ports below this number need a capability, which nobody inside has. */
static unsigned int first_free_port(void)
{
	char text[16];

	if (!read_setting("/proc/sys/net/ipv4/ip_unprivileged_port_start", text,
			  sizeof(text)))
		return 1024;
	return (unsigned int)strtoul(text, NULL, 10);
}

/* Whether a group of ours may have ICMP sockets without a capability. */
static bool may_ping(void)
{
	sl_autofree gid_t *groups = NULL;
	unsigned long lo, hi;
	char text[32], *end;
	int count = getgroups(0, NULL);

	if (!read_setting("/proc/sys/net/ipv4/ping_group_range", text,
			  sizeof(text)))
		return false;
	lo = strtoul(text, &end, 10);
	hi = strtoul(end, NULL, 10);
	groups = calloc((size_t)SL_MAX(count, 0) + 1, sizeof(*groups));
	if (!groups)
		return false;
	count = count > 0 ? getgroups(count, groups) : 0;
	if (count < 0)
		count = 0;
	groups[count] = getegid();
	for (int i = 0; i <= count; i++)
		if (groups[i] >= lo && groups[i] <= hi)
			return true;
	return false;
}

static void grant_port(struct sl_explain *ex, const struct sl_ask *ask,
		       const struct sl_item *item, struct sl_judgement *j)
{
	bool connect = ask->kind == SL_PROBE_CONNECT;

	j->answer.verdict = SL_VERDICT_ALLOWED;
	j->answer.rung = SL_RUNG_LANDLOCK;
	j->answer.rule = sl_ex_find(ex, item);
	j->answer.origin = item ? sl_ex_origin(ex, item) : NULL;
	if (item)
		j->answer.reason = connect ? "the port is granted, for every "
					     "address"
					   : "the port is granted";
	else if (sl_policy_get(ex->prepared->policy, SL_KEY_NET_DENY_BIND)->count &&
		 !connect)
		j->answer.reason = "every port is granted but those denied";
	else {
		j->answer.rung = SL_RUNG_NOTHING;
		j->answer.reason = "protection net-tcp is switched off or "
				   "missing here, so nothing judges ports";
	}
	if (!connect && ask->port && ask->port < first_free_port()) {
		j->answer.verdict = SL_VERDICT_REFUSED;
		j->answer.rung = SL_RUNG_SYSTEM;
		j->answer.error = EACCES;
		j->answer.reason = "the policy grants it, but a port this low "
				   "needs a privilege that nobody inside has";
	}
}

static void blame_deny(struct sl_explain *ex, enum sl_key key,
		       const struct sl_item *item, struct sl_judgement *j)
{
	j->answer.rule = sl_ex_find(ex, item);
	j->answer.origin = sl_ex_origin(ex, item);
	j->answer.reason = "the port is denied";
	j->want = (struct sl_want){ .how = SL_WANT_DROP, .key = key, .item = item };
}

static void refuse_port(struct sl_explain *ex, const struct sl_ask *ask,
			struct sl_judgement *j)
{
	bool connect = ask->kind == SL_PROBE_CONNECT;
	enum sl_key deny = connect ? SL_KEY_NET_DENY : SL_KEY_NET_DENY_BIND;
	const struct sl_item *item = item_for(ex, deny, connect, ask->port);

	j->answer.rung = SL_RUNG_LANDLOCK;
	j->answer.error = EACCES;
	if (item) {
		blame_deny(ex, deny, item, j);
		return;
	}
	j->answer.reason = "no rule grants the port";
	if (!connect && ask->port && ask->port < first_free_port()) {
		j->answer.reason = "no rule grants the port, and one this low "
				   "needs a privilege that nobody inside has";
		return;
	}
	j->want = (struct sl_want){
		.how = SL_WANT_ADD,
		.key = connect ? SL_KEY_NET_ALLOW : SL_KEY_NET_ALLOW_BIND,
		.value = connect ? sl_ex_rule_for(ex, ask)
				 : sl_ex_text(ex, "%u", ask->port),
	};
}

/* ------------------------------------------------ everything else */

static bool filtered(struct sl_explain *ex, enum sl_sys call, uint64_t domain,
		     uint64_t type, uint64_t protocol, struct sl_judgement *j)
{
	uint64_t args[6] = { domain, type, protocol };

	int r = sl_ex_filter(ex, call, args);

	/* Whom the judge is asked about is told by the caller. */
	if (r == 0 || r == SL_EX_JUDGED)
		return false;
	sl_ex_blame_filter(ex, call, args, j);
	return true;
}

static bool knows_hosts(const struct sl_explain *ex)
{
	return ex->prepared->plan->filter.when & SL_WHEN_NET;
}

/* ------------------------------------------------ ports of ours */

static const struct sl_item *udp_item(const struct sl_explain *ex,
				      enum sl_key key, uint16_t port)
{
	const struct sl_value *list = sl_policy_get(ex->prepared->policy, key);

	for (size_t i = 0; i < list->count; i++)
		if (sl_port_covers(list->items[i].num, true, port))
			return &list->items[i];
	return NULL;
}

static void refuse_udp_port(struct sl_explain *ex, uint16_t port,
			    struct sl_judgement *j)
{
	const struct sl_item *item = udp_item(ex, SL_KEY_NET_DENY_BIND, port);

	j->answer.rung = SL_RUNG_SUPERVISOR;
	j->answer.error = EACCES;
	if (item) {
		blame_deny(ex, SL_KEY_NET_DENY_BIND, item, j);
		return;
	}
	j->answer.reason = "no rule names the UDP port, and it is no free one";
	if (port < first_free_port()) {
		j->answer.reason =
			"no rule names the UDP port, and one this "
			"low needs a privilege that nobody inside has";
		return;
	}
	j->want = (struct sl_want){ .how = SL_WANT_ADD,
				    .key = SL_KEY_NET_ALLOW_BIND,
				    .value = sl_ex_text(ex, "udp://%u", port) };
}

static void judge_bind_udp(struct sl_explain *ex, const struct sl_ask *ask,
			   struct sl_judgement *j)
{
	const struct sl_item *item = udp_item(ex, SL_KEY_NET_ALLOW_BIND,
					      ask->port);

	j->answer.access = "bind";
	j->answer.object = sl_ex_text(ex, "UDP port %u", ask->port);
	if (filtered(ex, SL_SYS_socket, (uint64_t)ask->family, SOCK_DGRAM, 0, j)) {
		j->answer.reason = "no rule is about UDP";
		if (j->want.how == SL_WANT_ADD)
			j->want = (struct sl_want){
				.how = SL_WANT_ADD,
				.key = SL_KEY_NET_ALLOW_BIND,
				.value = sl_ex_text(ex, "udp://%u", ask->port),
			};
		return;
	}
	if (filtered(ex, SL_SYS_bind, 0, 0, 0, j))
		return;
	if (ex->prepared->plan->filter.when & SL_WHEN_BINDS &&
	    !sl_netset_binds(&ex->prepared->netset, SL_NET_BIND_UDP, ask->port)) {
		refuse_udp_port(ex, ask->port, j);
		return;
	}
	grant_port(ex, ask, item, j);
	if (j->answer.verdict != SL_VERDICT_ALLOWED)
		return;
	j->answer.rung = SL_RUNG_SUPERVISOR;
	if (!item)
		j->answer.reason =
			ask->port ? "rules about UDP name the port"
				  : "every UDP socket is given a free port";
}

/* More TCP ports than the kernel has rules for. */
static bool judges_tcp_ports(const struct sl_explain *ex)
{
	const struct sl_netset *set = &ex->prepared->netset;

	for (uint32_t i = 0; i < set->count; i++)
		if (set->entries[i].protos & SL_NET_BIND)
			return true;
	return false;
}

static void judge_bind(struct sl_explain *ex, const struct sl_ask *ask,
		       struct sl_judgement *j)
{
	bool judged = judges_tcp_ports(ex);
	bool ok;

	j->answer.access = "bind";
	j->answer.object = sl_ex_text(ex, "TCP port %u", ask->port);
	if (filtered(ex, SL_SYS_socket, (uint64_t)ask->family, SOCK_STREAM, 0, j) ||
	    filtered(ex, SL_SYS_bind, 0, 0, 0, j))
		return;
	ok = judged ? sl_netset_binds(&ex->prepared->netset, SL_NET_BIND,
				      ask->port)
		    : granted(ex, ask->port, SL_LL_NET_BIND_TCP);
	if (ok)
		grant_port(ex, ask,
			   item_for(ex, SL_KEY_NET_ALLOW_BIND, false, ask->port),
			   j);
	else
		refuse_port(ex, ask, j);
	if (judged && j->answer.rung == SL_RUNG_LANDLOCK)
		j->answer.rung = SL_RUNG_SUPERVISOR;
}

static void judge_tcp(struct sl_explain *ex, const struct sl_ask *ask,
		      struct sl_judgement *j)
{
	j->answer.object = knows_hosts(ex)
				   ? sl_ex_destination(ex, ask)
				   : sl_ex_text(ex, "TCP port %u", ask->port);
	if (filtered(ex, SL_SYS_socket, (uint64_t)ask->family, SOCK_STREAM, 0, j) ||
	    filtered(ex, SL_SYS_connect, 0, 0, 0, j))
		return;
	if (knows_hosts(ex))
		sl_ex_judge_destination(ex, ask, j);
	else if (granted(ex, ask->port, SL_LL_NET_CONNECT_TCP))
		grant_port(ex, ask,
			   item_for(ex, SL_KEY_NET_ALLOW, true, ask->port), j);
	else
		refuse_port(ex, ask, j);
}

/* The filter let the socket pass by name, and no rule is about its protocol. */
static void judge_free_socket(struct sl_explain *ex, const struct sl_ask *ask,
			      struct sl_judgement *j)
{
	const struct sl_plan_landlock *ll = &ex->prepared->plan->landlock;

	j->answer.rung = SL_RUNG_LANDLOCK;
	if (ask->proto == SL_NET_UDP &&
	    (ll->handled_net & SL_LL_NET_CONNECT_SEND_UDP)) {
		j->answer.error = EACCES;
		j->answer.reason = "no rule allows UDP";
		return;
	}
	j->answer.verdict = SL_VERDICT_ALLOWED;
	j->answer.rung = SL_RUNG_NOTHING;
	j->answer.reason = "socket is allowed by name, and nothing else judges "
			   "this protocol";
}

/* The kernel's own word on ICMP. */
static bool may_not_ping(const struct sl_ask *ask, struct sl_judgement *j)
{
	if (ask->proto != SL_NET_ICMP || may_ping())
		return false;
	j->answer.rung = SL_RUNG_SYSTEM;
	j->answer.error = EACCES;
	j->answer.reason = "sysctl net.ipv4.ping_group_range names no group of "
			   "this user";
	return true;
}

/* UDP and ICMP. */
static void judge_datagram(struct sl_explain *ex, const struct sl_ask *ask,
			   struct sl_judgement *j)
{
	uint64_t protocol = ask->proto == SL_NET_UDP  ? 0
			    : ask->family == AF_INET6 ? IPPROTO_ICMPV6
						      : IPPROTO_ICMP;

	j->answer.object = sl_ex_destination(ex, ask);
	if (filtered(ex, SL_SYS_socket, (uint64_t)ask->family, SOCK_DGRAM,
		     protocol, j)) {
		j->answer.reason = sl_ex_text(ex, "no rule allows %s",
					      protocol_name(ask));
		/* Allowing socket(2) by name opens every kind of it. */
		if (j->want.how == SL_WANT_ADD)
			j->want.key = SL_KEY_NET_ALLOW;
		j->want.value = sl_ex_rule_for(ex, ask);
		return;
	}
	if (may_not_ping(ask, j) || filtered(ex, SL_SYS_connect, 0, 0, 0, j))
		return;
	if (knows_hosts(ex))
		sl_ex_judge_destination(ex, ask, j);
	else
		judge_free_socket(ex, ask, j);
}

/* A socket of @ask's family and type, whomever it is for. */
static void judge_socket(struct sl_explain *ex, const struct sl_ask *ask,
			 struct sl_judgement *j)
{
	bool refused;

	j->answer.access = "connect";
	j->answer.object = sl_ex_text(ex, "%s%s%s", protocol_name(ask),
				      ask->text ? " at " : "",
				      ask->text ? ask->text : "");
	refused = filtered(ex, SL_SYS_socket, (uint64_t)ask->family, ask->type,
			   ask->protocol, j);
	if (ask->family == AF_UNIX) {
		refused = refused || filtered(ex, SL_SYS_connect, 0, 0, 0, j);
		if (refused)
			sl_ex_refuse_unix(ex, ask, j);
		else
			sl_ex_judge_unix(ex, ask, j);
		return;
	}
	if (!refused) {
		j->answer.verdict = SL_VERDICT_DEPENDS;
		j->answer.rung = SL_RUNG_SUPERVISOR;
		j->answer.reason = "it can be made; whom it reaches is judged";
		return;
	}
	if (j->want.how == SL_WANT_ADD)
		j->want = (struct sl_want){ 0 };
	j->answer.reason =
		ask->protocol ? "no rule allows ICMP; --net-allow "
				"icmp://HOST would"
			      : "no rule allows UDP; a host that a rule names, "
				"as in --net-allow HOST:PORT, needs no look-up";
}

void sl_ex_judge_net(struct sl_explain *ex, const struct sl_ask *ask,
		     struct sl_judgement *ret)
{
	ret->answer.access = "connect";
	if (ask->kind == SL_PROBE_SOCKET)
		judge_socket(ex, ask, ret);
	else if (ask->kind == SL_PROBE_BIND && ask->proto == SL_NET_UDP)
		judge_bind_udp(ex, ask, ret);
	else if (ask->kind == SL_PROBE_BIND)
		judge_bind(ex, ask, ret);
	else if (ask->proto == SL_NET_TCP)
		judge_tcp(ex, ask, ret);
	else
		judge_datagram(ex, ask, ret);
}

/* ------------------------------------------------ the questions */

/* False: it is a whole network. */
static bool take_host(struct sl_explain *ex, const struct sl_netrule *rule,
		      struct sl_ask *ask)
{
	ask->family = rule->is_cidr ? rule->family : AF_INET;
	if (rule->is_cidr && rule->prefix != (ask->family == AF_INET6 ? 128 : 32))
		return false;
	if (rule->is_cidr)
		ask->addr = ask->family == AF_INET ? sl_net_addr4(rule->addr)
						   : sl_net_addr6(rule->addr);
	else if (!rule->any_host)
		ask->text = sl_ex_text(ex, "%s", rule->host);
	return true;
}

void sl_ex_ask_host(struct sl_explain *ex, const char *host, struct sl_ask *ask)
{
	sl_autofree struct sl_netrule *rule = malloc(sizeof(*rule));
	bool bare6 = strchr(host, ':') && host[0] != '[';
	struct sl_ask found = *ask;
	char text[300];
	int n = snprintf(text, sizeof(text),
			 bare6 ? "tcp://[%s]:1" : "tcp://%s:1", host);

	if (!rule)
		ex->failed = -ENOMEM;
	else if (n > 0 && (size_t)n < sizeof(text) &&
		 sl_netrule_parse(text, false, rule, NULL) == 0 &&
		 rule->port_count == 1 && take_host(ex, rule, &found))
		*ask = found;
}

static int ask_rule(struct sl_explain *ex, const char *text,
		    const struct sl_netrule *rule, sl_ex_answer_fn *answer,
		    struct sl_error *err)
{
	struct sl_ask ask = { .kind = SL_PROBE_CONNECT,
			      .proto = (enum sl_net_proto)rule->protos };

	if (!take_host(ex, rule, &ask))
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "asks about a whole network; name one host");
	if (ask.proto == SL_NET_ICMP)
		return answer(ex, &ask);
	if (rule->any_port || rule->port_count != 1)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "needs one port, as in net:%s:443",
			      strchr(text, ':') ? "HOST" : SL_QUOTE(text));
	ask.port = rule->ports[0];
	return answer(ex, &ask);
}

int sl_ex_ask_net(struct sl_explain *ex, const char *text,
		  sl_ex_answer_fn *answer, struct sl_error *err)
{
	struct sl_ask to_unix = { .kind = SL_PROBE_SOCKET,
				  .family = AF_UNIX,
				  .type = SOCK_STREAM };
	sl_autofree struct sl_netrule *rule = malloc(sizeof(*rule));
	sl_autofree char *full = NULL;
	int r;

	if (*text && strspn(text, "0123456789") == strlen(text))
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "needs a host, as in net:localhost:%s",
			      SL_QUOTE(text));
	if (strncmp(text, "unix:", 5) == 0 && text[5]) {
		to_unix.text = text + 5;
		return answer(ex, &to_unix);
	}
	if (asprintf(&full, "%s%s", strstr(text, "://") ? "" : "tcp://", text) < 0)
		full = NULL;
	if (!rule || !full)
		return -ENOMEM;
	r = sl_netrule_parse(full, false, rule, err);
	return r < 0 ? r : ask_rule(ex, text, rule, answer, err);
}

int sl_ex_ask_bind(struct sl_explain *ex, const char *text,
		   sl_ex_answer_fn *answer, struct sl_error *err)
{
	struct sl_ask ask = { .kind = SL_PROBE_BIND, .family = AF_INET };
	bool udp = strncmp(text, "udp://", 6) == 0;
	const char *number = text;
	uint64_t port;

	if (udp || strncmp(text, "tcp://", 6) == 0)
		number += 6;
	if (sl_value_u64(number, strlen(number), &port) < 0 || port > UINT16_MAX)
		return sl_err(
			err, -EINVAL, SL_STAGE_PARSE,
			"'%s' is not a port: 0 (any free one) to 65535, of "
			"UDP with udp:// in front",
			SL_QUOTE(text));
	ask.proto = udp ? SL_NET_UDP : SL_NET_TCP;
	ask.port = (uint16_t)port;
	return answer(ex, &ask);
}
