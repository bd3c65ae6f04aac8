/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzz target of the TOML reader. With libFuzzer:
 *
 *	clang -g -O1 -fsanitize=fuzzer,address,undefined -DSL_FUZZ_ENGINE
 *		-D_GNU_SOURCE -Isrc tests/toml/fuzz_toml.c src/policy/toml*.c
 *		src/base/buf.c src/base/error.c -o fuzz && ./fuzz tests/toml/corpus
 *
 * Without, main() below runs the target over the files of a directory, over each
 * of them cut short, and over mutations of them that are the same in each run.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/limits.h"
#include "policy/toml.h"

#define MUTATIONS 20000
#define MAX_FILE 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Not assert(3): must hold in every build. */
#define REQUIRE(cond)                                                      \
	do {                                                               \
		if (!(cond)) {                                             \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, \
				#cond);                                    \
			abort();                                           \
		}                                                          \
	} while (0)

/* A copy of @data that ends where the mapping ends. */
static const char *guard(const uint8_t *data, size_t size)
{
	static const size_t room = SL_MAX_PROFILE_BYTES + 65536;
	static char *map;

	if (!map) {
		map = mmap(NULL, room + 65536, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		REQUIRE(map != MAP_FAILED);
		REQUIRE(mprotect(map + room, 65536, PROT_NONE) == 0);
	}
	REQUIRE(size <= room);
	if (size)
		memcpy(map + room - size, data, size);
	return map + room - size;
}

/* Does @text have a byte, or its end, at this place? */
static bool is_place(const char *text, size_t size, uint32_t line, uint32_t col)
{
	const char *s = text, *end = text + size, *nl;

	while (line > 1 && (nl = memchr(s, '\n', (size_t)(end - s)))) {
		s = nl + 1;
		line--;
	}
	nl = memchr(s, '\n', (size_t)(end - s));
	return line == 1 && col >= 1 && col <= (size_t)((nl ? nl : end) - s) + 1;
}

static void check_keys(const struct sl_toml *table)
{
	int budget = 64; /* all pairs would be quadratic */

	for (const struct sl_toml *a = table->child; a && budget; a = a->next) {
		REQUIRE(a->key && a->key[a->key_len] == '\0');
		REQUIRE(a->key_line >= 1 && a->key_col >= 1);
		for (const struct sl_toml *b = a->next; b; b = b->next)
			REQUIRE(a->key_len != b->key_len ||
				memcmp(a->key, b->key, a->key_len) != 0);
		budget--;
	}
}

static void check_tree(const struct sl_toml *node, int depth)
{
	bool inner = node->type == SL_TOML_TABLE || node->type == SL_TOML_ARRAY;

	REQUIRE(depth <= SL_MAX_TOML_NESTING + !inner);
	REQUIRE(node->type >= SL_TOML_STRING && node->type <= SL_TOML_TABLE);
	REQUIRE(node->line >= 1 && node->col >= 1);
	REQUIRE(inner || !node->child);
	if (node->type == SL_TOML_STRING)
		REQUIRE(node->str.ptr && !node->str.ptr[node->str.len]);
	if (node->type == SL_TOML_TABLE)
		check_keys(node);
	for (const struct sl_toml *c = node->child; c; c = c->next) {
		REQUIRE(node->type == SL_TOML_TABLE || !c->key);
		check_tree(c, depth + 1);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct sl_toml *root = NULL;
	struct sl_error err = { 0 };
	const char *text;
	int r;

	if (size > SL_MAX_PROFILE_BYTES)
		return 0;
	text = guard(data, size);
	r = sl_toml_parse(text, size, &root, &err);
	if (r < 0) {
		REQUIRE(r == -EINVAL && err.code == r && !root);
		REQUIRE(err.stage == SL_STAGE_PARSE && err.msg[0]);
		REQUIRE(memchr(err.msg, '\0', sizeof(err.msg)));
		for (const char *s = err.msg; *s; s++)
			REQUIRE(*s >= ' ' && *s < 0x7f);
		REQUIRE(is_place(text, size, err.line, err.col));
		return 0;
	}
	REQUIRE(root && root->type == SL_TOML_TABLE && !root->next && !err.code);
	check_tree(root, 0);
	sl_toml_free(root);
	return 0;
}

#ifndef SL_FUZZ_ENGINE

/* xorshift32: the same mutations everywhere and always. */
static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static size_t insert(uint8_t *data, size_t size, size_t pos, const void *what,
		     size_t len)
{
	if (size + len > MAX_FILE)
		return size;
	memmove(data + pos + len, data + pos, size - pos);
	memcpy(data + pos, what, len);
	return size + len;
}

static size_t mutate(uint8_t *data, size_t size, uint32_t *state)
{
	static const char *const words[] = {
		"\"\"\"",
		"'''",
		"[[",
		"]]",
		"{",
		"}",
		"[",
		"]",
		",",
		".",
		"=",
		"#",
		"\n",
		"\r\n",
		"\\",
		"\\u0000",
		"\\U0010ffff",
		"_",
		"0x",
		"e+",
		"inf",
		"nan",
		"true",
		"-",
		"1979-05-27",
		"T07:32:00",
		"+00:00",
		"\xc3\xa9",
		"\xf0\x9f\x98\x80",
		"\xed\xa0\x80",
		"a = 1\n",
		"[a]\n",
		"[[a]]\n",
		"a.b = 2\n",
		"9223372036854775808",
	};
	size_t pos = size ? next_random(state) % size : 0;
	size_t len = next_random(state) % 16 + 1;
	uint8_t copy[16];
	const char *word;

	switch (next_random(state) % 5) {
	case 0:
		if (size)
			data[pos] ^= (uint8_t)(1u << next_random(state) % 8);
		return size;
	case 1:
		if (size)
			data[pos] = (uint8_t)next_random(state);
		return size;
	case 2:
		if (len > size - pos)
			len = size - pos;
		memmove(data + pos, data + pos + len, size - pos - len);
		return size - len;
	case 3:
		if (len > size - pos)
			len = size - pos;
		memcpy(copy, data + pos, len);
		return insert(data, size, size ? next_random(state) % size : 0,
			      copy, len);
	default:
		word = words[next_random(state) % SL_ARRAY_LEN(words)];
		return insert(data, size, pos, word, strlen(word));
	}
}

static void run_file(const uint8_t *data, size_t size)
{
	static uint8_t work[MAX_FILE];
	uint32_t state = 2463534242u;
	size_t now = 0;

	for (size_t len = 0; len <= size; len++)
		LLVMFuzzerTestOneInput(data, len);
	for (int i = 0; i < MUTATIONS; i++) {
		if (i % 8 == 0) { /* mutations pile up, but not for ever */
			memcpy(work, data, size);
			now = size;
		}
		now = mutate(work, now, &state);
		LLVMFuzzerTestOneInput(work, now);
	}
}

static int read_file(const char *dir, const char *name, uint8_t *data,
		     size_t *ret_size)
{
	sl_autofree char *path = NULL;
	FILE *file;

	if (asprintf(&path, "%s/%s", dir, name) < 0)
		return -ENOMEM;
	file = fopen(path, "re");
	if (!file)
		return -errno;
	*ret_size = fread(data, 1, MAX_FILE, file);
	fclose(file);
	return 0;
}

int main(int argc, char **argv)
{
	static uint8_t data[MAX_FILE];
	struct dirent **names;
	size_t size = 0;
	int n, count = 0;

	n = argc == 2 ? scandir(argv[1], &names, NULL, alphasort) : -1;
	if (n < 0) {
		fprintf(stderr, "usage: fuzz_toml CORPUS-DIRECTORY\n");
		return 2;
	}
	for (int i = 0; i < n; i++) {
		const char *name = names[i]->d_name;

		if (name[0] != '.') {
			bool ok = read_file(argv[1], name, data, &size) == 0;

			if (ok)
				run_file(data, size);
			printf("%sok %d - %s\n", ok ? "" : "not ", ++count, name);
			fflush(stdout);
		}
		free(names[i]);
	}
	free(names);
	printf("1..%d\n", count);
	return count == 0;
}

#endif
