/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A path argument -> the object it leads to, held by an O_PATH descriptor: what
 * is judged and acted on afterwards is that object, whatever the names around
 * it become.
 *
 * SECURITY: resolved as the caller would: from its root and working directory
 * or descriptor, its own /proc/self; never through a magic link of another
 * process, and never into our own descriptors.
 */
#ifndef SL_SUPERVISE_PIN_H
#define SL_SUPERVISE_PIN_H

#include <limits.h>

#include "supervise/call.h"

enum sl_pin_flag {
	SL_PIN_NOFOLLOW = 1, /* the last component may be a symbolic link */
	SL_PIN_EMPTY = 2,    /* AT_EMPTY_PATH: "" is dirfd itself */
	SL_PIN_DIRECTORY = 4,
};

/*
 * @path relative to the caller's @dirfd (AT_FDCWD too). A descriptor, to be
 * closed: O_PATH, or where the path is no more than a descriptor of the
 * caller's own ("" with SL_PIN_EMPTY, "/proc/self/fd/N"), a copy of that. The
 * errno of a failure is the one that the bare call would see; -EACCES for what
 * is refused here, -EPERM for a caller that cannot be looked into. The call was
 * alive afterwards. @path may be judge->path[], but not judge->text[].
 */
int sl_pin(struct sl_call *call, int dirfd, const char *path, unsigned int flags);

/*
 * The directory that holds the last component of @path, and that component's
 * name (without trailing slashes; "." and ".." are refused with -EINVAL, "/"
 * with -EISDIR, "" with -ENOENT), for calls that make, move or remove a name.
 * Symbolic links in the last component are not followed.
 */
int sl_pin_parent(struct sl_call *call, int dirfd, const char *path,
		  char ret_name[NAME_MAX + 1]);

/* The same from a directory that we hold, where a symbolic link of the caller's
 * goes on. Borrows @base. */
int sl_pin_from(struct sl_call *call, int base, const char *path,
		unsigned int flags);
int sl_pin_parent_from(struct sl_call *call, int base, const char *path,
		       char ret_name[NAME_MAX + 1]);

/* The path of the object behind descriptor @fd of ours, as the kernel shows it
 * now, into @buf of PATH_MAX bytes: its length or a negative errno. */
int sl_pin_text(struct sl_call *call, int fd, char *buf);

#endif
