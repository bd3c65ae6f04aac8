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

static void copy_carver(const char *to)
{
	int in = open(getenv("SANDLOCK_CARVER"), O_RDONLY | O_CLOEXEC);
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

#define LIST(...) ((const char *const[]){ __VA_ARGS__, NULL })
#define CARVER getenv("SANDLOCK_CARVER")

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
	const char *const program[] = { CARVER,	  "race", "exec", "s/none",
					"p/prog", "1500", NULL };

	make_tree();
	copy_carver("p/prog");
	run_list(NULL, program);
	EXPECT_NE(strlen(get("marks")), 0);
	put("marks", "");
	run_list(LIST("--fs-deny", "p"), program);
	printf("# exec: %s", output);
	EXPECT_STREQ(get("marks"), "");
	drop_tree();
}

/* ------------------------------------------------ as without */

static void compare(const char *key)
{
	static char without[OUTPUT_MAX];
	const char *a, *b;

	make_tree();
	run_list(LIST("-w", "/dev", "-w", "/proc"), LIST(CARVER, "facts"));
	snprintf(without, sizeof(without), "%s", output);
	drop_tree();
	EXPECT_GT(strlen(without), 10000);
	make_tree();
	run_list(LIST("-w", "/dev", "-w", "/proc", key, "p"),
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
	compare("--fs-protect");
}

TEST_OPTS(other_files_are_as_ever_beside_denied_ones, .timeout = 60)
{
	compare("--fs-deny");
}
