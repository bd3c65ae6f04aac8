/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of keys.def as data, and the names of the protections. */
#include "policy/policy.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "policy/suggest.h"

static const struct sl_key_info table[SL_KEY_COUNT] = {
#define SL_KEY(kid, kname, kflag, kshort, kmeta, ktype, kflags, kmin, kmax, \
	       kgroup, khelp)                                               \
	[SL_KEY_##kid] = { .id = SL_KEY_##kid,                              \
			   .name = kname,                                   \
			   .flag = kflag,                                   \
			   .short_flag = kshort,                            \
			   .metavar = kmeta,                                \
			   .type = ktype,                                   \
			   .flags = kflags,                                 \
			   .min = kmin,                                     \
			   .max = kmax,                                     \
			   .group = kgroup,                                 \
			   .help = khelp },
#include "policy/keys.def"
#undef SL_KEY
};

static const char *const protections[SL_PROT_COUNT] = {
	[SL_PROT_FS_REFER] = "fs-refer",
	[SL_PROT_FS_TRUNCATE] = "fs-truncate",
	[SL_PROT_NET_TCP] = "net-tcp",
	[SL_PROT_FS_IOCTL_DEV] = "fs-ioctl-dev",
	[SL_PROT_SIGNAL_SCOPE] = "signal-scope",
	[SL_PROT_ABSTRACT_UNIX_SOCKET_SCOPE] = "abstract-unix-socket-scope",
};

const struct sl_key_info *sl_key_info(enum sl_key key)
{
	return (unsigned int)key < SL_KEY_COUNT ? &table[key] : NULL;
}

/* The flag is an alias, with its dashes or without. */
static bool is_flag(const char *flag, const char *name)
{
	return flag && (strcmp(flag, name) == 0 || strcmp(flag + 2, name) == 0);
}

const struct sl_key_info *sl_key_find(const char *name)
{
	for (size_t i = 0; i < SL_KEY_COUNT; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	for (size_t i = 0; i < SL_KEY_COUNT; i++)
		if (is_flag(table[i].flag, name))
			return &table[i];
	return NULL;
}

const char *sl_key_suggest(const char *name)
{
	bool want_flag = name[0] == '-';
	struct sl_suggest search = { .wanted = name };

	for (size_t i = 0; i < SL_KEY_COUNT; i++) {
		const char *offer = want_flag ? table[i].flag : table[i].name;
		const char *dot = offer ? strchr(offer, '.') : NULL;

		if (offer)
			sl_suggest_offer(&search, offer);
		/* "timeout" for "limits.timeout": the section was forgotten. */
		if (dot && strcasecmp(dot + 1, name) == 0)
			return offer;
	}
	return search.best;
}

bool sl_type_is_list(enum sl_type type)
{
	return type >= SL_TYPE_PATHS;
}

const char *sl_protection_name(enum sl_protection prot)
{
	return (unsigned int)prot < SL_PROT_COUNT ? protections[prot] : NULL;
}

int sl_protection_find(const char *name)
{
	for (int i = 0; i < SL_PROT_COUNT; i++)
		if (strcasecmp(protections[i], name) == 0)
			return i;
	return -EINVAL;
}
