/* SPDX-License-Identifier: Apache-2.0 */
/* See sealed.h. */
#include "sys/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 8u
#endif

/* KERNEL < 6.3: no MFD_NOEXEC_SEAL; later ones may insist on it. */
static int make_memory(const char *name)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = memfd_create(name, flags | MFD_NOEXEC_SEAL);

	if (fd < 0 && errno == EINVAL)
		fd = memfd_create(name, flags);
	return fd < 0 ? -errno : fd;
}

static int fill(int fd, const char *text, size_t len)
{
	ssize_t n;

	for (size_t done = 0; done < len; done += (size_t)n) {
		n = write(fd, text + done, len - done);
		if (n < 0)
			return -errno;
	}
	if (fchmod(fd, 0444) < 0 ||
	    fcntl(fd, F_ADD_SEALS,
		  F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0)
		return -errno;
	return 0;
}

int sl_sealed_text(const char *name, const char *text, size_t len)
{
	int fd = make_memory(name);
	int r = fd < 0 ? fd : fill(fd, text, len);

	if (r == 0)
		return fd;
	if (fd >= 0)
		close(fd);
	return r;
}
