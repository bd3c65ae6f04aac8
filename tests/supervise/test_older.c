/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Older kernels, as a filter over the judge makes this one look: no fchmodat2
 * (6.6), no pidfd of a thread (6.9), none that tells its process (6.13), no
 * file_setattr (6.17).
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "harness/harness.h"
#include "supervise/handlers.h"
#include "supervise/pin.h"
#include "supervise/remote.h"
#include "supervise/verdict.h"
#include "sys/process.h"
#include "sys/uapi_task.h"

#define NR offsetof(struct seccomp_data, nr)
#define ARG1 offsetof(struct seccomp_data, args[1])
#define LOAD(what) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, what)
#define EQUAL(k, yes, no) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, k, yes, no)
#define GIVE(what) BPF_STMT(BPF_RET | BPF_K, what)

static void become_older(void)
{
	struct sock_filter code[] = {
		LOAD(NR),
		EQUAL(SL_NR_fchmodat2, 8, 0),
		EQUAL(SL_NR_file_setattr, 7, 0),
		EQUAL(SYS_pidfd_open, 1, 0),
		EQUAL(SYS_ioctl, 2, 4),
		LOAD(ARG1),
		EQUAL(SL_PIDFD_THREAD, 4, 2),
		LOAD(ARG1),
		EQUAL(SL_PIDFD_GET_INFO, 2, 0),
		GIVE(SECCOMP_RET_ALLOW),
		GIVE(SECCOMP_RET_ERRNO | ENOSYS),
		GIVE(SECCOMP_RET_ERRNO | EINVAL),
	};
	struct sock_fprog prog = { sizeof(code) / sizeof(code[0]), code };

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	ASSERT_EQ(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
	EXPECT_EQ(sl_pidfd_open(getpid(), SL_PIDFD_THREAD), -EINVAL);
	EXPECT_EQ(sl_pidfd_tgid(0), -EINVAL);
}

static void child_setup(void)
{
	if (dup2(open("w/f", O_RDONLY), 20) < 0)
		_exit(9);
}

static long chmod_judged(struct caller *caller, const char *path)
{
	snprintf(caller->shared->path, 64, "%s", path);
	return caller_judged(caller, sl_h_fchmodat,
			     ARGS(AT_FDCWD, ADDR(caller->shared->path), 0751));
}

TEST(modes_without_fchmodat2)
{
	static const char *const names[] = { "w/f", "w/d", "w/fifo", "w/sock",
					     "w/closed" };
	struct caller caller;
	struct stat st;

	place_make();
	DIRS("w", "w/d");
	touch("w/f");
	touch("w/closed");
	touch("o");
	ASSERT_EQ(chmod("w/closed", 0), 0);
	ASSERT_EQ(chmod("o", 0600), 0);
	ASSERT_EQ(mkfifo("w/fifo", 0600), 0);
	ASSERT_EQ(mknod("w/sock", S_IFSOCK | 0600, 0), 0);
	ASSERT_EQ(symlink("../o", "w/link"), 0);
	become_older();
	caller_start(&caller, child_setup);
	GRANT(&caller, { "w", W });
	for (int i = 0; i < 5; i++) {
		EXPECT_EQ(chmod_judged(&caller, names[i]), 0);
		EXPECT_EQ(stat(names[i], &st), 0);
		EXPECT_EQ(st.st_mode & 07777, 0751);
	}
	EXPECT_EQ(chmod_judged(&caller, "w/link"), -EPERM);
	EXPECT_EQ(chmod_judged(&caller, "/proc/self/fd/20"), 0);
	/* By its link in /proc it must not be followed further. */
	snprintf(caller.shared->path, 64, "w/link");
	EXPECT_EQ(caller_judged(&caller, sl_h_fchmodat2,
				ARGS(AT_FDCWD, ADDR(caller.shared->path), 0777,
				     AT_SYMLINK_NOFOLLOW)),
		  -EOPNOTSUPP);
	EXPECT_EQ(stat("o", &st), 0);
	EXPECT_EQ(st.st_mode & 07777, 0600);
	EXPECT_EQ(caller_judged(&caller, sl_h_fchmod, ARGS(20, 0700)), 0);
	EXPECT_EQ(caller_judged(&caller, sl_h_file_setattr,
				ARGS(AT_FDCWD, ADDR(caller.shared->path),
				     ADDR(&caller), 24, 0)),
		  -ENOSYS);
	caller_end(&caller);
	place_remove();
}

static void *thread_main(void *arg)
{
	(void)arg;
	caller_trapped(0);
	return NULL;
}

static long trap_in_thread(struct shared *shared)
{
	pthread_t thread;

	(void)shared;
	pthread_create(&thread, NULL, thread_main, NULL);
	pthread_join(thread, NULL);
	return 0;
}

TEST(threads_without_pidfds_of_their_own)
{
	struct caller caller;
	int fd;

	place_make();
	DIRS("w");
	touch("w/f");
	become_older();
	caller_start(&caller, child_setup);
	caller_trap_in(&caller, trap_in_thread);
	EXPECT_NE(caller.notif.pid, caller.pid);
	EXPECT_EQ(sl_remote_tgid(&caller.call), caller.pid);
	fd = sl_remote_fd(&caller.call, 20);
	EXPECT_GE(fd, 0);
	close(fd);
	fd = sl_pin(&caller.call, AT_FDCWD, "/proc/self/fd/20", 0);
	EXPECT_GE(fd, 0);
	close(fd);
	caller_answer(&caller, sl_answer(0));
	caller_end(&caller);
	place_remove();
}
