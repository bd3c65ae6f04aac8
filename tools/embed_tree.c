/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs while sandlock is built: embed_tree OUTPUT FILE... reads profiles with
 * the reader that sandlock itself has and writes what they say as the rows of
 * policy/preset_tree.h, so that no start has to read them again. A profile that
 * is no TOML stops the build.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "policy/preset_tree.h"

struct writer {
	FILE *out;
	struct sl_buf strings, rows;
	unsigned int row_count;	     /* of all presets */
	unsigned int count;	     /* of this one: numbers given out */
	const char *file;
};

static void die(const struct writer *w, const char *what)
{
	fprintf(stderr, "embed_tree: %s: %s\n", w->file, what);
	exit(1);
}

static unsigned int small(const struct writer *w, size_t value)
{
	if (value > UINT16_MAX)
		die(w, "too large for the rows of a preset");
	return (unsigned int)value;
}

/* The offset of a copy of @text, NUL behind it. */
static unsigned int keep(struct writer *w, const char *text, size_t len)
{
	size_t at = w->strings.len;

	if (memchr(text, 0, len))
		die(w, "holds a NUL byte");
	sl_buf_add(&w->strings, text, len + 1);
	return (unsigned int)at;
}

/* Numbers are given to all children of a node before any of theirs. */
static void put_node(struct writer *w, const struct sl_toml *node,
		     struct sl_buf *later, unsigned int next)
{
	unsigned int child = node->child ? small(w, w->count) : 0;
	unsigned int key = node->key ? keep(w, node->key, node->key_len) : 0;
	unsigned int text = 0;
	size_t text_len = 0;
	long long number = 0;

	switch (node->type) {
	case SL_TOML_STRING:
		text = keep(w, node->str.ptr, node->str.len);
		text_len = node->str.len;
		break;
	case SL_TOML_INTEGER:
		number = node->integer;
		break;
	case SL_TOML_BOOL:
		number = node->boolean;
		break;
	case SL_TOML_ARRAY:
	case SL_TOML_TABLE:
		for (struct sl_toml *at = node->child; at; at = at->next) {
			sl_buf_add(later, &at, sizeof(at));
			w->count++;
		}
		break;
	case SL_TOML_FLOAT:
	case SL_TOML_OFFSET_DATETIME:
	case SL_TOML_LOCAL_DATETIME:
	case SL_TOML_LOCAL_DATE:
	case SL_TOML_LOCAL_TIME:
		die(w, "a preset holds no floats and no dates");
	}
	sl_buf_addf(&w->rows,
		    "\t{ %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %u, %lldLL },\n",
		    (unsigned int)node->type, small(w, node->line),
		    small(w, node->col), small(w, node->key_line),
		    small(w, node->key_col), small(w, node->key_len),
		    small(w, text_len), child, next, key, text, number);
}

static void put_tree(struct writer *w, const struct sl_toml *root)
{
	sl_autobuf queue = SL_BUF_INIT(1u << 24);

	w->count = 1;
	sl_buf_add(&queue, &root, sizeof(root));
	for (unsigned int i = 0; i < w->count; i++) {
		const struct sl_toml *node;

		memcpy(&node, queue.data + i * sizeof(node), sizeof(node));
		put_node(w, node, &queue, node->next ? small(w, i + 1) : 0);
	}
	if (queue.failed || w->strings.failed || w->rows.failed)
		die(w, "out of memory");
}

/* "profiles/base.toml" -> "base" */
static void put_preset(struct writer *w, struct sl_buf *presets)
{
	const char *slash = strrchr(w->file, '/');
	const char *name = slash ? slash + 1 : w->file;

	sl_buf_addf(presets, "\t{ \"%.*s\", %u, %u },\n",
		    (int)strcspn(name, "."), name, small(w, w->row_count),
		    small(w, w->count));
	w->row_count += w->count;
}

static void embed(struct writer *w, struct sl_buf *presets)
{
	SL_AUTO(sl_toml) root = NULL;
	sl_autobuf text = SL_BUF_INIT(1u << 24);
	struct sl_error err = { 0 };
	FILE *in = fopen(w->file, "re");
	char chunk[4096];
	size_t n;

	if (!in)
		die(w, "cannot be read");
	while ((n = fread(chunk, 1, sizeof(chunk), in)) > 0)
		sl_buf_add(&text, chunk, n);
	fclose(in);
	if (sl_toml_parse(text.data ? text.data : "", text.len, &root, &err) < 0) {
		fprintf(stderr, "%s:%u:%u: %s\n", w->file, err.line, err.col,
			err.msg);
		exit(1);
	}
	put_tree(w, root);
	put_preset(w, presets);
}

static void put_strings(const struct writer *w)
{
	fputs("static const char strings[] =\n\t\"", w->out);
	for (size_t i = 0; i < w->strings.len; i++) {
		unsigned char c = (unsigned char)w->strings.data[i];

		if (c >= 0x20 && c < 0x7f && !strchr("\"\\?", c))
			fputc(c, w->out);
		else
			fprintf(w->out, "\\%03o", c);
		if (c == '\0' && i + 1 < w->strings.len)
			fputs("\"\n\t\"", w->out);
	}
	fputs("\";\n\n", w->out);
}

int main(int argc, char **argv)
{
	sl_autobuf presets = SL_BUF_INIT(1u << 24);
	struct writer w = { .strings = SL_BUF_INIT(1u << 24),
			    .rows = SL_BUF_INIT(1u << 24) };

	w.file = argc > 1 ? argv[1] : "";
	w.out = argc > 2 ? fopen(argv[1], "we") : NULL;
	if (!w.out)
		die(&w, "usage: embed_tree OUTPUT FILE...");
	sl_buf_add(&w.strings, "", 1); /* offset 0: none */
	for (int i = 2; i < argc; i++) {
		w.file = argv[i];
		embed(&w, &presets);
	}
	put_strings(&w);
	fprintf(w.out, "static const struct sl_preset_row rows[] = {\n%s};\n\n",
		w.rows.data);
	fprintf(w.out, "static const struct preset presets[] = {\n%s};\n",
		presets.data);
	sl_buf_fini(&w.strings);
	sl_buf_fini(&w.rows);
	return fclose(w.out) == 0 ? 0 : 1;
}
