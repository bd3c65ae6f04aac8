/* SPDX-License-Identifier: Apache-2.0 */
/* Finding commands and what they need, in a made-up home; long because each
 * case makes the home it is about. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "harness/harness.h"
#include "landlock/fixture.h"
#include "run/command.h"

#define SH "#!/bin/sh\n"

static struct sl_command cmd;
static struct sl_error err;
static char home[4096], path_env[16384];

static void begin(void)
{
	snprintf(home, sizeof(home), "%s/home", fx_enter());
	fx_dir("home");
	fx_dir("work");
	setenv("HOME", home, 1);
	umask(022);
	snprintf(path_env, sizeof(path_env), "/usr/local/bin:/usr/bin:/bin");
}

static void path_add(const char *rel)
{
	char old[8192];

	snprintf(old, sizeof(old), "%.8000s", path_env);
	snprintf(path_env, sizeof(path_env), "%s:%s", fx_path(rel), old);
}

static int resolve(const char *argv0)
{
	sl_command_fini(&cmd);
	err = (struct sl_error){ 0 };
	return sl_command_resolve(argv0, path_env, fx_path("work"), &cmd, &err);
}

static bool granted(const char *path)
{
	for (size_t i = 0; i < cmd.grant_count; i++)
		if (strcmp(cmd.grants[i], path) == 0)
			return true;
	return false;
}

static bool granted_fx(const char *rel)
{
	return granted(fx_path(rel));
}

/* What may never be granted whatever was resolved. */
static void expect_safe(void)
{
	static const char *const never[] = {
		"/",	"/usr", "/usr/local", "/home",	  "/root",
		"/tmp", "/etc", "/opt",	      "/var/tmp",
	};
	static const char *const never_fx[] = {
		"home",		"home/.local", "home/.local/share",
		"home/.ssh",	"home/.cargo", "home/.config",
		"home/secret",	"home/.cache", "work",
		"home/.ssh/id",
	};

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++)
		EXPECT_FALSE(granted(never[i]));
	for (size_t i = 0; i < sizeof(never_fx) / sizeof(*never_fx); i++)
		EXPECT_FALSE(granted_fx(never_fx[i]));
	EXPECT_FALSE(granted(home));
	home[strlen(home) - 5] = '\0'; /* what the home is in */
	EXPECT_FALSE(granted(home));
	home[strlen(home)] = '/';
}

static void ok(const char *argv0)
{
	int r = resolve(argv0);

	if (r < 0)
		th_fail(__FILE__, __LINE__, "%s: %d %s", argv0, r, err.msg);
	ASSERT_EQ(r, 0);
	expect_safe();
}

/* Search */

TEST_BOTH(found_as_execvp_would)
{
	begin();
	fx_file("a/tool", "x", 0644);
	fx_dir("b/tool");
	fx_file("c/tool", SH, 0755);
	fx_file("d/tool", SH, 0755);
	path_add("d");
	path_add("c");
	path_add("b");
	path_add("a");
	path_add("missing");
	ok("tool");
	EXPECT_STREQ(cmd.path, fx_path("c/tool"));
	EXPECT_EQ(cmd.kind, SL_EXEC_SCRIPT);
	EXPECT_TRUE(granted_fx("c/tool"));
	EXPECT_FALSE(granted_fx("c"));
	sl_command_fini(&cmd);

	ok("sh");
	EXPECT_EQ(cmd.kind, SL_EXEC_ELF);
	EXPECT_GE(cmd.grant_count, 1);
	fx_leave();
}

TEST_BOTH(relative_names_start_in_the_given_directory)
{
	begin();
	fx_file("work/run.sh", SH, 0755);
	fx_file("work/sub/run2.sh", SH, 0755);
	ok("./run.sh");
	EXPECT_STREQ(cmd.path, fx_path("work/run.sh"));
	EXPECT_TRUE(granted_fx("work/run.sh"));
	ok("sub/run2.sh");
	EXPECT_STREQ(cmd.path, fx_path("work/sub/run2.sh"));
	ok("../work/run.sh");
	EXPECT_TRUE(granted_fx("work/run.sh"));
	sl_command_fini(&cmd);
	/* Empty and relative elements of PATH. */
	snprintf(path_env, sizeof(path_env), "/nope::sub");
	ok("run.sh");
	EXPECT_STREQ(cmd.path, fx_path("work/run.sh"));
	ok("run2.sh");
	EXPECT_STREQ(cmd.path, fx_path("work/sub/run2.sh"));
	sl_command_fini(&cmd);
	ASSERT_EQ(sl_command_resolve("sh", NULL, NULL, &cmd, &err), 0);
	fx_leave();
}

