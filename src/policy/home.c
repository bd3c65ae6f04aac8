/* SPDX-License-Identifier: Apache-2.0 */
/* The user's home directory. */
#include "policy/home.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/compiler.h"
#include "policy/value.h"

static bool usable(const char *home)
{
	return home && home[0] == '/' && home[1] != '\0';
}

static void cleanup_file(FILE **file)
{
	if (*file)
		fclose(*file);
}

/* name:password:UID:gid:gecos:HOME:shell; NULL if the line is not the user's. */
static char *home_of_line(char *line, uint64_t uid)
{
	char *fields[7] = { 0 };
	uint64_t found;

	line[strcspn(line, "\n")] = '\0';
	for (size_t i = 0; i < SL_ARRAY_LEN(fields) && line; i++)
		fields[i] = strsep(&line, ":");
	if (!fields[5] || !usable(fields[5]) ||
	    sl_value_u64(fields[2], strlen(fields[2]), &found) < 0 ||
	    found != uid)
		return NULL;
	return fields[5];
}

int sl_home_of(uid_t uid, char **ret_home)
{
	__attribute__((cleanup(cleanup_file)))
	FILE *file = fopen("/etc/passwd", "re");
	sl_autofree char *line = NULL;
	size_t cap = 0;

	while (file && getline(&line, &cap, file) > 0) {
		const char *home = home_of_line(line, uid);

		if (!home)
			continue;
		*ret_home = strdup(home);
		return *ret_home ? 0 : -ENOMEM;
	}
	return -ENOENT;
}

int sl_home(char **ret_home, struct sl_error *err)
{
	const char *env = getenv("HOME");
	int r = -ENOENT;

	if (usable(env)) {
		*ret_home = strdup(env);
		r = *ret_home ? 0 : -ENOMEM;
	} else {
		r = sl_home_of(getuid(), ret_home);
	}
	if (r < 0)
		return sl_err(err, r, SL_STAGE_PARSE,
			      "no home directory: HOME is not an absolute path "
			      "and /etc/passwd has no entry for user %u",
			      (unsigned int)getuid());
	return 0;
}
