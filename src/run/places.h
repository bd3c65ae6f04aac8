/* SPDX-License-Identifier: Apache-2.0 */
/* The directories that ${CWD} never grants, and all that they lie in. */
#ifndef SL_RUN_PLACES_H
#define SL_RUN_PLACES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define SL_MAX_PLACES 64
#define SL_MAX_PLACE_IDS 1024

struct sl_dir_id {
	dev_t dev;
	ino_t ino;
};

enum sl_place_kind {
	SL_PLACE_HOME = 0,
	SL_PLACE_PROFILES,
	SL_PLACE_RUNTIME,
	SL_PLACE_PROGRAMS
};

struct sl_place {
	enum sl_place_kind kind;
	bool exists; /* else the nearest directory that does comes first */
	size_t first, count; /* of ids: itself, its parent, ... "/" */
	char *path;
};

struct sl_places {
	struct sl_dir_id root; /* "/", where every way up ends */
	struct sl_place list[SL_MAX_PLACES];
	size_t count;
	struct sl_dir_id ids[SL_MAX_PLACE_IDS];
	size_t id_count;
};

static inline bool sl_dir_same(const struct sl_dir_id *a,
			       const struct sl_dir_id *b)
{
	return a->dev == b->dev && a->ino == b->ino;
}

/* @level directories above @fd; 0 is @fd itself. */
int sl_dir_id_above(int fd, size_t level, struct sl_dir_id *ret_id);

/* @places is zeroed; call sl_places_fini() either way. */
int sl_places_collect(struct sl_places *places);
void sl_places_fini(struct sl_places *places);

#endif
