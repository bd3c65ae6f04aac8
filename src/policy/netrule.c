/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Network rules and port lists.
 *
 *	spec   = [ scheme "://" ] body
 *	scheme = "tcp" | "udp" | "icmp"
 *	body   = "[" ipcidr "]:" ports | ipcidr | target [ ":" ports ]
 *	         (icmp: "*" | ipcidr | hostname, no ports)
 *	target = "" | "*" | ipcidr | hostname
 *	ports  = port { "," port }     port = "*" | 1..65535
 *
 *	binds  = item { "," item }     item = [ ( "tcp" | "udp" ) "://" ] range
 *	range  = "*" | 0..65535 [ "-" 0..65535 ]
 *
 * Without a scheme an item is of TCP, but not behind one that has a scheme:
 *there it has to say which. (policy.c splits the list.)
 *
 * The order of attempts makes it unambiguous: scheme; icmp; bracket; empty;
 * the whole body as an address; then a split at the last colon.
 */
#include "policy/netrule.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "policy/value.h"

static int refuse(struct sl_error *err, const char *text, const char *why)
{
	return sl_err(err, -EINVAL, SL_STAGE_PARSE, "'%s': %s", SL_QUOTE(text),
		      why);
}

static bool str_is(struct sl_str s, const char *text)
{
	return s.len == strlen(text) && memcmp(s.ptr, text, s.len) == 0;
}

static struct sl_str trim(struct sl_str s)
{
	for (; s.len && (*s.ptr == ' ' || *s.ptr == '\t'); s.len--)
		s.ptr++;
	while (s.len && (s.ptr[s.len - 1] == ' ' || s.ptr[s.len - 1] == '\t'))
		s.len--;
	return s;
}

static const char *find_last(struct sl_str s, char c)
{
	return s.ptr && s.len ? memrchr(s.ptr, c, s.len) : NULL;
}

/* A destination is compared as IPv4, so a mapped rule must be IPv4 as well. */
static void unmap(struct sl_netrule *rule)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };

	if (rule->family != AF_INET6 || rule->prefix < 96 ||
	    memcmp(rule->addr, mapped, sizeof(mapped)) != 0)
		return;
	memmove(rule->addr, rule->addr + 12, 4);
	memset(rule->addr + 4, 0, 12);
	rule->family = AF_INET;
	rule->prefix -= 96;
}

enum found { NOT_IP, BAD_PREFIX, BAD_IP, IS_IP };

static enum found parse_ip(struct sl_str s, struct sl_netrule *rule)
{
	const char *slash = find_last(s, '/');
	size_t len = slash ? (size_t)(slash - s.ptr) : s.len;
	char text[INET6_ADDRSTRLEN];
	unsigned int bits;
	uint64_t prefix;

	if (len >= sizeof(text))
		return slash ? BAD_IP : NOT_IP;
	memcpy(text, s.ptr, len);
	text[len] = '\0';
	memset(rule->addr, 0, sizeof(rule->addr));
	if (strlen(text) == len && inet_pton(AF_INET, text, rule->addr) == 1)
		rule->family = AF_INET;
	else if (strlen(text) == len && inet_pton(AF_INET6, text, rule->addr) == 1)
		rule->family = AF_INET6;
	else
		return slash ? BAD_IP : NOT_IP;
	bits = rule->family == AF_INET ? 32 : 128;
	prefix = bits;
	if (slash && sl_value_u64(slash + 1, s.len - len - 1, &prefix) < 0)
		return BAD_PREFIX;
	if (prefix > bits)
		return BAD_PREFIX;
	rule->prefix = (unsigned int)prefix;
	rule->is_cidr = true;
	unmap(rule);
	return IS_IP;
}

static bool is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
}

/* Letters, digits, hyphens; labels of 1..63, 253 in all; a final dot is
 * dropped. Underscores exist in practice (service names), so they pass. */
static int parse_name(struct sl_str s, struct sl_netrule *rule)
{
	size_t label = 0;

	if (s.len && s.ptr[s.len - 1] == '.')
		s.len--;
	if (!s.len || s.len >= sizeof(rule->host))
		return -EINVAL;
	for (size_t i = 0; i <= s.len; i++) {
		char c = i < s.len ? s.ptr[i] : '.';

		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (c == '.') {
			if (!label || label > 63 || s.ptr[i - 1] == '-' ||
			    s.ptr[i - label] == '-')
				return -EINVAL;
			label = 0;
		} else if (is_label_char(c) || c == '_') {
			label++;
		} else {
			return -EINVAL;
		}
		rule->host[i] = i < s.len ? c : '\0';
	}
	return 0;
}

/* An all-digit last label is a mistyped address, never a name. */
static bool looks_numeric(const char *host)
{
	const char *dot = strrchr(host, '.');
	const char *last = dot ? dot + 1 : host;

	return strspn(last, "0123456789") == strlen(last);
}

