/* SPDX-License-Identifier: Apache-2.0 */
/* The TOML reader on valid text: values, structure, places. */
#include <math.h>
#include <stdlib.h>

#include "toml/toml_test.h"

static void expect_string(const char *value, const char *want, size_t len)
{
	sl_autofree char *text = NULL;
	SL_AUTO(sl_toml) root = NULL;
	const struct sl_toml *s;

	ASSERT_TRUE(asprintf(&text, "s = %s\n", value) > 0);
	root = parse_good(text);
	s = at(root, "s");
	EXPECT_EQ(s->type, SL_TOML_STRING);
	EXPECT_EQ(s->str.len, len);
	EXPECT_EQ(s->str.ptr[s->str.len], 0);
	if (s->str.len != len || memcmp(s->str.ptr, want, len) != 0)
		th_fail(__FILE__, __LINE__, "%s is '%s'", value, s->str.ptr);
}

#define EXPECT_STRING(value, want) expect_string(value, want, sizeof(want) - 1)

TEST(basic_strings)
{
	EXPECT_STRING("\"\"", "");
	EXPECT_STRING("\"a b\"", "a b");
	EXPECT_STRING("\"\\b\\t\\n\\f\\r\\\"\\\\\"", "\b\t\n\f\r\"\\");
	EXPECT_STRING("\"\\u0000\\u007F\\u0080\"", "\0\x7f\xc2\x80");
	EXPECT_STRING("\"\\u07ff\\u0800\\uFFFF\"",
		      "\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf");
	EXPECT_STRING("\"\\uD7FF\\uE000\"", "\xed\x9f\xbf\xee\x80\x80");
	EXPECT_STRING("\"\\U00010000\\U0010ffff\"",
		      "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf");
	EXPECT_STRING("\"\xc3\xa9\t#\" # comment", "\xc3\xa9\t#");
}

TEST(literal_strings)
{
	EXPECT_STRING("''", "");
	EXPECT_STRING("'\\n \"'", "\\n \"");
	EXPECT_STRING("'\\'", "\\");
}

TEST(multi_line_strings)
{
	EXPECT_STRING("\"\"\"\"\"\"", "");
	EXPECT_STRING("\"\"\"\na\nb\n\"\"\"", "a\nb\n");
	EXPECT_STRING("\"\"\"\r\na\r\nb\"\"\"", "a\nb");
	EXPECT_STRING("\"\"\"a\"b\"\"c\"\"\"", "a\"b\"\"c");
	EXPECT_STRING("\"\"\"\"\"\"\"\"", "\"\"");
	EXPECT_STRING("\"\"\"\"\"a\"\"\"\"\"", "\"\"a\"\"");
	EXPECT_STRING("\"\"\"a \\\n \t\n\n  b\"\"\"", "a b");
	EXPECT_STRING("\"\"\"a\\ \t \r\n b\"\"\"", "ab");
	EXPECT_STRING("\"\"\"a\\\n\"\"\"", "a");
	EXPECT_STRING("\"\"\"\\\"\"\"\"", "\"");
	EXPECT_STRING("''''''", "");
	EXPECT_STRING("'''\na\\\n''b'''", "a\\\n''b");
	EXPECT_STRING("'''''a'''''", "''a''");
}

static void expect_integer(const char *value, int64_t want)
{
	char text[128];
	SL_AUTO(sl_toml) root = NULL;

	snprintf(text, sizeof(text), "i=%s", value);
	root = parse_good(text);
	EXPECT_EQ(at(root, "i")->type, SL_TOML_INTEGER);
	EXPECT_EQ(at(root, "i")->integer, want);
}

TEST(integers)
{
	expect_integer("0", 0);
	expect_integer("+0", 0);
	expect_integer("-0", 0);
	expect_integer("+99", 99);
	expect_integer("-17", -17);
	expect_integer("1_000_0", 10000);
	expect_integer("9223372036854775807", INT64_MAX);
	expect_integer("-9223372036854775808", INT64_MIN);
	expect_integer("0xDEAD_beef", 0xdeadbeef);
	expect_integer("0x0000000000000000000000001", 1);
	expect_integer("0x7fffffffffffffff", INT64_MAX);
	expect_integer("0o755", 0755);
	expect_integer("0o0_1", 1);
	expect_integer("0b1101_0110", 0xd6);
}

