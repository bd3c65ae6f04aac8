/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Makes the trees below the benchmark's folder: the same bytes every time. What
 * is made by a program is made without a sandbox, and not timed.
 */
#include "work_tree.h"

#include <string.h>
#include <sys/stat.h>

#define FOLDERS 100
#define SMALL 25
#define CHANGED 8 /* folders in which the branches differ */
#define FILES 40  /* per folder */
#define UNITS 6	  /* of the C project */
#define MODULES 200

#define AUTHOR "-c", "user.name=bench", "-c", "user.email=bench@localhost"

#define STEP_ARGS 12

static bool write_file(const char *path, const char *line, int times)
{
	FILE *f = fopen(path, "we");

	if (!f)
		return false;
	while (times-- > 0)
		fputs(line, f);
	return fclose(f) == 0;
}

/* The first @folders of the tree at @root; each file has 20 times @line, and
 * @more than the one before it. */
static bool fill(const char *root, int folders, const char *line, int more)
{
	char path[160];
	bool ok = true;

	for (int i = 0; ok && i < folders; i++) {
		snprintf(path, sizeof(path), "%s/folder%d", root, i);
		mkdir(path, 0700);
		for (int j = 0; ok && j < FILES; j++) {
			snprintf(path, sizeof(path), "%s/folder%d/file%d.txt",
				 root, i, j);
			ok = write_file(path, line, 20 + j * more);
		}
	}
	return ok;
}

static bool run_git(struct bench *b, const char *cwd,
		    const char *const (*steps)[STEP_ARGS], size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const char *args[BENCH_ARGS] = { b->git, NULL };

		for (size_t j = 0; j < STEP_ARGS && steps[i][j]; j++)
			bench_args(args, steps[i][j], NULL);
		if (!bench_command(b, args, cwd, NULL))
			return false;
	}
	return true;
}

static bool make_files(struct bench *b, const struct work_tree *t)
{
	static const char *const steps[][STEP_ARGS] = {
		{ "init", "-q" },
		{ "add", "." },
		{ AUTHOR, "commit", "-q", "-mtree" },
	};
	bool ok = mkdir(t->files, 0700) == 0 &&
		  fill(t->files, FOLDERS, "A line of a file, as it is.\n", 10);

	return ok && (!b->git || run_git(b, t->files, steps, 3));
}

static bool make_branches(struct bench *b, const struct work_tree *t)
{
	static const char *const one[][STEP_ARGS] = {
		{ "checkout", "-q", "-b", "one" },
		{ "checkout", "-q", "-b", "two" },
	};
	static const char *const two[][STEP_ARGS] = {
		{ "add", "." },
		{ AUTHOR, "commit", "-q", "-mtwo" },
	};
	const char *copy[] = { "/bin/cp", "-a", t->files, t->branches, NULL };
	char path[160];

	snprintf(path, sizeof(path), "%s/two.txt", t->branches);
	return bench_command(b, copy, NULL, NULL) &&
	       run_git(b, t->branches, one, 2) &&
	       fill(t->branches, CHANGED, "A line of the other branch.\n", 10) &&
	       write_file(path, "two\n", 1) && run_git(b, t->branches, two, 2);
}

static bool make_project(const struct work_tree *t)
{
	char path[160], text[512];
	bool ok = mkdir(t->project, 0700) == 0;

	snprintf(path, sizeof(path), "%s/Makefile", t->project);
	ok = ok && write_file(path,
			      "OBJS = main.o u0.o u1.o u2.o u3.o u4.o u5.o\n"
			      "prog: $(OBJS)\n\t$(CC) -o $@ $(OBJS)\n",
			      1);
	snprintf(path, sizeof(path), "%s/main.c", t->project);
	ok = ok && write_file(path, "int main(void)\n{\n\treturn 0;\n}\n", 1);
	for (int i = 0; ok && i < UNITS; i++) {
		snprintf(path, sizeof(path), "%s/u%d.c", t->project, i);
		snprintf(text, sizeof(text),
			 "#include <stdio.h>\n#include <stdlib.h>\n"
			 "int f%d(int x);\nint f%d(int x)\n{\n"
			 "\treturn printf(\"%%d\", x) + abs(x);\n}\n",
			 i, i);
		ok = write_file(path, text, 1);
	}
	return ok;
}

static bool make_small(struct bench *b, const struct work_tree *t)
{
	const char *args[] = { "/bin/tar", "cf", t->archive, "-C",
			       t->small,   ".",	 NULL };

	return mkdir(t->small, 0700) == 0 && mkdir(t->out, 0700) == 0 &&
	       fill(t->small, SMALL, "A line of a file, as it is.\n", 0) &&
	       bench_command(b, args, NULL, NULL);
}

/* What npm unpacks is below "package" in the tarball. */
static bool make_parcel(struct bench *b, const struct work_tree *t)
{
	const char *args[] = { "/bin/tar", "czf",     t->parcel, "-C",
			       b->dir,	   "package", NULL };
	char path[160];
	bool ok;

	snprintf(path, sizeof(path), "%s/package", b->dir);
	ok = mkdir(path, 0700) == 0 && mkdir(t->app, 0700) == 0;
	for (int i = 0; ok && i < MODULES; i++) {
		snprintf(path, sizeof(path), "%s/package/m%d.js", b->dir, i);
		ok = write_file(path, "exports.line = 'as it is';\n", 20 + i);
	}
	snprintf(path, sizeof(path), "%s/package/package.json", b->dir);
	ok = ok && write_file(path,
			      "{ \"name\": \"parcel\", \"version\": \"1.0.0\","
			      " \"main\": \"m0.js\" }\n",
			      1);
	snprintf(path, sizeof(path), "%s/package.json", t->app);
	ok = ok &&
	     write_file(path, "{ \"name\": \"app\", \"version\": \"1.0.0\" }\n",
			1);
	return ok && bench_command(b, args, NULL, NULL);
}

bool work_tree_make(struct bench *b, struct work_tree *t)
{
	snprintf(t->files, sizeof(t->files), "%s/tree", b->dir);
	snprintf(t->project, sizeof(t->project), "%s/build", b->dir);
	snprintf(t->branches, sizeof(t->branches), "%s/branches", b->dir);
	snprintf(t->out, sizeof(t->out), "%s/out", b->dir);
	snprintf(t->packed, sizeof(t->packed), "%s/tree.tar", b->dir);
	snprintf(t->small, sizeof(t->small), "%s/small", b->dir);
	snprintf(t->archive, sizeof(t->archive), "%s/small.tar", b->dir);
	snprintf(t->parcel, sizeof(t->parcel), "%s/parcel.tgz", b->dir);
	snprintf(t->app, sizeof(t->app), "%s/app", b->dir);
	snprintf(t->cache, sizeof(t->cache), "%s/npm-cache", b->dir);
	snprintf(b->why, sizeof(b->why), "cannot write below %s", b->dir);
	return make_files(b, t) && make_project(t) && make_small(b, t) &&
	       (!b->git || make_branches(b, t)) &&
	       (!b->npm || make_parcel(b, t));
}