TEST_BOTH(errors_say_what_is_wrong)
{
	char longname[5000];

	begin();
	fx_file("work/plain", "text", 0644);
	fx_file("work/here", SH, 0755);
	fx_file("bin/plain", "text", 0644);
	fx_dir("work/dir");
	path_add("bin");
	EXPECT_EQ(resolve("nosuchtool"), -ENOENT);
	EXPECT_HAS(err.msg, "command 'nosuchtool' not found in PATH (");
	EXPECT_HAS(err.msg, fx_path("bin"));
	EXPECT_EQ(resolve("here"), -ENOENT);
	EXPECT_HAS(err.msg, "'./here' runs the one in this directory");
	EXPECT_EQ(resolve("./nope"), -ENOENT);
	EXPECT_HAS(err.msg, "No such file");
	EXPECT_EQ(resolve("./plain/x"), -ENOENT);
	EXPECT_EQ(resolve("plain"), -EACCES);
	EXPECT_HAS(err.msg, "mode 0644");
	EXPECT_EQ(resolve("./plain"), -EACCES);
	EXPECT_EQ(resolve("./dir"), -EACCES);
	EXPECT_HAS(err.msg, "is a directory");
	EXPECT_EQ(resolve("/dev/null"), -EACCES);
	EXPECT_HAS(err.msg, "not a regular file");
	EXPECT_EQ(resolve(""), -ENOENT);
	memset(longname, 'x', sizeof(longname) - 1);
	longname[sizeof(longname) - 1] = '\0';
	EXPECT_EQ(resolve(longname), -ENAMETOOLONG);
	fx_link("loop", "work/loop");
	EXPECT_EQ(resolve("./loop"), -ELOOP);
	EXPECT_EQ(cmd.path == NULL, 1);
	fx_leave();
}

/* Interpreters */

TEST_BOTH(interpreters_of_scripts)
{
	begin();
	fx_file("tools/interp", SH, 0755);
	fx_file("work/missing", "#!/no/such/interp\n", 0755);
	fx_file("work/text", "just text\n", 0755);
	fx_file("work/env", "#!/usr/bin/env mytool\n", 0755);
	fx_file("work/envs", "#! /usr/bin/env -S A=b -i  mytool -x y\n", 0755);
	fx_file("work/envnone", "#!/usr/bin/env nosuchtool\n", 0755);
	fx_file("mybin/mytool", SH, 0755);
	path_add("mybin");
	EXPECT_EQ(resolve("./missing"), -ENOENT);
	EXPECT_HAS(err.msg, "needs the interpreter '/no/such/interp'");
	ok("./text");
	EXPECT_EQ(cmd.kind, SL_EXEC_OTHER);
	ok("./env");
	EXPECT_TRUE(granted_fx("mybin/mytool"));
	ok("./envs");
	EXPECT_TRUE(granted_fx("mybin/mytool"));
	ok("./envnone");
	fx_leave();
}

TEST_BOTH(a_chain_of_interpreters_has_an_end)
{
	char name[64], line[8300];

	begin();
	fx_file("work/i0", SH, 0755);
	for (int i = 1; i < 8; i++) {
		snprintf(name, sizeof(name), "work/i%d", i - 1);
		snprintf(line, sizeof(line), "#!%s\n", fx_path(name));
		snprintf(name, sizeof(name), "work/i%d", i);
		fx_file(name, line, 0755);
	}
	ok("./i3");
	EXPECT_TRUE(granted_fx("work/i0"));
	sl_command_fini(&cmd);
	EXPECT_EQ(resolve("./i7"), -ELOOP);
	snprintf(line, sizeof(line), "#!%s\n", fx_path("work/me"));
	fx_file("work/me", line, 0755);
	EXPECT_EQ(resolve("./me"), -ELOOP);
	fx_file("work/me2", "#!/usr/bin/env me2\n", 0755);
	path_add("work");
	EXPECT_EQ(resolve("./me2"), 0);
	fx_leave();
}

