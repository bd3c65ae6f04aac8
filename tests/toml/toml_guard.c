/* SPDX-License-Identifier: Apache-2.0 */
/* Parsing between guard pages, and finding one's way in the result. */
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "toml/toml_test.h"

int guarded_parse(const char *text, size_t len, bool front,
		  struct sl_toml **ret_root, struct sl_error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	size_t body = (len + page - 1) / page * page;
	char *map, *copy;
	int r;

	map = mmap(NULL, body + 2 * page, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(map != MAP_FAILED);
	copy = map + page + (front ? 0 : body - len);
	if (len) {
		ASSERT_EQ(mprotect(map + page, body, PROT_READ | PROT_WRITE), 0);
		memcpy(copy, text, len);
		ASSERT_EQ(mprotect(map + page, body, PROT_READ), 0);
	}
	r = sl_toml_parse(copy, len, ret_root, err);
	munmap(map, body + 2 * page);
	return r;
}

struct sl_toml *parse_good(const char *text)
{
	struct sl_toml *root = NULL;
	struct sl_error err = { 0 };

	for (int front = 1; front >= 0; front--) {
		sl_toml_free(root);
		root = NULL;
		if (guarded_parse(text, strlen(text), front, &root, &err) < 0) {
			th_fail(__FILE__, __LINE__, "%u:%u: %s in '%s'",
				err.line, err.col, err.msg, text);
			th_abort();
		}
	}
	return root;
}

static const struct sl_toml *child(const struct sl_toml *node, const char *name,
				   size_t len)
{
	size_t index = node->type == SL_TOML_ARRAY ? strtoul(name, NULL, 10) : 0;

	for (const struct sl_toml *c = node->child; c; c = c->next) {
		if (node->type == SL_TOML_ARRAY
			    ? !index--
			    : c->key_len == len && !memcmp(c->key, name, len))
			return c;
	}
	return NULL;
}

const struct sl_toml *at(const struct sl_toml *node, const char *path)
{
	const char *s = path;

	while (node) {
		size_t len = strcspn(s, ".");

		node = child(node, s, len);
		if (!s[len])
			break;
		s += len + 1;
	}
	if (!node) {
		th_fail(__FILE__, __LINE__, "nothing at '%s'", path);
		th_abort();
	}
	return node;
}
