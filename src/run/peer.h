/* SPDX-License-Identifier: Apache-2.0 */
/* Who is at the other end of a Unix socket, and whether to deal with it. */
#ifndef SL_RUN_PEER_H
#define SL_RUN_PEER_H

#include <sys/types.h>

struct sl_peer {
	pid_t pid;
	int pidfd; /* the caller's */
};

/*
 * -EPERM: another user (root is nobody's "another"), a process that is confined
 * by more seccomp filters than the calling thread, as every process inside a
 * sandbox is, or one of which that cannot be found out. On success @ret_peer
 * holds it.
 */
int sl_peer_check(int sock, struct sl_peer *ret_peer);

#endif