TEST(script_heads_as_the_kernel_reads_them)
{
	struct sl_exec_head *head = calloc(1, sizeof(*head));
	char text[300];

	begin();
	fx_file("s", "#!\t /bin/x \t arg one\t \nrest", 0755);
	ASSERT_EQ(sl_exec_head_read("s", head), 0);
	EXPECT_EQ(head->kind, SL_EXEC_SCRIPT);
	EXPECT_STREQ(head->interp, "/bin/x");
	EXPECT_STREQ(head->arg, "arg one");
	fx_file("s", "#!/bin/x", 0755);
	ASSERT_EQ(sl_exec_head_read("s", head), 0);
	EXPECT_STREQ(head->interp, "/bin/x");
	EXPECT_STREQ(head->arg, "");
	fx_file("s", "#!\n/bin/x\n", 0755);
	ASSERT_EQ(sl_exec_head_read("s", head), 0);
	EXPECT_EQ(head->kind, SL_EXEC_OTHER);
	fx_file("s", "", 0755);
	ASSERT_EQ(sl_exec_head_read("s", head), 0);
	EXPECT_EQ(head->kind, SL_EXEC_OTHER);
	fx_file("s", "#!", 0755);
	ASSERT_EQ(sl_exec_head_read("s", head), 0);
	EXPECT_EQ(head->kind, SL_EXEC_OTHER);
	/* Cut off in the middle of the name: the kernel refuses to guess. */
	memset(text, 'x', sizeof(text));
	memcpy(text, "#!/", 3);
	text[299] = '\0';
	fx_file("s", text, 0755);
	ASSERT_EQ(sl_exec_head_read("s", head), 0);
	EXPECT_EQ(head->kind, SL_EXEC_OTHER);
	/* Cut off in the argument: taken. */
	text[20] = ' ';
	fx_file("s", text, 0755);
	ASSERT_EQ(sl_exec_head_read("s", head), 0);
	EXPECT_EQ(head->kind, SL_EXEC_SCRIPT);
	EXPECT_EQ(strlen(head->interp), 18);
	EXPECT_EQ(strlen(head->arg), 256 - 21);
	ASSERT_EQ(mkfifo("fifo", 0700), 0);
	EXPECT_EQ(sl_exec_head_read("fifo", head), -EACCES);
	free(head);
	fx_leave();
}

/* ELF */

struct image {
	Elf64_Ehdr eh;
	Elf64_Phdr ph[2];
	char interp[64];
};

static void write_image(const struct image *image, size_t len)
{
	int fd = open("elf", O_WRONLY | O_CREAT | O_TRUNC, 0755);

	ASSERT_EQ(write(fd, image, len), len);
	close(fd);
}

static struct image an_image(void)
{
	struct image image = {
		.eh = { .e_phoff = offsetof(struct image, ph),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 2 },
		.ph = { { .p_type = PT_LOAD },
			{ .p_type = PT_INTERP,
			  .p_offset = offsetof(struct image, interp),
			  .p_filesz = sizeof("/lib/ld.so") } },
		.interp = "/lib/ld.so",
	};

	memcpy(image.eh.e_ident, ELFMAG, SELFMAG);
	image.eh.e_ident[EI_CLASS] = ELFCLASS64;
	image.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	return image;
}

static void expect_interp(const char *want)
{
	struct sl_exec_head *head = calloc(1, sizeof(*head));

	ASSERT_EQ(sl_exec_head_read("elf", head), 0);
	EXPECT_EQ(head->kind, SL_EXEC_ELF);
	EXPECT_STREQ(head->interp, want);
	free(head);
}

