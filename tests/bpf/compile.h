/* SPDX-License-Identifier: Apache-2.0 */
/* Shared by the tests of the filter: policy text -> program. */
#ifndef TESTS_BPF_COMPILE_H
#define TESTS_BPF_COMPILE_H

#include <linux/filter.h>
#include <stddef.h>

#include "base/error.h"
#include "bpf/naive.h"
#include "plan/plan.h"

/* The same policy as @n; a failure fails the test. */
struct sl_policy *compile_policy(const struct naive *n);
/* The program for n->arch; empty and with @err told on failure. */
struct sl_plan_filter compile_filter(const struct naive *n, struct sl_error *err);

#endif
