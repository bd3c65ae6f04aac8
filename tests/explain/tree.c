/* SPDX-License-Identifier: Apache-2.0 */
/* See tree.h. Everything follows from the seed but the name of the root. */
#include "explain/tree.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "harness/harness.h"

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

/* ---- numbers (splitmix64) ----------------------------------------------- */

void rng_seed(struct rng *rng, uint64_t seed)
{
	rng->state = seed;
}

unsigned int rng_below(struct rng *rng, unsigned int n)
{
	uint64_t z = rng->state += 0x9e3779b97f4a7c15;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
	z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
	return (unsigned int)((z ^ (z >> 31)) % n);
}

bool rng_chance(struct rng *rng, unsigned int percent)
{
	return rng_below(rng, 100) < percent;
}

/* ---- making ------------------------------------------------------------- */

static void must(bool fine, const char *what, const char *path)
{
	if (fine)
		return;
	th_fail(__FILE__, __LINE__, "%s %s: %s", what, path, strerror(errno));
	th_abort();
}

static const char *full(const struct tree *tree, const char *path)
{
	static char text[2 * PATH_MAX];

	snprintf(text, sizeof(text), "%s/%s", tree->root, path);
	return text;
}

static const struct node *any_node(const struct tree *tree, struct rng *rng)
{
	return &tree->nodes[rng_below(rng, (unsigned int)tree->count)];
}

static const struct node *any_dir(const struct tree *tree, struct rng *rng)
{
	const struct node *node;

	/* The root is one. */
	do
		node = any_node(tree, rng);
	while (!S_ISDIR(node->mode));
	return node;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);

	must(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text),
	     "write", path);
	close(fd);
}

static void copy_file(const char *from, const char *to)
{
	char data[65536];
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	ssize_t n;

	must(in >= 0 && out >= 0, "copy", to);
	while ((n = read(in, data, sizeof(data))) > 0)
		must(write(out, data, (size_t)n) == n, "write", to);
	close(in);
	close(out);
}

static void make_script(const struct tree *tree, struct rng *rng, const char *path)
{
	static const char *const outside[] = { "/bin/sh", "/nonexistent/x",
					       "/usr/bin/env", "" };
	char text[3 * PATH_MAX];
	const char *interp = outside[rng_below(rng, LEN(outside))];

	/* By env(1) without a program the script would start itself, for ever. */
	if (rng_chance(rng, 60))
		snprintf(text, sizeof(text), "#! %s/%s true\nexit 0\n",
			 tree->root, any_node(tree, rng)->path);
	else
		snprintf(text, sizeof(text), "#!%s%s\nexit 0\n", interp,
			 strstr(interp, "env") ? " true" : "");
	write_file(path, text);
}

static void make_link(const struct tree *tree, struct rng *rng, const char *path)
{
	static const char *const outside[] = {
		"/etc/passwd", "/usr/bin/env",
		"/dev/null",   "/proc/self/status",
		"/proc/self",  "/nonexistent",
		".",	       "..",
		"../..",       "nothing/there",
		"missing",
	};
	char text[2 * PATH_MAX];
	const struct node *to = any_node(tree, rng);

	/* A relative one leads wherever it leads from there. */
	if (rng_chance(rng, 35))
		snprintf(text, sizeof(text), "%s",
			 outside[rng_below(rng, LEN(outside))]);
	else if (rng_chance(rng, 50))
		snprintf(text, sizeof(text), "%s/%s", tree->root, to->path);
	else
		snprintf(text, sizeof(text), "../%s", *to->path ? to->path : ".");
	must(symlink(text, path) == 0, "symlink", path);
}

static void make_socket(const char *path)
{
	struct sockaddr_un to = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* Its length is limited: made here, then moved. */
	snprintf(to.sun_path, sizeof(to.sun_path), ".socket");
	must(fd >= 0 && bind(fd, (struct sockaddr *)&to, sizeof(to)) == 0 &&
		     rename(to.sun_path, path) == 0,
	     "socket", path);
	close(fd);
}

static bool is_kept(const char *path)
{
	return strncmp(path, TREE_KEPT, strlen(TREE_KEPT)) == 0;
}

static mode_t make_node(struct tree *tree, struct rng *rng, const char *path,
			const char *program)
{
	unsigned int kind = rng_below(rng, 100);
	const struct node *other;

	if (kind < 35) {
		must(mkdir(path, 0700) == 0, "mkdir", path);
		return S_IFDIR;
	}
	if (kind < 60)
		make_link(tree, rng, path);
	else if (kind < 75)
		write_file(path, "data\n");
	else if (kind < 79)
		copy_file(program, path);
	else if (kind < 90)
		make_script(tree, rng, path);
	else if (kind < 93)
		must(mkfifo(path, 0700) == 0, "mkfifo", path);
	else if (kind < 95)
		make_socket(path);
	else {
		other = any_node(tree, rng);
		/* With one name each they can be left to Landlock. */
		if (!S_ISREG(other->mode) || is_kept(other->path) ||
		    is_kept(path))
			return 0;
		must(linkat(AT_FDCWD, other->path, AT_FDCWD, path, 0) == 0,
		     "link", path);
	}
	return S_IFREG; /* or not: only directories are told apart */
}