/* All that is promised is there, and longer than a path can be. */
static void expect_long_interp(struct image *image)
{
	char *text = calloc(1, 8193);
	int fd;

	memset(text, '/', 8192);
	image->ph[1].p_filesz = 8193;
	write_image(image, offsetof(struct image, interp));
	fd = open("elf", O_WRONLY | O_APPEND);
	ASSERT_EQ(write(fd, text, 8193), 8193);
	close(fd);
	free(text);
	expect_interp("");
}

TEST(hostile_elf_files)
{
	struct image image = an_image();

	begin();
	write_image(&image, sizeof(image));
	expect_interp("/lib/ld.so");
	for (size_t len = 16; len < sizeof(image) - sizeof(image.interp); len++) {
		write_image(&image, len);
		expect_interp("");
	}
	image.ph[1].p_filesz = 0;
	write_image(&image, sizeof(image));
	expect_interp("");
	image.ph[1].p_filesz = UINT64_MAX;
	write_image(&image, sizeof(image));
	expect_interp("");
	image.ph[1].p_filesz = 4096;
	write_image(&image, sizeof(image));
	expect_interp("");
	expect_long_interp(&image);
	image = an_image();
	image.ph[1].p_offset = UINT64_MAX - 3;
	write_image(&image, sizeof(image));
	expect_interp("");
	image = an_image();
	image.ph[1].p_filesz--; /* not terminated */
	write_image(&image, sizeof(image));
	expect_interp("");
	image = an_image();
	image.eh.e_phnum = 0xffff;
	write_image(&image, sizeof(image));
	expect_interp("");
	image.eh.e_phnum = 0;
	write_image(&image, sizeof(image));
	expect_interp("");
	image = an_image();
	image.eh.e_phoff = UINT64_MAX - 10;
	write_image(&image, sizeof(image));
	expect_interp("");
	image = an_image();
	image.eh.e_phentsize = 1;
	write_image(&image, sizeof(image));
	expect_interp("");
	image = an_image();
	image.eh.e_ident[EI_CLASS] = ELFCLASS32;
	write_image(&image, sizeof(image));
	expect_interp("");
	image.eh.e_ident[EI_CLASS] = 9;
	write_image(&image, sizeof(image));
	expect_interp("");
	fx_leave();
}

TEST(elf_of_32_bits)
{
	struct {
		Elf32_Ehdr eh;
		Elf32_Phdr ph;
		char interp[16];
	} image = {
		.eh = { .e_phoff = sizeof(Elf32_Ehdr),
			.e_phentsize = sizeof(Elf32_Phdr),
			.e_phnum = 1 },
		.ph = { .p_type = PT_INTERP,
			.p_offset = sizeof(Elf32_Ehdr) + sizeof(Elf32_Phdr),
			.p_filesz = 12 },
		.interp = "/lib/ld.so2",
	};
	int fd;

	begin();
	memcpy(image.eh.e_ident, ELFMAG, SELFMAG);
	image.eh.e_ident[EI_CLASS] = ELFCLASS32;
	image.eh.e_ident[EI_DATA] = ELFDATA2LSB;
	fd = open("elf", O_WRONLY | O_CREAT | O_TRUNC, 0755);
	ASSERT_EQ(write(fd, &image, sizeof(image)), sizeof(image));
	close(fd);
	expect_interp("/lib/ld.so2");
	fx_leave();
}

TEST(a_missing_loader_is_named)
{
	struct image image = an_image();

	begin();
	memcpy(image.interp, "/no/such/ld.so", sizeof("/no/such/ld.so"));
	image.ph[1].p_filesz = sizeof("/no/such/ld.so");
	write_image(&image, sizeof(image));
	EXPECT_EQ(resolve(fx_path("elf")), -ENOENT);
	EXPECT_HAS(err.msg, "needs the loader '/no/such/ld.so'");
	fx_leave();
}

/* Installations */

