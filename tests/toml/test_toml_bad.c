/* SPDX-License-Identifier: Apache-2.0 */
/* The TOML reader on invalid text: what it says, and where. */
#include <errno.h>

#include "toml/toml_test.h"

struct bad {
	const char *text;
	unsigned int line, col;
	const char *says;
	size_t len; /* of texts that hold NUL */
};

static void expect_bad(const struct bad *b)
{
	struct sl_toml *const untouched = (struct sl_toml *)(uintptr_t)1;
	size_t len = b->len ? b->len : strlen(b->text);

	for (int front = 0; front < 2; front++) {
		struct sl_toml *root = untouched;
		struct sl_error err = { 0 };
		int r = guarded_parse(b->text, len, front, &root, &err);

		if (r == -EINVAL && err.code == r && err.stage == SL_STAGE_PARSE &&
		    err.line == b->line && err.col == b->col &&
		    strstr(err.msg, b->says) && root == untouched)
			continue;
		th_fail(__FILE__, __LINE__,
			"'%s': want %u:%u '%s', got %d %u:%u '%s'", b->text,
			b->line, b->col, b->says, r, err.line, err.col, err.msg);
	}
}

#define EXPECT_ALL_BAD(...)                                      \
	do {                                                     \
		static const struct bad all[] = { __VA_ARGS__ }; \
		for (size_t i = 0; i < SL_ARRAY_LEN(all); i++)   \
			expect_bad(&all[i]);                     \
	} while (0)

TEST(bytes_that_are_no_text)
{
	EXPECT_ALL_BAD({ "\0", 1, 1, "NUL", 1 }, { "a = '\0'", 1, 6, "NUL", 8 },
		       { "# \0", 1, 3, "NUL", 3 },
		       { "a=1\n# \x01", 2, 3, "U+0001" },
		       { "a = \"\x1f\"", 1, 6, "\\u001F" },
		       { "a = '''\n\x7f'''", 2, 1, "U+007F" },
		       { "a = 1\r", 1, 6, "carriage return" },
		       { "# \rb", 1, 3, "carriage return" },
		       { "a = '''\r'''", 1, 8, "carriage return" },
		       { "a = 1\f", 1, 6, "U+000C" });
}

TEST(bytes_that_are_no_utf8)
{
	EXPECT_ALL_BAD({ "# \x80", 1, 3, "0x80" }, { "a='\xc3'", 1, 4, "0xc3" },
		       { "a='\xc3", 1, 4, "0xc3" },
		       { "a='\xc0\x80'", 1, 4, "0xc0" },
		       { "a='\xc1\xbf'", 1, 4, "0xc1" },
		       { "a='\xe0\x9f\xbf'", 1, 4, "0xe0" },
		       { "a='\xe2\x82", 1, 4, "0xe2" },
		       { "a='\xed\xa0\x80'", 1, 4, "0xed" },
		       { "a='\xf0\x8f\xbf\xbf'", 1, 4, "0xf0" },
		       { "a='\xf0\x9f\x98'", 1, 4, "0xf0" },
		       { "a='\xf4\x90\x80\x80'", 1, 4, "0xf4" },
		       { "a='\xf5\x80\x80\x80'", 1, 4, "0xf5" },
		       { "\xff\xfe"
			 "a",
			 1, 1, "0xff" },
		       { "\xc3\xa9\n\xff", 2, 1, "0xff" },
		       { "a = '\xc3\xa9\xff'", 1, 8, "0xff" });
}

TEST(strings_gone_wrong)
{
	EXPECT_ALL_BAD({ "a = \"x", 1, 5, "not closed" },
		       { "a = \"x\nb = 1", 1, 5, "not closed" },
		       { "a = 'x\r\n'", 1, 5, "not closed" },
		       { "\na = '''x\n''", 2, 5, "never closed" },
		       { "a = \"\"\"\"\"", 1, 5, "never closed" },
		       { "a = \"\"\"x\\", 1, 9, "end of the file" },
		       { "a = '''''''''", 1, 13, "end of the line" },
		       { "a = \"\\e\"", 1, 6, "'e'" },
		       { "a = \"\\x41\"", 1, 6, "'x'" },
		       { "a = \"\\\n\"", 1, 6, "end of the line" },
		       { "a = \"\"\"\\ x\"\"\"", 1, 8, "end its line" },
		       { "a = \"\\u12\"", 1, 10, "4 hexadecimal" },
		       { "a = \"\\u", 1, 8, "end of the file" },
		       { "a = \"\\U0000000\"", 1, 15, "8 hexadecimal" },
		       { "a = \"\\uD800\"", 1, 6, "scalar value" },
		       { "a = \"\\udfff\"", 1, 6, "scalar value" },
		       { "a = \"\\U00110000\"", 1, 6, "scalar value" },
		       { "a = 'x' y", 1, 9, "end of the line after a value" },
		       { "a = 'x''", 1, 8, "a single quote" });
}

