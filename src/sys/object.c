/* SPDX-License-Identifier: Apache-2.0 */
/* See object.h. */
#include "sys/object.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "sys/raw.h"
#include "sys/uapi_task.h"

int sl_object_look(int fd, struct sl_object *ret_object)
{
	struct statx st;
	int r = (int)sl_raw5(
		SYS_statx, fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC,
		STATX_TYPE | STATX_MODE | STATX_INO | STATX_MNT_ID, &st);

	if (r < 0)
		return r;
	if (!(st.stx_mask & STATX_MNT_ID))
		return -ENOSYS;
	*ret_object = (struct sl_object){
		.mount = st.stx_mnt_id,
		.dev = makedev(st.stx_dev_major, st.stx_dev_minor),
		.ino = st.stx_ino,
		.mode = st.stx_mode,
	};
	return 0;
}

int sl_object_is_proc(int fd)
{
	struct statfs st;
	int r = (int)sl_raw2(SYS_fstatfs, fd, &st);

	return r < 0 ? r : st.f_type == PROC_SUPER_MAGIC;
}

int sl_object_no_follow(int fd)
{
	struct statfs st;
	int r = (int)sl_raw2(SYS_fstatfs, fd, &st);

	return r < 0 ? r : !!(st.f_flags & SL_STATFS_NOSYMFOLLOW);
}

char *sl_object_number(char *at, unsigned int number)
{
	char digits[12];
	size_t n = sizeof(digits);

	do {
		digits[--n] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	memcpy(at, digits + n, sizeof(digits) - n);
	at += sizeof(digits) - n;
	*at = '\0';
	return at;
}

const char *sl_object_link(int fd, char buf[SL_OBJECT_LINK_MAX])
{
	static const char folder[] = "/proc/self/fd/";

	memcpy(buf, folder, sizeof(folder));
	sl_object_number(buf + sizeof(folder) - 1, (unsigned int)fd);
	return buf;
}

/* KERNEL 6.6: fchmodat2(2); before it, by the link, with the same effect. */
int sl_object_chmod(int fd, uint32_t mode)
{
	char link[SL_OBJECT_LINK_MAX];
	int r = (int)sl_raw4(SL_NR_fchmodat2, fd, "", mode, AT_EMPTY_PATH);

	if (r != -ENOSYS)
		return r;
	return (int)sl_raw3(SYS_fchmodat, AT_FDCWD, sl_object_link(fd, link),
			    mode);
}

int sl_object_chown(int fd, uint32_t uid, uint32_t gid)
{
	return (int)sl_raw5(SYS_fchownat, fd, "", uid, gid, AT_EMPTY_PATH);
}

int sl_object_utimes(int fd, const struct timespec times[2])
{
	return (int)sl_raw4(SYS_utimensat, fd, "", times, AT_EMPTY_PATH);
}
