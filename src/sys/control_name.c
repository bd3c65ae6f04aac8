/* SPDX-License-Identifier: Apache-2.0 */
/* See control_name.h. */
#include "sys/control_name.h"

#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

bool sl_sock_is_control(int fd, bool peer)
{
	struct sockaddr_un name = { 0 };
	socklen_t len = sizeof(name);
	int r = peer ? getpeername(fd, (struct sockaddr *)&name, &len)
		     : getsockname(fd, (struct sockaddr *)&name, &len);

	return r == 0 && name.sun_family == AF_UNIX &&
	       strncmp(name.sun_path, SL_CONTROL_BOUND,
		       strlen(SL_CONTROL_BOUND)) == 0;
}