TEST(integers_gone_wrong)
{
	EXPECT_ALL_BAD({ "a = 9223372036854775808", 1, 5, "64 bits" },
		       { "a = -9223372036854775809", 1, 5, "64 bits" },
		       { "a = 99999999999999999999999", 1, 5, "64 bits" },
		       { "a = 0x8000000000000000", 1, 5, "64 bits" },
		       { "a = 0o1000000000000000000000", 1, 5, "64 bits" },
		       { "a = 01", 1, 5, "leading zero" },
		       { "a = -0_1", 1, 6, "leading zero" },
		       { "a = 1__0", 1, 7, "underscore" },
		       { "a = _1", 1, 5, "underscore" },
		       { "a = 1_", 1, 7, "missing digit" },
		       { "a = +", 1, 6, "missing digit" },
		       { "a = --1", 1, 6, "missing digit" },
		       { "a = 0x", 1, 7, "missing digit" },
		       { "a = 0x_1", 1, 7, "underscore" },
		       { "a = 0xg", 1, 7, "missing digit" },
		       { "a = 0o8", 1, 7, "missing digit" },
		       { "a = 0b12", 1, 8, "unexpected" },
		       { "a = 0X1", 1, 6, "unexpected" },
		       { "a = +0x1", 1, 5, "no sign" },
		       { "a = 12abc", 1, 7, "unexpected" });
}

TEST(floats_gone_wrong)
{
	EXPECT_ALL_BAD({ "a = 1.", 1, 7, "missing digit" },
		       { "a = .5", 1, 5, "missing digit" },
		       { "a = 1.e2", 1, 7, "missing digit" },
		       { "a = 1e", 1, 7, "missing digit" },
		       { "a = 1e+", 1, 8, "missing digit" },
		       { "a = 1e2.5", 1, 8, "unexpected" },
		       { "a = 1._5", 1, 7, "underscore" },
		       { "a = 1.5_", 1, 9, "missing digit" },
		       { "a = 00.5", 1, 5, "leading zero" },
		       { "a = 1e999", 1, 5, "does not fit a double" },
		       { "a = -1e999", 1, 5, "does not fit a double" },
		       { "a = Inf", 1, 5, "did you mean inf" },
		       { "a = NaN", 1, 5, "did you mean nan" },
		       { "a = +infinity", 1, 6, "missing digit" },
		       { "a = 0x1p3", 1, 8, "unexpected" });
}

TEST(dates_gone_wrong)
{
	EXPECT_ALL_BAD({ "a = 2023-02-29", 1, 13, "day 29" },
		       { "a = 1900-02-29", 1, 13, "1 to 28" },
		       { "a = 2024-02-30", 1, 13, "1 to 29" },
		       { "a = 2024-04-31", 1, 13, "1 to 30" },
		       { "a = 2024-01-00", 1, 13, "day 00" },
		       { "a = 2024-13-01", 1, 10, "month 13" },
		       { "a = 2024-00-01", 1, 10, "month 00" },
		       { "a = 2024-1-01", 1, 11, "malformed" },
		       { "a = 2024-01-01T", 1, 16, "malformed" },
		       { "a = 2024-01-01T24:00:00", 1, 16, "hour 24" },
		       { "a = 2024-01-01 23:60:00", 1, 19, "minute 60" },
		       { "a = 23:59:61", 1, 11, "second 61" },
		       { "a = 23:59", 1, 10, "malformed" },
		       { "a = 23:59:00.", 1, 14, "malformed" },
		       { "a = 23:59:00Z", 1, 13, "malformed" },
		       { "a = 2024-01-01T00:00:00+24:00", 1, 25, "hour 24" },
		       { "a = 2024-01-01T00:00:00+01", 1, 27, "malformed" },
		       { "a = 2024-01-01T00:00:00Zx", 1, 25, "malformed" },
		       { "a = 2024-01-01  00:00:00", 1, 17, "after a value" },
		       { "a = 2024-01-01x", 1, 15, "malformed" });
}

TEST(lines_gone_wrong)
{
	EXPECT_ALL_BAD({ "a", 1, 2, "expected '=' after the key 'a'" },
		       { "a b = 1", 1, 3, "expected '='" },
		       { "a =", 1, 4, "expected a value" },
		       { "a = # 1", 1, 5, "expected a value, found '#'" },
		       { "a =\n1", 1, 4, "end of the line" },
		       { "= 1", 1, 1, "expected a key" },
		       { "a. = 1", 1, 4, "expected a key" },
		       { ".a = 1", 1, 1, "expected a key" },
		       { "a..b = 1", 1, 3, "expected a key" },
		       { "\xc3\xa9 = 1", 1, 1, "not ASCII" },
		       { "\"\"\"a\"\"\" = 1", 1, 1, "multi-line" },
		       { "'a = 1", 1, 1, "not closed" },
		       { "a = 1 b = 2", 1, 7, "end of the line" },
		       { "a = True", 1, 5, "did you mean true" },
		       { "a = /tmp", 1, 5, "expected a value, found '/'" },
		       { "a = tmp", 1, 5, "strings need quotes" },
		       { "[a", 1, 3, "expected ']'" },
		       { "[a\n]", 1, 3, "expected ']'" },
		       { "[]", 1, 2, "expected a key" },
		       { "[a.]", 1, 4, "expected a key" },
		       { "[a] b = 1", 1, 5, "after a table header" },
		       { "[[a]", 1, 4, "expected ']]'" },
		       { "[[a] ]", 1, 4, "expected ']]'" },
		       { "[ [a]]", 1, 3, "expected a key" },
		       { "a = 1\n]", 2, 1, "expected a key" });
}

