/* SPDX-License-Identifier: Apache-2.0 */
/* See procnet.h. */
#include "run/procnet.h"

#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "sys/uapi.h"

static bool is_at(const struct sl_grant *grant, const struct stat *st)
{
	return grant->dev == st->st_dev && grant->ino == st->st_ino;
}

static bool begins(const char *name, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(name, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

/*
 * A name of /proc with no process, and so no network, behind it. By what procfs
 * has links from: itself, its file systems ("fs/nfsfs/servers"); and only if it
 * is spelled so that nothing in it can mean something else.
 */
static bool is_global(const char *path)
{
	static const char *const leads[] = { "self", "thread-self", "net", "fs" };
	const char *name = path + strlen("/proc/");

	return strncmp(path, "/proc/", strlen("/proc/")) == 0 && *name >= 'a' &&
	       *name <= 'z' && !strstr(path, "/.") && !strstr(path, "//") &&
	       !begins(name, leads, SL_ARRAY_LEN(leads));
}

bool sl_procnet_granted(const struct sl_plan_landlock *ll,
			const struct sl_grant *grants)
{
	struct stat root, proc;

	if (stat("/", &root) < 0 || stat("/proc", &proc) < 0)
		return true;
	for (size_t i = 0; i < ll->path_count; i++) {
		const struct sl_plan_path *path = &ll->paths[i];

		if (!grants[i].made || !(grants[i].access & SL_LL_FS_READ_FILE))
			continue;
		if (is_at(&grants[i], &root) ||
		    (grants[i].dev == proc.st_dev && !is_global(path->path)))
			return true;
	}
	return false;
}
