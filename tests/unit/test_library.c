/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The library as a program outside this tree meets it: the shared object, its
 * header, and nothing else.
 */
#include <sandlock/sandlock.h>

#include "harness/harness.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static sandlock_policy *policy_of(const char *toml)
{
	sandlock_policy *policy = NULL;
	sandlock_error err = { 0 };

	ASSERT_EQ(sandlock_policy_new(&policy, &err), 0);
	if (sandlock_policy_parse(policy, toml, strlen(toml), "test.toml",
				  &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	return policy;
}

static char *dump_of(const sandlock_policy *policy)
{
	char *text = NULL;

	ASSERT_EQ(sandlock_policy_dump(policy, &text, NULL), 0);
	return text;
}

static const char *value_of(const sandlock_policy *policy, const char *key,
			    size_t index)
{
	const char *value = NULL;

	return sandlock_policy_get(policy, key, index, &value) < 0 ? NULL : value;
}

/* Fresh directory as HOME, and no XDG_CONFIG_HOME. */
static void make_home(char *home)
{
	char path[128];

	ASSERT_TRUE(mkdtemp(home) != NULL);
	setenv("HOME", home, 1);
	unsetenv("XDG_CONFIG_HOME");
	snprintf(path, sizeof(path), "%s/.config", home);
	ASSERT_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/.config/sandlock", home);
	ASSERT_EQ(mkdir(path, 0700), 0);
	snprintf(path, sizeof(path), "%s/.config/sandlock/profiles", home);
	ASSERT_EQ(mkdir(path, 0700), 0);
}

static void remove_home(const char *home)
{
	static const char *const below[] = { "/.config/sandlock/profiles",
					     "/.config/sandlock", "/.config",
					     "" };
	char path[128];

	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(path, sizeof(path), "%s%s", home, below[i]);
		EXPECT_EQ(rmdir(path), 0);
	}
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	ASSERT_TRUE(file != NULL);
	fputs(text, file);
	ASSERT_EQ(fclose(file), 0);
}

TEST(version_is_that_of_the_header)
{
	char text[32];

	snprintf(text, sizeof(text), "%d.%d.%d", SANDLOCK_VERSION_MAJOR,
		 SANDLOCK_VERSION_MINOR, SANDLOCK_VERSION_PATCH);
	EXPECT_STREQ(sandlock_version(), text);
	EXPECT_STREQ(sandlock_version(), SANDLOCK_VERSION_STRING);
}

TEST(keys_are_iterated_to_an_end)
{
	sandlock_key key = { .size = sizeof(key) };
	bool found = false;
	size_t rows = 0;
	int r;

	while ((r = sandlock_key_at(rows, &key)) == 0) {
		EXPECT_TRUE(key.name && key.name[0]);
		EXPECT_TRUE(key.help && key.help[0]);
		EXPECT_TRUE(key.group && key.group[0]);
		if (strcmp(key.name, "filesystem.read") == 0) {
			found = true;
			EXPECT_STREQ(key.flag, "--fs-read");
			EXPECT_STREQ(key.short_flag, "-r");
			EXPECT_EQ(key.type, SANDLOCK_TYPE_LIST);
			EXPECT_TRUE(key.flags & SANDLOCK_KEY_AVAILABLE);
			EXPECT_TRUE(key.flags & SANDLOCK_KEY_POLICY);
		}
		ASSERT_LT(++rows, 1000);
	}
	EXPECT_EQ(r, -ERANGE);
	EXPECT_TRUE(found);
	EXPECT_TRUE(rows > 40);
}

TEST(values_are_set_read_and_cleared)
{
	sandlock_policy *policy = policy_of("");
	sandlock_error err = { 0 };

	EXPECT_EQ(sandlock_policy_set(policy, "filesystem.read", "/a", NULL, &err),
		  0);
	EXPECT_EQ(sandlock_policy_set(policy, "filesystem.read", "/b", NULL, &err),
		  0);
	EXPECT_EQ(sandlock_policy_set(policy, "program.clean_env", "true", NULL,
				      &err),
		  0);
	EXPECT_STREQ(value_of(policy, "filesystem.read", 0), "/a");
	EXPECT_STREQ(value_of(policy, "filesystem.read", 1), "/b");
	EXPECT_TRUE(value_of(policy, "filesystem.read", 2) == NULL);
	EXPECT_STREQ(value_of(policy, "program.clean_env", 0), "true");
	EXPECT_EQ(sandlock_policy_clear(policy, "filesystem.read", &err), 0);
	EXPECT_TRUE(value_of(policy, "filesystem.read", 0) == NULL);
	EXPECT_LT(sandlock_policy_clear(policy, "filesystem.raed", &err), 0);
	EXPECT_HAS(err.message, "filesystem.read"); /* did you mean */
	sandlock_policy_free(policy);
	sandlock_policy_free(NULL);
}

TEST(an_error_names_origin_and_stage)
{
	sandlock_policy *policy = policy_of("");
	sandlock_error err = { 0 };

	EXPECT_LT(sandlock_policy_set(policy, "limits.timeout", "2x", "-t", &err),
		  0);
	EXPECT_HAS(err.message, "-t");
	EXPECT_HAS(err.message, "2x");
	EXPECT_EQ(err.stage, SANDLOCK_STAGE_PARSE);
	EXPECT_EQ(sandlock_error_exit_status(&err), 125);
	EXPECT_LT(sandlock_policy_parse(policy, "[limits]\ntimeout = 'x'\n", 23,
					"p.toml", &err),
		  0);
	EXPECT_EQ(sandlock_policy_set(policy, "limits.timeout", "2x", "-t", NULL),
		  -EINVAL);
	sandlock_policy_free(policy);
}

TEST(an_unknown_key_is_invalid_in_every_call)
{
	static const char *const keys[] = { "limits.timeot", "", "status-fd" };
	sandlock_policy *policy = policy_of("");
	sandlock_error err = { 0 };
	const char *text;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		EXPECT_EQ(sandlock_policy_set(policy, keys[i], "1", NULL, &err),
			  -EINVAL);
		EXPECT_HAS(err.message, keys[i]);
		EXPECT_EQ(sandlock_policy_clear(policy, keys[i], &err), -EINVAL);
		EXPECT_EQ(sandlock_policy_get(policy, keys[i], 0, &text),
			  -EINVAL);
	}
	sandlock_policy_free(policy);
}

