/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TOML reader against hostile text and a poor machine: limits, text that
 * ends anywhere, work that grows, memory that runs out. The allocator is
 * wrapped at link time (see meson.build).
 */
#include <errno.h>
#include <time.h>

#include "base/buf.h"
#include "base/limits.h"
#include "toml/toml_test.h"

static long allocations, live, fail_at = -1;

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *ptr, size_t size);
void __real_free(void *ptr);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *ptr, size_t size);
void __wrap_free(void *ptr);

static bool refuse(void)
{
	return allocations++ == fail_at;
}

void *__wrap_malloc(size_t size)
{
	void *ptr = refuse() ? NULL : __real_malloc(size);

	live += ptr != NULL;
	return ptr;
}

void *__wrap_calloc(size_t n, size_t size)
{
	void *ptr = refuse() ? NULL : __real_calloc(n, size);

	live += ptr != NULL;
	return ptr;
}

void *__wrap_realloc(void *old, size_t size)
{
	void *ptr = refuse() ? NULL : __real_realloc(old, size);

	live += ptr && !old;
	return ptr;
}

void __wrap_free(void *ptr)
{
	live -= ptr != NULL;
	__real_free(ptr);
}

/* A bit of everything that is valid. */
static const char *sample(void)
{
	return "# comment \xc3\xa9\r\n"
	       "a.\"b\\u00e9\".'c' = \"x\\ty\\U0001F600\" # after\n"
	       "m = \"\"\"\nx\\\n  y\"\"z\"\"\"\"\"\n"
	       "l = '''\nx'y\xe2\x82\xac'''\n"
	       "n = [ 1, 0xfF, 0o7, 0b1, 1_0, +1.5e-3, inf, -nan, # c\n ]\n"
	       "d = [ 1979-05-27T07:32:00.5+01:00, 1979-05-27 07:32:00,\n"
	       "      1979-05-27, 07:32:00 ]\n"
	       "t = { a = { b.c = true }, d = [ {}, false ] }\n"
	       "[x.y]\nk = ''\n[x]\n[[x.z]]\n[[x.z]]\n[x.z.w]\n";
}

/* Wherever the text is cut, nobody looks at what would have followed. */
TEST(text_may_end_anywhere)
{
	const char *text = sample();
	size_t good = 0;

	for (size_t len = 0; len <= strlen(text); len++) {
		SL_AUTO(sl_toml) root = NULL;
		struct sl_error err = { 0 };

		if (guarded_parse(text, len, false, &root, &err) == 0)
			good++;
		else
			EXPECT_TRUE(err.line && err.col && err.msg[0]);
	}
	EXPECT_GT(good, 10);
	EXPECT_LT(good, strlen(text) / 2);
}

TEST(memory_may_run_out_anywhere)
{
	struct sl_toml *root = NULL;
	long n, before = live;
	int r = -ENOMEM;

	for (n = 0; r == -ENOMEM; n++) {
		struct sl_error err = { 0 };

		allocations = 0;
		fail_at = n;
		r = sl_toml_parse(sample(), strlen(sample()), &root, &err);
		fail_at = -1;
		EXPECT_EQ(err.code, r);
		if (r < 0) {
			EXPECT_HAS(err.msg, "out of memory");
			EXPECT_TRUE(root == NULL);
			EXPECT_EQ(live, before);
		}
	}
	EXPECT_EQ(r, 0);
	EXPECT_GT(n, 50);
	EXPECT_GT(live, before);
	sl_toml_free(root);
	EXPECT_EQ(live, before);
}

TEST(an_error_leaks_nothing)
{
	const char *text = sample();
	long before = live;

	for (size_t len = 0; len <= strlen(text); len++) {
		struct sl_toml *root = NULL;

		sl_toml_parse(text, len, &root, NULL);
		sl_toml_free(root);
		EXPECT_EQ(live, before);
	}
	sl_toml_free(NULL);
}

static void repeat(struct sl_buf *buf, const char *text, size_t times)
{
	while (times--)
		sl_buf_adds(buf, text);
}

static int parse_buf(const struct sl_buf *buf, struct sl_error *err)
{
	SL_AUTO(sl_toml) root = NULL;

	ASSERT_EQ(buf->failed, 0);
	sl_error_clear(err);
	return guarded_parse(buf->data, buf->len, false, &root, err);
}