static int parse_host(struct sl_str s, const char *spec, bool deny,
		      struct sl_netrule *rule, struct sl_error *err)
{
	if (s.len && memchr(s.ptr, '*', s.len))
		return refuse(err, spec,
			      "'*' stands alone; a name cannot hold one");
	if (parse_name(s, rule) < 0)
		return refuse(err, spec, "neither an IP address nor a host name");
	/* No address is one short number: the colon was forgotten. */
	if (strspn(rule->host, "0123456789") == strlen(rule->host) &&
	    strlen(rule->host) <= 5) {
		refuse(err, spec, "a port needs a scheme and a colon");
		sl_error_hint(err, "tcp://:%s", rule->host);
		return -EINVAL;
	}
	if (looks_numeric(rule->host))
		return refuse(err, spec, "not a valid IP address");
	if (deny)
		return refuse(err, spec,
			      "not an IP address or CIDR; host names cannot be "
			      "denied, an address or a network can");
	return 0;
}

static int parse_target(struct sl_str s, const char *spec, bool deny,
			struct sl_netrule *rule, struct sl_error *err)
{
	if (!s.len || str_is(s, "*")) {
		rule->any_host = true;
		return 0;
	}
	switch (parse_ip(s, rule)) {
	case IS_IP:
		return 0;
	case BAD_PREFIX:
		return refuse(err, spec,
			      "the prefix is not a number from 0 to 32 (IPv4) "
			      "or 128 (IPv6)");
	case BAD_IP:
		return refuse(err, spec,
			      "a '/' means a CIDR, but this is not a valid IP "
			      "address");
	case NOT_IP:
		break;
	}
	return parse_host(s, spec, deny, rule, err);
}

static int add_port(struct sl_netrule *rule, uint64_t num)
{
	for (size_t i = 0; i < rule->port_count; i++)
		if (rule->ports[i] == num)
			return 0;
	if (rule->port_count == SL_NETRULE_MAX_PORTS)
		return -E2BIG;
	rule->ports[rule->port_count++] = (uint16_t)num;
	return 0;
}

static int parse_ports(struct sl_str s, const char *spec,
		       struct sl_netrule *rule, struct sl_error *err)
{
	for (;;) {
		const char *comma = s.len ? memchr(s.ptr, ',', s.len) : NULL;
		size_t len = comma ? (size_t)(comma - s.ptr) : s.len;
		struct sl_str item = trim((struct sl_str){ s.ptr, len });
		uint64_t num;

		if (str_is(item, "*"))
			rule->any_port = true;
		else if (sl_value_u64(item.ptr, item.len, &num) < 0 || num > 65535)
			return refuse(err, spec,
				      "invalid port (1 to 65535, or *)");
		else if (!num)
			return refuse(err, spec, "port 0 is not valid");
		else if (add_port(rule, num) < 0)
			return refuse(
				err, spec,
				"more than 256 ports; hint: split the rule");
		if (!comma)
			break;
		s = (struct sl_str){ comma + 1, s.len - len - 1 };
	}
	if (rule->any_port && rule->port_count)
		return refuse(err, spec, "'*' cannot be mixed with ports");
	return 0;
}

static int parse_icmp(struct sl_str body, const char *spec, bool deny,
		      struct sl_netrule *rule, struct sl_error *err)
{
	struct sl_netrule probe = { 0 };

	rule->any_port = true;
	if (!body.len)
		return refuse(err, spec,
			      "an icmp rule needs a host, an address or *");
	if (memchr(body.ptr, ':', body.len) && parse_ip(body, &probe) == NOT_IP)
		return refuse(err, spec, "an icmp rule takes no port");
	return parse_target(body, spec, deny, rule, err);
}

/* "[" ipcidr "]:" ports; @body starts with the bracket. */
static int parse_bracket(struct sl_str body, const char *spec,
			 struct sl_netrule *rule, struct sl_error *err)
{
	const char *end = find_last(body, ']');
	size_t at = end ? (size_t)(end - body.ptr) : 0;
	struct sl_str inner;

	if (!end || at + 1 >= body.len || end[1] != ':')
		return refuse(err, spec,
			      "malformed bracketed address; as in [::1]:443");
	inner = (struct sl_str){ body.ptr + 1, at - 1 };
	switch (parse_ip(inner, rule)) {
	case IS_IP:
		break;
	case BAD_PREFIX:
		return refuse(err, spec, "the prefix is too large or invalid");
	case BAD_IP:
	case NOT_IP:
		return refuse(err, spec,
			      "not a valid IP address in the brackets");
	}
	return parse_ports((struct sl_str){ end + 2, body.len - at - 2 }, spec,
			   rule, err);
}

