/* SPDX-License-Identifier: Apache-2.0 */
/* The arithmetic of a share of the processor, on looks that are made up. */
#include "harness/harness.h"
#include "supervise/meter.h"
#include "supervise/share.h"

#define MS 1000000ll

static struct sl_meter_process processes[4];
static struct sl_meter meter = { .list = processes };
static struct sl_share share;
static int64_t now, judged;
static uint64_t reaped;

static void begin(uint32_t percent, uint32_t cores)
{
	now = 1000 * MS;
	judged = 0;
	sl_share_init(&share, percent, cores, now);
}

static void shows(size_t i, int32_t pid, int64_t own, int64_t kids)
{
	processes[i] = (struct sl_meter_process){
		.pid = pid,
		.start = 7,
		.own_ns = (uint64_t)own,
		.kids_ns = (uint64_t)kids,
	};
	meter.count = i + 1;
}

/* What is charged at a look that much later. */
static int64_t after(int64_t passed)
{
	now += passed;
	return sl_share_charge(&share, &meter, reaped, judged, now);
}

TEST(what_is_used_is_charged_once)
{
	begin(50, 2);
	shows(0, 10, 5 * MS, 0);
	EXPECT_EQ(after(10 * MS), 5 * MS);
	shows(0, 10, 9 * MS, 0);
	EXPECT_EQ(after(10 * MS), 4 * MS);
	EXPECT_EQ(after(10 * MS), 0);
	sl_share_fini(&share);
}

TEST(what_its_calls_cost_the_judge_is_charged)
{
	begin(50, 2);
	shows(0, 10, 5 * MS, 0);
	judged = 3 * MS;
	EXPECT_EQ(after(10 * MS), 8 * MS);
	EXPECT_EQ(after(10 * MS), 0);
	/* Also while ends of others are late. */
	judged += 4 * MS;
	meter.count = 0;
	EXPECT_EQ(after(10 * MS), 4 * MS);
	EXPECT_EQ(after(10 * MS), 0);
	sl_share_fini(&share);
}

TEST(a_full_bucket_is_a_tenth_of_a_second)
{
	begin(50, 2);
	EXPECT_EQ(share.tokens_ns, 50 * MS);
	shows(0, 10, 0, 0);
	after(60000 * MS);
	EXPECT_EQ(share.tokens_ns, 50 * MS);
	EXPECT_EQ(sl_share_pause(&share), 50 * MS / 150 * 100);
	sl_share_fini(&share);
}

TEST(debt_is_paid_by_waiting)
{
	begin(50, 2);
	shows(0, 10, 200 * MS, 0);
	after(200 * MS);
	EXPECT_EQ(share.tokens_ns, -50 * MS);
	EXPECT_FALSE(sl_share_refilled(&share));
	EXPECT_EQ(sl_share_pause(&share), 150 * MS);
	after(149 * MS);
	EXPECT_FALSE(sl_share_refilled(&share));
	after(1 * MS);
	EXPECT_TRUE(sl_share_refilled(&share));
	sl_share_fini(&share);
}

TEST(a_share_may_be_more_than_a_core)
{
	begin(150, 2);
	shows(0, 10, 2000 * MS, 0);
	after(1000 * MS);
	EXPECT_EQ(share.tokens_ns, -350 * MS);
	sl_share_fini(&share);
}

TEST(what_was_waited_for_is_not_charged_again)
{
	begin(50, 1);
	shows(0, 10, 0, 0);
	shows(1, 11, 30 * MS, 0);
	EXPECT_EQ(after(100 * MS), 30 * MS);
	shows(0, 10, 0, 30 * MS);
	EXPECT_EQ(after(100 * MS), 0);
	/* As the child of somebody that is gone as well. */
	meter.count = 0;
	reaped = 30 * MS;
	EXPECT_EQ(after(100 * MS), 0);
	reaped = 0;
	sl_share_fini(&share);
}

TEST(a_sum_may_come_a_look_later)
{
	begin(50, 1);
	shows(0, 10, 0, 10 * MS);
	shows(1, 11, 30 * MS, 0);
	EXPECT_EQ(after(100 * MS), 40 * MS);
	shows(0, 10, 0, 10 * MS);
	EXPECT_EQ(after(100 * MS), 0);
	shows(0, 10, 0, 50 * MS);
	/* 20 of the missing 30 may be a matter of ticks, and some more. */
	EXPECT_LE(after(100 * MS), 20 * MS);
	sl_share_fini(&share);
}

TEST(nobody_uses_more_than_there_is)
{
	begin(50, 2);
	shows(0, 10, 0, 0);
	shows(1, 11, 5 * MS, 0);
	after(10 * MS);
	/* It ended, and shows on both sides. */
	shows(0, 10, 0, 90000 * MS);
	shows(1, 11, 90000 * MS, 0);
	EXPECT_LE(after(10 * MS), 2 * 20 * MS + 40 * MS);
	sl_share_fini(&share);
}

TEST(ends_that_nobody_waits_for_are_noticed)
{
	int64_t sum = 0;

	begin(50, 1);
	for (int32_t i = 0; i < 100; i++) {
		shows(0, 10, 0, 0);
		/* Seen early: it had 1 ms so far, and 9 to come. */
		shows(1, 11 + i, 1 * MS, 0);
		meter.running_count = 1;
		meter.weight = 1000;
		sum += after(10 * MS);
	}
	EXPECT_TRUE(sl_share_samples(&share, now));
	EXPECT_GT(sum, 900 * MS);
	EXPECT_LE(sum, 1000 * MS);
	sl_share_fini(&share);
}

TEST(another_process_of_that_number_is_new)
{
	begin(50, 1);
	shows(0, 10, 30 * MS, 0);
	after(100 * MS);
	shows(0, 10, 30 * MS, 0);
	processes[0].start = 8;
	reaped = 30 * MS;
	EXPECT_EQ(after(100 * MS), 30 * MS);
	reaped = 0;
	sl_share_fini(&share);
}
