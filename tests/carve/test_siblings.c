/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Denied files below a grant for reading whose siblings are granted instead:
 * Landlock refuses, nobody is asked. By every spelling; what lies beside stays as
 * it is; and what cannot be done that way is judged, and refused all the same.
 * Long because each condition has a tree, an attack and a control of its own.
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"

#define WORDS 64
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CARVER getenv("SANDLOCK_CARVER")
/* What every test denies, of the tree below. */
#define DENIES                                                     \
	"--fs-deny", "etc/secret", "--fs-deny", "etc/deep/secret", \
		"--fs-deny", "etc/prog"

static char tree[64], output[1u << 16];

/* ------------------------------------------------ the tree */

static void put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	ASSERT_TRUE(fd >= 0 &&
		    write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void copy_program(const char *from, const char *to)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_CREAT | O_WRONLY | O_CLOEXEC, 0755);
	char buf[65536];
	ssize_t n;

	ASSERT_TRUE(in >= 0 && out >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		ASSERT_EQ(write(out, buf, (size_t)n), n);
	close(in);
	close(out);
}

/* Nobody is going to make anything in there, as its mode says. */
static void settle(void)
{
	ASSERT_TRUE(chmod("etc/deep", 0555) == 0 && chmod("etc", 0555) == 0);
}

static void make_tree(void)
{
	umask(022);
	snprintf(tree, sizeof(tree), "/var/tmp/sl-sibling-XXXXXX");
	ASSERT_TRUE(mkdtemp(tree) && chdir(tree) == 0);
	ASSERT_TRUE(chmod(tree, 0755) == 0 && mkdir("etc", 0755) == 0 &&
		    mkdir("etc/deep", 0755) == 0 &&
		    mkdir("etc/sub", 0755) == 0 && mkdir("work", 0755) == 0 &&
		    mkdir("work/minedir", 0755) == 0);
	put("etc/secret", "good");
	put("etc/deep/secret", "good");
	put("etc/beside", "beside\n");
	put("etc/deep/near", "near\n");
	put("etc/sub/x", "below\n");
	copy_program(CARVER, "etc/prog");
	copy_program(CARVER, "etc/tool");
	put("work/mine", "mine");
	put("work/minedir/file", "mine");
	put("work/marks", "");
	ASSERT_TRUE(symlink("secret", "etc/link") == 0 &&
		    symlink("beside", "etc/other") == 0 &&
		    symlink("../secret", "etc/sub/up") == 0 &&
		    symlink("../etc/secret", "work/to_secret") == 0 &&
		    symlink("../etc", "work/to_etc") == 0 &&
		    mkfifo("etc/fifo", 0644) == 0);
	settle();
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	if (type == FTW_D)
		chmod(path, 0755);
	return 0;
}

