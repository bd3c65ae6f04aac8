/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The decoder the official toml-test suite asks for: TOML on standard input,
 * tagged JSON on standard output; exit 1 and a message if the TOML is invalid.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "policy/toml.h"

static void print_string(const char *s, size_t len)
{
	putchar('"');
	for (size_t i = 0; i < len; i++) {
		unsigned int c = (unsigned char)s[i];

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			printf("\\u%04x", c);
		else
			putchar((int)c);
	}
	putchar('"');
}

static void print_tagged(const char *tag, const char *s, size_t len)
{
	printf("{\"type\":\"%s\",\"value\":", tag);
	print_string(s, len);
	putchar('}');
}

/* The suite compares times as text: 'T' and 'Z' in capitals. */
static void print_time(const char *tag, const struct sl_toml *node)
{
	for (size_t i = 0; i < node->str.len; i++) {
		char *c = node->str.ptr + i;

		if (*c == 't' || *c == ' ')
			*c = 'T';
		if (*c == 'z')
			*c = 'Z';
	}
	print_tagged(tag, node->str.ptr, node->str.len);
}

static void print_number(const struct sl_toml *node)
{
	char text[64];
	int n;

	if (node->type == SL_TOML_INTEGER) {
		n = snprintf(text, sizeof(text), "%lld",
			     (long long)node->integer);
		print_tagged("integer", text, (size_t)n);
		return;
	}
	if (isnan(node->real))
		n = snprintf(text, sizeof(text), "nan");
	else
		n = snprintf(text, sizeof(text), "%.17g", node->real);
	print_tagged("float", text, (size_t)n);
}

static void print_node(const struct sl_toml *node);

static void print_children(const struct sl_toml *node)
{
	bool table = node->type == SL_TOML_TABLE;

	putchar(table ? '{' : '[');
	for (const struct sl_toml *c = node->child; c; c = c->next) {
		if (table) {
			print_string(c->key, c->key_len);
			putchar(':');
		}
		print_node(c);
		if (c->next)
			putchar(',');
	}
	putchar(table ? '}' : ']');
}

static void print_node(const struct sl_toml *node)
{
	switch (node->type) {
	case SL_TOML_STRING:
		print_tagged("string", node->str.ptr, node->str.len);
		break;
	case SL_TOML_INTEGER:
	case SL_TOML_FLOAT:
		print_number(node);
		break;
	case SL_TOML_BOOL:
		printf("{\"type\":\"bool\",\"value\":\"%s\"}",
		       node->boolean ? "true" : "false");
		break;
	case SL_TOML_OFFSET_DATETIME:
		print_time("datetime", node);
		break;
	case SL_TOML_LOCAL_DATETIME:
		print_time("datetime-local", node);
		break;
	case SL_TOML_LOCAL_DATE:
		print_time("date-local", node);
		break;
	case SL_TOML_LOCAL_TIME:
		print_time("time-local", node);
		break;
	case SL_TOML_ARRAY:
	case SL_TOML_TABLE:
		print_children(node);
		break;
	}
}

int main(void)
{
	const size_t max = SL_MAX_PROFILE_BYTES + 1;
	sl_autofree char *text = malloc(max);
	SL_AUTO(sl_toml) root = NULL;
	struct sl_error err = { 0 };
	size_t len;

	if (!text)
		return 2;
	len = fread(text, 1, max, stdin);
	if (ferror(stdin))
		return 2;
	if (sl_toml_parse(text, len, &root, &err) < 0) {
		fprintf(stderr, "%u:%u: %s\n", err.line, err.col, err.msg);
		return 1;
	}
	print_node(root);
	putchar('\n');
	return fflush(stdout) ? 2 : 0;
}
