/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The ring and what fills it. A record is the event but for its strings, then
 * these, each as long as it is; the positions only grow, so that their
 * difference is what is in the ring.
 *
 * SECURITY: the sandbox decides how many events there are and what their
 * strings are. Both are bounded here, and no event makes the judge wait.
 */
#include "supervise/event.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "sys/object.h"

#define RING_BYTES (128u << 10) /* a power of two */
#define RING_FULLISH (RING_BYTES / 2)
#define HEAD sizeof(struct sl_event_info)

_Static_assert((RING_BYTES & (RING_BYTES - 1)) == 0, "positions wrap around");
_Static_assert(sizeof(struct sl_event) < RING_BYTES / 8, "some fit");

struct sl_event_ring {
	uint64_t written; /* by the writer */
	uint64_t dropped;
	uint64_t read;	/* by the reader */
	uint32_t asked; /* wake me: set by the reader, taken by the writer */
	int fd;
	bool live;
	char bytes[RING_BYTES];
};

/* ------------------------------------------------ the ring */

struct sl_event_ring *sl_event_ring_new(void)
{
	struct sl_event_ring *ring;

	ring = mmap(NULL, sizeof(*ring), PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (ring == MAP_FAILED)
		return NULL;
	ring->fd = -1;
	return ring;
}

void sl_event_ring_free(struct sl_event_ring *ring)
{
	if (ring)
		munmap(ring, sizeof(*ring));
}

void sl_event_ring_wake(struct sl_event_ring *ring, int fd, bool live)
{
	ring->fd = fd;
	ring->live = live;
	ring->asked = 1;
}

static void put(struct sl_event_ring *ring, uint64_t at, const void *data,
		size_t len)
{
	size_t from = at % RING_BYTES;
	size_t first = SL_MIN(len, RING_BYTES - from);

	memcpy(ring->bytes + from, data, first);
	memcpy(ring->bytes, (const char *)data + first, len - first);
}

static void get(const struct sl_event_ring *ring, uint64_t at, void *data,
		size_t len)
{
	size_t from = at % RING_BYTES;
	size_t first = SL_MIN(len, RING_BYTES - from);

	memcpy(data, ring->bytes + from, first);
	memcpy((char *)data + first, ring->bytes, len - first);
}

/* At most once until the reader has found the ring empty. */
static void wake(struct sl_event_ring *ring, uint64_t used)
{
	uint64_t one = 1;

	if (ring->fd < 0 || (!ring->live && used < RING_FULLISH))
		return;
	if (__atomic_exchange_n(&ring->asked, 0, __ATOMIC_SEQ_CST) &&
	    write(ring->fd, &one, sizeof(one)) < 0)
		return; /* only if it is readable already */
}

void sl_event_push(struct sl_event_ring *ring, const struct sl_event *event)
{
	uint64_t read = __atomic_load_n(&ring->read, __ATOMIC_ACQUIRE);
	uint64_t at = ring->written;
	struct sl_event_info info = event->info;
	size_t len;

	info.program_len = (uint16_t)SL_MIN(info.program_len, SL_EVENT_PROGRAM);
	info.object_len = (uint16_t)SL_MIN(info.object_len, PATH_MAX);
	len = HEAD + info.program_len + info.object_len;
	if (len > RING_BYTES - (at - read)) {
		__atomic_store_n(&ring->dropped, ring->dropped + 1,
				 __ATOMIC_RELEASE);
		return;
	}
	put(ring, at, &info, HEAD);
	put(ring, at + HEAD, event->program, info.program_len);
	put(ring, at + HEAD + info.program_len, event->object, info.object_len);
	__atomic_store_n(&ring->written, at + len, __ATOMIC_SEQ_CST);
	wake(ring, at + len - read);
}

static bool take(struct sl_event_ring *ring, struct sl_event *ret_event)
{
	uint64_t written = __atomic_load_n(&ring->written, __ATOMIC_SEQ_CST);
	const struct sl_event_info *info = &ret_event->info;
	uint64_t at = ring->read;

	if (at == written)
		return false;
	get(ring, at, &ret_event->info, HEAD);
	at += HEAD;
	get(ring, at, ret_event->program, info->program_len);
	at += info->program_len;
	get(ring, at, ret_event->object, info->object_len);
	at += info->object_len;
	__atomic_store_n(&ring->read, at, __ATOMIC_RELEASE);
	return true;
}

bool sl_event_pop(struct sl_event_ring *ring, struct sl_event *ret_event)
{
	if (take(ring, ret_event))
		return true;
	/* Ask first, look again then: an event in between woke nobody. */
	__atomic_store_n(&ring->asked, 1, __ATOMIC_SEQ_CST);
	return take(ring, ret_event);
}

uint64_t sl_event_dropped(const struct sl_event_ring *ring)
{
	return __atomic_load_n(&ring->dropped, __ATOMIC_ACQUIRE);
}

/* ------------------------------------------------ the judge's side */

void sl_event_deny(struct sl_call *call, enum sl_event_rule rule,
		   enum sl_event_access access, int error, int fd)
{
	struct sl_judge *judge = call->judge;
	int len;

	call->denied = (struct sl_denial){ .rule = (uint8_t)rule,
					   .access = (uint8_t)access,
					   .error = error,
					   .item = -1 };
	if (!judge->events || fd < 0)
		return;
	len = sl_pin_text(call, fd, judge->object);
	if (len < 0)
		return;
	call->denied.object = judge->object;
	call->denied.object_len = (size_t)len;
}

void sl_event_deny_process(struct sl_call *call, enum sl_event_rule rule,
			   int error, int pid)
{
	char *text = call->judge->object;

	sl_event_deny(call, rule, SL_TRY_PROCESS, error, -1);
	call->denied.object = text;
	call->denied.object_len =
		(size_t)(sl_object_number(text, (unsigned int)pid) - text);
}

/* Empty where it cannot be known: the caller is gone, or not to be inspected. */
static uint16_t read_program(struct sl_call *call, char *buf, size_t size)
{
	char path[24], *at = sl_object_number(path, call->notif->pid);
	ssize_t len;

	memcpy(at, "/exe", sizeof("/exe"));
	len = readlinkat(call->judge->proc_fd, path, buf, size);
	return len < 0 ? 0 : (uint16_t)len;
}

void sl_event_send(struct sl_call *call, const struct sl_denial *denied)
{
	struct sl_event_ring *ring = call->judge->events;
	int known = sl_sys_find_number(call->notif->data.nr, SL_ARCH_NATIVE);
	int pid = ring ? sl_remote_tgid(call) : 0;
	struct sl_event event;
	struct timespec now;

	if (!ring)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	event.info = (struct sl_event_info){
		.time_ns = (uint64_t)now.tv_sec * 1000000000u +
			   (uint64_t)now.tv_nsec,
		.pid = pid > 0 ? pid : 0,
		.tid = (int32_t)call->notif->pid,
		.item = denied->item,
		.error = denied->error,
		.call = (uint16_t)(known < 0 ? SL_SYS_COUNT : known),
		.rule = denied->rule,
		.access = denied->access,
	};
	memcpy(event.info.args, denied->args, sizeof(event.info.args));
	event.info.program_len = read_program(call, event.program,
					      sizeof(event.program));
	if (denied->object) {
		event.info.object_len = (uint16_t)SL_MIN(denied->object_len,
							 PATH_MAX);
		memcpy(event.object, denied->object, event.info.object_len);
	}
	sl_event_push(ring, &event);
}
