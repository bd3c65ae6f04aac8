/* SPDX-License-Identifier: Apache-2.0 */
/* See clerk.h. One question at a time, handed over by one word. */
#include "supervise/clerk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/hold.h"
#include "supervise/memory.h"
#include "supervise/meter.h"
#include "supervise/sockets.h"
#include "sys/object.h"
#include "sys/process.h"

#define STACK (PTHREAD_STACK_MIN + (64u << 10))

enum { IDLE = 0, ASKED, ANSWERED, OVER };
enum { UMASK = 0, LOOK, MEASURE, METER, WATCH, SOCKETS };

static void hand_over(struct sl_clerk *clerk, uint32_t word)
{
	__atomic_store_n(&clerk->word, word, __ATOMIC_RELEASE);
	syscall(SYS_futex, &clerk->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

/* Until the word is @one or @other. */
static uint32_t await(struct sl_clerk *clerk, uint32_t one, uint32_t other)
{
	for (;;) {
		uint32_t now = __atomic_load_n(&clerk->word, __ATOMIC_ACQUIRE);

		if (now == one || now == other)
			return now;
		syscall(SYS_futex, &clerk->word, FUTEX_WAIT_PRIVATE, now, NULL,
			NULL, 0);
	}
}

/* "Umask:\t0022" is the second line; the first is a name of 16 bytes, escaped,
 * that the task chose, so without a newline. */
static int look_up(int32_t tid)
{
	char path[40] = "/proc/", text[256], *at;
	long mask;
	ssize_t n;

	at = sl_object_number(path + 6, (unsigned int)tid);
	memcpy(at, "/status", sizeof("/status"));
	sl_autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -EPERM;
	n = read(fd, text, sizeof(text) - 1);
	if (n <= 0)
		return -ESRCH;
	text[n] = '\0';
	at = strstr(text, "\nUmask:\t");
	if (!at)
		return -EPERM;
	mask = strtol(at + 8, NULL, 8);
	return mask < 0 || mask > 0777 ? -EPERM : (int)mask;
}

static int answer(struct sl_clerk *clerk)
{
	switch (clerk->question) {
	case LOOK:
		return sl_proc_look(clerk->tid, clerk->look);
	case MEASURE:
		return sl_memory_measure(clerk->memory);
	case METER:
		return sl_meter_read(clerk->meter);
	case WATCH:
		sl_hold_watch(clerk->hold);
		return 0;
	case SOCKETS:
		return sl_sockets_collect(clerk->sockets);
	default:
		return look_up(clerk->tid);
	}
}

static void *clerk_main(void *arg)
{
	struct sl_clerk *clerk = arg;

	sl_process_be_prompt();
	while (await(clerk, ASKED, OVER) == ASKED) {
		int64_t begun = sl_meter_spent();

		clerk->answer = answer(clerk);
		if (clerk->charge_ns)
			__atomic_fetch_add(clerk->charge_ns,
					   sl_meter_spent() - begun,
					   __ATOMIC_RELAXED);
		hand_over(clerk, ANSWERED);
	}
	return NULL;
}

int sl_clerk_start(struct sl_clerk *clerk)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r)
		return -r;
	pthread_attr_setstacksize(&attr, STACK);
	r = pthread_create(&clerk->thread, &attr, clerk_main, clerk);
	pthread_attr_destroy(&attr);
	clerk->runs = r == 0;
	return -r;
}

void sl_clerk_stop(struct sl_clerk *clerk)
{
	if (!clerk->runs)
		return;
	hand_over(clerk, OVER);
	pthread_join(clerk->thread, NULL);
	clerk->runs = false;
}

static void put(struct sl_clerk *clerk, uint32_t question)
{
	clerk->question = question;
	hand_over(clerk, ASKED);
}

static int ask(struct sl_clerk *clerk, uint32_t question)
{
	if (!clerk->runs)
		return -EPERM;
	put(clerk, question);
	await(clerk, ANSWERED, ANSWERED);
	return clerk->answer;
}

int sl_clerk_umask(struct sl_clerk *clerk, int32_t tid)
{
	clerk->tid = tid;
	return ask(clerk, UMASK);
}

int sl_clerk_look(struct sl_clerk *clerk, int32_t tid,
		  struct sl_thread_look *ret_look)
{
	clerk->tid = tid;
	clerk->look = ret_look;
	return ask(clerk, LOOK);
}

int sl_clerk_measure(struct sl_clerk *clerk, struct sl_memory *memory)
{
	clerk->memory = memory;
	return ask(clerk, MEASURE);
}

int sl_clerk_meter(struct sl_clerk *clerk, struct sl_meter *meter)
{
	clerk->meter = meter;
	return ask(clerk, METER);
}

int sl_clerk_sockets(struct sl_clerk *clerk, struct sl_sockets *sockets)
{
	clerk->sockets = sockets;
	return ask(clerk, SOCKETS);
}

void sl_clerk_watch(struct sl_clerk *clerk, struct sl_hold *hold)
{
	clerk->hold = hold;
	put(clerk, WATCH);
}

void sl_clerk_watched(struct sl_clerk *clerk)
{
	await(clerk, ANSWERED, ANSWERED);
}
