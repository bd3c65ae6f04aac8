/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the sockets of our own control plane are bound to. The kernel keeps that
 * name with the socket, so one is known by it wherever its entry is moved or
 * linked. All are SOCK_SEQPACKET.
 */
#ifndef SL_SYS_CONTROL_NAME_H
#define SL_SYS_CONTROL_NAME_H

#include <stdbool.h>

#define SL_CONTROL_BOUND "/proc/self/fd/"

/* Is @fd, or with @peer who it is connected to, bound to a name that begins so?
 * False also if that cannot be asked. */
bool sl_sock_is_control(int fd, bool peer);

#endif
