/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What programs were compiled against and what must therefore never change:
 * sizes, offsets, numbers. A struct with a size grows at its end alone; then a
 * row is added here, and none is altered.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <stddef.h>

#define AT(type, field, offset)                           \
	_Static_assert(offsetof(type, field) == (offset), \
		       #type "." #field " has moved: programs break")

_Static_assert(sizeof(void *) == 8, "these are the numbers of LP64");

_Static_assert(sizeof(sandlock_error) == 1024, "frozen for ever");
AT(sandlock_error, code, 0);
AT(sandlock_error, stage, 4);
AT(sandlock_error, line, 8);
AT(sandlock_error, column, 12);
AT(sandlock_error, message, 16);

AT(sandlock_key, size, 0);
AT(sandlock_key, name, 8);
AT(sandlock_key, flag, 16);
AT(sandlock_key, short_flag, 24);
AT(sandlock_key, metavar, 32);
AT(sandlock_key, group, 40);
AT(sandlock_key, help, 48);
AT(sandlock_key, type, 56);
AT(sandlock_key, flags, 60);

AT(sandlock_spawn_options, size, 0);
AT(sandlock_spawn_options, argv, 8);
AT(sandlock_spawn_options, envp, 16);
AT(sandlock_spawn_options, stdio, 24);
AT(sandlock_spawn_options, stdio_fd, 36);
AT(sandlock_spawn_options, flags, 48);
AT(sandlock_spawn_options, reserved, 52);
AT(sandlock_spawn_options, capture_limit, 56);
AT(sandlock_spawn_options, cwd, 64);
AT(sandlock_spawn_options, timeout_ns, 72);

AT(sandlock_denial, size, 0);
AT(sandlock_denial, time_ns, 8);
AT(sandlock_denial, pid, 16);
AT(sandlock_denial, tid, 24);
AT(sandlock_denial, count, 32);
AT(sandlock_denial, program, 40);
AT(sandlock_denial, call, 48);
AT(sandlock_denial, access, 56);
AT(sandlock_denial, object, 64);
AT(sandlock_denial, rule, 72);
AT(sandlock_denial, reason, 80);
AT(sandlock_denial, origin, 88);
AT(sandlock_denial, fix, 96);
AT(sandlock_denial, fix_key, 104);
AT(sandlock_denial, fix_value, 112);
AT(sandlock_denial, error_name, 120);
AT(sandlock_denial, error, 128);
AT(sandlock_denial, reserved, 132);

static const struct {
	const char *name;
	int value, pinned;
} numbers[] = {
#define NUMBER(name, pinned)        \
	{                           \
#name, name, pinned \
	}
	NUMBER(SANDLOCK_STAGE_NONE, 0),
	NUMBER(SANDLOCK_STAGE_PARSE, 1),
	NUMBER(SANDLOCK_STAGE_CHECK, 2),
	NUMBER(SANDLOCK_STAGE_COMPILE, 3),
	NUMBER(SANDLOCK_STAGE_SPAWN, 4),
	NUMBER(SANDLOCK_STAGE_EXEC, 5),
	NUMBER(SANDLOCK_STAGE_SUPERVISE, 6),
	NUMBER(SANDLOCK_TYPE_BOOL, 0),
	NUMBER(SANDLOCK_TYPE_INTEGER, 1),
	NUMBER(SANDLOCK_TYPE_SIZE, 2),
	NUMBER(SANDLOCK_TYPE_DURATION, 3),
	NUMBER(SANDLOCK_TYPE_STRING, 4),
	NUMBER(SANDLOCK_TYPE_PATH, 5),
	NUMBER(SANDLOCK_TYPE_LIST, 6),
	NUMBER(SANDLOCK_TYPE_MAP, 7),
	NUMBER(SANDLOCK_KEY_AVAILABLE, 1),
	NUMBER(SANDLOCK_KEY_POLICY, 2),
	NUMBER(SANDLOCK_KEY_NO_SUPERVISOR, 4),
	NUMBER(SANDLOCK_KEY_CONFINE, 8),
	NUMBER(SANDLOCK_STDIO_INHERIT, 0),
	NUMBER(SANDLOCK_STDIO_PIPE, 1),
	NUMBER(SANDLOCK_STDIO_NULL, 2),
	NUMBER(SANDLOCK_STDIO_FD, 3),
	NUMBER(SANDLOCK_STDIO_STREAM, 4),
	NUMBER(SANDLOCK_SPAWN_INLINE, 1),
	NUMBER(SANDLOCK_SPAWN_FOREGROUND, 2),
	NUMBER(SANDLOCK_SPAWN_DENIALS, 4),
	NUMBER(SANDLOCK_SPAWN_WHY, 8),
	NUMBER(SANDLOCK_REASON_NONE, 0),
	NUMBER(SANDLOCK_REASON_EXITED, 1),
	NUMBER(SANDLOCK_REASON_SIGNALED, 2),
	NUMBER(SANDLOCK_REASON_TIMEOUT, 3),
	NUMBER(SANDLOCK_REASON_KILLED, 4),
	NUMBER(SANDLOCK_REASON_LOST, 5),
#undef NUMBER
};

TEST(numbers_are_what_they_were)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if (numbers[i].value != numbers[i].pinned)
			th_fail(__FILE__, __LINE__, "%s is %d and was %d",
				numbers[i].name, numbers[i].value,
				numbers[i].pinned);
}

TEST(an_older_caller_of_the_key_table_keeps_its_memory)
{
	struct {
		sandlock_key key;
		unsigned char guard[16];
	} row;

	memset(&row, 0x5a, sizeof(row));
	row.key.size = offsetof(sandlock_key, flags);
	ASSERT_EQ(sandlock_key_at(0, &row.key), 0);
	EXPECT_EQ(row.key.size, offsetof(sandlock_key, flags));
	EXPECT_STREQ(row.key.name, "filesystem.read");
	EXPECT_EQ(row.key.flags, 0x5a5a5a5au); /* beyond what it knows of */
	EXPECT_EQ(row.guard[0], 0x5a);
}

TEST(a_newer_caller_of_the_key_table_finds_zeroes)
{
	struct {
		sandlock_key key;
		uint64_t later[2];
		unsigned char guard[16];
	} row;

	memset(&row, 0x5a, sizeof(row));
	row.key.size = offsetof(__typeof__(row), guard);
	ASSERT_EQ(sandlock_key_at(0, &row.key), 0);
	EXPECT_EQ(row.key.size, offsetof(__typeof__(row), guard));
	EXPECT_TRUE(row.key.flags & SANDLOCK_KEY_CONFINE);
	EXPECT_EQ(row.later[0] | row.later[1], 0);
	EXPECT_EQ(row.guard[0], 0x5a);
}

TEST(a_size_that_was_never_set_is_refused)
{
	sandlock_key key = { .size = 0 };

	EXPECT_EQ(sandlock_key_at(0, &key), -EINVAL);
	key.size = offsetof(sandlock_key, flags) - 1;
	EXPECT_EQ(sandlock_key_at(0, &key), -EINVAL);
	key.size = (size_t)-1;
	EXPECT_EQ(sandlock_key_at(0, &key), -EINVAL);
	EXPECT_TRUE(key.name == NULL);
	EXPECT_EQ(sandlock_key_at(0, NULL), -EINVAL);
}
