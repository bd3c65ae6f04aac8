/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in profiles: the files of profiles/, embedded by tools/embed.py. */
#include "policy/presets.h"

#include <string.h>

#include "base/compiler.h"
#include "policy/profile.h"

struct preset {
	const char *name;
	const char *text;
};

static const struct preset presets[] = {
#include "policy/presets.inc"
};

const char *sl_preset_text(const char *name)
{
	for (size_t i = 0; i < SL_ARRAY_LEN(presets); i++)
		if (strcmp(presets[i].name, name) == 0)
			return presets[i].text;
	return NULL;
}

const char *sl_preset_name(size_t index)
{
	return index < SL_ARRAY_LEN(presets) ? presets[index].name : NULL;
}
