/* SPDX-License-Identifier: Apache-2.0 */
/* See caller.h. */
#include "supervise/caller.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/remote.h"
#include "supervise/patient.h"
#include "sys/process.h"
#include "sys/raw.h"

#define TRAPPED 9000

struct order {
	long (*fn)(struct shared *);
	long nr;
	long args[6];
};

static char place[64];

const char *place_make(void)
{
	snprintf(place, sizeof(place), "/tmp/sl-supervise-XXXXXX");
	ASSERT_TRUE(mkdtemp(place));
	ASSERT_EQ(chdir(place), 0);
	return place;
}

static void write_file(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		SKIP("unprivileged user namespaces");
	close(fd);
}

void place_private(void)
{
	unsigned int uid = geteuid(), gid = getegid();
	char map[32];

	if (uid == 0) {
		if (unshare(CLONE_NEWNS) < 0)
			SKIP("mount namespaces");
	} else {
		if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0)
			SKIP("unprivileged user namespaces");
		write_file("/proc/self/setgroups", "deny");
		snprintf(map, sizeof(map), "0 %u 1", uid);
		write_file("/proc/self/uid_map", map);
		snprintf(map, sizeof(map), "0 %u 1", gid);
		write_file("/proc/self/gid_map", map);
	}
	ASSERT_EQ(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL), 0);
	/* What is made in it goes with it. */
	ASSERT_EQ(mount("none", "/tmp", "tmpfs", 0, NULL), 0);
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	remove(path);
	return 0;
}

void place_remove(void)
{
	if (chdir("/") == 0)
		nftw(place, remove_one, 16, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
}

static int install(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, TRAPPED, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return -errno;
	return (int)sl_raw3(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			    SECCOMP_FILTER_FLAG_NEW_LISTENER, &prog);
}

static void child_main(struct shared *shared, int in, int out,
		       void (*setup)(void))
{
	struct order order;
	long result;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setup)
		setup();
	result = install();
	if (write(out, &result, sizeof(result)) != sizeof(result))
		_exit(1);
	while (read(in, &order, sizeof(order)) == sizeof(order)) {
		if (order.fn)
			result = order.fn(shared);
		else
			result = sl_raw6(order.nr, order.args[0], order.args[1],
					 order.args[2], order.args[3],
					 order.args[4], order.args[5]);
		if (write(out, &result, sizeof(result)) != sizeof(result))
			break;
	}
	_exit(0);
}

static long take(struct caller *caller)
{
	long result = -EIO;

	ASSERT_EQ(read(caller->from, &result, sizeof(result)), sizeof(result));
	return result;
}

static int high(int fd)
{
	int r = fcntl(fd, F_DUPFD_CLOEXEC, 200);

	ASSERT_GE(r, 0);
	close(fd);
	return r;
}

void caller_start(struct caller *caller, void (*setup)(void))
{
	int down[2], up[2], pidfd;
	long listener;

	memset(caller, 0, sizeof(*caller));
	caller->shared = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ASSERT_TRUE(caller->shared != MAP_FAILED);
	ASSERT_EQ(pipe(down), 0);
	ASSERT_EQ(pipe(up), 0);
	for (int i = 0; i < 2; i++) {
		down[i] = high(down[i]);
		up[i] = high(up[i]);
	}
	fflush(NULL);
	caller->pid = fork();
	ASSERT_GE(caller->pid, 0);
	if (caller->pid == 0) {
		close(down[1]);
		close(up[0]);
		child_main(caller->shared, down[0], up[1], setup);
	}
	close(down[0]);
	close(up[1]);
	caller->to = down[1];
	caller->from = up[0];
	listener = take(caller);
	if (listener == -EINVAL || listener == -EBUSY || listener == -ENOSYS)
		SKIP("seccomp user notification");
	ASSERT_GE(listener, 0);
	pidfd = sl_pidfd_open(caller->pid, 0);
	caller->listener = sl_pidfd_getfd(pidfd, (int)listener);
	ASSERT_GE(caller->listener, 0);
	close(pidfd);
	caller->judge.listener = caller->listener;
	caller->judge.proc_fd = open("/proc", O_PATH | O_CLOEXEC);
	caller->judge.self_fd = open("/proc/self/fd", O_PATH | O_CLOEXEC);
	caller->judge.root_fd = open("/", O_PATH | O_CLOEXEC);
	caller->judge.supervisor_pid = getpid();
}

