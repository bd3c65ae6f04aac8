/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Carve-outs: is a name, or an object, taken out of the grant that it lies in?
 *
 * Two tests, and either one is enough. By name: the kernel's text of a held
 * directory, and a name in it, against the patterns. By object: what a rule
 * without a pattern led to at the start (dev, ino), and for a directory what
 * lies below it by whatever mount.
 *
 * SECURITY: the text of a directory stays true while it is judged. All by which
 * the sandbox could move one is trapped and done by the thread that judges, one
 * call at a time.
 */
#ifndef SL_SUPERVISE_CARVE_H
#define SL_SUPERVISE_CARVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "supervise/call.h"

enum sl_carve_kind {
	SL_CARVE_DENY = 1,    /* nothing but that it exists */
	SL_CARVE_PROTECT = 2, /* no change */
	/*
	 * Not of a rule: what is no directory, and has a name below which a rule
	 * speaks of others. A link or a file of that name can lead around the
	 * rule (".git" may say where the repository is), so it stays as it is.
	 */
	SL_CARVE_LEADS = 4,
};

#define SL_CARVE_ANY (SL_CARVE_DENY | SL_CARVE_PROTECT)

/* As the launcher made it out: both absolute and free of symbolic links as far
 * as anything exists. */
struct sl_carve_rule {
	const char *pattern; /* glob.h */
	const char *path;    /* what it means if it is no pattern, or "" */
	uint32_t kind;	     /* enum sl_carve_kind */
	uint32_t item;	     /* of the policy's list; for explanations alone */
};

struct sl_carves;

/* Borrows @rules. Before the thread is confined: opens what exists. 0 or a
 * negative errno. */
int sl_carves_new(const struct sl_carve_rule *rules, size_t count,
		  struct sl_carves **ret_carves);
void sl_carves_free(struct sl_carves *carves);

/* Two places fit into memory at a time: a rename has two. */
enum sl_carve_place { SL_CARVE_HERE = 0, SL_CARVE_THERE };

struct sl_named {
	uint32_t covered; /* enum sl_carve_kind bits */
	bool leads; /* as SL_CARVE_LEADS: for no directory is it to be had */
};

/* @name in the directory behind @parent. 0 or negative errno, which refuses. */
int sl_carve_name(struct sl_call *call, enum sl_carve_place place, int parent,
		  const char *name, struct sl_named *ret_named);

/* Does every rule cover the same below both places? */
bool sl_carve_places_alike(const struct sl_call *call);

/* enum sl_carve_kind bits of the object behind @fd: any refuses to change it,
 * DENY all else, too. Negative errno. */
int sl_carve_object(struct sl_call *call, int fd);

/*
 * -EACCES, and what is told of it: @access (enum sl_event_access) to the object
 * behind @fd, or to @name in that directory, is refused by carve-outs of @kinds.
 */
int sl_carve_refuse(struct sl_call *call, uint32_t kinds, unsigned int access,
		    int fd, const char *name);

#endif
