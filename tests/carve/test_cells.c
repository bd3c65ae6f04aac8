/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every spelling against every kind of carve-out. Each cell is run on a new
 * tree: bare, where it must have its effect, or it would prove nothing; and
 * inside, where the file and its name must be what they were.
 */
#include "cells.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"

/* A rule, and a path that it covers. */
struct target {
	const char *name, *rule;
	const char *path;  /* as the attacker spells it; %s: the tree */
	const char *watch; /* the file itself, from the tree; looked at after */
	bool there;	   /* else it does not exist */
	unsigned int spare; /* cells that do not concern it */
};

/* A symbolic link is not the file: what is done to the name alone is. */
#define BY_LINK (CELL_NAME | CELL_OBJECT)

static const struct target targets[] = {
	{ "a file", "p/file", "p/file", "p/file", true, 0 },
	{ "a file, absolute", "%s/p/file", "%s/p/file", "p/file", true, 0 },
	{ "a file, around", "p/file", "s/../p/./file", "p/file", true,
	  CELL_PARENT },
	{ "a file by a linked directory", "p/file", "to_p/file", "p/file", true,
	  CELL_PARENT },
	{ "a file by a link", "p/file", "to_file", "p/file", true, BY_LINK },
	{ "a file by its other name", "p/file", "alias", "p/file", true, 0 },
	{ "a file by /proc/self/cwd", "p/file", "/proc/self/cwd/p/file",
	  "p/file", true, CELL_RULES },
	{ "the rule goes by a link", "to_p/file", "p/file", "p/file", true, 0 },
	{ "the rule is a link", "to_file", "p/file", "p/file", true, 0 },
	{ "below a directory", "p", "p/file", "p/file", true, 0 },
	{ "deep below a directory", "p", "p/d/e/file", "p/d/e/file", true, 0 },
	{ "a file above a rule", "p/file/below", "p/file", "p/file", true,
	  CELL_READS },
	{ "a file above a pattern", "**/file/be*", "p/file", "p/file", true,
	  CELL_READS | CELL_PARENT },
	{ "a pattern", "*.key", "s/a.key", "s/a.key", true, CELL_PARENT },
	{ "a pattern below", "%s/**/a.*", "s/a.key", "s/a.key", true,
	  CELL_PARENT },
	{ "a pattern with a directory", "**/p/fi?e", "p/file", "p/file", true, 0 },
	{ "bytes", "b\xff/\x01[\xfe]", "b\xff/\x01\xfe", "b\xff/\x01\xfe", true,
	  0 },
	{ "no file", "gone", "gone", "gone", false, 0 },
	{ "no file, absolute", "gone", "%s/gone", "gone", false, 0 },
	{ "no file by a linked directory", "p/gone", "to_p/gone", "p/gone",
	  false, 0 },
	{ "no file in a directory", "p", "p/gone", "p/gone", false, 0 },
	{ "no file of a pattern", "*.key", "s/gone.key", "s/gone.key", false, 0 },
	{ "no file by /proc/self/cwd", "p/gone", "/proc/self/cwd/p/gone",
	  "p/gone", false, CELL_RULES },
};

#define TARGETS (sizeof(targets) / sizeof(targets[0]))

static char tree[64];
static const char *sandlock, *self;

static void put(const char *path, const char *text)
{
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0644);

	ASSERT_TRUE(fd >= 0 &&
		    write(fd, text, strlen(text)) == (ssize_t)strlen(text));
	close(fd);
}

