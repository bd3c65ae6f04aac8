/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encoding of a launch: head, filter, roots, network rules, then NUL-terminated
 * strings in the order path, tmp_name, name, xdg, hosts, argv, envp, paths of
 * the roots, carve-outs. Both ends are of one build; `magic` refuses another
 * one. argv_shell is made again from path and argv.
 */
#include "run/recipe.h"

#include <errno.h>
#include <linux/filter.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/limits.h"

#define MAGIC 0x736c0004u

struct head {
	uint32_t magic;
	uint32_t size; /* of struct sl_launch */
	uint32_t argc, envc;
	uint32_t has_tmp;
	uint32_t has_name;
	uint32_t has_xdg;
	uint32_t has_hosts;
	uint32_t has_shell;
	struct sl_launch launch; /* pointers and descriptors mean nothing */
};

static uint32_t count(const char *const *list)
{
	uint32_t n = 0;

	while (list[n])
		n++;
	return n;
}

/* NULL is nothing: a flag in the head says so. */
static void add_string(struct sl_buf *buf, const char *text)
{
	if (text)
		sl_buf_add(buf, text, strlen(text) + 1);
}

/* The kind as a byte that is no NUL, and two strings. */
static void add_carve(struct sl_buf *buf, const struct sl_carve_rule *rule)
{
	sl_buf_addc(buf, (char)('0' + rule->kind));
	sl_buf_add(buf, rule->pattern, strlen(rule->pattern) + 1);
	sl_buf_add(buf, rule->path, strlen(rule->path) + 1);
}

int sl_recipe_encode(const struct sl_launch *launch, struct sl_buf *buf)
{
	struct head head = { .magic = MAGIC,
			     .size = sizeof(*launch),
			     .argc = count(launch->argv),
			     .envc = count(launch->envp),
			     .has_tmp = launch->tmp_name != NULL,
			     .has_name = launch->name != NULL,
			     .has_xdg = launch->xdg != NULL,
			     .has_hosts = launch->hosts != NULL,
			     .has_shell = launch->argv_shell != NULL,
			     .launch = *launch };

	if (head.argc > SL_MAX_ARGS || head.envc > SL_MAX_ARGS ||
	    launch->root_count > SL_MAX_ROOTS ||
	    launch->carve_count > SL_MAX_CARVES ||
	    launch->net_count > SL_MAX_NET_ENTRIES)
		return -E2BIG;
	sl_buf_add(buf, &head, sizeof(head));
	sl_buf_add(buf, launch->insns,
		   launch->insn_count * sizeof(*launch->insns));
	for (uint32_t i = 0; i < launch->root_count; i++) {
		struct sl_root root = launch->roots[i];

		root.path = NULL;
		root.fd = root.fd < 0 ? -1 : 0;
		sl_buf_add(buf, &root, sizeof(root));
	}
	sl_buf_add(buf, launch->net, launch->net_count * sizeof(*launch->net));
	sl_buf_add(buf, launch->path, strlen(launch->path) + 1);
	add_string(buf, launch->tmp_name);
	add_string(buf, launch->name);
	add_string(buf, launch->xdg);
	add_string(buf, launch->hosts);
	for (uint32_t i = 0; i < head.argc; i++)
		sl_buf_add(buf, launch->argv[i], strlen(launch->argv[i]) + 1);
	for (uint32_t i = 0; i < head.envc; i++)
		sl_buf_add(buf, launch->envp[i], strlen(launch->envp[i]) + 1);
	for (uint32_t i = 0; i < launch->root_count; i++)
		sl_buf_add(buf, launch->roots[i].path,
			   strlen(launch->roots[i].path) + 1);
	for (uint32_t i = 0; i < launch->carve_count; i++)
		add_carve(buf, &launch->carves[i]);
	return buf->failed == -EOVERFLOW ? -E2BIG : buf->failed;
}

struct cursor {
	const char *pos, *end;
	bool failed;
};

static const char *take_string(struct cursor *c)
{
	const char *text = c->pos;
	const char *nul = c->failed ? NULL
				    : memchr(text, 0, (size_t)(c->end - text));

	if (!nul) {
		c->failed = true;
		return NULL;
	}
	c->pos = nul + 1;
	return text;
}

/* The fixed parts of the roots; *@c is moved behind them. */
static int take_roots(struct sl_recipe *recipe, struct cursor *c)
{
	uint32_t count = recipe->launch.root_count;
	size_t bytes = count * sizeof(*recipe->roots);

	if (count > SL_MAX_ROOTS || bytes > (size_t)(c->end - c->pos))
		return -EBADMSG;
	recipe->roots = calloc(count + 1, sizeof(*recipe->roots));
	if (!recipe->roots)
		return -ENOMEM;
	memcpy(recipe->roots, c->pos, bytes);
	c->pos += bytes;
	recipe->launch.roots = recipe->roots;
	return 0;
}

static int take_net(struct sl_recipe *recipe, struct cursor *c)
{
	uint32_t count = recipe->launch.net_count;
	size_t bytes = count * sizeof(*recipe->net);

	recipe->launch.net = NULL;
	if (count > SL_MAX_NET_ENTRIES || bytes > (size_t)(c->end - c->pos))
		return -EBADMSG;
	recipe->net = calloc(count + 1, sizeof(*recipe->net));
	if (!recipe->net)
		return -ENOMEM;
	memcpy(recipe->net, c->pos, bytes);
	c->pos += bytes;
	recipe->launch.net = recipe->net;
	for (uint32_t i = 0; i < count; i++) {
		const struct sl_net_entry *e = &recipe->net[i];
		unsigned int bits = e->family == 4 ? 32 : 128;

		if ((e->family && e->family != 4 && e->family != 6) ||
		    e->prefix > bits || e->lo > e->hi)
			return -EBADMSG;
	}
	return 0;
}

