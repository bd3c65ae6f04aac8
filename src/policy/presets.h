/* SPDX-License-Identifier: Apache-2.0 */
/* Walking the built-in profiles; sl_preset_text() is in profile.h. */
#ifndef SL_POLICY_PRESETS_H
#define SL_POLICY_PRESETS_H

#include <stddef.h>

/* In sorted order; NULL past the end. */
const char *sl_preset_name(size_t index);

#endif
