/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of the TOML reader share. */
#ifndef TESTS_TOML_TEST_H
#define TESTS_TOML_TEST_H

#include "harness/harness.h"
#include "policy/toml.h"

/*
 * sl_toml_parse() of a copy that ends right before a page nobody may touch (and,
 * with @front, begins right behind one): reading past either end is SIGSEGV.
 */
int guarded_parse(const char *text, size_t len, bool front,
		  struct sl_toml **ret_root, struct sl_error *err);

/* Parses a NUL-terminated good text at both ends, or ends the test. */
struct sl_toml *parse_good(const char *text);

/* A value by dotted path; digits pick an element: "a.0.b". */
const struct sl_toml *at(const struct sl_toml *node, const char *path);

#endif
