/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See netlink_view.h, docs/design/netlink.md. The order of the checks is that
 * of netlink_rcv_skb() and rtnetlink_rcv_msg(), so that a caller gets the errno
 * that it would get bare, without a right to change anything.
 *
 * SECURITY: every byte of the request is the sandbox's. Lengths are compared
 * with what is left, and only then used; nothing is read in place.
 */
#include "supervise/netlink_view.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <string.h>
#include <sys/socket.h>

#include "base/compiler.h"

#define LO_INDEX 1
#define LO_NAME "lo"
#define LO_MTU 65536
#define LO_QUEUE 1000
#define RUNNING \
	(IFF_UP | IFF_LOOPBACK | IFF_RUNNING | (1u << 16)) /* LOWER_UP */
#define ALT_NAME 53  /* IFLA_ALT_IFNAME, Linux 5.5 */
#define CAPPED 0x100 /* NLM_F_CAPPED: of what was sent the head alone */
#define FOR_EVER UINT32_MAX
#define KIND_MASK 3u /* of a type: RTM_NEW..., DEL, GET, SET */
#define KIND_GET 2u

struct reply {
	unsigned char *at;
	size_t len;
	size_t head; /* where the message begins that is being written */
	const struct nlmsghdr *request;
	uint32_t port;
};

/* ------------------------------------------------ writing */

/* All that is ever written fits: the view is fixed. */
static void put(struct reply *reply, const void *data, size_t len)
{
	size_t padded = NLMSG_ALIGN(len);

	if (reply->len + padded > SL_NETLINK_REPLY_MAX)
		return;
	memset(reply->at + reply->len, 0, padded);
	memcpy(reply->at + reply->len, data, len);
	reply->len += padded;
}

static void begin(struct reply *reply, uint16_t type, uint16_t flags)
{
	struct nlmsghdr head = { .nlmsg_type = type,
				 .nlmsg_flags = flags,
				 .nlmsg_seq = reply->request->nlmsg_seq,
				 .nlmsg_pid = reply->port };

	reply->head = reply->len;
	put(reply, &head, sizeof(head));
}

static void end(struct reply *reply)
{
	uint32_t len = (uint32_t)(reply->len - reply->head);

	memcpy(reply->at + reply->head, &len, sizeof(len));
}

static void put_attr(struct reply *reply, uint16_t type, const void *data,
		     size_t len)
{
	struct rtattr attr = { .rta_len = (uint16_t)RTA_LENGTH(len),
			       .rta_type = type };

	put(reply, &attr, sizeof(attr));
	put(reply, data, len);
}

static void put_u32(struct reply *reply, uint16_t type, uint32_t value)
{
	put_attr(reply, type, &value, sizeof(value));
}

static void put_u8(struct reply *reply, uint16_t type, uint8_t value)
{
	put_attr(reply, type, &value, sizeof(value));
}

static void put_done(struct reply *reply)
{
	int32_t zero = 0;

	begin(reply, NLMSG_DONE, NLM_F_MULTI);
	put(reply, &zero, sizeof(zero));
	end(reply);
}

/* @error 0: an acknowledgement. */
static void put_error(struct reply *reply, int error)
{
	struct nlmsgerr body = { .error = -error, .msg = *reply->request };

	begin(reply, NLMSG_ERROR, CAPPED);
	put(reply, &body, sizeof(body));
	end(reply);
}

/* ------------------------------------------------ the view */

