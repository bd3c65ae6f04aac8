/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles: TOML -> policy, places in errors, directories, presets. */
#include "helpers.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "policy/home.h"
#include "policy/preset_tree.h"
#include "policy/presets.h"
#include "policy/profile.h"

static char home[64];

/* A home of its own with an empty profile directory. */
static void make_home(void)
{
	char path[200];

	snprintf(home, sizeof(home), "/tmp/sl-profile-XXXXXX");
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

static void remove_home(void)
{
	char command[200];
	const char *const dirs[] = { "/.config/sandlock/profiles",
				     "/.config/sandlock", "/.config", "" };

	for (size_t i = 0; i < SL_ARRAY_LEN(dirs); i++) {
		snprintf(command, sizeof(command), "%s%s", home, dirs[i]);
		EXPECT_EQ(rmdir(command), 0);
	}
}

static const char *profile_file(char buf[static 200], const char *name)
{
	snprintf(buf, 200, "%s/.config/sandlock/profiles/%s.toml", home, name);
	return buf;
}

static void put_profile(const char *name, const char *text)
{
	char path[200];
	FILE *file = fopen(profile_file(path, name), "we");

	ASSERT_TRUE(file != NULL);
	fputs(text, file);
	fclose(file);
}

static void drop_profile(const char *name)
{
	char path[200];

	EXPECT_EQ(unlink(profile_file(path, name)), 0);
}

static int parse(struct sl_policy *policy, const char *text, struct sl_error *err)
{
	sl_error_clear(err);
	return sl_profile_parse(policy, text, strlen(text), "p.toml", err);
}

TEST(every_section_is_read)
{
	static const char text[] =
		"[program]\n"
		"exec = \"python3\"\nargs = [\"-c\", \"\"]\n"
		"env = { A = \"1\", \"B C\" = \"x=y\" }\n"
		"cwd = \"/w\"\nuid = 1000\ngid = 100\nclean_env = true\n"
		"[filesystem]\nread = [\"/usr\", \"?/opt\"]\n"
		"private_tmp = true\n"
		"[network]\nallow = [\"tcp://:443\"]\n"
		"allow_bind = [80, \"8000-8010\"]\n"
		"[limits]\ntimeout = 1.5\nkill_after = \"200ms\"\n"
		"open_files = 0x40\ngpu_devices = []\ncpu_cores = [0, 1]\n"
		"[syscalls]\nextra_deny = [\"ptrace\"]\n"
		"[determinism]\nno_randomize_memory = true\n"
		"[protections]\nallow_degraded = [\"fs-truncate\"]\n";
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	EXPECT_EQ(parse(policy, text, &err), 0);
	EXPECT_STREQ(err.msg, "");
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_EXEC), "python3");
	EXPECT_STREQ(item_at(policy, SL_KEY_ARGS, 1)->text, "");
	EXPECT_STREQ(item_at(policy, SL_KEY_ENV, 1)->text, "B C=x=y");
	EXPECT_EQ(sl_policy_num(policy, SL_KEY_USER, 0), 1000ll << 32 | 100);
	EXPECT_TRUE(item_at(policy, SL_KEY_FS_READ, 1)->optional);
	EXPECT_EQ(item_at(policy, SL_KEY_FS_READ, 1)->origin.line, 10);
	EXPECT_EQ(item_at(policy, SL_KEY_FS_READ, 1)->origin.col, 17);
	EXPECT_EQ(sl_policy_num(policy, SL_KEY_TIMEOUT, 0), 1500000000);
	EXPECT_EQ(sl_policy_num(policy, SL_KEY_KILL_AFTER, 0), 200000000);
	EXPECT_EQ(sl_policy_num(policy, SL_KEY_OPEN_FILES, 0), 64);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_GPU), "all");
	EXPECT_EQ(item_at(policy, SL_KEY_CPU_CORES, 1)->num, 1);
	EXPECT_EQ(sl_policy_get(policy, SL_KEY_NET_ALLOW_BIND)->count, 2);
	EXPECT_EQ(item_at(policy, SL_KEY_ALLOW_DEGRADED, 0)->num,
		  SL_PROT_FS_TRUNCATE);
}