static double get_float(const char *value)
{
	char text[128];
	SL_AUTO(sl_toml) root = NULL;

	snprintf(text, sizeof(text), "f = %s", value);
	root = parse_good(text);
	EXPECT_EQ(at(root, "f")->type, SL_TOML_FLOAT);
	return at(root, "f")->real;
}

TEST(floats)
{
	EXPECT_TRUE(get_float("3.25") == 3.25);
	EXPECT_TRUE(get_float("-0.0") == 0 && signbit(get_float("-0.0")));
	EXPECT_TRUE(get_float("5e+22") == 5e22);
	EXPECT_TRUE(get_float("1E06") == 1e6);
	EXPECT_TRUE(get_float("-2.5E-2") == -0.025);
	EXPECT_TRUE(get_float("224_617.445_991") == 224617.445991);
	EXPECT_TRUE(get_float("1e1_0") == 1e10);
	EXPECT_TRUE(get_float("1.7976931348623157e308") == 0x1.fffffffffffffp1023);
	EXPECT_TRUE(get_float("1e-999") == 0);
	EXPECT_TRUE(get_float("inf") > 0 && isinf(get_float("+inf")));
	EXPECT_TRUE(get_float("-inf") < 0 && isinf(get_float("-inf")));
	EXPECT_TRUE(isnan(get_float("nan")) && isnan(get_float("+nan")));
	EXPECT_TRUE(signbit(get_float("-nan")));
}

/*
 * Our host may have asked for a decimal comma, and locales that have one are
 * seldom installed: strtod(3) is wrapped at link time to behave as if.
 */
double __real_strtod(const char *text, char **ret_end);
double __wrap_strtod(const char *text, char **ret_end);

double __wrap_strtod(const char *text, char **ret_end)
{
	char copy[128];

	snprintf(copy, sizeof(copy), "%.*s", (int)strcspn(text, "."), text);
	return __real_strtod(copy, ret_end);
}

TEST(floats_do_not_depend_on_the_locale)
{
	EXPECT_TRUE(get_float("1.5") == 1.5);
}

static void expect_time(const char *value, enum sl_toml_type type)
{
	char text[128];
	SL_AUTO(sl_toml) root = NULL;

	snprintf(text, sizeof(text), "t = %s #", value);
	root = parse_good(text);
	EXPECT_EQ(at(root, "t")->type, type);
	EXPECT_STREQ(at(root, "t")->str.ptr, value);
	EXPECT_EQ(at(root, "t")->str.len, strlen(value));
}

TEST(dates_and_times)
{
	expect_time("1979-05-27T07:32:00Z", SL_TOML_OFFSET_DATETIME);
	expect_time("1979-05-27 07:32:00.999-07:00", SL_TOML_OFFSET_DATETIME);
	expect_time("1979-05-27t07:32:00z", SL_TOML_OFFSET_DATETIME);
	expect_time("1979-05-27T07:32:00+23:59", SL_TOML_OFFSET_DATETIME);
	expect_time("1979-05-27T07:32:00", SL_TOML_LOCAL_DATETIME);
	expect_time("1979-05-27 07:32:00.5", SL_TOML_LOCAL_DATETIME);
	expect_time("1990-12-31T23:59:60Z", SL_TOML_OFFSET_DATETIME);
	expect_time("1979-05-27", SL_TOML_LOCAL_DATE);
	expect_time("2024-02-29", SL_TOML_LOCAL_DATE);
	expect_time("2000-02-29", SL_TOML_LOCAL_DATE);
	expect_time("0000-01-01", SL_TOML_LOCAL_DATE);
	expect_time("07:32:00", SL_TOML_LOCAL_TIME);
	expect_time("00:32:00.123456789012", SL_TOML_LOCAL_TIME);
}

