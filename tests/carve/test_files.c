/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carve-outs: races for a wrong file, files that are allowed and behave as
 * bare, and what else must hold.
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"

#define OUTPUT_MAX (1u << 20)
#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CARVER getenv("SANDLOCK_CARVER")

static char tree[64], *output;

static void put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0644);

	ASSERT_TRUE(fd >= 0 &&
		    write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static const char *get(const char *path)
{
	static char text[4096];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = read(fd, text, sizeof(text) - 1);

	close(fd);
	text[n > 0 ? n : 0] = '\0';
	return fd < 0 ? "(none)" : text;
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

static void make_tree(void)
{
	struct sockaddr_un un = { .sun_family = AF_UNIX, .sun_path = "s/socket" };
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	umask(022);
	snprintf(tree, sizeof(tree), "/var/tmp/sl-carve-XXXXXX");
	ASSERT_TRUE(mkdtemp(tree) && chdir(tree) == 0);
	ASSERT_TRUE(mkdir("p", 0755) == 0 && mkdir("s", 0755) == 0 &&
		    mkdir("s/empty", 0755) == 0 && mkdir("s/setgid", 0755) == 0 &&
		    chmod("s/setgid", 02775) == 0 &&
		    mkdir("s/noexec", 0600) == 0);
	put("p/file", "");
	put("s/file", "");
	put("s/keep", "keep");
	put("s/ro", "ro");
	put("marks", "");
	chmod("s/ro", 0444);
	ASSERT_TRUE(symlink("file", "s/link") == 0 &&
		    symlink("made-by-link", "s/dangling") == 0 &&
		    symlink("loop", "s/loop") == 0 &&
		    symlink("/nonexistent/x", "s/far") == 0 &&
		    symlink("empty", "s/to_empty") == 0 &&
		    symlink("s/file", "link1") == 0 &&
		    symlink("p/file", "link2") == 0 &&
		    mkfifo("s/fifo", 0644) == 0);
	ASSERT_EQ(bind(sock, (struct sockaddr *)&un, sizeof(un)), 0);
	close(sock);
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void drop_tree(void)
{
	ASSERT_EQ(chdir("/"), 0);
	nftw(tree, drop, 16, FTW_DEPTH | FTW_PHYS);
}

/* @flags, NULL: bare; then the program. Its output, standard error too. */
static int run_list(const char *const *flags, const char *const *argv)
{
	const char *words[64];
	size_t n = 0, len = 0;
	int out[2], status;
	ssize_t got;
	pid_t pid;

	if (flags) {
		const char *const base[] = {
			getenv("SANDLOCK"),	   "run", "-p", "base", "-r",
			getenv("SANDLOCK_CARVER"), "-w",  tree
		};

		for (size_t i = 0; i < sizeof(base) / sizeof(base[0]); i++)
			words[n++] = base[i];
		while (*flags)
			words[n++] = *flags++;
		words[n++] = "--";
	}
	while (*argv)
		words[n++] = *argv++;
	words[n] = NULL;
	if (!output)
		output = malloc(OUTPUT_MAX);
	ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		dup2(open("/dev/null", O_RDONLY | O_CLOEXEC), 0);
		dup2(out[1], 1);
		dup2(out[1], 2);
		execv(words[0], (char *const *)(uintptr_t)words);
		_exit(99);
	}
	close(out[1]);
	while ((got = read(out[0], output + len, OUTPUT_MAX - 1 - len)) > 0)
		len += (size_t)got;
	output[len] = '\0';
	close(out[0]);
	ASSERT_EQ(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

/* ------------------------------------------------ races */

struct race {
	const char *name, *key;
	const char *good, *bad;
	bool at_bad; /* all of its calls are about the bad file */
};

static void run_race(const struct race *race)
{
	const char *const program[] = { CARVER,	    "race",    race->name,
					race->good, race->bad, "700",
					NULL };
	struct stat before, after;
	size_t wrote = 0;

	/* Bare it is won, or the test proves nothing. */
	make_tree();
	run_list(NULL, program);
	if (strcmp(get("p/file"), "") == 0)
		th_fail(__FILE__, __LINE__, "bare: %s: nothing won: %s",
			race->name, output);
	drop_tree();
	make_tree();
	ASSERT_EQ(stat("p/file", &before), 0);
	run_list(LIST(race->key, "p"), program);
	printf("# %s %s: %s", race->key, race->name, output);
	ASSERT_EQ(stat("p/file", &after), 0);
	EXPECT_EQ(after.st_size, 0);
	EXPECT_EQ(after.st_ctim.tv_nsec, before.st_ctim.tv_nsec);
	EXPECT_EQ(sscanf(output, "%zu of", &wrote), 1);
	if (!race->at_bad)
		EXPECT_GT(wrote, 0);
	drop_tree();
}

static const struct race writes[] = {
	{ "path", NULL, "s/file", "p/file", false },
	{ "descriptor", NULL, "s/file", "p/file", false },
	{ "how", NULL, "s/file", "p/file", true },
	{ "links", NULL, "s/file", "p/file", false },
	{ "directories", NULL, "s/file", "p/file", false },
	{ "cwd", NULL, "s/file", "p/file", false },
};

static void run_races(const char *key)
{
	for (size_t i = 0; i < sizeof(writes) / sizeof(writes[0]); i++) {
		struct race race = writes[i];

		race.key = key;
		run_race(&race);
	}
}

TEST_OPTS(no_race_writes_what_is_protected, .timeout = 120)
{
	run_races("--fs-protect");
}

TEST_OPTS(no_race_writes_what_is_denied, .timeout = 120)
{
	run_races("--fs-deny");
}

/* What is executed after all is ended before a call of it is answered. */
TEST_OPTS(no_race_executes_with_effect_what_is_denied, .timeout = 120)
{
	const char *const program[] = { CARVER,	  "race", "exec", "s/prog",
					"p/prog", "1500", NULL };

	make_tree();
	copy_program(CARVER, "p/prog");
	/* The same arguments mean nothing to this one. */
	copy_program("/bin/true", "s/prog");
	run_list(NULL, program);
	EXPECT_NE(strlen(get("marks")), 0);
	put("marks", "");
	run_list(LIST("--fs-deny", "p"), program);
	printf("# exec: %s", output);
	EXPECT_STREQ(get("marks"), "");
	drop_tree();
}

/* One that may be executed and not read shows itself to nobody. */
TEST_OPTS(what_cannot_be_looked_at_is_ended, .timeout = 120)
{
	const char *const program[] = { CARVER,	  "race", "unread", "s/prog",
					"p/prog", "3000", NULL };

	make_tree();
	copy_program(CARVER, "p/prog");
	ASSERT_EQ(chmod("p/prog", 0111), 0);
	copy_program("/bin/false", "s/prog");
	run_list(LIST("-w", "/dev/null"), program);
	EXPECT_EQ(strncmp(output, "1 of ", 5), 0);
	run_list(LIST("-w", "/dev/null", "--fs-deny", "p"), program);
	EXPECT_EQ(strncmp(output, "0 of ", 5), 0);
	printf("# unread: %s", output);
	drop_tree();
}

TEST(a_first_thread_may_end_early)
{
	make_tree();
	copy_program(CARVER, "s/prog");
	EXPECT_EQ(run_list(LIST("-r", "/dev/null", "--fs-deny", "p"),
			   LIST("/bin/sh", "-c", "s/prog hide; echo $?")),
		  0);
	EXPECT_STREQ(output, "alive\n0\n");
	drop_tree();
}

/* ------------------------------------------------ as without */

static void compare(const char *key, const char *value)
{
	static char without[OUTPUT_MAX];
	const char *a, *b;

	make_tree();
	run_list(LIST("-w", "/dev", "-w", "/proc"), LIST(CARVER, "facts"));
	snprintf(without, sizeof(without), "%s", output);
	drop_tree();
	EXPECT_GT(strlen(without), 10000);
	make_tree();
	run_list(LIST("-w", "/dev", "-w", "/proc", key, value),
		 LIST(CARVER, "facts"));
	drop_tree();
	a = without;
	b = output;
	for (int shown = 0; *a && *b && shown < 20;) {
		size_t n = strcspn(a, "\n"), m = strcspn(b, "\n");

		if (n != m || memcmp(a, b, n) != 0) {
			th_fail(__FILE__, __LINE__, "%s: '%.*s', without '%.*s'",
				key, (int)m, b, (int)n, a);
			shown++;
		}
		a += n + (a[n] != 0);
		b += m + (b[m] != 0);
	}
	EXPECT_EQ(*a, 0);
	EXPECT_EQ(*b, 0);
}

TEST_OPTS(other_files_are_as_ever_beside_protected_ones, .timeout = 60)
{
	compare("--fs-protect", "p");
}

TEST_OPTS(other_files_are_as_ever_beside_denied_ones, .timeout = 60)
{
	compare("--fs-deny", "p");
}

/* Every open is done by the judge here, and nothing is carved out. */
TEST_OPTS(files_are_as_ever_beside_pinned_names, .timeout = 60)
{
	compare("--net-allow", "localhost:1");
}

/* ------------------------------------------------ /proc, terminals */

/* Opened for others by a thread that may look at its own process: it must not. */
static void read_through(const char *key, const char *value)
{
	static const char script[] =
		"cat /proc/self/comm /proc/self/status | head -2\n"
		"for p in /proc/[0-9]*; do\n"
		"	for f in environ maps auxv task/*/environ; do\n"
		"		cat $p/$f >got 2>&1 && echo \"read $p/$f\"\n"
		"		grep -a sl-canary got; done\n"
		"	ls $p/fd >got 2>&1 && echo \"listed $p\"\n"
		"	{ true >$p/oom_score_adj; } && echo \"wrote $p\"\n"
		"done\n"
		"cat /proc/1/stat && echo public";
	char mine[64];

	make_tree();
	setenv("CANARY", "sl-canary-of-the-supervisor", 1);
	run_list(LIST("-w", "/proc", "--clean-env", key, value),
		 LIST("/bin/sh", "-c", script));
	EXPECT_TRUE(strstr(output, "public") != NULL);
	EXPECT_TRUE(strstr(output, "Name:") != NULL);
	if (strstr(output, "sl-canary"))
		th_fail(__FILE__, __LINE__, "the environment came out");
	snprintf(mine, sizeof(mine), "read /proc/%d/", getpid());
	EXPECT_TRUE(strstr(output, mine) == NULL);
	snprintf(mine, sizeof(mine), "listed /proc/%d\n", getpid());
	EXPECT_TRUE(strstr(output, mine) == NULL);
	drop_tree();
}

TEST_OPTS(nobody_reads_the_supervisor_through_it, .timeout = 180)
{
	read_through("--fs-deny", "p");
	read_through("--net-allow", "localhost:1");
}

static int in_terminal(const char *const *argv, char *seen, size_t size)
{
	int pty = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	ASSERT_TRUE(pty >= 0 && grantpt(pty) == 0 && unlockpt(pty) == 0);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_RDWR | O_CLOEXEC);

		setsid();
		/* The first terminal that a leader opens becomes its own. */
		if (open(ptsname(pty), O_RDWR | O_CLOEXEC) < 0)
			_exit(98);
		dup2(null, 0);
		dup2(null, 1);
		dup2(open(ptsname(pty), O_RDWR | O_CLOEXEC), 2);
		execv(argv[0], (char *const *)(uintptr_t)argv);
		_exit(99);
	}
	waitpid(pid, &status, 0);
	fcntl(pty, F_SETFL, O_NONBLOCK);
	while ((n = read(pty, seen + len, size - 1 - len)) > 0)
		len += (size_t)n;
	seen[len] = '\0';
	close(pty);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128;
}

TEST_OPTS(the_terminal_is_the_callers, .timeout = 60)
{
	const char *const keys[] = { "--fs-protect", "--fs-deny" };
	char seen[4096];

	make_tree();
	for (int i = 0; i < 2; i++) {
		const char *argv_of[] = { getenv("SANDLOCK"),
					  "run",
					  "-p",
					  "base",
					  "-w",
					  "/dev",
					  "-w",
					  tree,
					  keys[i],
					  "p",
					  "--",
					  "/bin/sh",
					  "-c",
					  "echo to the terminal >/dev/tty "
					  "&& [ -t 2 ] && : <>/dev/null",
					  NULL };

		EXPECT_EQ(in_terminal(argv_of, seen, sizeof(seen)), 0);
		EXPECT_TRUE(strstr(seen, "to the terminal") != NULL);
		/* Who has left its session has none. */
		argv_of[13] = "setsid -w sh -c 'echo to nobody >/dev/tty'";
		in_terminal(argv_of, seen, sizeof(seen));
		EXPECT_TRUE(strstr(seen, "cannot create") != NULL);
		EXPECT_TRUE(strstr(seen, "to nobody") == NULL);
	}
	drop_tree();
}

/* ------------------------------------------------ what else must hold */

/* Between places that a rule sees alike directories move, else they are copied;
 * what a rule covers stays covered. */
TEST_OPTS(directories_move_where_it_makes_no_difference, .timeout = 60)
{
	make_tree();
	run_list(LIST("--fs-protect", "p/file", "--fs-protect", "**/*.key"),
		 LIST("/bin/sh", "-c",
		      "mkdir -p a/b && echo k >a/b/x && mv a c && mv c/b d && "
		      "mv d s/ && cat s/d/x && echo moved; "
		      "echo >s/d/y.key || echo still"));
	EXPECT_TRUE(strstr(output, "moved") != NULL);
	EXPECT_TRUE(strstr(output, "still") != NULL);
	ASSERT_EQ(mkdir("s/deep", 0755), 0);
	put("s/deep/x.key", "old");
	run_list(LIST("--fs-protect", "s/**/x.key"),
		 LIST("/bin/sh", "-c",
		      "mv s/deep away; mv -T p/d s/more; echo x >s/deep/x.key; "
		      "mkdir in && echo x >in/x.key && mv in s/"));
	EXPECT_STREQ(get("s/deep/x.key"), "old");
	EXPECT_STREQ(get("s/in/x.key"), "(none)");
	put("s/b.key", "old");
	mkdir("other", 0755);
	run_list(LIST("--fs-protect", "s/*.key"),
		 LIST("/bin/sh", "-c",
		      "mkdir t; cp s/b.key t; rmdir p/d; mv t/b.key s/c.key; "
		      "mv s gone; mv t other/ && echo moved; "
		      "mv other s/ && mv s/other back && echo back; cat "
		      "s/b.key"));
	EXPECT_TRUE(strstr(output, "moved") != NULL);
	EXPECT_TRUE(strstr(output, "back") != NULL);
	EXPECT_STREQ(get("s/b.key"), "old");
	EXPECT_STREQ(get("s/c.key"), "(none)");
	drop_tree();
}

/* A name that cannot be read is no name that is allowed: undumpable, by the
 * mode of the program, which blinds a judge that is not root. */
TEST_OPTS(who_cannot_be_read_is_refused, .timeout = 60)
{
	make_tree();
	copy_program(CARVER, "s/blind");
	ASSERT_EQ(chmod("s/blind", 0111), 0);
	run_list(LIST("--fs-protect", "p"),
		 LIST("s/blind", "cell", "0", "p/file"));
	EXPECT_STREQ(get("p/file"), "");
	drop_tree();
}

/* Of the last link only the kernel's text is known; the rule was on the link. */
TEST_OPTS(a_link_on_the_way_of_a_rule_stays, .timeout = 60)
{
	make_tree();
	ASSERT_TRUE(mkdir("real", 0755) == 0 && symlink("real", "way") == 0);
	run_list(LIST("--fs-protect", "way/config"),
		 LIST("/bin/sh", "-c",
		      "echo x >way/config; echo x >real/config; rm way; "
		      "mv way gone; ln -sfn s way; mv real r; "
		      "mkdir new && echo x >new/config && mv -T new way"));
	EXPECT_STREQ(get("way/config"), "(none)");
	EXPECT_EQ(readlink("way", (char[8]){ 0 }, 8), 4);
	drop_tree();
}

/* Where nothing folds, another case is another name; also of a directory above
 * the grant, which the judge may not read. */
TEST_OPTS(names_that_differ_in_case_alone, .timeout = 60)
{
	make_tree();
	run_list(LIST("--fs-deny", "s/secret", "--fs-deny", "**/TMP",
		      "--fs-deny", "**/*.KEY"),
		 LIST("/bin/sh", "-c",
		      "echo one >s/SECRET; echo two >s/secret; echo three "
		      ">x.key; "
		      "mkdir -p p/Tmp && mv s/SECRET p/Tmp && cat "
		      "p/Tmp/SECRET"));
	EXPECT_STREQ(get("p/Tmp/SECRET"), "one\n");
	EXPECT_STREQ(get("s/secret"), "(none)");
	EXPECT_STREQ(get("x.key"), "three\n");
	drop_tree();
}

/* Both deny and protect, and a write grant of the very file: deny wins. */
TEST_OPTS(a_deny_wins, .timeout = 60)
{
	char path[96];

	make_tree();
	snprintf(path, sizeof(path), "%s/p/file", tree);
	put("p/file", "secret");
	run_list(LIST("-w", path, "--fs-protect", path, "--fs-deny", path),
		 LIST("/bin/sh", "-c", "cat p/file; echo x >p/file"));
	EXPECT_TRUE(strstr(output, "secret") == NULL);
	EXPECT_STREQ(get("p/file"), "secret");
	drop_tree();
}
