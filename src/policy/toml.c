/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The TOML reader's entry: the lines of a document.
 *
 *	document = *( [ blank ] [ pair / header ] [ blank ] [ comment ] newline )
 *	header   = "[" key "]" / "[[" key "]]"
 *	key      = part *( blank "." blank part )
 *
 * SECURITY: profiles come from other people. The text is bounded before it is
 * looked at, recursion by SL_MAX_TOML_NESTING, and work is linear in the text.
 */
#include "policy/toml.h"

#include <string.h>

#include "policy/toml_internal.h"

int sl_toml_oom(struct sl_toml_parser *p)
{
	return sl_err(p->err, -ENOMEM, SL_STAGE_PARSE,
		      "out of memory while reading TOML");
}

/* Flattens as it goes: needs neither recursion nor memory of its own. */
void sl_toml_free(struct sl_toml *root)
{
	struct sl_toml *next, *last;

	while (root) {
		next = root->next;
		if (root->child) {
			for (last = root->child; last->next; last = last->next)
				;
			last->next = next;
			next = root->child;
		}
		if (root->type >= SL_TOML_OFFSET_DATETIME &&
		    root->type <= SL_TOML_LOCAL_TIME)
			free(root->str.ptr);
		if (root->type == SL_TOML_STRING)
			free(root->str.ptr);
		free(root->key);
		free(root);
		root = next;
	}
}

void sl_toml_node_free(struct sl_toml_node *node)
{
	if (node)
		sl_toml_free(&node->pub);
}

/* The brackets behind the name in a header. */
static int close_header(struct sl_toml_parser *p, bool element)
{
	const char *want = element ? "]]" : "]";
	size_t len = strlen(want);
	struct sl_toml_place at = sl_toml_here(p);

	if ((size_t)(p->end - p->cur) >= len && !memcmp(p->cur, want, len)) {
		p->cur += len;
		return 0;
	}
	return sl_toml_fail(p, at,
			    "expected '%s' or '.' in a table header, found %s",
			    want, sl_toml_found(p).text);
}

static int read_header(struct sl_toml_parser *p, struct sl_toml_node *root,
		       struct sl_toml_node **ret_table)
{
	struct sl_toml_place at = sl_toml_here(p);
	struct sl_toml_node *table = root;
	sl_toml_autokey key = { 0 };
	bool element;
	int r;

	p->cur++;
	element = sl_toml_peek(p) == '[';
	p->cur += element;
	r = sl_toml_read_dotted(p, sl_toml_step_header, &table, &key);
	if (r == 0)
		r = close_header(p, element);
	if (r < 0)
		return r;
	if (element)
		r = sl_toml_open_element(p, &table, &key, at);
	else
		r = sl_toml_open_table(p, &table, &key, at);
	if (r < 0)
		return r;
	*ret_table = table;
	return 0;
}

static int read_document(struct sl_toml_parser *p, struct sl_toml_node *root)
{
	struct sl_toml_node *table = root;
	const char *after;
	int c, r;

	while (p->cur < p->end) {
		after = NULL;
		r = 0;
		sl_toml_skip_blank(p);
		c = sl_toml_peek(p);
		if (c == '[') {
			after = "a table header";
			r = read_header(p, root, &table);
		} else if (c != SL_TOML_EOF && c != '#' &&
			   !sl_toml_is_newline(c)) {
			after = "a value";
			r = sl_toml_read_pair(p, table);
		}
		if (r < 0)
			return r;
		r = sl_toml_end_line(p, after);
		if (r < 0)
			return r;
	}
	return 0;
}

int sl_toml_parse(const char *text, size_t len, struct sl_toml **ret_root,
		  struct sl_error *err)
{
	static const char bom[] = "\xef\xbb\xbf";
	SL_AUTO(sl_toml_node) root = NULL;
	struct sl_toml_parser p = { .line = 1, .err = err };
	int r;

	if (len > SL_MAX_PROFILE_BYTES)
		return sl_err(
			err, -EFBIG,
			SL_STAGE_PARSE, "the TOML text has %zu bytes, more than the limit of %u",
			len, SL_MAX_PROFILE_BYTES);
	p.cur = p.bol = len ? text : "";
	p.end = p.cur + len;
	if (len >= 3 && !memcmp(p.cur, bom, 3))
		p.cur = p.bol = p.cur + 3;

	r = sl_toml_check_text(&p);
	if (r < 0)
		return r;
	r = sl_toml_new_node(&p, SL_TOML_TABLE, SL_TOML_ROOT, 0,
			     sl_toml_here(&p), &root);
	if (r < 0)
		return r;
	r = read_document(&p, root);
	if (r < 0)
		return r;
	*ret_root = &sl_take_ptr(&root)->pub;
	return 0;
}
