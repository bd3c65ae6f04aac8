/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See grants.h. Four ways from an object to the grant over it, the cheap ones
 * first:
 *
 * 1. It is a grant's root itself: (dev, ino), since Landlock's rules hang on
 *    inodes, by whatever mount one comes to them.
 * 2. It has no place in any hierarchy: the sandbox's own pipe, socket, memfd.
 * 3. The kernel's text for it lies below the text for a root. On the root's
 *    mount that is proof. On another mount it is a hint, and the way down from
 *    the root to that mount is the proof.
 * 4. Else (bind mounts, roots that were moved) the way up, from the directory
 *    that has it by that name, past mount points, as Landlock walks.
 *
 * SECURITY: text proves nothing about an object of another mount: a handle from
 * a foreign mount namespace, or one lazily unmounted, reads as any path at all.
 * The sandbox renames between its write grants only, so that nothing moves
 * under one while it is judged.
 */
#include "supervise/grants.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/pin.h"
#include "sys/object.h"
#include "sys/process.h"

#define CLIMB_MAX 64
#define ALL_RIGHTS (SL_RIGHT_READ | SL_RIGHT_WRITE | SL_RIGHT_UNIX)
#define HASH_START 0xcbf29ce484222325u
#define HASH_FACTOR 0x100000001b3u

/* What we have learned of a root. The text is kept as length and hash: enough
 * to pass over the others, and never believed. */
struct seen {
	int fd; /* -1: not opened */
	bool owned;
	bool known; /* mount and proc are */
	bool told;  /* hash and len are */
	bool proc;
	uint64_t mount;
	uint64_t hash;
	size_t len;
};

struct sl_grants {
	const struct sl_root *roots;
	size_t count;
	uint64_t memfd_mount; /* 0: not looked at */
	struct seen seen[];
};

/* One question. */
struct search {
	struct sl_call *call;
	struct sl_grants *grants;
	struct sl_object object;
	int fd;
	char *text; /* judge->text[0] */
	size_t len;
	uint32_t want;
	uint32_t found;
};

/* Asked for when it is first needed: a start has no time for it. */
static int learn_memfd_mount(struct sl_grants *grants)
{
	sl_autoclose int fd = -1;
	struct sl_object object;
	int r;

	if (grants->memfd_mount)
		return 0;
	fd = memfd_create("sandlock-mount", MFD_CLOEXEC);
	r = fd < 0 ? -errno : sl_object_look(fd, &object);
	if (r == 0)
		grants->memfd_mount = object.mount;
	return r;
}

struct sl_grants *sl_grants_new(const struct sl_root *roots, size_t count)
{
	struct sl_grants *grants;

	if (count > (SIZE_MAX - sizeof(*grants)) / sizeof(grants->seen[0]))
		return NULL;
	grants = calloc(1, sizeof(*grants) + count * sizeof(grants->seen[0]));
	if (!grants)
		return NULL;
	grants->roots = roots;
	grants->count = count;
	for (size_t i = 0; i < count; i++)
		grants->seen[i].fd = roots[i].fd;
	return grants;
}

void sl_grants_free(struct sl_grants *grants)
{
	if (!grants)
		return;
	for (size_t i = 0; i < grants->count; i++)
		if (grants->seen[i].owned)
			close(grants->seen[i].fd);
	free(grants);
}

/* ------------------------------------------------ roots */

static bool satisfied(const struct search *search)
{
	return search->found & search->want;
}

/* Would this root add anything to what is found? */
static bool useful(const struct search *search, size_t i)
{
	return search->grants->roots[i].rights & ALL_RIGHTS & ~search->found;
}

/* By its name, and believed only if that is still what was granted. */
static int open_root(const struct sl_root *root)
{
	int fd = sl_path_open(AT_FDCWD, root->path, 0, RESOLVE_NO_MAGICLINKS);
	struct sl_object object;
	int r;

	if (fd < 0)
		return fd;
	r = sl_object_look(fd, &object);
	if (r == 0 && (object.dev != root->dev || object.ino != root->ino ||
		       (object.mode ^ root->mode) & S_IFMT))
		r = -ESTALE;
	if (r == 0)
		return fd;
	close(fd);
	return r;
}

/* Is root @i there, opened and looked at? */
static bool have_root(struct sl_grants *grants, size_t i)
{
	struct seen *seen = &grants->seen[i];
	struct sl_object object;

	if (seen->known)
		return true;
	if (seen->fd < 0) {
		int fd = open_root(&grants->roots[i]);

		if (fd < 0)
			return false;
		seen->fd = fd;
		seen->owned = true;
	}
	if (sl_object_look(seen->fd, &object) < 0)
		return false;
	seen->mount = object.mount;
	seen->proc = sl_object_is_proc(seen->fd) != 0;
	seen->known = true;
	return true;
}

