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
#include <unistd.h>

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

/* f_type; not all headers have all of them. */
#define MAGIC_VFAT 0x4d44u
#define MAGIC_EXFAT 0x2011bab0u
#define MAGIC_NTFS 0x5346544eu
#define MAGIC_NTFS3 0x7366746eu
#define MAGIC_SMB 0x517bu
#define MAGIC_CIFS 0xff534d42u
#define MAGIC_SMB2 0xfe534d42u
#define MAGIC_HFS 0x4244u
#define MAGIC_HFSPLUS 0x482bu
#define MAGIC_HPFS 0xf995e849u
#define MAGIC_VBOXSF 0x786f4256u
#define MAGIC_FUSE 0x65735546u
#define MAGIC_9P 0x01021997u

enum sl_folds sl_object_folds(int fd)
{
	struct statfs st;
	uint32_t flags = 0;
	int dir;
	long r;

	if (sl_raw2(SYS_fstatfs, fd, &st) < 0)
		return SL_FOLDS_ALL;
	switch ((uint32_t)st.f_type) {
	case MAGIC_VFAT:
	case MAGIC_EXFAT:
	case MAGIC_NTFS:
	case MAGIC_NTFS3:
	case MAGIC_SMB:
	case MAGIC_CIFS:
	case MAGIC_SMB2:
	case MAGIC_HFS:
	case MAGIC_HFSPLUS:
	case MAGIC_HPFS:
	case MAGIC_VBOXSF:
		return SL_FOLDS_ALL;
	case MAGIC_FUSE:
	case MAGIC_9P:
		return SL_FOLDS_ASCII;
	default:
		break;
	}
	/* An O_PATH descriptor has no ioctl. */
	dir = (int)sl_raw4(SYS_openat, fd, ".",
			   O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0);
	/*
	 * Not for want of permission, so Landlock said no: nothing of it is
	 * granted, and no name in it changes by our doing.
	 */
	if (dir == -EACCES && sl_raw4(SL_NR_faccessat2, fd, "", R_OK,
				      AT_EMPTY_PATH | AT_EACCESS) == 0)
		return SL_FOLDS_NOT;
	if (dir < 0)
		return SL_FOLDS_ALL;
	r = sl_raw3(SYS_ioctl, dir, SL_FS_IOC_GETFLAGS, &flags);
	close(dir);
	if (r < 0)
		return r == -EACCES || r == -EPERM || r == -EIO ? SL_FOLDS_ALL
								: SL_FOLDS_NOT;
	return flags & SL_FS_CASEFOLD_FL ? SL_FOLDS_ALL : SL_FOLDS_NOT;
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
