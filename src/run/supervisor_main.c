/* SPDX-License-Identifier: Apache-2.0 */
/* sandlock-supervisor: started by libsandlock, not by people. */
#include <stdio.h>
#include <sys/socket.h>

#include "run/proto.h"

int main(void)
{
	int type = 0;
	socklen_t len = sizeof(type);

	if (getsockopt(SL_SUPERVISOR_CONTROL_FD, SOL_SOCKET, SO_TYPE, &type,
		       &len) < 0 ||
	    type != SOCK_SEQPACKET) {
		fputs("sandlock-supervisor: this program is started by "
		      "libsandlock; use sandlock(1)\n",
		      stderr);
		return 125;
	}
	return sl_supervisor_main();
}