TEST(booleans_and_arrays)
{
	SL_AUTO(sl_toml)
	root = parse_good("a = [ # one\n"
			  "  true, false\n"
			  "\n"
			  "  , [], [ [ 'x' ,], {} ], # two\n"
			  "] # three\n"
			  "b = []");

	EXPECT_EQ(at(root, "a")->type, SL_TOML_ARRAY);
	EXPECT_EQ(at(root, "a.0")->boolean, true);
	EXPECT_EQ(at(root, "a.1")->boolean, false);
	EXPECT_EQ(at(root, "a.2")->type, SL_TOML_ARRAY);
	EXPECT_TRUE(at(root, "a.2")->child == NULL);
	EXPECT_STREQ(at(root, "a.3.0.0")->str.ptr, "x");
	EXPECT_EQ(at(root, "a.3.1")->type, SL_TOML_TABLE);
	EXPECT_TRUE(at(root, "a.3")->next == NULL);
	EXPECT_TRUE(at(root, "a.0")->key == NULL);
	EXPECT_TRUE(at(root, "b")->child == NULL);
}

TEST(keys)
{
	SL_AUTO(sl_toml)
	root = parse_good("1234 = 1\n-_ = 2\n\"\" = 3\n"
			  "'a.b' = 4\n\"\\u0000\" = 5\n"
			  "a . \"b\" . c = 6\n"
			  "3.14 = 7\n\"\\u0000\\u0000\"=8\n"
			  "true.inf = 9\n");
	const struct sl_toml *c = root->child;

	EXPECT_EQ(at(root, "1234")->integer, 1);
	EXPECT_EQ(at(root, "-_")->integer, 2);
	EXPECT_EQ(c->next->next->key_len, 0);
	EXPECT_STREQ(c->next->next->key, "");
	EXPECT_STREQ(c->next->next->next->key, "a.b");
	c = c->next->next->next->next;
	EXPECT_EQ(c->key_len, 1);
	EXPECT_EQ(c->integer, 5);
	EXPECT_EQ(at(root, "a.b.c")->integer, 6);
	EXPECT_EQ(at(root, "3.14")->integer, 7);
	EXPECT_EQ(at(root, "true.inf")->integer, 9);
}

TEST(tables)
{
	SL_AUTO(sl_toml)
	root = parse_good("top = 1\n"
			  "[a.b] # super table a\n"
			  "x = 1\n"
			  "[a] # defined after its child\n"
			  "y = 2\n"
			  "c.d = 3\n"
			  "c.e = 4\n"
			  "[ a . c . 'f' ]\n"
			  "z = 5\n"
			  "[g]");

	EXPECT_EQ(at(root, "top")->integer, 1);
	EXPECT_EQ(at(root, "a.b.x")->integer, 1);
	EXPECT_EQ(at(root, "a.y")->integer, 2);
	EXPECT_EQ(at(root, "a.c.d")->integer, 3);
	EXPECT_EQ(at(root, "a.c.e")->integer, 4);
	EXPECT_EQ(at(root, "a.c.f.z")->integer, 5);
	EXPECT_EQ(at(root, "g")->type, SL_TOML_TABLE);
	EXPECT_TRUE(at(root, "g")->child == NULL);
}

TEST(dotted_keys_may_fill_a_super_table)
{
	SL_AUTO(sl_toml) root = parse_good("[a.b.c]\nx = 1\n[a]\nb.y = 2\n");

	EXPECT_EQ(at(root, "a.b.c.x")->integer, 1);
	EXPECT_EQ(at(root, "a.b.y")->integer, 2);
}

