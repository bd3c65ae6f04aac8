/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of the TOML reader: making nodes, finding keys, and the rules of
 * what may be defined where, and how often.
 *
 * Keys are found through a Patricia trie per table. Bit 0 is zero for every
 * key; behind it each byte counts nine bits, 1 and its value, and behind the
 * last byte all is zero, so that no key is the beginning of another. A node
 * tests one bit and links to nodes that test a later one; a link that goes to
 * an earlier bit, or the same, has arrived at the key to compare with. This
 * needs no hash, hence no secret, and no key can be chosen to be slow.
 */
#include <string.h>

#include "policy/toml_internal.h"

static unsigned int bit_of(const char *key, size_t len, uint32_t bit)
{
	unsigned int v;
	size_t i;

	if (!bit)
		return 0;
	i = (bit - 1) / 9;
	v = i < len ? 0x100u | (unsigned char)key[i] : 0;
	return v >> (8 - (bit - 1) % 9) & 1;
}

/* The node of @table whose key has the most leading bits of @key. */
static struct sl_toml_node *nearest(const struct sl_toml_node *table,
				    const char *key, size_t len)
{
	struct sl_toml_node *node = table->index;
	uint32_t bit;

	if (!node)
		return NULL;
	do {
		bit = node->bit;
		node = node->link[bit_of(key, len, bit)];
	} while (node->bit > bit);
	return node;
}

static struct sl_toml_node *find(const struct sl_toml_node *table,
				 const struct sl_toml_key *key)
{
	struct sl_toml_node *node = nearest(table, key->ptr, key->len);

	if (!node || node->pub.key_len != key->len ||
	    memcmp(node->pub.key, key->ptr, key->len) != 0)
		return NULL;
	return node;
}

/* Two different keys: the first bit that tells them apart. */
static uint32_t first_difference(const struct sl_toml *a, const struct sl_toml *b)
{
	size_t i = 0, max = SL_MIN(a->key_len, b->key_len);
	uint32_t bit;

	while (i < max && a->key[i] == b->key[i])
		i++;
	bit = (uint32_t)i * 9 + 1;
	while (bit_of(a->key, a->key_len, bit) == bit_of(b->key, b->key_len, bit))
		bit++;
	return bit;
}

static void index_insert(struct sl_toml_node *table, struct sl_toml_node *node)
{
	const char *key = node->pub.key;
	size_t len = node->pub.key_len;
	struct sl_toml_node *near = nearest(table, key, len), **slot;
	uint32_t above = 0;

	if (!near) {
		node->link[0] = node->link[1] = node;
		table->index = node;
		return;
	}
	node->bit = first_difference(&near->pub, &node->pub);
	slot = &table->index->link[0];
	while ((*slot)->bit > above && (*slot)->bit < node->bit) {
		above = (*slot)->bit;
		slot = &(*slot)->link[bit_of(key, len, above)];
	}
	node->link[bit_of(key, len, node->bit)] = node;
	node->link[!bit_of(key, len, node->bit)] = *slot;
	*slot = node;
}

int sl_toml_new_node(struct sl_toml_parser *p, enum sl_toml_type type,
		     enum sl_toml_origin origin, unsigned int depth,
		     struct sl_toml_place at, struct sl_toml_node **ret_node)
{
	struct sl_toml_node *node;

	if (depth > SL_MAX_TOML_NESTING &&
	    (type == SL_TOML_TABLE || type == SL_TOML_ARRAY))
		return sl_toml_fail(
			p,
			at, "tables and arrays are nested deeper than the limit of %d",
			SL_MAX_TOML_NESTING);
	node = calloc(1, sizeof(*node));
	if (!node)
		return sl_toml_oom(p);
	node->pub.type = type;
	node->pub.line = at.line;
	node->pub.col = at.col;
	node->depth = (uint16_t)depth;
	node->origin = (uint8_t)origin;
	*ret_node = node;
	return 0;
}

/* The end of the list of children. */
void sl_toml_append(struct sl_toml_node *parent, struct sl_toml_node *node)
{
	if (parent->last)
		parent->last->pub.next = &node->pub;
	else
		parent->pub.child = &node->pub;
	parent->last = node;
}

/* @table must not have @key yet. */
void sl_toml_add(struct sl_toml_node *table, struct sl_toml_key *key,
		 struct sl_toml_node *node)
{
	node->pub.key_len = key->len;
	node->pub.key_line = key->at.line;
	node->pub.key_col = key->at.col;
	node->pub.key = sl_take_ptr(&key->ptr);
	sl_toml_append(table, node);
	index_insert(table, node);
}