static void put_link(struct reply *reply, uint16_t flags)
{
	static const struct ifinfomsg lo = { .ifi_type = ARPHRD_LOOPBACK,
					     .ifi_index = LO_INDEX,
					     .ifi_flags = RUNNING };
	static const unsigned char mac[6];
	static const struct rtnl_link_stats64 none64;
	static const struct rtnl_link_stats none;

	begin(reply, RTM_NEWLINK, flags);
	put(reply, &lo, sizeof(lo));
	put_attr(reply, IFLA_IFNAME, LO_NAME, sizeof(LO_NAME));
	put_u32(reply, IFLA_TXQLEN, LO_QUEUE);
	put_u8(reply, IFLA_OPERSTATE, 0); /* unknown, as that of lo always is */
	put_u8(reply, IFLA_LINKMODE, 0);
	put_u32(reply, IFLA_MTU, LO_MTU);
	put_u32(reply, IFLA_GROUP, 0);
	put_u32(reply, IFLA_PROMISCUITY, 0);
	put_u32(reply, IFLA_NUM_TX_QUEUES, 1);
	put_u32(reply, IFLA_NUM_RX_QUEUES, 1);
	put_u8(reply, IFLA_CARRIER, 1);
	put_attr(reply, IFLA_QDISC, "noqueue", sizeof("noqueue"));
	put_attr(reply, IFLA_ADDRESS, mac, sizeof(mac));
	put_attr(reply, IFLA_BROADCAST, mac, sizeof(mac));
	put_attr(reply, IFLA_STATS64, &none64, sizeof(none64));
	put_attr(reply, IFLA_STATS, &none, sizeof(none));
	end(reply);
}

struct address {
	uint8_t family, bits, flags;
	bool alias;
	unsigned char bytes[16];
};

/*
 * The aliases: glibc's getaddrinfo() does not count 127.0.0.1 and ::1 when it
 * asks which families there are, and with AI_ADDRCONFIG then finds no address
 * of a family asked for by name. Both are loopback and can be bound.
 */
