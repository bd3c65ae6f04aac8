/* SPDX-License-Identifier: Apache-2.0 */
/* The ring between the judge and the dispatcher, and how denials are folded. */
#include "supervise/event.h"

#include "harness/harness.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/limits.h"
#include "run/denials.h"

static struct sl_event event_of(unsigned int n, size_t object_len)
{
	struct sl_event event = { .info = { .time_ns = n,
					    .item = -1,
					    .error = 1,
					    .rule = SL_RULE_NO_GRANT,
					    .access = SL_TRY_READ,
					    .object_len = (uint16_t)object_len } };

	event.info.program_len = (uint16_t)(n % SL_EVENT_PROGRAM);
	memset(event.program, (int)(n & 0xff), event.info.program_len);
	memset(event.object, (int)(n >> 8 & 0xff), object_len);
	return event;
}

/* Every byte is of one event. */
static bool is_whole(const struct sl_event *event, size_t object_len)
{
	unsigned int n = (unsigned int)event->info.time_ns;

	if (event->info.object_len != object_len ||
	    event->info.program_len != n % SL_EVENT_PROGRAM)
		return false;
	for (size_t i = 0; i < event->info.program_len; i++)
		if ((unsigned char)event->program[i] != (n & 0xff))
			return false;
	for (size_t i = 0; i < object_len; i++)
		if ((unsigned char)event->object[i] != (n >> 8 & 0xff))
			return false;
	return true;
}

TEST(events_come_out_as_they_went_in)
{
	struct sl_event_ring *ring = sl_event_ring_new();
	struct sl_event in, out;

	ASSERT_TRUE(ring != NULL);
	EXPECT_FALSE(sl_event_pop(ring, &out));
	/* Many times around, with every place of the end. */
	for (unsigned int n = 0; n < 5000; n++) {
		in = event_of(n, n * 7 % (PATH_MAX + 1));
		sl_event_push(ring, &in);
		ASSERT_TRUE(sl_event_pop(ring, &out));
		ASSERT_EQ(out.info.time_ns, n);
		ASSERT_TRUE(is_whole(&out, n * 7 % (PATH_MAX + 1)));
	}
	EXPECT_FALSE(sl_event_pop(ring, &out));
	EXPECT_EQ(sl_event_dropped(ring), 0);
	sl_event_ring_free(ring);
}

TEST(lengths_beyond_the_strings_are_cut)
{
	struct sl_event_ring *ring = sl_event_ring_new();
	struct sl_event in = event_of(1, 10), out;

	in.info.program_len = in.info.object_len = UINT16_MAX;
	sl_event_push(ring, &in);
	ASSERT_TRUE(sl_event_pop(ring, &out));
	EXPECT_EQ(out.info.program_len, SL_EVENT_PROGRAM);
	EXPECT_EQ(out.info.object_len, PATH_MAX);
	sl_event_ring_free(ring);
}

TEST(what_finds_no_room_is_counted)
{
	struct sl_event_ring *ring = sl_event_ring_new();
	unsigned int kept = 0;
	struct sl_event in, out;

	for (unsigned int n = 0; n < 1000; n++) {
		in = event_of(n, PATH_MAX);
		sl_event_push(ring, &in);
	}
	while (sl_event_pop(ring, &out)) {
		/* The first ones, in order. */
		EXPECT_EQ(out.info.time_ns, kept);
		EXPECT_TRUE(is_whole(&out, PATH_MAX));
		kept++;
	}
	EXPECT_GT(kept, 20);
	EXPECT_LT(kept, 100);
	EXPECT_EQ(kept + sl_event_dropped(ring), 1000);
	/* And there is room again. */
	in = event_of(7, 100);
	sl_event_push(ring, &in);
	EXPECT_TRUE(sl_event_pop(ring, &out));
	sl_event_ring_free(ring);
}

static bool readable(int fd)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

static void woken(struct sl_event_ring *ring, int fd, bool live)
{
	struct sl_event in = event_of(1, 100), out;
	uint64_t count;

	sl_event_ring_wake(ring, fd, live);
	sl_event_push(ring, &in);
	EXPECT_EQ(readable(fd), live);
	if (live)
		ASSERT_EQ(read(fd, &count, 8), 8);
	sl_event_push(ring, &in);
	EXPECT_FALSE(readable(fd)); /* once, until it is found empty */
	while (sl_event_pop(ring, &out))
		;
	sl_event_push(ring, &in);
	EXPECT_EQ(readable(fd), live);
}

TEST(a_reader_is_woken_once_until_it_has_drained)
{
	struct sl_event_ring *ring = sl_event_ring_new();

	woken(ring, eventfd(0, EFD_NONBLOCK), true);
	sl_event_ring_free(ring);
}