static const struct {
	const char *text;
	uint32_t line, col;
	const char *message;
} mistakes[] = {
	{ "[filesystem]\nreed = []", 2, 1,
	  "p.toml:2:1: unknown field 'reed' in [filesystem]; did you "
	  "mean 'read'?" },
	{ "[filesystm]\n", 1, 2,
	  "unknown field 'filesystm'; did you mean 'filesystem'?" },
	{ "fs_readable = []", 1, 1, "unknown field 'fs_readable'" },
	{ "extend = []", 1, 1, "did you mean 'extends'?" },
	{ "[program]\ntimeout = 1", 2, 1,
	  "unknown field 'timeout' in [program]; hint: there is "
	  "[limits].timeout" },
	{ "[filesystem]\nextends = [\"base\"]", 2, 1, "before the first section" },
	{ "[http]\ncredential = []", 2, 1, "unknown field" },
	{ "[image]\n", 1, 2, "unknown field" },
	{ "filesystem = 1", 1, 14, "[filesystem] must be a TOML table" },
	{ "[program]\nclean_env = \"yes\"", 2, 13,
	  "[program].clean_env expected bool, not a string" },
	{ "[filesystem]\nread = \"/usr\"", 2, 8,
	  "expected an array of strings, not a string; hint: put it in "
	  "brackets: [\"/usr\"]" },
	{ "[filesystem]\nread = [\"/a\", 3]", 2, 15,
	  "[filesystem].read expected an array of strings, not an "
	  "integer" },
	{ "[limits]\nopen_files = \"5\"", 2, 14,
	  "[limits].open_files expected an integer" },
	{ "[limits]\nopen_files = -5", 2, 14,
	  "p.toml:2:14: limits.open_files: '-5' is not" },
	{ "[limits]\nopen_files = 0", 2, 14, "omit it" },
	{ "[limits]\ntimeout = inf", 2, 11, "is not a duration" },
	{ "[limits]\ntimeout = -1.5", 2, 11, "is not a duration" },
	{ "[limits]\ncpu_cores = [\"0\"]", 2, 14, "array of integers" },
	{ "[program]\nenv = [\"A=1\"]", 2, 7, "a table of strings" },
	{ "[program]\nenv = { A = 1 }", 2, 13, "a table of strings" },
	{ "[program]\nenv = { \"A=B\" = \"1\" }", 2, 17, "no name of a variable" },
	{ "[program]\nuid = 1", 2, 7, "both or neither" },
	{ "[program]\ngid = 1", 2, 7, "both or neither" },
	{ "[program]\nuid = 1\ngid = \"1\"", 2, 7, "integers" },
	{ "[program]\nuid = -1\ngid = 1", 2, 7, "UID:GID" },
	{ "[program]\nuid = 1\ngid = 1\nuser = \"1:1\"", 2, 7, "already" },
	{ "[filesystem]\nmount = []", 2, 9,
	  "p.toml:2:9: filesystem.mount: not available in this "
	  "version" },
	{ "[filesystem]\ndeny = [\"/a/[b\"]", 2, 9,
	  "p.toml:2:9: filesystem.deny: '/a/[b': a '[' without its ']'" },
	{ "[filesystem]\nprotect = [\"/a/b**\"]", 2, 12,
	  "'**' stands for whole names" },
	{ "[limits]\nnum_cpus = 2", 2, 12, "not available" },
	{ "[filesystem]\nread = [\"/a\\u0000b\"]", 2, 9, "NUL" },
	{ "[program]\nenv = { \"A\\u0000\" = \"1\" }", 2, 21, "NUL" },
	{ "[filesystem]\nread = [\"/a\"", 2, 13, "p.toml:2:13: " },
	{ "[filesystem]\nread = [\"~/x\"]", 2, 9,
	  "[filesystem].read: '~/x': '~' is not expanded" },
	{ "[filesystem]\nread = [\"?~\"]", 2, 9, "${HOME}" },
	{ "[filesystem]\nread = [\"$HOME\"]", 2, 9, "'$$'" },
	{ "[filesystem]\nread = [\"/a$\"]", 2, 9, "'$$'" },
	{ "[filesystem]\nread = [\"${home}\"]", 2, 9, "did you mean ${HOME}?" },
	{ "[filesystem]\nread = [\"${X}\"]", 2, 9,
	  "there are ${HOME} and ${CWD}" },
	{ "[filesystem]\nread = [\"${HOME\"]", 2, 9, "without its" },
	{ "extends = 1", 1, 11, "extends expected" },
	{ "extends = [\"nowhere\"]", 1, 12, "p.toml:1:12: no profile 'nowhere'" },
	{ "extends = [\"../x\"]", 1, 12, "'/'" },
	{ "extends = [\"bas\"]", 1, 12, "did you mean 'base'?" },
};

