/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buf.h"
#include "base/error.h"
#include "harness/harness.h"

#include <errno.h>

TEST(buf_grows_and_is_terminated)
{
	sl_autobuf buf = SL_BUF_INIT(1000);

	for (int i = 0; i < 100; i++)
		ASSERT_EQ(sl_buf_addf(&buf, "%d,", i % 10), 0);
	EXPECT_EQ(buf.len, 200);
	EXPECT_EQ(buf.data[200], 0);
}

TEST(buf_ceiling_is_kept_and_remembered)
{
	sl_autobuf buf = SL_BUF_INIT(4);

	EXPECT_EQ(sl_buf_adds(&buf, "1234"), 0);
	EXPECT_EQ(sl_buf_addc(&buf, '5'), -EOVERFLOW);
	EXPECT_EQ(buf.len, 4);
	EXPECT_EQ(sl_buf_adds(&buf, ""), -EOVERFLOW);
	EXPECT_TRUE(sl_buf_take(&buf) == NULL);
}

TEST(buf_take_of_nothing_is_the_empty_string)
{
	sl_autobuf buf = SL_BUF_INIT(4);
	sl_autofree char *text = sl_buf_take(&buf);

	EXPECT_STREQ(text, "");
}

TEST(error_first_failure_speaks)
{
	struct sl_error err = { 0 };

	EXPECT_EQ(sl_err(&err, -ENOENT, SL_STAGE_CHECK, "open '%s'", "/x"),
		  -ENOENT);
	sl_err(&err, -EINVAL, SL_STAGE_SPAWN, "second");
	EXPECT_EQ(err.code, -ENOENT);
	sl_error_prefix(&err, -ENOENT, "profile '%s'", "p");
	sl_error_hint(&err, "try -r %s", "/y");
	EXPECT_STREQ(err.msg, "profile 'p': open '/x'; hint: try -r /y");
}

TEST(error_prefix_and_hint_never_overflow)
{
	struct sl_error err = { 0 };
	char big[2000];

	memset(big, 'a', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	sl_err(&err, -EINVAL, SL_STAGE_CHECK, "%s", big);
	sl_error_prefix(&err, -EINVAL, "%s", big);
	sl_error_hint(&err, "%s", big);
	EXPECT_EQ(strlen(err.msg), sizeof(err.msg) - 1);
	EXPECT_EQ(sl_err(NULL, -EPERM, SL_STAGE_CHECK, "x"), -EPERM);
}
