/* SPDX-License-Identifier: Apache-2.0 */
/* The matcher against a table, and against a model that tries everything. */
#include "harness/harness.h"
#include "policy/glob.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

static bool covers(const char *pattern, const char *path)
{
	struct sl_glob glob;

	if (sl_glob_compile(pattern, &glob) < 0) {
		th_fail(__FILE__, __LINE__, "'%s' does not compile", pattern);
		th_abort();
	}
	return sl_glob_walk(&glob, path) == SL_GLOB_COVERED;
}

TEST(glob_covers)
{
	static const struct {
		const char *pattern, *path;
		bool covered;
	} rows[] = {
		{ "/w/.git/hooks", "/w/.git/hooks", true },
		{ "/w/.git/hooks", "/w/.git/hooks/pre-commit", true },
		{ "/w/.git/hooks", "/w/.git/hooks2", false },
		{ "/w/.git/hooks", "/w/.git", false },
		{ "/w/.git/hooks/", "//w/.git//hooks", true },
		{ "/w/*.key", "/w/a.key", true },
		{ "/w/*.key", "/w/.key", true },
		{ "/w/*.key", "/w/d/a.key", false },
		{ "/w/*.key", "/w/a.key.old", false },
		{ "/w/?", "/w/a", true },
		{ "/w/?", "/w/ab", false },
		{ "/w/[a-c]x", "/w/bx", true },
		{ "/w/[a-c]x", "/w/dx", false },
		{ "/w/[!a-c]x", "/w/dx", true },
		{ "/w/[!a-c]x", "/w/ax", false },
		{ "/w/[]]", "/w/]", true },
		{ "/w/[[]a[]]", "/w/[a]", true },
		{ "/w/[*]", "/w/*", true },
		{ "/w/[*]", "/w/a", false },
		{ "/w/[a-]", "/w/-", true },
		{ "/**/.env", "/.env", true },
		{ "/**/.env", "/a/b/c/.env", true },
		{ "/**/.env", "/a/.env/c", true },
		{ "/**/.env", "/a/.envx", false },
		{ "/**/.git/hooks", "/a/.git/b/hooks", false },
		{ "/**/.git/hooks", "/a/.git/.git/hooks", true },
		{ "/w/**", "/w", false },
		{ "/w/**", "/w/a/b", true },
		{ "/a/**/**/b", "/a/b", true },
		{ "/a/**/x/**/b", "/a/x/y/x/z/b/c", true },
		{ "/", "/", true },
		{ "/", "/a", true },
		{ "/w/\xff\x80*", "/w/\xff\x80\xfe", true },
		{ "/w/a*b*c", "/w/aXbYbZc", true },
		{ "/w/a*b*c", "/w/aXbYbZ", false },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (covers(rows[i].pattern, rows[i].path) != rows[i].covered)
			th_fail(__FILE__, __LINE__, "%s on %s", rows[i].pattern,
				rows[i].path);
}

static bool folds_to(const char *pattern, const char *name, bool all)
{
	struct sl_glob glob;

	ASSERT_EQ(sl_glob_compile(pattern, &glob), 0);
	return sl_glob_step_folded(&glob, sl_glob_start(&glob), name,
				   strlen(name), all) == SL_GLOB_COVERED;
}

/* Bytes, then what folds in ASCII, then what folds at all. */
TEST(glob_covers_what_folds)
{
	static const struct {
		const char *pattern, *name;
		bool ascii, all;
	} rows[] = {
		{ "/Secret", "sECRET", true, true },
		{ "/Secret", "secrets", false, false },
		{ "/[a-c]x", "BX", true, true },
		{ "/[!a-c]x", "Bx", true, true }, /* it could be B alone */
		{ "/*.key", "A.Key", true, true },
		{ "/?ab", "XAB", true, true },
		{ "/@", "`", false, false },
		{ "/key",
		  "\xe2\x84\xaa"
		  "ey",
		  false, true },
		{ "/mass", "ma\xc3\x9f", false, true },
		{ "/.git", ".\xe2\x80\x8bgit\xe2\x80\x8b", false, true },
		{ "/.git", "\xe2\x80\x8b", false, false },
		{ "/a-b",
		  "a\xe2\x80\x8b"
		  "b",
		  false, false },
		{ "/\xc3\xa9t", "\xc3\x89T", false, true },
		{ "/\xc3\xa9t", "e\xcc\x81t", false, true },
		{ "/*\xc3\xa9", "ae\xcc\x81", false, true },
		{ "/name", "NAME. .", false, true },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *pattern = rows[i].pattern, *name = rows[i].name;

		if (folds_to(pattern, name, false) != rows[i].ascii ||
		    folds_to(pattern, name, true) != rows[i].all)
			th_fail(__FILE__, __LINE__, "%s on %s", pattern, name);
	}
}

/* Never less than without folding, whatever the pattern. */
TEST(glob_folds_to_more)
{
	static const char letters[] = "ab.*?A\xc3";
	uint64_t seed = 42;

	for (int round = 0; round < 100000; round++) {
		char pattern[12] = "/", name[8] = "";
		struct sl_glob glob;
		uint64_t exact, ascii, all;

		for (int i = 0; i < 10; i++) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			if (i < 5)
				pattern[i + 1] = letters[(seed >> 33) % 7];
			else
				name[i - 5] = letters[(seed >> 33) % 7];
		}
		if (sl_glob_compile(pattern, &glob) < 0)
			continue;
		exact = sl_glob_step(&glob, sl_glob_start(&glob), name, 5);
		ascii = sl_glob_step_folded(&glob, sl_glob_start(&glob), name,
					    5, false);
		all = sl_glob_step_folded(&glob, sl_glob_start(&glob), name, 5,
					  true);
		if ((exact && !ascii) || (ascii && !all))
			th_fail(__FILE__, __LINE__, "%s on %s", pattern, name);
	}
}

