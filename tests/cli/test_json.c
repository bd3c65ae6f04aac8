/* SPDX-License-Identifier: Apache-2.0 */
/* The JSON writer: commas and nesting, and every byte there is. */
#include <stdlib.h>

#include "cli/json.h"
#include "harness/harness.h"

static const char *quote(const char *text)
{
	static char out[4096];

	out[cli_json_quote(out, text)] = '\0';
	return out;
}

TEST(text_stands_as_it_is)
{
	EXPECT_STREQ(quote(""), "\"\"");
	EXPECT_STREQ(quote("a b/c"), "\"a b/c\"");
	EXPECT_STREQ(quote("h\xc3\xa9"), "\"h\xc3\xa9\"");
	EXPECT_STREQ(quote("\xf0\x9f\x98\x80"), "\"\xf0\x9f\x98\x80\"");
}

TEST(what_json_gives_a_meaning_is_escaped)
{
	EXPECT_STREQ(quote("a\"b\\c"), "\"a\\\"b\\\\c\"");
	EXPECT_STREQ(quote("\n\x1b[31m\x7f"), "\"\\u000a\\u001b[31m\\u007f\"");
}

TEST(bytes_that_are_no_utf8_are_kept)
{
	EXPECT_STREQ(quote("\xff"), "\"\\udcff\"");
	/* An overlong form, a surrogate, a cut sequence. */
	EXPECT_STREQ(quote("\xc0\xaf"), "\"\\udcc0\\udcaf\"");
	EXPECT_STREQ(quote("\xed\xa0\x80"), "\"\\udced\\udca0\\udc80\"");
	EXPECT_STREQ(quote("\xe2\x82"), "\"\\udce2\\udc82\"");
	EXPECT_STREQ(quote("\xf4\x90\x80\x80"),
		     "\"\\udcf4\\udc90\\udc80\\udc80\"");
}

/* The room that is promised is enough for the worst text. */
TEST(six_bytes_for_each_and_two)
{
	char text[65], *out = malloc(6 * 64 + 2);

	memset(text, 0x80, 64);
	text[64] = '\0';
	ASSERT_TRUE(out);
	EXPECT_EQ(cli_json_quote(out, text), 6 * 64 + 2);
	free(out);
}

TEST(nesting)
{
	char *text = NULL;
	size_t len;
	struct cli_json json = { .out = open_memstream(&text, &len) };

	cli_json_open(&json, NULL, '{');
	cli_json_open(&json, "empty", '[');
	cli_json_close(&json);
	cli_json_open(&json, "list", '[');
	cli_json_number(&json, NULL, INT64_MIN);
	cli_json_string(&json, NULL, NULL);
	cli_json_close(&json);
	cli_json_bool(&json, "yes", true);
	cli_json_string(&json, "te\"xt", "v");
	cli_json_close(&json);
	fclose(json.out);
	EXPECT_STREQ(text, "{\n"
			   "  \"empty\": [],\n"
			   "  \"list\": [\n"
			   "    -9223372036854775808,\n"
			   "    null\n"
			   "  ],\n"
			   "  \"yes\": true,\n"
			   "  \"te\\\"xt\": \"v\"\n"
			   "}\n");
	free(text);
}