TEST_BOTH(pyenv_shims)
{
	begin();
	fx_file("home/.pyenv/shims/python3", "#!/usr/bin/env bash\n", 0755);
	fx_file("home/.pyenv/libexec/pyenv", "#!/usr/bin/env bash\n", 0755);
	fx_file("home/.pyenv/versions/3.11/bin/python3.11", "x", 0755);
	fx_file("work/script", "#!/usr/bin/env python3\n", 0755);
	path_add("home/.pyenv/shims");
	ok("python3");
	EXPECT_TRUE(granted_fx("home/.pyenv"));
	ok("./script");
	EXPECT_TRUE(granted_fx("home/.pyenv"));
	EXPECT_TRUE(granted_fx("work/script"));
	fx_leave();
}

TEST_BOTH(virtual_environments)
{
	char cfg[8300], script[8300];

	begin();
	fx_file("home/.py/versions/3.11/bin/python3.11", SH, 0755);
	fx_link("python3.11", "home/.py/versions/3.11/bin/python3");
	fx_dir("home/.py/versions/3.11/lib/python3.11");
	snprintf(cfg, sizeof(cfg), "include = x\nhome = %s\nversion = 3\n",
		 fx_path("home/.py/versions/3.11/bin"));
	/* A copy: only pyvenv.cfg tells where it came from. */
	fx_file("home/proj/venv/pyvenv.cfg", cfg, 0644);
	fx_file("home/proj/venv/bin/python", SH, 0755);
	ok(fx_path("home/proj/venv/bin/python"));
	EXPECT_TRUE(granted_fx("home/proj/venv"));
	EXPECT_TRUE(granted_fx("home/.py/versions/3.11"));
	EXPECT_FALSE(granted_fx("home/proj"));
	sl_command_fini(&cmd);

	/* Links, around the working directory, and a script of it. */
	fx_dir("work/bin");
	fx_file("work/pyvenv.cfg", "home = /usr/bin\n", 0644);
	fx_link("/bin/sh", "work/bin/python");
	snprintf(script, sizeof(script), "#!%s\n",
		 fx_path("home/proj/venv/bin/python"));
	fx_file("work/tool", script, 0755);
	ok("./tool");
	EXPECT_TRUE(granted_fx("home/proj/venv"));
	sl_command_fini(&cmd);
	ASSERT_EQ(resolve("bin/python"), 0);
	EXPECT_TRUE(granted_fx("work"));
	fx_leave();
}

TEST_BOTH(a_circle_of_virtual_environments_ends)
{
	char cfg[8300];

	begin();
	snprintf(cfg, sizeof(cfg), "home = %s\n", fx_path("home/b/bin"));
	fx_file("home/a/pyvenv.cfg", cfg, 0644);
	fx_file("home/a/bin/python3", SH, 0755);
	snprintf(cfg, sizeof(cfg), "home = %s\n", fx_path("home/a/bin"));
	fx_file("home/b/pyvenv.cfg", cfg, 0644);
	fx_file("home/b/bin/python3", SH, 0755);
	ok(fx_path("home/a/bin/python3"));
	EXPECT_TRUE(granted_fx("home/b"));
	fx_leave();
}

TEST_BOTH(nvm_cargo_and_others)
{
	begin();
	fx_file("home/.nvm/versions/node/v20/bin/node", SH, 0755);
	fx_dir("home/.nvm/versions/node/v20/lib/node_modules");
	fx_file("home/.config/nvm/versions/node/v20/bin/node2", SH, 0755);
	fx_dir("home/.config/nvm/versions/node/v20/lib/node_modules");
	fx_file("home/.cargo/bin/cargo", SH, 0755);
	fx_file("home/.cargo/credentials.toml", "secret", 0600);
	fx_dir("home/.cargo/registry");
	fx_dir("home/.rustup/toolchains");
	fx_file("home/.local/share/uv/py/bin/python3.12", SH, 0755);
	fx_dir("home/.local/share/uv/py/lib/python3.12");
	fx_link("../share/uv/py/bin/python3.12", "home/.local/bin/python9");
	fx_file("home/.local/bin/prog", SH, 0755);
	fx_dir("home/.local/lib");
	path_add("home/.nvm/versions/node/v20/bin");
	path_add("home/.config/nvm/versions/node/v20/bin");
	path_add("home/.cargo/bin");
	path_add("home/.local/bin");

	ok("node");
	EXPECT_TRUE(granted_fx("home/.nvm/versions/node/v20"));
	ok("node2");
	EXPECT_TRUE(granted_fx("home/.config/nvm/versions/node/v20"));
	ok("cargo");
	EXPECT_TRUE(granted_fx("home/.cargo/bin"));
	EXPECT_TRUE(granted_fx("home/.cargo/registry"));
	EXPECT_TRUE(granted_fx("home/.rustup"));
	EXPECT_FALSE(granted_fx("home/.cargo/credentials.toml"));
	ok("python9");
	EXPECT_TRUE(granted_fx("home/.local/share/uv/py"));
	ok("prog");
	EXPECT_TRUE(granted_fx("home/.local/bin/prog"));
	EXPECT_FALSE(granted_fx("home/.local/bin"));
	fx_leave();
}

