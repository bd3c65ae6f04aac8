/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The three calls that build a Landlock ruleset. Enforcing one is the child's
 * work. A kernel refuses an attribute that is larger than the one it knows
 * unless the rest is zero, and an older one never sees what it was not given:
 * so the size follows the ABI, and a mask that would be cut off is an error.
 */
#include "sys/landlock.h"

#include <errno.h>

#include "sys/raw.h"
#include "sys/uapi.h"

int sl_ll_create(uint64_t fs, uint64_t net, uint64_t scoped, int abi)
{
	struct sl_ll_ruleset_attr attr = {
		.handled_fs = fs,
		.handled_net = net,
		.scoped = scoped,
	};
	unsigned int size = 8;

	if (abi >= 4)
		size = 16;
	if (abi >= 6)
		size = 24;
	if (abi < 1 || (net && size < 16) || (scoped && size < 24))
		return -EINVAL;
	return (int)sl_raw3(SL_NR_landlock_create_ruleset, &attr, size, 0);
}

int sl_ll_add_path(int fd, int path_fd, uint64_t access)
{
	struct sl_ll_path_attr attr = {
		.allowed = access,
		.parent_fd = path_fd,
	};

	return (int)sl_raw4(SL_NR_landlock_add_rule, fd,
			    SL_LL_RULE_PATH_BENEATH, &attr, 0);
}

int sl_ll_add_port(int fd, uint16_t port, uint64_t access)
{
	struct sl_ll_port_attr attr = {
		.allowed = access,
		.port = port,
	};

	return (int)sl_raw4(SL_NR_landlock_add_rule, fd, SL_LL_RULE_NET_PORT,
			    &attr, 0);
}
