/* SPDX-License-Identifier: Apache-2.0 */
/* Explanations through the public interface: use and misuse. */
#include <errno.h>
#include <sandlock/sandlock.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/harness.h"

static sandlock_policy *policy;
static sandlock_explanation *ex;
static sandlock_error err;

static void begin(void)
{
	ASSERT_EQ(sandlock_policy_new(&policy, &err), 0);
}

static void set(const char *key, const char *value, const char *origin)
{
	int r = sandlock_policy_set(policy, key, value, origin, &err);

	if (r < 0)
		th_fail(__FILE__, __LINE__, "%s", err.message);
}

static void explain(const char *command)
{
	const char *argv[] = { command, NULL };
	sandlock_explain_options options = { .size = sizeof(options),
					     .argv = command ? argv : NULL };

	if (ex)
		sandlock_explanation_free(ex);
	ex = NULL;
	if (sandlock_explain(policy, &options, &ex, &err) < 0)
		th_fail(__FILE__, __LINE__, "%s", err.message);
	ASSERT_TRUE(ex);
}

static sandlock_answer ask(const char *question, size_t index)
{
	sandlock_answer answer = { .size = sizeof(answer) };
	int r = sandlock_explanation_ask(ex, question, index, &answer, &err);

	if (r < 0)
		th_fail(__FILE__, __LINE__, "%s: %s", question, err.message);
	return answer;
}

static int refused_question(const char *question)
{
	sandlock_answer answer = { .size = sizeof(answer) };

	return sandlock_explanation_ask(ex, question, 0, &answer, &err);
}

static bool has_rule(const char *subject, uint32_t rung)
{
	sandlock_rule rule = { .size = sizeof(rule) };

	for (size_t i = 0; sandlock_explanation_rule(ex, i, &rule) == 0; i++)
		if (strcmp(rule.subject, subject) == 0 && rule.rung == rung)
			return true;
	return false;
}

static void finish(void)
{
	sandlock_explanation_free(ex);
	ex = NULL;
	sandlock_policy_free(policy);
}

TEST(a_grant_with_its_origin)
{
	sandlock_rule rule = { .size = sizeof(rule) };
	sandlock_answer answer;

	begin();
	set("filesystem.read", "/usr", "--fs-read");
	explain(NULL);
	ASSERT_EQ(sandlock_explanation_rule(ex, 0, &rule), 0);
	EXPECT_STREQ(rule.key, "filesystem.read");
	EXPECT_STREQ(rule.subject, "/usr");
	EXPECT_STREQ(rule.effect, "read, execute, list");
	EXPECT_STREQ(rule.origin, "--fs-read");
	EXPECT_STREQ(rule.enforced_by, "Landlock");
	EXPECT_EQ(rule.allows, 1);
	answer = ask("path:/usr/bin", 0);
	EXPECT_STREQ(answer.access, "list");
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_ALLOWED);
	EXPECT_EQ(answer.rule, 0);
	EXPECT_STREQ(answer.origin, "--fs-read");
	answer = ask("path:/usr/bin", 1);
	EXPECT_STREQ(answer.access, "create");
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
	EXPECT_EQ(answer.error, EACCES);
	EXPECT_STREQ(answer.error_name, "EACCES");
	finish();
}