TEST(mistakes_have_a_place_and_a_name)
{
	make_home();
	for (size_t i = 0; i < SL_ARRAY_LEN(mistakes); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_error err = { 0 };
		int r = parse(policy, mistakes[i].text, &err);

		CASE(r < 0 && err.code == r, mistakes[i].text);
		CASE(strstr(err.msg, mistakes[i].message) != NULL, err.msg);
		CASE(err.line == mistakes[i].line && err.col == mistakes[i].col,
		     err.msg);
	}
	remove_home();
}

TEST(a_bad_profile_changes_nothing)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	EXPECT_EQ(parse(policy, "[filesystem]\nread = [\"/a\"]\nx = 1", &err),
		  -EINVAL);
	EXPECT_FALSE(sl_policy_get(policy, SL_KEY_FS_READ)->set);
}

TEST(home_is_expanded_in_paths_only)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	setenv("HOME", "/h", 1);
	ASSERT_EQ(parse(policy,
			"[filesystem]\n"
			"read = [\"?${HOME}/a\", \"/$$x$${HOME}\"]\n"
			"[program]\nexec = \"${HOME}/run\"\ncwd = \"${HOME}\"\n"
			"args = [\"${HOME}$\"]\nenv = { A = \"$B\" }\n",
			&err),
		  0);
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 0)->text, "/h/a");
	EXPECT_TRUE(item_at(policy, SL_KEY_FS_READ, 0)->optional);
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 1)->text, "/$x${HOME}");
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_EXEC), "/h/run");
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/h");
	EXPECT_STREQ(item_at(policy, SL_KEY_ARGS, 0)->text, "${HOME}$");
	EXPECT_STREQ(item_at(policy, SL_KEY_ENV, 0)->text, "A=$B");
}

TEST(home_comes_from_passwd_when_the_variable_is_no_use)
{
	static const char *const useless[] = { "", "/", "relative/dir" };
	char *path = NULL;

	for (size_t i = 0; i < SL_ARRAY_LEN(useless); i++) {
		int r;

		setenv("HOME", useless[i], 1);
		r = sl_home(&path, NULL);
		CASE(r == -ENOENT || (r == 0 && path[0] == '/' && path[1]),
		     useless[i]);
		if (r == 0)
			free(path);
	}
}

TEST(profiles_by_name)
{
	SL_AUTO(sl_policy) policy = policy_new();
	sl_autofree char *text = NULL, *path = NULL, *list = NULL;
	struct sl_error err = { 0 };
	char where[200];

	make_home();
	put_profile("mine", "[program]\ncwd = \"/m\"\n");
	put_profile(".hidden", "");
	ASSERT_EQ(sl_profile_load(policy, "mine", &err), 0);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/m");
	EXPECT_STREQ(item_at(policy, SL_KEY_CWD, 0)->origin.source,
		     profile_file(where, "mine"));
	EXPECT_EQ(sl_profile_text("mine", &text, &err), 0);
	EXPECT_STREQ(text, "[program]\ncwd = \"/m\"\n");
	EXPECT_EQ(sl_profile_path("mine", &path, &err), 0);
	EXPECT_STREQ(path, where);
	EXPECT_EQ(sl_profile_list(&list, &err), 0);
	EXPECT_STREQ(list, "agent\nbase\nc\ngo\nmine\nnode\npython\nrust\n");
	EXPECT_EQ(sl_profile_delete("mine", &err), 0);
	EXPECT_EQ(access(where, F_OK), -1);
	EXPECT_EQ(sl_profile_delete("mine", &err), -ENOENT);
	EXPECT_HAS(err.msg, "no profile 'mine'");
	drop_profile(".hidden");
	remove_home();
}

