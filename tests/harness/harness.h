/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fork-per-test harness, TAP output. Our tests destroy their process (Landlock,
 * seccomp and no_new_privs are one-way), so each runs in a child of its own,
 * under a deadline, and may skip only by naming a missing kernel feature.
 *
 *	TEST(name) { ASSERT_EQ(f(), 0); EXPECT_STREQ(s, "x"); }
 *
 * `prog [-l] [SUBSTRING...]` lists or selects tests. No main() needed.
 */
#ifndef TESTS_HARNESS_H
#define TESTS_HARNESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct th_test {
	const char *name;
	void (*fn)(void);
	unsigned int timeout; /* seconds; 0 means 120 */
	int signal;	      /* expected fatal signal, or 0 */
	struct th_test *next;
};

void th_register(struct th_test *test);
void th_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Ends the test at once, as failed / as skipped. */
void th_abort(void) __attribute__((noreturn));
void th_skip(const char *missing_feature) __attribute__((noreturn));

#define TEST_OPTS(tname, ...)                                      \
	static void test_##tname(void);                            \
	static struct th_test th_##tname = { .name = #tname,       \
					     .fn = test_##tname,   \
					     ##__VA_ARGS__ };      \
	__attribute__((constructor)) static void thr_##tname(void) \
	{                                                          \
		th_register(&th_##tname);                          \
	}                                                          \
	static void test_##tname(void)
#define TEST(tname) TEST_OPTS(tname)
#define TEST_TIMEOUT(tname, secs) TEST_OPTS(tname, .timeout = (secs))
#define TEST_SIGNAL(tname, sig) TEST_OPTS(tname, .signal = (sig))
#define SKIP(missing_feature) th_skip(missing_feature)

#define TH_INT_(a, op, b, stop)                                                \
	do {                                                                   \
		long long th_a_ = (long long)(a), th_b_ = (long long)(b);      \
		if (!(th_a_ op th_b_)) {                                       \
			th_fail(__FILE__, __LINE__, "%s %s %s (%lld vs %lld)", \
				#a, #op, #b, th_a_, th_b_);                    \
			if (stop)                                              \
				th_abort();                                    \
		}                                                              \
	} while (0)
#define TH_STR_(a, b, stop)                                                    \
	do {                                                                   \
		const char *th_a_ = (a), *th_b_ = (b);                         \
		if (!th_a_ || !th_b_ || strcmp(th_a_, th_b_) != 0) {           \
			th_fail(__FILE__, __LINE__, "%s == %s ('%s' vs '%s')", \
				#a, #b, th_a_ ? th_a_ : "(null)",              \
				th_b_ ? th_b_ : "(null)");                     \
			if (stop)                                              \
				th_abort();                                    \
		}                                                              \
	} while (0)
#define TH_HAS_(a, b, stop)                                                   \
	do {                                                                  \
		const char *th_a_ = (a), *th_b_ = (b);                        \
		if (!th_a_ || !strstr(th_a_, th_b_)) {                        \
			th_fail(__FILE__, __LINE__, "%s contains '%s': '%s'", \
				#a, th_b_, th_a_ ? th_a_ : "(null)");         \
			if (stop)                                             \
				th_abort();                                   \
		}                                                             \
	} while (0)

#define EXPECT_TRUE(a) TH_INT_(!!(a), ==, 1, 0)
#define EXPECT_FALSE(a) TH_INT_(!!(a), ==, 0, 0)
#define EXPECT_EQ(a, b) TH_INT_(a, ==, b, 0)
#define EXPECT_NE(a, b) TH_INT_(a, !=, b, 0)
#define EXPECT_LT(a, b) TH_INT_(a, <, b, 0)
#define EXPECT_LE(a, b) TH_INT_(a, <=, b, 0)
#define EXPECT_GT(a, b) TH_INT_(a, >, b, 0)
#define EXPECT_GE(a, b) TH_INT_(a, >=, b, 0)
#define EXPECT_STREQ(a, b) TH_STR_(a, b, 0)
#define EXPECT_HAS(a, b) TH_HAS_(a, b, 0)
#define ASSERT_TRUE(a) TH_INT_(!!(a), ==, 1, 1)
#define ASSERT_FALSE(a) TH_INT_(!!(a), ==, 0, 1)
#define ASSERT_EQ(a, b) TH_INT_(a, ==, b, 1)
#define ASSERT_NE(a, b) TH_INT_(a, !=, b, 1)
#define ASSERT_LT(a, b) TH_INT_(a, <, b, 1)
#define ASSERT_LE(a, b) TH_INT_(a, <=, b, 1)
#define ASSERT_GT(a, b) TH_INT_(a, >, b, 1)
#define ASSERT_GE(a, b) TH_INT_(a, >=, b, 1)
#define ASSERT_STREQ(a, b) TH_STR_(a, b, 1)
#define ASSERT_HAS(a, b) TH_HAS_(a, b, 1)

#endif
