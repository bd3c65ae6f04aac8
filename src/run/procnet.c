/* SPDX-License-Identifier: Apache-2.0 */
/* See procnet.h. */
#include "run/procnet.h"

#include <string.h>
#include <sys/stat.h>

#include "sys/uapi.h"

static bool is_at(const struct sl_grant *grant, const struct stat *st)
{
	return grant->dev == st->st_dev && grant->ino == st->st_ino;
}

/* A name of /proc with no process, and so no network, behind it. Procfs has no
 * links between the two but these. */
static bool is_global(const char *path)
{
	const char *name = path + strlen("/proc/");

	return strncmp(path, "/proc/", strlen("/proc/")) == 0 &&
	       (*name < '0' || *name > '9') && !strstr(path, "/..") &&
	       strncmp(name, "self", 4) != 0 &&
	       strncmp(name, "thread-self", 11) != 0 &&
	       strncmp(name, "net", 3) != 0;
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