TEST(a_profile_shadows_a_preset_and_may_extend_it)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	char *path = NULL;

	make_home();
	EXPECT_EQ(sl_profile_path("base", &path, &err), -ENOENT);
	EXPECT_HAS(err.msg, "built in");
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_delete("base", &err), -ENOENT);
	EXPECT_HAS(err.msg, "cannot be deleted");
	put_profile("base", "extends = \"base\"\n[program]\ncwd = \"/b\"\n");
	sl_error_clear(&err);
	ASSERT_EQ(sl_profile_load(policy, "base", &err), 0);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/b");
	EXPECT_TRUE(sl_policy_bool(policy, SL_KEY_PRIVATE_TMP));
	EXPECT_EQ(item_at(policy, SL_KEY_FS_READ, 0)->origin.kind,
		  SL_ORIGIN_PRESET);
	drop_profile("base");
	remove_home();
}

TEST(extends_comes_first_and_knows_no_circles)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };

	make_home();
	put_profile("a", "extends = [\"b\", \"d\"]\n[program]\ncwd = \"/a\"\n"
			 "[filesystem]\nread = [\"/a\"]\n");
	put_profile("b", "[program]\ncwd = \"/b\"\n"
			 "[filesystem]\nread = [\"/b\"]\n");
	put_profile("d", "[filesystem]\nread = [\"/c\"]\n");
	ASSERT_EQ(sl_profile_load(policy, "a", &err), 0);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/a");
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 0)->text, "/b");
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 1)->text, "/c");
	EXPECT_STREQ(item_at(policy, SL_KEY_FS_READ, 2)->text, "/a");
	put_profile("d", "extends = [\"a\"]\n");
	EXPECT_EQ(sl_profile_load(policy, "a", &err), -ELOOP);
	EXPECT_HAS(err.msg, "goes round in circles: a -> d -> a");
	EXPECT_HAS(err.msg, "/d.toml:1:12: ");
	put_profile("d", "extends = [\"d\"]\n");
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_load(policy, "d", &err), -ELOOP);
	put_profile("d", "[filesystem]\nreed = []\n");
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_load(policy, "a", &err), -EINVAL);
	EXPECT_HAS(err.msg, "/d.toml:2:1: unknown field");
	drop_profile("a");
	drop_profile("b");
	drop_profile("d");
	remove_home();
}

TEST(extends_has_a_depth)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	char name[8], text[32];

	make_home();
	for (int i = 0; i < SL_MAX_PROFILE_DEPTH + 1; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		snprintf(text, sizeof(text), "extends = [\"p%d\"]", i + 1);
		put_profile(name, i < SL_MAX_PROFILE_DEPTH ? text : "");
	}
	EXPECT_EQ(sl_profile_load(policy, "p1", &err), 0);
	EXPECT_EQ(sl_profile_load(policy, "p0", &err), -ELOOP);
	EXPECT_HAS(err.msg, "nested too deep: p0 -> p1 -> ");
	for (int i = 0; i < SL_MAX_PROFILE_DEPTH + 1; i++) {
		snprintf(name, sizeof(name), "p%d", i);
		drop_profile(name);
	}
	remove_home();
}

TEST(names_stay_in_the_directory)
{
	static const char *const bad[] = {
		"",
		"../x",
		"a/b",
		"/etc/passwd",
		".",
		"..",
		".x",
		"a b",
		"a\nb",
		"a..b",
		/* 65 bytes */
		("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		 "a"
		 "aaa"),
	};

	make_home();
	for (size_t i = 0; i < SL_ARRAY_LEN(bad); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_error err = { 0 };
		char *text = NULL;

		CASE(sl_profile_load(policy, bad[i], &err) == -EINVAL, bad[i]);
		CASE(sl_profile_text(bad[i], &text, NULL) == -EINVAL, bad[i]);
		CASE(sl_profile_path(bad[i], &text, NULL) == -EINVAL, bad[i]);
		CASE(sl_profile_delete(bad[i], NULL) == -EINVAL, bad[i]);
		CASE(strncmp(err.msg, "profile '", 9) == 0, err.msg);
	}
	remove_home();
}