void caller_end(struct caller *caller)
{
	sl_patient_free(caller->judge.patient);
	close(caller->to);
	close(caller->listener);
	kill(caller->pid, SIGKILL);
	waitpid(caller->pid, NULL, 0);
	sl_grants_free(caller->judge.grants);
}

struct sl_root root_of(const char *path, uint32_t rights)
{
	struct sl_root root = { .path = path, .rights = rights, .fd = -1 };
	int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	ASSERT_GE(fd, 0);
	ASSERT_EQ(fstat(fd, &st), 0);
	root.mode = st.st_mode;
	root.dev = st.st_dev;
	root.ino = st.st_ino;
	if (rights & SL_RIGHT_WRITE)
		root.fd = fd;
	else
		close(fd);
	return root;
}

void caller_roots(struct caller *caller, const struct sl_root *roots, size_t count)
{
	sl_grants_free(caller->judge.grants);
	caller->judge.grants = sl_grants_new(roots, count);
	ASSERT_TRUE(caller->judge.grants);
}

static void give(struct caller *caller, const struct order *order)
{
	ASSERT_EQ(write(caller->to, order, sizeof(*order)), sizeof(*order));
}

long caller_run(struct caller *caller, long (*fn)(struct shared *))
{
	struct order order = { .fn = fn };

	give(caller, &order);
	return take(caller);
}

long caller_bare(struct caller *caller, long nr, const long args[6])
{
	struct order order = { .nr = nr };

	memcpy(order.args, args, sizeof(order.args));
	give(caller, &order);
	return take(caller);
}

static void receive(struct caller *caller)
{
	memset(&caller->notif, 0, sizeof(caller->notif));
	ASSERT_EQ(ioctl(caller->listener, SECCOMP_IOCTL_NOTIF_RECV,
			&caller->notif),
		  0);
	caller->call = (struct sl_call){ .judge = &caller->judge,
					 .notif = &caller->notif };
}

void caller_trap(struct caller *caller, const long args[6])
{
	struct order order = { .nr = TRAPPED };

	memcpy(order.args, args, sizeof(order.args));
	give(caller, &order);
	receive(caller);
}

void caller_trap_in(struct caller *caller, long (*fn)(struct shared *))
{
	struct order order = { .fn = fn };

	give(caller, &order);
	receive(caller);
}

long caller_trapped(long arg)
{
	return sl_raw1(TRAPPED, arg);
}

long caller_trapped_call(const long args[6])
{
	return sl_raw6(TRAPPED, args[0], args[1], args[2], args[3], args[4],
		       args[5]);
}

static void answer(struct caller *caller, struct sl_answer what)
{
	struct seccomp_notif_resp resp = { .id = caller->notif.id };

	if (what.kind == SL_ANSWER_LATER)
		return; /* by a patient thread */
	if (what.kind == SL_ANSWER_VALUE) {
		resp.val = what.value;
	} else {
		EXPECT_EQ(what.kind, SL_ANSWER_FAIL);
		resp.error = what.error ? -what.error : -EPERM;
	}
	ASSERT_EQ(ioctl(caller->listener, SECCOMP_IOCTL_NOTIF_SEND, &resp), 0);
}

long caller_serve(struct caller *caller,
		  struct sl_answer (*handler)(struct sl_call *),
		  long (*fn)(struct shared *))
{
	struct order order = { .fn = fn };
	struct sl_answer how;
	struct pollfd fds[2] = { { .fd = caller->listener, .events = POLLIN },
				 { .fd = caller->from, .events = POLLIN } };

	give(caller, &order);
	for (;;) {
		ASSERT_GT(poll(fds, 2, -1), 0);
		if (fds[0].revents & POLLIN) {
			receive(caller);
			how = handler(&caller->call);
			sl_remote_release(&caller->judge);
			answer(caller, how);
		} else if (fds[1].revents) {
			return take(caller);
		}
	}
}

long caller_answer(struct caller *caller, struct sl_answer what)
{
	answer(caller, what);
	return take(caller);
}

long caller_judged(struct caller *caller,
		   struct sl_answer (*handler)(struct sl_call *),
		   const long args[6])
{
	struct sl_answer how;

	caller_trap(caller, args);
	how = handler(&caller->call);
	sl_remote_release(&caller->judge);
	return caller_answer(caller, how);
}