TEST(what_is_taken_out_of_a_grant)
{
	sandlock_answer answer;

	begin();
	set("filesystem.read", "/usr", "--fs-read");
	set("filesystem.protect", "/usr/**/y", "--fs-protect");
	set("filesystem.deny", "/usr/bin/en[v]", "--fs-deny");
	explain(NULL);
	EXPECT_TRUE(has_rule("/usr/**/y", SANDLOCK_RUNG_SUPERVISOR));
	EXPECT_TRUE(has_rule("/usr/bin/en[v]", SANDLOCK_RUNG_SUPERVISOR));
	answer = ask("path:/usr/bin/env", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
	EXPECT_EQ(answer.error, EACCES);
	answer = ask("path:/usr/bin/test", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_ALLOWED);
	finish();
}

/* What a hint does not offer, an answer does not either, and says so. */
TEST(secrets_and_too_much_are_not_offered)
{
	static const struct {
		const char *name, *says;
	} cases[] = {
		{ "/.ssh/id_ed25519", "secret" },
		/* a link to it, by a name that gives nothing away */
		{ "/notes", "secret" },
		{ "/odd\x1bname", "cannot be shown" },
		{ "/plain", NULL },
		{ "", "all that lies there" },
	};
	char home[] = "/tmp/sandlock-explain.XXXXXX", path[128];
	sandlock_answer answer;

	ASSERT_TRUE(mkdtemp(home));
	snprintf(path, sizeof(path), "%s/.ssh", home);
	ASSERT_EQ(mkdir(path, 0700), 0);
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", home, cases[i].name);
		if (i == 1)
			ASSERT_EQ(symlink(".ssh/id_ed25519", path), 0);
		else
			fclose(fopen(path, "we"));
	}
	setenv("HOME", home, 1);
	begin();
	set("filesystem.read", "/usr", "--fs-read");
	explain(NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(path, sizeof(path), "path:%s%s", home, cases[i].name);
		answer = ask(path, 0);
		EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
		EXPECT_EQ(!answer.fix, cases[i].says != NULL);
		EXPECT_EQ(!answer.fix_value, cases[i].says != NULL);
		EXPECT_EQ(!answer.no_fix, cases[i].says == NULL);
		if (cases[i].says && answer.no_fix)
			EXPECT_HAS(answer.no_fix, cases[i].says);
	}
	finish();
	for (size_t i = 0; i < 4; i++) {
		snprintf(path, sizeof(path), "%s%s", home, cases[i].name);
		unlink(path);
	}
	snprintf(path, sizeof(path), "%s/.ssh", home);
	rmdir(path);
	rmdir(home);
}

TEST(a_profile_names_line_and_column)
{
	static const char text[] = "[filesystem]\nread = [\"/usr\"]\n";
	sandlock_rule rule = { .size = sizeof(rule) };

	begin();
	ASSERT_EQ(sandlock_policy_parse(policy, text, strlen(text), "p.toml",
					&err),
		  0);
	explain(NULL);
	ASSERT_EQ(sandlock_explanation_rule(ex, 0, &rule), 0);
	EXPECT_STREQ(rule.origin, "p.toml:2:9");
	finish();
}

TEST(a_preset_names_itself_and_the_command_is_ours)
{
	sandlock_rule rule = { .size = sizeof(rule) };
	bool preset = false, ours = false, pending = false;

	begin();
	ASSERT_EQ(sandlock_policy_load(policy, "base", &err), 0);
	explain("true");
	for (size_t i = 0; sandlock_explanation_rule(ex, i, &rule) == 0; i++) {
		preset |= strncmp(rule.origin, "preset base:", 12) == 0;
		ours |= strcmp(rule.origin, "sandlock, for the command") == 0;
	}
	EXPECT_TRUE(preset);
	EXPECT_TRUE(ours);
	/* Without a command that rule is named as depending on it. */
	explain(NULL);
	for (size_t i = 0; sandlock_explanation_rule(ex, i, &rule) == 0; i++)
		pending |= rule.note &&
			   strstr(rule.note, "depends on the command");
	EXPECT_TRUE(pending);
	finish();
}

