/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop of a judging thread: receive, judge, answer. One call at a time.
 * What may block belongs to the patient threads; a judge waits for a limit on
 * processes (h_fork.c) and for its clerk, and both only for a while.
 *
 * SECURITY: every way out of here but an answer that a handler made on purpose
 * is a refusal: an error of ours is the caller's errno, and when the listener
 * is gone the kernel fails what it traps.
 */
#include "supervise/judge.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "plan/notify.h"
#include "supervise/exec.h"
#include "supervise/linger.h"
#include "supervise/patient.h"
#include "supervise/remote.h"
#include "supervise/tables.h"
#include "sys/uapi_seccomp.h"

/* How often it is looked at what was executed, and at who waits for a pipe. */
#define LOOK_MS 5

/* ------------------------------------------------ the judge */

static void index_rows(struct sl_judge *judge)
{
	const struct sl_notify_row *row;

	for (size_t i = 0; (row = sl_notify_row_at(i)); i++) {
		int nr = sl_sys_number(row->rule.call, SL_ARCH_NATIVE);

		if (nr >= 0 && !judge->row_of[nr])
			judge->row_of[nr] = (uint8_t)(i + 1);
	}
}

struct sl_judge *sl_judge_new(const struct sl_root *roots, size_t count)
{
	struct sl_judge *judge;

	/* Pages that no call needs are never touched. */
	judge = mmap(NULL, sizeof(*judge), PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (judge == MAP_FAILED)
		return NULL;
	judge->forks.census = SL_CENSUS_INIT;
	judge->listener = judge->proc_fd = judge->self_fd = judge->root_fd = -1;
	judge->hosts.fd = judge->hosts.held = -1;
	for (size_t i = 0; i < SL_JUDGE_PIDFDS; i++)
		judge->pidfds[i].fd = -1;
	judge->grants = sl_grants_new(roots, count);
	if (!judge->grants) {
		sl_judge_free(judge);
		return NULL;
	}
	return judge;
}

static void close_if(int fd)
{
	if (fd >= 0)
		close(fd);
}

void sl_judge_free(struct sl_judge *judge)
{
	if (!judge)
		return;
	sl_patient_free(judge->patient);
	sl_netlink_fini(judge);
	/* Kept for ever rather than waited for. */
	sl_linger_close(judge, -1);
	sl_hurry_fini(&judge->hurry);
	close_if(judge->proc_fd);
	close_if(judge->self_fd);
	close_if(judge->root_fd);
	for (size_t i = 0; i < SL_JUDGE_PIDFDS; i++)
		close_if(judge->pidfds[i].fd);
	sl_exec_drop(judge);
	sl_clerk_stop(&judge->clerk);
	sl_census_close(&judge->forks.census);
	sl_parked_drop(judge);
	sl_carves_free(judge->carves);
	sl_hosts_fini(&judge->hosts);
	sl_portmap_free(judge->ports);
	sl_tables_free(judge->tables);
	sl_grants_free(judge->grants);
	munmap(judge, sizeof(*judge));
}

void sl_judge_listen(struct sl_judge *judge, int listener)
{
	judge->listener = listener;
	index_rows(judge);
	sl_hurry_prepare(&judge->hurry);
	/* A mask and a working directory of our own, for what is made in the
	 * place of others. */
	if (sl_judge_makes_files(judge))
		judge->own_fs = unshare(CLONE_FS) == 0;
	/* KERNEL 6.6: the caller's processor goes over to us at once, and back:
	 * ten times faster. By value, not by address. */
	ioctl(listener, SL_NOTIF_SET_FLAGS, SL_NOTIF_SYNC_WAKE_UP);
}

/* Descriptors that only a judged call needs. O_PATH: no rule stands against. */
static int open_bases(struct sl_judge *judge)
{
	const int flags = O_PATH | O_CLOEXEC;

	if (judge->self_fd >= 0)
		return 0;
	if (judge->root_fd < 0)
		judge->root_fd = open("/", flags | O_DIRECTORY);
	if (judge->proc_fd < 0)
		judge->proc_fd = open("/proc", flags | O_DIRECTORY);
	judge->self_fd = open("/proc/self/fd", flags | O_DIRECTORY);
	return judge->self_fd < 0 ? -errno : 0;
}

/* ------------------------------------------------ answering */

void sl_judge_answer(int listener, uint64_t id, const struct sl_answer *answer)
{
	struct seccomp_notif_resp resp = { .id = id, .error = -EPERM };

	if (answer->kind == SL_ANSWER_VALUE) {
		resp.error = 0;
		resp.val = answer->value;
	} else if (answer->kind == SL_ANSWER_RUN) {
		resp.error = 0;
		resp.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	} else if (answer->error > 0) {
		resp.error = -answer->error;
	}
	/* ENOENT: the caller is gone. */
	while (ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &resp) < 0 &&
	       errno == EINTR)
		;
}