/* @head, @open @depth times, @middle, @close as often. */
static int parse_nested(const char *head, const char *open, const char *middle,
			const char *close, size_t depth, struct sl_error *err)
{
	sl_autobuf buf = SL_BUF_INIT(SL_MAX_PROFILE_BYTES);

	sl_buf_adds(&buf, head);
	repeat(&buf, open, depth);
	sl_buf_adds(&buf, middle);
	repeat(&buf, close, depth);
	return parse_buf(&buf, err);
}

TEST(nesting_has_a_limit)
{
	const size_t max = SL_MAX_TOML_NESTING;
	struct sl_error err;

	EXPECT_EQ(parse_nested("a=", "[", "", "]", max, &err), 0);
	EXPECT_EQ(parse_nested("a=", "[", "1", "]", max, &err), 0);
	EXPECT_EQ(parse_nested("a=", "[", "", "]", max + 1, &err), -EINVAL);
	EXPECT_HAS(err.msg, "deeper than the limit of 64");
	EXPECT_EQ(err.col, 3 + max);
	EXPECT_EQ(parse_nested("a=", "[", "", "", 500000, &err), -EINVAL);
	EXPECT_HAS(err.msg, "deeper than the limit");
	EXPECT_EQ(parse_nested("", "a={", "", "}", max, &err), 0);
	EXPECT_EQ(parse_nested("", "a={", "", "}", max + 1, &err), -EINVAL);
	EXPECT_HAS(err.msg, "deeper than the limit");
	EXPECT_EQ(parse_nested("", "a.", "b=1", "", max, &err), 0);
	EXPECT_EQ(parse_nested("", "a.", "b=1", "", max + 1, &err), -EINVAL);
	EXPECT_HAS(err.msg, "deeper than the limit");
	EXPECT_EQ(parse_nested("", "a.", "b=1", "", 400000, &err), -EINVAL);
	EXPECT_EQ(parse_nested("[", "a.", "b]", "", max - 1, &err), 0);
	EXPECT_EQ(parse_nested("[", "a.", "b]", "", max, &err), -EINVAL);
	EXPECT_HAS(err.msg, "deeper than the limit");
	EXPECT_EQ(parse_nested("[[", "a.", "b]]", "", max - 1, &err), -EINVAL);
	EXPECT_HAS(err.msg, "deeper than the limit");
}

TEST(size_has_a_limit)
{
	sl_autobuf buf = SL_BUF_INIT(2 * SL_MAX_PROFILE_BYTES);
	struct sl_error err;

	repeat(&buf, " ", SL_MAX_PROFILE_BYTES);
	EXPECT_EQ(parse_buf(&buf, &err), 0);
	sl_buf_adds(&buf, " ");
	EXPECT_EQ(parse_buf(&buf, &err), -EFBIG);
	EXPECT_HAS(err.msg, "1048577 bytes, more than the limit of 1048576");
}

/* CPU time of the fastest of three, in ns; the text must be valid. */
static double cost(const struct sl_buf *buf)
{
	double best = 1e18;

	ASSERT_EQ(buf->failed, 0);
	for (int i = 0; i < 3; i++) {
		struct timespec a, b;
		struct sl_toml *root = NULL;
		struct sl_error err = { 0 };

		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &a);
		sl_toml_parse(buf->data, buf->len, &root, &err);
		sl_toml_free(root);
		clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &b);
		if (!root)
			th_fail(__FILE__, __LINE__, "%s", err.msg);
		best = SL_MIN(best, (double)(b.tv_sec - a.tv_sec) * 1e9 +
					    (double)(b.tv_nsec - a.tv_nsec));
	}
	return best;
}

typedef void build_fn(struct sl_buf *buf, size_t size);

/*
 * Sixteen times the text may cost sixteen times the work, and somewhat more for
 * the caches; what is quadratic costs 256 times as much.
 */
static void expect_linear(const char *name, build_fn *build)
{
	sl_autobuf small = SL_BUF_INIT(SL_MAX_PROFILE_BYTES);
	sl_autobuf large = SL_BUF_INIT(SL_MAX_PROFILE_BYTES);
	double s, l;

	build(&small, SL_MAX_PROFILE_BYTES / 16 - 8192);
	build(&large, SL_MAX_PROFILE_BYTES - 8192);
	s = cost(&small);
	l = cost(&large);
	printf("# %s: %.1f ms for %zu bytes, %.1f times that of a 16th\n", name,
	       l / 1e6, large.len, l / s);
	if (l > 80 * s)
		th_fail(__FILE__, __LINE__, "%s: work is not linear", name);
}