TEST(xdg_config_home_comes_second)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	char xdg[100];
	char second[64];

	make_home();
	memcpy(second, home, sizeof(second));
	snprintf(xdg, sizeof(xdg), "%s/.config", second);
	put_profile("two", "[program]\ncwd = \"/2\"\n");
	put_profile("both", "[program]\ncwd = \"/2\"\n");
	make_home();
	put_profile("both", "[program]\ncwd = \"/1\"\n");
	EXPECT_EQ(sl_profile_load(policy, "two", &err), -ENOENT);
	setenv("XDG_CONFIG_HOME", xdg, 1);
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_load(policy, "two", &err), 0);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/2");
	EXPECT_EQ(sl_profile_load(policy, "both", &err), 0);
	EXPECT_STREQ(sl_policy_str(policy, SL_KEY_CWD), "/1");
	if (getuid() == 0) { /* only root can give it away */
		ASSERT_EQ(chown(xdg, 65534, 65534), 0);
		EXPECT_EQ(sl_profile_load(policy, "two", &err), -ENOENT);
		sl_error_clear(&err);
		ASSERT_EQ(chown(xdg, 0, 0), 0);
	}
	setenv("XDG_CONFIG_HOME", ".config", 1);
	EXPECT_EQ(sl_profile_load(policy, "two", &err), -ENOENT);
	drop_profile("both");
	remove_home();
	memcpy(home, second, sizeof(home));
	drop_profile("two");
	drop_profile("both");
	remove_home();
}

TEST(what_is_no_profile_file_is_refused)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	char path[200];

	make_home();
	ASSERT_EQ(mkfifo(profile_file(path, "pipe"), 0600), 0);
	EXPECT_EQ(sl_profile_load(policy, "pipe", &err), -EINVAL);
	EXPECT_HAS(err.msg, "not a regular file");
	drop_profile("pipe");
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_load_file(policy, home, &err), -EISDIR);
	EXPECT_HAS(err.msg, "cannot read '");
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_load_file(policy, "/nowhere/x.toml", &err), -ENOENT);
	sl_error_clear(&err);
	EXPECT_EQ(sl_profile_load_file(policy, "/dev/zero", &err), -EOVERFLOW);
	EXPECT_HAS(err.msg, "larger than 1048576 bytes");
	remove_home();
}

