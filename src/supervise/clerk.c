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
#include "sys/object.h"

#define STACK (PTHREAD_STACK_MIN + (16u << 10))

enum { IDLE = 0, ASKED, ANSWERED, OVER };

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

static void *clerk_main(void *arg)
{
	struct sl_clerk *clerk = arg;

	while (await(clerk, ASKED, OVER) == ASKED) {
		clerk->answer = look_up(clerk->tid);
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

int sl_clerk_umask(struct sl_clerk *clerk, int32_t tid)
{
	if (!clerk->runs)
		return -EPERM;
	clerk->tid = tid;
	hand_over(clerk, ASKED);
	await(clerk, ANSWERED, ANSWERED);
	return clerk->answer;
}