static void many_keys(struct sl_buf *buf, size_t size)
{
	for (unsigned int i = 0; buf->len < size; i++)
		sl_buf_addf(buf, "%x=1\n", i);
}

static void keys_with_a_long_prefix(struct sl_buf *buf, size_t size)
{
	for (unsigned int i = 0; buf->len < size; i++)
		sl_buf_addf(buf, "%0250u=1\n", i);
}

/* Each key begins with the one before: as deep as a trie can get. */
static void a_staircase_of_keys(struct sl_buf *buf, size_t size)
{
	for (size_t n = 1; buf->len < size; n++) {
		repeat(buf, "a", n);
		sl_buf_adds(buf, "=1\n");
	}
}

static void many_headers(struct sl_buf *buf, size_t size)
{
	for (unsigned int i = 0; buf->len < size; i++)
		sl_buf_addf(buf, "[a.b.%x.c]\n", i);
}

static void many_elements(struct sl_buf *buf, size_t size)
{
	while (buf->len < size)
		sl_buf_adds(buf, "[[a]]\nb.c=1\n");
}

static void a_long_array(struct sl_buf *buf, size_t size)
{
	sl_buf_adds(buf, "a=[");
	while (buf->len < size)
		sl_buf_adds(buf, "0,");
	sl_buf_adds(buf, "]");
}

static void many_arrays(struct sl_buf *buf, size_t size)
{
	sl_buf_adds(buf, "a=[");
	while (buf->len < size)
		sl_buf_adds(buf, "[{}],");
	sl_buf_adds(buf, "]");
}

static void a_long_inline_table(struct sl_buf *buf, size_t size)
{
	sl_buf_adds(buf, "a={z=0");
	for (unsigned int i = 0; buf->len < size; i++)
		sl_buf_addf(buf, ",b.%u=1", i);
	sl_buf_adds(buf, "}");
}

static void a_long_string(struct sl_buf *buf, size_t size)
{
	sl_buf_adds(buf, "a=\"\"\"");
	while (buf->len < size)
		sl_buf_adds(buf, "\\u00e9\\\n\n \"\"");
	sl_buf_adds(buf, "x\"\"\"");
}

static void a_long_float(struct sl_buf *buf, size_t size)
{
	sl_buf_adds(buf, "a=0.");
	while (buf->len < size)
		sl_buf_adds(buf, "1234567_89");
}

static void a_long_integer(struct sl_buf *buf, size_t size)
{
	sl_buf_adds(buf, "a=0x");
	while (buf->len < size)
		sl_buf_adds(buf, "00000000_00");
}

TEST(work_is_linear_in_the_text)
{
	expect_linear("many keys", many_keys);
	expect_linear("long prefix", keys_with_a_long_prefix);
	expect_linear("staircase", a_staircase_of_keys);
	expect_linear("many headers", many_headers);
	expect_linear("many elements", many_elements);
	expect_linear("long array", a_long_array);
	expect_linear("many arrays", many_arrays);
	expect_linear("long inline table", a_long_inline_table);
	expect_linear("long string", a_long_string);
	expect_linear("long float", a_long_float);
	expect_linear("long integer", a_long_integer);
}

/* Every key of many is found again, and only those. */
TEST(duplicates_are_found_among_many)
{
	const unsigned int count = 3000;

	for (unsigned int again = 0; again < count; again += 97) {
		sl_autobuf buf = SL_BUF_INIT(SL_MAX_PROFILE_BYTES);
		struct sl_error err;

		/* All bits of the key take part, the last ones most. */
		for (unsigned int i = 0; i < count; i++)
			sl_buf_addf(&buf, "\"\\u%04x%u\"=1\n", i * 7 % 256,
				    i * 2654435761u);
		EXPECT_EQ(parse_buf(&buf, &err), 0);
		sl_buf_addf(&buf, "\"\\u%04x%u\"=1\n", again * 7 % 256,
			    again * 2654435761u);
		EXPECT_EQ(parse_buf(&buf, &err), -EINVAL);
		EXPECT_EQ(err.line, count + 1);
		EXPECT_HAS(err.msg, "is already an integer");
	}
}
