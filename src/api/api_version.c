/* SPDX-License-Identifier: Apache-2.0 */
#include <sandlock/sandlock.h>

const char *sandlock_version(void)
{
	return SANDLOCK_VERSION_STRING;
}
