/* SPDX-License-Identifier: Apache-2.0 */
/* Internet addresses as text, for the tricks that are about them. */
#ifndef ESCAPE_ATTACK_ADDR_H
#define ESCAPE_ATTACK_ADDR_H

#include <arpa/inet.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

struct addr {
	union {
		struct sockaddr any;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage ss;
	};
	socklen_t len;
};

static inline struct addr addr(const char *text, int port)
{
	struct addr a = { .len = sizeof(a.in) };

	if (inet_pton(AF_INET, text, &a.in.sin_addr) == 1) {
		a.in.sin_family = AF_INET;
		a.in.sin_port = htons((uint16_t)port);
		return a;
	}
	memset(&a.ss, 0, sizeof(a.ss));
	inet_pton(AF_INET6, text, &a.in6.sin6_addr);
	a.in6.sin6_family = AF_INET6;
	a.in6.sin6_port = htons((uint16_t)port);
	a.len = sizeof(a.in6);
	return a;
}

#endif
