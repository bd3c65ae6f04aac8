/* SPDX-License-Identifier: Apache-2.0 */
/* What these tests share: a directory of their own, an ordinary user. */
#ifndef TESTS_LANDLOCK_FIXTURE_H
#define TESTS_LANDLOCK_FIXTURE_H

#include "base/error.h"
#include "policy/policy.h"

/* Runs a test body as we are and, if that is root, as an ordinary user too. */
#define TEST_BOTH(name)           \
	static void name(void);   \
	TEST(name##_as_started)   \
	{                         \
		name();           \
	}                         \
	TEST(name##_as_user)      \
	{                         \
		fx_become_user(); \
		name();           \
	}                         \
	static void name(void)

void fx_become_user(void);

/* A new directory, canonical; it is the working directory afterwards. */
const char *fx_enter(void);
/* Removes it, by the shell's means, not by ours. */
void fx_leave(void);

/* Below the fixture; missing directories are made. */
void fx_dir(const char *path);
void fx_file(const char *path, const char *text, unsigned int mode);
void fx_link(const char *target, const char *path);
/* "<fixture>/<path>"; one of a few static buffers. */
const char *fx_path(const char *path);

/* A policy value as if by the row's flag. Ends the test if it is refused. */
void fx_set(struct sl_policy *policy, enum sl_key key, const char *text);

/* Runs @body in a child whose exit code must be 0; expectations count. */
void fx_child(void (*body)(void *), void *arg);

#endif
