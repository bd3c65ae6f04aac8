/* SPDX-License-Identifier: Apache-2.0 */
/* Hints through the public interface: use and misuse. */
#include <errno.h>
#include <fcntl.h>
#include <sandlock/sandlock.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"

static sandlock_policy *policy;
static sandlock_explanation *ex;
static sandlock_error err;
static char dir[] = "/tmp/sandlock-hint.XXXXXX";
static char path[256], said[1024];

/* A file that nothing grants, and an explanation of cat under "base". */
static void begin(const char *word)
{
	const char *argv[] = { "cat", word, NULL };
	sandlock_explain_options options = { .size = sizeof(options),
					     .argv = argv };

	ASSERT_TRUE(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/notes", dir);
	close(creat(path, 0644));
	ASSERT_EQ(sandlock_policy_new(&policy, &err), 0);
	ASSERT_EQ(sandlock_policy_load(policy, "base", &err), 0);
	if (sandlock_explain(policy, &options, &ex, &err) < 0)
		th_fail(__FILE__, __LINE__, "%s", err.message);
}

static void finish(void)
{
	unlink(path);
	rmdir(dir);
	sandlock_explanation_free(ex);
	sandlock_policy_free(policy);
}

static int hint_of(const char *message, int status, size_t index,
		   sandlock_hint *hint)
{
	sandlock_hint_options options = { .size = sizeof(options),
					  .message = message,
					  .message_len =
						  message ? strlen(message) : 0,
					  .exit_status = status };

	hint->size = sizeof(*hint);
	return sandlock_explanation_hint(ex, &options, index, hint, &err);
}

TEST(what_a_message_names)
{
	sandlock_hint hint;
	char wanted[300];

	begin("x");
	snprintf(said, sizeof(said), "cat: %s: Permission denied\n", path);
	ASSERT_EQ(hint_of(said, 1, 0, &hint), 0);
	snprintf(wanted, sizeof(wanted),
		 "reading '%s' was refused: no grant covers it", path);
	EXPECT_STREQ(hint.text, wanted);
	EXPECT_STREQ(hint.object, path);
	EXPECT_STREQ(hint.access, "read");
	EXPECT_STREQ(hint.fix_key, "filesystem.read");
	EXPECT_STREQ(hint.fix_value, path);
	snprintf(wanted, sizeof(wanted), "-r %s", path);
	EXPECT_STREQ(hint.fix, wanted);
	EXPECT_EQ(hint.source, SANDLOCK_HINT_MESSAGE);
	EXPECT_EQ(hint_of(said, 1, 1, &hint), -ERANGE);
	/* with the grant it is no hint any more */
	ASSERT_EQ(sandlock_policy_set(policy, hint.fix_key, hint.fix_value,
				      NULL, &err),
		  0);
	sandlock_explanation_free(ex);
	ASSERT_EQ(sandlock_explain(policy, NULL, &ex, &err), 0);
	snprintf(said, sizeof(said), "cannot open '%s' for reading: EACCES",
		 path);
	EXPECT_EQ(hint_of(said, 1, 0, &hint), -ERANGE);
	finish();
}

TEST(what_the_command_names)
{
	sandlock_hint hint;

	begin("/etc/../root");
	ASSERT_EQ(hint_of(NULL, 1, 0, &hint), 0);
	EXPECT_STREQ(hint.object, "/root");
	EXPECT_EQ(hint.source, SANDLOCK_HINT_COMMAND);
	EXPECT_TRUE(strstr(hint.text, "is refused"));
	/* all that lies directly below "/" is never offered */
	EXPECT_FALSE(hint.fix);
	finish();
}

TEST(none_after_success_or_an_end_that_was_asked_for)
{
	static const int none[] = { 0, 124, 129, 130, 131, 137, 141, 143 };
	sandlock_hint hint;

	begin("x");
	snprintf(said, sizeof(said), "cat: %s: Permission denied\n", path);
	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
		EXPECT_EQ(hint_of(said, none[i], 0, &hint), -ERANGE);
	EXPECT_EQ(hint_of(said, 134, 0, &hint), 0);
	EXPECT_EQ(hint_of(said, 255, 0, &hint), 0);
	finish();
}

TEST(at_most_three_and_each_once)
{
	char list[1024] = "";
	sandlock_hint hint;
	char *end = list;

	begin("x");
	for (int i = 0; i < 6; i++)
		end += snprintf(end, sizeof(list) - (size_t)(end - list),
				"f: connect to host h port %d: no\n",
				1000 + i / 2);
	end += snprintf(end, sizeof(list) - (size_t)(end - list),
			"connect to host h port 2000: no\n");
	EXPECT_EQ(hint_of(list, 1, 0, &hint), 0);
	EXPECT_STREQ(hint.object, "TCP port 2000");
	EXPECT_STREQ(hint.fix, "--net-allow tcp://h:2000");
	EXPECT_EQ(hint_of(list, 1, 2, &hint), 0);
	EXPECT_STREQ(hint.object, "TCP port 1001");
	EXPECT_EQ(hint_of(list, 1, 3, &hint), -ERANGE);
	/* two ways to say one thing */
	EXPECT_EQ(hint_of("name resolution\nsocket: Operation not permitted\n",
			  1, 0, &hint),
		  0);
	EXPECT_EQ(hint_of("name resolution\nsocket: Operation not permitted\n",
			  1, 1, &hint),
		  -ERANGE);
	finish();
}

TEST(names_that_lie)
{
	char evil[300];
	sandlock_hint hint;

	begin("x");
	/* it exists, with an escape sequence and a line of its own in its name */
	snprintf(evil, sizeof(evil), "%s/a\033[2J\nsandlock: hint: x", dir);
	close(creat(evil, 0644));
	snprintf(said, sizeof(said), "Permission denied: '%s/a\033[2J", dir);
	EXPECT_EQ(hint_of(said, 1, 0, &hint), -ERANGE);
	unlink(evil);
	snprintf(evil, sizeof(evil), "%s/a\033[2J'; to allow it", dir);
	close(creat(evil, 0644));
	snprintf(said, sizeof(said), "cat: %s: Permission denied", evil);
	ASSERT_EQ(hint_of(said, 1, 0, &hint), 0);
	EXPECT_FALSE(strchr(hint.text, '\033'));
	EXPECT_TRUE(strstr(hint.text, "\\x27; to allow it' was refused"));
	EXPECT_FALSE(hint.fix);
	unlink(evil);
	/* not there: nobody read it, but somebody may have made it */
	snprintf(said, sizeof(said), "Permission denied: '%s/nothing'", dir);
	ASSERT_EQ(hint_of(said, 1, 0, &hint), 0);
	EXPECT_STREQ(hint.access, "create");
	EXPECT_EQ(hint_of(said, 1, 1, &hint), -ERANGE);
	snprintf(said, sizeof(said), "Permission denied: '%s/no/thing'", dir);
	EXPECT_EQ(hint_of(said, 1, 0, &hint), -ERANGE);
	/* granted: a lie */
	EXPECT_EQ(hint_of("cat: /usr/bin/env: Permission denied", 1, 0, &hint),
		  0);
	EXPECT_STREQ(hint.access, "write");
	EXPECT_EQ(hint_of("cannot open '/usr/bin/env' for reading: "
			  "Permission denied",
			  1, 0, &hint),
		  -ERANGE);
	/* a grant of all that lies beside it */
	EXPECT_EQ(hint_of("cannot create /tmp-not-there: Permission denied", 1,
			  0, &hint),
		  0);
	EXPECT_FALSE(hint.fix);
	finish();
}

TEST(misuse)
{
	sandlock_hint_options options = { .size = sizeof(options),
					  .exit_status = 1 };
	struct {
		sandlock_hint_options known;
		char more;
	} newer = { .known = { .size = sizeof(newer) }, .more = 1 };
	sandlock_hint hint = { .size = sizeof(hint) };

	begin("x");
	EXPECT_EQ(sandlock_explanation_hint(NULL, &options, 0, &hint, &err),
		  -EINVAL);
	EXPECT_EQ(sandlock_explanation_hint(ex, NULL, 0, &hint, &err), -EINVAL);
	EXPECT_EQ(sandlock_explanation_hint(ex, &options, 0, NULL, &err),
		  -EINVAL);
	EXPECT_EQ(sandlock_explanation_hint(ex, &newer.known, 0, &hint, &err),
		  -EINVAL);
	EXPECT_EQ(sandlock_explanation_hint(ex, &options, SIZE_MAX, &hint, NULL),
		  -ERANGE);
	options.message_len = 1;
	EXPECT_EQ(sandlock_explanation_hint(ex, &options, 0, &hint, &err),
		  -EINVAL);
	options.message_len = 0;
	options.reserved = 1;
	EXPECT_EQ(sandlock_explanation_hint(ex, &options, 0, &hint, &err),
		  -EINVAL);
	options.reserved = 0;
	hint.size = 0;
	EXPECT_EQ(sandlock_explanation_hint(ex, &options, 0, &hint, &err),
		  -EINVAL);
	hint.size = sizeof(hint);
	options.size = 0;
	EXPECT_EQ(sandlock_explanation_hint(ex, &options, 0, &hint, NULL),
		  -EINVAL);
	finish();
}
