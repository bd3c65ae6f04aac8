/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TOML 1.0 reader: text -> tree, every node with the line and byte column it
 * starts at. Rejects what the specification rejects. Knows nothing of policies.
 */
#ifndef SL_POLICY_TOML_H
#define SL_POLICY_TOML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/compiler.h"
#include "base/error.h"

enum sl_toml_type {
	SL_TOML_STRING = 1,
	SL_TOML_INTEGER,
	SL_TOML_FLOAT,
	SL_TOML_BOOL,
	SL_TOML_OFFSET_DATETIME,
	SL_TOML_LOCAL_DATETIME,
	SL_TOML_LOCAL_DATE,
	SL_TOML_LOCAL_TIME,
	SL_TOML_ARRAY,
	SL_TOML_TABLE,
};

struct sl_toml {
	enum sl_toml_type type;
	uint32_t line, col;	    /* of the value; 1-based, bytes */
	uint32_t key_line, key_col; /* of its key, if it has one */
	char *key;		    /* NUL-terminated; may hold NULs: key_len */
	size_t key_len;
	union {
		struct {
			char *ptr; /* NUL-terminated; may hold NULs */
			size_t len;
		} str; /* STRING; and the source text of a date or time */
		int64_t integer;
		double real;
		bool boolean;
	};
	struct sl_toml *child; /* first element or entry, in source order */
	struct sl_toml *next;
};

/* Parse @len bytes. On success *ret_root (a TABLE) belongs to the caller. */
int sl_toml_parse(const char *text, size_t len, struct sl_toml **ret_root,
		  struct sl_error *err);
void sl_toml_free(struct sl_toml *root);
SL_DEFINE_AUTO(sl_toml, sl_toml_free);

#endif
