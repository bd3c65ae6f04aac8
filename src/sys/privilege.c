/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See privilege.h. SECURITY: runs between clone and exec in memory of the
 * supervisor: nothing of libc, no write outside its own stack. The gate
 * `gate-child` checks the object's imports.
 */
#include "sys/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/prctl.h>
#include <sys/syscall.h>

#include "sys/raw.h"

long sl_raw_drop_capabilities(uint32_t *ret_call)
{
	struct __user_cap_header_struct head = { _LINUX_CAPABILITY_VERSION_3, 0 };
	struct __user_cap_data_struct data[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	long r = sl_raw2(SYS_capget, &head, data);

	*ret_call = SL_CAPS_GET;
	if (r < 0)
		return r;
	*ret_call = SL_CAPS_BOUND;
	if (data[0].permitted & (1u << CAP_SETPCAP)) {
		for (long cap = 0; cap < 64; cap++) {
			r = sl_raw5(SYS_prctl, PR_CAPBSET_DROP, cap, 0, 0, 0);
			if (r == -EINVAL)
				break; /* past the last one of this kernel */
			if (r < 0)
				return r;
		}
	}
	sl_raw5(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (!(data[0].permitted | data[1].permitted | data[0].inheritable |
	      data[1].inheritable))
		return 0;
	*ret_call = SL_CAPS_SET;
	data[0] = data[1] = (struct __user_cap_data_struct){ 0, 0, 0 };
	return sl_raw2(SYS_capset, &head, data);
}

static unsigned int put_u32(char *out, uint32_t value)
{
	char digits[10];
	unsigned int n = 0, len = 0;

	do {
		digits[n++] = (char)('0' + value % 10);
		value /= 10;
	} while (value);
	while (n)
		out[len++] = digits[--n];
	return len;
}

static long write_file(const char *path, const char *text, unsigned int len)
{
	long fd = sl_raw4(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
	long r;

	if (fd < 0)
		return fd;
	r = sl_raw3(SYS_write, fd, text, len);
	sl_raw1(SYS_close, fd);
	return r < 0 ? r : 0;
}

static long write_map(const char *path, uint32_t inside, uint32_t outside)
{
	char line[32];
	unsigned int n = put_u32(line, inside);

	line[n++] = ' ';
	n += put_u32(line + n, outside);
	line[n++] = ' ';
	line[n++] = '1';
	line[n++] = '\n';
	return write_file(path, line, n);
}

long sl_raw_map_ids(uint32_t uid, uint32_t gid, uint32_t outer_uid,
		    uint32_t outer_gid, uint32_t *ret_file)
{
	long r;

	*ret_file = SL_MAP_UID;
	r = write_map("/proc/self/uid_map", uid, outer_uid);
	if (r < 0)
		return r;
	*ret_file = SL_MAP_SETGROUPS;
	r = write_file("/proc/self/setgroups", "deny", 4);
	if (r < 0)
		return r;
	*ret_file = SL_MAP_GID;
	return write_map("/proc/self/gid_map", gid, outer_gid);
}
