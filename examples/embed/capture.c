/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keep what a command says, and tell how it ended:
 *
 *	cc -o capture capture.c $(pkg-config --cflags --libs libsandlock)
 *	./capture
 */
#include <sandlock/sandlock.h>
#include <stdio.h>

static const char script[] = "echo to stdout; echo to stderr >&2; "
			     "cat /etc/shadow; exit 3";

static void show(const sandlock_result *result)
{
	static const char *const names[] = { "", "stdout", "stderr" };

	printf("%s, code %d\n", sandlock_result_reason_name(result),
	       sandlock_result_code(result));
	for (int stream = 1; stream <= 2; stream++) {
		size_t len;
		int cut;
		const char *text = sandlock_result_output(result, stream, &len,
							  &cut);

		printf("%s, %zu bytes%s:\n", names[stream], len,
		       cut ? " (cut)" : "");
		fwrite(text, 1, len, stdout);
	}
}

int main(void)
{
	const char *argv[] = { "sh", "-c", script, NULL };
	sandlock_spawn_options options = {
		.size = sizeof(options),
		.argv = argv,
		.stdio = { SANDLOCK_STDIO_NULL, SANDLOCK_STDIO_PIPE,
			   SANDLOCK_STDIO_PIPE },
		.capture_limit = 1 << 20, /* of each stream; the rest is dropped */
	};
	sandlock_policy *policy = NULL;
	sandlock_sandbox *sandbox = NULL;
	const sandlock_result *result;
	sandlock_error err = { 0 };
	int failed = 1;

	if (sandlock_policy_new(&policy, &err) == 0 &&
	    sandlock_policy_load(policy, "base", &err) == 0 &&
	    sandlock_spawn(policy, &options, &sandbox, &err) == 0 &&
	    sandlock_sandbox_wait(sandbox, -1, &result, &err) == 0) {
		show(result); /* borrowed from the sandbox */
		failed = 0;
	} else {
		fprintf(stderr, "capture: %s\n", err.message);
	}
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
	return failed;
}
