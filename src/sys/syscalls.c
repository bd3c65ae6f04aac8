/* SPDX-License-Identifier: Apache-2.0 */
/* Look-ups in the generated table; the groups. */
#include "sys/syscalls.h"

#include <string.h>

#include "base/compiler.h"
#include "sys/uapi_seccomp.h"

static const struct {
	const char *name;
	int16_t nr[SL_ARCH_COUNT];
} calls[] = {
#define SL_SYS(name, x86_64, aarch64) { #name, { x86_64, aarch64 } },
#include "sys/syscalls_table.h"
#undef SL_SYS
};

static const struct {
	const char *name;
	enum sl_sys call;
} aliases[] = {
#define SL_SYS(name, x86_64, aarch64)
#define SL_SYS_ALIAS(name, target) { #name, SL_SYS_##target },
#include "sys/syscalls_table.h"
#undef SL_SYS_ALIAS
#undef SL_SYS
};

#define SL_GROUP(id, help, ...) \
	static const uint16_t group_##id[] = { __VA_ARGS__ };
#define SL_CALL(name) SL_SYS_##name
#include "sys/syscall_groups.def"
#undef SL_GROUP

static const struct sl_sys_group groups[] = {
#define SL_GROUP(id, help, ...) \
	{ #id, help, group_##id, SL_ARRAY_LEN(group_##id) },
#include "sys/syscall_groups.def"
#undef SL_GROUP
#undef SL_CALL
};

uint32_t sl_arch_audit(enum sl_arch arch)
{
	return arch == SL_ARCH_X86_64 ? SL_AUDIT_ARCH_X86_64
				      : SL_AUDIT_ARCH_AARCH64;
}

const char *sl_arch_name(enum sl_arch arch)
{
	return arch == SL_ARCH_X86_64 ? "x86_64" : "aarch64";
}

int sl_sys_number(enum sl_sys call, enum sl_arch arch)
{
	return calls[call].nr[arch];
}

const char *sl_sys_name(enum sl_sys call)
{
	return calls[call].name;
}

int sl_sys_find(const char *name)
{
	size_t lo = 0, hi = SL_SYS_COUNT;

	while (lo < hi) {
		size_t mid = (lo + hi) / 2;
		int order = strcmp(name, calls[mid].name);

		if (order == 0)
			return (int)mid;
		if (order < 0)
			hi = mid;
		else
			lo = mid + 1;
	}
	for (size_t i = 0; i < SL_ARRAY_LEN(aliases); i++)
		if (strcmp(name, aliases[i].name) == 0)
			return (int)aliases[i].call;
	return -1;
}

int sl_sys_find_number(long nr, enum sl_arch arch)
{
	for (int i = 0; nr >= 0 && i < SL_SYS_COUNT; i++)
		if (calls[i].nr[arch] == nr)
			return i;
	return -1;
}

const char *sl_sys_alias_at(size_t i)
{
	return i < SL_ARRAY_LEN(aliases) ? aliases[i].name : NULL;
}

const struct sl_sys_group *sl_sys_group_at(size_t i)
{
	return i < SL_ARRAY_LEN(groups) ? &groups[i] : NULL;
}

const struct sl_sys_group *sl_sys_group_find(const char *name)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(groups); i++)
		if (strcmp(name, groups[i].name) == 0)
			return &groups[i];
	return NULL;
}
