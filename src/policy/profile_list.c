/* SPDX-License-Identifier: Apache-2.0 */
/* The names of all profiles and presets. */
#include "policy/profile.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/limits.h"
#include "policy/presets.h"
#include "policy/profile_dir.h"

struct names {
	char **name;
	size_t count;
};

static void names_fini(struct names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->name[i]);
	free(names->name);
}

static int add_name(struct names *names, const char *name, size_t len)
{
	char **grown;

	for (size_t i = 0; i < names->count; i++)
		if (strlen(names->name[i]) == len &&
		    memcmp(names->name[i], name, len) == 0)
			return 0;
	if (names->count == SL_MAX_LIST_ITEMS)
		return -E2BIG;
	grown = reallocarray(names->name, names->count + 1, sizeof(*grown));
	if (!grown)
		return -ENOMEM;
	names->name = grown;
	grown[names->count] = strndup(name, len);
	if (!grown[names->count])
		return -ENOMEM;
	names->count++;
	return 0;
}

static void cleanup_dir(DIR **dir)
{
	if (*dir)
		closedir(*dir);
}

static int add_dir(struct names *names, const char *path, struct sl_error *err)
{
	__attribute__((cleanup(cleanup_dir))) DIR *dir = opendir(path);
	struct dirent *entry;

	if (!dir && sl_profile_absent(path, errno))
		return 0;
	if (!dir)
		return sl_profile_cannot_read(err, path, -errno);
	while ((entry = readdir(dir))) {
		sl_autofree char *name = strdup(entry->d_name);
		size_t len = name ? strlen(name) : 0;
		int r;

		if (len <= 5 || strcmp(name + len - 5, ".toml") != 0)
			continue;
		name[len - 5] = '\0';
		if (sl_profile_check_name(name, NULL) < 0)
			continue;
		r = add_name(names, name, len - 5);
		if (r < 0)
			return sl_profile_cannot_read(err, path, r);
	}
	return 0;
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int sl_profile_list(char **ret_text, struct sl_error *err)
{
	sl_autodirs dirs = { 0 };
	__attribute__((cleanup(names_fini))) struct names names = { 0 };
	sl_autobuf out = SL_BUF_INIT(SL_MAX_DUMP_BYTES);
	const char *preset;
	int r = 0;

	/* Without a home there are still the presets. */
	(void)sl_profile_dirs_init(&dirs, NULL);
	for (size_t i = 0; r == 0 && i < dirs.count; i++)
		r = add_dir(&names, dirs.path[i], err);
	for (size_t i = 0; r == 0 && (preset = sl_preset_name(i)); i++)
		r = add_name(&names, preset, strlen(preset));
	if (r < 0)
		return sl_err(err, r, SL_STAGE_PARSE, "out of memory");
	if (names.count)
		qsort(names.name, names.count, sizeof(*names.name), compare);
	for (size_t i = 0; i < names.count; i++)
		sl_buf_addf(&out, "%s\n", names.name[i]);
	*ret_text = sl_buf_take(&out);
	if (!*ret_text)
		return sl_err(err, -ENOMEM, SL_STAGE_PARSE, "out of memory");
	return 0;
}
