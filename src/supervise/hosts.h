/* SPDX-License-Identifier: Apache-2.0 */
/*
 * /etc/hosts as the sandbox finds it, where network rules have host names: a
 * text of ours in place of the file, whatever way leads there.
 */
#ifndef SL_SUPERVISE_HOSTS_H
#define SL_SUPERVISE_HOSTS_H

#include <stdbool.h>

#include "supervise/call.h"
#include "sys/object.h"

struct sl_hosts {
	int fd;	  /* the text, sealed; -1: the file is as it is */
	int held; /* what the name led to at the start; -1: to no file */
	struct sl_object object;
};

/* Before the thread is confined. 0 or a negative errno. */
int sl_hosts_make(struct sl_hosts *hosts, const char *text);
void sl_hosts_fini(struct sl_hosts *hosts);

/* Is the object behind @fd what /etc/hosts leads to, now or at the start? */
bool sl_hosts_is(const struct sl_call *call, int fd);
/* Does /etc/hosts lead nowhere now? Then its name is still ours. */
bool sl_hosts_is_missing(const struct sl_call *call);
/* Is @name in the directory behind @parent /etc/hosts itself? */
bool sl_hosts_is_name(const struct sl_call *call, int parent, const char *name);

/*
 * A descriptor to the text, open for reading on its own; -EACCES if @flags of
 * open(2) ask for more, told as a denial of @fd (or of nothing, -1).
 */
int sl_hosts_open(struct sl_call *call, int flags, int fd);

#endif