/* Grants whose root is this very object, which a descriptor of ours holds. */
static void add_roots_at(struct search *search, const struct sl_object *object)
{
	struct sl_grants *grants = search->grants;

	for (size_t i = 0; i < grants->count && !satisfied(search); i++) {
		const struct sl_root *root = &grants->roots[i];

		/* Its number may be another's by now, unless it is held. */
		if (root->ino == object->ino && root->dev == object->dev &&
		    useful(search, i) && have_root(grants, i) &&
		    !grants->seen[i].proc)
			search->found |= root->rights & ALL_RIGHTS;
	}
}

/* ------------------------------------------------ by text */

static uint64_t hash(uint64_t start, const char *text, size_t len)
{
	for (size_t i = 0; i < len; i++)
		start = (start ^ (unsigned char)text[i]) * HASH_FACTOR;
	return start;
}

static bool is_deleted(const char *text, size_t len)
{
	static const char mark[] = " (deleted)";
	size_t n = sizeof(mark) - 1;

	return len > n && memcmp(text + len - n, mark, n) == 0;
}

/*
 * The text of root @i as it is now: its length ("/" is empty). The hash is
 * brought up to date. A removed directory reads as a name that another one may
 * really have: nothing can lie below it, and one so called is climbed to.
 */
static int root_text(struct search *search, size_t i, char *buf)
{
	struct seen *seen = &search->grants->seen[i];
	int len = sl_pin_text(search->call, seen->fd, buf);

	if (len < 0)
		return len;
	if (is_deleted(buf, (size_t)len))
		return -ENOENT;
	if (len == 1 && *buf == '/')
		len = 0;
	seen->len = (size_t)len;
	seen->hash = hash(HASH_START, buf, (size_t)len);
	return len;
}

/*
 * Another mount: go down from root @i as far as the text leads to something.
 * That is the object or lies above it on its own mount, or proves nothing.
 */
static bool reached(struct search *search, size_t i)
{
	char *rest = search->call->judge->text[1];
	size_t from = search->grants->seen[i].len, len = search->len - from;
	struct sl_object object;
	char *cut;

	memcpy(rest, search->text + from, len + 1);
	for (;;) {
		const char *name = rest + strspn(rest, "/");
		sl_autoclose int fd = -1;

		if (!*name)
			return false;
		fd = sl_path_open(search->grants->seen[i].fd, name, O_NOFOLLOW,
				  RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS |
					  RESOLVE_NO_MAGICLINKS);
		if (fd >= 0)
			return sl_object_look(fd, &object) == 0 &&
			       object.mount == search->object.mount &&
			       sl_object_is_proc(fd) == 0;
		cut = strrchr(rest, '/');
		if (!cut)
			return false;
		*cut = '\0';
	}
}

/* Does root @i, whose remembered text is a prefix, really lie above? */
static bool covers(struct search *search, size_t i)
{
	struct sl_grants *grants = search->grants;
	char *text = search->call->judge->text[1];
	size_t before = grants->seen[i].len;
	int len = root_text(search, i, text);

	if (len < 0 || (size_t)len != before || grants->seen[i].proc ||
	    memcmp(text, search->text, before) != 0)
		return false;
	return grants->seen[i].mount == search->object.mount ||
	       reached(search, i);
}

/* Roots whose text ends where component border @border of ours is. */
static void add_prefix(struct search *search, size_t border, uint64_t sum)
{
	struct sl_grants *grants = search->grants;

	for (size_t i = 0; i < grants->count && !satisfied(search); i++) {
		const struct seen *seen = &grants->seen[i];

		if (seen->told && seen->len == border && seen->hash == sum &&
		    useful(search, i) && covers(search, i))
			search->found |= grants->roots[i].rights & ALL_RIGHTS;
	}
}

/* First use of each root that could matter. */
static void learn_roots(struct search *search)
{
	struct sl_grants *grants = search->grants;

	for (size_t i = 0; i < grants->count; i++) {
		struct seen *seen = &grants->seen[i];

		if (!seen->told && grants->roots[i].rights & search->want &&
		    have_root(grants, i))
			seen->told = root_text(search, i,
					       search->call->judge->text[1]) >= 0;
	}
}

static void search_by_text(struct search *search)
{
	uint64_t sum = HASH_START;
	size_t from = 0;

	learn_roots(search);
	for (size_t i = 0; i <= search->len && !satisfied(search); i++) {
		if (search->text[i] && search->text[i] != '/')
			continue;
		sum = hash(sum, search->text + from, i - from);
		from = i;
		add_prefix(search, i, sum);
	}
}

/* ------------------------------------------------ by climbing */

