/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which processes are the sandbox's: those that a thread inside its outer
 * domain may signal. The domain is inherited by every fork and never left, so
 * neither setsid(2), a second fork, nor a subreaper hides one, and a number
 * that somebody outside got meanwhile is not counted. What has ended counts
 * until it is reaped, as in the kernel's own controller of pids.
 */
#ifndef SL_SUPERVISE_CENSUS_H
#define SL_SUPERVISE_CENSUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct sl_census {
	int proc_fd;	  /* of /proc, opened before the domain; -1 */
	int32_t keeper;	  /* the supervisor's process */
	int32_t guardian; /* 0: none yet */
};

#define SL_CENSUS_INIT ((struct sl_census){ .proc_fd = -1 })

/* Does /proc show every process, and by the numbers that we know: 0; -ENOENT:
 * there is none, -EACCES: it hides some. Outside of the domain. */
int sl_census_possible(void);

/* Outside of the domain. 0 or negative errno. One thread uses it from then on. */
int sl_census_open(struct sl_census *census, int32_t keeper);
void sl_census_close(struct sl_census *census);

/* Is @pid of the sandbox, now. Inside of the domain. */
bool sl_census_has(const struct sl_census *census, int32_t pid);

/*
 * How many there are; up to @room of them go to @pids. Inside of the domain.
 * Negative errno: it cannot be told.
 */
long sl_census_take(const struct sl_census *census, int32_t *pids, size_t room);

/* All numbers of processes, whosesoever, in order and in parts that are as
 * young as can be, until @part says false. 0 or a negative errno. */
typedef bool sl_census_part(void *arg, const int32_t *pids, size_t count);
int sl_census_walk(const struct sl_census *census, sl_census_part *part,
		   void *arg);

#endif
