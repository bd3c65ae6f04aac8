/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a sandbox is told of the network interfaces: a request of NETLINK_ROUTE
 * in, the answer out. There is a loopback interface and nothing else, whatever
 * the host has. Pure: no system call, no state but that of the socket.
 */
#ifndef SL_SUPERVISE_NETLINK_VIEW_H
#define SL_SUPERVISE_NETLINK_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SL_NETLINK_REQUEST_MAX 8192 /* bytes that are looked at */
#define SL_NETLINK_REPLY_MAX 2048   /* the longest answer to one message */
/* Messages of one request that are answered: nobody sends more than two, and an
 * answer is thirty times the question. */
#define SL_NETLINK_MESSAGES_MAX 8

/* What is known of one socket. */
struct sl_netlink_port {
	uint32_t id; /* nl_pid */
	bool links;  /* it asked for the links */
};

/*
 * The first message of @request, @len bytes: the length of the answer in
 * @reply, 0 if it needs none. *ret_used: where the next message begins, @len if
 * there is none.
 */
size_t sl_netlink_answer(struct sl_netlink_port *port,
			 const unsigned char *request, size_t len,
			 unsigned char reply[SL_NETLINK_REPLY_MAX],
			 size_t *ret_used);

#endif