TEST(a_place_in_a_profile_is_reported)
{
	sandlock_policy *policy = policy_of("");
	sandlock_error err = { 0 };
	const char *text = "[limits]\n  timout = \"2m\"\n";

	EXPECT_LT(sandlock_policy_parse(policy, text, strlen(text), "p.toml",
					&err),
		  0);
	EXPECT_EQ(err.line, 2);
	EXPECT_EQ(err.column, 3);
	EXPECT_HAS(err.message, "p.toml:2:3");
	EXPECT_HAS(err.message, "timeout");
	sandlock_policy_free(policy);
}

TEST(a_dump_parses_back)
{
	sandlock_policy *policy = policy_of(
		"[filesystem]\nread = [\"/usr\", \"?/opt\"]\n"
		"[program.env]\nA = \"line\\nbreak\"\n"
		"[limits]\ntimeout = \"1.5s\"\n");
	char *first = dump_of(policy), *second;
	sandlock_policy *again = policy_of(first);

	second = dump_of(again);
	EXPECT_HAS(first, "/usr");
	EXPECT_HAS(first, "?/opt");
	EXPECT_STREQ(first, second);
	sandlock_string_free(first);
	sandlock_string_free(second);
	sandlock_string_free(NULL);
	sandlock_policy_free(policy);
	sandlock_policy_free(again);
}

TEST(a_value_reads_as_it_was_set)
{
	sandlock_policy *policy =
		policy_of("[filesystem]\nread = [\"?/a\", \"/b\"]\n");
	sandlock_policy *copy = NULL;

	EXPECT_STREQ(value_of(policy, "filesystem.read", 0), "?/a");
	EXPECT_STREQ(value_of(policy, "filesystem.read", 1), "/b");
	ASSERT_EQ(sandlock_policy_clone(policy, &copy, NULL), 0);
	sandlock_policy_free(policy);
	EXPECT_STREQ(value_of(copy, "filesystem.read", 0), "?/a");
	sandlock_policy_free(copy);
}

TEST(a_clone_is_equal_and_apart)
{
	sandlock_policy *policy = policy_of("[filesystem]\nread = [\"/a\"]\n");
	sandlock_policy *copy = NULL;

	ASSERT_EQ(sandlock_policy_clone(policy, &copy, NULL), 0);
	EXPECT_EQ(sandlock_policy_set(copy, "filesystem.read", "/b", NULL, NULL),
		  0);
	EXPECT_TRUE(value_of(policy, "filesystem.read", 1) == NULL);
	sandlock_policy_free(policy);
	EXPECT_STREQ(value_of(copy, "filesystem.read", 0), "/a");
	EXPECT_STREQ(value_of(copy, "filesystem.read", 1), "/b");
	sandlock_policy_free(copy);
}