static const char *kind_of(const struct sl_toml_node *node)
{
	switch (node->pub.type) {
	case SL_TOML_STRING:
		return "a string";
	case SL_TOML_INTEGER:
		return "an integer";
	case SL_TOML_FLOAT:
		return "a float";
	case SL_TOML_BOOL:
		return "a boolean";
	case SL_TOML_OFFSET_DATETIME:
	case SL_TOML_LOCAL_DATETIME:
	case SL_TOML_LOCAL_DATE:
	case SL_TOML_LOCAL_TIME:
		return "a date or time";
	case SL_TOML_ARRAY:
		return node->origin == SL_TOML_TABLES ? "an array of tables"
						      : "an array";
	case SL_TOML_TABLE:
		return node->origin == SL_TOML_CLOSED ? "an inline table"
						      : "a table";
	}
	return "a value";
}

/* @key is taken by @node, in a way that forbids what @why explains. */
static int taken(struct sl_toml_parser *p, const struct sl_toml_key *key,
		 const struct sl_toml_node *node, const char *why)
{
	return sl_toml_fail(p, key->at,
			    "%s is already %s, defined at line %u, column %u%s",
			    sl_toml_show(key->ptr, key->len).text, kind_of(node),
			    node->pub.key_line, node->pub.key_col, why);
}

int sl_toml_check_new(struct sl_toml_parser *p, const struct sl_toml_node *table,
		      const struct sl_toml_key *key)
{
	const struct sl_toml_node *node = find(table, key);

	return node ? taken(p, key, node, "; a key may be set only once") : 0;
}

static int add_table(struct sl_toml_parser *p, struct sl_toml_node **table,
		     struct sl_toml_key *key, enum sl_toml_origin origin,
		     struct sl_toml_place at)
{
	struct sl_toml_node *node = NULL;
	int r;

	r = sl_toml_new_node(p, SL_TOML_TABLE, origin, (*table)->depth + 1u, at,
			     &node);
	if (r < 0)
		return r;
	sl_toml_add(*table, key, node);
	*table = node;
	return 0;
}

/* The a of [a.b]: *table moves from its parent to a. */
int sl_toml_step_header(struct sl_toml_parser *p, struct sl_toml_node **table,
			struct sl_toml_key *key)
{
	struct sl_toml_node *node = find(*table, key);

	if (!node)
		return add_table(p, table, key, SL_TOML_SUPER, key->at);
	if (node->origin == SL_TOML_CLOSED)
		return taken(p, key, node, "; a header cannot add tables to it");
	*table = node->origin == SL_TOML_TABLES ? node->last : node;
	return 0;
}

/* The a of a.b = 1: *table moves from its parent to a. */
int sl_toml_step_dotted(struct sl_toml_parser *p, struct sl_toml_node **table,
			struct sl_toml_key *key)
{
	struct sl_toml_node *node = find(*table, key);

	if (!node)
		return add_table(p, table, key, SL_TOML_DOTTED, key->at);
	if (node->origin == SL_TOML_SUPER)
		node->origin = SL_TOML_DOTTED;
	if (node->origin == SL_TOML_HEADER)
		return taken(
			p, key,
			node, " with a header of its own; a dotted key cannot add to it");
	if (node->origin != SL_TOML_DOTTED)
		return taken(p, key, node, "; a dotted key cannot add to it");
	*table = node;
	return 0;
}

/* The last part of [a]: *table moves from its parent to it. */
int sl_toml_open_table(struct sl_toml_parser *p, struct sl_toml_node **table,
		       struct sl_toml_key *key, struct sl_toml_place at)
{
	struct sl_toml_node *node = find(*table, key);

	if (!node)
		return add_table(p, table, key, SL_TOML_HEADER, at);
	if (node->origin == SL_TOML_DOTTED)
		return taken(p, key, node, " by dotted keys");
	if (node->origin == SL_TOML_TABLES)
		return taken(p, key, node, "; write [[..]] to add to it");
	if (node->origin != SL_TOML_SUPER)
		return taken(p, key, node, "; a table may be defined only once");
	node->origin = SL_TOML_HEADER;
	node->pub.line = at.line;
	node->pub.col = at.col;
	node->pub.key_line = key->at.line;
	node->pub.key_col = key->at.col;
	*table = node;
	return 0;
}

/* The last part of [[a]]: *table moves from its parent to the new element. */
int sl_toml_open_element(struct sl_toml_parser *p, struct sl_toml_node **table,
			 struct sl_toml_key *key, struct sl_toml_place at)
{
	struct sl_toml_node *array = find(*table, key);
	struct sl_toml_node *node = NULL;
	int r;

	if (array && array->origin != SL_TOML_TABLES)
		return taken(p, key, array, "; [[..]] cannot add to it");
	if (!array) {
		r = sl_toml_new_node(p, SL_TOML_ARRAY, SL_TOML_TABLES,
				     (*table)->depth + 1u, at, &array);
		if (r < 0)
			return r;
		sl_toml_add(*table, key, array);
	}
	r = sl_toml_new_node(p, SL_TOML_TABLE, SL_TOML_HEADER,
			     array->depth + 1u, at, &node);
	if (r < 0)
		return r;
	sl_toml_append(array, node);
	*table = node;
	return 0;
}
