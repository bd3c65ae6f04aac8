/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where an internet socket may go: the caller's address, as the kernel would
 * read it, put to the network rules.
 */
#ifndef SL_SUPERVISE_DESTINATION_H
#define SL_SUPERVISE_DESTINATION_H

#include "supervise/peer.h"

/*
 * May @sock, of AF_INET or AF_INET6, connect to @peer or, with @sends, send to
 * it: 0 or a negative errno. On success the address is one that our own call
 * cannot understand in another way; peer->len 0: the call has to name none.
 */
int sl_destination_judge(struct sl_call *call, const struct sl_sock *sock,
			 struct sl_peer *peer, bool sends);

/* "1.2.3.4:80" or "[::1]:80" of an address of either family. */
void sl_destination_text(const struct sl_peer *peer, char *text, size_t size);

#endif