/* Last, since nothing can be made in a directory that forbids it. */
static void set_mode(const struct tree *tree, struct rng *rng, size_t i)
{
	static const mode_t modes[] = { 0755, 0700, 0777, 0644, 0666,
					0444, 0222, 0111, 0000, 0500,
					0300, 0600, 0055 };
	const char *path = tree->nodes[i].path;
	mode_t mode = modes[rng_below(rng, LEN(modes))];
	bool kind = rng_chance(rng, S_ISDIR(tree->nodes[i].mode) ? 75 : 40);
	struct stat st;

	must(lstat(path, &st) == 0, "lstat", path);
	if (S_ISLNK(st.st_mode) || kind || strcmp(path, TREE_KEPT) == 0 ||
	    strcmp(path, TREE_KEPT "/d") == 0)
		return;
	if (geteuid() == 0 && rng_chance(rng, 20))
		must(chown(path, 65534, 65534) == 0, "chown", path);
	must(chmod(path, mode) == 0, "chmod", path);
}

/* A directory that nobody writes in, with what a policy may deny. */
static void make_kept(struct tree *tree)
{
	static const struct node kept[] = { { TREE_KEPT, S_IFDIR },
					    { TREE_KEPT "/f", S_IFREG },
					    { TREE_KEPT "/g", S_IFREG },
					    { TREE_KEPT "/d", S_IFDIR },
					    { TREE_KEPT "/d/f", S_IFREG } };

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (S_ISDIR(kept[i].mode))
			must(mkdir(kept[i].path, 0700) == 0, "mkdir",
			     kept[i].path);
		else
			write_file(kept[i].path, "data\n");
		tree->nodes[tree->count++] = kept[i];
	}
}

void tree_make(struct tree *tree, struct rng *rng, const char *root,
	       const char *program)
{
	static const char *const names[] = { "a",  "b",		 "c",
					     "d",  "e",		 "new\n",
					     "-r", "with space", "\xff\xfe",
					     "?q", "..." };

	memset(tree, 0, sizeof(*tree));
	snprintf(tree->root, sizeof(tree->root), "%s", root);
	must(mkdir(root, 0755) == 0 && chdir(root) == 0, "mkdir", root);
	tree->nodes[0].mode = S_IFDIR;
	tree->count = 1;
	make_kept(tree);
	for (unsigned int i = 0; i < 2 * TREE_NODES && tree->count < TREE_NODES;
	     i++) {
		struct node *node = &tree->nodes[tree->count];
		const struct node *dir = any_dir(tree, rng);
		char path[2 * PATH_MAX];
		struct stat st;

		snprintf(path, sizeof(path), "%s%s%s", dir->path,
			 *dir->path ? "/" : "",
			 names[rng_below(rng, LEN(names))]);
		if (strlen(path) > 100 || lstat(path, &st) == 0)
			continue;
		node->mode = make_node(tree, rng, path, program);
		if (!node->mode)
			continue;
		snprintf(node->path, sizeof(node->path), "%.200s", path);
		tree->count++;
	}
	for (size_t i = tree->count; i-- > 1;)
		set_mode(tree, rng, i);
	must(chmod(TREE_KEPT "/d", 0555) == 0 && chmod(TREE_KEPT, 0555) == 0,
	     "chmod", TREE_KEPT);
}

void tree_remove(const char *root)
{
	DIR *dir;
	struct dirent *entry;
	struct stat st;

	if (lstat(root, &st) < 0)
		return;
	if (!S_ISDIR(st.st_mode)) {
		unlink(root);
		return;
	}
	if (chmod(root, 0700) == 0 && (dir = opendir(root))) {
		while ((entry = readdir(dir))) {
			char path[2 * PATH_MAX];

			if (strcmp(entry->d_name, ".") == 0 ||
			    strcmp(entry->d_name, "..") == 0)
				continue;
			snprintf(path, sizeof(path), "%s/%s", root,
				 entry->d_name);
			tree_remove(path);
		}
		closedir(dir);
	}
	rmdir(root);
}

/* ---- naming ------------------------------------------------------------- */

void tree_path(const struct tree *tree, struct rng *rng, char *out, size_t size)
{
	static const char *const outside[] = {
		"/",
		"/etc/passwd",
		"/etc/shadow",
		"/usr/bin/env",
		"/bin/sh",
		"/dev/null",
		"/dev/full",
		"/proc/version",
		"/proc/self/status",
		"/proc/self/fd/0",
		"/nonexistent/x",
		"/usr",
		"/etc/../usr/bin/../bin/sh",
		"/usr/bin/env/",
		"/proc/self/",
	};
	static const char *const tails[] = {
		"/",
		"/.",
		"/..",
		"/../..",
		"/missing",
		"/missing/deep",
		"/missing/",
		"/missing/..",
		"/missing/./x",
		"/a",
		"/../a",
		"//b",
		"/./c",
		"/b/../c",
		"/a/b/c",
		"/missing/../a",
	};
	const struct node *node = any_node(tree, rng);
	char head[2 * PATH_MAX];

	if (rng_chance(rng, 15)) {
		snprintf(out, size, "%s", outside[rng_below(rng, LEN(outside))]);
		return;
	}
	if (!*node->path || rng_chance(rng, 60))
		snprintf(head, sizeof(head), "%s", full(tree, node->path));
	else
		snprintf(head, sizeof(head), "%s", node->path);
	if (rng_chance(rng, 15)) /* a detour through whatever it is */
		snprintf(out, size, "%s/%s/../%s", tree->root,
			 any_node(tree, rng)->path, node->path);
	else
		snprintf(out, size, "%s%s", head,
			 rng_chance(rng, 45) ? tails[rng_below(rng, LEN(tails))]
					     : "");
}
