/* SPDX-License-Identifier: Apache-2.0 */
/* Functions nobody here may call; force-included by the build. */
#ifndef SL_BASE_BANNED_H
#define SL_BASE_BANNED_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf strtok gets
#undef alloca
#pragma GCC poison alloca system popen atoi atol atoll mktemp tmpnam

#endif
