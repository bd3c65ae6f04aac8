/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving names, where a part of a grant is carved out. A directory carries all
 * below it along, and nobody looks into it: so the two places must be alike to
 * every rule, or what is moved would get out of one, or under one. As between
 * file systems, then: EXDEV, and mv(1) copies, each file judged for itself.
 */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "supervise/event.h"
#include "supervise/handlers.h"
#include "supervise/naming.h"
#include "sys/object.h"
#include "sys/raw.h"

#define NOREPLACE 1u
#define EXCHANGE 2u
#define WHITEOUT 4u

static bool is_touchy(const struct sl_naming *naming)
{
	return naming->named.covered || naming->kinds || naming->named.leads;
}

static int refuse(struct sl_call *call, const struct sl_naming *naming,
		  enum sl_event_access access)
{
	return sl_carve_refuse(call,
			       naming->named.covered | (uint32_t)naming->kinds,
			       access, naming->parent, naming->name);
}

static int judge(struct sl_call *call, const struct sl_naming *from,
		 const struct sl_naming *to, unsigned int flags)
{
	if (from->leaf < 0)
		return from->leaf;
	if (to->leaf < 0 && (to->leaf != -ENOENT || flags & EXCHANGE))
		return to->leaf;
	if (to->leaf >= 0 && flags & NOREPLACE)
		return -EEXIST;
	if (is_touchy(from))
		return refuse(call, from, SL_TRY_REMOVE);
	if (is_touchy(to))
		return refuse(call, to, SL_TRY_CREATE);
	return sl_carve_places_alike(call) ? 0 : -EXDEV;
}

static struct sl_answer move(struct sl_call *call, int from_dir, int from,
			     int to_dir, int to, unsigned int flags)
{
	struct sl_naming old = SL_NAMING_INIT, new = SL_NAMING_INIT;
	long r;

	if (flags & ~(NOREPLACE | EXCHANGE | WHITEOUT) ||
	    (flags & (NOREPLACE | WHITEOUT) && flags & EXCHANGE))
		return sl_answer_fail(EINVAL);
	r = sl_naming_take(call, SL_CARVE_HERE, from_dir, from, EBUSY, EBUSY,
			   &old);
	if (r == 0)
		r = sl_naming_take(call, SL_CARVE_THERE, to_dir, to,
				   flags & NOREPLACE ? EEXIST : EBUSY,
				   flags & NOREPLACE ? EEXIST : EBUSY, &new);
	if (r == 0)
		r = judge(call, &old, &new, flags);
	if (r == 0)
		r = sl_raw5(SYS_renameat2, old.parent, old.name, new.parent,
			    new.name, flags);
	sl_naming_fini(&old);
	sl_naming_fini(&new);
	return sl_answer(r);
}

struct sl_answer sl_h_rename(struct sl_call *call)
{
	return move(call, AT_FDCWD, 0, AT_FDCWD, 1, 0);
}

struct sl_answer sl_h_renameat(struct sl_call *call)
{
	return move(call, sl_call_int(call, 0), 1, sl_call_int(call, 2), 3, 0);
}

struct sl_answer sl_h_renameat2(struct sl_call *call)
{
	return move(call, sl_call_int(call, 0), 1, sl_call_int(call, 2), 3,
		    (unsigned int)sl_call_arg(call, 4));
}
