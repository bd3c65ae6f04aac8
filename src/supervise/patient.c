/* SPDX-License-Identifier: Apache-2.0 */
/*
 * See patient.h. One lock over a table of jobs; threads come as they are needed
 * and stay until the end.
 *
 * A system call that blocks is ended by a signal only, so each of these threads
 * has one signal open, whose handler does nothing. It is sent again and again
 * until the job is over, since the first may come before the call blocks. A timer
 * of the thread sends it: other sandboxes of the user can use up the signals that
 * may wait for delivery, and a timer has its own.
 *
 * SECURITY: a job holds copies and held objects only. What it may do was decided
 * before; that its caller is gone meanwhile harms nobody: the descriptors are
 * ours, and an answer to a number that is not waiting goes nowhere.
 */
#include "supervise/patient.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "supervise/judge.h"
#include "supervise/meter.h"
#include "supervise/nudge.h"
#include "sys/process.h"

#define STACK (96u << 10)
#define LOOK_NS 50000000 /* how soon a caller that is gone is noticed */
#define NUDGE_NS 1000000 /* between two signals at the end */

enum state {
	FREE = 0,
	WAITING,
	AT_WORK,
};

struct slot {
	struct sl_job job;
	enum state state;
	pid_t tid;		/* of the thread at work */
	struct sl_hurry *hurry; /* its own */
};

struct sl_patient {
	pthread_mutex_t lock;
	pthread_cond_t work; /* something to do, or the end */
	pthread_cond_t look; /* something to look after, or the end */
	pthread_t threads[SL_PATIENT_THREADS];
	pthread_t watcher;
	bool watched;
	unsigned int count, idle, waiting, at_work;
	bool over;
	int64_t *spent_ns; /* of all jobs together */
	struct slot slots[SL_PATIENT_THREADS];
};

void sl_job_fini(struct sl_job *job)
{
	if (job->drop)
		job->drop(job->more);
	if (job->peer.pin >= 0)
		close(job->peer.pin);
	if (job->sock.fd >= 0)
		close(job->sock.fd);
	job->drop = NULL;
	job->peer.pin = job->sock.fd = -1;
}

/* Under the lock: the thread cannot have gone on to another job. */
static void nudge(struct slot *slot)
{
	atomic_store(&slot->job.stopped, true);
	if (slot->hurry->made)
		sl_hurry_now(slot->hurry);
	else
		sl_nudge(slot->tid);
}

/* ------------------------------------------------ the threads */

static struct slot *find(struct sl_patient *p, enum state state)
{
	for (size_t i = 0; i < SL_PATIENT_THREADS; i++)
		if (p->slots[i].state == state)
			return &p->slots[i];
	return NULL;
}

static void do_job(struct sl_patient *p, struct slot *slot, struct sl_hurry *hurry)
{
	struct sl_answer answer;
	int64_t begun = sl_meter_spent();

	p->waiting--;
	p->at_work++;
	slot->state = AT_WORK;
	slot->tid = gettid();
	slot->hurry = hurry;
	pthread_cond_signal(&p->look);
	pthread_mutex_unlock(&p->lock);
	answer = sl_answer(sl_job_stopped(&slot->job)
				   ? -EINTR
				   : slot->job.work(&slot->job));
	/* What it holds is closed before the caller can go on and count. */
	sl_job_fini(&slot->job);
	__atomic_fetch_add(p->spent_ns, sl_meter_spent() - begun,
			   __ATOMIC_RELAXED);
	sl_judge_answer(slot->job.listener, slot->job.id, &answer);
	pthread_mutex_lock(&p->lock);
	p->at_work--;
	slot->state = FREE;
}

static void *thread_main(void *arg)
{
	struct sl_hurry hurry = { 0 };
	struct sl_patient *p = arg;
	struct slot *slot;

	sl_nudge_allow();
	sl_hurry_prepare(&hurry);
	pthread_mutex_lock(&p->lock);
	while (!p->over || p->waiting) {
		slot = p->waiting ? find(p, WAITING) : NULL;
		if (slot) {
			do_job(p, slot, &hurry);
			continue;
		}
		p->idle++;
		pthread_cond_wait(&p->work, &p->lock);
		p->idle--;
	}
	pthread_mutex_unlock(&p->lock);
	sl_hurry_fini(&hurry);
	return NULL;
}

static void look_around(struct sl_patient *p)
{
	for (size_t i = 0; i < SL_PATIENT_THREADS; i++) {
		struct slot *slot = &p->slots[i];

		if (slot->state == FREE ||
		    sl_notify_alive(slot->job.listener, slot->job.id) == 0)
			continue;
		/* What waits is dropped by a worker: closing may take long,
		 * and only those can be interrupted. */
		if (slot->state == AT_WORK)
			nudge(slot);
		else
			atomic_store(&slot->job.stopped, true);
	}
}