static int take_carves(struct sl_recipe *recipe, struct cursor *c)
{
	uint32_t count = recipe->launch.carve_count;

	recipe->launch.carves = NULL;
	if (count > SL_MAX_CARVES)
		return -EBADMSG;
	recipe->carves = calloc(count + 1, sizeof(*recipe->carves));
	if (!recipe->carves)
		return -ENOMEM;
	for (uint32_t i = 0; i < count && !c->failed; i++) {
		struct sl_carve_rule *rule = &recipe->carves[i];
		const char *text = take_string(c);

		rule->kind = text ? (uint32_t)(*text - '0') : 0;
		if (rule->kind != SL_CARVE_DENY && rule->kind != SL_CARVE_PROTECT)
			return -EBADMSG;
		rule->pattern = text + 1;
		rule->path = take_string(c);
	}
	recipe->launch.carves = recipe->carves;
	return 0;
}

static int decode(struct sl_recipe *recipe, size_t len)
{
	struct sl_launch *l = &recipe->launch;
	struct head head;
	struct cursor c;
	size_t filter, words;
	const char **p;
	int r;

	if (len < sizeof(head))
		return -EBADMSG;
	memcpy(&head, recipe->data, sizeof(head));
	if (head.magic != MAGIC || head.size != sizeof(*l) ||
	    head.argc > SL_MAX_ARGS || head.envc > SL_MAX_ARGS || !head.argc ||
	    head.launch.insn_count > SL_MAX_BPF_INSNS)
		return -EBADMSG;
	filter = head.launch.insn_count * sizeof(*l->insns);
	if (filter > len - sizeof(head))
		return -EBADMSG;
	/* argv + NULL, envp + NULL, "/bin/sh" + path + argv[1..] + NULL */
	words = 2 * (size_t)head.argc + head.envc + 5;
	p = recipe->pointers = calloc(words, sizeof(*p));
	if (!p)
		return -ENOMEM;
	*l = head.launch;
	l->roots = NULL;
	l->carves = NULL;
	l->net = NULL;
	for (int i = 0; i < SL_FD_COUNT; i++)
		l->fds[i] = -1;
	l->insns = (const void *)(recipe->data + sizeof(head));
	c = (struct cursor){ recipe->data + sizeof(head) + filter,
			     recipe->data + len, false };
	r = take_roots(recipe, &c);
	if (r == 0)
		r = take_net(recipe, &c);
	if (r < 0)
		return r;
	l->path = take_string(&c);
	l->tmp_name = head.has_tmp ? take_string(&c) : NULL;
	l->name = head.has_name ? take_string(&c) : NULL;
	l->xdg = head.has_xdg ? take_string(&c) : NULL;
	l->hosts = head.has_hosts ? take_string(&c) : NULL;
	l->argv = p;
	for (uint32_t i = 0; i < head.argc; i++)
		*p++ = take_string(&c);
	*p++ = NULL;
	l->envp = p;
	for (uint32_t i = 0; i < head.envc; i++)
		*p++ = take_string(&c);
	*p++ = NULL;
	for (uint32_t i = 0; i < l->root_count; i++)
		recipe->roots[i].path = take_string(&c);
	r = take_carves(recipe, &c);
	if (r < 0)
		return r;
	if (c.failed || c.pos != c.end)
		return -EBADMSG;
	l->argv_shell = head.has_shell ? p : NULL;
	*p++ = "/bin/sh";
	*p++ = l->path;
	for (uint32_t i = 1; i < head.argc; i++)
		*p++ = l->argv[i];
	return 0;
}

int sl_recipe_decode(char *data, size_t len, struct sl_recipe **ret_recipe)
{
	struct sl_recipe *recipe = calloc(1, sizeof(*recipe));
	int r;

	if (!recipe) {
		free(data);
		return -ENOMEM;
	}
	for (int i = 0; i < SL_FD_COUNT; i++)
		recipe->launch.fds[i] = -1;
	recipe->data = data;
	r = decode(recipe, len);
	if (r < 0) {
		sl_recipe_free(recipe);
		return r;
	}
	*ret_recipe = recipe;
	return 0;
}

void sl_launch_close(struct sl_launch *launch)
{
	for (int i = 0; i < SL_FD_COUNT; i++) {
		if (launch->fds[i] >= 0)
			close(launch->fds[i]);
		launch->fds[i] = -1;
	}
}

void sl_launch_take_tmp(struct sl_launch *launch, struct sl_tmpdir *ret_dir)
{
	*ret_dir = SL_TMPDIR_INIT;
	if (!launch->tmp_name)
		return;
	ret_dir->run_fd = sl_take_fd(&launch->fds[SL_FD_TMP_RUN]);
	ret_dir->base_fd = sl_take_fd(&launch->fds[SL_FD_TMP_BASE]);
	snprintf(ret_dir->name, sizeof(ret_dir->name), "%s", launch->tmp_name);
	launch->tmp_name = NULL;
}

void sl_launch_remove_tmp(struct sl_launch *launch)
{
	struct sl_tmpdir dir;

	sl_launch_take_tmp(launch, &dir);
	/* What cannot be removed now is swept by a later start. */
	sl_tmpdir_remove(&dir, NULL);
}

void sl_recipe_free(struct sl_recipe *recipe)
{
	if (!recipe)
		return;
	sl_launch_close(&recipe->launch);
	for (uint32_t i = 0; recipe->roots && i < recipe->launch.root_count; i++)
		if (recipe->roots[i].fd > 2) /* 0: none came */
			close(recipe->roots[i].fd);
	free(recipe->roots);
	free(recipe->carves);
	free(recipe->net);
	free(recipe->data);
	free(recipe->pointers);
	free(recipe);
}