/* The directory that has the object under the last name of its text. */
static int open_parent(struct search *search)
{
	sl_autoclose int parent = -1, child = -1;
	char *text = search->call->judge->text[1];
	struct sl_object object;
	char *name;
	int r;

	memcpy(text, search->text, search->len + 1);
	name = strrchr(text, '/');
	if (!name[1])
		return -ENOENT; /* the root: nothing is above it */
	*name++ = '\0';
	parent = sl_path_open(search->call->judge->root_fd, *text ? text : "/",
			      O_DIRECTORY,
			      RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS);
	if (parent < 0)
		return parent;
	child = sl_path_open(parent, name, O_NOFOLLOW, 0);
	if (child < 0)
		return child;
	r = sl_object_look(child, &object);
	if (r < 0)
		return r;
	if (object.dev != search->object.dev || object.ino != search->object.ino ||
	    object.mount != search->object.mount)
		return -ENOENT;
	return sl_take_fd(&parent);
}

static void search_by_climbing(struct search *search, int start)
{
	sl_autoclose int fd = start;
	struct sl_object here, last = { 0 };

	for (int i = 0; i < CLIMB_MAX && fd >= 0; i++) {
		int up;

		if (sl_object_look(fd, &here) < 0)
			return;
		if (i && here.ino == last.ino && here.dev == last.dev &&
		    here.mount == last.mount)
			return; /* `..` of the root is the root */
		add_roots_at(search, &here);
		if (satisfied(search))
			return;
		last = here;
		up = sl_path_open(fd, "..", O_DIRECTORY, 0);
		close(fd);
		fd = up;
	}
}

/* ------------------------------------------------ judging */

static bool is_inherited(const struct search *search)
{
	const struct sl_judge *judge = search->call->judge;

	for (int i = 0; i < judge->inherited_count; i++)
		if (judge->inherited[i].ino == search->object.ino &&
		    judge->inherited[i].dev == search->object.dev)
			return true;
	return false;
}

/* An object without a place: made by the sandbox, unless it came with it. */
static bool is_own_anonymous(const struct search *search)
{
	if (search->object.mount != search->grants->memfd_mount &&
	    strncmp(search->text, "pipe:[", 6) != 0 &&
	    strncmp(search->text, "socket:[", 8) != 0)
		return false;
	return !is_inherited(search);
}

static int finish(const struct search *search)
{
	uint32_t found = search->found;

	if (!found)
		return 0;
	if (sl_object_is_proc(search->fd) != 0)
		return 0;
	if (found & SL_RIGHT_WRITE)
		found |= SL_RIGHT_TIMES;
	if (S_ISCHR(search->object.mode) || S_ISBLK(search->object.mode))
		found &= ~(uint32_t)SL_RIGHT_WRITE;
	return (int)found;
}

static int judge_grants(struct sl_call *call, int fd, uint32_t want)
{
	struct search search = {
		.call = call,
		.grants = call->judge->grants,
		.fd = fd,
		.text = call->judge->text[0],
		/* Both come with a write grant. */
		.want = want & SL_RIGHT_TIMES ? want | SL_RIGHT_WRITE : want,
	};
	int r = sl_object_look(fd, &search.object);

	if (r < 0)
		return r;
	add_roots_at(&search, &search.object);
	if (satisfied(&search))
		return finish(&search);
	r = sl_pin_text(call, fd, search.text);
	if (r == -ENAMETOOLONG && S_ISDIR(search.object.mode)) {
		search_by_climbing(&search,
				   sl_path_open(fd, "..", O_DIRECTORY, 0));
		return finish(&search);
	}
	if (r < 0)
		return r;
	search.len = (size_t)r;
	r = learn_memfd_mount(search.grants);
	if (r < 0)
		return r;
	if (is_own_anonymous(&search)) {
		search.found = SL_RIGHT_READ | SL_RIGHT_WRITE;
		return finish(&search);
	}
	if (search.text[0] != '/' ||
	    search.object.mount == search.grants->memfd_mount)
		return 0;
	search_by_text(&search);
	if (!satisfied(&search))
		search_by_climbing(&search, open_parent(&search));
	return finish(&search);
}

/* SECURITY: what is carved out of a grant is not granted, however one comes to
 * it; a protected object can be read and watched. */
int sl_grants_judge_for(struct sl_call *call, int fd, uint32_t want)
{
	int rights = judge_grants(call, fd, want);
	int kinds = rights > 0 ? sl_carve_object(call, fd) : 0;

	if (kinds < 0)
		return kinds;
	if (kinds & SL_CARVE_DENY)
		return 0;
	/* A write grant is one for reading, whether that was found or not. */
	if (kinds)
		return SL_RIGHT_READ;
	return rights;
}