static int drop_all(const char *path, const struct stat *st, int type,
		    struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void drop_tree(void)
{
	ASSERT_EQ(chdir("/"), 0);
	nftw(tree, drop, 16, FTW_PHYS);
	nftw(tree, drop_all, 16, FTW_DEPTH | FTW_PHYS);
}

/* ------------------------------------------------ running */

static size_t add(const char **words, size_t n, const char *const *more)
{
	while (more && *more && n + 1 < WORDS)
		words[n++] = *more++;
	words[n] = NULL;
	return n;
}

static pid_t start(const char *const *words, int in, int *ret_out)
{
	int out[2];
	pid_t pid;

	ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(in >= 0 ? in : open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execv(words[0], (char *const *)(uintptr_t)words);
		_exit(99);
	}
	close(out[1]);
	*ret_out = out[0];
	return pid;
}

static int finish(pid_t pid, int out)
{
	size_t len = 0;
	ssize_t n;
	int status;

	while ((n = read(out, output + len, sizeof(output) - 1 - len)) > 0)
		len += (size_t)n;
	output[len] = '\0';
	close(out);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* sandlock @verb with the grants of all tests and @flags, then @argv. */
static const char **words_of(const char *verb, const char *const *flags,
			     const char *const *argv)
{
	static const char *words[WORDS];
	size_t n = add(words, 0,
		       LIST(getenv("SANDLOCK"), verb, "-p", "base", "-r",
			    "/proc", "-r", CARVER, "-r", "etc", "-w", "work"));

	n = add(words, n, flags);
	if (strcmp(verb, "run") == 0)
		n = add(words, n, LIST("--"));
	add(words, n, argv);
	return words;
}

static int run(const char *const *flags, const char *const *argv)
{
	int out;
	pid_t pid = start(words_of("run", flags, argv), -1, &out);

	return finish(pid, out);
}

static int shell(const char *const *flags, const char *script)
{
	return run(flags, LIST("/bin/sh", "-c", script));
}

/* By whom reading @question is refused, says the explanation. */
static void expect_rung(const char *const *flags, const char *question,
			const char *rung)
{
	char wanted[64];
	int out;
	pid_t pid = start(words_of("explain", flags, LIST(question)), -1, &out);
	char *line;

	finish(pid, out);
	snprintf(wanted, sizeof(wanted), "\tEACCES\t%s\t", rung);
	line = strtok(output, "\n");
	if (!line ||
	    !strstr(line, "\trefused\t"
			  "read\t") ||
	    !strstr(line, wanted))
		th_fail(__FILE__, __LINE__, "%s is not refused by %s: %s",
			question, rung, line ? line : "-");
}

/* ------------------------------------------------ refused */

static const struct {
	const char *path;   /* as it is spelled in work; %s: the tree */
	unsigned int spare; /* cells that do not concern it */
	bool absolute;
} spellings[] = {
	{ "../etc/secret", CELL_PARENT, false },
	{ "%s/etc/secret", CELL_PARENT, true },
	{ "%s/etc/deep/secret", CELL_PARENT, true },
	{ "%s/etc/deep/../secret", CELL_PARENT, true },
	{ "../etc/sub/.././secret", CELL_PARENT, false },
	{ "/proc/self/cwd/../etc/secret", CELL_PARENT | CELL_RULES, true },
	{ "/proc/self/root%s/etc/secret", CELL_PARENT | CELL_RULES, true },
	{ "/proc/thread-self/root%s/etc/deep/secret", CELL_PARENT | CELL_RULES,
	  true },
	{ "to_etc/secret", CELL_PARENT, false },
	{ "to_etc/deep/secret", CELL_PARENT, false },
	{ "to_secret", CELL_NAME | CELL_OBJECT | CELL_PARENT, false },
	{ "../etc/link", CELL_NAME | CELL_OBJECT | CELL_PARENT, false },
	{ "../etc/sub/up", CELL_NAME | CELL_OBJECT | CELL_PARENT, false },
};

static void look(char *buf, size_t size)
{
	struct stat a, b;

	ASSERT_TRUE(stat("etc/secret", &a) == 0 &&
		    stat("etc/deep/secret", &b) == 0);
	snprintf(buf, size, "%lu %o %lu %ld.%ld %ld %lu %o %lu %ld.%ld %ld",
		 a.st_ino, a.st_mode, (unsigned long)a.st_nlink,
		 a.st_ctim.tv_sec, a.st_ctim.tv_nsec, (long)a.st_size, b.st_ino,
		 b.st_mode, (unsigned long)b.st_nlink, b.st_ctim.tv_sec,
		 b.st_ctim.tv_nsec, (long)b.st_size);
}

static void try_cell(size_t i, int cell, bool bare)
{
	char path[256], number[12], before[256], after[256], cwd[96];
	const char *at = strstr(spellings[i].path, "%s"),
		   *text = spellings[i].path;
	const char *const program[] = { CARVER, "cell", number, path, NULL };
	int r, out;
	pid_t pid;

	snprintf(path, sizeof(path), "%.*s%s%s",
		 at ? (int)(at - text) : (int)strlen(text), text,
		 at ? tree : "", at ? at + 2 : "");
	snprintf(number, sizeof(number), "%d", cell);
	snprintf(cwd, sizeof(cwd), "%s/work", tree);
	look(before, sizeof(before));
	if (bare) {
		ASSERT_EQ(chdir("work"), 0);
		pid = start(program, -1, &out);
		finish(pid, out);
		ASSERT_EQ(chdir(".."), 0);
	} else {
		run(LIST(DENIES, "--cwd", cwd), program);
	}
	r = atoi(output);
	look(after, sizeof(after));
	if (bare ? r != 0 : r != EACCES && r != EPERM && r != EXDEV)
		th_fail(__FILE__, __LINE__, "%s%s on %s: %s: %s",
			bare ? "bare: " : "", cells[cell].name, path,
			r ? strerror(r) : "was done", output);
	if (!bare && strcmp(before, after) != 0)
		th_fail(__FILE__, __LINE__, "%s on %s: %s, then %s",
			cells[cell].name, path, before, after);
}

static void try_cells(unsigned int kinds, bool bare)
{
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		for (int cell = 0; cell < cell_count; cell++)
			if (cells[cell].kind & kinds &&
			    !(cells[cell].kind & spellings[i].spare) &&
			    !(cells[cell].kind & CELL_ABS &&
			      !spellings[i].absolute))
				try_cell(i, cell, bare);
}

TEST_OPTS(nothing_reads_or_changes_what_has_no_rule, .timeout = 300)
{
	make_tree();
	expect_rung(LIST(DENIES), "path:etc/secret", "Landlock");
	expect_rung(LIST(DENIES), "path:etc/deep/secret", "Landlock");
	expect_rung(LIST(DENIES), "path:etc/link", "Landlock");
	/* It is there to be read. (Moving takes a directory to write in.) */
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++)
		for (int cell = 0; cell < cell_count; cell++)
			if (strcmp(cells[cell].name, "open O_RDONLY") == 0)
				try_cell(i, cell, true);
	try_cells(CELL_READS | CELL_WRITES, false);
	drop_tree();
}

TEST_OPTS(nothing_executes_it, .timeout = 60)
{
	char script[128];
	struct stat st;

	make_tree();
	snprintf(script, sizeof(script), "#!%s/etc/prog mark\n", tree);
	put("work/script", script);
	ASSERT_EQ(chmod("work/script", 0755), 0);
	/* The same, of a sibling, works. */
	EXPECT_EQ(shell(LIST(DENIES), "etc/tool mark work/marks"), 0);
	ASSERT_EQ(stat("work/marks", &st), 0);
	EXPECT_EQ(st.st_size, 1);
	shell(LIST(DENIES),
	      "etc/prog mark work/marks; work/../etc/prog mark work/marks; "
	      "/proc/self/cwd/etc/prog mark work/marks; "
	      "cp etc/prog work/copy && work/copy mark work/marks; "
	      "ln etc/prog work/p && work/p mark work/marks; "
	      "ln -s ../etc/prog work/q; work/q mark work/marks; "
	      "work/script work/marks; exec etc/prog mark work/marks");
	ASSERT_EQ(stat("work/marks", &st), 0);
	EXPECT_EQ(st.st_size, 1);
	EXPECT_TRUE(access("work/copy", F_OK) < 0 ||
		    stat("work/copy", &st) < 0 || st.st_size == 0);
	EXPECT_TRUE(access("work/p", F_OK) < 0);
	drop_tree();
}

/* ------------------------------------------------ as ever */

/* What can be seen but for the denied files' bytes, with and without. */
TEST_OPTS(what_lies_beside_is_as_ever, .timeout = 60)
{
	static const char script[] =
		"ls -la etc etc/deep etc/sub | grep -v '^total'\n"
		"find etc | sort; cd etc/deep && pwd && cd ../..\n"
		"cat etc/beside etc/other etc/sub/x etc/deep/near\n"
		"cat etc/sub/../deep/near work/to_etc/beside\n"
		"stat -c '%n %s %a %h' etc/secret etc/deep/secret etc/link\n"
		"test -r etc/beside && test -x etc/tool && echo yes\n"
		"etc/tool nothing; echo $?\n"
		"echo x >etc/new; echo x >>etc/beside; rm -f etc/beside\n"
		"mv etc/sub work; mkdir etc/deep/x; chmod 777 etc etc/beside\n"
		"echo kept >work/kept; cat work/kept; ls /; cat /etc/passwd\n";
	static char without[sizeof(output)];

	make_tree();
	shell(LIST("--audit", "/dev/null"), script);
	memcpy(without, output, sizeof(output));
	EXPECT_HAS(without, "near\n");
	EXPECT_HAS(without, "yes\n");
	shell(LIST("--audit", "/dev/null", DENIES), script);
	EXPECT_STREQ(output, without);
	drop_tree();
}

/* ------------------------------------------------ nobody is asked */

static void say(int fd, const char *text)
{
	ASSERT_EQ(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static bool answers(int out, int ms)
{
	struct pollfd pfd = { .fd = out, .events = POLLIN };

	return poll(&pfd, 1, ms) == 1;
}

/* With the supervisor stopped, which answers every trap: is anything heard of
 * @script within @ms? */
static bool goes_on(const char *const *flags, const char *script, int ms)
{
	char line[512], ready;
	int in[2], out;
	bool done;
	pid_t pid;

	ASSERT_EQ(pipe2(in, O_CLOEXEC), 0);
	snprintf(line, sizeof(line), "printf r; read x; %s", script);
	pid = start(words_of("run", flags, LIST("/bin/sh", "-c", line)), in[0],
		    &out);
	close(in[0]);
	ASSERT_EQ(read(out, &ready, 1), 1);
	ASSERT_EQ(kill(pid, SIGSTOP), 0);
	ASSERT_EQ(waitpid(pid, NULL, WUNTRACED), pid);
	say(in[1], "go\n");
	done = answers(out, ms);
	kill(pid, SIGCONT);
	close(in[1]);
	finish(pid, out);
	return done;
}

TEST_OPTS(no_open_asks_the_supervisor, .timeout = 120)
{
	static const char script[] =
		"cat etc/beside >/dev/null; cat etc/secret etc/deep/secret "
		"2>&1; "
		"etc/tool x; ls etc >work/list; etc/prog x 2>&1; "
		"mv work/list work/l; rm work/l; echo end";

	make_tree();
	EXPECT_TRUE(goes_on(LIST(DENIES), script, 10000));
	EXPECT_TRUE(strstr(output, "good") == NULL);
	EXPECT_HAS(output, "end\n");
	/* Judged, the first of these waits for an answer. */
	EXPECT_FALSE(goes_on(LIST(DENIES, "--fs-deny", "*.key"), script, 500));
	EXPECT_TRUE(strstr(output, "good") == NULL);
	drop_tree();
}

/* ------------------------------------------------ changes from outside */

TEST_OPTS(what_comes_later_is_refused, .timeout = 60)
{
	char ready;
	int in[2], out;
	pid_t pid;

	make_tree();
	ASSERT_EQ(pipe2(in, O_CLOEXEC), 0);
	pid = start(words_of("run", LIST(DENIES),
			     LIST("/bin/sh", "-c",
				  "printf r; read x; cat etc/secret etc/old "
				  "etc/late; cat etc/beside etc/sub/late")),
		    in[0], &out);
	close(in[0]);
	ASSERT_EQ(read(out, &ready, 1), 1);
	ASSERT_TRUE(chmod("etc", 0755) == 0);
	put("etc/new", "good");
	put("etc/late", "good");
	put("etc/sub/late", "later\n");
	ASSERT_TRUE(rename("etc/secret", "etc/old") == 0 &&
		    rename("etc/new", "etc/secret") == 0);
	say(in[1], "go\n");
	close(in[1]);
	finish(pid, out);
	EXPECT_TRUE(strstr(output, "good") == NULL);
	EXPECT_HAS(output, "beside\n");
	EXPECT_HAS(output, "later\n");
	drop_tree();
}

/* ------------------------------------------------ judged all the same */

static void expect_judged(const char *what, const char *const *flags,
			  const char *path)
{
	expect_rung(flags, "path:etc/secret", "supervisor");
	run(flags, LIST("/bin/cat", path));
	if (strstr(output, "good") || !strstr(output, "ermission"))
		th_fail(__FILE__, __LINE__, "%s: %s", what, output);
}

TEST_OPTS(what_is_not_certain_is_judged, .timeout = 120)
{
	char path[128];

	make_tree();
	expect_judged("with a pattern", LIST(DENIES, "--fs-deny", "*.key"),
		      "etc/secret");
	expect_judged("a directory",
		      LIST("--fs-deny", "etc/deep", "--fs-deny", "etc/secret"),
		      "etc/deep/secret");
	expect_judged("a pipe", LIST(DENIES, "--fs-deny", "etc/fifo"),
		      "etc/secret");
	expect_judged("one that is missing",
		      LIST(DENIES, "--fs-deny", "etc/gone"), "etc/secret");
	expect_judged("by a link", LIST("--fs-deny", "etc/link"), "etc/secret");
	expect_judged("by a linked directory",
		      LIST("--fs-deny", "work/to_etc/secret"), "etc/secret");
	expect_judged("a write grant above", LIST(DENIES, "-w", "etc"),
		      "etc/secret");
	snprintf(path, sizeof(path), "%s/etc/deep", tree);
	expect_judged("a write grant between", LIST(DENIES, "-w", path),
		      "etc/deep/secret");
	snprintf(path, sizeof(path), "%s/etc/secret", tree);
	expect_judged("a grant of itself", LIST(DENIES, "-r", path),
		      "etc/secret");
	expect_judged("a grant of a link to it", LIST(DENIES, "-r", "etc/link"),
		      "etc/secret");
	expect_judged("without the right to cut",
		      LIST(DENIES, "--disable", "fs-truncate"), "etc/secret");
	ASSERT_EQ(chmod("etc", 0755), 0);
	expect_judged("a directory to write in", LIST(DENIES), "etc/secret");
	ASSERT_EQ(link("etc/secret", "etc/sub/alias"), 0);
	settle();
	expect_judged("a second name", LIST(DENIES), "etc/sub/alias");
	ASSERT_TRUE(unlink("etc/sub/alias") == 0 &&
		    link("etc/beside", "mine") == 0);
	/* A rule for the sibling would grant it by its other name. */
	expect_judged("a sibling with a second name", LIST(DENIES), "etc/secret");
	run(LIST(DENIES), LIST("/bin/cat", "mine"));
	EXPECT_TRUE(strstr(output, "beside\n") == NULL);
	drop_tree();
}

/* The grant above is not to be written in, and a directory between is. */
TEST_OPTS(every_directory_of_the_chain_counts, .timeout = 60)
{
	make_tree();
	ASSERT_EQ(chmod("etc", 0755), 0);
	run(LIST("--fs-deny", "etc/deep/secret"),
	    LIST("/bin/cat", "etc/deep/secret"));
	EXPECT_TRUE(strstr(output, "good") == NULL);
	expect_rung(LIST("--fs-deny", "etc/deep/secret"),
		    "path:etc/deep/secret", "supervisor");
	drop_tree();
}

TEST_OPTS(a_directory_of_many_is_judged, .timeout = 60)
{
	char path[64];

	make_tree();
	ASSERT_EQ(chmod("etc", 0755), 0);
	for (int i = 0; i < 520; i++) {
		snprintf(path, sizeof(path), "etc/many-%d", i);
		put(path, "");
	}
	settle();
	expect_judged("many", LIST(DENIES), "etc/secret");
	drop_tree();
}

/* Of another mount of the same file, or of a directory above it, the grant over
 * that place counts. */
static void look_through_a_mount(const char *mount, const char *path)
{
	char command[1024];
	pid_t pid;
	int out;

	make_tree();
	ASSERT_TRUE(mkdir("work/view", 0755) == 0 && unlink("work/mine") == 0);
	put("work/mine", "");
	/* Nothing that may show twice but what is denied. */
	ASSERT_TRUE(chmod("etc/deep", 0755) == 0 && unlink("etc/deep/near") == 0);
	settle();
	snprintf(command, sizeof(command),
		 "mount --bind %s || exit 77; "
		 "test \"$(cat %s)\" = good || exit 78; "
		 "TMPDIR=%s/work exec %s run -p base -r etc/deep -r work "
		 "--fs-deny etc/deep/secret -- cat %s work/marks2 "
		 "etc/deep/secret",
		 mount, path, tree, getenv("SANDLOCK"), path);
	put("work/marks2", "read\n");
	pid = start(LIST("/usr/bin/unshare", geteuid() ? "-rm" : "-m",
			 "/bin/sh", "-c", command),
		    -1, &out);
	if (finish(pid, out) == 77)
		SKIP("mounting");
	EXPECT_TRUE(strstr(output, "good") == NULL);
	EXPECT_HAS(output, "read\n");
	drop_tree();
}

TEST_OPTS(another_mount_of_a_directory_is_judged, .timeout = 60)
{
	look_through_a_mount("etc/deep work/view", "work/view/secret");
}

TEST_OPTS(another_mount_of_the_file_is_judged, .timeout = 60)
{
	look_through_a_mount("etc/deep/secret work/mine", "work/mine");
}

/* Nor is a sibling granted by another mount of it, where nothing was. */
TEST_OPTS(another_mount_of_a_sibling_is_not_granted, .timeout = 60)
{
	char command[1024];
	pid_t pid;
	int out;

	make_tree();
	ASSERT_EQ(mkdir("view", 0755), 0);
	snprintf(command, sizeof(command),
		 "mount --bind etc/sub view || exit 77; cat view/x; "
		 "TMPDIR=%s/work exec %s run -p base -r etc --fs-deny "
		 "etc/secret "
		 "-- cat view/x etc/beside",
		 tree, getenv("SANDLOCK"));
	pid = start(LIST("/usr/bin/unshare", geteuid() ? "-rm" : "-m",
			 "/bin/sh", "-c", command),
		    -1, &out);
	if (finish(pid, out) == 77)
		SKIP("mounting");
	EXPECT_HAS(output, "below\n");
	EXPECT_HAS(output, "beside\n");
	EXPECT_TRUE(strstr(strstr(output, "below") + 1, "below\n") == NULL);
	drop_tree();
}

/* ------------------------------------------------ with other rules */

TEST_OPTS(protected_files_are_judged_beside_it, .timeout = 60)
{
	make_tree();
	put("work/kept", "kept\n");
	expect_rung(LIST(DENIES, "--fs-protect", "work/kept"),
		    "path:etc/secret", "Landlock");
	shell(LIST(DENIES, "--fs-protect", "work/kept"),
	      "echo x >work/kept; mv work/kept work/k; cat work/kept "
	      "etc/secret; "
	      "echo y >work/free && cat work/free; cat etc/beside");
	EXPECT_TRUE(strstr(output, "good") == NULL);
	EXPECT_HAS(output, "kept\n");
	EXPECT_HAS(output, "y\n");
	EXPECT_HAS(output, "beside\n");
	drop_tree();
}

TEST_OPTS(the_reason_is_told, .timeout = 60)
{
	make_tree();
	shell(LIST(DENIES, "--why", "--audit", "fd:2"),
	      "cat etc/secret; exit 1");
	EXPECT_HAS(output, "etc/secret");
	EXPECT_HAS(output, "filesystem.deny");
	EXPECT_TRUE(strstr(output, "good") == NULL);
	/* Without --why by what the program says of it. */
	shell(LIST(DENIES), "cat etc/secret; exit 1");
	EXPECT_HAS(output, "hint: reading '");
	EXPECT_HAS(output, "filesystem.deny takes '");
	shell(LIST(DENIES, "--why", "--audit", "fd:2"), "cat etc/beside");
	EXPECT_TRUE(strstr(output, "\"object\"") == NULL ||
		    strstr(output, "etc/beside\"") == NULL);
	drop_tree();
}
