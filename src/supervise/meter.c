/* SPDX-License-Identifier: Apache-2.0 */
/* See meter.h. */
#include "supervise/meter.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/proc.h"

#define NS_PER_SEC 1000000000ull
/* A clock's number has the process in it, as clock_getcpuclockid(3) makes it. */
#define CLOCK_SCHED 2
#define WHOLE 1000ull

static uint64_t ticks_ns(uint64_t ticks)
{
	long hz = sysconf(_SC_CLK_TCK);

	return ticks * (NS_PER_SEC / (uint64_t)(hz > 0 ? hz : 100));
}

static bool process_clock(int32_t pid, uint64_t *ret_ns)
{
	struct timespec ts;

	if (clock_gettime((clockid_t)((~(unsigned int)pid << 3) | CLOCK_SCHED),
			  &ts) < 0)
		return false;
	*ret_ns = (uint64_t)ts.tv_sec * NS_PER_SEC + (uint64_t)ts.tv_nsec;
	return true;
}

static bool wanted(const struct sl_meter *meter, char state)
{
	return state == 'R' || (meter->want == SL_METER_AWAKE && state == 'S');
}

/* KERNEL: "RAN WAITED TIMES", in ns, where the scheduler keeps statistics. Of a
 * processor that others want as well it had a part. */
static uint64_t weight_of(int32_t pid, int32_t tid)
{
	char path[48], text[96], *end;
	uint64_t ran, waited;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", pid, tid);
	if (sl_proc_slurp(path, text, sizeof(text)) <= 0)
		return WHOLE;
	ran = strtoull(text, &end, 10) / WHOLE;
	waited = strtoull(end, NULL, 10) / WHOLE;
	return ran + waited ? SL_MIN(ran * WHOLE / (ran + waited), WHOLE) : WHOLE;
}

static int add_running(struct sl_meter *meter, int32_t pid, int32_t tid)
{
	if (meter->running_count == meter->running_room) {
		size_t room = meter->running_room ? 2 * meter->running_room : 64;
		void *list = realloc(meter->running,
				     room * sizeof(*meter->running));

		if (!list)
			return -ENOMEM;
		meter->running = list;
		meter->running_room = room;
	}
	meter->weight += weight_of(pid, tid);
	meter->running[meter->running_count++] =
		(struct sl_meter_thread){ .pid = pid, .tid = tid };
	return 0;
}

/* SECURITY: only that is "it is gone". What cannot be read for another reason,
 * as without a descriptor, is not counted as nothing. */
static bool is_gone(int r)
{
	return r == -ESRCH || r == -ENOENT;
}

static int add_threads(struct sl_meter *meter, int32_t pid)
{
	struct sl_proc_stat stat;
	struct dirent *entry;
	char path[48];
	DIR *dir;
	int r = 0;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	if (!dir)
		return is_gone(-errno) ? 0 : -errno;
	while (r == 0 && (entry = readdir(dir))) {
		int32_t tid = (int32_t)strtol(entry->d_name, NULL, 10);

		if (tid <= 0)
			continue;
		r = sl_proc_stat(pid, tid, &stat);
		if (r == 0 && wanted(meter, stat.state))
			r = add_running(meter, pid, tid);
		else if (is_gone(r))
			r = 0;
	}
	closedir(dir);
	return r;
}

/* 0; -ESRCH: it is gone; another negative errno. */
static int read_process(struct sl_meter_process *p, struct sl_proc_stat *ret_stat)
{
	int r = sl_proc_stat(p->pid, 0, ret_stat);

	if (r < 0)
		return r;
	p->start = ret_stat->start;
	p->kids_ns = ticks_ns(ret_stat->kids);
	if (!process_clock(p->pid, &p->own_ns))
		p->own_ns = ticks_ns(ret_stat->spent);
	return 0;
}

int64_t sl_meter_spent(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (int64_t)ts.tv_sec * (int64_t)NS_PER_SEC + ts.tv_nsec;
}

int sl_meter_read(struct sl_meter *meter)
{
	int64_t begun = sl_meter_spent();
	size_t kept = 0, gone = 0;
	int r = 0;

	meter->running_count = 0;
	meter->weight = 0;
	for (size_t i = 0; i < meter->count && r == 0; i++) {
		struct sl_meter_process p = { .pid = meter->list[i].pid };
		struct sl_proc_stat stat;

		r = read_process(&p, &stat);
		if (is_gone(r)) {
			gone++;
			r = 0;
			continue;
		}
		if (r < 0)
			break;
		meter->list[kept++] = p;
		if (meter->want == SL_METER_TIME)
			continue;
		if (stat.threads > 1)
			r = add_threads(meter, p.pid);
		else if (wanted(meter, stat.state))
			r = add_running(meter, p.pid, p.pid);
	}
	meter->count = kept;
	if (meter->running_count)
		meter->usual = meter->weight / meter->running_count;
	meter->weight += gone * (meter->usual ? meter->usual : WHOLE);
	meter->cost_ns = sl_meter_spent() - begun;
	return r;
}

void sl_meter_fini(struct sl_meter *meter)
{
	free(meter->list);
	free(meter->running);
	*meter = (struct sl_meter){ 0 };
}