static void make_tree(void)
{
	snprintf(tree, sizeof(tree), "/var/tmp/sl-carve-XXXXXX");
	ASSERT_TRUE(mkdtemp(tree) && chdir(tree) == 0);
	ASSERT_TRUE(mkdir("p", 0755) == 0 && mkdir("s", 0755) == 0 &&
		    mkdir("p/d", 0755) == 0 && mkdir("p/d/e", 0755) == 0 &&
		    mkdir("minedir", 0755) == 0 && mkdir("b\xff", 0755) == 0);
	put("p/file", "good");
	put("p/d/e/file", "good");
	put("s/a.key", "good");
	put("b\xff/\x01\xfe", "good");
	put("mine", "mine");
	put("minedir/file", "mine");
	ASSERT_TRUE(symlink("p", "to_p") == 0 &&
		    symlink("p/file", "to_file") == 0 &&
		    link("p/file", "alias") == 0);
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

static void place(char *buf, size_t size, const char *text)
{
	const char *at = strstr(text, "%s");

	if (at)
		snprintf(buf, size, "%.*s%s%s", (int)(at - text), text, tree,
			 at + 2);
	else
		snprintf(buf, size, "%s", text);
}

/* Everything about the watched file that a call could change. */
static void look(const char *path, char *buf, size_t size)
{
	char text[16] = "";
	struct stat st;
	int fd;

	if (lstat(path, &st) < 0) {
		snprintf(buf, size, "%s", strerror(errno));
		return;
	}
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0 && S_ISREG(st.st_mode) && read(fd, text, 15) < 0)
		text[0] = '?';
	close(fd);
	snprintf(buf, size,
		 "ino %lu mode %o links %lu mtime %ld ctime %ld.%ld: %s",
		 (unsigned long)st.st_ino, st.st_mode,
		 (unsigned long)st.st_nlink, (long)st.st_mtim.tv_sec,
		 (long)st.st_ctim.tv_sec, (long)st.st_ctim.tv_nsec, text);
}

/* The errno; 0: it was done; -1: nothing to do. */
static int perform(const struct target *t, int cell, const char *key)
{
	char path[256], rule[256], number[12], err[8] = "";
	int out[2], status;
	pid_t pid;

	place(path, sizeof(path), t->path);
	place(rule, sizeof(rule), t->rule);
	snprintf(number, sizeof(number), "%d", cell);
	ASSERT_EQ(pipe2(out, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

		dup2(out[1], 1);
		if (!getenv("SANDLOCK_TEST_VERBOSE"))
			dup2(null, 2);
		if (key)
			execl(sandlock, sandlock, "run", "-p", "base", "-r",
			      self, "-r", "/proc", "-w", tree, key, rule, "--",
			      self, "cell", number, path, (char *)NULL);
		else
			execl(self, self, "cell", number, path, (char *)NULL);
		_exit(99);
	}
	close(out[1]);
	if (read(out[0], err, sizeof(err) - 1) <= 0)
		snprintf(err, sizeof(err), "999");
	close(out[0]);
	waitpid(pid, &status, 0);
	return atoi(err);
}

static void check(const struct target *t, int cell, const char *key)
{
	char before[256], after[256];
	int r;

	make_tree();
	look(t->watch, before, sizeof(before));
	r = perform(t, cell, key);
	look(t->watch, after, sizeof(after));
	if (!key && r > 0)
		th_fail(__FILE__, __LINE__, "bare: %s on %s: %s",
			cells[cell].name, t->name, strerror(r));
	if (!key && r == 0 && !(cells[cell].kind & CELL_READS) &&
	    strcmp(before, after) == 0)
		th_fail(__FILE__, __LINE__, "bare: %s on %s: no effect",
			cells[cell].name, t->name);
	if (key && r >= 0 && r != EACCES && r != EPERM)
		th_fail(__FILE__, __LINE__, "%s: %s on %s: %s", key,
			cells[cell].name, t->name, r ? strerror(r) : "was done");
	if (key && strcmp(before, after) != 0)
		th_fail(__FILE__, __LINE__, "%s: %s on %s: %s, then %s", key,
			cells[cell].name, t->name, before, after);
	drop_tree();
}

static void check_all(const char *key, unsigned int kinds)
{
	self = getenv("SANDLOCK_CARVER");
	sandlock = getenv("SANDLOCK");
	ASSERT_TRUE(sandlock != NULL && self != NULL);
	for (size_t i = 0; i < TARGETS; i++) {
		const struct target *t = &targets[i];

		for (int cell = 0; cell < cell_count; cell++) {
			unsigned int kind = cells[cell].kind;

			if (!(kind & kinds) || kind & t->spare ||
			    !(kind & CELL_MAKES) != t->there)
				continue;
			if (kind & CELL_ABS && *t->path != '/' && *t->path != '%')
				continue;
			check(t, cell, key);
		}
	}
}

TEST_OPTS(every_cell_has_its_effect_bare, .timeout = 120)
{
	check_all(NULL, CELL_WRITES | CELL_READS | CELL_MAKES);
}

TEST_OPTS(nothing_changes_what_is_protected, .timeout = 300)
{
	check_all("--fs-protect", CELL_WRITES | CELL_MAKES);
}

TEST_OPTS(nothing_reads_or_changes_what_is_denied, .timeout = 300)
{
	check_all("--fs-deny", CELL_WRITES | CELL_READS | CELL_MAKES);
}