static int parse_body(struct sl_str body, const char *spec, bool deny,
		      struct sl_netrule *rule, struct sl_error *err)
{
	struct sl_netrule whole = *rule;
	struct sl_str target = body;
	const char *colon;
	int r;

	if (body.len && body.ptr[0] == '[')
		return parse_bracket(body, spec, rule, err);
	if (!body.len)
		return refuse(err, spec,
			      "the rule is empty; * means any destination");
	if (parse_ip(body, &whole) == IS_IP) {
		*rule = whole;
		rule->any_port = true;
		return 0;
	}
	colon = find_last(body, ':');
	if (colon)
		target.len = (size_t)(colon - body.ptr);
	if (memchr(target.ptr, ':', target.len) &&
	    parse_ip(target, &whole) != IS_IP)
		return refuse(
			err, spec,
			memchr(body.ptr, '/', body.len)
				? "not a valid CIDR; the prefix is a "
				  "number from 0 to 128"
				: "not a valid IP address; an IPv6 address "
				  "with a port is written [::1]:443");
	r = parse_target(target, spec, deny, rule, err);
	if (r < 0)
		return r;
	if (!colon) {
		rule->any_port = true;
		return 0;
	}
	return parse_ports((struct sl_str){ colon + 1, body.len - target.len - 1 },
			   spec, rule, err);
}

int sl_netrule_parse(const char *text, bool deny, struct sl_netrule *ret_rule,
		     struct sl_error *err)
{
	const char *mark = strstr(text, "://");
	struct sl_str scheme = { text, mark ? (size_t)(mark - text) : 0 };
	const char *rest = mark ? mark + 3 : text;
	struct sl_str body = { rest, strlen(rest) };
	struct sl_netrule rule = { .protos = SL_NET_TCP | SL_NET_UDP };
	int r;

	if (mark && str_is(scheme, "icmp"))
		rule.protos = SL_NET_ICMP;
	else if (mark && str_is(scheme, "tcp"))
		rule.protos = SL_NET_TCP;
	else if (mark && str_is(scheme, "udp"))
		rule.protos = SL_NET_UDP;
	else if (mark)
		return refuse(err, text,
			      "unknown scheme; expected tcp, udp or icmp, "
			      "as in tcp://:443");
	if (rule.protos == SL_NET_ICMP)
		r = parse_icmp(body, text, deny, &rule, err);
	else
		r = parse_body(body, text, deny, &rule, err);
	if (r == 0)
		*ret_rule = rule;
	return r;
}

static bool skip(struct sl_str *s, const char *prefix)
{
	size_t len = strlen(prefix);

	if (s->len < len || memcmp(s->ptr, prefix, len) != 0)
		return false;
	*s = trim((struct sl_str){ s->ptr + len, s->len - len });
	return true;
}

static int parse_range(const char *text, struct sl_str s,
		       struct sl_portrange *ret_range, struct sl_error *err)
{
	const char *dash = s.len ? memchr(s.ptr, '-', s.len) : NULL;
	size_t len = dash ? (size_t)(dash - s.ptr) : s.len;
	struct sl_str left = trim((struct sl_str){ s.ptr, len });
	struct sl_str right = left;
	uint64_t lo, hi;

	if (dash)
		right = trim((struct sl_str){ dash + 1, s.len - len - 1 });
	if (sl_value_u64(left.ptr, left.len, &lo) < 0 || lo > 65535 ||
	    sl_value_u64(right.ptr, right.len, &hi) < 0 || hi > 65535)
		return refuse(
			err, text,
			dash ? "invalid port range (as in 8000-8010)"
			: strchr(text, ':')
				? "a port is a bare number here, as in 8080 or "
				  "udp://8080"
				: "invalid port (0 to 65535)");
	if (lo > hi)
		return refuse(err, text, "reversed port range");
	ret_range->lo = (uint16_t)lo;
	ret_range->hi = (uint16_t)hi;
	return 0;
}

int sl_portrange_parse(const char *text, bool deny,
		       struct sl_portrange *ret_range, struct sl_error *err)
{
	struct sl_str s = trim((struct sl_str){ text, strlen(text) });
	struct sl_portrange range = { 0, 65535, .any = true };
	int r;

	range.udp = skip(&s, "udp://");
	if (!range.udp)
		skip(&s, "tcp://");
	if (!s.len)
		return sl_err(err, -EINVAL, SL_STAGE_PARSE,
			      "empty port in the list");
	if (str_is(s, "*") && deny)
		return refuse(err, text,
			      "the wildcard is only supported for allow-bind");
	if (!str_is(s, "*")) {
		range.any = false;
		r = parse_range(text, s, &range, err);
		if (r < 0)
			return r;
	}
	if (range.udp && deny && !range.lo)
		return refuse(err, text,
			      "a free UDP port cannot be denied: every socket "
			      "that sends is given one");
	*ret_range = range;
	return 0;
}
