/* SPDX-License-Identifier: Apache-2.0 */
/* The control half of the public interface: argument checks, then run/. */
#include <arpa/inet.h>
#include <errno.h>
#include <string.h>

#include "api/internal.h"
#include "run/control_client.h"
#include "run/run.h"

_Static_assert((int)SANDLOCK_INSTANCE_UNTRUSTED == (int)SL_FOUND_UNTRUSTED,
	       "states");
_Static_assert((int)SANDLOCK_EVENT_STARTED == (int)SL_EVENT_STARTED &&
		       (int)SANDLOCK_EVENT_OTHER == (int)SL_EVENT_OTHER,
	       "kinds of events");

static int bad(struct sl_error *err, const char *what)
{
	return sl_err(err, -EINVAL, SL_STAGE_SUPERVISE, "%s", what);
}

int sandlock_list(sandlock_listing **ret_listing, sandlock_error *err)
{
	struct sl_listing *listing;
	int r;

	if (!ret_listing)
		return bad(sl_api_error(err), "ret_listing is NULL");
	r = sl_control_list(&listing, sl_api_error(err));
	if (r == 0)
		*ret_listing = (sandlock_listing *)listing;
	return r;
}

int sandlock_inspect(const char *name, sandlock_listing **ret_listing,
		     sandlock_error *err)
{
	struct sl_listing *listing;
	int r;

	if (!name || !ret_listing)
		return bad(sl_api_error(err), "name or ret_listing is NULL");
	r = sl_control_inspect(name, &listing, sl_api_error(err));
	if (r == 0)
		*ret_listing = (sandlock_listing *)listing;
	return r;
}

int sandlock_listing_at(const sandlock_listing *listing, size_t index,
			sandlock_instance *ret_instance)
{
	static const char *const none[] = { NULL };
	const struct sl_listing *l = (const struct sl_listing *)listing;
	const struct sl_found *found;
	sandlock_instance i = { 0 };

	if (!listing || !ret_instance ||
	    ret_instance->size < offsetof(sandlock_instance, argv_cut))
		return -EINVAL;
	if (index >= l->count)
		return -ERANGE;
	found = &l->items[index];
	i.size = ret_instance->size;
	i.name = found->name;
	i.pid = found->pid;
	i.supervisor = found->supervisor;
	i.started_ns = found->started_ns;
	i.age_ns = found->age_ns;
	i.argv = found->argv ? (const char *const *)found->argv : none;
	i.cwd = found->cwd;
	i.policy = found->policy;
	i.state = found->state;
	i.argv_cut = found->argv_cut;
	memcpy(ret_instance, &i, SL_MIN(i.size, sizeof(i)));
	return 0;
}

int sandlock_ports(const char *name, sandlock_listing **ret_listing,
		   sandlock_error *err)
{
	struct sl_listing *listing;
	int r;

	if (!name || !ret_listing)
		return bad(sl_api_error(err), "name or ret_listing is NULL");
	r = sl_control_ports(name, &listing, sl_api_error(err));
	if (r == 0)
		*ret_listing = (sandlock_listing *)listing;
	return r;
}

int sandlock_listing_port(const sandlock_listing *listing, size_t index,
			  size_t port, sandlock_port *ret_port)
{
	const struct sl_listing *l = (const struct sl_listing *)listing;
	const struct sl_port *found;
	sandlock_port p = { 0 };

	if (!listing || !ret_port || ret_port->size < sizeof(p) ||
	    ret_port->size > SL_API_MAX_STRUCT)
		return -EINVAL;
	if (index >= l->count || port >= l->items[index].port_count)
		return -ERANGE;
	found = &l->items[index].ports[port];
	p.size = ret_port->size;
	p.protocol = found->proto == SL_NET_TCP ? "tcp" : "udp";
	inet_ntop(found->family == 4 ? AF_INET : AF_INET6, found->addr,
		  p.address, sizeof(p.address));
	p.port = found->port;
	p.real = found->real;
	memset(ret_port, 0, p.size);
	memcpy(ret_port, &p, sizeof(p));
	return 0;
}

void sandlock_listing_free(sandlock_listing *listing)
{
	sl_listing_free((struct sl_listing *)listing);
}

int sandlock_signal(const char *name, int sig, sandlock_error *err)
{
	if (!name)
		return bad(sl_api_error(err), "name is NULL");
	if (sig < 1 || sig > 64)
		return bad(sl_api_error(err), "no signal has this number");
	return sl_control_signal(name, sig, sl_api_error(err));
}

int sandlock_kill(const char *name, int64_t grace_ms, int64_t timeout_ms,
		  sandlock_error *err)
{
	if (!name)
		return bad(sl_api_error(err), "name is NULL");
	if (grace_ms < 0)
		return bad(sl_api_error(err), "grace_ms is negative");
	return sl_control_kill(name, grace_ms, timeout_ms, sl_api_error(err));
}

int sandlock_events_open(const char *name, sandlock_events **ret_events,
			 sandlock_error *err)
{
	struct sl_watch *watch;
	int r;

	if (!ret_events)
		return bad(sl_api_error(err), "ret_events is NULL");
	r = sl_watch_open(name, &watch, sl_api_error(err));
	if (r == 0)
		*ret_events = (sandlock_events *)watch;
	return r;
}

int sandlock_events_fd(const sandlock_events *events)
{
	return events ? sl_watch_fd((const struct sl_watch *)events) : -EINVAL;
}

int sandlock_events_next(sandlock_events *events, int64_t timeout_ms,
			 sandlock_event *ret_event, sandlock_error *err)
{
	struct sl_happened happened;
	sandlock_event e = { 0 };
	int r;

	if (!events || !ret_event)
		return bad(sl_api_error(err), "events or ret_event is NULL");
	if (ret_event->size < offsetof(sandlock_event, signal))
		return bad(sl_api_error(err), "ret_event.size is not set");
	r = sl_watch_next((struct sl_watch *)events, timeout_ms, &happened,
			  sl_api_error(err));
	if (r < 0)
		return r;
	e.size = ret_event->size;
	e.name = happened.name;
	e.json = happened.json;
	e.time_ns = happened.head.time_ns;
	e.pid = happened.head.pid;
	e.count = happened.head.count;
	e.kind = happened.head.kind;
	e.reason = happened.head.reason;
	e.code = happened.head.code;
	e.signal = happened.head.signal;
	memcpy(ret_event, &e, SL_MIN(e.size, sizeof(e)));
	return 0;
}

void sandlock_events_free(sandlock_events *events)
{
	sl_watch_free((struct sl_watch *)events);
}
