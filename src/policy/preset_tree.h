/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the presets say, read when the program was built: tools/embed_tree.c
 * runs the reader of toml.h over profiles/ and writes its trees as rows.
 */
#ifndef SL_POLICY_PRESET_TREE_H
#define SL_POLICY_PRESET_TREE_H

#include <stdint.h>

#include "policy/toml.h"

/* A node of a tree. Places and lengths fit: the writer checks. */
struct sl_preset_row {
	uint8_t type; /* enum sl_toml_type */
	uint16_t line, col, key_line, key_col;
	uint16_t key_len, text_len;
	uint16_t child, next; /* rows of the same preset; 0: none */
	uint32_t key, text;   /* offsets in the strings; 0: no key */
	int64_t number;	      /* INTEGER, BOOL */
};

/*
 * The tree of preset @name, as sl_toml_parse() makes it of its text; -ENOENT,
 * -ENOMEM. One block: free it with sl_preset_tree_free(). What it points to is
 * constant.
 */
int sl_preset_tree(const char *name, struct sl_toml **ret_root);
void sl_preset_tree_free(struct sl_toml *root);

#endif