TEST(glob_refuses)
{
	static const char *const bad[] = { "/w/[a",   "/w/a**", "/w/**b",
					   "/w/../x", "/w/./x", "[",
					   "/w/[!]" };
	struct sl_error err = { 0 };
	char many[2 * 70 + 1], longer[PATH_MAX + 2];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (sl_glob_check(bad[i], &err) != -EINVAL || !err.msg[0])
			th_fail(__FILE__, __LINE__, "%s", bad[i]);
	for (size_t i = 0; i < 70; i++)
		memcpy(many + 2 * i, "/a", 3);
	EXPECT_EQ(sl_glob_check(many, &err), -E2BIG);
	memset(longer, 'a', sizeof(longer));
	longer[0] = '/';
	longer[sizeof(longer) - 1] = '\0';
	EXPECT_EQ(sl_glob_check(longer, &err), -E2BIG);
}

TEST(glob_escape_means_itself)
{
	char buf[64], small[6];

	EXPECT_EQ(sl_glob_escape("/a[b]*?", 7, buf, sizeof(buf)), 13);
	EXPECT_STREQ(buf, "/a[[]b][*][?]");
	EXPECT_TRUE(covers(buf, "/a[b]*?"));
	EXPECT_EQ(sl_glob_escape("/a[b]*?", 7, small, sizeof(small)), -E2BIG);
}

/* ---- the model: strings of names, by trying ---- */

static bool model_name(const char *p, const char *n)
{
	if (*p == '*')
		return model_name(p + 1, n) || (*n && model_name(p, n + 1));
	if (!*p || !*n)
		return *p == *n;
	return (*p == '?' || *p == *n) && model_name(p + 1, n + 1);
}

static bool model(char **p, char **n)
{
	if (!*p)
		return true; /* and all below */
	if (strcmp(*p, "**") == 0 && p[1])
		return model(p + 1, n) || (*n && model(p, n + 1));
	if (!*n)
		return false;
	if (strcmp(*p, "**") == 0)
		return true;
	return model_name(*p, *n) && model(p + 1, n + 1);
}