static const struct address addresses[] = {
	{ AF_INET, 8, IFA_F_PERMANENT, false, { 127, 0, 0, 1 } },
	{ AF_INET, 8, IFA_F_PERMANENT | IFA_F_SECONDARY, true, { 127, 0, 0, 2 } },
	{ AF_INET6, 128, IFA_F_PERMANENT, false, { [15] = 1 } },
	{ AF_INET6,
	  128,
	  IFA_F_PERMANENT,
	  true,
	  { [10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1 } },
};

static void put_address(struct reply *reply, const struct address *a)
{
	const struct ifa_cacheinfo cache = { .ifa_prefered = FOR_EVER,
					     .ifa_valid = FOR_EVER };
	const struct ifaddrmsg head = { .ifa_family = a->family,
					.ifa_prefixlen = a->bits,
					.ifa_flags = a->flags,
					.ifa_scope = RT_SCOPE_HOST,
					.ifa_index = LO_INDEX };
	size_t len = a->family == AF_INET ? 4 : 16;

	begin(reply, RTM_NEWADDR, NLM_F_MULTI);
	put(reply, &head, sizeof(head));
	put_attr(reply, IFA_ADDRESS, a->bytes, len);
	if (a->family == AF_INET) {
		put_attr(reply, IFA_LOCAL, a->bytes, len);
		put_attr(reply, IFA_LABEL, LO_NAME, sizeof(LO_NAME));
	}
	put_u32(reply, IFA_FLAGS, a->flags);
	put_attr(reply, IFA_CACHEINFO, &cache, sizeof(cache));
	end(reply);
}

/* Whoever lists interfaces asks for the links first, and sees no aliases. */
static void put_addresses(struct reply *reply, uint8_t family, bool aliases)
{
	bool all = family != AF_INET && family != AF_INET6;

	for (size_t i = 0; i < SL_ARRAY_LEN(addresses); i++)
		if ((all || addresses[i].family == family) &&
		    (aliases || !addresses[i].alias))
			put_address(reply, &addresses[i]);
}

/* ------------------------------------------------ requests */

/* Is the name in @attr, @len bytes with or without a NUL, that of lo? */
static bool is_lo(const unsigned char *name, size_t len)
{
	return strnlen((const char *)name, len) == strlen(LO_NAME) &&
	       memcmp(name, LO_NAME, strlen(LO_NAME)) == 0;
}

/* One link, by its number or its name: 0 or a positive errno. */
static int find_link(const unsigned char *body, size_t len)
{
	struct ifinfomsg info;
	struct rtattr attr;
	size_t step;

	if (len < sizeof(info))
		return EINVAL;
	memcpy(&info, body, sizeof(info));
	if (info.ifi_index)
		return info.ifi_index == LO_INDEX ? 0
		       : info.ifi_index < 0	  ? EINVAL
						  : ENODEV;
	body += sizeof(info);
	len -= sizeof(info);
	for (; len >= sizeof(attr); body += step, len -= step) {
		memcpy(&attr, body, sizeof(attr));
		if (attr.rta_len < sizeof(attr) || attr.rta_len > len)
			return EINVAL;
		if (attr.rta_type == IFLA_IFNAME || attr.rta_type == ALT_NAME)
			return is_lo(body + sizeof(attr),
				     attr.rta_len - sizeof(attr))
				       ? 0
				       : ENODEV;
		step = SL_MIN((size_t)RTA_ALIGN(attr.rta_len), len);
	}
	return EINVAL;
}

static int get_one(struct reply *reply, struct sl_netlink_port *port,
		   const unsigned char *body, size_t len)
{
	int error = EOPNOTSUPP;

	switch (reply->request->nlmsg_type) {
	case RTM_GETLINK:
		port->links = true;
		error = find_link(body, len);
		if (!error)
			put_link(reply, 0);
		return error;
	case RTM_GETROUTE:
		return ENETUNREACH;
	default:
		return error;
	}
}

/* All there are: 0 or a positive errno. */
static int dump(struct reply *reply, struct sl_netlink_port *port, uint8_t family)
{
	switch (reply->request->nlmsg_type) {
	case RTM_GETLINK:
		port->links = true;
		if (family != AF_BRIDGE)
			put_link(reply, NLM_F_MULTI);
		break;
	case RTM_GETADDR:
		put_addresses(reply, family, !port->links);
		break;
	case RTM_GETROUTE:
	case RTM_GETNEIGH:
	case RTM_GETRULE:
		break;
	default:
		return EOPNOTSUPP;
	}
	put_done(reply);
	return 0;
}

/* The body of a request: 0, or a positive errno that is to be told. */
static int handle(struct reply *reply, struct sl_netlink_port *port,
		  const unsigned char *body, size_t len, bool *ret_quiet)
{
	const struct nlmsghdr *request = reply->request;

	*ret_quiet = false;
	if (request->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	if (request->nlmsg_type > RTM_MAX)
		return EOPNOTSUPP;
	if (len < sizeof(struct rtgenmsg))
		return 0;
	if ((request->nlmsg_type & KIND_MASK) != KIND_GET)
		return EPERM;
	if (!(request->nlmsg_flags & NLM_F_DUMP))
		return get_one(reply, port, body, len);
	/* That it is complete is said by its end. */
	*ret_quiet = true;
	return dump(reply, port, body[0]);
}

size_t sl_netlink_answer(struct sl_netlink_port *port,
			 const unsigned char *request, size_t len,
			 unsigned char reply[SL_NETLINK_REPLY_MAX],
			 size_t *ret_used)
{
	struct nlmsghdr head;
	struct reply out = { .at = reply, .request = &head, .port = port->id };
	bool quiet = false;
	int error = 0;

	*ret_used = len;
	if (len < sizeof(head))
		return 0;
	memcpy(&head, request, sizeof(head));
	if (head.nlmsg_len < sizeof(head) || head.nlmsg_len > len)
		return 0;
	*ret_used = SL_MIN((size_t)NLMSG_ALIGN(head.nlmsg_len), len);
	if (head.nlmsg_flags & NLM_F_REQUEST)
		error = handle(&out, port, request + sizeof(head),
			       head.nlmsg_len - sizeof(head), &quiet);
	if (error || (head.nlmsg_flags & NLM_F_ACK && !quiet))
		put_error(&out, error);
	return out.len;
}