/* One of its addresses stays denied whatever is allowed by name. */
TEST(localhost_is_both_addresses)
{
	sandlock_answer answer;

	begin();
	set("network.allow", "10.0.0.1:1", "--net-allow");
	explain(NULL);
	answer = ask("net:localhost:80", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
	EXPECT_STREQ(answer.fix, "--net-allow tcp://localhost:80");
	finish();
	begin();
	set("network.allow", "10.0.0.1:1", "--net-allow");
	set("network.deny", "[::1]:80", "--net-deny");
	explain(NULL);
	answer = ask("net:localhost:80", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
	EXPECT_TRUE(answer.fix == NULL);
	finish();
}

TEST(ports_by_number_alone)
{
	sandlock_answer answer;

	begin();
	set("network.allow", "tcp://:443", "--net-allow");
	explain(NULL);
	answer = ask("net:example.org:443", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_ALLOWED);
	EXPECT_HAS(answer.reason, "every address");
	answer = ask("net:[::1]:80", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
	/* That host, and no other; a name is not looked up for it. */
	EXPECT_STREQ(answer.fix, "--net-allow 'tcp://[::1]:80'");
	EXPECT_STREQ(answer.fix_key, "network.allow");
	EXPECT_STREQ(answer.fix_value, "tcp://[::1]:80");
	answer = ask("net:name.invalid:80", 0);
	EXPECT_STREQ(answer.fix, "--net-allow tcp://name.invalid:80");
	answer = ask("net:*:80", 0);
	EXPECT_STREQ(answer.fix, "--net-allow tcp://:80");
	answer = ask("bind:8080", 0);
	EXPECT_STREQ(answer.fix, "--net-allow-bind 8080");
	answer = ask("net:udp://1.1.1.1:53", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
	EXPECT_EQ(answer.rung, SANDLOCK_RUNG_SECCOMP);
	EXPECT_EQ(answer.error, EPERM);
	EXPECT_STREQ(answer.fix, "--net-allow udp://1.1.1.1:53");
	answer = ask("net:unix:/run/x", 0);
	EXPECT_EQ(answer.error, EAFNOSUPPORT);
	EXPECT_TRUE(answer.rule >= 0);
	finish();
}

TEST(a_denied_port_is_taken_out_of_its_list)
{
	sandlock_answer answer;

	begin();
	set("network.allow", "tcp://:80,443", "--net-allow");
	set("network.deny", "tcp://:25,443", "--net-deny");
	set("network.allow_bind", "8000-8010", "--net-allow-bind");
	set("network.deny_bind", "8004-8006", "--net-deny-bind");
	explain(NULL);
	answer = ask("net:h:443", 0);
	EXPECT_STREQ(answer.origin, "--net-deny");
	EXPECT_STREQ(answer.fix, "--no-net-deny --net-deny tcp://:25");
	EXPECT_TRUE(!answer.fix_key);
	answer = ask("bind:8005", 0);
	EXPECT_STREQ(answer.fix, "--no-net-deny-bind --net-deny-bind 8004-8004 "
				 "--net-deny-bind 8006-8006");
	finish();
}

TEST(calls_by_name_group_and_case)
{
	sandlock_answer answer;

	begin();
	set("syscalls.extra_deny", "getppid", "--extra-deny-syscall");
	set("syscalls.extra_deny", "watches", "--extra-deny-syscall");
	set("syscalls.extra_allow", "sysv_ipc", "--extra-allow-syscall");
	explain(NULL);
	answer = ask("syscall:ptrace", 0);
	EXPECT_EQ(answer.error, EPERM);
	EXPECT_STREQ(answer.fix, "--extra-allow-syscall ptrace");
	answer = ask("syscall:getppid", 0);
	EXPECT_STREQ(answer.fix, "--no-extra-deny-syscall "
				 "--extra-deny-syscall watches");
	answer = ask("syscall:shmget", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_ALLOWED);
	EXPECT_STREQ(answer.origin, "--extra-allow-syscall");
	answer = ask("syscall:socket", 0);
	EXPECT_STREQ(answer.object,
		     "socket if domain is neither AF_INET, AF_INET6 nor "
		     "AF_NETLINK");
	EXPECT_EQ(answer.error, EAFNOSUPPORT);
	answer = ask("syscall:socket", 5);
	EXPECT_STREQ(answer.object, "socket with other arguments");
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_ALLOWED);
	/* An alias, a number, a group, one of each. */
	EXPECT_STREQ(ask("syscall:umount", 0).object, "umount2");
#ifdef __x86_64__
	EXPECT_STREQ(ask("syscall:257", 0).object, "openat");
#endif
	EXPECT_STREQ(ask("syscall:keys", 2).object, "request_key");
	finish();
}

static void listen_at(const char *path)
{
	struct sockaddr_un sun = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
	unlink(path);
	ASSERT_EQ(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	close(fd);
}

TEST(unix_sockets_by_their_inode)
{
	sandlock_answer answer;
	char dir[] = "/tmp/sandlock-explain.XXXXXX", path[64], question[96];

	ASSERT_TRUE(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/s", dir);
	snprintf(question, sizeof(question), "net:unix:%s", path);
	listen_at(path);
	begin();
	set("filesystem.private_tmp", "true", "--private-tmp");
	explain(NULL);
	answer = ask(question, 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_REFUSED);
	EXPECT_EQ(answer.rung, SANDLOCK_RUNG_SUPERVISOR);
	EXPECT_EQ(answer.error, EACCES);
	EXPECT_STREQ(answer.fix_key, "network.allow_unix");
	EXPECT_STREQ(answer.fix_value, path);
	answer = ask("net:unix:@name", 0);
	EXPECT_EQ(answer.error, EPERM);
	answer = ask("net:unix:/nonexistent", 0);
	EXPECT_EQ(answer.error, ENOENT);
	finish();
	begin();
	set("network.allow_unix", dir, "--unix-allow");
	explain(NULL);
	answer = ask(question, 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_ALLOWED);
	EXPECT_STREQ(answer.origin, "--unix-allow");
	finish();
	unlink(path);
	rmdir(dir);
}

TEST(what_nothing_enforces)
{
	begin();
	explain(NULL);
	EXPECT_FALSE(has_rule("Metadata", SANDLOCK_RUNG_NOTHING));
	EXPECT_TRUE(has_rule("mode of a file", SANDLOCK_RUNG_SUPERVISOR));
	EXPECT_TRUE(has_rule("watching a file", SANDLOCK_RUNG_SUPERVISOR));
	EXPECT_TRUE(has_rule("Existence", SANDLOCK_RUNG_NOTHING));
	EXPECT_FALSE(has_rule("Addresses that no rule names",
			      SANDLOCK_RUNG_NOTHING));
	set("network.allow", "tcp://:1", NULL);
	explain(NULL);
	EXPECT_TRUE(has_rule("Addresses that no rule names",
			     SANDLOCK_RUNG_NOTHING));
	finish();
}

static const char *effect_of(const char *subject, uint32_t rung)
{
	static sandlock_rule rule;

	rule = (sandlock_rule){ .size = sizeof(rule) };
	for (size_t i = 0; sandlock_explanation_rule(ex, i, &rule) == 0; i++)
		if (strcmp(rule.subject, subject) == 0 && rule.rung == rung)
			return rule.effect;
	return "none";
}

TEST(an_environment_without_some_names)
{
	begin();
	explain(NULL);
	EXPECT_STREQ(effect_of("Environment", SANDLOCK_RUNG_NOTHING),
		     "it is passed on, secrets included");
	EXPECT_FALSE(has_rule("environment", SANDLOCK_RUNG_ATTRIBUTE));
	set("program.scrub_env", "*_TOKEN", NULL);
	set("program.scrub_env", "AWS_*", NULL);
	explain(NULL);
	EXPECT_STREQ(effect_of("Environment", SANDLOCK_RUNG_NOTHING),
		     "what no pattern names is passed on, secrets included");
	EXPECT_STREQ(effect_of("environment", SANDLOCK_RUNG_ATTRIBUTE),
		     "without the names of 2 patterns");
	finish();
}

TEST(what_nothing_enforces_without_a_supervisor)
{
	begin();
	set("program.no_supervisor", "true", NULL);
	explain(NULL);
	EXPECT_TRUE(has_rule("Metadata", SANDLOCK_RUNG_NOTHING));
	EXPECT_FALSE(has_rule("mode of a file", SANDLOCK_RUNG_SUPERVISOR));
	set("syscalls.extra_deny", "metadata", NULL);
	explain(NULL);
	EXPECT_FALSE(has_rule("Metadata", SANDLOCK_RUNG_NOTHING));
	finish();
}

/* ------------------------------------------------ misuse */

TEST(no_question)
{
	char *huge = malloc(200001);

	ASSERT_TRUE(huge);
	memset(huge, 'x', 200000);
	memcpy(huge, "path:/", 6);
	huge[200000] = '\0';
	begin();
	explain(NULL);
	EXPECT_EQ(refused_question(""), -EINVAL);
	EXPECT_EQ(refused_question("path:"), -EINVAL);
	EXPECT_EQ(refused_question("/etc/passwd"), -EINVAL);
	EXPECT_HAS(err.message, "path:/etc/passwd");
	EXPECT_EQ(refused_question("file:/etc"), -EINVAL);
	EXPECT_HAS(err.message, "path:PATH");
	EXPECT_EQ(refused_question("bind:65536"), -EINVAL);
	EXPECT_EQ(refused_question("bind:-1"), -EINVAL);
	EXPECT_EQ(refused_question("bind:http"), -EINVAL);
	EXPECT_EQ(refused_question("net:example.org"), -EINVAL);
	EXPECT_EQ(refused_question("net:h:0"), -EINVAL);
	EXPECT_EQ(refused_question("net:h:99999"), -EINVAL);
	EXPECT_EQ(refused_question("net:h:1,2"), -EINVAL);
	EXPECT_EQ(refused_question("net:10.0.0.0/8:1"), -EINVAL);
	EXPECT_EQ(refused_question("net:gopher://h:1"), -EINVAL);
	EXPECT_EQ(refused_question("net:ho st:1"), -EINVAL);
	EXPECT_EQ(refused_question("syscall:opennat"), -EINVAL);
	EXPECT_HAS(err.message, "did you mean 'openat'");
	EXPECT_EQ(refused_question("syscall:99999"), -EINVAL);
	EXPECT_EQ(refused_question(huge), -E2BIG);
	EXPECT_HAS(err.message, "longer");
	finish();
	free(huge);
}

TEST(paths_that_are_none)
{
	char *deep = malloc(5001);
	sandlock_answer answer;

	ASSERT_TRUE(deep);
	memset(deep, '/', 5000);
	memcpy(deep, "path:/", 6);
	deep[5000] = '\0';
	begin();
	explain(NULL);
	answer = ask(deep, 0);
	EXPECT_EQ(answer.error, ENAMETOOLONG);
	EXPECT_EQ(answer.rung, SANDLOCK_RUNG_SYSTEM);
	answer = ask("path:/etc/passwd/x", 0);
	EXPECT_EQ(answer.error, ENOTDIR);
	/* Bytes that are no text are a name like any other. */
	answer = ask("path:/tmp/\xff\xfe\n", 0);
	EXPECT_STREQ(answer.object, "/tmp/\xff\xfe\n");
	answer = ask("path:/proc/self/fd/0", 0);
	EXPECT_EQ(answer.verdict, SANDLOCK_VERDICT_DEPENDS);
	finish();
	free(deep);
}

TEST(arguments_are_checked)
{
	sandlock_explain_options options = { .size = 1 };
	sandlock_rule rule = { .size = sizeof(rule) };
	sandlock_answer answer = { .size = sizeof(answer) };
	const char *empty[] = { "", NULL };

	begin();
	EXPECT_EQ(sandlock_explain(NULL, NULL, &ex, &err), -EINVAL);
	EXPECT_EQ(sandlock_explain(policy, NULL, NULL, &err), -EINVAL);
	EXPECT_EQ(sandlock_explain(policy, &options, &ex, &err), -EINVAL);
	options = (sandlock_explain_options){ .size = sizeof(options),
					      .argv = empty };
	EXPECT_EQ(sandlock_explain(policy, &options, &ex, &err), -EINVAL);
	ASSERT_EQ(sandlock_explain(policy, NULL, &ex, &err), 0);
	EXPECT_EQ(sandlock_explanation_rule(ex, 100000, &rule), -ERANGE);
	EXPECT_EQ(sandlock_explanation_rule(NULL, 0, &rule), -EINVAL);
	rule.size = 0;
	EXPECT_EQ(sandlock_explanation_rule(ex, 0, &rule), -EINVAL);
	EXPECT_EQ(sandlock_explanation_ask(ex, "bind:1", 1, &answer, &err),
		  -ERANGE);
	EXPECT_EQ(sandlock_explanation_ask(ex, NULL, 0, &answer, &err), -EINVAL);
	EXPECT_EQ(sandlock_explanation_ask(ex, "bind:1", 0, &answer, NULL), 0);
	answer.size = 8;
	EXPECT_EQ(sandlock_explanation_ask(ex, "bind:1", 0, &answer, &err),
		  -EINVAL);
	sandlock_explanation_free(NULL);
	finish();
}

TEST(it_fails_where_a_run_would)
{
	begin();
	set("filesystem.read", "/nonexistent/x", "--fs-read");
	EXPECT_EQ(sandlock_explain(policy, NULL, &ex, &err), -ENOENT);
	EXPECT_HAS(err.message, "--fs-read '/nonexistent/x'");
	sandlock_policy_free(policy);
}
