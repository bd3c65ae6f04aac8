/* SPDX-License-Identifier: Apache-2.0 */
/* The trees of the presets, from constant rows without a pointer in them, so
 * that a program which loads the library relocates nothing for it. */
#include "policy/preset_tree.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/compiler.h"

struct preset {
	const char *name;
	uint16_t first, count; /* rows */
};

#include "policy/preset_trees.inc" /* strings, rows, presets */

static void fill(struct sl_toml *nodes, const struct sl_preset_row *row, size_t i)
{
	struct sl_toml *node = &nodes[i];

	node->type = row->type;
	node->line = row->line;
	node->col = row->col;
	node->key_line = row->key_line;
	node->key_col = row->key_col;
	/* Constant text behind a pointer that the reader's own trees own. */
	if (row->key)
		node->key = (char *)(uintptr_t)(strings + row->key);
	node->key_len = row->key_len;
	if (node->type == SL_TOML_STRING) {
		node->str.ptr = (char *)(uintptr_t)(strings + row->text);
		node->str.len = row->text_len;
	} else if (node->type == SL_TOML_INTEGER) {
		node->integer = row->number;
	} else if (node->type == SL_TOML_BOOL) {
		node->boolean = row->number != 0;
	}
	node->child = row->child ? &nodes[row->child] : NULL;
	node->next = row->next ? &nodes[row->next] : NULL;
}

int sl_preset_tree(const char *name, struct sl_toml **ret_root)
{
	const struct preset *preset = NULL;
	struct sl_toml *nodes;

	for (size_t i = 0; i < SL_ARRAY_LEN(presets); i++)
		if (strcmp(presets[i].name, name) == 0)
			preset = &presets[i];
	if (!preset)
		return -ENOENT;
	nodes = calloc(preset->count, sizeof(*nodes));
	if (!nodes)
		return -ENOMEM;
	for (size_t i = 0; i < preset->count; i++)
		fill(nodes, &rows[preset->first + i], i);
	*ret_root = nodes;
	return 0;
}

void sl_preset_tree_free(struct sl_toml *root)
{
	free(root);
}