TEST(merging_appends_and_replaces)
{
	sandlock_policy *policy = policy_of("[filesystem]\nread = [\"/a\"]\n"
					    "[limits]\nopen_files = 10\n");
	sandlock_policy *over = policy_of("[filesystem]\nread = [\"/b\"]\n"
					  "[limits]\nopen_files = 20\n");

	EXPECT_EQ(sandlock_policy_merge(policy, over, NULL), 0);
	sandlock_policy_free(over);
	EXPECT_STREQ(value_of(policy, "filesystem.read", 0), "/a");
	EXPECT_STREQ(value_of(policy, "filesystem.read", 1), "/b");
	EXPECT_STREQ(value_of(policy, "limits.open_files", 0), "20");
	EXPECT_TRUE(value_of(policy, "limits.open_files", 1) == NULL);
	sandlock_policy_free(policy);
}

TEST(a_check_refuses_what_cannot_be_enforced)
{
	sandlock_policy *policy = policy_of("[filesystem]\nread = [\"/\"]\n");
	sandlock_error err = { 0 };
	char *text = NULL;

	EXPECT_EQ(sandlock_policy_check(policy, &err), 0);
	ASSERT_EQ(sandlock_policy_warnings(policy, &text, &err), 0);
	EXPECT_STREQ(text, "");
	sandlock_string_free(text);
	ASSERT_EQ(sandlock_policy_set(policy, "limits.kill_after", "1s",
				      "--kill-after", &err),
		  0);
	EXPECT_LT(sandlock_policy_check(policy, &err), 0);
	EXPECT_HAS(err.message, "--kill-after");
	sandlock_policy_free(policy);
}

TEST(a_missing_path_deserves_a_word)
{
	sandlock_policy *policy = policy_of(
		"[filesystem]\nread = [\"/usr\", \"?/nosuch/a\"]\n"
		"write = [\"/nosuch/b\"]\n[program]\ncwd = \"/nosuch/c\"\n");
	char *text = NULL;

	ASSERT_EQ(sandlock_policy_warnings(policy, &text, NULL), 0);
	EXPECT_HAS(text, ":3:10: '/nosuch/b': No such file or directory; a run "
			 "would be refused, \"?/nosuch/b\" skips it if "
			 "missing\n");
	EXPECT_HAS(text, ":5:7: '/nosuch/c': No such file or directory; a run "
			 "would be refused\n");
	EXPECT_TRUE(strstr(text, "/usr") == NULL);
	EXPECT_TRUE(strstr(text, "/nosuch/a") == NULL);
	sandlock_string_free(text);
	sandlock_policy_free(policy);
}

TEST(an_allowed_system_call_deserves_a_word)
{
	sandlock_policy *policy = policy_of("");
	char *text = NULL;

	ASSERT_EQ(sandlock_policy_set(policy, "syscalls.extra_allow", "bpf",
				      NULL, NULL),
		  0);
	ASSERT_EQ(sandlock_policy_warnings(policy, &text, NULL), 0);
	EXPECT_HAS(text, "bpf");
	sandlock_string_free(text);
	sandlock_policy_free(policy);
}

TEST(profiles_are_listed_shown_and_deleted)
{
	char home[] = "/tmp/sandlock-library.XXXXXX";
	sandlock_policy *policy = policy_of("");
	char *text = NULL, *path = NULL;

	make_home(home);
	ASSERT_EQ(sandlock_profile_path("mine", &path, NULL), 0);
	EXPECT_HAS(path, home);
	write_file(path, "[filesystem]\nread = [\"/mine\"]\n");
	ASSERT_EQ(sandlock_profile_list(&text, NULL), 0);
	EXPECT_HAS(text, "base\n");
	EXPECT_HAS(text, "mine\n");
	sandlock_string_free(text);
	ASSERT_EQ(sandlock_profile_text("mine", &text, NULL), 0);
	EXPECT_STREQ(text, "[filesystem]\nread = [\"/mine\"]\n");
	sandlock_string_free(text);
	EXPECT_EQ(sandlock_policy_load(policy, "mine", NULL), 0);
	EXPECT_EQ(sandlock_policy_load_file(policy, path, NULL), 0);
	EXPECT_STREQ(value_of(policy, "filesystem.read", 0), "/mine");
	EXPECT_EQ(sandlock_profile_path("base", &text, NULL), -ENOENT);
	EXPECT_EQ(sandlock_profile_is_preset("base"), 1);
	EXPECT_EQ(sandlock_profile_is_preset("mine"), 0);
	EXPECT_EQ(sandlock_profile_is_preset(NULL), 0);
	EXPECT_EQ(sandlock_profile_delete("mine", NULL), 0);
	EXPECT_EQ(access(path, F_OK), -1);
	EXPECT_EQ(sandlock_profile_delete("mine", NULL), -ENOENT);
	EXPECT_LT(sandlock_policy_load_file(policy, path, NULL), 0);
	sandlock_string_free(path);
	sandlock_policy_free(policy);
	remove_home(home);
}

