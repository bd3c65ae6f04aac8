/* SPDX-License-Identifier: Apache-2.0 */
/* See carve.h. */
#include "supervise/carve.h"
#include "supervise/event.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "policy/glob.h"
#include "supervise/judge.h"
#include "supervise/pin.h"
#include "sys/object.h"
#include "sys/process.h"

#define CLIMB_MAX 64
#define PLACES 2

struct rule {
	struct sl_glob glob;
	uint32_t kind;
	int fd; /* what the path led to, held so that its number stays; -1 */
	struct sl_object object;
};

struct sl_carves {
	size_t count;
	struct rule *rules;
	uint64_t *states[PLACES]; /* one set per rule */
};

/* ------------------------------------------------ rules */

/* Nothing there: its name alone is judged. Where it cannot be looked at, the
 * sandbox could not get there either. */
static int hold(struct rule *rule, const char *path)
{
	rule->fd = -1;
	if (!*path)
		return 0;
	rule->fd = sl_path_open(AT_FDCWD, path, O_NOFOLLOW,
				RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (rule->fd >= 0)
		return sl_object_look(rule->fd, &rule->object);
	return rule->fd == -EMFILE || rule->fd == -ENFILE || rule->fd == -ENOMEM
		       ? rule->fd
		       : 0;
}

int sl_carves_new(const struct sl_carve_rule *rules, size_t count,
		  struct sl_carves **ret_carves)
{
	struct sl_carves *carves = calloc(1, sizeof(*carves));
	int r = 0;

	if (!carves)
		return -ENOMEM;
	carves->rules = calloc(count, sizeof(*carves->rules));
	for (int i = 0; i < PLACES; i++)
		carves->states[i] = calloc(count, sizeof(uint64_t));
	if (!carves->rules || !carves->states[0] || !carves->states[1])
		r = -ENOMEM;
	for (size_t i = 0; r == 0 && i < count; i++) {
		struct rule *rule = &carves->rules[carves->count++];

		rule->kind = rules[i].kind;
		rule->fd = -1;
		r = sl_glob_compile(rules[i].pattern, &rule->glob);
		if (r == 0)
			r = hold(rule, rules[i].path);
	}
	if (r < 0)
		sl_carves_free(carves);
	else
		*ret_carves = carves;
	return r;
}

void sl_carves_free(struct sl_carves *carves)
{
	if (!carves)
		return;
	for (size_t i = 0; i < carves->count; i++)
		if (carves->rules[i].fd >= 0)
			close(carves->rules[i].fd);
	for (int i = 0; i < PLACES; i++)
		free(carves->states[i]);
	free(carves->rules);
	free(carves);
}

/* ------------------------------------------------ by object */

static uint32_t same_object(const struct sl_carves *carves,
			    const struct sl_object *object)
{
	uint32_t kinds = 0;

	for (size_t i = 0; i < carves->count; i++) {
		const struct rule *rule = &carves->rules[i];

		if (rule->fd >= 0 && rule->object.ino == object->ino &&
		    rule->object.dev == object->dev)
			kinds |= rule->kind;
	}
	return kinds;
}

/* On the mount of the rule the text tells everything. */
static bool may_be_alias(const struct sl_carves *carves,
			 const struct sl_object *object)
{
	for (size_t i = 0; i < carves->count; i++) {
		const struct rule *rule = &carves->rules[i];

		if (rule->fd >= 0 && S_ISDIR(rule->object.mode) &&
		    rule->object.dev == object->dev &&
		    rule->object.mount != object->mount)
			return true;
	}
	return false;
}

/* Up from directory @start, past mount points, to a rule's. Takes @start. */
static uint32_t climb(const struct sl_carves *carves, int start)
{
	sl_autoclose int fd = start;
	struct sl_object here, last = { 0 };
	uint32_t kinds = 0;

	for (int i = 0; i < CLIMB_MAX && fd >= 0; i++) {
		int up;

		if (sl_object_look(fd, &here) < 0)
			return SL_CARVE_ANY;
		if (i && here.ino == last.ino && here.dev == last.dev &&
		    here.mount == last.mount)
			return kinds;
		kinds |= same_object(carves, &here);
		last = here;
		up = sl_path_open(fd, "..", O_DIRECTORY, 0);
		close(fd);
		fd = up;
	}
	/* What we may not search, or too deep: not known to be free. */
	return SL_CARVE_ANY;
}

/* The directory that has an object of text @text, changed by this. */
static int open_holder(const struct sl_call *call, char *text)
{
	char *name = strrchr(text, '/');

	if (!name)
		return -ENOENT;
	*name = '\0';
	return sl_path_open(call->judge->root_fd, *text ? text : "/", O_DIRECTORY,
			    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* ------------------------------------------------ by name */

/* @name in the directory called @text: what covers it, and whether it leads.
 * Where it stands goes into @states, unless that is NULL. */
static uint32_t walk_all(const struct sl_carves *carves, const char *text,
			 const char *name, uint64_t *states)
{
	size_t len = strlen(name);
	uint32_t kinds = 0;

	for (size_t i = 0; i < carves->count; i++) {
		const struct rule *rule = &carves->rules[i];
		uint64_t above = sl_glob_walk(&rule->glob, text);
		uint64_t here = sl_glob_step(&rule->glob, above, name, len);

		if (here == SL_GLOB_COVERED)
			kinds |= rule->kind;
		else if (here & ~above)
			kinds |= SL_CARVE_LEADS;
		if (states)
			states[i] = here;
	}
	return kinds;
}

int sl_carve_name(struct sl_call *call, enum sl_carve_place place, int parent,
		  const char *name, struct sl_named *ret_named)
{
	const struct sl_carves *carves = call->judge->carves;
	char *text = call->judge->text[0];
	struct sl_object object;
	uint32_t kinds;
	int r;

	r = sl_object_look(parent, &object);
	if (r == 0)
		r = sl_pin_text(call, parent, text);
	if (r < 0)
		return r;
	kinds = walk_all(carves, text, name, carves->states[place]);
	if (may_be_alias(carves, &object))
		kinds |= climb(carves, fcntl(parent, F_DUPFD_CLOEXEC, 0));
	*ret_named = (struct sl_named){ kinds & SL_CARVE_ANY,
					kinds & SL_CARVE_LEADS };
	return 0;
}

bool sl_carve_places_alike(const struct sl_call *call)
{
	const struct sl_carves *carves = call->judge->carves;

	return memcmp(carves->states[SL_CARVE_HERE],
		      carves->states[SL_CARVE_THERE],
		      carves->count * sizeof(uint64_t)) == 0;
}

int sl_carve_object(struct sl_call *call, int fd)
{
	const struct sl_carves *carves = call->judge->carves;
	char *text = call->judge->text[0], *name;
	struct sl_object object;
	uint32_t kinds;
	int r;

	if (!carves)
		return 0;
	r = sl_object_look(fd, &object);
	if (r < 0)
		return r;
	kinds = same_object(carves, &object);
	r = sl_pin_text(call, fd, text);
	if (r < 0)
		return r;
	/* A pipe, a socket: no name could cover it. */
	if (*text != '/')
		return (int)kinds;
	name = strrchr(text, '/');
	*name = '\0';
	kinds |= walk_all(carves, text, name + 1, NULL);
	*name = '/';
	if (S_ISDIR(object.mode))
		kinds &= ~(uint32_t)SL_CARVE_LEADS;
	if (!may_be_alias(carves, &object))
		return (int)kinds;
	kinds |= climb(carves, S_ISDIR(object.mode)
				       ? fcntl(fd, F_DUPFD_CLOEXEC, 0)
				       : open_holder(call, text));
	return (int)kinds;
}

int sl_carve_refuse(struct sl_call *call, uint32_t kinds, unsigned int access,
		    int fd, const char *name)
{
	struct sl_judge *judge = call->judge;
	size_t len, more;

	sl_event_deny(call,
		      kinds & SL_CARVE_DENY ? SL_RULE_DENIED : SL_RULE_PROTECTED,
		      (enum sl_event_access)access, EACCES, fd);
	if (!name || !call->denied.object)
		return -EACCES;
	len = call->denied.object_len;
	more = strlen(name);
	if (len + 1 + more < sizeof(judge->object)) {
		judge->object[len] = '/';
		memcpy(judge->object + len + 1, name, more);
		call->denied.object_len = len + 1 + more;
	}
	return -EACCES;
}
