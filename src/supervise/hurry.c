/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See hurry.h. The timer goes off again and again: the first time may come
 * before the call waits.
 */
#include "supervise/hurry.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "supervise/nudge.h"

#ifndef sigev_notify_thread_id
#define sigev_notify_thread_id _sigev_un._tid
#endif

static void set(struct sl_hurry *hurry, long again_ns, long ns)
{
	struct itimerspec in = { { 0, again_ns }, { 0, ns } };

	timer_settime(hurry->timer, 0, &in, NULL);
}

bool sl_hurry_prepare(struct sl_hurry *hurry)
{
	struct sigevent event;

	if (hurry->made)
		return true;
	memset(&event, 0, sizeof(event));
	event.sigev_notify = SIGEV_THREAD_ID;
	event.sigev_notify_thread_id = gettid();
	event.sigev_signo = sl_nudge_signal();
	if (!event.sigev_signo ||
	    timer_create(CLOCK_MONOTONIC, &event, &hurry->timer) < 0)
		return false;
	sl_nudge_allow();
	hurry->made = true;
	return true;
}

bool sl_hurry(struct sl_hurry *hurry)
{
	if (!sl_hurry_prepare(hurry))
		return false;
	/* Each setting costs a microsecond; that there is less time left is fine. */
	if (!hurry->on)
		set(hurry, SL_HURRY_NS, SL_HURRY_NS);
	hurry->on = true;
	return true;
}

void sl_hurry_over(struct sl_hurry *hurry)
{
	hurry->on = false;
	set(hurry, 0, 0);
}

void sl_hurry_now(struct sl_hurry *hurry)
{
	set(hurry, 0, 1);
}

void sl_hurry_fini(struct sl_hurry *hurry)
{
	if (hurry->made)
		timer_delete(hurry->timer);
	hurry->made = false;
}