static void respond(struct sl_judge *judge, const struct sl_answer *answer)
{
	sl_judge_answer(judge->listener, judge->in.notif.id, answer);
}

/* In two steps: the one that does both does not wake the caller on this CPU,
 * which costs more than the second call. */
static void respond_fd(struct sl_judge *judge, const struct sl_answer *answer)
{
	struct seccomp_notif_addfd add = { .id = judge->in.notif.id,
					   .srcfd = (uint32_t)answer->value,
					   .newfd_flags = answer->fd_flags };
	struct sl_answer done;
	int fd = -1;

	if (answer->fd_number) {
		add.newfd = answer->fd_number;
		add.flags = SECCOMP_ADDFD_FLAG_SETFD;
		fd = ioctl(judge->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
		/* Above what the caller may have, for one. */
		add.newfd = add.flags = 0;
	}
	if (fd < 0)
		fd = ioctl(judge->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &add);
	done = sl_answer(fd < 0 ? -errno : fd);
	close((int)answer->value);
	respond(judge, &done);
}

static void answer_one(struct sl_judge *judge)
{
	struct sl_answer answer = { .kind = SL_ANSWER_FAIL, .error = EPERM };

	if (open_bases(judge) == 0) {
		if (judge->looks)
			sl_exec_look(judge);
		answer = sl_judge_dispatch(judge);
		sl_remote_release(judge);
	}
	if (answer.kind == SL_ANSWER_FD)
		respond_fd(judge, &answer);
	else if (answer.kind != SL_ANSWER_LATER)
		respond(judge, &answer);
}

/* ------------------------------------------------ receiving */

/* 1: a call is in judge->in; 0: there was one, but its caller is gone; negative
 * errno, -EPIPE: nobody is left who could ask. */
static int receive(struct sl_judge *judge)
{
	struct pollfd pfd = { .fd = judge->listener };

	/* The kernel insists. */
	memset(&judge->in, 0, sizeof(judge->in));
	if (ioctl(judge->listener, SECCOMP_IOCTL_NOTIF_RECV, &judge->in) == 0)
		return 1;
	if (errno == EINTR)
		return 0;
	if (errno != ENOENT)
		return -errno;
	return poll(&pfd, 1, 0) > 0 && (pfd.revents & (POLLHUP | POLLNVAL))
		       ? -EPIPE
		       : 0;
}

struct others {
	int fd;	      /* -1: nothing */
	bool is_over; /* it is readable */
	bool asks;    /* of the sockets of netlink.h some do */
};

/* 1: something to receive; 0: not within @timeout_ms, or there is something of
 * the others; -EPIPE as above. */
static int ready(struct sl_judge *judge, int timeout_ms, struct others *others)
{
	struct pollfd pfds[3] = { { .fd = judge->listener, .events = POLLIN },
				  { .fd = others->fd, .events = POLLIN },
				  { .fd = judge->netlink.epoll,
				    .events = POLLIN } };
	int r = poll(pfds, judge->netlink.made ? 3 : 2, timeout_ms);

	if (r < 0)
		return errno == EINTR ? 0 : -errno;
	others->is_over = pfds[1].revents != 0;
	others->asks = pfds[2].revents != 0;
	if (pfds[0].revents & POLLIN)
		return 1;
	return pfds[0].revents ? -EPIPE : 0;
}

int sl_judge_serve_ready(struct sl_judge *judge, int timeout_ms)
{
	struct others none = { .fd = -1 };
	int served = 0;

	while (ready(judge, served ? 0 : timeout_ms, &none) > 0) {
		if (receive(judge) <= 0)
			continue;
		answer_one(judge);
		served++;
	}
	return served;
}

/*
 * Poll and receive, where a receive alone would do but for the guardian: when
 * that is killed the tree lives on and may never ask again, and somebody has to
 * end it. Half a microsecond per answer.
 */
int sl_judge_serve(struct sl_judge *judge, int guardian_fd)
{
	struct others others = { .fd = guardian_fd };
	int r;

	for (;;) {
		bool again = judge->looks || judge->parked_count;

		r = ready(judge, again ? LOOK_MS : -1, &others);
		if (again) {
			sl_exec_look(judge);
			sl_parked_retry(judge);
		}
		if (r > 0)
			r = receive(judge);
		if (r > 0)
			answer_one(judge);
		/* In turn: neither keeps the other waiting. */
		if (others.asks)
			sl_netlink_serve(judge);
		if (r < 0 || others.is_over)
			break;
	}
	/* Nobody waits for what they do, and what they hold is the sandbox's. */
	sl_patient_free(judge->patient);
	judge->patient = NULL;
	sl_netlink_fini(judge);
	return r < 0 && r != -EPIPE ? r : 0;
}
