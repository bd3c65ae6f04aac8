/* SPDX-License-Identifier: Apache-2.0 */
/* Denials: argument checks and the public struct, then run/denials. */
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "run/sandbox.h"
#include "sys/syscalls.h"

static int show(const struct sl_denial_entry *entry, sandlock_denial *ret)
{
	const struct sl_event_info *info = &entry->info;
	sandlock_denial d = { 0 };

	d.size = ret->size;
	d.time_ns = (int64_t)info->time_ns;
	d.pid = info->pid;
	d.tid = info->tid;
	d.count = entry->count;
	d.program = entry->program;
	d.call = info->call < SL_SYS_COUNT ? sl_sys_name((enum sl_sys)info->call)
					   : "unknown";
	d.access = sl_denial_access_name(info->access);
	d.object = entry->object;
	d.rule = sl_denial_rule_name(info->rule);
	d.reason = entry->answer.reason;
	d.origin = entry->answer.origin;
	d.fix = entry->answer.fix;
	d.fix_key = entry->answer.fix_key;
	d.fix_value = entry->answer.fix_value;
	d.error_name = sl_errno_name(info->error);
	d.error = info->error;
	d.no_fix = entry->answer.no_fix;
	/* A newer caller finds zeroes in what is unknown here. */
	memset(ret, 0, d.size);
	memcpy(ret, &d, SL_MIN(d.size, sizeof(d)));
	return 0;
}

static bool has_size(const sandlock_denial *denial)
{
	return denial && denial->size >= offsetof(sandlock_denial, reserved) &&
	       denial->size <= SL_API_MAX_STRUCT;
}

int sandlock_result_denial_at(const sandlock_result *result, size_t index,
			      sandlock_denial *ret_denial)
{
	struct sl_result *r = (struct sl_result *)(uintptr_t)result;
	const struct sl_denial_entry *entry;

	if (!result || !has_size(ret_denial))
		return -EINVAL;
	entry = sl_denials_at(&r->denials, index);
	return entry ? show(entry, ret_denial) : -ERANGE;
}

uint64_t sandlock_result_denials_total(const sandlock_result *result)
{
	return sl_denials_total(&((const struct sl_result *)result)->denials);
}

int sandlock_sandbox_next_denial(sandlock_sandbox *sandbox,
				 sandlock_denial *ret_denial)
{
	const struct sl_denial_entry *entry;

	if (!sandbox || !has_size(ret_denial))
		return -EINVAL;
	entry = sl_denials_next(sl_sandbox_denials((struct sl_sandbox *)sandbox));
	return entry ? show(entry, ret_denial) : -EAGAIN;
}
