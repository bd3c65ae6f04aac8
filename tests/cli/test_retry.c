/* SPDX-License-Identifier: Apache-2.0 */
/* The command that would run on a kernel that lacks something. */
#include "cli/cli.h"

#include "harness/harness.h"

#include <stdlib.h>

static const char message[] =
	"this kernel has Landlock ABI 3, which cannot enforce net-tcp; "
	"hint: to run here without: --allow-degraded net-tcp";

TEST(the_options_come_before_the_given_words)
{
	const char *argv[] = { "-r", "/usr", "--", "true", NULL };
	char *text = cli_retry_command(message, 4, argv);

	EXPECT_STREQ(text, "sandlock run --allow-degraded net-tcp -r /usr -- "
			   "true");
	free(text);
}

TEST(words_are_quoted_for_a_shell)
{
	const char *argv[] = { "-e", "echo 'a b'; $x", "", NULL };
	char *text = cli_retry_command(message, 3, argv);

	EXPECT_STREQ(text, "sandlock run --allow-degraded net-tcp -e "
			   "'echo '\\''a b'\\''; $x' ''");
	free(text);
}

TEST(other_errors_have_no_such_command)
{
	EXPECT_TRUE(cli_retry_command("no command; hint: name one", 0, NULL) ==
		    NULL);
}