TEST_BOTH(homes_and_secrets_are_never_granted)
{
	begin();
	fx_dir("home/lib");
	fx_file("home/bin/prog", SH, 0755);
	fx_dir("home/.ssh/lib");
	fx_file("home/.ssh/bin/prog2", SH, 0755);
	fx_dir("home/.config/lib");
	fx_file("home/.config/bin/prog3", SH, 0755);
	fx_dir("home/.config/app/lib");
	fx_file("home/.config/app/bin/prog4", SH, 0755);
	fx_dir("lib");
	fx_file("bin/prog5", SH, 0755);
	fx_file("home/plain/bin/prog6", SH, 0755);
	fx_link("home", "alias");
	path_add("home/bin");
	path_add("home/.ssh/bin");
	path_add("home/.config/bin");
	path_add("home/.config/app/bin");
	path_add("bin");
	path_add("home/plain/bin");
	path_add("alias/bin");
	ok("prog");
	EXPECT_TRUE(granted_fx("home/bin/prog"));
	ok("prog2");
	ok("prog3");
	ok("prog4");
	EXPECT_FALSE(granted_fx("home/.config/app"));
	ok("prog5");
	ok("prog6");
	EXPECT_FALSE(granted_fx("home/plain"));
	ok(fx_path("alias/bin/prog"));
	fx_leave();
}

/* SECURITY: the text of a file, or a link, widens nothing. */
TEST_BOTH(names_from_files_need_more_evidence)
{
	char text[8300];

	begin();
	fx_file("home/secret/bin/tool", SH, 0755);
	fx_dir("home/secret/lib/tool");
	fx_file("home/.ssh/id", "key", 0755);
	fx_file("home/.ssh/run", SH, 0755);
	fx_file("home/doc", "words", 0755);
	snprintf(text, sizeof(text), "#!%s\n", fx_path("home/secret/bin/tool"));
	fx_file("work/a", text, 0755);
	ok("./a");
	snprintf(text, sizeof(text), "#!/usr/bin/env ../home/secret/bin/tool\n");
	fx_file("work/b", text, 0755);
	ok("./b");
	snprintf(text, sizeof(text), "#!%s\n", fx_path("home/doc"));
	fx_file("work/c", text, 0755);
	ok("./c");
	EXPECT_FALSE(granted_fx("home/doc"));
	snprintf(text, sizeof(text), "#!%s\n", fx_path("home/.ssh/run"));
	fx_file("work/d", text, 0755);
	ok("./d");
	EXPECT_FALSE(granted_fx("home/.ssh/run"));
	fx_link("../home/secret/bin/tool", "work/e");
	ok("./e");
	fx_link("../home/.ssh/id", "work/f");
	ok("./f");
	fx_dir("work/v/lib");
	snprintf(text, sizeof(text), "home = %s\n", fx_path("home/secret/bin"));
	fx_file("work/v/pyvenv.cfg", text, 0644);
	fx_file("work/v/bin/python", SH, 0755);
	fx_link("tool", "home/secret/bin/python3");
	ok("v/bin/python");
	EXPECT_TRUE(granted_fx("work/v"));
	/* Named by the user, it is an installation. */
	ASSERT_EQ(resolve(fx_path("home/secret/bin/tool")), 0);
	EXPECT_TRUE(granted_fx("home/secret"));
	fx_leave();
}