static size_t split(char *text, char **names)
{
	char *save = NULL, *name;
	size_t n = 0;

	for (name = strtok_r(text, "/", &save); name;
	     name = strtok_r(NULL, "/", &save))
		names[n++] = name;
	names[n] = NULL;
	return n;
}

static void random_path(char *buf, const char *const *names, size_t count)
{
	int parts = 1 + rand() % 5;

	*buf = '\0';
	while (parts--) {
		strcat(buf, "/");
		strcat(buf, names[(size_t)rand() % count]);
	}
}

TEST_OPTS(glob_agrees_with_the_model, .timeout = 60)
{
	static const char *const parts[] = { "a",  "b",	  "ab",	 "*",
					     "?",  "a*",  "*b",	 "**",
					     "**", "?*b", "*a*b" };
	static const char *const names[] = { "a", "b", "ab", "aab", "ba", "c" };
	int covered = 0;

	srand(7);
	for (int round = 0; round < 200000; round++) {
		char pattern[64], path[64], p[64], n[64];
		char *pp[8], *nn[8];
		bool want;

		random_path(pattern, parts, sizeof(parts) / sizeof(parts[0]));
		random_path(path, names, sizeof(names) / sizeof(names[0]));
		strcpy(p, pattern);
		strcpy(n, path);
		split(p, pp);
		split(n, nn);
		want = model(pp, nn);
		covered += want;
		if (covers(pattern, path) != want) {
			th_fail(__FILE__, __LINE__, "%s on %s: not %d", pattern,
				path, want);
			return;
		}
	}
	EXPECT_TRUE(covered > 10000);
}

/* The promise for renames: equal sets, equal coverage of all below. */
TEST_OPTS(glob_equal_states_are_equal_below, .timeout = 60)
{
	static const char *const parts[] = { "a", "b", "*", "**", "a*" };
	static const char *const names[] = { "a", "b", "ab", "c" };
	int equal = 0;

	srand(11);
	for (int round = 0; round < 100000; round++) {
		char pattern[64], one[64], two[64], rest[64], x[128], y[128];
		struct sl_glob glob;

		random_path(pattern, parts, 5);
		random_path(one, names, 4);
		random_path(two, names, 4);
		random_path(rest, names, 4);
		ASSERT_EQ(sl_glob_compile(pattern, &glob), 0);
		if (sl_glob_walk(&glob, one) != sl_glob_walk(&glob, two))
			continue;
		equal++;
		snprintf(x, sizeof(x), "%s%s", one, rest);
		snprintf(y, sizeof(y), "%s%s", two, rest);
		ASSERT_EQ(sl_glob_walk(&glob, x), sl_glob_walk(&glob, y));
	}
	EXPECT_TRUE(equal > 10000);
}

/* What took exponential time in other matchers. */
TEST_OPTS(glob_work_is_bounded, .timeout = 10)
{
	char pattern[4 * 60 + 8] = "", path[PATH_MAX] = "", name[256];
	struct sl_glob glob;

	for (int i = 0; i < 30; i++)
		strcat(pattern, "/**/a");
	strcat(pattern, "/b");
	for (int i = 0; i < 2000; i++)
		strcat(path, "/a");
	ASSERT_EQ(sl_glob_compile(pattern, &glob), 0);
	for (int i = 0; i < 100; i++)
		ASSERT_TRUE(sl_glob_walk(&glob, path) != SL_GLOB_COVERED);
	memset(name, 'a', 255);
	name[255] = '\0';
	strcpy(pattern, "/*a*a*a*a*a*a*a*a*a*a*a*a*b");
	ASSERT_EQ(sl_glob_compile(pattern, &glob), 0);
	for (int i = 0; i < 1000; i++)
		ASSERT_EQ(sl_glob_step(&glob, 1, name, 255), 0);
}