static void wait_ns(pthread_cond_t *cond, pthread_mutex_t *lock, long ns)
{
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += ns;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_clockwait(cond, lock, CLOCK_MONOTONIC, &until);
}

static void *watcher_main(void *arg)
{
	struct sl_patient *p = arg;

	pthread_mutex_lock(&p->lock);
	while (!p->over) {
		if (p->waiting + p->at_work)
			wait_ns(&p->look, &p->lock, LOOK_NS);
		else
			pthread_cond_wait(&p->look, &p->lock);
		look_around(p);
	}
	pthread_mutex_unlock(&p->lock);
	return NULL;
}

/* ------------------------------------------------ the judge's side */

static struct sl_patient *get(struct sl_judge *judge)
{
	struct sl_patient *p = judge->patient;

	if (p)
		return p;
	if (!sl_nudge_signal())
		return NULL;
	p = calloc(1, sizeof(*p));
	if (!p)
		return NULL;
	pthread_mutex_init(&p->lock, NULL);
	pthread_cond_init(&p->work, NULL);
	pthread_cond_init(&p->look, NULL);
	p->spent_ns = &judge->jobs_ns;
	judge->patient = p;
	return p;
}

static int start_thread(pthread_t *thread, void *(*main)(void *), void *arg)
{
	pthread_attr_t attr;
	int r = pthread_attr_init(&attr);

	if (r)
		return -r;
	pthread_attr_setstacksize(&attr, STACK);
	/* All signals are blocked in the judge's thread, and so in this one. */
	r = pthread_create(thread, &attr, main, arg);
	pthread_attr_destroy(&attr);
	return -r;
}

/* Somebody to do one more job: 0 if there will be. */
static int have_threads(struct sl_patient *p)
{
	int r;

	if (!p->watched) {
		r = start_thread(&p->watcher, watcher_main, p);
		if (r < 0)
			return r;
		p->watched = true;
	}
	if (p->idle > p->waiting || p->count == SL_PATIENT_THREADS)
		return 0;
	r = start_thread(&p->threads[p->count], thread_main, p);
	if (r == 0)
		p->count++;
	return r;
}

static int put(struct sl_patient *p, struct sl_job *job)
{
	struct slot *slot = find(p, FREE);

	if (!slot || have_threads(p) < 0)
		return -EAGAIN;
	slot->job = *job;
	slot->state = WAITING;
	p->waiting++;
	pthread_cond_signal(&p->work);
	return 0;
}

struct sl_answer sl_patient_give(struct sl_call *call, struct sl_job *job)
{
	struct sl_patient *p = get(call->judge);
	bool hurried;
	int r = -EAGAIN;

	job->id = call->notif->id;
	job->listener = call->judge->listener;
	atomic_init(&job->stopped, false);
	if (p) {
		pthread_mutex_lock(&p->lock);
		r = put(p, job);
		pthread_mutex_unlock(&p->lock);
	}
	if (r == 0)
		return (struct sl_answer){ .kind = SL_ANSWER_LATER };
	sl_sock_close(call, &job->sock);
	hurried = sl_hurry(&call->judge->hurry);
	sl_job_fini(job);
	if (hurried)
		sl_hurry_over(&call->judge->hurry);
	return sl_answer(r);
}

static void interrupt_all(struct sl_patient *p)
{
	pthread_mutex_lock(&p->lock);
	p->over = true;
	for (size_t i = 0; i < SL_PATIENT_THREADS; i++)
		if (p->slots[i].state == WAITING)
			atomic_store(&p->slots[i].job.stopped, true);
	pthread_cond_broadcast(&p->work);
	pthread_cond_broadcast(&p->look);
	while (p->at_work || p->waiting) {
		for (size_t i = 0; i < SL_PATIENT_THREADS; i++)
			if (p->slots[i].state == AT_WORK)
				nudge(&p->slots[i]);
		wait_ns(&p->look, &p->lock, NUDGE_NS);
	}
	pthread_mutex_unlock(&p->lock);
}

void sl_patient_free(struct sl_patient *p)
{
	if (!p)
		return;
	interrupt_all(p);
	for (unsigned int i = 0; i < p->count; i++)
		pthread_join(p->threads[i], NULL);
	if (p->watched)
		pthread_join(p->watcher, NULL);
	pthread_cond_destroy(&p->look);
	pthread_cond_destroy(&p->work);
	pthread_mutex_destroy(&p->lock);
	free(p);
}
