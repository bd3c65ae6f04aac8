/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entry of one running sandbox in the runtime directory: NAME.lock, which
 * its supervisor holds with flock(2), and NAME.sock, on which it listens.
 */
#ifndef SL_RUN_ENTRY_H
#define SL_RUN_ENTRY_H

#include <stdbool.h>

#include "base/error.h"
#include "base/limits.h"

#define SL_ENTRY_NAME_BYTES (SL_MAX_SANDBOX_NAME + 1)

struct sl_entry {
	int dir_fd;
	int lock_fd;
	int listen_fd;
	char name[SL_ENTRY_NAME_BYTES];
};

#define SL_ENTRY_INIT \
	((struct sl_entry){ .dir_fd = -1, .lock_fd = -1, .listen_fd = -1 })

/* [A-Za-z0-9._-]{1,64}, and neither '.' nor '-' first. */
bool sl_entry_name_ok(const char *name);

/*
 * Own @name in @dir_fd, which is taken also on failure. -EEXIST: a live sandbox
 * has it. Others see the entry only after sl_entry_listen().
 */
int sl_entry_claim(int dir_fd, const char *name, struct sl_entry *ret_entry,
		   struct sl_error *err);
int sl_entry_listen(struct sl_entry *entry, struct sl_error *err);
/* Removes the entry; does nothing for SL_ENTRY_INIT. */
void sl_entry_release(struct sl_entry *entry);

/*
 * A socket connected to the entry @name. -ENOENT: there is none; a dead one is
 * removed. -EAGAIN: it lives, and cannot be reached now.
 */
int sl_entry_connect(int dir_fd, const char *name);

/*
 * Is the peer of @sock bound to the name of that entry? It stays with the
 * socket wherever its file is moved or linked. No socket inside of a sandbox
 * has one (docs/design/unix-sockets.md).
 */
bool sl_entry_reached(int sock, const char *name);

/*
 * Calls @found for the name of every entry of @dir_fd, dead ones included, in
 * no order, until it returns other than 0, which is then returned.
 */
int sl_entry_each(int dir_fd, int (*found)(void *ctx, const char *name),
		  void *ctx);

#endif
