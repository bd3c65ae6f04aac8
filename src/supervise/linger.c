/* SPDX-License-Identifier: Apache-2.0 */
/* See linger.h. A close that a signal interrupts has closed. */
#include "supervise/linger.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "supervise/judge.h"
#include "supervise/patient.h"

bool sl_linger_may(int fd)
{
	socklen_t len = sizeof(int);
	int domain = -1;

	/* O_PATH, which is EBADF here, holds no socket. */
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len) < 0)
		return errno != ENOTSOCK && errno != EBADF;
	return domain != AF_UNIX;
}

bool sl_linger_close(struct sl_judge *judge, int fd)
{
	/* Never two: none is copied while one is kept. */
	if (fd >= 0)
		judge->kept = fd + 1;
	if (!judge->kept)
		return true;
	if (sl_hurry(&judge->hurry)) {
		close(judge->kept - 1);
		sl_hurry_over(&judge->hurry);
	} else if (!sl_patient_close(judge, judge->kept - 1)) {
		return false;
	}
	judge->kept = 0;
	return true;
}