TEST(arrays_of_tables)
{
	SL_AUTO(sl_toml)
	root = parse_good("[[a]]\nx = 1\n[a.sub]\ny = 2\n"
			  "[[a]]\n[[ a.list ]]\n[[a.list]]\n"
			  "z = 3\n[a.sub]\ny = 4\n"
			  "[b]\nd.x = 1\n[[b.e]]\nd.x = 2\n"
			  "[[b.e]]\nd.x = 3\n");

	EXPECT_EQ(at(root, "a")->type, SL_TOML_ARRAY);
	EXPECT_EQ(at(root, "a.0.x")->integer, 1);
	EXPECT_EQ(at(root, "a.0.sub.y")->integer, 2);
	EXPECT_EQ(at(root, "a.1.list.1.z")->integer, 3);
	EXPECT_EQ(at(root, "a.1.sub.y")->integer, 4);
	EXPECT_EQ(at(root, "b.e.1.d.x")->integer, 3);
}

TEST(inline_tables)
{
	SL_AUTO(sl_toml)
	root = parse_good(
		"p = { x = 1, y.z = \"s\",y.w = [\n1, # n\n2], n = {} }\n"
		"q = [ {a = 1}, { a = '''\n2''' } ]");

	EXPECT_EQ(at(root, "p.x")->integer, 1);
	EXPECT_STREQ(at(root, "p.y.z")->str.ptr, "s");
	EXPECT_EQ(at(root, "p.y.w.1")->integer, 2);
	EXPECT_TRUE(at(root, "p.n")->child == NULL);
	EXPECT_STREQ(at(root, "q.1.a")->str.ptr, "2");
}

TEST(documents_without_entries)
{
	static const char *const texts[] = {
		"", "\n", "\r\n\r\n", "# c", " \t# c\r\n", "  ", "\xef\xbb\xbf"
	};

	for (size_t i = 0; i < SL_ARRAY_LEN(texts); i++) {
		SL_AUTO(sl_toml) root = parse_good(texts[i]);

		EXPECT_EQ(root->type, SL_TOML_TABLE);
		EXPECT_TRUE(root->child == NULL);
	}
}

static void expect_place(const struct sl_toml *node, unsigned int line,
			 unsigned int col, unsigned int key_line,
			 unsigned int key_col)
{
	EXPECT_EQ(node->line, line);
	EXPECT_EQ(node->col, col);
	EXPECT_EQ(node->key_line, key_line);
	EXPECT_EQ(node->key_col, key_col);
}

TEST(every_node_knows_its_place)
{
	SL_AUTO(sl_toml)
	root = parse_good("\xef\xbb\xbf"
			  "a = 1\r\n"
			  "'\xc3\xa9' =  '''\r\nx\n''' # 2 to 4\n"
			  "  b . c\t= [ 1,\n    2 ]\n"
			  " [ t . u ]\n"
			  "[t]\n"
			  " [[ v ]]\n"
			  "[[v]]\n"
			  "i = { k = 1 }\n");

	expect_place(at(root, "a"), 1, 5, 1, 1);
	expect_place(at(root, "\xc3\xa9"), 2, 9, 2, 1);
	expect_place(at(root, "b"), 5, 3, 5, 3);
	expect_place(at(root, "b.c"), 5, 11, 5, 7);
	expect_place(at(root, "b.c.0"), 5, 13, 0, 0);
	expect_place(at(root, "b.c.1"), 6, 5, 0, 0);
	expect_place(at(root, "t.u"), 7, 2, 7, 8);
	expect_place(at(root, "t"), 8, 1, 8, 2);
	expect_place(at(root, "v"), 9, 2, 9, 5);
	expect_place(at(root, "v.0"), 9, 2, 0, 0);
	expect_place(at(root, "v.1"), 10, 1, 0, 0);
	expect_place(at(root, "v.1.i.k"), 11, 11, 11, 7);
}

TEST(entries_keep_the_order_of_the_source)
{
	SL_AUTO(sl_toml) root = parse_good("z=1\na=2\n[m]\n[b]\n[m.x]\n[c]");
	char seen[16] = { 0 };
	size_t n = 0;

	for (const struct sl_toml *c = root->child; c; c = c->next)
		seen[n++] = c->key[0];
	EXPECT_STREQ(seen, "zambc");
}