TEST(arrays_and_inline_tables_gone_wrong)
{
	EXPECT_ALL_BAD({ "a = [", 1, 6, "line 1, column 5" },
		       { "a = [1,\n\n", 3, 1, "never closed" },
		       { "a = [1 2]", 1, 8, "expected ',' or ']'" },
		       { "a = [,]", 1, 6, "expected a value" },
		       { "a = [1,,2]", 1, 8, "expected a value" },
		       { "a = [1\nb = 2", 2, 1, "line 1, column 5" },
		       { "a = ]", 1, 5, "expected a value" },
		       { "a = {", 1, 6, "closed on its line" },
		       { "a = {\n}", 1, 6, "closed on its line" },
		       { "a = { b = 1 #\n}", 1, 13, "closed on its line" },
		       { "a = { b = 1,\nc = 2 }", 1, 13, "closed on its" },
		       { "a = { b = 1, }", 1, 14, "no comma" },
		       { "a = { b = 1 c = 2 }", 1, 13, "',' or '}'" },
		       { "a = { , }", 1, 7, "expected a key" },
		       { "a = { b }", 1, 9, "expected '='" },
		       { "a = { b = }", 1, 11, "expected a value" });
}

TEST(nothing_is_defined_twice)
{
	EXPECT_ALL_BAD(
		{ "a = 1\na = 2", 2, 1, "line 1, column 1" },
		{ "a = 1\n\"\\u0061\" = 2", 2, 1, "'a' is already" },
		{ "'' = 1\n\"\" = 2", 2, 1, "'' is already" },
		{ "\"\\u001b[2J\"=1\n\"\\u001b[2J\"=1", 2, 1, "'\\x1b[2J'" },
		{ "a = 1\na.b = 2", 2, 1, "an integer" },
		{ "a.b = 1\na = 2", 2, 1, "a table" },
		{ "a.b = 1\na.b.c = 2", 2, 3, "an integer" },
		{ "a.b = 1\na.b = 2", 2, 3, "only once" },
		{ "[a]\n[a]", 2, 2, "only once" },
		{ "a = 1\n[a]", 2, 2, "an integer" },
		{ "a = 1\n[a.b]", 2, 2, "an integer" },
		{ "[a]\nb = 1\n[a.b]", 3, 4, "an integer" },
		{ "a.b = 1\n[a]", 2, 2, "dotted keys" },
		{ "[a]\nb.c = 1\n[a.b]", 3, 4, "dotted keys" },
		{ "[a.b]\n[a]\nb.c = 1", 3, 1, "of its own" },
		{ "[a.b]\n[a]\nb = 1", 3, 1, "a table" },
		{ "[a.b.c]\n[a]\nb.c.d = 1", 3, 3, "of its own" },
		{ "[a.b]\n[a]\n[a]", 3, 2, "only once" },
		{ "[a.b.c]\n[a]\nb.d=1\n[a.b]", 4, 4, "by dotted keys" });
}

TEST(nothing_is_added_to_what_is_closed)
{
	EXPECT_ALL_BAD({ "a = {}\na.b = 1", 2, 1, "an inline table" },
		       { "a = {}\n[a]", 2, 2, "an inline table" },
		       { "a = {}\n[a.b]", 2, 2, "an inline table" },
		       { "a = {b.c = 1}\na.b.d = 1", 2, 1, "inline" },
		       { "a = {b.c = 1}\n[a.b.d]", 2, 2, "inline" },
		       { "a = { b = {}, b.c = 1 }", 1, 15, "inline" },
		       { "a = { b = 1, b = 2 }", 1, 14, "only once" },
		       { "a.b = {}\na.b.c = 1", 2, 3, "inline" },
		       { "a = []\n[[a]]", 2, 3, "an array" },
		       { "a = [{}]\n[[a]]", 2, 3, "an array" },
		       { "a = [{}]\n[a.b]", 2, 2, "an array" },
		       { "[[a]]\n[a]", 2, 2, "an array of tables" },
		       { "[a]\n[[a]]", 2, 3, "a table" },
		       { "[a.b]\n[[a]]", 2, 3, "a table" },
		       { "[[a]]\nb = 1\nb = 2", 3, 1, "line 2" },
		       { "[[a.b]]\n[a]\nb.c = 1", 3, 1, "array of tables" },
		       { "[[a.b]]\n[a]\nb = 1", 3, 1, "array of tables" },
		       { "[a]\nb = []\n[[a.b]]", 3, 5, "an array" });
}