TEST(an_unreadable_profile_is_an_error_and_a_closed_home_is_not)
{
	SL_AUTO(sl_policy) policy = policy_new();
	struct sl_error err = { 0 };
	char path[200];

	make_home();
	put_profile("mine", "");
	put_profile("base", "");
	if (getuid() == 0) {
		ASSERT_EQ(chown(home, 65534, 65534), 0);
		ASSERT_EQ(chmod(profile_file(path, "base"), 0), 0);
		snprintf(path, sizeof(path), "%s/.config", home);
		ASSERT_EQ(chmod(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/.config/sandlock", home);
		ASSERT_EQ(chmod(path, 0755), 0);
		snprintf(path, sizeof(path), "%s/.config/sandlock/profiles",
			 home);
		ASSERT_EQ(chmod(path, 0755), 0);
		ASSERT_EQ(seteuid(65534), 0);
	} else {
		ASSERT_EQ(chmod(profile_file(path, "base"), 0), 0);
	}
	EXPECT_EQ(sl_profile_load(policy, "base", &err), -EACCES);
	EXPECT_HAS(err.msg, "base.toml': Permission denied");
	ASSERT_EQ(chmod(home, 0), 0);
	sl_error_clear(&err);
	/* access(2) asks for the real user. */
	if (getuid() != 0)
		EXPECT_EQ(sl_profile_load(policy, "base", &err), 0);
	ASSERT_EQ(chmod(home, 0700), 0);
	if (getuid() == 0)
		ASSERT_EQ(seteuid(0), 0);
	drop_profile("mine");
	drop_profile("base");
	remove_home();
}

TEST(presets_are_sound)
{
	for (size_t i = 0; sl_preset_name(i); i++) {
		SL_AUTO(sl_policy) policy = policy_new();
		struct sl_error err = { 0 };
		const char *name = sl_preset_name(i);
		const char *text = sl_preset_text(name);

		ASSERT_TRUE(text != NULL);
		CASE(sl_profile_parse(policy, text, strlen(text), name, &err) == 0,
		     err.msg);
		CASE(sl_policy_check(policy, &err) == 0, err.msg);
	}
	EXPECT_TRUE(sl_preset_text("nowhere") == NULL);
}

static bool same_tree(const struct sl_toml *a, const struct sl_toml *b)
{
	for (; a && b; a = a->next, b = b->next) {
		if (a->type != b->type || a->line != b->line || a->col != b->col ||
		    a->key_line != b->key_line || a->key_col != b->key_col ||
		    !a->key != !b->key || a->key_len != b->key_len ||
		    (a->key && memcmp(a->key, b->key, a->key_len + 1) != 0))
			return false;
		if (a->type == SL_TOML_STRING &&
		    (a->str.len != b->str.len ||
		     memcmp(a->str.ptr, b->str.ptr, a->str.len + 1) != 0))
			return false;
		if (a->type == SL_TOML_INTEGER && a->integer != b->integer)
			return false;
		if (a->type == SL_TOML_BOOL && a->boolean != b->boolean)
			return false;
		if (!same_tree(a->child, b->child))
			return false;
	}
	return !a && !b;
}

/* What the build made of a preset is what its text says, places included. */
TEST(presets_are_what_their_text_says)
{
	for (size_t i = 0; sl_preset_name(i); i++) {
		const char *name = sl_preset_name(i);
		const char *text = sl_preset_text(name);
		SL_AUTO(sl_toml) read = NULL;
		struct sl_toml *built;

		ASSERT_EQ(sl_toml_parse(text, strlen(text), &read, NULL), 0);
		ASSERT_EQ(sl_preset_tree(name, &built), 0);
		CASE(same_tree(built, read), name);
		CASE(read->child != NULL, name);
		/* The comparison can fail. */
		read->child->line++;
		CASE(!same_tree(built, read), name);
		sl_preset_tree_free(built);
	}
	EXPECT_EQ(sl_preset_tree("nowhere", &(struct sl_toml *){ NULL }),
		  -ENOENT);
}

TEST(base_grants_nothing_of_the_user)
{
	static const char *const never[] = {
		"/home", "/root",	"/etc",	    "/proc",	"/sys",
		"/dev",	 "/tmp",	"/var",	    "/run",	"/",
		"/usr",	 "/etc/shadow", "/dev/pts", "/dev/shm", "/proc/self",
	};
	static const enum sl_key keys[] = { SL_KEY_FS_READ, SL_KEY_FS_WRITE };
	SL_AUTO(sl_policy) policy = policy_new();

	ASSERT_EQ(sl_profile_load(policy, "base", NULL), 0);
	EXPECT_TRUE(sl_policy_bool(policy, SL_KEY_PRIVATE_TMP));
	EXPECT_TRUE(sl_policy_bool(policy, SL_KEY_COMMAND));
	for (size_t k = 0; k < SL_ARRAY_LEN(keys); k++) {
		const struct sl_value *value = sl_policy_get(policy, keys[k]);

		EXPECT_GT(value->count, 0);
		for (size_t i = 0; i < value->count; i++) {
			const struct sl_item *item = &value->items[i];

			CASE(item->optional && item->text[0] == '/', item->text);
			for (size_t n = 0; n < SL_ARRAY_LEN(never); n++)
				CASE(strcmp(item->text, never[n]) != 0,
				     item->text);
			CASE(k == 0 || strncmp(item->text, "/dev/", 5) == 0,
			     item->text);
		}
	}
}
