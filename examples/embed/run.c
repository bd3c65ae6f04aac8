/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Run a command that may read the system, write the current directory, and
 * reach no network, for at most ten seconds:
 *
 *	cc -o run run.c $(pkg-config --cflags --libs libsandlock)
 *	./run make check
 */
#include <sandlock/sandlock.h>
#include <stdio.h>

static int make_policy(sandlock_policy **ret_policy, sandlock_error *err)
{
	int r = sandlock_policy_new(ret_policy, err);

	if (r == 0)
		r = sandlock_policy_load(*ret_policy, "base", err);
	if (r == 0)
		r = sandlock_policy_set(*ret_policy, "filesystem.write", ".",
					NULL, err);
	if (r == 0)
		r = sandlock_policy_set(*ret_policy, "limits.timeout", "10s",
					NULL, err);
	return r;
}

int main(int argc, char **argv)
{
	static const char *const hello[] = { "echo", "hello from inside", NULL };
	sandlock_spawn_options options = { .size = sizeof(options) };
	sandlock_policy *policy = NULL;
	sandlock_sandbox *sandbox = NULL;
	const sandlock_result *result;
	sandlock_error err = { 0 };
	int status;

	options.argv = argc > 1 ? (const char *const *)argv + 1 : hello;
	if (make_policy(&policy, &err) < 0 ||
	    sandlock_spawn(policy, &options, &sandbox, &err) < 0 ||
	    sandlock_sandbox_wait(sandbox, -1, &result, &err) < 0) {
		fprintf(stderr, "run: %s\n", err.message);
		status = sandlock_error_exit_status(&err);
	} else {
		status = sandlock_result_exit_status(result);
	}
	sandlock_sandbox_free(sandbox); /* NULL is fine for both */
	sandlock_policy_free(policy);
	return status;
}
