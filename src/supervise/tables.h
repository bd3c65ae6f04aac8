/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /proc/net with --port-remap: the sandbox's own sockets, by the ports that it
 * knows, and of the host's network the loopback interface (docs/design/ports.md).
 */
#ifndef SL_SUPERVISE_TABLES_H
#define SL_SUPERVISE_TABLES_H

#include "supervise/call.h"
#include "supervise/census.h"

struct sl_tables;

enum sl_table {
	SL_TABLE_NONE = 0, /* not in /proc/net; or that itself */
	SL_TABLE_HIDDEN,   /* shown to nobody */
	SL_TABLE_FIXED,	   /* the same for everybody */
	SL_TABLE_OWN,	   /* what is the sandbox's own of it */
};

/* What @path is, which the kernel gave: "/proc/4711/net/tcp". *ret_name: what
 * is behind "net/", in @path. */
enum sl_table sl_table_find(const char *path, const char **ret_name);

/* From outside of every domain; @keeper is the supervisor's process. */
int sl_tables_new(int32_t keeper, struct sl_tables **ret_tables);
void sl_tables_free(struct sl_tables *tables);

/* One that was found: a descriptor for @flags of open(2), or a negative errno.
 * Not told as a denial: programs that list sockets read what there is. */
int sl_tables_open(struct sl_call *call, const char *path, int flags);

#endif
