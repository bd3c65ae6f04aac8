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

/* ------------------------------------------------ names that are the same */

/*
 * The directory in which a name is judged, and those above it. They are looked
 * at only where it matters how they compare names, which is nearly never, and
 * each time anew: one that is empty can be made to fold by whoever may write.
 */
struct chain {
	const struct sl_call *call;
	int below; /* a descriptor: of the directory, or of what is in it */
	bool held; /* of the directory itself */
	const char *text;	 /* of it, for what is no directory */
	size_t names;		 /* in the text */
	uint8_t seen[CLIMB_MAX]; /* by how far above: enum sl_folds + 1; or 0 */
};

static int open_first(const struct chain *chain)
{
	struct sl_object object;
	int r;

	if (chain->held)
		return fcntl(chain->below, F_DUPFD_CLOEXEC, 0);
	r = sl_object_look(chain->below, &object);
	if (r < 0)
		return r;
	if (S_ISDIR(object.mode)) {
		r = sl_path_open(chain->below, "..", O_DIRECTORY, 0);
		if (r != -EACCES) /* one that may not be searched */
			return r;
	}
	return sl_path_open(chain->call->judge->root_fd,
			    *chain->text ? chain->text : "/", O_DIRECTORY,
			    RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
}

/* How names are compared in the directory @up levels above. */
static enum sl_folds folds_at(struct chain *chain, size_t up)
{
	enum sl_folds folds = SL_FOLDS_ALL;
	int fd;

	if (up >= CLIMB_MAX)
		return folds;
	if (chain->seen[up])
		return (enum sl_folds)(chain->seen[up] - 1);
	fd = open_first(chain);
	for (size_t i = 0; i < up && fd >= 0; i++) {
		int above = sl_path_open(fd, "..", O_DIRECTORY, 0);

		close(fd);
		fd = above;
	}
	if (fd >= 0) {
		folds = sl_object_folds(fd);
		close(fd);
	}
	chain->seen[up] = (uint8_t)(folds + 1);
	return folds;
}

/* A step of a pattern, in the directory @up levels above. */
static uint64_t step(const struct sl_glob *glob, uint64_t states,
		     const char *name, size_t len, struct chain *chain, size_t up)
{
	uint64_t exact = sl_glob_step(glob, states, name, len);
	uint64_t folded = sl_glob_step_folded(glob, states, name, len, true);

	if (folded == exact)
		return exact;
	switch (folds_at(chain, up)) {
	case SL_FOLDS_NOT:
		return exact;
	case SL_FOLDS_ASCII:
		return exact |
		       sl_glob_step_folded(glob, states, name, len, false);
	case SL_FOLDS_ALL:
	default:
		return folded;
	}
}

static uint64_t walk(const struct sl_glob *glob, struct chain *chain)
{
	uint64_t states = sl_glob_start(glob);
	const char *at = chain->text;
	size_t up = chain->names;

	while (states && states != SL_GLOB_COVERED) {
		size_t len;

		at += strspn(at, "/");
		len = strcspn(at, "/");
		if (!len)
			break;
		states = step(glob, states, at, len, chain, up--);
		at += len;
	}
	return states;
}

/* ------------------------------------------------ by name */

static size_t count_names(const char *text)
{
	size_t count = 0;

	for (; *text; text++)
		count += *text != '/' && (text[1] == '/' || !text[1]);
	return count;
}

/* @name in the directory of @chain: what covers it, and whether it leads. Where
 * it stands goes into @states, unless that is NULL. */
static uint32_t walk_all(const struct sl_carves *carves, struct chain *chain,
			 const char *name, uint64_t *states)
{
	size_t len = strlen(name);
	uint32_t kinds = 0;

	chain->names = count_names(chain->text);
	for (size_t i = 0; i < carves->count; i++) {
		const struct rule *rule = &carves->rules[i];
		uint64_t above = walk(&rule->glob, chain);
		uint64_t here = step(&rule->glob, above, name, len, chain, 0);

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
	struct chain chain = {
		.call = call, .below = parent, .held = true, .text = text
	};
	struct sl_object object;
	uint32_t kinds;
	int r;

	r = sl_object_look(parent, &object);
	if (r == 0)
		r = sl_pin_text(call, parent, text);
	if (r < 0)
		return r;
	kinds = walk_all(carves, &chain, name, carves->states[place]);
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
	struct chain chain = { .call = call, .below = fd, .text = text };
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
	kinds |= walk_all(carves, &chain, name + 1, NULL);
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