TEST(exec_replaces_the_caller_and_confines_it)
{
	char secret[] = "/tmp/sandlock-library.XXXXXX";
	int fd = mkstemp(secret), go[2];
	char script[160], byte = 0;
	pid_t pid;

	ASSERT_TRUE(fd >= 0);
	close(fd);
	ASSERT_EQ(pipe(go), 0);
	snprintf(script, sizeof(script),
		 "test -r / && cat %s && echo out; "
		 "echo in",
		 secret);
	pid = fork();
	if (pid == 0) {
		const char *argv[] = { "/bin/sh", "-c", script, NULL };
		sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
		sandlock_policy *policy = policy_of(
			"[filesystem]\n"
			"read = [\"/usr\", \"?/bin\", \"?/lib\", \"?/lib64\"]\n"
			"[program]\n");
		sandlock_error err = { 0 };

		dup2(go[1], STDOUT_FILENO);
		dup2(open("/dev/null", O_WRONLY), STDERR_FILENO);
		sandlock_policy_set(policy, "program.no_supervisor", "true",
				    NULL, &err);
		sandlock_exec(policy, &o, &err);
		dprintf(STDOUT_FILENO, "%s\n", err.message);
		_exit(1);
	}
	close(go[1]);
	ASSERT_EQ(read(go[0], &byte, 1), 1);
	EXPECT_EQ(byte, 'i'); /* "in" and not "out", nor an error */
	unlink(secret);
}

static sandlock_sandbox *spawn_true(sandlock_policy *policy)
{
	const char *argv[] = { "/bin/true", NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_sandbox *sandbox = NULL;
	sandlock_error err = { 0 };

	o.flags = SANDLOCK_SPAWN_INLINE;
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	return sandbox;
}

/* As in a package that carries both in one folder. */
TEST(the_supervisor_beside_the_library_is_found)
{
	const char *argv[] = { "/bin/sh", "-c", "exit 5", NULL };
	sandlock_spawn_options o = { .size = sizeof(o), .argv = argv };
	sandlock_policy *policy = policy_of("extends = \"base\"\n");
	const sandlock_result *result;
	sandlock_sandbox *sandbox;
	sandlock_error err = { 0 };

	unsetenv("SANDLOCK_SUPERVISOR");
	if (sandlock_spawn(policy, &o, &sandbox, &err) < 0) {
		printf("# %s\n", err.message);
		th_abort();
	}
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 20000, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_code(result), 5);
	sandlock_sandbox_free(sandbox);
	sandlock_policy_free(policy);
}

TEST(a_sandbox_can_be_polled_to_its_end)
{
	sandlock_policy *policy = policy_of("[filesystem]\nread = [\"/\"]\n");
	sandlock_sandbox *sandbox = spawn_true(policy);
	struct pollfd pfd = { .fd = sandlock_sandbox_fd(sandbox),
			      .events = POLLIN };
	const sandlock_result *result = NULL;
	int over = 0;

	EXPECT_TRUE(sandlock_sandbox_pid(sandbox) > 0);
	EXPECT_EQ(sandlock_sandbox_stdin(sandbox), -EBADF);
	while (!over) {
		ASSERT_EQ(poll(&pfd, 1, 20000), 1);
		over = sandlock_sandbox_dispatch(sandbox, NULL);
		ASSERT_TRUE(over >= 0);
	}
	ASSERT_EQ(sandlock_sandbox_wait(sandbox, 0, &result, NULL), 0);
	EXPECT_EQ(sandlock_result_reason(result), SANDLOCK_REASON_EXITED);
	EXPECT_STREQ(sandlock_result_reason_name(result), "exited");
	EXPECT_EQ(sandlock_result_code(result), 0);
	EXPECT_EQ(sandlock_result_signal(result), 0);
	EXPECT_EQ(sandlock_result_exit_status(result), 0);
	EXPECT_EQ(sandlock_sandbox_signal(sandbox, SIGTERM), -ESRCH);
	EXPECT_EQ(sandlock_sandbox_kill(sandbox), 0);
	sandlock_sandbox_free(sandbox);
	sandlock_sandbox_free(NULL);
	sandlock_policy_free(policy);
}
