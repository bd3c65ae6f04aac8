/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers of tasks are used again: a caller's may be a thread of ours by the
 * time that something is written into it. Here it is one from the beginning,
 * and our memory stays as it is.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/caller.h"
#include "supervise/handlers.h"
#include "supervise/remote.h"
#include "sys/process.h"

#define UNTOUCHED 0x5a5a5a5au

/* ------------------------------------------------ a thread of ours */

static pid_t tid_of_thread;
static int told[2];

static void *thread_main(void *arg)
{
	char byte = (char)gettid();

	*(pid_t *)arg = gettid();
	if (write(told[1], &byte, 1) == 1)
		for (;;)
			pause();
	return NULL;
}

static pid_t thread_of_ours(void)
{
	pthread_t thread;
	char byte;

	ASSERT_EQ(pipe(told), 0);
	ASSERT_EQ(pthread_create(&thread, NULL, thread_main, &tid_of_thread), 0);
	ASSERT_EQ(read(told[0], &byte, 1), 1);
	ASSERT_NE(tid_of_thread, getpid());
	return tid_of_thread;
}

static void pose_as(struct caller *caller, pid_t tid)
{
	caller->notif.pid = (uint32_t)tid;
}

TEST(threads_of_ours_are_known)
{
	pid_t child = fork();

	if (child == 0)
		for (;;)
			pause();
	EXPECT_TRUE(sl_process_is_ours(getpid()));
	EXPECT_TRUE(sl_process_is_ours(thread_of_ours()));
	EXPECT_FALSE(sl_process_is_ours(child));
	EXPECT_FALSE(sl_process_is_ours(getppid()));
}

TEST(nothing_is_written_to_ourselves)
{
	static uint32_t word = UNTOUCHED;
	pid_t tid = thread_of_ours();
	struct caller caller;
	uint32_t len = 7;

	caller_start(&caller, NULL);
	caller_trap(&caller, ARGS(ADDR(&word)));
	/* Whom it is meant for gets it: a copy of the same address. */
	EXPECT_EQ(sl_remote_write(&caller.call, ADDR(&word), &len, sizeof(len)),
		  0);
	pose_as(&caller, tid);
	EXPECT_EQ(sl_remote_write(&caller.call, ADDR(&word), &len, sizeof(len)),
		  -ESRCH);
	pose_as(&caller, getpid());
	EXPECT_EQ(sl_remote_write(&caller.call, ADDR(&word), &len, sizeof(len)),
		  -ESRCH);
	EXPECT_EQ(word, UNTOUCHED);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
}

/* ------------------------------------------------ sendmmsg */

static char text[] = "text";
static struct iovec iov = { text, sizeof(text) };
static struct mmsghdr messages[1] = {
	{ .msg_hdr = { .msg_iov = &iov, .msg_iovlen = 1 }, .msg_len = UNTOUCHED }
};

static long length_there(struct shared *shared)
{
	(void)shared;
	return messages[0].msg_len;
}

static void fill(int fd)
{
	while (send(fd, text, sizeof(text), MSG_DONTWAIT) >= 0)
		;
}

static void drain(int fd)
{
	char buf[sizeof(text)];

	while (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) > 0)
		;
}

/* A send that had to wait, so that a patient thread reports what was sent, to
 * whom task @tid is. What the caller got, and its and our length. */
static void send_late(pid_t tid, long *result, long *theirs)
{
	struct sl_answer answer;
	struct caller caller;
	int pair[2];

	ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM, 0, pair), 0);
	fill(pair[0]);
	caller_start(&caller, NULL);
	caller_trap(&caller, ARGS(pair[0], ADDR(messages), 1, 0));
	if (tid)
		pose_as(&caller, tid);
	answer = sl_h_sendmmsg(&caller.call);
	ASSERT_EQ(answer.kind, SL_ANSWER_LATER);
	drain(pair[1]);
	*result = caller_answer(&caller, answer);
	*theirs = caller_run(&caller, length_there);
	caller_end(&caller);
}

TEST(a_late_length_goes_to_the_caller)
{
	long result, theirs;

	send_late(0, &result, &theirs);
	EXPECT_EQ(result, 1);
	EXPECT_EQ(theirs, sizeof(text));
	EXPECT_EQ(messages[0].msg_len, UNTOUCHED);
}

TEST(a_late_length_is_not_written_to_ourselves)
{
	long result, theirs;

	send_late(thread_of_ours(), &result, &theirs);
	EXPECT_EQ(result, -EINTR);
	EXPECT_EQ(theirs, UNTOUCHED);
	EXPECT_EQ(messages[0].msg_len, UNTOUCHED);
}