TEST(a_reader_that_does_not_listen_is_woken_before_the_ring_is_full)
{
	struct sl_event_ring *ring = sl_event_ring_new();
	int fd = eventfd(0, EFD_NONBLOCK);
	struct sl_event in = event_of(1, 4000);

	woken(ring, fd, false);
	for (int i = 0; i < 200 && !readable(fd); i++)
		sl_event_push(ring, &in);
	EXPECT_TRUE(readable(fd));
	EXPECT_EQ(sl_event_dropped(ring), 0);
	sl_event_ring_free(ring);
}

#define RACE_EVENTS 300000u

static void *write_many(void *arg)
{
	for (unsigned int n = 0; n < RACE_EVENTS; n++) {
		struct sl_event in = event_of(n, n % 300);

		sl_event_push(arg, &in);
	}
	return NULL;
}

TEST(two_threads_never_see_half_an_event)
{
	struct sl_event_ring *ring = sl_event_ring_new();
	int fd = eventfd(0, EFD_NONBLOCK);
	uint64_t got = 0, last = 0, count;
	struct pollfd pfd = { .fd = fd, .events = POLLIN };
	struct sl_event out;
	pthread_t thread;

	sl_event_ring_wake(ring, fd, true);
	ASSERT_EQ(pthread_create(&thread, NULL, write_many, ring), 0);
	while (got + sl_event_dropped(ring) < RACE_EVENTS) {
		while (sl_event_pop(ring, &out)) {
			ASSERT_TRUE(is_whole(&out, out.info.time_ns % 300));
			ASSERT_TRUE(!got || out.info.time_ns > last);
			last = out.info.time_ns;
			got++;
		}
		/* A wake-up that is lost would end here. */
		if (got + sl_event_dropped(ring) < RACE_EVENTS)
			ASSERT_GE(poll(&pfd, 1, 20000), 1);
		if (read(fd, &count, 8) < 0)
			continue;
	}
	pthread_join(thread, NULL);
	EXPECT_GT(got, 1000);
	sl_event_ring_free(ring);
}

/* ------------------------------------------------ folding */

TEST(equal_denials_are_one_with_a_count)
{
	struct sl_denials d = { 0 };
	struct sl_event event = event_of(1, 20);

	for (int i = 0; i < 5; i++) {
		event.info.time_ns++;
		event.info.pid = i;
		sl_denials_add(&d, &event);
	}
	event.info.error = 13;
	sl_denials_add(&d, &event);
	event.object[19] = 'x';
	sl_denials_add(&d, &event);
	event.info.object_len--; /* 19 bytes are another name than 20 */
	sl_denials_add(&d, &event);
	EXPECT_EQ(d.count, 4);
	EXPECT_EQ(sl_denials_total(&d), 8);
	EXPECT_EQ(sl_denials_at(&d, 0)->count, 5);
	EXPECT_EQ(sl_denials_at(&d, 0)->info.time_ns, 2);
	EXPECT_EQ(sl_denials_at(&d, 1)->info.error, 13);
	EXPECT_EQ(strlen(sl_denials_at(&d, 3)->object), 0); /* zero bytes */
	EXPECT_TRUE(sl_denials_at(&d, 4) == NULL);
	sl_denials_fini(&d);
}

TEST(the_list_ends_and_the_counting_does_not)
{
	struct sl_denials d = { .live = true };
	struct sl_event event = event_of(1, 200);
	uint64_t read = 0;

	for (unsigned int n = 0; n < 100000; n++) {
		memcpy(event.object, &n, sizeof(n));
		sl_denials_add(&d, &event);
	}
	EXPECT_EQ(d.count, SL_MAX_DENIALS);
	EXPECT_LE(d.bytes, SL_MAX_DENIAL_BYTES);
	EXPECT_EQ(sl_denials_total(&d), 100000);
	while (sl_denials_next(&d))
		read++;
	EXPECT_EQ(read, SL_MAX_DENIALS_WAITING);
	/* Those that are kept go on counting. */
	memset(event.object, 0, sizeof(unsigned int));
	sl_denials_add(&d, &event);
	EXPECT_EQ(sl_denials_at(&d, 0)->count, 2);
	sl_denials_fini(&d);
}

TEST(long_names_meet_the_limit_on_bytes)
{
	struct sl_denials d = { 0 };
	struct sl_event event = event_of(1, PATH_MAX);

	for (unsigned int n = 0; n < 2000; n++) {
		memcpy(event.object, &n, sizeof(n));
		sl_denials_add(&d, &event);
	}
	EXPECT_LE(d.bytes, SL_MAX_DENIAL_BYTES);
	EXPECT_GT(d.count, 200);
	EXPECT_LT(d.count, 300);
	EXPECT_EQ(sl_denials_total(&d), 2000);
	sl_denials_fini(&d);
}
